"""The vendors' APIs on this machine, answered from the simulated agency.

    with Loopback(Router(world, morning)) as server:                     # in a test's own process
        connector = Accelo(base_url=f"{server.url}/accelo", ...)

    with serving(seed=1, date=date(2026, 11, 19)) as running:            # in a process of its own
        connector = Accelo(**running.sources["accelo"])

A vendor is a class with a `name`, built from a world and a morning, that answers a `briefing.loopback.Request` with a
`Reply`; it gets one line in `sites.SITES`. Its address is the server's with its name as the first segment; the site
sees paths without it, and the header `x-forwarded-prefix` says what was taken away.
"""

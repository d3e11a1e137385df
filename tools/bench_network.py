"""What reading services costs: sources side by side against the slowest alone, a hung one, calls of two mornings.

The services stand in a process of their own on this machine, with latencies and limits as real ones have them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench import Report

SAMPLE = Path(__file__).parent.parent / "tests" / "sample_package"

SERVICES = (
    # latency in seconds, rows, requests a second that the service allows (0: no limit)
    (0.15, 150, 0), (0.20, 400, 0), (0.25, 300, 10), (0.30, 250, 0), (0.35, 350, 4),
    (0.40, 200, 0), (0.45, 400, 0), (0.50, 300, 3), (0.55, 500, 0), (0.60, 600, 0),
)  # fmt: skip
"""Ten services: fifty rows a page, so the last takes thirteen pages of 0.6 s, one after another."""

SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
from briefing_tickbird.site import tickbird
from briefing.loopback import Loopback
from dataclasses import replace
services = eval(sys.argv[2])
sites = [tickbird("token", count=rows, per_second=limit) for _, rows, limit in services]
def number(request): return int(request.path.split("/")[1])
def site(request):
    n = number(request)
    return sites[n](replace(request, path=request.path[len(f"/{n}"):]))
server = Loopback(site, latency=lambda request: services[number(request)][0]).start()
print(server.url, flush=True)
sys.stdin.read()
"""

READ = """
import json, sys, tempfile, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo
sys.path.insert(0, sys.argv[1])
from briefing_tickbird import Tickbird
from briefing.collect import Source, collect
from briefing.connector import Window
from briefing.store.sqlite import open_store
url, count = sys.argv[2], int(sys.argv[3])
now = datetime(2026, 11, 19, 7, tzinfo=UTC)
window = Window(now=now, since=now - timedelta(days=30), until=now + timedelta(days=21), zone=ZoneInfo("UTC"))
def source(n, **how):
    connector = Tickbird(source=f"s{n}", token="token", base_url=f"{url}/{n}")
    return Source(name=f"s{n}", connector=connector, bound_to="x", **how)
def wall(sources):
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "readings.sqlite", now=now).store
        report = collect(sources, store, window, clock=lambda: datetime.now(UTC))
        store.close()
    return report
wall([source(0)])
alone = [wall([source(n)]).seconds for n in range(count)]
together = wall([source(n) for n in range(count)])
assert together.whole == 2 * count, together
print(json.dumps({"alone": alone, "together": together.seconds, "rows": together.rows}))
"""


def side_by_side(report: Report, env: Mapping[str, str]) -> None:
    """Ten sources together against the slowest of them alone."""
    server = subprocess.Popen(  # noqa: S603  (our own interpreter and text)
        (sys.executable, "-c", SERVE, str(SAMPLE), repr(SERVICES)), env=dict(env), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        told = _told((sys.executable, "-c", READ, str(SAMPLE), url, str(len(SERVICES))), env)
    finally:
        server.kill()
        server.wait()
    slowest, together = max(told["alone"]), told["together"]
    report.tell("ten services alone: the slowest, wall", f"{slowest:.1f} s")
    report.tell("  all of them one after another, wall", f"{sum(told['alone']):.1f} s")
    ratio = together / slowest
    report.tell(
        f"  side by side ({told['rows']:,} rows)", f"{together:.1f} s, {ratio:.2f} x", good=ratio <= 1.2,
        target="<= 1.2 x the slowest",
    )  # fmt: skip


def _told(command: tuple[str, ...], env: Mapping[str, str]) -> Any:
    done = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


COUNT = """
import json, sys, tempfile
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from briefing.collect import Source, collect
from briefing.compile import WINDOW_AHEAD, WINDOW_BACK
from briefing.connector import Window, load
from briefing.demo.days import ZONE, moment
from briefing.demo.world import World
from briefing.store.sqlite import open_store

class Wire:
    "What went over it: calls, and bytes of answers before any packing."
    calls = size = 0

@contextmanager
def vendor_site(vendor):
    from briefing.demo.live import BESIDES, REPLACES
    from briefing.demo.server.pace import AT_ONCE
    from briefing.demo.server.router import Router
    from briefing.loopback import Loopback
    router, wire = Router(world, first, only=[vendor], pace=AT_ONCE), Wire()
    def counted(request):
        reply = router(request)
        wire.calls, wire.size = wire.calls + 1, wire.size + len(reply.body)
        return reply
    with Loopback(counted) as server:
        use = REPLACES[vendor][1] if vendor in REPLACES else vendor
        settings = {**BESIDES.get(vendor, {}), **router.sources(server.url)[vendor], "source": vendor}
        yield use, settings, router.move_to, wire

@contextmanager
def mail_server():
    "The reader's mailbox by IMAP, which has a port of its own."
    from briefing.demo.server.mailboxes import listening
    from briefing.demo.server.router import Router
    router = Router(world, first, only=["imap"], settings={"imap": {"mailbox": "reader"}})
    class Wire:
        calls = property(lambda self: router.count)
        size = property(lambda self: router.site("imap").server.sent)
    with listening(router):
        yield "imap", {**router.sources("")["imap"], "source": "imap"}, router.move_to, Wire()

vendors, first = sys.argv[1].split(","), date(2026, 11, 18)
world, told = World(1, first), {}
for vendor in vendors:
    place = mail_server() if vendor == "imap" else vendor_site(vendor)
    with place as (use, settings, move_to, wire), tempfile.TemporaryDirectory() as folder:
        mornings = []
        for day in (first, first + timedelta(days=1)):
            move_to(day)
            calls, size, now = wire.calls, wire.size, moment(day)
            store = open_store(Path(folder) / "readings.sqlite", now=now).store
            window = Window(now=now, since=now - WINDOW_BACK, until=now + WINDOW_AHEAD, zone=ZONE)
            # A connector of its own each morning, as each morning is a process of its own.
            source = Source(name=vendor, connector=load(use, settings), bound_to="x", deadline=600)
            report = collect([source], store, window, clock=lambda now=now: now)
            store.close()
            assert not report.failed and not report.partial, (vendor, report)
            mornings.append((wire.calls - calls, wire.size - size))
        told[vendor] = mornings
print(json.dumps(told))
"""

BY_CALLS, BY_BYTES = "calls <= a third", "bytes <= a third (calls: at their least)"
VENDORS = {
    "slack": BY_CALLS, "gmail": BY_CALLS, "google_calendar": BY_BYTES, "imap": BY_CALLS, "caldav": BY_CALLS,
    "ics": BY_BYTES, "accelo": "",
}  # fmt: skip
"""What is judged. Google Calendar's least is a call for the login, one for the list and one per calendar, an address's
is one: there the bytes are judged. Accelo's lists of work come whole every morning.
"""


def two_mornings(report: Report, env: Mapping[str, str]) -> None:
    """What the simulated agency's first and second morning cost each vendor; marks save those of the second."""
    told = _told((sys.executable, "-c", COUNT, ",".join(VENDORS)), env)
    both = zip(told["gmail"], told["google_calendar"], strict=True)
    told["google, both"] = [[a + b for a, b in zip(mail, days, strict=True)] for mail, days in both]
    report.tell(f"{'two mornings':<16}{'calls':>6}{'then':>6}{'x':>6}{'KB':>9}{'then':>8}{'x':>6}", "")
    for vendor, ((calls, size), (later_calls, later_size)) in told.items():
        target = VENDORS.get(vendor, BY_CALLS)
        fewer = later_size * 3 <= size if target == BY_BYTES else later_calls * 3 <= calls
        report.tell(
            f"  {vendor:<14}{calls:>6}{later_calls:>6}{later_calls / calls:>6.2f}"
            f"{size / 1000:>9,.1f}{later_size / 1000:>8,.1f}{later_size / size:>6.2f}",
            "", good=fewer if target else None, target=target,
        )  # fmt: skip

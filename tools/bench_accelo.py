"""What reading Accelo costs: calls and wall time for an agency of 60 projects and one of 600.

The agency has what the reference's section 9.l has for 60 projects, with what is closed beside it, and tenfold. Its
site stands in a process of its own on this machine and answers after 0.45 s, as clients in the field report; the
connector keeps to four requests at a time, as Accelo asks. Accelo allows 5,000 calls in an hour, for all that use a
deployment. Counted is what arrives, the login and the tries of the first morning among it.

    python tools/bench_accelo.py serve 60 0.45 400      (the site alone: projects, seconds, how flat periods answer)
    python tools/bench_accelo.py read URL 2             (the connector alone: so many mornings)
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from bench import Report

    from briefing.loopback import Reply, Request

LATENCY = 0.45
NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)
TARGETS = {(60, False): 60, (600, False): 450, (600, True): 200}
"""Calls of a morning, by projects and whether the flat list of periods answers."""

CODE = Path(__file__)


# --- the agency ----------------------------------------------------------------------------------------------------


def at(days: float) -> str:
    """Unix seconds of a time so many days from now."""
    return str(int((NOW + timedelta(days=days)).timestamp()))


def agency(projects: int) -> dict[str, list[dict[str, Any]]]:
    """Every list of a deployment. Of each 60 projects: 285 milestones and 960 tasks with the closed ones, 700 of them
    open; 25 retainers, 15 quotes, 40 sales, 80 tickets; every fourth project looks quiet.
    """
    part = projects / 60
    milestones, tasks = round(285 * part), round(960 * part)
    person, client = {"id": "3", "firstname": "Mia", "surname": "Lund"}, {"id": "8", "name": "Harbor Dental"}
    budget = {"id": "1", "service_time_subtotal_estimate": "432000", "logged_subtotal": "381600",
              "remaining_subtotal": "122400", "service_price_subtotal_estimate": "18000.00"}  # fmt: skip

    def some(count: float, **cells: Any) -> list[dict[str, Any]]:
        return [{"id": str(n), "title": f"Number {n}", "manager": person, "company": client, **cells}
                for n in range(1, round(count * part) + 1)]  # fmt: skip

    jobs = some(60, standing="active", date_due=at(30), job_object_budget=budget)
    for n, row in enumerate(jobs):
        row |= {"date_last_interacted": at(-20 if n % 4 == 0 else -2), "company": {"id": str(n // 2 + 1), "name": "C"}}
    on_jobs = round(70 * part)
    return {
        "jobs": jobs,
        "milestones": [
            {"id": str(n), "title": f"Step {n}", "standing": "active" if n % 6 else "complete", "date_due": at(n % 90),
             "job": str(n % projects + 1), "parent": "0", "manager": person} for n in range(1, milestones + 1)
        ],
        "tasks": [
            {"id": str(n), "title": f"Task {n}", "standing": "started" if n % 24 < 17 or n <= on_jobs else "complete",
             "assignee": person, "date_due": at(n % 60), "remaining": "7200",
             "against_type": "job" if n <= on_jobs else "milestone",
             "against_id": str(n % projects + 1 if n <= on_jobs else n % milestones + 1)} for n in range(1, tasks + 1)
        ],
        "staff": [{"id": str(n), "firstname": "A", "surname": "B", "standing": "active"} for n in range(1, 41)],
        "companies": [{"id": str(n), "name": f"Client {n}"} for n in range(1, projects // 2 + 1)],
        "issues": some(80, standing="open", against_type="company", against_id="8", assignee=person, date_due=at(2)),
        "contracts": some(25, standing="active", date_expires=at(90), date_period_expires=at(11)),
        "periods": [
            {"id": str(5000 + n), "contract_id": str(n), "standing": "opened", "allowance_type": "fixed_hours",
             "date_commenced": at(-18), "date_expires": at(11), "allowance": {"billable": "144000"},
             "contract_budget": {"id": "1", "time": "131400"}} for n in range(1, round(25 * part) + 1)
        ],
        "quotes": some(15, standing="published", against_type="prospect", against_id="1", date_expiry=at(9)),
        "prospects": some(40, standing="active", date_due=at(20), date_last_interacted=at(-3), value="9000.00"),
        "activities": [],
    }  # fmt: skip


class Site:
    """A deployment that holds an agency."""

    def __init__(self, projects: int, flat: str) -> None:
        self.rows, self.flat, self.calls = agency(projects), flat, itertools.count()

    def __call__(self, request: Request) -> Reply:
        """Accelo's answer; how many it gave before, under a path of our own."""
        from briefing.loopback import json_reply

        number, path = next(self.calls), request.path.removeprefix("/api/v0/")
        if path == "/calls":
            return json_reply(number)
        if request.path.endswith("/token"):
            locale = {"timezone": "America/New_York", "currency_symbol": "$"}
            person = {"firstname": "Ops", "email": "ops@northlight.example", "locale": locale}
            return json_reply({"access_token": "t", "expires_in": "2592000", "account_details": person})
        if path == "contracts/periods" and self.flat != "rows":
            return json_reply({"response": None, "meta": {"status": "invalid_request"}}, status=int(self.flat))
        of = re.fullmatch(r"contracts/(\d+)/periods", path)
        rows = self.rows["periods" if path.endswith("periods") else path]
        if of:
            rows = [row for row in rows if row["contract_id"] == of[1]]
        filters = parsed(request.param("_filters"))
        found = [row for row in rows if all(kept(row, name, values) for name, values in filters)]
        size, page = int(request.param("_limit", "10")), int(request.param("_page", "0"))
        found = found[page * size : (page + 1) * size]
        return json_reply({"meta": {"status": "ok"}, "response": {"periods": found} if of else found})


def parsed(filters: str) -> list[tuple[str, frozenset[str]]]:
    """Filters by name, with every word in their brackets."""
    found = re.findall(r"(\w+)\(((?:[^()]|\([^()]*\))*)\)", filters)
    # Nothing was done lately on a project itself: of the two conditions the standing is the one that is kept.
    found = [("standing_not", inside) if name == "_OR" else (name, inside) for name, inside in found]
    return [(name, frozenset(re.findall(r"\w+", inside))) for name, inside in found]


def kept(row: Mapping[str, Any], name: str, values: frozenset[str]) -> bool:
    """Whether a row keeps one of the filters that the connector uses."""
    if name == "standing_not":
        return row["standing"] not in values
    if name == "against":
        return row["against_type"] in values and row["against_id"] in values
    field = {"standing": "standing", "job": "job", "id": "id", "contract": "contract_id"}.get(name)
    return field is None or row[field] in values


def serve(projects: int, latency: float, flat: str) -> None:
    """Serve until the standing input ends."""
    from briefing.loopback import Loopback

    server = Loopback(Site(projects, flat), latency=lambda _: latency).start()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    sys.stdin.read()


# --- reading it ----------------------------------------------------------------------------------------------------


def read(url: str, mornings: int) -> dict[str, list[float]]:
    """Some mornings: calls and seconds of each."""
    import httpx

    from briefing.collect import Source, collect
    from briefing.connector import Window
    from briefing.store.sqlite import open_store
    from connectors.accelo import Accelo

    told: dict[str, list[float]] = {"calls": [], "seconds": []}
    with tempfile.TemporaryDirectory() as folder:
        for day in range(mornings):
            before = httpx.get(f"{url}/calls").json()
            accelo = Accelo(
                source="accelo", deployment="northlight", client_id="id", currency="USD",
                client_secret="nothing-is-behind-it",  # noqa: S106
                base_url=url, token_file=f"{folder}/accelo.json",
            )  # fmt: skip
            now = NOW + timedelta(days=day)
            store = open_store(Path(folder) / "readings.sqlite", now=now).store
            window = Window(now=now, since=now, until=now, zone=ZoneInfo("UTC"))
            source = Source(name="accelo", connector=accelo, kinds=accelo.kinds, deadline=accelo.deadline)
            report = collect([source], store, window, clock=lambda now=now: now)
            problems = [one.latest.problem or one.latest.skipped for one in store.snapshot(now).streams
                        if one.latest and one.latest.status != "whole"]  # fmt: skip
            store.close()
            assert report.whole == 9, (report, problems)
            told["calls"].append(httpx.get(f"{url}/calls").json() - before - 1)
            told["seconds"].append(report.seconds)
    return told


def accelo_calls(report: Report, env: Mapping[str, str]) -> None:
    """Calls of a morning at Accelo, and how long it takes."""
    for projects, flat, latency, mornings in ((60, False, LATENCY, 2), (600, False, LATENCY, 1), (600, True, 0.0, 2)):
        command = (sys.executable, str(CODE), "serve", str(projects), str(latency), "rows" if flat else "400")
        server = subprocess.Popen(  # noqa: S603  (our own interpreter and file)
            command, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            command = (sys.executable, str(CODE), "read", url, str(mornings))
            done = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)  # noqa: S603
        finally:
            server.kill()
            server.wait()
        if done.returncode:
            sys.exit(done.stderr)
        told = json.loads(done.stdout.splitlines()[-1])
        calls, most = told["calls"], TARGETS[projects, flat]
        way = "periods as one list" if flat else "periods by retainer"
        report.tell(
            f"accelo, {projects} projects, {way}", f"{' then '.join(map(str, calls))} calls", good=max(calls) <= most,
            target=f"<= {most}",
        )  # fmt: skip
        if latency:
            slowest = max(told["seconds"])
            report.tell(
                f"  wall, four at a time, answers after {latency} s", f"{slowest:.1f} s", good=slowest <= 240,
                target="<= 240 s",
            )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
    else:
        sys.stdout.write(json.dumps(read(sys.argv[2], int(sys.argv[3]))) + "\n")

"""One address for all vendors: routing, faults, latency, queues, and what is recorded of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

import httpx
import pytest

from briefing import loopback
from briefing.demo.server import sites
from briefing.demo.server.control import MANNERS, named_fault
from briefing.demo.server.pace import AT_ONCE, Pace, Wait, steady
from briefing.demo.server.router import Router
from briefing.demo.world import World
from briefing.loopback import Loopback, Reply, Request, json_reply
from tests.demo_server.asking import MORNING, body_of, world


class EchoSite:
    """Says what it was asked, on which morning."""

    name: ClassVar[str] = "echo"
    pace: ClassVar[Pace] = steady(0.07)

    def __init__(self, world: World, morning: date, *, word: str = "", rows: int = 3) -> None:
        self.morning, self.word, self.rows = morning, word, rows

    def __call__(self, request: Request) -> Reply:
        prefix = request.headers.get("x-forwarded-prefix", "")
        told = {"line": request.line, "prefix": prefix, "morning": self.morning.isoformat(), "word": self.word}
        return json_reply({**told, "rows": [{"id": str(number), "name": "n"} for number in range(self.rows)]})

    @classmethod
    def credentials(cls, settings: dict[str, Any]) -> dict[str, str]:
        return {"token": f"t-{settings.get('word', '')}"}


@pytest.fixture(autouse=True)
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    here = f"{__name__}:EchoSite"
    monkeypatch.setattr(sites, "site_class", {"echo": EchoSite, "other": EchoSite}.__getitem__)
    monkeypatch.setattr("briefing.demo.server.router.site_class", sites.site_class)
    monkeypatch.setattr("briefing.demo.server.router.SITES", {"echo": here, "other": here})


def router(**how: Any) -> Router:
    return Router(world(), MORNING, **how)


def get(at: Router, path: str, method: str = "GET", body: bytes = b"") -> Reply:
    bare, _, query = path.partition("?")
    pairs = tuple((name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part))
    return at(Request(method=method, path=bare, query=pairs, headers={"authorization": "Bearer canary"}, body=body))


def told(at: Router, path: str, method: str = "GET", body: bytes = b"") -> Any:
    return body_of(get(at, path, method, body))


@pytest.fixture
def wire() -> Iterator[tuple[Router, httpx.Client]]:
    at = router()
    with (
        Loopback(at) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=10) as client,
    ):
        yield at, client


# --- routing -------------------------------------------------------------------------------------------------------


def test_the_first_segment_is_the_vendor() -> None:
    at = router()
    assert told(at, "/echo/api/v0/jobs?a=1")["line"] == "GET /api/v0/jobs?a=1"
    assert told(at, "/echo/api")["prefix"] == "/echo"
    assert told(at, "/echo")["line"] == "GET /"
    assert told(at, "/other//x")["line"] == "GET //x"
    unknown = get(at, "/nobody/api")
    assert unknown.status == 404
    assert body_of(unknown)["vendors"] == ["echo", "other"]


def test_only_some_vendors() -> None:
    at = router(only=["other"])
    assert get(at, "/other/x").status == 200
    assert get(at, "/echo/x").status == 404
    with pytest.raises(ValueError, match="no vendor nobody"):
        router(only=["nobody"])
    with pytest.raises(ValueError, match="no vendor nobody"):
        router(settings={"nobody": {}})


def test_settings_reach_their_site_and_the_sources() -> None:
    at = router(settings={"echo": {"word": "w"}})
    assert told(at, "/echo/x")["word"] == "w"
    assert told(at, "/other/x")["word"] == ""
    assert at.sources("http://127.0.0.1:1") == {
        "echo": {"base_url": "http://127.0.0.1:1/echo", "token": "t-w"},
        "other": {"base_url": "http://127.0.0.1:1/other", "token": "t-"},
    }


def test_every_listed_site_keeps_the_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert "accelo" in sites.SITES
    for name in sites.SITES:
        cls = sites.site_class(name)
        assert cls.name == name
        assert isinstance(sites.pace_of(name), Pace)
        assert isinstance(sites.credentials_of(name, {}), dict)
        assert callable(cls(world(), MORNING))


# --- what is recorded ------------------------------------------------------------------------------------------------


def test_requests_are_recorded_per_vendor_and_without_logins() -> None:
    at = router()
    for path in (
        "/echo/jobs/12",
        "/echo/jobs/13?_fields=title",
        "/other/x?access_token=canary&page=1",
        "/_control/requests",
    ):
        get(at, path, body=b"canary")
    assert at.lines("echo") == ["GET /jobs/12", "GET /jobs/13?_fields=title"]
    assert at.lines("", since=2) == ["GET /x?access_token=canary&page=1"]
    reply = get(at, "/_control/requests")
    assert isinstance(reply.body, bytes)
    assert b"canary" not in reply.body
    assert body_of(reply) == {
        "count": 3,
        "vendors": {
            "echo": {"total": 2, "routes": {"GET /jobs/{id}": 2}}, "other": {"total": 1, "routes": {"GET /x": 1}}
        },
        "requests": [
            {"vendor": "echo", "method": "GET", "path": "/jobs/12", "query": ""},
            {"vendor": "echo", "method": "GET", "path": "/jobs/13", "query": "_fields=title"},
            {"vendor": "other", "method": "GET", "path": "/x", "query": "access_token=***&page=1"},
        ],
    }  # fmt: skip
    assert [one["path"] for one in told(at, "/_control/requests?vendor=echo&since=1")["requests"]] == ["/jobs/13"]


def test_a_long_run_forgets_the_oldest_and_counts_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("briefing.demo.server.router.MOST_KEPT", 50)
    at = router()
    for number in range(72):
        at(Request(method="GET", path=f"/echo/{number}"))
    assert at.count == 72
    assert len(at.seen()) <= 50
    assert at.lines(since=70) == ["GET /70", "GET /71"]


# --- faults ----------------------------------------------------------------------------------------------------------


def test_a_fault_strikes_its_vendor_and_route_only() -> None:
    at = router()
    with at.faulty("echo", loopback.status(503), where=r"^GET /jobs\?", times=1, after=1):
        codes = [get(at, path).status for path in
                 ("/echo/jobs?p=0", "/other/jobs?p=1", "/echo/tasks", "/echo/jobs?p=1", "/echo/jobs?p=2")]  # fmt: skip
    assert codes == [200, 200, 200, 503, 200]
    assert get(at, "/echo/jobs?p=1").status == 200


def test_faults_over_the_wire(wire: tuple[Router, httpx.Client]) -> None:
    at, client = wire
    client.post("/_control/faults", json={"vendor": "echo", "kind": "status", "code": 429, "route": "/jobs",
                                          "times": 1, "headers": {"Retry-After": "7"}}).raise_for_status()  # fmt: skip
    client.post("/_control/faults", json={"vendor": "echo", "kind": "cut", "route": "/cut"}).raise_for_status()
    refused = client.get("/echo/jobs")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert client.get("/echo/jobs").status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/echo/cut")
    client.delete("/_control/faults").raise_for_status()
    assert client.get("/echo/cut").status_code == 200
    assert at.lines() == ["GET /jobs", "GET /jobs", "GET /cut", "GET /cut"]


@pytest.mark.parametrize("kind", MANNERS)
def test_manners_by_name(kind: str) -> None:
    fault = named_fault(kind, {})
    assert fault.change(Request(method="GET", path="/"), Reply(body=b"x")) == Reply(body=b"x", manner=kind)  # type: ignore[arg-type]  # one of them


@pytest.mark.parametrize(
    ("kind", "how", "rows"),
    [
        ("empty", {}, []),
        ("rows", {"field": "name", "value": 5}, [{"id": "0", "name": 5}, {"id": "1", "name": "n"}]),
        ("rows", {"field": "name", "count": 2}, [{"id": "0"}, {"id": "1"}]),
        ("rows", {"field": "new", "value": None}, [{"id": "0", "name": "n", "new": None}, {"id": "1", "name": "n"}]),
    ],
)
def test_contents_by_name(kind: str, how: dict[str, Any], rows: list[Any]) -> None:
    at = router(settings={"echo": {"rows": 2}})
    with at.faulty("echo", named_fault(kind, how)):
        assert told(at, "/echo/x")["rows"] == rows


def test_other_faults_by_name() -> None:
    request, reply = Request(method="GET", path="/"), Reply()
    assert named_fault("redirect", {"url": "http://elsewhere.example"}).change(request, reply).status == 302
    html = named_fault("status", {"code": 502, "body": "<html>", "type": "text/html"}).change(request, reply)
    assert (html.status, html.body, html.headers) == (502, b"<html>", (("Content-Type", "text/html"),))
    small = named_fault("bomb", {"megabytes": 1}).change(request, reply)
    assert isinstance(small.body, bytes)
    assert len(small.body) < 10_000
    large = named_fault("huge", {"megabytes": 1}).change(request, reply)
    assert sum(len(piece) for piece in large.body if isinstance(piece, bytes)) > 900_000


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/_control/faults", '{"vendor": "nobody", "kind": "cut"}'),
        ("POST", "/_control/faults", '{"vendor": "echo", "kind": "earthquake"}'),
        ("POST", "/_control/faults", '{"vendor": "echo", "kind": "status"}'),
        ("POST", "/_control/faults", '{"vendor": "echo", "kind": "cut", "cod": 500}'),
        ("POST", "/_control/faults", '{"vendor": "echo", "kind": "cut", "route": "("}'),
        ("POST", "/_control/latency", '{"vendor": "nobody", "seconds": 1}'),
        ("POST", "/_control/latency", '{"vendor": "echo"}'),
        ("POST", "/_control/reset", '{"what": ["world"]}'),
        ("POST", "/_control/reset", "["),
        ("POST", "/_control/morning", '{"date": "tomorrow"}'),
        ("GET", "/_control/requests?since=x", ""),
    ],
)
def test_what_the_server_cannot_be_told(method: str, path: str, body: str) -> None:
    at = router()
    reply = get(at, path, method, body.encode())
    assert reply.status == 400
    assert body_of(reply)["error"]
    assert get(at, "/echo/x").status == 200


def test_an_unknown_command_names_the_known() -> None:
    reply = get(router(), "/_control/nonsense")
    assert reply.status == 404
    assert "GET /requests" in body_of(reply)["known"]


# --- time ------------------------------------------------------------------------------------------------------------


def seconds(at: Router, path: str) -> float:
    began = time.monotonic()
    get(at, path)
    return time.monotonic() - began


def test_latency_is_what_was_said_last() -> None:
    at = router()
    get(at, "/_control/latency", "POST", b'{"vendor": "echo", "seconds": 0.4, "route": "/jobs"}')
    assert seconds(at, "/echo/jobs") >= 0.4
    assert seconds(at, "/echo/tasks") < 0.4
    assert seconds(at, "/other/jobs") < 0.4
    at.slow("", 0.0)
    assert seconds(at, "/echo/jobs") < 0.4


def test_a_vendor_has_its_own_pace() -> None:
    assert seconds(router(pace=None), "/echo/x") >= 0.07
    assert seconds(router(pace={"other": steady(0.5)}), "/echo/x") < 0.5
    assert seconds(router(pace=steady(0.06)), "/echo/x") >= 0.06


def test_a_realistic_wait_is_the_same_for_the_same_request() -> None:
    wait = Wait(seconds=0.4)
    lines = [Request(method="GET", path=f"/jobs/{number}") for number in range(2000)]
    times = sorted(wait.of(line) for line in lines)
    assert [wait.of(line) for line in lines] == [Wait(seconds=0.4).of(line) for line in lines]
    assert times[1000] == pytest.approx(0.4, rel=0.05)
    assert 0.05 < times[0] < 0.2
    assert 0.7 < times[-1] <= 1.6
    assert Wait(seconds=0.4, spread=0).of(lines[0]) == 0.4
    pace = Pace(waits=(Wait(seconds=1, spread=0, where="/jobs"), Wait(seconds=2, spread=0)))
    assert (pace.seconds(lines[0]), pace.seconds(Request(method="GET", path="/x"))) == (1, 2)
    assert AT_ONCE.seconds(lines[0]) == 0


def test_more_than_a_vendor_takes_at_once_queue() -> None:
    at = router(pace={"echo": replace(steady(0.2), at_once=2)})
    began = time.monotonic()
    threads = [threading.Thread(target=get, args=(at, "/echo/x")) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert seconds(at, "/other/x") < 0.4, "another vendor's queue is its own"
    for thread in threads:
        thread.join()
    assert time.monotonic() - began >= 3 * 0.2


# --- state -----------------------------------------------------------------------------------------------------------


def test_another_morning() -> None:
    at = router()
    assert told(at, "/echo/x")["morning"] == "2026-11-19"
    get(at, "/_control/morning", "POST", b'{"date": "2026-11-20"}')
    assert told(at, "/echo/x")["morning"] == "2026-11-20"


def test_reset() -> None:
    at = router()
    site = at.site("echo")
    assert at.site("echo") is site
    at.add_fault("echo", loopback.status(500))
    get(at, "/echo/x")
    get(at, "/_control/reset", "POST", b'{"what": ["requests"]}')
    assert at.count == 0
    assert get(at, "/echo/x").status == 500
    get(at, "/_control/reset", "POST")
    assert at.count == 0
    assert get(at, "/echo/x").status == 200
    assert at.site("echo") is not site


def test_many_at_once_build_one_site(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    class Slow(EchoSite):
        def __init__(self, world: World, morning: date) -> None:
            super().__init__(world, morning)
            threading.Event().wait(0.05)
            built.append(self)

    monkeypatch.setattr("briefing.demo.server.router.site_class", lambda name: Slow)
    at = router()
    threads = [threading.Thread(target=get, args=(at, "/echo/x")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1

"""The guarded client on the real wire: what it waits for, what it repeats, what it never sends, what it never tells."""

from __future__ import annotations

import gzip
import logging
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing import loopback, meter
from briefing.errors import AuthError, BadAnswer, BriefingError, NotReached, RateLimited, SourceError
from briefing.http import Basic, Bearer, Client, Guards, Paging, retry_after, room_of, unpacked
from briefing.log import redacted
from briefing.loopback import Fault, Loopback, Reply, Request, json_reply, manner, status

GUARDS = Guards(connect=0.5, silence=0.25, total=0.5, first_wait=0.01, longest_wait=0.3, largest=1_000_000)
CANARY = "canary-9f3b7"


def site(request: Request) -> Reply:
    return json_reply({"line": request.line, "auth": request.headers.get("authorization", "")})


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(site) as running:
        yield running


@pytest.fixture
def client(server: Loopback) -> Client:
    return client_of(server)


def client_of(server: Loopback, **how: Any) -> Client:
    how.setdefault("credential", Bearer(CANARY))
    return Client(server.url, source="shop", vendor="Shop", guards=how.pop("guards", GUARDS), **how)


# --- time ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["hang", "drip", "drip_headers"])
def test_no_server_is_waited_for_beyond_the_total_deadline(how: Any, client: Client, server: Loopback) -> None:
    """Dripping is what httpx's own time-outs do not see: they begin anew with every byte."""
    began = time.monotonic()
    with server.faulty(manner(how)), pytest.raises(NotReached, match=r"no answer from 127\.0\.0\.1 within"):
        client.json("/a")
    assert time.monotonic() - began < 15
    assert len(server.requests) == 1, "a server that hangs is not asked again"


def test_a_kept_connection_is_under_the_deadline_too(client: Client, server: Loopback) -> None:
    client.json("/a")
    with server.faulty(manner("drip_headers")), pytest.raises(NotReached):
        client.json("/a")


def test_a_slow_but_steady_answer_in_time_is_taken(client: Client, server: Loopback) -> None:
    with server.faulty(Fault(change=lambda _, reply: replace(reply, manner="drip", body=b"1 "))):
        assert client.json("/a") == 1


def test_nobody_listens() -> None:
    with Loopback(site) as gone:
        url = gone.url
    with pytest.raises(SourceError, match="cannot be reached") as told:
        Client(url, source="shop", vendor="Shop", guards=GUARDS).json("/a")
    assert told.value.advice


# --- repetition ----------------------------------------------------------------------------------------------------

TRANSIENT = {
    "429": status(429), "429 and a wait": status(429, Retry_After="0.05"), "500": status(500),
    "502 as a page": status(502, "<html>", type="text/html"), "503": status(503), "504": status(504),
    "cut": manner("cut"), "reset": manner("reset"),
}  # fmt: skip


@pytest.mark.parametrize("fault", TRANSIENT)
def test_what_may_pass_is_asked_again(fault: str, client: Client, server: Loopback) -> None:
    with server.faulty(TRANSIENT[fault], times=2):
        assert client.json("/a")["line"] == "GET /a"
    assert len(server.requests) == 3


@pytest.mark.parametrize("fault", TRANSIENT)
def test_and_not_without_end(fault: str, client: Client, server: Loopback) -> None:
    with server.faulty(TRANSIENT[fault]), pytest.raises(SourceError) as told:
        client.json("/a")
    assert len(server.requests) == 3
    assert told.value.advice


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 501])
def test_what_does_not_pass_is_asked_once(code: int, client: Client, server: Loopback) -> None:
    with server.faulty(status(code)), pytest.raises(SourceError) as told:
        client.json("/a")
    assert len(server.requests) == 1
    assert isinstance(told.value, AuthError) == (code in {401, 403})
    assert told.value.advice


def test_a_wait_beyond_the_cap_is_a_gap_at_once(client: Client, server: Loopback) -> None:
    began = time.monotonic()
    with server.faulty(status(429, Retry_After="3600")), pytest.raises(RateLimited, match="asks to wait 3,600 s"):
        client.json("/a")
    assert (len(server.requests), time.monotonic() - began < 20) == (1, True)


def test_what_is_not_safe_to_repeat_is_not(client: Client, server: Loopback) -> None:
    with server.faulty(manner("reset")), pytest.raises(SourceError):
        client.request("GET", "/a", again=False)
    assert len(server.requests) == 1


def test_a_429_makes_the_other_threads_wait_too(server: Loopback) -> None:
    client = client_of(server)
    with server.faulty(status(429, Retry_After="0.25"), times=1):
        first = threading.Thread(target=client.json, args=("/a",))
        first.start()
        while not server.requests:
            time.sleep(0.001)
        time.sleep(0.05)
        began = time.monotonic()
        client.json("/b")
        first.join()
    assert time.monotonic() - began > 0.1


NOW = datetime(2026, 11, 19, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90),
        ({"Retry-After": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 40)}, 40),
        ({"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 40)}, None),
        ({}, None),
    ],
)
def test_how_long_a_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=30))
def test_no_header_text_breaks_it(text: str) -> None:
    wait = retry_after({"Retry-After": text}, NOW)
    assert wait is None or wait >= 0
    room_of({"X-RateLimit-Remaining": text, "X-RateLimit-Reset": text, "X-RateLimit-Limit": text})


# --- size ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [loopback.huge(), loopback.bomb(100)], ids=["200 MB", "gzip of 100 MB"])
def test_no_answer_fills_the_memory(fault: Fault, server: Loopback) -> None:
    import resource

    client = client_of(server, guards=replace(GUARDS, total=5.0))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with server.faulty(fault), pytest.raises(BadAnswer, match="more than 0 MB"):
        client.json("/a")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kilobytes
    assert len(server.requests) == 1


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "deflate", ""]), st.integers(1, 50))
def test_what_was_packed_comes_back_whole(data: bytes, encoding: str, size: int) -> None:
    packed = gzip.compress(data) if encoding == "gzip" else zlib.compress(data) if encoding else data
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert unpacked(pieces, encoding, 3000) == data


@given(st.binary(min_size=20, max_size=500), st.data())
def test_a_cut_or_broken_packing_is_an_error(data: bytes, draw: st.DataObject) -> None:
    packed = gzip.compress(data)
    with pytest.raises(BadAnswer):
        unpacked([packed[: draw.draw(st.integers(0, len(packed) - 1))]], "gzip", 1000)


def test_only_what_was_asked_for_is_unpacked() -> None:
    with pytest.raises(BadAnswer, match="not asked for"):
        unpacked([b"x"], "br", 10)


# --- place ---------------------------------------------------------------------------------------------------------


def test_a_redirect_to_another_host_gets_nothing(client: Client, server: Loopback) -> None:
    with Loopback(site, host="127.0.0.2") as other, server.faulty(loopback.redirect(f"{other.url}/a")):
        with pytest.raises(BadAnswer, match="another host"):
            client.json("/a")
        assert other.requests == []


def test_a_redirect_within_the_host_is_followed_with_the_login(client: Client, server: Loopback) -> None:
    with server.faulty(loopback.redirect("/b?x=1"), "GET /a$"):
        assert client.json("/a") == {"line": "GET /b?x=1", "auth": f"Bearer {CANARY}"}


def test_a_redirect_in_a_circle_ends(client: Client, server: Loopback) -> None:
    with server.faulty(loopback.redirect("/a")), pytest.raises(BadAnswer, match="without end"):
        client.json("/a")


@pytest.mark.parametrize("url", ["https://elsewhere.example/a", "http://127.0.0.1:1/a"])
def test_a_link_to_another_host_is_not_asked(url: str, client: Client, server: Loopback) -> None:
    """Links to a next page come from outside."""
    with pytest.raises(BadAnswer, match="another host"):
        client.json(url)
    assert server.requests == []


def test_nothing_leaves_but_reads(server: Loopback) -> None:
    client = client_of(server, posts=(r"^/search$",))
    for method, path in (("POST", "/a"), ("DELETE", "/a"), ("PUT", "/search"), ("POST", "/search/now")):
        with pytest.raises(ValueError, match="not declared as a read"):
            client.request(method, path)
    assert client.get("/search", method="POST", content=b"q=1").status == 200
    assert server.lines() == ["POST /search"]


@pytest.mark.parametrize("url", ["ftp://a.example", "a.example", ""])
def test_an_address_must_be_one(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Client(url, source="shop", vendor="Shop")


def test_proxies_of_the_environment_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """And are under the same deadline."""
    with Loopback(lambda request: json_reply(request.path)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        client = Client("http://shop.example/api", source="shop", vendor="Shop", guards=GUARDS)
        assert client.json("/a") == "/api/a"
        with proxy.faulty(manner("drip_headers")), pytest.raises(NotReached):
            client.json("/a")


# --- login and secrets ---------------------------------------------------------------------------------------------


class Renewing:
    """Tokens t1, t2, ...; a renewal gives the next."""

    def __init__(self) -> None:
        self.number = 1

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer t{self.number}"}

    def renew(self, refused: Any) -> bool:
        self.number += 1
        return True


def test_an_expired_token_is_renewed_once(server: Loopback) -> None:
    client = client_of(server, credential=Renewing())
    with server.faulty(status(401), times=1):
        assert client.json("/a")["auth"] == "Bearer t2"
    with server.faulty(status(401)), pytest.raises(AuthError):
        client.json("/a")
    assert len(server.requests) == 4


def test_a_canary_appears_nowhere(client: Client, server: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    """Not in what is logged, not in an error, though the server says it back."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = [repr(client.credential), repr(client)]
    faults = (status(401, CANARY), status(500, CANARY), status(200, CANARY), status(302, Location=f"//x/{CANARY}"))
    for fault in faults:
        with server.faulty(fault), pytest.raises(BriefingError) as told:
            client.json("/a", {"key": CANARY})
        said += [redacted(str(told.value)), told.value.advice]
    client.json("/a", {"key": CANARY})
    ours = [record for record in caplog.records if record.name.startswith(("briefing", "connectors"))]
    assert ours
    said += [record.getMessage() for record in ours]
    assert not [text for text in said if CANARY in text]


def test_a_password_is_known_as_a_secret_in_both_forms() -> None:
    Basic("me", "pass-canary-1")
    encoded = httpx.BasicAuth("me", "pass-canary-1")._auth_header.removeprefix("Basic ")
    assert "canary" not in redacted(f"x pass-canary-1 {encoded}")
    assert encoded not in redacted(encoded)


# --- what is counted -----------------------------------------------------------------------------------------------


def test_calls_pages_and_room_are_counted(client: Client, server: Loopback) -> None:
    room = Fault(change=lambda _, reply: replace(reply, headers=(*reply.headers, *ROOM)))
    with meter.counting(meter.Meter()) as counted, server.faulty(status(500), times=1), server.faulty(room):
        client.json("/a")
        client.json("/b")
        client.paging("rows").page(rows=["1"])
    assert (counted.calls, counted.pages) == (3, 1)
    assert counted.room == meter.Room(left=4943, of=5000, until=datetime.fromtimestamp(1763467200, UTC))
    assert meter.running().calls == 0


ROOM = (("X-RateLimit-Limit", "5000"), ("X-RateLimit-Remaining", "4943"), ("X-RateLimit-Reset", "1763467200"))


def test_at_most_so_many_at_a_time_and_a_second(server: Loopback) -> None:
    busy, most, lock = [0], [0], threading.Lock()

    def slow(request: Request) -> Reply:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.02)
        with lock:
            busy[0] -= 1
        return site(request)

    server.site = slow
    client = client_of(server, guards=replace(GUARDS, at_once=2, per_second=100, total=5))
    began = time.monotonic()
    threads = [threading.Thread(target=client.json, args=("/a",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most[0], len(server.requests)) == (2, 12)
    assert time.monotonic() - began >= 0.11


# --- pages ---------------------------------------------------------------------------------------------------------


def test_a_cursor_that_comes_again_is_an_error() -> None:
    pages = Paging("rows", 100)
    pages.page(cursor="b", rows=[1])
    pages.page(cursor="c", rows=[2])
    with pytest.raises(BadAnswer, match="page 3 leads back"):
        pages.page(cursor="b", rows=[3])


def test_the_same_page_again_is_an_error() -> None:
    pages = Paging("rows", 100)
    pages.page(rows=[1, 2])
    pages.page(rows=[2, 3])
    with pytest.raises(BadAnswer, match="page 3 is the same"):
        pages.page(rows=[1, 2])


def test_empty_pages_may_repeat_and_pages_end_somewhere() -> None:
    pages = Paging("rows", 3)
    for _ in range(3):
        pages.page(rows=[])
    with pytest.raises(BadAnswer, match="more than 3 pages"):
        pages.page(rows=[])

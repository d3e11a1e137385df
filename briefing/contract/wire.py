"""Faults beyond those of `briefing.loopback`, chosen request by request, and changes to the JSON of answers."""

from __future__ import annotations

import json
import re
import socket
import struct
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

from briefing.loopback import Fault, Reply, Request

Asked = tuple[str, str, tuple[tuple[str, str], ...], bytes]
"""What makes two requests the same: method, path, query and body."""

Path = tuple[str, ...]
"""A place in JSON: names of fields, `[]` for every element of a list, `*` for every value of a table by id."""

Row = tuple[int | str, ...]
"""Where an object stands in an answer: numbers in lists and names in tables; empty for the page itself."""

HOSTILE = " \x1b[31mred\x07\u202egnihton\u2066\u200b\x9b2J\x00<script>alert(1)</script>[/red]&<!channel>\r\n# x"
"""Ends every string of an answer: terminal escapes, bidirectional and invisible characters, markup."""


NO_DATE = "2026-99-99T¿?"
"""A text that is neither a date nor one of a vendor's words."""


def asked(request: Request) -> Asked:
    """What a request asks for."""
    return request.method, request.path, request.query, request.body


def route_of(request: Request | Asked) -> str:
    """`GET /jobs/*/tasks`: where a request goes, without ids and query."""
    method, path = (request.method, request.path) if isinstance(request, Request) else request[:2]
    return f"{method} " + "/".join("*" if re.search(r"\d", part) else part for part in path.split("/"))


@dataclass(slots=True, kw_only=True)
class Strike(Fault):
    """A fault for requests that a function chooses."""

    only: Callable[[Request], bool] = lambda _: True

    def takes(self, request: Request) -> bool:
        """Whether it strikes this request; counts."""
        return self.only(request) and Fault.takes(self, request)


def strike(
    fault: Fault, only: Callable[[Request], bool] = lambda _: True, *, times: int | None = None, after: int = 0
) -> Strike:
    """A fault for chosen requests."""
    return Strike(change=fault.change, only=only, times=times, after=after)


def first_of_each(only: Callable[[Request], bool]) -> Callable[[Request], bool]:
    """Of the requests that are chosen, the first of each: asked again, it is let through."""
    seen: set[Asked] = set()

    def chosen(request: Request) -> bool:
        if not only(request) or asked(request) in seen:
            return False
        seen.add(asked(request))
        return True

    return chosen


def one_of(requests: Collection[Asked]) -> Callable[[Request], bool]:
    """Requests that are the same as one of these."""
    wanted = frozenset(requests)
    return lambda request: asked(request) in wanted


# --- transport -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Endless:
    """A body of many megabytes, and how much of it was taken."""

    megabytes: int
    taken: int = 0
    """Bytes handed to the socket by the greediest request."""

    def fault(self) -> Fault:
        """The right answer, followed by very much white space."""

        def pieces(start: bytes) -> Iterator[bytes]:
            yield start
            for number in range(self.megabytes * 16):
                yield b" " * 65_536
                self.taken = max(self.taken, (number + 1) * 65_536)

        return Fault(change=lambda _, reply: replace(reply, body=pieces(content_of(reply))))


@cache
def packed_spaces(megabytes: int) -> bytes:
    """Gzip of so many megabytes of white space around `null`, a thousandth of the size. Made block by block."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b" " * 1_000_000
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.compress(b"null") + packer.flush()
    check = 0
    for _ in range(megabytes):
        check = zlib.crc32(block, check)
    size = megabytes * len(block) + 4
    tail = struct.pack("<II", zlib.crc32(b"null", check), size % 2**32)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + first * megabytes + end + tail


def bomb(megabytes: int) -> Fault:
    """A small answer that unpacks to very much."""
    headers = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
    return Fault(change=lambda _, __: Reply(headers=headers, body=packed_spaces(megabytes)))


def cut_short() -> Fault:
    """The first half of the body, sent as if it were all."""

    def change(_: Request, reply: Reply) -> Reply:
        body = content_of(reply)
        return replace(reply, body=body[: len(body) // 2])

    return Fault(change=change)


def with_header(name: str, value: str) -> Fault:
    """The right answer with one more header."""
    return Fault(change=lambda _, reply: replace(reply, headers=(*reply.headers, (name, value))))


def content_of(reply: Reply) -> bytes:
    """The body in one piece."""
    return reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)


@contextmanager
def nobody_listens() -> Iterator[str]:
    """An address where connections are refused."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}"


@contextmanager
def nobody_accepts() -> Iterator[str]:
    """An address where connections are neither taken nor refused: a full queue."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(0)
        waiting = []
        for _ in range(8):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(holder.getsockname())
            waiting.append(one)
        try:
            yield f"http://127.0.0.1:{holder.getsockname()[1]}"
        finally:
            for one in waiting:
                one.close()


# --- JSON ----------------------------------------------------------------------------------------------------------


def plain_json(reply: Reply) -> Any:
    """The JSON of an answer; None where it is none."""
    try:
        return json.loads(content_of(reply))
    except ValueError:
        return None


def changing(change: Callable[[Any], Any]) -> Fault:
    """The right answer with other JSON; what is not JSON stays as it is."""

    def changed(_: Request, reply: Reply) -> Reply:
        value = plain_json(reply)
        return reply if value is None else replace(reply, body=json.dumps(change(value)).encode())

    return Fault(change=changed)


def instead(text: str, type: str = "application/json") -> Fault:
    """A good answer with another body."""
    return Fault(change=lambda _, __: Reply(headers=(("Content-Type", type),), body=text.encode()))


def fields_of(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every field of every object, with one of its values."""
    if isinstance(value, list):
        for one in value:
            yield from fields_of(one, (*at, "[]"))
    elif isinstance(value, dict):
        for name, inner in value.items():
            step = _step(name, inner)
            if step != "*":
                yield (*at, name), inner
            yield from fields_of(inner, (*at, step))


def _step(name: str, inner: Any) -> str:
    """Objects under a name with digits are rows of a table by id, and not fields."""
    return "*" if isinstance(inner, dict) and re.search(r"\d", name) else name


def holders(value: Any, path: Path, row: Row = ()) -> Iterator[tuple[Row, dict[str, Any]]]:
    """The objects that have a field, with the places in lists and tables that lead to them."""
    if len(path) == 1:
        if isinstance(value, dict) and path[0] in value:
            yield row, value
    elif path[0] == "[]" and isinstance(value, list):
        for number, one in enumerate(value):
            yield from holders(one, path[1:], (*row, number))
    elif path[0] == "*" and isinstance(value, dict):
        for name, one in value.items():
            if _step(name, one) == "*":
                yield from holders(one, path[1:], (*row, name))
    elif isinstance(value, dict) and path[0] in value:
        yield from holders(value[path[0]], path[1:], row)


def dropped(holder: dict[str, Any], name: str) -> None:
    """Without the field."""
    del holder[name]


def nulled(holder: dict[str, Any], name: str) -> None:
    """With null."""
    holder[name] = None


def other_type(holder: dict[str, Any], name: str) -> None:
    """With a value of another type."""
    value = holder[name]
    holder[name] = {"odd": "shape"} if isinstance(value, str | int | float | None) else "odd"


def nonsense(holder: dict[str, Any], name: str) -> None:
    """With a value of the right type that means nothing: no date, no number within reason."""
    value = holder[name]
    if isinstance(value, str):
        holder[name] = NO_DATE
    elif isinstance(value, int | float) and not isinstance(value, bool):
        holder[name] = 10**30
    else:
        holder[name] = [None, 7, "odd", {}]


def ends_hostile(holder: dict[str, Any], name: str) -> None:
    """A text that ends in what nobody should print."""
    if isinstance(holder[name], str):
        holder[name] += HOSTILE


def with_strangers(value: Any) -> Any:
    """With a field nobody knows in every object."""
    if isinstance(value, list):
        return [with_strangers(one) for one in value]
    if isinstance(value, dict):
        inner = {name: with_strangers(one) for name, one in value.items()}
        rows = any(_step(name, one) == "*" for name, one in value.items())
        return inner if rows else {**inner, "zz_unknown": {"a": [1, None, "x"]}}
    return value


def emptied(value: Any) -> Any:
    """With every list of objects, and every table of objects by id, empty."""
    if isinstance(value, list):
        return [] if any(isinstance(one, dict) for one in value) else value
    if isinstance(value, dict):
        return {name: emptied(one) for name, one in value.items() if _step(name, one) != "*"}
    return value


def rows_at(value: Any, at: Path = ()) -> Mapping[Path, list[Any]]:
    """The outermost lists of objects: the rows of a page."""
    if isinstance(value, list):
        return {at: value} if any(isinstance(one, dict) for one in value) else {}
    found: dict[Path, list[Any]] = {}
    if isinstance(value, dict):
        for name, inner in value.items():
            found |= rows_at(inner, (*at, name))
    return found


def with_rows_before(value: Any, rows: Mapping[Path, list[Any]]) -> Any:
    """A page that begins with the last row of another one, as when a row was added meanwhile."""
    for path, own in rows_at(value).items():
        if rows.get(path):
            own.insert(0, rows[path][-1])
    return cast(Any, value)

"""A browser's answer after a person has consented: it comes back to an address of this machine with a code.

Where the browser runs on another machine that address cannot be reached; it then stands in the browser's address bar,
and is pasted.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from briefing.errors import SourceError


def answer_in(pasted: str) -> dict[str, str]:
    """What the address says that a browser ended at; a code alone is taken as one.

    >>> answer_in("http://127.0.0.1:8080/?state=a&code=4/x")
    {'state': 'a', 'code': '4/x'}
    """
    text = pasted.strip()
    if "?" not in text and "=" not in text:
        return {"code": text}
    try:
        found = parse_qs(urlsplit(text).query or text)
    except ValueError:  # not an address at all
        return {}
    return {name: values[-1] for name, values in found.items()}


class Listener:
    """Waits on this machine for the browser to come back."""

    def __init__(self, port: int, state: str = "") -> None:
        """With a `state`, an answer that carries another is somebody else's, and waited on past."""
        self.address = f"http://127.0.0.1:{port}"
        self.found: dict[str, str] = {}
        self.strange = False
        """Whether somebody else's answer came."""

        self._state = state
        self._came = threading.Event()

    def came(self, path: str) -> bool:
        """Note an address that was asked for; whether it is the answer (browsers ask for an icon too)."""
        found = answer_in(f"{self.address}{path}") if "?" in path else {}
        if not {"code", "error"} & set(found):
            return False
        # An error may come without the state (RFC 6749 wants it there; not everybody sends it).
        if self._state and found.get("state", self._state if "error" in found else "") != self._state:
            self.strange = True
            return False
        self.found = found
        self._came.set()
        return True

    def wait(self, seconds: float) -> Mapping[str, str]:
        """What came; empty where nothing has in the time."""
        self._came.wait(seconds)
        return self.found


@contextmanager
def listening(port: int, state: str = "", *, advice: str = "name another port in the settings") -> Iterator[Listener]:
    """A listener on this machine for a while; port 0 is any. Raises SourceError where the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # browsers open connections that they may never use

        def do_GET(self) -> None:
            is_answer = listener.came(self.path)
            body = b"Done: back to the terminal." if is_answer else b""
            self.send_response(200 if is_answer else 404)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the address holds the code."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise SourceError(f"port {port} of this machine is taken", advice=advice) from error
    listener = Listener(server.server_address[1], state)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()

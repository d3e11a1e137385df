"""What tests of Gmail share: messages, and a mailbox of some of them on the wire."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from briefing.connector import Mark
from briefing.loopback import Reply, Request, json_reply
from tests.connectors.google_wire import MAYA, NOW, Got, Json, Service, error, gmail_at, got, served, window

DANA = "Dana Ruiz <dana@northwind.example>"


def data(text: str | bytes) -> Json:
    raw = text if isinstance(text, bytes) else text.encode()
    return {"size": len(raw), "data": base64.urlsafe_b64encode(raw).decode()}


def headers(**told: str) -> list[Json]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in told.items()]


def plain(text: str | bytes = "Could you send the report?", type_: str = "text/plain; charset=utf-8") -> Json:
    return {"mimeType": type_.partition(";")[0], "headers": headers(Content_Type=type_), "body": data(text)}


def message(
    name: str = "a1", *, thread: str = "", at: datetime = NOW - timedelta(hours=20), labels: Iterable[str] = ("INBOX",),
    part: Json | None = None, **more: str,
) -> Json:  # fmt: skip
    """A message with its headers; `more` are further ones or others."""
    told = {
        "From": DANA, "To": f"Maya <{MAYA}>", "Subject": "Report", "Message-ID": f"<{name}@northwind.example>",
        "Date": f"{at.astimezone(UTC):%a, %d %b %Y %H:%M:%S +0000}", **{k.replace("_", "-"): v for k, v in more.items()},
    }  # fmt: skip
    payload = part or plain()
    return {
        "id": name, "threadId": thread or name, "labelIds": list(labels), "snippet": "Could you send", "historyId": "5",
        "internalDate": str(int(at.timestamp() * 1000)),
        "payload": {"partId": "", "filename": "", **payload, "headers": [
            *({"name": key, "value": value} for key, value in told.items()), *payload.get("headers", []),
        ]},
    }  # fmt: skip


class Box:
    """A mailbox of some messages; the questions are kept."""

    def __init__(self, *messages: Json, history: str = "100", me: str = MAYA, **more: Any) -> None:
        self.messages = {one["id"]: one for one in messages}
        self.history, self.me, self.lines = history, me, list[str]()
        self.records: list[Json] | None = []
        self.more = more

    def __call__(self, request: Request) -> Reply:
        self.lines.append(request.line.removeprefix("GET /gmail/v1/users/me/").partition("?")[0])
        path = request.path.removeprefix("/gmail/v1/users/me/")
        kind, _, name = path.partition("/")
        if path in self.more:
            return Service({path: self.more[path]})(request)
        if path == "profile":
            return json_reply({"emailAddress": self.me, "historyId": self.history})
        if path == "messages":
            rows = [{"id": one, "threadId": told["threadId"]} for one, told in self.messages.items()]
            return json_reply({"messages": rows, "resultSizeEstimate": len(rows)})
        if path == "history":
            if self.records is None:
                return json_reply(error(404, "notFound"), status=404)
            return json_reply({"historyId": self.history, **({"history": self.records} if self.records else {})})
        if kind == "threads":
            found = [told for told in self.messages.values() if told["threadId"] == name]
            return json_reply({"id": name, "historyId": "7", "messages": found})
        return Service({"messages/" + one: told for one, told in self.messages.items()})(request)

    def asked(self) -> list[str]:
        """What was asked since the last time, logins apart."""
        lines, self.lines = [line for line in self.lines if "token" not in line], []
        return lines


def read(box: Box, *, mark: Mark | None = None, now: datetime = NOW, **settings: Any) -> Got:
    with served(box) as server:
        return got(gmail_at(server, **settings), mark=mark, at=window(now))


def ids(found: Got) -> list[str]:
    return [one.ref.id for one in found.facts]


def added(told: Json, *labels: str) -> Json:
    return {"id": "101", "messagesAdded": [{"message": {
        "id": told["id"], "threadId": told["threadId"], "labelIds": list(labels or told["labelIds"])}}]}  # fmt: skip


def relabelled(how: str, name: str, *labels: str, now: Iterable[str] = ()) -> Json:
    return {"id": "102", how: [{"message": {"id": name, "threadId": name, "labelIds": list(now)},
                                "labelIds": list(labels)}]}  # fmt: skip

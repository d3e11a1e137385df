"""Google's client and slack-sdk under the guards: they neither wait nor take more than the guarded client does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from briefing.errors import BadAnswer, NotReached, SourceError
from briefing.http import Bearer, Client, Guards
from briefing.http_adapters import SLACK_METHOD, GoogleHttp, slack_client
from briefing.loopback import Loopback, Reply, Request, huge, json_reply, manner, status

GUARDS = Guards(connect=1, silence=0.2, total=0.4, first_wait=0.01, longest_wait=0.1, largest=1_000_000)


def site(request: Request) -> Reply:
    told = {"method": request.method, "path": request.path, "auth": request.headers.get("authorization", "")}
    form = request.form() if request.method == "POST" else dict(request.query)
    return json_reply({"ok": True, **told, **form})


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(site) as running:
        yield running


@pytest.fixture
def client(server: Loopback) -> Client:
    return Client(
        server.url + "/api", source="s", vendor="S", credential=Bearer("xoxp-canary"), guards=GUARDS,
        posts=(r"/api/users\.list$",),
    )  # fmt: skip


def google(client: Client) -> Any:
    from googleapiclient.discovery import build

    return build(
        "gmail", "v1", http=GoogleHttp(client), static_discovery=True, cache_discovery=False,
        client_options={"api_endpoint": str(client.base)},
    )  # fmt: skip


def test_googles_client_asks_through_ours(client: Client) -> None:
    answer = google(client).users().messages().list(userId="me", q="after:1").execute()
    assert answer["path"] == "/api/gmail/v1/users/me/messages"
    assert answer["auth"] == "Bearer xoxp-canary"
    assert answer["q"] == "after:1"


def test_a_long_query_of_googles_client_stays_a_get(client: Client) -> None:
    answer = google(client).users().messages().list(userId="me", q="x" * 3000).execute()
    assert (answer["method"], len(answer["q"])) == ("GET", 3000)


def test_slack_asks_through_ours(client: Client) -> None:
    answer = slack_client(client).users_list(cursor="a b", limit=3)
    assert answer["path"] == "/api/users.list"
    assert (answer["auth"], answer["cursor"], answer["limit"]) == ("Bearer xoxp-canary", "a b", "3")


def test_a_write_of_slack_does_not_leave(client: Client, server: Loopback) -> None:
    with pytest.raises(ValueError, match="not declared as a read"):
        slack_client(client).chat_postMessage(channel="C1", text="no")
    assert server.requests == []


def test_slack_sdk_still_sends_through_the_one_method() -> None:
    from slack_sdk import WebClient

    assert callable(getattr(WebClient, SLACK_METHOD))


@pytest.mark.parametrize("how", ["hang", "drip", "drip_headers"])
@pytest.mark.parametrize("library", ["google", "slack"])
def test_neither_waits_beyond_the_deadline(how: Any, library: str, client: Client, server: Loopback) -> None:
    began = time.monotonic()
    with server.faulty(manner(how)), pytest.raises(NotReached):
        ask(library, client)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("library", ["google", "slack"])
def test_neither_takes_a_body_without_end(library: str, client: Client, server: Loopback) -> None:
    with server.faulty(huge()), pytest.raises(BadAnswer, match="more than"):
        ask(library, client)


@pytest.mark.parametrize("library", ["google", "slack"])
def test_neither_repeats_beyond_our_tries(library: str, client: Client, server: Loopback) -> None:
    """A cut connection is asked three times in all: the library adds none of its own."""
    with server.faulty(manner("reset")), pytest.raises(SourceError):
        ask(library, client)
    assert len(server.requests) == 3


def test_a_status_goes_to_googles_own_error(client: Client, server: Loopback) -> None:
    from googleapiclient.errors import HttpError

    with server.faulty(status(404, '{"error": {"message": "Not Found"}}')), pytest.raises(HttpError) as told:
        ask("google", client)
    assert told.value.resp.status == 404


def test_slacks_own_error_and_its_headers(client: Client, server: Loopback) -> None:
    from slack_sdk.errors import SlackApiError

    refused = status(200, '{"ok": false, "error": "missing_scope"}', X_OAuth_Scopes="users:read")
    with server.faulty(refused), pytest.raises(SlackApiError) as told:
        ask("slack", client)
    assert told.value.response.headers["x-oauth-scopes"] == "users:read"
    assert told.value.response["error"] == "missing_scope"


def ask(library: str, client: Client) -> None:
    if library == "google":
        google(client).users().messages().list(userId="me").execute()
    else:
        slack_client(client).users_list()

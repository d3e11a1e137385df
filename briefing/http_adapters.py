"""Vendors' own client libraries under the guards of `briefing.http`.

Google's client takes any object with httplib2's `request` method as `http=`; slack-sdk sends everything through one
method of its WebClient, which is replaced in a subclass. Neither library opens a connection of its own then: deadline,
size limit, repetition, pace and redaction are those of the given `Client`, whose credential also logs in.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import httpx

from briefing.http import Answer, Client

if TYPE_CHECKING:
    import urllib.request

    from slack_sdk import WebClient

SLACK_METHOD = "_perform_urllib_http_request_internal"
"""The one method of slack-sdk's WebClient through which every request goes; a test watches its name."""


class GoogleHttp:
    """The `http=` of Google's client: `build(..., http=GoogleHttp(client), static_discovery=True,
    cache_discovery=False, client_options={"api_endpoint": str(client.base)})`; one service per thread, `execute()`
    without `num_retries`.
    """

    def __init__(self, client: Client) -> None:
        self.client = client

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        **_: object,
    ) -> tuple[Any, bytes]:
        """httplib2's `request`: (response, content). Raises SourceError where there is no answer."""
        import httplib2

        told = {name: value for name, value in (headers or {}).items() if name.lower() not in _OURS}
        override = {name.lower(): value for name, value in told.items()}.get("x-http-method-override", "")
        if method == "POST" and override == "GET":
            # Google's client hides a GET with a long query in a POST; ours has no such limit.
            query = body.decode() if isinstance(body, bytes) else body or ""
            told = {name: value for name, value in told.items() if name.lower() not in _OF_A_FORM}
            uri, method, body = f"{uri}?{query}", "GET", None
        content = body.encode() if isinstance(body, str) else body
        answer = self.client.request(method, uri, headers=told, content=content)
        response = httplib2.Response({name.lower(): value for name, value in answer.headers.items()})
        response.status = answer.status
        response["status"] = str(answer.status)
        response.pop("content-encoding", None)  # unpacked already
        return response, answer.content

    def close(self) -> None:
        """The client is closed by its owner."""


def google_answer(error: Any) -> Answer:
    """What Google's client raised as an HttpError, as `Client.refusal` takes it; its address without what was asked."""
    headers = httpx.Headers([(str(name), str(value)) for name, value in error.resp.items()])
    url = str(httpx.URL(error.uri).copy_with(query=None)) if error.uri else ""
    return Answer(status=int(error.resp.status), headers=headers, content=error.content or b"", url=url)


_OURS = frozenset({"user-agent", "accept-encoding", "authorization", "content-length", "host"})
_OF_A_FORM = frozenset({"x-http-method-override", "content-type"})


def slack_client(client: Client) -> WebClient:
    """A slack-sdk WebClient that sends through a guarded client, whose base address is the API's root (`.../api`).

    It repeats nothing by itself. Its methods raise SlackApiError for `ok: false` and SourceError where there is no
    answer. `client` must declare the POST paths of the read methods it may call.
    """
    from slack_sdk import WebClient

    class Guarded(WebClient):
        def _perform_urllib_http_request_internal(self, url: str, req: urllib.request.Request) -> dict[str, Any]:
            headers = {name: value for name, value in req.header_items() if name.lower() not in _OURS}
            data = req.data
            assert data is None or isinstance(data, bytes)
            answer = client.request(req.get_method(), url, headers=headers, content=data)
            return {"status": answer.status, "headers": _Headers(answer.headers), "body": answer.text}

    quiet = logging.getLogger("briefing.slack_sdk")
    quiet.setLevel(logging.CRITICAL)  # it logs answers whole
    guarded = Guarded(base_url=f"{client.base}/", retry_handlers=[], logger=quiet)
    guarded.proxy = None
    return guarded


def slack_answer(client: Client, method: str, response: Any) -> Answer:
    """What slack-sdk answered, as `Client.refusal` takes it. Without its body, which may hold what people wrote."""
    headers = httpx.Headers({str(name).lower(): str(value) for name, value in dict(response.headers).items()})
    return Answer(status=int(response.status_code), headers=headers, content=b"", url=f"{client.base}/{method}")


class _Headers(dict[str, str]):
    """Headers as slack-sdk looks them up: by their usual spelling or in lower case."""

    def __init__(self, headers: Any) -> None:
        super().__init__({name.title(): value for name, value in headers.items()})
        self.update({name.lower(): value for name, value in headers.items()})


__all__ = ["SLACK_METHOD", "GoogleHttp", "google_answer", "slack_answer", "slack_client"]

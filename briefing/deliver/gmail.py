"""Gmail's API: the mail of an edition handed to `users.messages.send`, once.

Through httpx: Google's own client repeats a POST whose connection is cut. Nothing is repeated by itself. Gmail names a
message anew (its Message-ID is not ours), so a mail whose end nobody saw is looked for among those sent by the headers
`X-Briefing-Run` and To, where the token may read them; with the scope for sending alone it stays uncertain.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any

import httpx

from briefing import words
from briefing.deliver import Begin, NotAllowed, Outcome, Result
from briefing.deliver.edition import Edition
from briefing.deliver.mail import Envelope, in_short, message
from briefing.errors import AuthError, BriefingError, SourceError
from briefing.http import Answer, Client, Credential, Guards, with_guards
from briefing.log import redacted
from briefing.reading.text import clean

BASE_URL = "https://gmail.googleapis.com"
MESSAGES = "/gmail/v1/users/me/messages"
SEND = f"{MESSAGES}/send"
GUARDS = Guards(tries=1, redirects=0, longest_wait=0.0, largest=4 * 1024 * 1024)

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""No connection, so nothing has left."""

LATER = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "RATE_LIMIT_EXCEEDED"}
)
"""Reasons of a 403 that end by themselves; every 429 does."""

CURES: Mapping[str, str] = {
    "insufficientPermissions": "the token lacks the scope gmail.send: consent again with it",
    "accessNotConfigured": "switch the Gmail API on in the Cloud project of client_id",
    "domainPolicy": "the administrator keeps this app from Gmail",
    "authError": "the token is not taken: consent again and give the new refresh_token",
}
LOOKED_THROUGH = 20
"""Sent mails that are looked at, the newest."""

KNOWN_BY = ("X-Briefing-Run", "X-Briefing-Date", "To")


class Gmail:
    """A channel: one mail through the API, to all that are to have it."""

    kind = "Gmail"
    repeatable = False

    def __init__(
        self, name: str, envelope: Envelope, credential: Credential, *, base_url: str = BASE_URL,
        deadline: float = 60.0, patience: float = 1200.0,
    ) -> None:  # fmt: skip
        self.name, self.deadline, self.patience = name, deadline, patience
        self.recipients = tuple(one.addr_spec for one in envelope.to)
        self._envelope, self._credential, self._base_url = envelope, credential, base_url

    def fixed(self, edition: Edition) -> bytes:
        """The mail."""
        return message(edition, self._envelope)

    def shown(self, edition: Edition, body: bytes) -> str:
        """Its headers, and the way it takes."""
        return "\n".join([*in_short(body), f"By:       Gmail's API, {httpx.URL(self._base_url).host}"])

    def tried(self) -> Outcome:
        """A request to send without a mail in it: Gmail looks at the login and the scope, then asks for the mail."""
        client = self._client()
        try:
            self._credential.headers()
            answer = client.request("POST", SEND, content=b"{}", headers=JSON, again=False)
        except BriefingError as error:
            return Outcome(result="deferred", detail=_told(error))
        finally:
            client.close()
        if answer.status == 400:
            return Outcome(result="sent", detail=f"Gmail lets us send; for {words.listed(self.recipients)}")
        return meant(answer)

    def send(self, edition: Edition, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        """One request. Whom Gmail sends it to stands in its To, so for some of them it is a mail of their own."""
        if set(recipients) != _to(body):
            wanted = tuple(one for one in self._envelope.to if one.addr_spec in recipients)
            body = message(edition, replace(self._envelope, to=wanted))
        return self.hand_in(body, recipients, begin, look=True)

    @property
    def envelope(self) -> Envelope:
        """Who writes to whom."""
        return self._envelope

    def hand_in(
        self, body: bytes, recipients: Sequence[str], begin: Begin, *, look: bool = False
    ) -> Mapping[str, Outcome]:
        """Any mail, in one request. `look`: it can be found among those sent, where nobody saw the end."""
        client = self._client()
        try:
            try:
                self._credential.headers()
            except BriefingError as error:
                return dict.fromkeys(recipients, Outcome(result="deferred", detail=f"no token: {_told(error)}"))
            if not begin(recipients):
                raise NotAllowed
            end = self._handed_in(client, body)
            if look and end.result == "uncertain" and self._is_there(client, body):
                end = Outcome(result="sent", detail="found among the mails sent")
            return dict.fromkeys(recipients, end)
        finally:
            client.close()

    def _client(self) -> Client:
        guards = with_guards(GUARDS, total=self.deadline / 2, silence=self.deadline / 2)
        client = Client(
            self._base_url, source=self.name, vendor="Gmail", credential=self._credential, guards=guards,
            posts=(f"{SEND}$",),
        )  # fmt: skip
        client.guards = guards  # whatever a test run sets
        return client

    def _handed_in(self, client: Client, body: bytes) -> Outcome:
        content = json.dumps({"raw": base64.urlsafe_b64encode(body).decode()}).encode()
        try:
            return meant(client.request("POST", SEND, content=content, headers=JSON, again=False))
        except AuthError as error:  # refused, and then no other token: Gmail took no mail from us
            return Outcome(result="deferred", detail=f"no token: {_told(error)}")
        except SourceError as error:
            surely_not = isinstance(error.__cause__, NOT_SENT)
            return Outcome(result="deferred" if surely_not else "uncertain", detail=_told(error))

    def _is_there(self, client: Client, body: bytes) -> bool:
        """Whether a mail of this edition to the same people lies among those sent; False where nobody can say."""
        wanted = _known_by(message_from_bytes(body, policy=SMTP))
        try:
            rows = client.json(MESSAGES, {"labelIds": "SENT", "maxResults": LOOKED_THROUGH}, again=False)
            for row in rows.get("messages", ()):
                found = client.get(
                    f"{MESSAGES}/{row['id']}?format=metadata"
                    + "".join(f"&metadataHeaders={name}" for name in KNOWN_BY),
                    again=False,
                ).json()
                told = {one["name"].lower(): one["value"] for one in found["payload"]["headers"]}
                if _known_by(told) == wanted:
                    return True
        except (BriefingError, AttributeError, KeyError, TypeError):
            return False  # no scope to read, or an answer that is none
        return False


JSON = {"Content-Type": "application/json; charset=UTF-8"}


def meant(answer: Answer) -> Outcome:
    """What an answer means for the ledger.

    200 with an id is sent. 429, and a 403 for a used-up quota: later. Any other 4xx: not taken, and never will be. A
    fault of Gmail's (5xx, 408), or a 200 that is no answer of Gmail's: nobody knows.
    """
    told = _json(answer)
    if 200 <= answer.status <= 299:
        if isinstance(told.get("id"), str) and told["id"]:
            return Outcome(result="sent")
        return Outcome(result="uncertain", detail=f"Gmail answered {answer.status} without naming the mail")
    reason, text = _reason(told)
    result: Result = "refused"
    if answer.status >= 500 or answer.status < 400 or answer.status == 408:
        result = "uncertain"
    elif answer.status == 429 or (answer.status == 403 and reason in LATER):
        result = "deferred"
    what = " ".join(part for part in (str(answer.status), reason) if part)
    cure = CURES.get(reason, text)
    return Outcome(result=result, detail=f"Gmail answers {what}" + (f": {cure}" if cure else ""))


def _json(answer: Answer) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except SourceError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _reason(told: Mapping[str, Any]) -> tuple[str, str]:
    """Google's word for a refusal and its sentence."""
    error = told.get("error")
    if not isinstance(error, Mapping):
        return "", ""
    rows = error.get("errors")
    first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], Mapping) else {}
    return clean(str(first.get("reason", "")), 60), clean(redacted(str(error.get("message", ""))), 200)


def _to(body: bytes) -> set[str]:
    return {one for _, one in getaddresses([str(message_from_bytes(body, policy=SMTP)["To"] or "")])}


def _known_by(headers: Any) -> tuple[object, ...]:
    """What a mail of ours is known by, of a mail or of what Gmail tells of one (names in lower case)."""
    run, day, to = (str(headers.get(name.lower()) or "") for name in KNOWN_BY)
    return run, day, frozenset(one.casefold() for _, one in getaddresses([to]))


def _told(error: Exception) -> str:
    return clean(redacted(str(error)), 200)

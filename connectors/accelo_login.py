"""The login of an application, and how little is asked of it (accelo.md section 3).

A hundred failed logins within five minutes lock the address out, and each further try starts the time again. So a
wrong secret is tried once, a refused token is replaced once, and a lock is remembered by every process through the
token's file.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from briefing.connector import Talk
from briefing.errors import AuthError, BadAnswer, SourceError
from briefing.http import Answer, Basic, Client, retry_after
from briefing.reading.currencies import currency_of
from briefing.reading.text import NAME
from briefing.reading.zones import named
from briefing.tokens import LockedOut, Renewed, Token, TokenFile, fingerprint
from connectors.accelo_application import Application
from connectors.accelo_consent import SCOPE, form_of_consent
from connectors.accelo_titles import called, titles_of
from connectors.accelo_values import BadValue, number, text

TOKEN_PATH = "/oauth2/v0/token"  # noqa: S105  (a path)
LOCKED = "too_many_failed_logins"
LOCK_SECONDS = 300.0
"""How long a lock lasts where its answer does not say: the five minutes within which failures are counted."""

PATIENCE = 30.0
"""For so many seconds a login that could not be reached is not tried again by the next list."""

HOUR, DAY = 3_600.0, 86_400.0
OTHER_KIND = frozenset({"unauthorized client", "unauthorized_client", "unsupported_grant_type"})
"""How Accelo refuses a question that this kind of application may not ask."""

NOTHING = {"who": "", "email": "", "deployment": "", "zone": "", "currency": ""}
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def told_status(answer: Answer) -> tuple[str, str]:
    """Accelo's own word for what went wrong, and its message; both may be empty.

    API errors say it in `meta`, the lock and some limits without that wrapper, OAuth as `error`.
    """
    try:
        body = answer.json()
    except BadAnswer:
        return "", ""
    if not isinstance(body, Mapping):
        return "", ""
    meta = body.get("meta")
    inner = meta if isinstance(meta, Mapping) else body
    status, message = inner.get("status", body.get("error")), inner.get("message", body.get("error_description"))
    return lenient(status, 40), lenient(message, 160)


def lenient(value: object, limit: int = NAME) -> str:
    """A text that is nice to have; empty where it is none."""
    try:
        return text(value, limit)
    except BadValue:
        return ""


def lock_of(answer: Answer, source: str) -> LockedOut:
    """The lock that an answer tells of."""
    wait = retry_after(answer.headers, datetime.now(UTC))
    seconds = LOCK_SECONDS if wait is None else wait
    minutes = max(round(seconds / 60), 1)
    return LockedOut(
        f"Accelo locked this address out for {minutes} min after too many failed logins", seconds=seconds,
        advice=f"wait until then, each try starts the time again; check the client_secret of sources.{source}",
    )  # fmt: skip


def bound_to(client: Client, application: Application) -> str:
    """Binds a kept token to the deployment and the application that it was got for."""
    kind = (application.kind,) if application.consented else ()
    return fingerprint(str(client.base), application.client_id, application.client_secret, *kind)


class Login:
    """The credential of an application; serves many threads."""

    def __init__(self, plain_client: Client, *, deployment: str, application: Application, file: TokenFile) -> None:
        """`plain_client` may post to the token's path and has no credential of its own."""
        self._client, self._source, self._deployment = plain_client, plain_client.source, deployment
        self._application, self._file = application, file
        self._basic = Basic(application.client_id, application.client_secret)
        self._renewed = Renewed(self._fetch, file, bound_to(plain_client, application), margin=0)
        self._guard = threading.Lock()
        self._refused: set[str] = set()
        """Tokens that Accelo took no longer."""
        self._replacements: set[str] = set()
        self._lock: tuple[float, LockedOut] | None = None
        self._unreached: tuple[float, SourceError] | None = None
        self._consent: Mapping[str, str] | None = None

    def headers(self) -> Mapping[str, str]:
        """The bearer token, fetched first where there is none. Raises AuthError, LockedOut."""
        self._stop_while_locked()
        return self._renewed.headers()

    def renew(self, refused: Mapping[str, str]) -> bool:
        """After a 401: another token, once. One that came in the place of a refused one is not replaced again."""
        access = refused.get("Authorization", "").removeprefix("Bearer ")
        with self._guard:
            if access in self._replacements:
                return False
            self._refused.add(access)
        self._renewed.renew(refused)
        with self._guard:
            self._replacements.add(self._renewed.token().access)
        return True

    def token(self) -> Token:
        """The token with what Accelo said beside it. Raises AuthError, LockedOut."""
        self._stop_while_locked()
        return self._renewed.token()

    def anew(self, talk: Talk) -> Token:
        """A fresh token, whatever was refused before; but for a lock, which another try would only prolong."""
        self._stop_while_locked()
        with self._file.locked():
            until = self._file.read().get("locked_out_until")
        locked = isinstance(until, int | float) and until > time.time()
        if self._application.consented and not locked:
            self._consent = form_of_consent(self._application, str(self._client.base), self._source, talk)
        with self._guard:
            self._replacements.clear()
            self._unreached = None
        try:
            token = self._renewed.anew()
        finally:
            self._consent = None
        if self._application.consented and not token.refresh:
            talk.say(f"Accelo gave nothing to renew the login with: it ends {day_of(token) or 'at a time not told'}.")
        return token

    def locked_out(self, answer: Answer) -> LockedOut:
        """Data was refused because the address is locked out: kept, so that nobody asks before it ends."""
        error = self._locked(lock_of(answer, self._source))
        with self._file.locked():
            self._file.write({**self._file.read(), "locked_out_until": time.time() + error.seconds})
        return error

    def ending(self) -> str:
        """That a login which still works will end; empty where it is renewed. Raises AuthError, LockedOut."""
        token = self.token()
        refused = lenient(token.told.get("not_renewed"), 300)
        return f"the login ends {day_of(token)}, and {refused}" if refused else ""

    def note(self) -> str:
        """The same with what to do, as it stands beside what was read."""
        ending = self.ending()
        return f"{ending}: briefing auth {self._source}" if ending else ""

    def called(self, word: str) -> str:
        """Our word for what is listed, with the deployment's own title where that is another."""
        kept = self._file.read().get("told")
        titles = kept.get("titles") if isinstance(kept, Mapping) else None
        return called(word, titles if isinstance(titles, Mapping) else {})

    def _locked(self, error: LockedOut) -> LockedOut:
        """Note a lock, so that a token that still seems good is not used either."""
        with self._guard:
            self._lock = (time.monotonic() + error.seconds, error)
        return error

    def _stop_while_locked(self) -> None:
        with self._guard:
            if self._lock is not None and self._lock[0] > time.monotonic():
                raise self._lock[1]

    # --- a token ---

    def _fetch(self, last: Token | None) -> Token:
        """Ask for a token, with the secret, a person's consent, or what the last token is renewed with.

        It is asked for while the last one still lasts: that one serves on where there is no other, and the next day,
        or hour, it is tried again.
        """
        if self._unreached is not None and self._unreached[0] > time.monotonic():
            raise self._unreached[1]
        lasts = last is not None and ends_of(last) > time.time() and last.access not in self._refused
        try:
            return self._token_of(self._asked(last, again=not lasts), last)
        except LockedOut:
            raise
        except AuthError as error:
            if last is None or not lasts:
                raise
            reason = error.reason if isinstance(error, NotRenewed) else f"Accelo gives no other: {error}"
            return _for(last, DAY, not_renewed=reason)
        except SourceError as error:
            if last is not None and lasts:
                return _for(last, HOUR)
            self._unreached = (time.monotonic() + PATIENCE, error)
            raise

    def _form(self, last: Token | None) -> Mapping[str, str]:
        """What a token is asked with. Raises AuthError where there is nothing to ask with."""
        again = f"briefing auth {self._source}"
        if not self._application.consented:
            return {"grant_type": "client_credentials", "scope": SCOPE}
        if self._consent is not None:
            return self._consent
        if last is None:
            raise AuthError("there is no login yet", advice=again)
        if not last.refresh:
            raise NotRenewed("Accelo gave nothing to renew it with", last, advice=again)
        return {"grant_type": "refresh_token", "refresh_token": last.refresh}

    def _asked(self, last: Token | None, *, again: bool) -> Answer:
        form = self._form(last)
        grant = form["grant_type"]
        # A code is good once, and so is what a login is renewed with: neither is sent twice without need.
        answer = self._client.request(
            "POST", TOKEN_PATH,
            headers={**self._basic.headers(), "Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(form).encode(), again=again and grant != "authorization_code",
        )  # fmt: skip
        status, message = told_status(answer)
        if 200 <= answer.status < 300:
            return answer
        if status == LOCKED:
            raise self._locked(lock_of(answer, self._source))
        if answer.status == 429:
            raise self._client.refusal(answer)
        said = ": ".join(part for part in (status, message) if part)
        if answer.status >= 500 or answer.status in {404, 410}:
            raise SourceError(
                f"Accelo answers {answer.status} to the login{f' ({said})' if said else ''}",
                advice=f'check the deployment name of sources.{self._source} ("{self._deployment}"); '
                f"if it is right, try later: briefing collect {self._source}",
            )
        said = f"{answer.status}{f' {said}' if said else ''}"
        cure = self._cure(grant, status)
        if grant == "refresh_token" and last is not None:
            raise NotRenewed(f"Accelo does not renew it ({said})", last, advice=cure)
        raise AuthError(f"login refused ({said})", advice=cure)

    def _cure(self, grant: str, status: str) -> str:
        """What helps against a refusal, by what was asked and how it was refused."""
        section, again = f"sources.{self._source}", f"briefing auth {self._source}"
        if status == "invalid_grant" and grant == "refresh_token":
            return again
        if status == "invalid_grant" and grant == "authorization_code":
            uri = self._application.redirect_uri
            exact = f'; in Accelo, the application must have the redirect URI "{uri}" to the letter' if uri else ""
            return f"{again}, and answer within some minutes{exact}"
        if status in OTHER_KIND:
            return (
                f'check that application = "{self._application.kind}" of {section} is its kind in Accelo; then {again}'
            )
        return (
            f"check client_id and client_secret of {section}, and from which addresses the application may log in; "
            f"then {again}"
        )

    def _token_of(self, answer: Answer, last: Token | None) -> Token:
        body = answer.json()
        access = body.get("access_token") if isinstance(body, Mapping) else None
        if not isinstance(access, str) or not _TOKEN.fullmatch(access):
            raise BadAnswer("Accelo answered the login without a token")
        try:
            life = float(number(body.get("expires_in", body.get("expires in"))) or 0)
        except BadValue:
            life = 0.0
        ends = time.time() + life if life > 0 else 0.0
        refresh = body.get("refresh_token")
        if not isinstance(refresh, str) or not _TOKEN.fullmatch(refresh):
            refresh = last.refresh if last is not None else ""
        before = {name: value for name, value in last.told.items() if name != "not_renewed"} if last else {}
        told = {name: value for name, value in {**who(body), "titles": titles_beside(body)}.items() if value}
        return Token(
            access=access, expires_at=ends - self._early(life) if ends else 0.0,
            refresh=refresh if self._application.consented else "", told={**NOTHING, **before, **told, "ends": ends},
        )  # fmt: skip

    def _early(self, life: float) -> float:
        """How many seconds before its end a token is replaced. What a new one is got with only while it lasts, or by
        asking a person, is replaced at half its life: a fortnight without a briefing is then no end of the login.
        """
        return life / 2 if self._application.consented else min(DAY, life / 10)


def ends_of(token: Token) -> float:
    """When Accelo takes a token no longer, in unix seconds; 0 where it did not say."""
    ends = token.told.get("ends")
    return float(ends) if isinstance(ends, int | float) else 0.0


def day_of(token: Token) -> str:
    """The day on which a token ends, in the deployment's zone; empty where it is not told."""
    ends = ends_of(token)
    return day_words(datetime.fromtimestamp(ends, zone_named(lenient(token.told.get("zone"))) or UTC)) if ends else ""


def day_words(at: datetime) -> str:
    """A day in full: `Thursday 18 December 2025`."""
    return f"{at:%A} {at.day} {at:%B %Y}"


class NotRenewed(AuthError):
    """A login that is over, or soon will be, and that another takes the place of only by hand."""

    def __init__(self, reason: str, last: Token, *, advice: str) -> None:
        """`reason` completes "the login ends Friday, and ..."."""
        over, ends = "the login is no longer valid", ends_of(last)
        if 0 < ends <= time.time():
            over = f"the login ended {day_of(last)}"
        super().__init__(f"{over}, and {reason}", advice=advice)
        self.reason = reason


def _for(last: Token, seconds: float, **told: str) -> Token:
    """The last token once more, to be renewed after some time, or when it ends."""
    at = min(time.time() + seconds, ends_of(last))
    return replace(last, expires_at=at, told={**last.told, **told})


# --- what is said beside a token -----------------------------------------------------------------------------------


def who(body: Mapping[str, Any]) -> dict[str, str]:
    """As whom and for which deployment, its time zone and currency, from a token's answer or from `tokeninfo`.

    The keys inside `locale` are not documented (section 3.2): whatever names a zone is taken, and a currency only
    where its symbol can mean one currency: "€" is EUR, "$" may be one of many.
    """
    account = body.get("account_details")
    person = account if isinstance(account, Mapping) else body
    locale = person.get("locale")
    found = list(_leaves(locale)) if isinstance(locale, Mapping) else []
    name = f"{lenient(person.get('firstname'))} {lenient(person.get('surname'))}".strip()
    return {
        "who": name or lenient(person.get("email")), "email": lenient(person.get("email")).lower(),
        "deployment": lenient(body.get("deployment_name")) or lenient(body.get("deployment")),
        "zone": next((zone for key, value in found if (zone := _zone(key, value))), ""),
        "currency": next((code for key, value in found if (code := _currency(key, value))), ""),
    }  # fmt: skip


def titles_beside(body: Mapping[str, Any]) -> dict[str, str]:
    """What the deployment calls its things, from a token's answer."""
    account = body.get("account_details")
    return titles_of(account if isinstance(account, Mapping) else body)


def _leaves(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts of an object and of the objects in it, with their keys; those whose key names a zone first."""
    pairs = [
        *record.items(),
        *(pair for inner in record.values() if isinstance(inner, Mapping) for pair in inner.items()),
    ]
    for key, value in sorted(pairs, key=lambda pair: "zone" not in pair[0].lower()):
        if isinstance(value, str):
            yield key.lower(), value.strip()


def _zone(key: str, value: str) -> str:
    """An IANA name. A bare word may be a country, and "EST" knows no summer time: neither is taken."""
    if "/" not in value and "zone" not in key:
        return ""
    zone = zone_named(value[:64])
    return zone.key if zone and ("/" in zone.key or zone.key == "UTC") else ""


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of an IANA or Windows name; None for what is none. The second are looked up where the first fails:
    they take a tenth of a second to load.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return named(name)


def _currency(key: str, value: str) -> str:
    """A currency that can be meant alone."""
    meant = currency_of(value[:8]) if "currency" in key or "symbol" in key else None
    return meant.possible[0] if meant and len(meant.possible) == 1 else ""

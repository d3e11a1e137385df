"""Asking a person for consent to read Accelo: in a browser that comes back with a code, or that shows a number to type
(accelo.md section 3.3). Accelo documents no PKCE, so the browser's answer is bound to the question by its state alone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode

from briefing.connector import Talk
from briefing.consent import Listener, answer_in, listening
from briefing.errors import AuthError
from briefing.log import never_print
from briefing.reading.text import clean
from connectors.accelo_application import Application

AUTHORIZE_PATH = "/oauth2/v0/authorize"
SCOPE = "read(all)"
"""Read only. Whether a narrower scope still shows linked objects is not documented."""

PATIENCE = 120.0
"""Seconds that the browser's answer is waited for after the person says that it is done."""

OPEN_THIS = "Open this address in a browser, sign in as the user whose view the briefing is to have, and agree:"

LONG = 8
"""Characters from which on a code is kept out of what is printed; a shorter number may be anything."""

_CODE = re.compile(r"[\x21-\x7e]{1,2048}")


def form_of_consent(application: Application, base: str, source: str, talk: Talk) -> dict[str, str]:
    """What a token is asked with after a person agreed. Raises AuthError where nobody did."""
    code = _by_browser(application, base, source, talk) if application.kind == "web" else (
        _by_number(application, base, source, talk)
    )  # fmt: skip
    if len(code) >= LONG:
        never_print(code)
    redirect = {"redirect_uri": application.redirect_uri} if application.redirect_uri else {}
    return {"grant_type": "authorization_code", "code": code, **redirect}


def _question(application: Application, base: str, **more: str) -> str:
    asked = {"client_id": application.client_id, "response_type": "code", "scope": SCOPE, **more}
    return f"{base}{AUTHORIZE_PATH}?{urlencode(asked)}"


def _by_browser(application: Application, base: str, source: str, talk: Talk) -> str:
    state = secrets.token_urlsafe(24)
    with _waiting(application, source, state) as listener:
        talk.say(
            "Open this address in a browser, sign in to Accelo as the user whose view the briefing is to have, agree:"
        )
        talk.say(_question(application, base, redirect_uri=application.redirect_uri, state=state))
        paste = "aste the address that the browser ended at"
        pasted = talk.ask(f"Press Enter once the browser says it is done, or p{paste}" if listener else f"P{paste}")
        if pasted.strip():
            return _code(answer_in(pasted) or {"code": ""}, source, state)
        found = listener.wait(PATIENCE) if listener else {}
        if listener and listener.strange and not found:
            raise _of_another(source)
        return _code(found, source, state)


@contextmanager
def _waiting(application: Application, source: str, state: str) -> Iterator[Listener | None]:
    """A listener where the browser comes back to this machine."""
    if application.port is None:
        yield None
        return
    advice = f"register another address in Accelo, and name it as redirect_uri of sources.{source}"
    with listening(application.port, state, advice=advice) as listener:
        yield listener


def _code(found: Mapping[str, str], source: str, state: str) -> str:
    again = f"briefing auth {source}"
    if not found:
        raise AuthError("the browser has not answered", advice=f"{again}, and paste the address it ended at")
    if "error" in found and found.get("state", state) == state:
        said = ": ".join(clean(found[name], 120) for name in ("error", "error_description") if found.get(name))
        raise AuthError(f"Accelo did not agree: {said}", advice=again)
    if found.get("state") != state or not _CODE.fullmatch(found.get("code", "")):
        raise _of_another(source)
    return found["code"]


def _of_another(source: str) -> AuthError:
    return AuthError(
        "that is not the answer to this question",
        advice=f"briefing auth {source}, and paste the whole address that the browser ended at",
    )


def _by_number(application: Application, base: str, source: str, talk: Talk) -> str:
    talk.say(OPEN_THIS)
    talk.say(_question(application, base))
    typed = "".join(talk.ask("The number that Accelo shows then").split())
    if not _CODE.fullmatch(typed):
        raise AuthError("no number was typed", advice=f"briefing auth {source}, and type what the browser shows")
    return typed

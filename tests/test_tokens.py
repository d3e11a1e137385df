"""Tokens are kept privately, renewed once, and a refusal is never knocked at again."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.errors import AuthError, SourceError
from briefing.tokens import LockedOut, Renewed, Token, TokenFile, fingerprint


class Service:
    """Gives out tokens t1, t2, ... that last an hour, or refuses."""

    def __init__(self) -> None:
        self.asked: list[Token | None] = []
        self.refusal: AuthError | None = None
        self.now = 1_000_000.0

    def __call__(self, last: Token | None) -> Token:
        self.asked.append(last)
        if self.refusal:
            raise self.refusal
        return Token(
            access=f"token-{len(self.asked)}", expires_at=self.now + 3600, refresh=f"refresh-{len(self.asked)}"
        )

    def credential(self, path: Path | str = "", bound: str = "me") -> Renewed:
        return Renewed(self, TokenFile(str(path)), bound, clock=lambda: self.now)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens" / "accelo.json"


def bearer(credential: Renewed) -> str:
    return credential.headers()["Authorization"].removeprefix("Bearer ")


def test_one_token_serves_until_shortly_before_its_end(service: Service) -> None:
    credential = service.credential()
    assert [bearer(credential) for _ in range(3)] == ["token-1"] * 3
    service.now += 3600 - 299
    assert bearer(credential) == "token-2"
    assert service.asked[1] is not None
    assert service.asked[1].refresh == "refresh-1", "what renews is handed on"


def test_the_file_is_private_and_serves_the_next_process(service: Service, path: Path) -> None:
    assert bearer(service.credential(path)) == "token-1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert bearer(service.credential(path)) == "token-1"
    assert len(service.asked) == 1


def test_it_is_written_before_it_is_used(service: Service, path: Path) -> None:
    """A refresh token that was used up and not kept would lock the user out: what cannot be kept is not used."""
    path.mkdir(parents=True)  # nothing can be put in its place
    credential = service.credential(path)
    with pytest.raises(SourceError, match="cannot be kept"):
        credential.headers()


def test_a_token_of_other_credentials_is_not_used(service: Service, path: Path) -> None:
    bearer(service.credential(path, fingerprint("agency", "id", "old secret")))
    assert bearer(service.credential(path, fingerprint("agency", "id", "new secret"))) == "token-2"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"access": 3}', '{"access": "a", "expires_at": "x", "for": "me"}', "\x00"]
)
def test_a_damaged_file_is_no_token(text: str, service: Service, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(text)
    assert bearer(service.credential(path)) == "token-1"


def test_a_401_is_answered_by_one_new_token_for_all_threads(service: Service) -> None:
    credential = service.credential()
    sent = credential.headers()
    threads = [threading.Thread(target=credential.renew, args=(sent,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bearer(credential) == "token-2"
    assert len(service.asked) == 2


def test_a_refused_login_is_not_tried_again(service: Service) -> None:
    """100 failures in five minutes lock an address out; eight streams of one source make one."""
    service.refusal = AuthError("refused", advice="correct the secret")
    credential = service.credential()
    for _ in range(8):
        with pytest.raises(AuthError, match="refused"):
            credential.headers()
    assert len(service.asked) == 1


def test_a_lock_out_is_kept_by_every_process(service: Service, path: Path) -> None:
    service.refusal = LockedOut("locked", seconds=600)
    with pytest.raises(LockedOut):
        service.credential(path).headers()
    service.refusal = None
    service.now += 590
    with pytest.raises(LockedOut, match="not tried"):
        service.credential(path).headers()
    assert len(service.asked) == 1
    service.now += 11
    assert bearer(service.credential(path)) == "token-2"


def test_logging_in_by_hand_begins_anew(service: Service, path: Path) -> None:
    credential = service.credential(path)
    service.refusal = AuthError("refused")
    with pytest.raises(AuthError):
        credential.headers()
    service.refusal = None
    credential.forget()
    assert bearer(credential) == "token-2"


def test_logging_in_anew_keeps_what_there_is_until_it_works(service: Service, path: Path) -> None:
    credential = service.credential(path)
    assert bearer(credential) == "token-1"
    service.refusal = AuthError("refused")
    with pytest.raises(AuthError):
        credential.anew()
    assert bearer(service.credential(path)) == "token-1"
    service.refusal = None
    assert credential.anew().access == "token-3"
    assert service.asked[1:] == [None, None], "what is kept plays no part"
    assert bearer(service.credential(path)) == "token-3"


def test_logging_in_anew_keeps_a_lock_out(service: Service, path: Path) -> None:
    service.refusal = LockedOut("locked", seconds=600)
    for _ in range(2):
        with pytest.raises(LockedOut):
            service.credential(path).anew()
    assert len(service.asked) == 1


def test_two_processes_ask_once(path: Path) -> None:
    """The second waits for the first and takes what it wrote."""
    script = """
import sys, time
from briefing.tokens import Renewed, Token, TokenFile
asked = []
def fetch(last):
    asked.append(1); time.sleep(0.4)
    return Token(access="token-of-" + sys.argv[2], expires_at=time.time() + 3600)
credential = Renewed(fetch, TokenFile(sys.argv[1]), "me")
print(credential.headers()["Authorization"], len(asked))
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(path), name], stdout=subprocess.PIPE, text=True)
        for name in ("first", "second")
    ]
    told = [process.communicate(timeout=30)[0].split() for process in processes]
    assert told[0][:2] == told[1][:2]
    assert sorted(one[2] for one in told) == ["0", "1"]


def test_a_killed_writer_leaves_the_old_token(service: Service, path: Path) -> None:
    bearer(service.credential(path))
    killed = """
import os, signal, sys
from briefing import tokens
tokens.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
tokens.TokenFile(sys.argv[1]).write({"access": "half"})
"""
    subprocess.run([sys.executable, "-c", killed, str(path)], check=False, timeout=30)
    assert bearer(service.credential(path)) == "token-1"


def test_waiting_for_a_held_lock_ends(path: Path) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with TokenFile(str(path)).locked():
            held.set()
            release.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    began = time.monotonic()
    wait: Callable[[], object] = TokenFile(str(path)).locked(wait=0.2).__enter__
    with pytest.raises(Exception, match="holds the login"):
        wait()
    assert time.monotonic() - began < 2
    release.set()
    thread.join()

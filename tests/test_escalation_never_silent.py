"""The 17-day case: whatever the ladder and whatever fails, no step is due after a run without a result or a failure told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.config import parse
from briefing.decisions import Step
from briefing.deliver import Begin, Outcome, escalate
from briefing.deliver.escalate import Escalator
from briefing.deliver.outbox import Pace
from briefing.deliver.slack_note import SlackNote
from briefing.errors import ConfigError, StoreError
from briefing.escalation import Subject, Today, failures, open_climbs, open_rungs
from briefing.facts import Person
from briefing.morning import Morning
from briefing.store.ledger import Ledger
from briefing.workspace import Workspace

UTC_ZONE = ZoneInfo("UTC")
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ITEM = Subject(key=("milestone", "w", "milestone", "1"), rule="milestone-no-tasks", id="abcd", line="Launch: no tasks.")
WAYS = ("sent", "refused", "deferred", "uncertain", "raises", "no token", "killed", "ledger full", "unread")


class Memory:
    """A ledger in memory; `full` refuses every entry from then on."""

    def __init__(self) -> None:
        self.kept, self.full = list[Step](), False

    def steps(self) -> tuple[Step, ...]:
        return tuple(self.kept)

    def decisions(self) -> tuple[()]:
        return ()

    def note_steps(self, given: Sequence[Step]) -> None:
        if self.full:
            raise StoreError("the disk is full")
        self.kept += given


class Killed(BaseException):
    """Nothing of ours catches it, as nothing catches SIGKILL."""


class Way(SlackNote):
    """A channel that ends as the case wants."""

    def __init__(self, how: str) -> None:
        super().__init__("U0123456", "xoxb-1")
        self.how, self.arrived = how, 0

    def hand_in(self, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        if self.how == "raises":
            raise RuntimeError("no")
        if not begin(recipients):
            return {}
        result = "sent" if self.how not in {"refused", "deferred", "uncertain"} else self.how
        return dict.fromkeys(recipients, Outcome(result=cast(Any, result)))


def workspace(steps: Sequence[tuple[str, str]], *, always: bool) -> Workspace:
    plain = {
        "workspace": {"domains": ["harbourlane.example"]},
        "people": {"Ines": {"slack": "U0123456"}, "Tom": {"slack": "U0999999"}},
        "deliver": {"slack": {"use": "slack", "token": "env:T", "to": ""}},
        "audience": [{"name": "Maya", "logins": ["U0777777"]}],
        "escalate": [
            {
                "name": "one", "rules": ["milestone-no-tasks"], "at": "always" if always else "hours",
                "steps": [{"to": to, "after": when, "by": "slack"} for to, when in steps],
            }
        ],
    }  # fmt: skip
    return Workspace(settings=parse(plain), folder=Path(), base=Path())


def run_once(
    space: Workspace, ledger: Memory, now: datetime, how: str, patch: pytest.MonkeyPatch
) -> tuple[int, list[str]]:
    """One run at a moment, with the way it goes wrong; the exit code and what stood on standard error."""
    found = [] if how == "unread" else [replace(ITEM, owner=Person(name="Tom"), owner_name="Tom")]
    morning = Morning(now=now, zone=UTC_ZONE, calendar=space.settings.calendar(2026), audience=space.settings.reader())
    today = Today(now=now, zone=UTC_ZONE, calendar=morning.calendar, found=found, absent=lambda *_: "")
    said: list[str] = []

    def to_one(*_: object, **__: object) -> Way:
        if how == "no token":
            raise ConfigError(["no token"])
        return Way(how)

    patch.setattr(escalate, "today_of", lambda *_: today)
    patch.setattr(escalate, "to_one", to_one)
    patch.setattr(escalate, "attempted", _direct(how))
    ledger.full = how == "ledger full"
    one = Escalator(
        space, cast(Ledger, ledger), run=now.isoformat(), pace=Pace(now=lambda: now), say=said.append, warn=said.append
    )
    try:
        return one.climb(cast(Any, None), None, morning), said
    except (StoreError, Killed) as error:  # a run tells the first with 1; the second is gone
        return 1, [str(error)]
    finally:
        ledger.full = False


def _direct(how: str) -> Callable[..., dict[str, Outcome]]:
    """On this thread: what hangs and what the deadline does is the outbox's own test."""

    def attempted(send: Any, recipients: Sequence[str], *, may_begin: Begin, **_: object) -> dict[str, Outcome]:
        try:
            found = dict(send(may_begin))
        except RuntimeError:
            return dict.fromkeys(recipients, Outcome(result="deferred", detail="a fault of ours"))
        if how == "killed":
            raise Killed
        return found

    return attempted


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["Ines", "owner", "Maya"]), st.sampled_from(["0h", "2h", "30h"])),
        min_size=1, max_size=4,
    ).map(lambda found: sorted(found, key=lambda one: int(one[1][:-1]))),
    runs=st.lists(st.tuples(st.integers(1, 30), st.sampled_from(WAYS)), min_size=1, max_size=12),
    always=st.booleans(),
)  # fmt: skip
def test_no_step_is_due_after_a_run_without_a_result_or_a_failure_that_is_told(
    steps: list[tuple[str, str]], runs: list[tuple[int, str]], always: bool
) -> None:
    space, ledger, now = workspace(steps, always=always), Memory(), START
    (ladder,) = [one.ladder for one in space.settings.escalate]
    with pytest.MonkeyPatch.context() as patch:
        for hours, how in runs:
            now += timedelta(hours=hours)
            code, said = run_once(space, ledger, now, how, patch)
            if how in {"killed", "ledger full"} and code == 1 and said:
                continue  # the run ended at once and loudly, or was killed: the next one owes the result
            for climb in open_climbs(ledger.steps()).values():
                calendar = space.settings.calendar(2026)
                for due in open_rungs(climb, ladder, calendar, UTC_ZONE):
                    if due.at <= now:
                        assert climb.result(due.rung.number), f"step {due.rung.number} is due without an entry"
                        assert code == 1
                        assert any("escalation failed" in text for text in said)
            assert (code == 1) == bool(failures(ledger.steps())), "1 until it is handled, and not without a failure"
        _at_most_once(ledger)


def _at_most_once(ledger: Memory) -> None:
    """After *sent*, *refused* or *uncertain* a step is never begun again."""
    over: set[tuple[datetime, int]] = set()
    for one in ledger.steps():
        if one.step == 0:
            continue
        assert (one.began, one.step) not in over, f"step {one.step} was tried again after it had ended"
        if one.state in {"sent", "refused", "uncertain"}:
            over.add((one.began, one.step))

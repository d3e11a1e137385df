"""What a deployment uses of Accelo besides projects, and what was learned of it: which modules answer, and where.

A module that is named in the settings is read, and its refusal is a gap. Where nothing is named, each is tried: one
that answers is read from then on, and its refusal is a gap then too. One that never answered is no gap every morning:
it is not offered, so nothing is called absent in it; what is read says so, and it is tried again the next time.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from briefing.errors import AuthError, SourceError
from briefing.tokens import TokenFile
from connectors.accelo_api import Api, NotShown, NotThere, RefusedFields, thing_of
from connectors.accelo_facts import Shapes
from connectors.accelo_work import Things

RESOURCES: Mapping[str, str] = {
    "tickets": "issues", "retainers": "contracts", "quotes": "quotes", "sales": "prospects",
}  # fmt: skip
"""Every module by the name it has in the settings, and the list it is tried by."""

REMEMBERED = timedelta(days=30)
"""After so long it is found out anew whether the flat list of periods answers."""


def chosen(modules: Sequence[str] | None) -> tuple[str, ...] | None:
    """The modules that are to be read, in their usual order; None where nobody said. Raises ValueError.

    >>> chosen(["Sales", "tickets"]), chosen(None)
    (('tickets', 'sales'), None)
    """
    if modules is None:
        return None
    if isinstance(modules, str) or not all(isinstance(name, str) for name in modules):
        raise ValueError('modules: write a list, such as ["tickets", "retainers"]')
    named = {name.strip().lower() for name in modules}
    for name in sorted(named - RESOURCES.keys()):
        raise ValueError(f'modules: "{name}" is none of {", ".join(RESOURCES)}')
    return tuple(name for name in RESOURCES if name in named)


class Learned:
    """What was found out about one deployment. Kept beside its token, so that it is not asked every morning; without a
    path, in memory. Nothing rests on it: what cannot be kept is found out again.
    """

    def __init__(self, path: str, bound_to: str) -> None:
        self._file, self._bound_to, self._guard = TokenFile(path), bound_to, threading.Lock()

    def answered(self) -> frozenset[str]:
        """Modules that answered before."""
        told = self._read().get("answered")
        return frozenset(name for name in told if name in RESOURCES) if isinstance(told, list) else frozenset()

    def note_answer(self, name: str) -> None:
        """A module answers."""
        if name not in (before := self.answered()):
            self._write(answered=sorted({*before, name}))

    def flat_periods(self, today: date) -> bool | None:
        """Whether the periods of all retainers come as one list; None where nobody knows, or it was long ago."""
        kept = self._read()
        told, on = kept.get("flat_periods"), kept.get("flat_periods_on")
        with contextlib.suppress(TypeError, ValueError):
            if isinstance(told, bool) and abs(today - date.fromisoformat(str(on))) <= REMEMBERED:
                return told
        return None

    def note_flat_periods(self, answers: bool, today: date) -> None:
        """They do, or they do not."""
        if self.flat_periods(today) is not answers:
            self._write(flat_periods=answers, flat_periods_on=today.isoformat())

    def _read(self) -> Mapping[str, object]:
        kept = self._file.read()
        return kept if kept.get("for") == self._bound_to else {}

    def _write(self, **changes: object) -> None:
        with self._guard, contextlib.suppress(SourceError), self._file.locked(wait=1):
            self._file.write({**self._read(), **changes, "for": self._bound_to})


class Modules:
    """Which of them are read."""

    def __init__(self, api: Api, named: tuple[str, ...] | None, learned: Learned) -> None:
        self._api, self._named, self._learned = api, named, learned
        self._hidden: Mapping[str, str] = {}

    def offered(self) -> tuple[str, ...]:
        """Those that are named, else those that answer or once did. A login that is refused is told by the lists."""
        if self._named is not None:
            return self._named
        hidden: dict[str, str] = {}
        known = self._learned.answered()
        for name, resource in RESOURCES.items():
            if name in known:
                continue
            try:
                self._api.first(resource)
            except (NotShown, NotThere, RefusedFields) as error:
                hidden[name] = str(error)
            except AuthError:
                break
            except SourceError:
                continue  # nobody knows: its own list tells what is wrong
            else:
                self._learned.note_answer(name)
        self._hidden = hidden
        return tuple(name for name in RESOURCES if name not in hidden)

    def hidden(self) -> str:
        """What is not read because it never answered; empty where there is nothing."""
        if not self._hidden:
            return ""
        *others, last = self._hidden
        listed = f"{', '.join(others)} and {last}" if others else last
        reasons = " ".join(f"{why}." for why in dict.fromkeys(self._hidden.values()))
        return f"not read: {listed}. {reasons}".rstrip(".")

    def read(self, name: str, read: Callable[[Shapes], Things], shapes: Shapes) -> Things:
        """One of them. Raises SourceError, with what to do where the module is not used."""
        self._api.leave_room(shapes.zone)
        try:
            yield from read(shapes)
        except NotShown as error:
            raise NotShown(
                str(error), advice=f"{error.advice}; if {thing_of(RESOURCES[name]).many} are not wanted, leave "
                f'"{name}" out of modules in sources.{self._api.source}',
            ) from error  # fmt: skip
        self._learned.note_answer(name)

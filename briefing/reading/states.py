"""Words for states as files write them: known ones are read, unknown ones are asked, never guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Generic, TypeVar

from briefing.reading.cells import BadCell, Row
from briefing.reading.text import clean, folded

S = TypeVar("S", bound=str)


class States(Generic[S]):
    """What a column of states may say, with the words a user added."""

    def __init__(self, known: Mapping[S, str], added: Mapping[str, str] | None = None) -> None:
        """`known` lists each state's words, separated by commas. Raises ValueError for an added word of no state."""
        self._known = {folded(word): state for state, words in known.items() for word in words.split(",")}
        self._states = {str(state): state for state in known}
        self._added: dict[str, S] = {}
        if not isinstance(added, Mapping | None):
            raise TypeError('states: write a table such as { "Waiting for client" = "paused" }')
        for word, state in (added or {}).items():
            if state not in self._states:
                raise ValueError(f'states: "{state}" is none of {", ".join(self._states)}')
            self._added[folded(word)] = self._states[state]

    def get(self, text: str) -> S | None:
        """The state that a word means; None when it is not known. What the user added wins."""
        return self._added.get(folded(text)) or self._known.get(folded(text))

    def added(self, text: str) -> S | None:
        """The state that the user said a word means."""
        return self._added.get(folded(text))

    def read(self, row: Row, name: str) -> S | None:
        """The state that a row's cell means; None for an empty cell. Raises BadCell for an unknown word."""
        text = row.text(name)
        if not text:
            return None
        if (found := self.get(text)) is not None:
            return found
        raise self.unknown(text, row.word(name))

    def unknown(self, text: str, word: str) -> BadCell:
        """Why a row with an unknown word is skipped, and what to write."""
        shown = json.dumps(clean(text, 60), ensure_ascii=False)
        choices = ", ".join(self._states)
        return BadCell(f"{word} {shown} is not known: write states = {{ {shown} = ... }} with one of {choices}")

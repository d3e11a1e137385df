"""What is true in the simulated agency on a morning, and what a briefing must and must not say about it.

planted    a matter that was put there on purpose and stands: a briefing must tell it somewhere
grey       a planted matter that is real and still so small or young that a briefing may tell it or leave it
near miss  something that looks like a matter and is none: a briefing must not tell it

Onset, size and end of what is planted are drawn without a look at any rule's threshold. Whether it is `planted` or
`grey` on a morning is decided from the agency's own state by what the words of the matter mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

RULES = (
    "milestone-no-tasks",
    "proposal-viewed",
    "deal-idle",
    "deal-close-passed",
    "cpl-up",
    "cpl-over-target",
    "measure-off-target",
    "measure-late",
    "client-waiting",
    "mention-unanswered",
    "dm-unanswered",
    "thread-mine",
    "waiting-on-them",
    "promise-overdue",
    "client-quiet",
    "meeting-conflict",
    "invite-unanswered",
    "guest-declined",
    "meeting-bare",
    "task-overdue",
    "person-overloaded",
    "milestone-unassigned",
    "milestone-overdue",
    "project-overdue",
    "project-no-tasks",
    "project-no-manager",
    "project-stale",
    "budget-burn",
    "retainer-over",
    "retainer-unused",
    "ticket-late",
    "ticket-unassigned",
)
"""The rules this world plants matters for."""

SUBJECT = {
    "milestone-no-tasks": "milestone",
    "proposal-viewed": "proposal",
    "deal-idle": "deal",
    "deal-close-passed": "deal",
    "cpl-up": "account",
    "cpl-over-target": "account",
    "measure-off-target": "measure",
    "measure-late": "measure",
    "client-waiting": "conversation",
    "mention-unanswered": "conversation",
    "dm-unanswered": "conversation",
    "thread-mine": "conversation",
    "waiting-on-them": "conversation",
    "promise-overdue": "conversation",
    "client-quiet": "client",
    "meeting-conflict": "meeting",
    "invite-unanswered": "invitation",
    "guest-declined": "invitation",
    "meeting-bare": "invitation",
    "task-overdue": "task",
    "person-overloaded": "person",
    "milestone-unassigned": "milestone",
    "milestone-overdue": "milestone",
    "project-overdue": "project",
    "project-no-tasks": "project",
    "project-no-manager": "project",
    "project-stale": "project",
    "budget-burn": "budget",
    "retainer-over": "retainer",
    "retainer-unused": "retainer",
    "ticket-late": "ticket",
    "ticket-unassigned": "ticket",
}
"""What each rule is about; two rules about one subject are stages of one matter."""

Matter = tuple[str, str]
"""(subject, id): what a matter is judged by, whichever rule tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A matter that stands on a morning."""

    rule: str
    id: str
    """The id under which the files name it; a meeting conflict is `uid+uid`, a conversation its first message."""

    client: str = ""
    since: date | None = None
    card: bool = True
    """Whether it deserves a card in full, were there room."""

    grey: bool = False
    within: tuple[Matter, ...] = ()
    """Matters that tell this one too: an overdue task is told by its assignee's load."""

    @property
    def matter(self) -> Matter:
        """What it is judged by."""
        return (SUBJECT[self.rule], self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """Something that looks like a matter of a rule and is none."""

    rule: str
    id: str
    kind: str
    """Why it is none: `answered in Slack`."""

    client: str = ""

    @property
    def matter(self) -> Matter:
        """What it is judged by."""
        return (SUBJECT[self.rule], self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What holds on one morning."""

    morning: date
    planted: tuple[Planted, ...] = ()
    """Must be told, somewhere in the briefing."""

    grey: tuple[Planted, ...] = ()
    """May be told."""

    near_misses: tuple[NearMiss, ...] = ()
    """Must not be told."""

    @property
    def must(self) -> frozenset[Matter]:
        """Matters that must be told."""
        return frozenset(planted.matter for planted in self.planted)

    @property
    def may(self) -> frozenset[Matter]:
        """Matters that may be told."""
        return frozenset(planted.matter for planted in (*self.planted, *self.grey))

    @property
    def worthy(self) -> frozenset[Matter]:
        """Matters that deserve a card in full."""
        return frozenset(planted.matter for planted in (*self.planted, *self.grey) if planted.card)

"""Slack, live: what a person can read there, through slack-sdk under the guards of `briefing.http`.

Settings
  token          a user token (`xoxp-...`) as a reference, such as env:SLACK_TOKEN; or none after `briefing auth`
  token_file     where `briefing auth` keeps the token
  workspace_url  for links, such as https://acme.slack.com; Slack says it itself
  types          of public, private, direct, group: which conversations are read
  channels       names or patterns of channels to read (`client-*`); default: all that the person is in
  not_channels   names or patterns of channels to leave out
  muted          `read` (default: a client who waits in a muted channel waits all the same) or `skip`
  threads        `mine` (default): threads among colleagues are read where the person is in them; or `all`
  search         whether old threads are searched for, where the token may (`search:read`)
  budget         calls of one collect at most; conversations beyond it are gaps by name
  pace           how much of Slack's limits is used, 0.9 by default; 0: no waiting
  patience       seconds after which no further thread is begun in a collect; the next one goes on
  done, seen     reactions by which somebody of ours marks a message as dealt with, as read
  ours           addresses and domains of guests who work for us; other guests count as the client's people

A stream is a conversation. Nothing is marked as read, and no method that writes can be called. Archived conversations
are not read: nobody waits there. How far somebody has read is not asked for: read is not answered, and it costs a call
for every conversation. A status is no absence: it tells no first day and rarely a last one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Literal

from briefing.connector import Finding, Ignored, Mark, Read, Skipped, Stream, Talk, Window
from briefing.errors import AuthError, BadAnswer, SourceError
from briefing.facts import Fact, Message, Staff
from briefing.http import Bearer
from briefing.log import never_print
from briefing.reading.slackfacts import DONE, SEEN
from briefing.tokens import TokenFile
from connectors.slack_calls import READS, Calls
from connectors.slack_plan import FAMILIES, Choice, Conversation, Me, Plan, make_plan, who_am_i, wrong_token
from connectors.slack_reading import ConversationReading, How, Thing
from connectors.slack_search import find_threads

SCOPES = (*(f"{half}:{what}" for _, half, _ in FAMILIES.values() for what in ("read", "history")), "users:read")
WISHED = {
    "users:read.email": "people are the same as in mail only by their names",
    "usergroups:read": "a mention of a group is nobody's",
    "search:read": "replies to threads that began long ago are not found",
}


class Slack:
    """A workspace's messages and people as one person sees them."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Message, Staff})
    deadline: ClassVar[float] = 600.0
    """Seconds for one conversation: a first reading waits at Slack's limits, thread by thread."""

    def __init__(
        self,
        *,
        source: str,
        token: str = "",
        token_file: str = "",
        base_url: str = "https://slack.com",
        workspace_url: str = "",
        types: Sequence[str] = tuple(FAMILIES),
        channels: Sequence[str] = (),
        not_channels: Sequence[str] = (),
        muted: Literal["read", "skip"] = "read",
        threads: Literal["mine", "all"] = "mine",
        search: bool = True,
        budget: int = 400,
        pace: float = 0.9,
        patience: float = 480.0,
        done: Sequence[str] = DONE,
        seen: Sequence[str] = SEEN,
        ours: Sequence[str] = (),
    ) -> None:
        never_print(token)
        if token and (wrong := wrong_token(token)):
            raise ValueError(f"token: {wrong}")
        if unknown := sorted(set(types) - set(FAMILIES)):
            raise ValueError(f"types: {', '.join(unknown)} not known; there are {', '.join(FAMILIES)}")
        if muted not in {"read", "skip"}:
            raise ValueError('muted: write "read" or "skip"')
        if threads not in {"mine", "all"}:
            raise ValueError('threads: write "mine" or "all"')
        self._source, self._token, self._file = source, token, TokenFile(token_file)
        self._base_url, self._budget, self._pace, self._search = base_url, budget, pace, search
        self._patience = patience
        self._choice = Choice(
            types=tuple(name for name in FAMILIES if name in types), channels=tuple(channels),
            not_channels=tuple(not_channels), muted=muted == "read", ours=tuple(ours),
        )  # fmt: skip
        self._how = How(
            source=source, all_threads=threads == "all", done=frozenset(done), seen=frozenset(seen),
            workspace_url=workspace_url,
        )  # fmt: skip
        self._calls("")  # an address that cannot be used is a problem of the settings

    # --- reading ---

    def streams(self, window: Window) -> Sequence[Stream]:
        """The people, and each conversation, most important first. Raises SourceError."""
        calls = self._calls(self._kept_token())
        plan = make_plan(calls, self._choice)
        if self._search:
            find_threads(calls, plan, window)
        people = Stream(kinds=frozenset({Staff}), read=self._people(plan), scope="people", place="Slack's people")
        until = time.monotonic() + self._patience
        found = [(one.scope, self._conversation(calls, plan, one, until)) for one in plan.conversations]
        found += [(FAMILIES[family][2], _failing(error)) for family, error in plan.not_allowed.items()]
        found += [(f"#{name}", _failing(self._not_found())) for name in plan.not_found]
        found += [(name, _failing(BadAnswer("Slack's list does not say what it is"))) for name in plan.unreadable]
        messages = frozenset({Message})
        return [people, *(Stream(kinds=messages, read=read, scope=scope, place=plan.place) for scope, read in found)]

    def _people(self, plan: Plan) -> Read:
        """Our own people, as the list of people told them; and what of Slack was left out."""

        def read(window: Window, mark: Mark | None) -> Iterator[Staff | Skipped | Ignored]:
            for where, why in plan.problems:
                yield Skipped(where, why)
            staff = [one for one in plan.people.staff(self._source) if one.ref.id in plan.listed]
            yield from staff
            if others := len(plan.listed) - len(staff):
                yield Ignored(others, "bots, guests and people of other organisations")
            for why, count in sorted(plan.left_out.items()):
                yield Ignored(count, why)
            for note in plan.notes:
                yield Ignored(0, note)

        return read

    def _conversation(self, calls: Calls, plan: Plan, conversation: Conversation, until: float) -> Read:
        def read(window: Window, mark: Mark | None) -> Iterator[Thing]:
            found = plan.found_threads.get(conversation.channel.id, {})
            reading = ConversationReading(
                calls=calls, plan=plan, how=self._how, conversation=conversation, window=window, found=found,
                until=until,
            )  # fmt: skip
            return reading.read(mark)

        return read

    def _not_found(self) -> SourceError:
        cure = f"join it, or take it out of `channels` of sources.{self._source}"
        return SourceError("not among your conversations", advice=cure)

    def _calls(self, token: str) -> Calls:
        return Calls(
            base_url=self._base_url, source=self._source, credential=Bearer(token) if token else None,
            budget=self._budget, pace=self._pace,
        )  # fmt: skip

    def _kept_token(self) -> str:
        """The token of the settings, else the one that `briefing auth` kept. Raises AuthError."""
        kept = self._token or str(self._file.read().get("access", ""))
        cure = f"briefing auth {self._source}"
        if not kept:
            raise AuthError("no token is set", advice=cure)
        if wrong := wrong_token(kept):
            raise AuthError(wrong, advice=cure)
        return kept

    # --- by hand ---

    def probe(self) -> Iterable[Finding]:
        """Whose token it is, what it may, and how long a first reading takes. Raises SourceError."""
        calls = self._calls(self._kept_token())
        me = who_am_i(calls)
        yield Finding(what=f"Logged in as {me.name} in {me.team_name}.")
        if me.expires_in:
            yield Finding(
                what=f"The token ends in {me.expires_in // 3600} h.", ok=False,
                cure="switch off token rotation of the app: a morning job cannot renew it",
            )  # fmt: skip
        yield from _scopes(me, self._choice.types, self._source)
        plan = make_plan(calls, self._choice)
        count, minutes = len(plan.conversations), -(-len(plan.conversations) // READS["conversations.history"])
        yield Finding(
            what=f"{count:,} conversation{'' if count == 1 else 's'} to read, {minutes:,} min at Slack's pace of "
            f"{READS['conversations.history']} a minute; a first reading takes longer."
        )
        yield Finding(
            what=f"The budget is {self._budget:,} calls a collect.", ok=self._budget >= count * 2,
            cure=f"raise `budget` of sources.{self._source} to {count * 3:,}, or name the channels that matter",
        )  # fmt: skip

    def login(self, talk: Talk) -> str:
        """Ask for the user token of the reader's own app and keep it; says as whom. Raises SourceError."""
        talk.say("Make an app at api.slack.com/apps in your own workspace, from a manifest, with these user scopes:")
        talk.say(" ".join((*SCOPES, *WISHED)))
        talk.say("Install it, and copy the User OAuth Token.")
        token = talk.ask("User OAuth Token: ", secret=True).strip()
        never_print(token)
        if wrong := wrong_token(token):
            raise AuthError(wrong, advice=f"briefing auth {self._source}")
        me = who_am_i(self._calls(token))
        self._file.write({"access": token})
        return f"{me.name} in {me.team_name}"


def _scopes(me: Me, types: Sequence[str], source: str) -> Iterator[Finding]:
    """What the token may and may not, scope by scope."""
    if me.scopes is None:
        yield Finding(what="Slack does not say what the token may.", ok=False, cure="look at the app's user scopes")
        return
    wanted = ["users:read", *(f"{FAMILIES[name][1]}:{what}" for name in types for what in ("read", "history"))]
    missing = [scope for scope in wanted if not me.may(scope)]
    add = f"to the user scopes of your Slack app, install it again, then briefing auth {source}"
    for scope in missing:
        yield Finding(what=f"The token lacks {scope}.", ok=False, cure=f"add {scope} {add}")
    if not missing:
        yield Finding(what="The token may read all it is asked to.")
    for scope, without in WISHED.items():
        if not me.may(scope):
            yield Finding(what=f"Without {scope} {without}.", cure=f"add {scope} {add}")


def _failing(error: SourceError) -> Read:
    """A stream that cannot be read, and why."""

    def read(window: Window, mark: Mark | None) -> Iterator[Fact]:
        raise error

    return read

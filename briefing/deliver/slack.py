"""Slack: the edition as a direct message of a bot to its reader, the rest in its thread. Posted once, then edited.

Every message carries metadata: whose edition it is (a hash, no content) and which part. So a post whose end nobody saw
is looked up before anything is posted again: found is edited, surely not there is posted, and where Slack cannot tell
(the bot lacks `im:history`, or metadata is missing) it stays uncertain until the reader says how to go on.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from briefing import words
from briefing.deliver import Begin, NotAllowed, Outcome, Unanswered
from briefing.deliver.edition import Edition
from briefing.deliver.slack_api import BLOCKS, Answer, Api, InDoubt, Later, MissingScope, Refused
from briefing.deliver.slack_journal import Journal, Record
from briefing.deliver.slack_post import SCHEMA, in_place_of, post_of, with_note
from briefing.deliver.slack_replies import answers_in
from briefing.document import from_json
from briefing.replies import Said

BASE_URL = "https://slack.com"
EVENT = "morning_briefing"
NEEDED = ("chat:write", "im:write")
TO_LOOK_UP = "im:history"

SETTLED_AFTER = timedelta(seconds=120)
"""After so long, by Slack's clock, a message that does not show will not come any more."""

LOOKED_BACK = timedelta(days=2)
MOST_PAGES = 20
KEPT = frozenset({"cant_update_message", "edit_window_closed", "is_inactive"}) | BLOCKS
"""Refusals to edit after which the message stands as it was: with the same edition in it."""


class Slack:
    """A channel: the bot's direct message to one person of the audience."""

    kind = "Slack"

    def __init__(
        self, name: str, user: str, token: str, journal: Path, *, base_url: str = BASE_URL, deadline: float = 60.0,
        patience: float = 600.0, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.name, self.deadline, self.patience = name, deadline, patience
        self.recipients = (f"@{user}",)
        self._user, self._token, self._base_url, self._sleep = user, token, base_url, sleep
        self._journal = Journal(journal)

    @property
    def repeatable(self) -> bool:
        """Whether Slack can tell what it has: then looking is the first step of trying again."""
        return self._journal.can_look_up

    def _api(self) -> Api:
        return Api(self._token, base_url=self._base_url, sleep=self._sleep, longest=self.deadline / 2)

    def fixed(self, edition: Edition) -> bytes:
        """The post and its thread."""
        return post_of(from_json(edition.forms["json"]))

    def renewed(self, edition: Edition, body: bytes) -> bytes:
        """The newer post, with as many messages as stand there."""
        return in_place_of(body, self.fixed(edition))

    def noted(self, body: bytes, text: str) -> bytes:
        """One reply more, below the others."""
        return with_note(body, text)

    def shown(self, edition: Edition, body: bytes) -> str:
        """The notification, and how long the thread is."""
        first, *replies = _messages(body)
        return f"Notification: {first['text']}\nThread:       {words.count(len(replies), 'reply', 'replies')}"

    def tried(self) -> Outcome:
        """Log in and look at the scopes; nothing is opened or posted."""
        api = self._api()
        try:
            answer = api.call("auth.test")
        except (Refused, Later, InDoubt) as error:
            return Outcome(result="refused" if isinstance(error, Refused) else "deferred", detail=str(error))
        finally:
            api.close()
        if not answer.data.get("bot_id"):
            return Outcome(result="refused", detail=str(no_bot()))
        lacking = [one for one in NEEDED if answer.scopes is not None and one not in answer.scopes]
        if lacking:
            return Outcome(result="refused", detail=f"the bot lacks {words.listed(lacking)}; add it and install again")
        if answer.scopes is not None and TO_LOOK_UP not in answer.scopes:
            remark = f"; without {TO_LOOK_UP} replies are not read, and a post whose end nobody saw is not looked up"
        else:
            remark = ""
        return Outcome(result="sent", detail=f"the bot logs in; for {self.recipients[0]}{remark}")

    def answers(self, since: datetime) -> Sequence[Said]:
        """What the reader wrote to the bot since a moment: none where nothing was ever posted. Raises Unanswered."""
        conversation = self._journal.conversation(self._user)
        if not conversation:
            return ()
        api = self._api()
        try:
            return answers_in(api, conversation, self._user, since)
        except (Refused, Later, InDoubt) as error:
            raise Unanswered(str(error)) from error
        finally:
            api.close()

    def send(self, edition: Edition, body: bytes, recipients: Sequence[str], begin: Begin) -> Mapping[str, Outcome]:
        """Look what is there, then post or edit the post and the replies, one after another."""
        api = self._api()
        try:
            delivery = _Delivery(
                api=api, edition=edition, key=edition_key(edition, self.name, self._user), user=self._user,
                messages=_messages(body), journal=self._journal, begin=lambda: begin(recipients),
            )  # fmt: skip
            return dict.fromkeys(recipients, delivery.outcome())
        finally:
            api.close()


def edition_key(edition: Edition, channel: str, user: str) -> str:
    """What names an edition in metadata, which every app of the workspace can read: it says nothing of its content."""
    told = [edition.workspace, edition.audience, edition.date.isoformat(), channel, user]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:20]


def _messages(body: bytes) -> list[dict[str, Any]]:
    value = json.loads(body)
    assert value["schema"] == SCHEMA
    return list(value["messages"])


def no_bot() -> Refused:
    """A user's token posts in the user's own name: nobody would be notified."""
    return Refused("this is no bot's token", "give the app's Bot User OAuth Token (xoxb-...)")


def moment_of(text: str) -> datetime | None:
    """A time in ISO form; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


@dataclass(slots=True, kw_only=True)
class _Delivery:
    """One try at one edition."""

    api: Api
    edition: Edition
    key: str
    user: str
    messages: Sequence[Mapping[str, Any]]
    journal: Journal
    begin: Callable[[], bool]
    record: Record = field(init=False)
    bot: frozenset[str] = field(init=False, default=frozenset())
    began: bool = field(init=False, default=False)
    remembers: bool = field(init=False)
    could: bool = field(init=False)
    """Whether Slack could tell when it was last asked. Where it could not, only the reader's word leads here again."""

    can: bool = field(init=False)
    blind: bool = field(init=False)
    """Neither the journal nor, at this moment, Slack tells what is there."""

    certain: bool = field(init=False, default=False)
    """Whether what was not found is surely not there."""

    doubt: str = field(init=False, default="")
    at: datetime | None = field(init=False, default=None)
    refused_blocks: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.record = self.journal.record(self.key)
        self.could = self.can = self.journal.can_look_up
        self.remembers, self.blind = self.journal.is_there, False

    def outcome(self) -> Outcome:
        """The whole try. Raises NotAllowed."""
        try:
            self._meet()
            self._look()
            for number in range(len(self.messages)):
                self._message(number)
        except Refused as error:
            return Outcome(result="refused", detail=self._told(error))
        except Later as error:
            return Outcome(result="deferred", detail=self._told(error))
        except InDoubt as error:
            return Outcome(result="uncertain", detail=self._told(error))
        detail = f"as text, for Slack refused its blocks ({self.refused_blocks})" if self.refused_blocks else ""
        return Outcome(result="sent", detail=detail)

    def _told(self, error: Exception) -> str:
        """What failed. It stands behind "not sent" or "refused", so where the post is there it says what is not."""
        missing = sum(not self._is_there(number) for number in range(1, len(self.messages)))
        if not self._first_ts:
            return str(error)
        if missing:
            replies = words.count(len(self.messages) - 1, "reply", "replies")
            return f"{missing} of the {replies} in the thread (the post itself is there); {error}"
        return f"bringing the post up to date (it is there); {error}"

    def _call(self, method: str, **params: Any) -> Answer:
        answer = self.api.call(method, **params)
        self.at = answer.at or self.at
        return answer

    # --- who and where -----------------------------------------------------------------------------------------------

    def _meet(self) -> None:
        """Who the bot is, and its direct message with the reader."""
        me = self._call("auth.test").data
        self.bot = frozenset(str(me[name]) for name in ("user_id", "bot_id") if me.get(name))
        if not me.get("bot_id"):
            raise no_bot()
        opened = self._call("conversations.open", users=self.user).data.get("channel")
        found = opened.get("id") if isinstance(opened, Mapping) else None
        if not isinstance(found, str) or not found:
            raise Later("Slack opens no direct message")
        if found != self.record.conversation:
            self.record = Record(conversation=found, begun=self.record.begun)
        self.record.user = self.user

    # --- what is there already ---------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Find the parts that are there by their metadata."""
        try:
            self.certain, self.doubt = self._looked()
        except Refused as error:
            self.can = self.certain = False
            self.doubt = f"the bot lacks {TO_LOOK_UP}" if isinstance(error, MissingScope) else str(error)
        except (Later, InDoubt) as error:
            self.certain, self.doubt, self.blind = False, str(error), not self.remembers
        if not self.blind:  # a journal that begins without having looked would pass for a memory
            self._keep()

    def _looked(self) -> tuple[bool, str]:
        oldest = f"{(self.edition.made_at - LOOKED_BACK).timestamp():.6f}"
        self.can = True
        unmarked, found = 0, dict[str, str]()
        for row in self._rows("conversations.history", oldest=oldest):
            unmarked += self._is_unmarked(row)
            found |= self._part(row)
        if first := found.get("0") or found.get("0.0") or self._first_ts:
            for row in self._rows("conversations.replies", ts=first):
                found |= self._part(row)
        self.record.parts |= found
        for part in found:
            self.record.begun.pop(part, None)
        if unmarked:
            self.can = False
            return False, "Slack shows posts of the bot without metadata"
        if self._is_fresh():
            return False, "it does not show, and it is too early to say that it will not come"
        return True, ""

    def _rows(self, method: str, **params: Any) -> Iterator[Mapping[str, Any]]:
        """The bot's own messages, all of them. Raises Later where they do not end."""
        cursor = ""
        for _ in range(MOST_PAGES):
            asked = {**params, **({"cursor": cursor} if cursor else {})}
            answer = self._call(method, channel=self.record.conversation, limit=200, include_all_metadata=True, **asked)
            rows = answer.data.get("messages")
            if not isinstance(rows, list):
                raise Later(f"Slack answers {method} without messages")
            yield from (row for row in rows if isinstance(row, Mapping) and self._is_own(row))
            told = answer.data.get("response_metadata")
            cursor = str(told.get("next_cursor") or "") if isinstance(told, Mapping) else ""
            if not cursor:
                if answer.data.get("has_more") is True:
                    raise Later(f"Slack says that there is more in {method}, and not where")
                return
        raise Later(f"{method} does not end")

    def _is_own(self, row: Mapping[str, Any]) -> bool:
        return bool({str(row.get("user", "")), str(row.get("bot_id", ""))} & self.bot)

    def _is_unmarked(self, row: Mapping[str, Any]) -> bool:
        told = row.get("metadata")
        return not (isinstance(told, Mapping) and isinstance(told.get("event_payload"), Mapping))

    def _part(self, row: Mapping[str, Any]) -> dict[str, str]:
        told = row.get("metadata")
        payload = told.get("event_payload") if isinstance(told, Mapping) and told.get("event_type") == EVENT else None
        if not isinstance(payload, Mapping) or payload.get("edition") != self.key:
            return {}
        part, ts = payload.get("part"), row.get("ts")
        return {part: ts} if isinstance(part, str) and isinstance(ts, str) else {}

    def _is_fresh(self) -> bool:
        """Something was begun a moment ago, by Slack's clock."""
        if not self.record.begun:
            return False
        moments = [moment_of(begun) for begun in self.record.begun.values()]
        if self.at is None or None in moments:
            self.can = False  # no later look will know more
            return True
        return any(moment and self.at - moment < SETTLED_AFTER for moment in moments)

    # --- posting and editing -----------------------------------------------------------------------------------------

    @property
    def _first_ts(self) -> str:
        return self.record.parts.get("0") or self.record.parts.get("0.0") or ""

    def _is_there(self, number: int) -> bool:
        chunks = range(len(self.messages[number]["plain"]))
        return f"{number}" in self.record.parts or all(f"{number}.{one}" in self.record.parts for one in chunks)

    def _message(self, number: int) -> None:
        """One message with blocks, or where those are refused as text, which may take several."""
        message = self.messages[number]
        if f"{number}.0" not in self.record.parts:
            try:
                self._put(f"{number}", message["text"], message["blocks"])
            except Refused as error:
                if error.code not in BLOCKS:
                    raise
                self.refused_blocks = error.code
            else:
                return
        for count, chunk in enumerate(message["plain"]):
            self._put(f"{number}.{count}", chunk, [])

    def _put(self, part: str, text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Edit a part that is there, else post it."""
        ts = self.record.parts.get(part, "")
        if ts and self._edited(ts, text, blocks):
            return
        if ts and ts == self._first_ts:  # gone, and its thread with it
            self.record.parts.clear()
        self.record.parts.pop(part, None)
        if part in self.record.begun and not self.certain and self.could:
            raise InDoubt(self.doubt)
        if self.blind:
            raise Later(self.doubt)
        self._posted(part, text, blocks)

    def _edited(self, ts: str, text: str, blocks: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the message is there, with this text in it. An edit notifies nobody."""
        self._begin()
        given: dict[str, Any] = {"blocks": blocks} if blocks else {}
        try:
            self._call(
                "chat.update", channel=self.record.conversation, ts=ts, text=text, parse="none", link_names=False,
                **given,
            )  # fmt: skip
        except Refused as error:
            if error.code == "message_not_found":
                return False
            if error.code not in KEPT:
                raise
        except InDoubt as error:  # done twice it is the same: nothing to be uncertain of
            raise Later(str(error)) from error
        return True

    def _posted(self, part: str, text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        self._begin()
        self.record.begun[part] = self.at.isoformat() if self.at else ""
        self._keep()
        given: dict[str, Any] = {"blocks": blocks} if blocks else {}
        if self._first_ts:
            given["thread_ts"] = self._first_ts
        payload = {"edition": self.key, "date": self.edition.date.isoformat(), "part": part}
        try:
            answer = self._call(
                "chat.postMessage", channel=self.record.conversation, text=text, mrkdwn=False, parse="none",
                link_names=False, unfurl_links=False, unfurl_media=False,
                metadata={"event_type": EVENT, "event_payload": payload}, **given,
            )  # fmt: skip
        except (Refused, Later):
            del self.record.begun[part]
            self._keep()
            raise
        except InDoubt:
            self._look()
            if part not in self.record.parts:
                raise
            return
        ts = answer.data.get("ts")
        if not isinstance(ts, str) or not ts:
            raise InDoubt("Slack took the message and did not say where it stands")
        self.record.parts[part] = ts
        del self.record.begun[part]
        try:
            self._keep()
        except Later as error:  # noted as begun, and there: to be looked up
            raise InDoubt(str(error)) from error

    def _begin(self) -> None:
        if not self.began and not self.begin():
            raise NotAllowed
        self.began = True

    def _keep(self) -> None:
        try:
            self.journal.keep(self.key, self.record, can_look_up=self.can)
        except OSError as error:
            raise Later(f"what was posted cannot be noted: {error.strerror or error}") from error

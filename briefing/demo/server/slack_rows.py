"""The agency's Slack as its API knows it: people, conversations and messages, each with every field.

What the world tells (`briefing.demo.conversations`) lies in channels and the reader's direct messages. Beside it stands
what the export does not hold and a connector must cope with: group messages, a private, a muted and an archived
channel, apps, Slackbot, a colleague who left, notes to oneself, notices of joining. None of it asks anybody anything.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal

from briefing.demo.chance import stream
from briefing.demo.conversations import EXPORTED_DAYS
from briefing.demo.days import ZONE_NAME, is_workday, moment, plus
from briefing.demo.files_slack import TEAM, channel_name, channels, direct_messages, stamp, team_of, text_of
from briefing.demo.names import AGENCY
from briefing.demo.people import Human
from briefing.demo.talk import Note
from briefing.demo.world import World

Row = dict[str, Any]

URL = "https://harbourlane.slack.com/"
CREATED, CREATED_MS = 1700000000, 1700000000123
SLACKBOT = Human(name="Slackbot", email="", slack="USLACKBOT")
APP = Human(name="Taskboard", email="", slack="U0APP00001")
LEFT = Human(name="Edgar Brandt", email="edgar.brandt@harbourlane.example", slack="U0LEFT0001")
JOIN = "channel_join"
"""The subtype of a notice; such a note has it for a subject."""

SAMPLE = 5
"""So many of those who replied to a thread are listed on its start."""

ASIDES = (
    "The numbers are in the sheet.", "I moved our call to the afternoon.", "Thanks!", "The draft is in the folder.",
    "Great, thanks.", "Back at two.", "Lunch is in the kitchen today.", "The printer works again.",
)  # fmt: skip
"""Nothing of it asks anybody anything: whose turn it is, the world does not know here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One conversation with what is told of it."""

    row: Row
    """As lists of conversations show it."""

    members: tuple[str, ...]
    notes: tuple[Note, ...]
    """In the order of time."""

    muted: bool = False

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row["id"])

    @property
    def family(self) -> Literal["im", "mpim", "private_channel", "public_channel"]:
        """Slack's word for its type."""
        if self.row.get("is_im"):
            return "im"
        if self.row.get("is_mpim"):
            return "mpim"
        return "private_channel" if self.row.get("is_private") else "public_channel"


@dataclass
class SlackRows:
    """Everything of one world on one morning."""

    world: World
    morning: date
    outsiders_email: bool = True
    asides: bool = True
    """Whether there is more than the world tells."""

    _starts: dict[str, Note] = field(default_factory=dict)

    @property
    def me(self) -> Human:
        """Whose token it is."""
        return self.world.people.reader

    # --- people -----------------------------------------------------------------------------------------------------

    @cached_property
    def users(self) -> dict[str, Row]:
        """Everybody by id, those of other organisations too."""
        staff = [self._user(human, TEAM) for human in self.world.people.staff]
        others = [
            self._user(human, team_of(client))
            for client in self.world.people.clients
            for human in (client.contacts if client.channel else ())
        ]
        apart = [
            self._user(APP, TEAM) | {"is_bot": True, "is_app_user": True},
            self._user(SLACKBOT, TEAM),  # not a bot by its own word
            {**self._user(LEFT, TEAM), "deleted": True},
        ]
        return {row["id"]: row for row in (*staff, *others, *(apart if self.asides else ()))}

    @cached_property
    def outsiders(self) -> frozenset[str]:
        """Ids of people of other organisations."""
        return frozenset(one for one, row in self.users.items() if row["team_id"] != TEAM)

    def _user(self, human: Human, team: str) -> Row:
        outside = team != TEAM
        profile: Row = {
            "title": "", "phone": "", "skype": "", "real_name": human.name, "real_name_normalized": human.name,
            "display_name": human.first, "display_name_normalized": human.first, "first_name": human.first,
            "last_name": human.name.partition(" ")[2], "status_text": "", "status_emoji": "", "status_expiration": 0,
            "avatar_hash": hashlib.sha256(human.slack.encode()).hexdigest()[:12], "team": team,
        }  # fmt: skip
        if human.email and (self.outsiders_email or not outside):
            profile["email"] = human.email
        row: Row = {
            "id": human.slack, "team_id": team, "name": human.email.partition("@")[0] or human.name.lower(),
            "deleted": False, "color": "9f69e7", "real_name": human.name, "tz": ZONE_NAME,
            "tz_label": "Eastern Standard Time", "tz_offset": -18000, "profile": profile, "is_admin": False,
            "is_owner": False, "is_primary_owner": False, "is_restricted": False, "is_ultra_restricted": False,
            "is_bot": False, "is_app_user": False, "updated": CREATED, "is_email_confirmed": True,
            "who_can_share_contact_card": "EVERYONE",
        }  # fmt: skip
        # Slack says False of outsiders who share a channel with us.
        return row | {"is_stranger": False} if outside else row

    @cached_property
    def groups(self) -> list[Row]:
        """User groups."""
        people = self.world.people
        found = [("S0ACCOUNTS", "accounts", "account"), ("S0MANAGERS", "managers", "manager")]
        rows = []
        for key, handle, role in found:
            users = [human.slack for human in people.with_role(role)]
            users += [self.me.slack] if role == "manager" else []
            rows.append({
                "id": key, "team_id": TEAM, "is_usergroup": True, "name": handle.title(), "description": "",
                "handle": handle, "is_external": False, "date_create": CREATED, "date_update": CREATED,
                "date_delete": 0, "auto_type": None, "created_by": self.me.slack, "updated_by": self.me.slack,
                "deleted_by": None, "prefs": {"channels": [], "groups": []}, "users": users,
                "user_count": len(users),
            })  # fmt: skip
        return rows

    # --- conversations ----------------------------------------------------------------------------------------------

    @cached_property
    def places(self) -> dict[str, Place]:
        """Conversations by id, in the order of their creation, as lists give them."""
        found = list(self._channels())
        if self.asides:
            found += self._asides()
        return {place.id: place for place in found}

    def _channels(self) -> Iterator[Place]:
        said: dict[str, list[Note]] = defaultdict(list)
        for note in self._notes():
            said[channel_name(note.channel)].append(note)
        for number, given in enumerate(channels(self.world)):
            outside = sorted({self.users[one]["team_id"] for one in given["members"] if one in self.outsiders})
            row = channel_row(given["id"], given["name"], shared=outside)
            yield Place(
                row=row, members=tuple(given["members"]), notes=self._joined(given, said[given["name"]], number)
            )
        for given in direct_messages(self.world):
            (other,) = (one for one in given["members"] if one != self.me.slack)
            yield Place(
                row=direct_row(given["id"], other), members=tuple(given["members"]), notes=tuple(said[given["id"]])
            )

    def _joined(self, given: Row, notes: Sequence[Note], number: int) -> tuple[Note, ...]:
        """With a notice of somebody joining, one for every channel, three weeks before the world's start."""
        if not self.asides:
            return tuple(notes)
        at = moment(plus(self.world.start, -21), 8, number % 60)
        human = self.world.people.staff[1 + number % (len(self.world.people.staff) - 1)]
        notice = Note(
            id=f"join-{given['id']}", talk="join", medium="slack", at=at, author=human, channel=given["name"],
            text=f"@{human.name} has joined the channel", mentions=(human,), subject=JOIN,
        )  # fmt: skip
        known = [notice] if at < moment(self.morning) else []
        return tuple(sorted((*notes, *known), key=lambda note: (note.at, note.id)))

    def _notes(self) -> list[Note]:
        """What was posted by this morning; of threads their beginning, however long ago."""
        now = moment(self.morning)
        found: dict[str, Note] = {}
        for day in (plus(self.morning, -EXPORTED_DAYS), self.morning):
            for talk in self.world.conversations.talks(day):
                for note in talk.notes:
                    if note.medium == "slack" and note.at < now:
                        marks = tuple(mark for mark in note.reactions if mark[2] < now)
                        found[note.id] = replace(note, reactions=marks)
        self._starts.update(found)
        return sorted(found.values(), key=lambda note: (note.at, note.id))

    def _asides(self) -> Iterator[Place]:
        people, me = self.world.people, self.me
        yield self._aside(channel_row("C0PRIVATE1", "leadership", private=True), [me, *people.staff[1:4]])
        old = channel_row("C0ARCHIVE1", "old-website") | {"is_archived": True}
        yield self._aside(old, [me, *people.staff[4:8]])
        yield replace(self._aside(channel_row("C0MUTED001", "lunch"), [me, *people.staff[5:9]]), muted=True)
        yield replace(self._aside(channel_row("C0OTHERS01", "parents"), list(people.staff[9:12])), notes=())
        for number, other in enumerate((APP, SLACKBOT, LEFT, me)):
            row = direct_row(f"D0ASIDE{number:02d}", other.slack) | {"is_user_deleted": other is LEFT}
            yield self._aside(row, [other], members=[me, other])
        three = [me, people.staff[2], people.staff[3]]
        name = "mpdm-" + "--".join(self.users[human.slack]["name"] for human in three) + "-1"
        row = channel_row("C0GROUP001", name, private=True) | {"is_mpim": True}
        yield self._aside(row, three)

    def _aside(self, row: Row, humans: Sequence[Human], *, members: Sequence[Human] = ()) -> Place:
        """A conversation among colleagues: some words on a workday, each from a stream of its own. The reader listens:
        what she says might be the answer to something.
        """
        authors = [human for human in humans if human is not self.me] or humans
        notes = []
        for back in range(2 * EXPORTED_DAYS, 0, -1):
            day = plus(self.morning, -back)
            draw = stream(self.world.seed, "aside", row["id"], day)
            if not is_workday(day) or not draw.chance(0.3):
                continue
            at = moment(day, draw.between(9, 16), draw.between(0, 59))
            for number in range(draw.between(1, 3)):
                author = authors[number % len(authors)]
                text = f"Standup of {day:%d} is over." if author in (APP, SLACKBOT) else draw.one_of(ASIDES)
                notes.append(
                    Note(
                        id=f"{row['id']}-{day}-{number}", talk=row["id"], medium="slack", author=author, text=text,
                        at=at + timedelta(minutes=9 * number, seconds=number), bot=author is APP,
                    )
                )  # fmt: skip
        everybody = tuple(human.slack for human in (members or humans))
        return Place(row=row, members=everybody, notes=tuple(notes))

    # --- messages ---------------------------------------------------------------------------------------------------

    @cached_property
    def replies(self) -> dict[str, list[Note]]:
        """Replies by the id of the note that started the thread, in the order of time."""
        found: dict[str, list[Note]] = defaultdict(list)
        for place in self.places.values():
            for note in place.notes:
                if note.reply_to in self._starts:
                    found[note.reply_to].append(note)
        return found

    def is_reply(self, note: Note) -> bool:
        """Whether a note stands in a thread and not in the channel itself."""
        return note.reply_to in self._starts

    def start_of(self, note: Note) -> Note:
        """What began the thread of a reply."""
        return self._starts[note.reply_to]

    def message(self, note: Note, *, in_thread: bool = False) -> Row:
        """A message as histories show it; `in_thread`: as the list of replies does, with how far it was read."""
        row: Row = {"type": "message", "ts": stamp(note), "text": text_of(note)}
        if note.bot:
            row |= {
                "subtype": "bot_message", "bot_id": "B0TASKBOARD", "app_id": "A0TASKBOARD",
                "username": note.author.name, "icons": {"emoji": ":clipboard:"},
            }  # fmt: skip
        elif note.subject == JOIN:
            return row | {"subtype": JOIN, "user": note.author.slack}
        else:
            row |= {
                "user": note.author.slack, "team": self.users[note.author.slack]["team_id"],
                "client_msg_id": client_id(note), "blocks": [blocks_of(note)],
            }  # fmt: skip
        if note.reply_to in self._starts:
            start = self._starts[note.reply_to]
            row |= {"thread_ts": stamp(start), "parent_user_id": start.author.slack}
        elif replies := self.replies.get(note.id):
            row |= self._line(note, replies, in_thread=in_thread)
        if note.reactions:
            row["reactions"] = [
                {"name": name, "users": [who.slack], "count": 1} for name, who, _ in note.reactions
            ]  # fmt: skip
        return row

    def _line(self, note: Note, replies: Sequence[Note], *, in_thread: bool) -> Row:
        """What the start of a thread tells of it."""
        users = list(dict.fromkeys(reply.author.slack for reply in replies))
        mine = self.me.slack in {note.author.slack, *users}
        line: Row = {
            "thread_ts": stamp(note), "reply_count": len(replies), "reply_users_count": len(users),
            "latest_reply": stamp(replies[-1]), "reply_users": users[:SAMPLE], "is_locked": False, "subscribed": mine,
        }  # fmt: skip
        return line | {"last_read": stamp(replies[-1]), "unread_count": 0} if in_thread and mine else line


def channel_row(id: str, name: str, *, private: bool = False, shared: Iterable[str] = ()) -> Row:
    """A channel as lists show it. `shared` are the teams of other organisations."""
    teams = list(shared)
    return {
        "id": id, "name": name, "is_channel": not private or id.startswith("C0PRIVATE"), "is_group": False,
        "is_im": False, "is_mpim": False, "is_private": private, "created": CREATED, "is_archived": False,
        "is_general": name == "general", "unlinked": 0, "name_normalized": name, "is_shared": bool(teams),
        "is_org_shared": False, "is_pending_ext_shared": False, "pending_shared": [], "context_team_id": TEAM,
        "updated": CREATED_MS, "parent_conversation": None, "creator": "U0STAFF0000", "is_ext_shared": bool(teams),
        "shared_team_ids": [TEAM, *teams], "pending_connected_team_ids": [], "connected_team_ids": teams,
        "internal_team_ids": [TEAM] if teams else [], "conversation_host_id": TEAM,
        "topic": {"value": "", "creator": "", "last_set": 0}, "purpose": {"value": "", "creator": "", "last_set": 0},
        "properties": {"tabs": []}, "previous_names": [],
    }  # fmt: skip


def direct_row(id: str, other: str) -> Row:
    """A direct conversation with somebody, as lists show it: it has no name."""
    return {
        "id": id, "created": CREATED, "is_archived": False, "is_im": True, "is_org_shared": False,
        "context_team_id": TEAM, "updated": CREATED_MS, "user": other, "is_user_deleted": False, "priority": 0,
        "is_open": True,
    }  # fmt: skip


def blocks_of(note: Note) -> Row:
    """The rich text that mirrors what a person wrote, each mention an element of its own."""
    elements: list[Row] = []
    people = {f"@{human.name}": human for human in note.mentions}
    parts = re.split("|".join(map(re.escape, people)), note.text) if people else [note.text]
    named = re.findall("|".join(map(re.escape, people)), note.text) if people else []
    for number, part in enumerate(parts):
        if part:
            elements.append({"type": "text", "text": part})
        if number < len(named):
            elements.append({"type": "user", "user_id": people[named[number]].slack})
    return {
        "type": "rich_text", "block_id": hashlib.sha256(note.id.encode()).hexdigest()[:5],
        "elements": [{"type": "rich_text_section", "elements": elements}],
    }  # fmt: skip


def client_id(note: Note) -> str:
    """The id that a client gives to what is written in it."""
    digest = hashlib.sha256(note.id.encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


__all__ = ["AGENCY", "TEAM", "URL", "Place", "Row", "SlackRows", "stamp"]

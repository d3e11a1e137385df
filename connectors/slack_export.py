"""Slack's own export: the ZIP as it was downloaded, or the folder it was unpacked to.

Settings
  path         the ZIP or folder
  max_bytes    unpacked bytes that are read at most
  done         reactions by which somebody of ours marks a message as dealt with

The ZIP is read member by member and never unpacked. Day files are chosen by name with a day to spare on each side (the
zone of their names is not documented) and messages by their own time.

What an export cannot show: private channels and direct messages, unless the plan and the owners allowed them. The
stream's name says which were in it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from briefing.connector import Ignored, Mark, Recognition, Sample, Skipped, Stream, Window
from briefing.errors import FileProblem
from briefing.facts import NOBODY, Fact, Message, Party, Person, Ref, Staff
from briefing.reading.archive import Archive, Limits, MemberProblem, open_archive
from briefing.reading.closing import closes
from briefing.reading.headers import domain_of, email_in
from briefing.reading.slacktext import mentions, plain, shown_text
from briefing.reading.text import EXCERPT, NAME, clean

DONE = ("white_check_mark", "heavy_check_mark", "ballot_box_with_check")

BY_PEOPLE = frozenset({"", "thread_broadcast", "file_share", "me_message"})
"""Subtypes a person writes. All others are bots or the channel speaking of itself; new ones appear, so what counts is
listed and not what does not."""

GONE = frozenset({"tombstone", "message_deleted", "message_changed", "message_replied"})
LISTS: Mapping[str, str] = {
    "channels.json": "channel", "groups.json": "channel", "mpims.json": "group", "dms.json": "direct",
}  # fmt: skip
PEOPLE = ("users.json", "org_users.json")
_DAY_FILE = re.compile(r"(?P<folder>[^/]+)/(?P<day>\d{4}-\d{2}-\d{2})\.json")
_CLIENT_CHANNEL = re.compile(
    r"^(?:client|clients|ext|external|cl|shared|customer|kunde)[-_]+(?=\w)|[-_](?:ext|external|shared)$"
)

Side = Literal["ours", "theirs", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One entry of users.json."""

    person: Person
    handle: str = ""
    team: str = ""
    enterprise: str = ""
    bot: bool = False
    guest: bool = False
    stranger: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One conversation."""

    id: str
    kind: str
    """`channel`, `group` (direct, several people) or `direct`."""

    name: str = ""
    members: tuple[str, ...] = ()
    shared: bool = False


class SlackExport:
    """A workspace's messages and people from its export."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Message, Staff})

    def __init__(self, *, source: str, path: str, max_bytes: int = 4_000_000_000, done: Sequence[str] = DONE) -> None:
        self._source = source
        self._path = Path(path).expanduser()
        self._limits = Limits(total=max_bytes)
        self._done = frozenset(done)

    def streams(self, window: Window) -> Sequence[Stream]:
        """Messages, and the people of the workspace. Raises FileProblem where the file is no whole export."""
        archive = open_archive(self._path, self._limits)
        try:
            inside = Inside(archive)
        finally:
            archive.close()
        as_of = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        return [
            Stream(kinds=frozenset({Message}), read=self._messages, scope="messages", as_of=as_of, place=inside.place),
            Stream(kinds=frozenset({Staff}), read=self._people, scope="people", as_of=as_of, place="Slack's people"),
        ]

    def _messages(self, window: Window, mark: Mark | None) -> Iterator[Message | Skipped | Ignored]:
        archive = open_archive(self._path, self._limits)
        try:
            yield from Reading(self._source, Workspace(Inside(archive)), window, self._done).messages()
        finally:
            archive.close()

    def _people(self, window: Window, mark: Mark | None) -> Iterator[Staff | Skipped | Ignored]:
        archive = open_archive(self._path, self._limits)
        try:
            workspace = Workspace(Inside(archive))
        finally:
            archive.close()
        yield from workspace.problems
        others = 0
        for login, user in sorted(workspace.users.items()):
            if user.bot or workspace.side(login) != "ours":
                others += 1
                continue
            yield Staff(
                ref=Ref(source=self._source, kind="user", id=login, where=f"{archive.name}:users.json"),
                person=user.person,
                logins=(login, user.handle) if user.handle else (login,),
                active=not user.deleted,
            )
        if others:
            yield Ignored(others, "bots, guests and people of other organisations")


# --- what lies in the archive ---------------------------------------------------------------------------------------


class Inside:
    """An export's members without the top folder some tools put around them. FileProblem where it is no export."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.members: dict[str, str] = {}
        """Path within the export to the member's name."""

        names = [name for name in archive.names() if not name.startswith("__MACOSX/") and "/." not in f"/{name}"]
        top = min(
            (name.rpartition("/")[0] for name in names if name.rpartition("/")[2] in {*LISTS, *PEOPLE}),
            key=lambda folder: (folder.count("/") + bool(folder), folder),
            default=None,
        )
        if top is None or top.count("/") > 1:
            raise FileProblem(
                f"{archive.name} is not a Slack export: it has no channels.json",
                advice="in Slack: Settings, Workspace settings, Import/Export data, Export; then name the ZIP",
            )
        prefix = f"{top}/" if top else ""
        self.members = {name.removeprefix(prefix): name for name in names if name.startswith(prefix)}

    @property
    def place(self) -> str:
        """What of Slack is in it."""
        return "Slack" if {"groups.json", "dms.json"} & self.members.keys() else "Slack (public channels)"

    def where(self, name: str) -> str:
        """A member as printed."""
        return f"{self.archive.name}:{clean(name, 120)}"

    def rows(self, name: str) -> list[Any]:
        """A member's JSON array. Raises MemberProblem."""
        raw = self.archive.read(self.members[name])
        try:
            found = json.loads(raw.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise MemberProblem("is not UTF-8") from error
        except (ValueError, RecursionError) as error:
            raise MemberProblem("is not JSON, or cut") from error
        if not isinstance(found, list):
            raise MemberProblem("is not a list")
        return found


@dataclass
class Workspace:
    """People and channels, and which side somebody is on."""

    inside: Inside
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    """By folder: the channel's name, or a direct conversation's id."""

    problems: list[Skipped] = field(default_factory=list)
    """What of users.json could not be read."""

    channel_problems: list[Skipped] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = [name for name in PEOPLE if name in self.inside.members]
        if not known:
            where = self.inside.where("users.json")
            self.problems.append(Skipped(where, "is missing: names are taken from messages, guests are not known"))
        for name in known:
            for row in self._objects(name, self.problems):
                if user := read_user(row):
                    self.users[user.person.id] = user
        for name, kind in LISTS.items():
            if name in self.inside.members:
                for row in self._objects(name, self.channel_problems):
                    channel = read_channel(row, kind)
                    folder = channel.id if kind == "direct" else channel.name or channel.id
                    self.channels.setdefault(folder, channel)
                    self.channels.setdefault(channel.id, channel)

    def _objects(self, name: str, problems: list[Skipped]) -> Iterator[Mapping[str, Any]]:
        try:
            for number, row in enumerate(self.inside.rows(name), 1):
                if isinstance(row, dict) and _word(row.get("id")):
                    yield row
                else:
                    problems.append(Skipped(f"{self.inside.where(name)}:{number}", "has no id"))
        except MemberProblem as problem:
            problems.append(Skipped(self.inside.where(name), str(problem)))

    @cached_property
    def home(self) -> tuple[str, str]:
        """Our own team and enterprise: those of most full members. Empty where none stands out."""
        members = [user for user in self.users.values() if not (user.bot or user.guest or user.stranger)]
        return _most(user.team for user in members), _most(user.enterprise for user in members)

    @cached_property
    def _has_teams(self) -> bool:
        return any(user.team for user in self.users.values())

    def side(self, id: str) -> Side:
        """Whose side a user of the list is on: guests and people of other teams are not ours."""
        user = self.users.get(id)
        if user is None:
            return "unknown"
        if user.guest or user.stranger:
            return "theirs"
        team, enterprise = self.home
        if not self._has_teams:
            return "ours"  # old exports list the workspace's own members only, and no teams
        if not team or not user.team:
            return "unknown"
        return "ours" if user.team == team or (enterprise and user.enterprise == enterprise) else "theirs"

    def name(self, id: str) -> str:
        """A user's printed name; empty where nobody knows."""
        user = self.users.get(id)
        return user.person.label if user else ""

    def place(self, channel: Channel) -> str:
        """A conversation as a reader would call it, each differently."""
        if channel.kind == "channel":
            return f"#{channel.name or channel.id}"
        names = sorted(self.name(one) or one for one in channel.members)
        return clean(f"the direct messages of {' and '.join(names)}", 200) if names else f"direct messages {channel.id}"

    def party(self, channel: Channel) -> Party:
        """The client a channel belongs to, the same for each message in it: by its name, and by its outside members."""
        outside = [self.users[one] for one in channel.members if self.side(one) == "theirs" and not self.users[one].bot]
        domains = {domain_of(user.person.email) for user in outside} - {""}
        domain = next(iter(domains)) if len(domains) == 1 else ""
        plain_name = _CLIENT_CHANNEL.sub("", channel.name) if channel.kind == "channel" else ""
        if outside or channel.shared or plain_name != channel.name:
            return Party(name=clean(plain_name, NAME), domain=domain) if plain_name or domain else NOBODY
        return NOBODY


def _most(words: Iterator[str]) -> str:
    counted = Counter(word for word in words if word).most_common(2)
    if not counted or (len(counted) > 1 and counted[0][1] == counted[1][1]):
        return ""
    return counted[0][0]


def read_user(row: Mapping[str, Any]) -> User:
    """One entry of users.json, whatever is missing from it."""
    profile = _object(row.get("profile"))
    handle = _word(row.get("name"))
    # The full name first: a "Maya" alone could be one of ours or a client's.
    names = (profile.get("real_name"), row.get("real_name"), profile.get("display_name"), handle)
    return User(
        person=Person(
            name=next((name for one in names if (name := clean(_text(one), NAME))), ""),
            email=email_in(_text(profile.get("email"))),
            id=_word(row.get("id")),
        ),
        handle=handle,
        team=_word(row.get("team_id") or profile.get("team")),
        enterprise=_word(_object(row.get("enterprise_user")).get("enterprise_id")),
        bot=bool(row.get("is_bot") or row.get("is_workflow_bot")) or row.get("id") == "USLACKBOT",
        guest=bool(row.get("is_restricted") or row.get("is_ultra_restricted")),
        stranger=bool(row.get("is_stranger")),
        deleted=bool(row.get("deleted")),
    )


def read_channel(row: Mapping[str, Any], kind: str) -> Channel:
    """One entry of channels.json, groups.json, mpims.json or dms.json."""
    members = row.get("members")
    return Channel(
        id=_word(row.get("id")),
        kind=kind,
        name=clean(_text(row.get("name")), NAME),
        members=tuple(_word(one) for one in members if _word(one)) if isinstance(members, list) else (),
        shared=bool(row.get("is_ext_shared")),
    )


# --- messages -------------------------------------------------------------------------------------------------------


@dataclass
class Reading:
    """One pass over the day files."""

    source: str
    workspace: Workspace
    window: Window
    done: frozenset[str]
    left_out: Counter[str] = field(default_factory=Counter)
    seen: set[tuple[str, str]] = field(default_factory=set)
    parties: dict[str, Party] = field(default_factory=dict)

    def messages(self) -> Iterator[Message | Skipped | Ignored]:
        """Every message within the window; what was left out is counted, what could not be read is told."""
        inside = self.workspace.inside
        yield from self.workspace.channel_problems
        for name in inside.archive.unsafe:
            yield Skipped(f"{inside.archive.name}:{name}", "has a name that leads out of the archive")
        for name in sorted(inside.members):
            if name.lower().endswith((".zip", ".gz", ".tar", ".7z", ".rar")):
                self.left_out["archives within the archive"] += 1
            elif (found := _DAY_FILE.fullmatch(name)) and self._is_near(found["day"]):
                yield from self._day(name, found["folder"])
        for why, count in sorted(self.left_out.items()):
            yield Ignored(count, why)

    def _is_near(self, day: str) -> bool:
        """Whether a day file can hold messages of the window, whatever zone its name is in."""
        try:
            named = date.fromisoformat(day)
        except ValueError:
            return True
        zone = self.window.zone
        if named < self.window.since.astimezone(zone).date() - timedelta(days=1):
            self.left_out[f"day files from before {_clock(self.window.since, self.window)}"] += 1
            return False
        if named > self.window.now.astimezone(zone).date() + timedelta(days=1):
            self.left_out[f"day files later than {_clock(self.window.now, self.window)}"] += 1
            return False
        return True

    def _day(self, name: str, folder: str) -> Iterator[Message | Skipped]:
        inside = self.workspace.inside
        channel = self.workspace.channels.get(folder) or Channel(
            id=clean(folder, NAME), kind="channel", name=clean(folder, NAME)
        )
        try:
            rows = inside.rows(name)
        except MemberProblem as problem:
            yield Skipped(inside.where(name), str(problem))
            return
        for number, row in enumerate(rows, 1):
            where = f"{inside.where(name)}:{number}"
            at = moment(row.get("ts")) if isinstance(row, dict) else None
            if at is None:
                yield Skipped(where, "has no time" if isinstance(row, dict) else "is not a message")
            elif self._is_wanted(channel, row, at):
                yield self._message(channel, row, at, inside.where(name))

    def _is_wanted(self, channel: Channel, row: Mapping[str, Any], at: datetime) -> bool:
        if at > self.window.now:
            why = f"messages later than {_clock(self.window.now, self.window)}"
        elif at < self.window.since:
            why = f"messages from before {_clock(self.window.since, self.window)}"
        elif _text(row.get("subtype")) in GONE or row.get("hidden"):
            why = "deleted messages"
        elif (channel.id, _word(row["ts"])) in self.seen:
            why = "messages that stand there twice"
        else:
            self.seen.add((channel.id, _word(row["ts"])))
            return True
        self.left_out[why] += 1
        return False

    def _message(self, channel: Channel, row: Mapping[str, Any], at: datetime, where: str) -> Message:
        stamp = _word(row["ts"])
        author, side, bot = self._author(row)
        text = plain(shown_text(row), self.workspace.name)
        party = self.parties.setdefault(channel.id, self.workspace.party(channel))
        if party == NOBODY and side == "theirs":
            party = Party(domain=domain_of(author.email))
        return Message(
            ref=Ref(source=self.source, kind="chat", id=f"{channel.id}:{stamp}", where=where),
            party=party,
            thread=f"{channel.id}:{_word(row.get('thread_ts')) or stamp}",
            at=at,
            author=author,
            mentions=tuple(self._person(named, label) for named, label in mentions(row) if named != author.id),
            medium="chat",
            place=self.workspace.place(channel),
            outside={"ours": False, "theirs": True}.get(side),
            automated=bot or _text(row.get("subtype")) not in BY_PEOPLE,
            closes=closes(text) or self._is_marked_done(row, author.id),
            excerpt=clean(text, EXCERPT),
        )

    def _author(self, row: Mapping[str, Any]) -> tuple[Person, Side, bool]:
        """Who wrote a message, on which side, and whether that is a bot. What the list lacks, the message may tell."""
        login = _word(row.get("user"))
        user = self.workspace.users.get(login)
        bot = bool(row.get("bot_id")) or row.get("subtype") == "bot_message" or login == "USLACKBOT"
        side = self.workspace.side(login)
        if user:
            return user.person, side, bot or user.bot
        profile = _object(row.get("user_profile"))
        team = _word(row.get("user_team") or profile.get("team") or row.get("team"))
        home, _ = self.workspace.home
        if profile.get("is_restricted") or profile.get("is_ultra_restricted") or (team and home and team != home):
            side = "theirs"
        names = (
            profile.get("real_name"), profile.get("display_name"), profile.get("name"),
            _object(row.get("bot_profile")).get("name"), row.get("username"),
        )  # fmt: skip
        name = next((name for one in names if (name := clean(_text(one), NAME))), "")
        email = email_in(_text(profile.get("email")))
        login = login or _word(row.get("bot_id"))
        return Person(name=name or ("" if email or login else "unknown"), email=email, id=login), side, bot

    def _person(self, id: str, label: str) -> Person:
        user = self.workspace.users.get(id)
        return user.person if user else Person(name=clean(label, NAME).lstrip("@"), id=_word(id))

    def _is_marked_done(self, row: Mapping[str, Any], author: str) -> bool:
        """Whether somebody of ours, not the author, put a reaction on it that means it is dealt with."""
        reactions = row.get("reactions")
        for reaction in reactions if isinstance(reactions, list) else ():
            users = _object(reaction).get("users")
            if _text(_object(reaction).get("name")).partition("::")[0] not in self.done or not isinstance(users, list):
                continue
            if any(_word(one) != author and self.workspace.side(_word(one)) == "ours" for one in users):
                return True
        return False


def moment(stamp: Any) -> datetime | None:
    """A Slack timestamp, seconds and six digits; never through a float, which would lose the last digit."""
    found = re.fullmatch(r"(\d{9,11})(?:\.(\d{1,6}))?", _word(stamp))
    if not found:
        return None
    return datetime.fromtimestamp(int(found[1]), UTC) + timedelta(microseconds=int((found[2] or "").ljust(6, "0")))


def _word(value: Any) -> str:
    """An id or number as text without anything that does not print; old exports write numbers as strings."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return clean(str(value), 120).replace(" ", "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _clock(at: datetime, window: Window) -> str:
    local = at.astimezone(window.zone)
    return f"{local:%A} {local.day} {local:%B %Y %H:%M}"


# --- recognition ----------------------------------------------------------------------------------------------------


def recognise(sample: Sample) -> Recognition | None:
    """A ZIP or folder with Slack's lists in it."""
    offer = Recognition(use="slack_export")
    if sample.path.is_dir():
        return offer if "users.json" in sample.names and "channels.json" in sample.names else None
    if not sample.head.startswith(b"PK\x03\x04"):
        return None
    try:
        archive = open_archive(sample.path)
    except FileProblem:
        # A cut export still begins with its first lists: reading it says that it is cut.
        hinted = any(name.encode() in sample.head for name in (*LISTS, *PEOPLE))
        return Recognition(use="slack_export", sure=0.8) if hinted else None
    try:
        Inside(archive)
    except FileProblem:
        return None
    finally:
        archive.close()
    return offer

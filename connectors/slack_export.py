"""Slack's own export: the ZIP as it was downloaded, or the folder it was unpacked to.

Settings
  path         the ZIP or folder
  max_bytes    unpacked bytes that are read at most
  done         reactions by which somebody of ours marks a message as dealt with
  ours         addresses and domains of guests who work for us; other guests count as the client's people

The ZIP is read member by member and never unpacked. Day files are chosen by name with a day to spare on each side (the
zone of their names is not documented) and messages by their own time.

What an export cannot show: private channels and direct messages, unless the plan and the owners allowed them. The
stream's name says which were in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from briefing.connector import Ignored, Mark, Recognition, Sample, Skipped, Stream, Window
from briefing.errors import FileProblem
from briefing.facts import Fact, Message, Staff
from briefing.reading.archive import Archive, Limits, MemberProblem, open_archive
from briefing.reading.slackfacts import (
    DONE,
    Channel,
    Kind,
    People,
    Telling,
    User,
    clock,
    home_of,
    moment,
    read_channel,
    read_user,
    word,
)
from briefing.reading.text import NAME, clean

LISTS: Mapping[str, Kind] = {
    "channels.json": "channel", "groups.json": "channel", "mpims.json": "group", "dms.json": "direct",
}  # fmt: skip
PEOPLE = ("users.json", "org_users.json")
_DAY_FILE = re.compile(r"(?P<folder>[^/]+)/(?P<day>\d{4}-\d{2}-\d{2})\.json")


class SlackExport:
    """A workspace's messages and people from its export."""

    kinds: ClassVar[frozenset[type[Fact]]] = frozenset({Message, Staff})

    def __init__(
        self, *, source: str, path: str, max_bytes: int = 4_000_000_000, done: Sequence[str] = DONE,
        ours: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._source = source
        self._path = Path(path).expanduser()
        self._limits = Limits(total=max_bytes)
        self._done = frozenset(done)
        self._ours = frozenset(one.lower().lstrip("@") for one in ours)

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
            workspace = Workspace(Inside(archive), self._ours)
            telling = Telling(source=self._source, people=workspace.people, window=window, done=self._done)
            yield from Reading(workspace, telling).messages()
        finally:
            archive.close()

    def _people(self, window: Window, mark: Mark | None) -> Iterator[Staff | Skipped | Ignored]:
        archive = open_archive(self._path, self._limits)
        try:
            workspace = Workspace(Inside(archive), self._ours)
        finally:
            archive.close()
        yield from workspace.problems
        staff = list(workspace.people.staff(self._source, f"{archive.name}:users.json"))
        yield from staff
        if others := len(workspace.users) - len(staff):
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
    """People and channels."""

    inside: Inside
    ours: frozenset[str] = frozenset()
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
                if isinstance(row, dict) and word(row.get("id")):
                    yield row
                else:
                    problems.append(Skipped(f"{self.inside.where(name)}:{number}", "has no id"))
        except MemberProblem as problem:
            problems.append(Skipped(self.inside.where(name), str(problem)))

    @cached_property
    def people(self) -> People:
        """Who is who."""
        has_teams = any(user.team for user in self.users.values())
        return People(users=self.users, home=home_of(self.users.values()), has_teams=has_teams, ours=self.ours)


# --- messages -------------------------------------------------------------------------------------------------------


@dataclass
class Reading:
    """One pass over the day files."""

    workspace: Workspace
    telling: Telling

    @property
    def window(self) -> Window:
        """What is wanted."""
        return self.telling.window

    def messages(self) -> Iterator[Message | Skipped | Ignored]:
        """Every message within the window; what was left out is counted, what could not be read is told."""
        inside = self.workspace.inside
        yield from self.workspace.channel_problems
        for name in inside.archive.unsafe:
            yield Skipped(f"{inside.archive.name}:{name}", "has a name that leads out of the archive")
        for name in sorted(inside.members):
            if name.lower().endswith((".zip", ".gz", ".tar", ".7z", ".rar")):
                self.telling.left_out["archives within the archive"] += 1
            elif (found := _DAY_FILE.fullmatch(name)) and self._is_near(found["day"]):
                yield from self._day(name, found["folder"])
        for why, count in sorted(self.telling.left_out.items()):
            yield Ignored(count, why)

    def _is_near(self, day: str) -> bool:
        """Whether a day file can hold messages of the window, whatever zone its name is in."""
        try:
            named = date.fromisoformat(day)
        except ValueError:
            return True
        zone = self.window.zone
        if named < self.window.since.astimezone(zone).date() - timedelta(days=1):
            self.telling.left_out[f"day files from before {clock(self.window.since, self.window)}"] += 1
            return False
        if named > self.window.now.astimezone(zone).date() + timedelta(days=1):
            self.telling.left_out[f"day files later than {clock(self.window.now, self.window)}"] += 1
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
            elif self.telling.is_wanted(channel, row, at):
                yield self.telling.message(channel, row, at, where=inside.where(name))


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

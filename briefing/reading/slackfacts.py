"""Slack's people, conversations and messages as facts: shared by the export and by Slack's API.

Whose side somebody is on decides who waits for whom. Own team or own enterprise: ours. Guests carry our team's id
although most of them are clients: theirs, unless they are named as ours. Who is in no list and whose message names no
team: not known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from briefing.connector import Window
from briefing.facts import NOBODY, Message, Party, Person, Ref, Staff
from briefing.reading.closing import closes
from briefing.reading.headers import domain_of, email_in
from briefing.reading.slacktext import mentions, plain, shown_text
from briefing.reading.text import EXCERPT, NAME, clean

DONE = ("white_check_mark", "heavy_check_mark", "ballot_box_with_check")
SEEN = ("eyes", "+1", "thumbsup", "thumbsup_all", "ok_hand")

BY_PEOPLE = frozenset({"", "thread_broadcast", "file_share", "me_message"})
"""Subtypes a person writes. All others are bots or the channel speaking of itself; new ones appear, so what counts is
listed and not what does not."""

GONE = frozenset({"tombstone", "message_deleted", "message_changed", "message_replied"})
NOTICES = frozenset(
    f"{kind}_{what}"
    for kind in ("channel", "group")
    for what in ("join", "leave", "topic", "purpose", "name", "archive", "unarchive", "posting_permissions")
) | {"bot_add", "bot_remove", "pinned_item", "channel_convert_to_private", "reminder_add", "joiner_notification"}
"""What the channel says of itself. Further ones that appear are stated as automated."""

_CLIENT_CHANNEL = re.compile(
    r"^(?:client|clients|ext|external|cl|shared|customer|kunde)[-_]+(?=\w)|[-_](?:ext|external|shared)$"
)

Side = Literal["ours", "theirs", "unknown"]
Kind = Literal["channel", "group", "direct"]
"""`group` is a direct conversation of several people."""


# --- people ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person or bot as Slack lists them."""

    person: Person
    handle: str = ""
    team: str = ""
    enterprise: str = ""
    bot: bool = False
    guest: bool = False
    stranger: bool = False
    deleted: bool = False


def read_user(row: Mapping[str, Any]) -> User:
    """One user object, whatever is missing from it."""
    profile = an_object(row.get("profile"))
    handle = word(row.get("name"))
    # The full name first: a "Maya" alone could be one of ours or a client's.
    names = (profile.get("real_name"), row.get("real_name"), profile.get("display_name"), handle)
    return User(
        person=Person(
            name=next((name for one in names if (name := clean(text(one), NAME))), ""),
            email=email_in(text(profile.get("email"))),
            id=word(row.get("id")),
        ),
        handle=handle,
        team=word(row.get("team_id") or profile.get("team")),
        enterprise=word(an_object(row.get("enterprise_user")).get("enterprise_id")),
        bot=bool(row.get("is_bot") or row.get("is_workflow_bot")) or row.get("id") == "USLACKBOT",
        guest=bool(row.get("is_restricted") or row.get("is_ultra_restricted")),
        stranger=bool(row.get("is_stranger")),
        deleted=bool(row.get("deleted")),
    )


def home_of(users: Iterable[User]) -> tuple[str, str]:
    """Our own team and enterprise where nobody says them: those of most full members. Empty where none stands out."""
    members = [user for user in users if not (user.bot or user.guest or user.stranger)]
    return _most(user.team for user in members), _most(user.enterprise for user in members)


def _most(words: Iterator[str]) -> str:
    counted = Counter(word for word in words if word).most_common(2)
    if not counted or (len(counted) > 1 and counted[0][1] == counted[1][1]):
        return ""
    return counted[0][0]


@dataclass(kw_only=True)
class People:
    """Who is who in a workspace, and on which side."""

    users: dict[str, User] = field(default_factory=dict)
    """By id; somebody found later may be added."""

    home: tuple[str, str] = ("", "")
    """Our own team and enterprise."""

    has_teams: bool = True
    """False for old exports, which list the workspace's own members only, and no teams."""

    ours: frozenset[str] = frozenset()
    """Addresses and domains of guests who are on our side, in lower case."""

    not_seen: set[str] = field(default_factory=set)
    """Ids that were asked for and that Slack does not show."""

    group_names: Mapping[str, str] = field(default_factory=dict)
    group_members: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """User groups by id, where the source knows them."""

    def side(self, id: str) -> Side:
        """Whose side a known user is on: guests and people of other teams are not ours."""
        user = self.users.get(id)
        if user is None:
            return "unknown"
        if user.guest or user.stranger:
            email = user.person.email
            return "ours" if email and self.ours & {email, domain_of(email)} else "theirs"
        team, enterprise = self.home
        if not self.has_teams:
            return "ours"
        if not team or not user.team:
            return "unknown"
        return "ours" if user.team == team or (enterprise and user.enterprise == enterprise) else "theirs"

    def name(self, id: str) -> str:
        """A user's or group's printed name; empty where nobody knows."""
        user = self.users.get(id)
        return user.person.label if user else self.group_names.get(id, "")

    def person(self, id: str, label: str = "") -> Person:
        """Whom an id means; the label where nobody knows."""
        user = self.users.get(id)
        name = self.group_names.get(id) or label
        return user.person if user else Person(name=clean(name, NAME).lstrip("@"), id=word(id))

    def named(self, mentioned: Iterable[tuple[str, str]]) -> Iterator[Person]:
        """Everybody a text mentions; after a user group those who are in it."""
        for one, label in mentioned:
            yield self.person(one, label)
            for member in self.group_members.get(one, ()):
                yield self.person(member)

    def staff(self, source: str, where: str = "") -> Iterator[Staff]:
        """Our own people, those who left too."""
        for login, user in sorted(self.users.items()):
            if not user.bot and self.side(login) == "ours":
                yield Staff(
                    ref=Ref(source=source, kind="user", id=login, where=where),
                    person=user.person,
                    logins=(login, user.handle) if user.handle else (login,),
                    active=not user.deleted,
                )


# --- conversations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One conversation."""

    id: str
    kind: Kind
    name: str = ""
    members: tuple[str, ...] = ()
    shared: bool = False
    """With another organisation."""


def read_channel(row: Mapping[str, Any], kind: Kind) -> Channel:
    """One conversation object. What is shared with whom it does not say is taken as shared with outside."""
    members = row.get("members")
    is_ext, is_org = row.get("is_ext_shared") is True, row.get("is_org_shared") is True
    return Channel(
        id=word(row.get("id")),
        kind=kind,
        name=clean(text(row.get("name")), NAME),
        members=tuple(word(one) for one in members if word(one)) if isinstance(members, list) else (),
        shared=is_ext or (row.get("is_shared") is True and not is_org),
    )


def client_in(name: str) -> str:
    """The client a channel's name speaks of (`client-juniper`, `juniper-ext`); empty where it speaks of none."""
    bare = _CLIENT_CHANNEL.sub("", name)
    return bare if bare != name else ""


def place_of(channel: Channel, people: People) -> str:
    """A conversation as a reader would call it, each differently."""
    if channel.kind == "channel":
        return f"#{channel.name or channel.id}"
    names = sorted(people.name(one) or one for one in channel.members)
    return clean(f"the direct messages of {' and '.join(names)}", 200) if names else f"direct messages {channel.id}"


def party_of(channel: Channel, people: People) -> Party:
    """The client a channel belongs to, the same for each message in it: by its name, and by its outside members."""
    outside = [people.users[one] for one in channel.members if people.side(one) == "theirs"]
    outside = [user for user in outside if not user.bot]
    domains = {domain_of(user.person.email) for user in outside} - {""}
    domain = next(iter(domains)) if len(domains) == 1 else ""
    bare = _CLIENT_CHANNEL.sub("", channel.name) if channel.kind == "channel" else ""
    if outside or channel.shared or bare != channel.name:
        return Party(name=clean(bare, NAME), domain=domain) if bare or domain else NOBODY
    return NOBODY


# --- messages -------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Telling:
    """States the messages of one reading; counts what is left out."""

    source: str
    people: People
    window: Window
    done: frozenset[str] = frozenset(DONE)
    seen: frozenset[str] = frozenset(SEEN)
    left_out: Counter[str] = field(default_factory=Counter)
    told: set[tuple[str, str]] = field(default_factory=set)
    """Channel and time of what was stated."""

    parties: dict[str, Party] = field(default_factory=dict)

    def is_wanted(self, channel: Channel, row: Mapping[str, Any], at: datetime) -> bool:
        """Whether a message is to be stated; what is not is counted, what is counts as told."""
        subtype = text(row.get("subtype"))
        if at > self.window.now:
            why = f"messages later than {clock(self.window.now, self.window)}"
        elif at < self.window.since:
            why = f"messages from before {clock(self.window.since, self.window)}"
        elif subtype in GONE or row.get("hidden"):
            why = "deleted messages"
        elif subtype in NOTICES:
            why = "notices of joining, leaving and the like"
        elif (channel.id, word(row["ts"])) in self.told:
            why = "messages that stand there twice"
        else:
            self.told.add((channel.id, word(row["ts"])))
            return True
        self.left_out[why] += 1
        return False

    def message(
        self, channel: Channel, row: Mapping[str, Any], at: datetime, *, url: str = "", where: str = ""
    ) -> Message:
        """One message as a fact."""
        stamp = word(row["ts"])
        author, side, bot = self._author(row)
        said = plain(shown_text(row), self.people.name)
        party = self.parties.setdefault(channel.id, party_of(channel, self.people))
        if party == NOBODY and side == "theirs":
            party = Party(domain=domain_of(author.email))
        named = self.people.named((one, label) for one, label in mentions(row) if one != author.id)
        direct = channel.members if channel.kind != "channel" else ()
        return Message(
            ref=Ref(source=self.source, kind="chat", id=f"{channel.id}:{stamp}", url=url, where=where),
            party=party,
            thread=f"{channel.id}:{word(row.get('thread_ts')) or stamp}",
            at=at,
            author=author,
            to=tuple(self.people.person(one) for one in direct if one != author.id),
            mentions=tuple(dict.fromkeys(person for person in named if person != author)),
            medium="chat",
            place=place_of(channel, self.people),
            outside={"ours": False, "theirs": True}.get(side),
            automated=bot or text(row.get("subtype")) not in BY_PEOPLE,
            closes=closes(said) or self._is_marked(row, author.id, self.done),
            seen=self._is_marked(row, author.id, self.seen),
            excerpt=clean(said, EXCERPT),
        )

    def _others(self, channel: Channel, author: Person) -> tuple[Person, ...]:
        """To whom a message of a direct conversation is; in a channel nobody in particular."""
        if channel.kind == "channel":
            return ()
        return tuple(self.people.person(one) for one in channel.members if one != author.id)

    def _author(self, row: Mapping[str, Any]) -> tuple[Person, Side, bool]:
        """Who wrote a message, on which side, and whether that is a bot. What the list lacks, the message may tell."""
        login = word(row.get("user"))
        user = self.people.users.get(login)
        bot = bool(row.get("bot_id")) or row.get("subtype") == "bot_message" or login == "USLACKBOT"
        side = self.people.side(login)
        if user:
            return user.person, side, bot or user.bot
        profile = an_object(row.get("user_profile"))
        team = word(row.get("user_team") or profile.get("team") or row.get("team"))
        home, _ = self.people.home
        if profile.get("is_restricted") or profile.get("is_ultra_restricted") or (team and home and team != home):
            side = "theirs"
        names = (
            profile.get("real_name"), profile.get("display_name"), profile.get("name"),
            an_object(row.get("bot_profile")).get("name"), row.get("username"),
        )  # fmt: skip
        name = next((name for one in names if (name := clean(text(one), NAME))), "")
        email = email_in(text(profile.get("email")))
        login = login or word(row.get("bot_id"))
        return Person(name=name or ("" if email or login else "unknown"), email=email, id=login), side, bot

    def _is_marked(self, row: Mapping[str, Any], author: str, marks: frozenset[str]) -> bool:
        """Whether somebody of ours, not the author, put one of these reactions on it."""
        reactions = row.get("reactions")
        for reaction in reactions if isinstance(reactions, list) else ():
            users = an_object(reaction).get("users")
            if text(an_object(reaction).get("name")).partition("::")[0] not in marks or not isinstance(users, list):
                continue
            if any(word(one) != author and self.people.side(word(one)) == "ours" for one in users):
                return True
        return False


# --- values ---------------------------------------------------------------------------------------------------------


def moment(stamp: Any) -> datetime | None:
    """A Slack timestamp, seconds and six digits; never through a float, which would lose the last digit."""
    found = re.fullmatch(r"(\d{9,11})(?:\.(\d{1,6}))?", word(stamp))
    if not found:
        return None
    return datetime.fromtimestamp(int(found[1]), UTC) + timedelta(microseconds=int((found[2] or "").ljust(6, "0")))


def word(value: Any) -> str:
    """An id or number as text without anything that does not print; old exports write numbers as strings."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return clean(str(value), 120).replace(" ", "")


def text(value: Any) -> str:
    """A text; empty for anything else."""
    return value if isinstance(value, str) else ""


def an_object(value: Any) -> Mapping[str, Any]:
    """An object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def clock(at: datetime, window: Window) -> str:
    """`Thursday 19 November 2026 07:00`, in the window's zone."""
    local = at.astimezone(window.zone)
    return f"{local:%A} {local.day} {local:%B %Y %H:%M}"

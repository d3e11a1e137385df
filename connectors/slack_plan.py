"""What there is to read in a Slack workspace, in which order, and what is left out.

Clients' channels come first, then what is shared with others, direct messages, group messages and our own channels:
where the budget of calls ends, what matters least is not reached.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from briefing.errors import AuthError, BadAnswer, SourceError
from briefing.reading.slackfacts import (
    Channel,
    People,
    User,
    an_object,
    client_in,
    place_of,
    read_channel,
    read_user,
    text,
    word,
)
from briefing.reading.text import NAME, clean
from connectors.slack_calls import Calls, MissingScope, NotThere

FAMILIES: Mapping[str, tuple[str, str, str]] = {
    "public": ("public_channel", "channels", "public channels"),
    "private": ("private_channel", "groups", "private channels"),
    "direct": ("im", "im", "direct messages"),
    "group": ("mpim", "mpim", "group messages"),
}
"""The setting's word for a family of conversations: Slack's type, the first half of its scopes, our words for it."""

MUTED, NOT_CHANNELS = "muted conversations, by the setting `muted`", "channels left out by `not_channels`"
PEOPLE_PAGE, CONVERSATIONS_PAGE = 500, 999
"""Rows that are asked for at a time. A page may hold fewer without being the last."""

BOT = "a bot's token: it sees only the channels it was invited to and no direct messages, so Slack would look quiet"
KINDS_OF_TOKEN: Mapping[str, str] = {
    "xoxb-": BOT, "xoxe.xoxb-": BOT, "xapp-": "an app-level token, which reads no messages",
    "xoxc-": "a browser's session, which is not meant for programs", "xoxd-": "a browser's cookie",
    "xoxe-": "a refresh token", "xoxr-": "a refresh token",
}  # fmt: skip


def wrong_token(token: str) -> str:
    """Why a token cannot serve; empty where it may be a person's."""
    for prefix, what in KINDS_OF_TOKEN.items():
        if token.startswith(prefix):
            return f"this is {what}; use the User OAuth Token of your app, which begins with xoxp-"
    if not token.startswith(("xoxp-", "xoxe.xoxp-")):
        return "this is no token of a person; use the User OAuth Token of your app, which begins with xoxp-"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Whose token it is, where."""

    user: str
    name: str
    team: str
    team_name: str
    enterprise: str
    url: str
    """The workspace's address."""

    scopes: frozenset[str] | None
    """None: the answer did not say."""

    expires_in: int = 0
    """Seconds; 0: does not expire."""

    def may(self, scope: str) -> bool:
        """Whether the token has a scope, as far as is known."""
        return self.scopes is None or scope in self.scopes


def who_am_i(calls: Calls) -> Me:
    """One call of auth.test. Raises AuthError for a bot and for a token that is refused."""
    answer = calls.call("auth.test")
    row = an_object(answer.data)
    if row.get("bot_id"):
        raise AuthError(f"this is {BOT}", advice=f"use the user token of your app: briefing auth {calls.source}")
    scopes = answer.headers.get("x-oauth-scopes")
    me = Me(
        user=word(row.get("user_id")),
        name=clean(text(row.get("user")), 80),
        team=word(row.get("team_id")),
        team_name=clean(text(row.get("team")), 80),
        enterprise=word(row.get("enterprise_id")),
        url=clean(text(row.get("url")), 200),
        scopes=None if scopes is None else frozenset(part.strip() for part in scopes.split(",") if part.strip()),
        expires_in=row["expires_in"] if isinstance(row.get("expires_in"), int) else 0,
    )
    if not me.user or not me.team:
        raise SourceError("Slack does not say whose token this is", advice="try again")
    return me


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which conversations are read: the connector's settings."""

    types: tuple[str, ...] = tuple(FAMILIES)
    channels: tuple[str, ...] = ()
    """Names or patterns (`client-*`); empty: all that the person is in."""

    not_channels: tuple[str, ...] = ()
    muted: bool = True
    ours: tuple[str, ...] = ()

    def takes(self, name: str, id: str) -> bool:
        """Whether a channel is among those named, if any are."""
        return not self.channels or _named(self.channels, name, id)

    def refuses(self, name: str, id: str) -> bool:
        """Whether a channel is left out by name."""
        return _named(self.not_channels, name, id)


def _named(patterns: Sequence[str], name: str, id: str) -> bool:
    return any(fnmatchcase(name, pattern.lstrip("#")) or pattern == id for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation to be read."""

    channel: Channel
    scope: str
    """Its name in coverage and gaps, unlike any other's."""


@dataclass(kw_only=True)
class Plan:
    """Everything a collect goes by."""

    me: Me
    people: People
    listed: frozenset[str] = frozenset()
    """Ids of everybody in Slack's list of people."""

    groups_of_mine: frozenset[str] = frozenset()
    conversations: list[Conversation] = field(default_factory=list)
    not_allowed: dict[str, SourceError] = field(default_factory=dict)
    """Families of conversations that could not be listed, and why."""

    found_threads: dict[str, dict[str, str]] = field(default_factory=dict)
    """Per conversation starts of threads that a search found, with the time of what it found."""

    notes: list[str] = field(default_factory=list)
    """What is to be said of the whole."""

    problems: list[tuple[str, str]] = field(default_factory=list)
    """What of the lists could not be read: where, and why."""

    unreadable: list[str] = field(default_factory=list)
    """Conversations of which the list does not say enough to read them, by their names."""

    not_found: list[str] = field(default_factory=list)
    """Channels that are named in the settings and not among the person's."""

    left_out: Counter[str] = field(default_factory=Counter)
    place: str = "Slack"


def make_plan(calls: Calls, choice: Choice) -> Plan:
    """Who is there and what they talk in: five calls for a small agency. Raises SourceError."""
    me = who_am_i(calls)
    problems: list[tuple[str, str]] = []
    people = people_of(calls, me, choice, problems)
    plan = Plan(me=me, people=people, listed=frozenset(people.users), problems=problems)
    plan.groups_of_mine = _groups(calls, plan)
    rows = _listed(calls, choice, plan)
    look_up(calls, people, sorted(word(row.get("user")) for row in rows if row.get("is_im")))
    _choose(rows, choice, plan)
    plan.place = _place(choice, plan)
    return plan


def people_of(calls: Calls, me: Me, choice: Choice, problems: list[tuple[str, str]]) -> People:
    """Everybody in the list. Without it nobody can tell a client from a colleague, so it is not optional."""
    if not me.may("users:read"):
        raise MissingScope("users:read", calls.source)
    users: dict[str, User] = {}
    for page in calls.pages("users.list", "members", "the list of people", limit=PEOPLE_PAGE):
        for row in page["members"]:
            user = read_user(an_object(row))
            if user.person.id:
                users.setdefault(user.person.id, user)
            else:
                problems.append(("the list of people", "somebody without an id"))
    ours = frozenset(one.lower().lstrip("@") for one in choice.ours)
    found = People(users=users, home=(me.team, me.enterprise), ours=ours)
    if found.side(me.user) == "unknown" or (not me.enterprise and users[me.user].team != me.team):
        raise BadAnswer("Slack's list of people does not know whose token this is")
    return found


def look_up(calls: Calls, people: People, ids: Iterable[str]) -> None:
    """Ask for people the list lacks, such as those of other organisations. Who cannot be seen stays unknown."""
    for one in ids:
        if one in people.users or one in people.not_seen or one[:1] not in {"U", "W"}:
            continue
        try:
            row = an_object(calls.call("users.info", user=one).data.get("user"))
        except NotThere:
            people.not_seen.add(one)
            continue
        user = read_user(row)
        if user.person.id == one:
            people.users[one] = user
        else:
            people.not_seen.add(one)


NO_GROUPS = "user groups were not readable, so mentions of groups are not told"
NO_SUCH_PLAN = "plan_upgrade_required"


def _groups(calls: Calls, plan: Plan) -> frozenset[str]:
    """Names and members of user groups; those that the person is in. Without them Slack is read, and what that costs
    is told; a plan that has no groups lacks nothing.
    """
    if not plan.me.may("usergroups:read"):
        plan.notes.append(f"{NO_GROUPS}: the scope usergroups:read is missing")
        return frozenset()
    try:
        rows = calls.call("usergroups.list", include_users=True).data.get("usergroups")
    except SourceError as error:
        if NO_SUCH_PLAN not in str(error):
            plan.notes.append(f"{NO_GROUPS}: {error}")
        return frozenset()
    names: dict[str, str] = {}
    members: dict[str, tuple[str, ...]] = {}
    for row in rows if isinstance(rows, list) else ():
        group = an_object(row)
        if key := word(group.get("id")):
            users, handle = group.get("users"), word(group.get("handle"))
            names[key] = f"@{handle or 'group'}"
            members[key] = tuple(word(one) for one in users if word(one)) if isinstance(users, list) else ()
    plan.people.group_names, plan.people.group_members = names, members
    return frozenset(key for key, users in members.items() if plan.me.user in users)


# --- the list of conversations --------------------------------------------------------------------------------------


def _listed(calls: Calls, choice: Choice, plan: Plan) -> list[Mapping[str, Any]]:
    """The person's conversations of all families at once; where a scope is missing, of each family that has its own."""
    families = []
    for name in choice.types:
        _, half, _ = FAMILIES[name]
        lacking = [scope for scope in (f"{half}:read", f"{half}:history") if not plan.me.may(scope)]
        if lacking:
            plan.not_allowed[name] = _lacks(" and ".join(lacking), name, calls.source)
        else:
            families.append(name)
    if not families:
        return []
    try:
        return _rows(calls, choice, plan, families)
    except MissingScope as error:
        if len(families) == 1:
            plan.not_allowed[families[0]] = _lacks(error.needed, families[0], calls.source)
            return []
    found: list[Mapping[str, Any]] = []
    for name in families:
        try:
            found += _rows(calls, choice, plan, [name])
        except MissingScope as error:
            plan.not_allowed[name] = _lacks(error.needed, name, calls.source)
    return found


def _lacks(scopes: str, family: str, source: str) -> MissingScope:
    error = MissingScope(scopes, source)
    error.advice += f'; or take "{family}" out of `types` of sources.{source}'
    return error


def _rows(calls: Calls, choice: Choice, plan: Plan, families: Sequence[str]) -> list[Mapping[str, Any]]:
    types = ",".join(FAMILIES[name][0] for name in families)
    rows = _page_rows(calls, types)
    if choice.muted:
        return rows
    # Slack tells which are muted only by leaving them out.
    loud = {word(row.get("id")) for row in _page_rows(calls, types, exclude_muted=True)}
    kept = [row for row in rows if word(row.get("id")) in loud]
    plan.left_out[MUTED] += len(rows) - len(kept)
    return kept


def _page_rows(calls: Calls, types: str, **more: Any) -> list[Mapping[str, Any]]:
    pages = calls.pages(
        "users.conversations", "channels", "the list of conversations", types=types, exclude_archived=True,
        limit=CONVERSATIONS_PAGE, **more,
    )  # fmt: skip
    rows = [row for page in pages for row in page["channels"]]
    if not all(isinstance(row, dict) for row in rows):
        raise BadAnswer("Slack's list of conversations holds something else")
    return rows


def _choose(rows: Sequence[Mapping[str, Any]], choice: Choice, plan: Plan) -> None:
    """Put what is to be read into the plan, most important first, each under a name of its own."""
    found: dict[str, tuple[tuple[object, ...], Channel]] = {}
    for row in rows:
        channel = _conversation(row, plan)
        if isinstance(channel, str):
            plan.unreadable.append(channel)
            continue
        if channel.id in found:
            continue
        if why := _why_not(row, channel, choice, plan):
            plan.left_out[why] += 1
            continue
        found[channel.id] = (_rank(channel, choice, plan), channel)
    scopes = Counter(place_of(channel, plan.people) for _, channel in found.values())
    for _, channel in sorted(found.values(), key=lambda one: one[0]):
        place = place_of(channel, plan.people)
        scope = place if scopes[place] == 1 else f"{place} ({channel.id})"
        plan.conversations.append(Conversation(channel=channel, scope=scope))
    names = {channel.name for _, channel in found.values()} | set(found)
    plan.not_found = [
        name for one in choice.channels if not set(name := one.lstrip("#")) & set("*?[") and name not in names
    ]


def _conversation(row: Mapping[str, Any], plan: Plan) -> Channel | str:
    """A conversation; where the row does not say what it is, only what to call it. Kinds are told apart in this order:
    flags and ids of old conversations contradict each other.
    """
    key, name, other = word(row.get("id")), clean(text(row.get("name")), NAME), word(row.get("user"))
    known = _is_channel_name(name)
    call_it = f"#{name}" if known else f"conversation {key or 'without an id'}"
    if not key:
        return call_it
    if row.get("is_im") is True:
        return read_channel({**row, "members": [plan.me.user, other]}, "direct") if other else call_it
    if row.get("is_mpim") is True:
        return read_channel({**row, "members": list(_in_name(name, plan))}, "group")
    if row.get("is_channel") is not True and row.get("is_group") is not True:
        return call_it
    if not known:
        plan.problems.append(("the list of conversations", f"{key} has no name"))
    return read_channel({**row, "members": [], "name": name if known else ""}, "channel")


def _is_channel_name(name: str) -> bool:
    """Whether a channel may be called so: letters of any script in lower case, digits, hyphens, underscores."""
    return bool(re.fullmatch(r"[\w-]+", name)) and name == name.lower()


def _in_name(name: str, plan: Plan) -> Iterator[str]:
    """Members by the name of a group conversation (`mpdm-ann--ben--cid-1`): good enough to call it by."""
    by_handle = {user.handle: key for key, user in plan.people.users.items() if user.handle}
    for handle in name.removeprefix("mpdm-").rpartition("-")[0].split("--"):
        if handle in by_handle:
            yield by_handle[handle]


def _why_not(row: Mapping[str, Any], channel: Channel, choice: Choice, plan: Plan) -> str:
    """Why a conversation is left out; empty where it is read."""
    if channel.kind == "direct":
        other = word(row.get("user"))
        user = plan.people.users.get(other)
        if other == plan.me.user:
            return "notes to oneself"
        if other == "USLACKBOT" or (user and user.bot):
            return "direct messages with apps"
        if row.get("is_user_deleted") or (user and user.deleted):
            return "direct messages with people who left"
        return ""
    if channel.kind == "group":
        return ""
    if choice.refuses(channel.name, channel.id):
        return NOT_CHANNELS
    if not choice.takes(channel.name, channel.id):
        return "channels that are not named under `channels`"
    return ""


def _rank(channel: Channel, choice: Choice, plan: Plan) -> tuple[object, ...]:
    """Clients' channels, other shared ones, direct messages, group messages, our own channels; then by name."""
    if channel.kind == "channel":
        is_clients = client_in(channel.name) or (choice.channels and channel.shared)
        first = 0 if is_clients else 1 if channel.shared else 4
    elif channel.kind == "direct":
        first = 1 if channel.shared or plan.people.side(channel.members[-1]) == "theirs" else 2
    else:
        first = 3
    return first, channel.name, channel.id


def _place(choice: Choice, plan: Plan) -> str:
    """Where was looked: all of Slack, or what of it."""
    read = [name for name in choice.types if name not in plan.not_allowed]
    words = [FAMILIES[name][2] for name in read]
    if choice.channels:
        words = ["chosen channels", *(FAMILIES[name][2] for name in read if name in {"direct", "group"})]
    elif {"public", "private"} <= set(read):
        words = ["channels", *(FAMILIES[name][2] for name in read if name in {"direct", "group"})]
    by_name = plan.left_out[NOT_CHANNELS]
    by_mute = plan.left_out[MUTED]
    without = [f"{by_name} channels" if by_name > 1 else "1 channel"] if by_name else []
    without += ["muted ones"] if by_mute else []
    if set(read) == set(FAMILIES) and not choice.channels and not without:
        return "Slack"
    parts = f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
    return f"Slack ({parts}{' without ' + ' and '.join(without) if without else ''})"

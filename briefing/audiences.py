"""Whom an edition is for: one configuration narrowed to one of its audiences. Pure.

Everything behind it knows one audience, its sources, its channels and its timetable: what is personal to somebody else
is not filtered out of a page, it is not there when the page is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from briefing import words
from briefing.config_problems import nearest
from briefing.deliver.channel_settings import AnyChannel, EmailChannel, FileChannel, GmailChannel
from briefing.deliver.slack_settings import PERSON, SlackChannel
from briefing.errors import UsageError
from briefing.sections import AudienceSection, ScheduleSection, SourceSection

OWN_KEYS = ("timezone", "time", "days_off")
"""What an audience may have of its own of `[schedule]`."""

MAIL = (EmailChannel, GmailChannel)

Audiences = Sequence[AudienceSection]


def find(audiences: Audiences, name: str) -> AudienceSection | None:
    """An audience by its name, whatever its case. Without a name the first. Raises UsageError."""
    if not name:
        return audiences[0] if audiences else None
    for one in audiences:
        if one.name.casefold() == name.casefold():
            return one
    names = [one.name for one in audiences if one.name]
    there = f"there are {words.listed(names)}" if names else "no audience has a name"
    raise UsageError(f'no audience is called "{name}"{nearest(name, names)}', advice=there)


def sources_of(one: AudienceSection | None, sources: Mapping[str, SourceSection]) -> dict[str, SourceSection]:
    """What this audience may see: its `sources`, else all; never what is personal to somebody else."""
    me = one.name.casefold() if one else ""
    chosen = one.sources if one else ()
    return {
        name: section
        for name, section in sources.items()
        if (not chosen or name in chosen) and section.personal_to.casefold() in {"", me}
    }


def sources_of_ladders(
    one: AudienceSection | None, sources: Mapping[str, SourceSection], *, personal: bool
) -> dict[str, SourceSection]:
    """What ladders are climbed on: everything that is personal to nobody; with `personal` the reader's own besides."""
    known = {"", one.name.casefold()} if one and personal else {""}
    return {name: section for name, section in sources.items() if section.personal_to.casefold() in known}


def channels_of(one: AudienceSection | None, audiences: Audiences, known: Mapping[str, AnyChannel]) -> tuple[str, ...]:
    """The names of its channels: those it claims, else all that nobody claims."""
    if one is not None and one.channels:
        return tuple(name for name in known if name in one.channels)
    claimed = {name for other in audiences for name in other.channels}
    return tuple(name for name in known if name not in claimed)


def schedule_of(one: AudienceSection | None, usual: ScheduleSection) -> ScheduleSection:
    """`[schedule]` with what the audience has of its own."""
    own = {key: value for key in OWN_KEYS if (value := getattr(one, key, None)) not in {None, ""}}
    return usual.model_copy(update=own)


def problems(
    audiences: Audiences, sources: Mapping[str, SourceSection], clients: Mapping[str, object],
    channels: Mapping[str, AnyChannel], base: Path = Path(),
) -> list[str]:  # fmt: skip
    """What is wrong between audiences, and between them and what they name."""
    return [
        *_names(audiences), *_unknown(audiences, sources, clients, channels), *_personal(audiences, sources, channels),
        *_shared(audiences, channels, base),
    ]  # fmt: skip


def _where(place: int, key: str) -> str:
    return f"audience.{place}.{key}"


def _names(audiences: Audiences) -> Iterator[str]:
    """Names and addresses tell audiences apart."""
    several = len(audiences) > 1
    for key, values in (
        ("name", [[one.name] if one.name else [] for one in audiences]),
        ("emails", [list(one.emails) for one in audiences]),
        ("logins", [[login for login in one.logins if PERSON.fullmatch(login)] for one in audiences]),
    ):
        taken: set[str] = set()
        for place, found in enumerate(values, 1):
            mine = {value.casefold() for value in found}
            for value in found:
                if value.casefold() in taken:
                    yield f'{_where(place, key)}: "{value}" is another audience\'s already'
            taken |= mine
            if several and key == "name" and not found:
                yield f"{_where(place, key)}: is missing; with several audiences each has a name of its own"


def _unknown(
    audiences: Audiences, sources: Mapping[str, object], clients: Mapping[str, object], channels: Mapping[str, object]
) -> Iterator[str]:
    for place, one in enumerate(audiences, 1):
        for key, table, known in (
            ("sources", "sources", sources), ("clients", "clients", clients), ("channels", "deliver", channels)
        ):  # fmt: skip
            for name in getattr(one, key):
                if name not in known:
                    yield f"{_where(place, key)}: there is no [{table}.{name}]{nearest(name, known)}"


def _personal(
    audiences: Audiences, sources: Mapping[str, SourceSection], channels: Mapping[str, AnyChannel]
) -> Iterator[str]:
    """A personal source belongs to one audience, whose mail goes to nobody else."""
    names = {one.name.casefold(): one for one in audiences if one.name}
    for name, section in sources.items():
        owner = section.personal_to
        if owner and owner.casefold() not in names:
            near = nearest(owner, [one.name for one in audiences])
            yield f'sources.{name}.personal_to: no audience is called "{owner}"{near}'
    for place, one in enumerate(audiences, 1):
        mine = one.name.casefold()
        personal = [name for name, section in sources.items() if mine and section.personal_to.casefold() == mine]
        for name in one.sources:
            owner = sources[name].personal_to if name in sources else ""
            if owner and owner.casefold() != mine:
                yield f"{_where(place, 'sources')}: {name} is personal to {owner}"
        own = {email.casefold() for email in one.emails}
        for channel in channels_of(one, audiences, channels) if personal else ():
            for to in _fixed(channels[channel]):
                if to.casefold() not in own and isinstance(channels[channel], MAIL):
                    yield f"deliver.{channel}.to: {to} would read {personal[0]}, which is personal to {one.name}"


def _fixed(channel: AnyChannel) -> tuple[str, ...]:
    """Whom a channel goes to, whoever it is for."""
    from briefing.deliver.mail import address

    if isinstance(channel, MAIL):
        return tuple(address(to).addr_spec for to in channel.to)
    return (channel.to,) if isinstance(channel, SlackChannel) and channel.to else ()


def _shared(audiences: Audiences, channels: Mapping[str, AnyChannel], base: Path) -> Iterator[str]:
    """What goes to one fixed place cannot be the channel of two audiences, nor two channels into one folder."""
    if len(audiences) < 2:
        return
    for place, one in enumerate(audiences, 1):
        if channels and not channels_of(one, audiences, channels):
            yield f"{_where(place, 'channels')}: is missing, and the others claim all; {one.name} would get nothing"
    users = {name: [one for one in audiences if name in channels_of(one, audiences, channels)] for name in channels}
    folders: Counter[Path] = Counter()
    for name, channel in channels.items():
        if not users[name]:
            yield f"deliver.{name}: every audience names its channels, and none of them this one"
        by_audience = isinstance(channel, (*MAIL, SlackChannel)) and not _fixed(channel)
        if len(users[name]) > 1 and not by_audience:
            who = words.listed(one.name or "the one without a name" for one in users[name])
            key = "to" if isinstance(channel, (*MAIL, SlackChannel)) else "use"
            yield f"deliver.{name}.{key}: goes to one place, and is the channel of {who}; give each channels of its own"
        if isinstance(channel, FileChannel) and users[name]:
            folder = (base / Path(channel.folder).expanduser()).resolve()
            folders[folder] += 1
            if folders[folder] == 2:
                yield f"deliver.{name}.folder: another channel writes there already"

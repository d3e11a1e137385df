"""What stands on the page, in order and in words, before any form lays it out.

Every form (Markdown, HTML, plain text, terminal) is made from one `Page`, so none can show another card, order or
number than the others. Nothing here is escaped; control and bidirectional characters are gone, and a link that is not
https or mailto with a host is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import TypeVar, cast
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from briefing import replies, words
from briefing.document import AdsTable, Appointment, Away, Briefing, CardDoc, Line, Link, OpenMatter
from briefing.reading.text import clean

T = TypeVar("T")

HAND = "To tell somebody: briefing hand ITEM NAME"
LONGEST = 100_000
"""Characters of one text after which it is cut, in every form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry of a list: paragraphs under a label."""

    label: str = ""
    first: bool = True
    """The first of its label; a form with columns leaves the label out of the others."""

    texts: tuple[str, ...]
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A meeting of the day."""

    time: str
    """`09:00`, or `all day`."""

    text: str
    open: tuple[OpenMatter, ...]
    remarks: tuple[str, ...]
    """`Nothing open with them.`, `Accelo: not checked today.`"""

    @property
    def open_text(self) -> str:
        """`3 proposal [n4qf]; October report [r6va]`; empty where nothing is open."""
        return "; ".join(f"{matter.text} [{matter.item}]" if matter.item else matter.text for matter in self.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What stands under one heading."""

    name: str
    urgent: bool = False
    """New today, and in the way of everything else: what could not be read."""

    summary: str = ""
    opening: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()
    ads: AdsTable | None = None
    ads_day: str = ""
    """`Wednesday`, the day that is compared; `the day` where nobody said."""

    ads_before: str = ""
    """`Tue`, or `day before`."""

    rows: tuple[Row, ...] = ()
    closing: tuple[str, ...] = ()
    left_out: int = 0
    """Entries that a form with a size limit dropped; it says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """A line at the end, with what to type after it."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One edition, ready to be laid out."""

    subject: str
    date: str
    reader: str
    """`Harbour Lane, for Maya`"""

    first_sentence: str
    """The second line's first sentence: what an inbox shows beside the subject."""

    second_rest: str
    full: tuple[CardDoc, ...]
    lines: tuple[CardDoc, ...]
    others: tuple[Row, ...]
    """The items that are in no card, where all were asked for."""

    more_line: str
    left_out: int
    """Items dropped by a form with a size limit."""

    sections: tuple[Section, ...]
    feet: tuple[Foot, ...]
    all_command: str
    """What shows everything."""

    answers: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    """Of each full card, by its id, what may be answered by mail. None where no answer would be read."""

    by_mail: str = ""
    """The same in a sentence, for a form without links."""

    @property
    def second_line(self) -> str:
        """The line under the date."""
        return words.sentence(self.first_sentence, self.second_rest)


def page(briefing: Briefing, *, all_items: bool = False, notice: str = "") -> Page:
    """The page of an edition. `all_items` lists what is otherwise counted per client; `notice` is said at the end."""
    briefing = cleaned(briefing)
    first, rest = _first_sentence(briefing.second_line)
    show_all = _command("briefing show --all", "", briefing.why_suffix)
    by_id = {item.id: item for item in briefing.items}
    more = [by_id[name] for name in briefing.more if name in by_id] if all_items else []
    return Page(
        subject=briefing.subject,
        date=_date(briefing),
        reader=_reader(briefing),
        first_sentence=first,
        second_rest=rest,
        full=tuple(_with_safe_links(card) for card in briefing.cards if card.full),
        lines=tuple(_with_safe_links(card) for card in briefing.cards if not card.full),
        others=tuple(Row(texts=(item.line,), item=item.id) for item in more),
        more_line="" if all_items else briefing.more_line,
        left_out=0,
        sections=_sections(briefing, notice),
        feet=_feet(briefing, show_all if briefing.more and not all_items else ""),
        all_command=show_all,
        answers=_answers(briefing),
        by_mail=_by_mail(briefing),
    )


def _answers(briefing: Briefing) -> dict[str, tuple[Link, ...]]:
    how = briefing.by_mail
    if how is None:
        return {}
    return {
        card.id: replies.links(
            card.id, address=how.address, workspace=briefing.workspace, until=how.until, today=briefing.date
        )
        for card in briefing.cards
        if card.full
    }


def _by_mail(briefing: Briefing) -> str:
    how = briefing.by_mail
    if how is None or not briefing.cards:
        return ""
    item = briefing.cards[0].id
    return replies.how_by_mail(item, address=how.address, workspace=briefing.workspace, until=how.until)


def shortened(one: Page, entries: int, characters: int = LONGEST) -> Page:
    """The page with at most so many entries in each list, the rest counted, and no text longer than a limit.

    Full cards stay, whatever the limits.
    """
    lines, others = one.lines[:entries], one.others[:entries]
    left_out = len(one.lines) - len(lines) + len(one.others) - len(others)
    sections = tuple(_shortened(section, entries) for section in one.sections)
    shorter = replace(one, lines=lines, others=others, left_out=left_out, sections=sections)
    return _each_text(shorter, lambda text: _cut(text, characters))


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"


def _shortened(section: Section, entries: int) -> Section:
    ads = section.ads and replace(section.ads, rows=section.ads.rows[:entries], notes=section.ads.notes[:entries])
    rows = tuple(replace(row, texts=row.texts[:entries]) for row in section.rows[:entries])
    shorter = replace(
        section, ads=ads, rows=rows, slots=section.slots[:entries], opening=section.opening[:entries],
        closing=section.closing[:entries],
    )  # fmt: skip
    return replace(shorter, left_out=_entries(section) - _entries(shorter))


def _entries(section: Section) -> int:
    """Everything that stands in a section's lists."""
    ads = len(section.ads.rows) + len(section.ads.notes) if section.ads else 0
    texts = sum(len(row.texts) for row in section.rows)
    return len(section.opening) + len(section.slots) + len(section.closing) + texts + ads


# --- text and links from outside -------------------------------------------------------------------------------------


def cleaned(record: T) -> T:
    """The same record with every text in one line and without control, format or bidirectional characters.

    Connectors clean what they state; this holds for editions that were kept by an older version or written by hand.
    """
    return _each_text(record, _plain)


def _plain(text: str) -> str:
    return text if text.isprintable() else clean(text, LONGEST)


def _each_text(value: T, change: Callable[[str], str]) -> T:
    """A record with a change made to every text in it, however deep."""
    if isinstance(value, str):
        return cast(T, change(value))
    if isinstance(value, tuple):
        return cast(T, tuple(_each_text(part, change) for part in value))
    if is_dataclass(value) and not isinstance(value, type):
        old = {each.name: getattr(value, each.name) for each in fields(value)}
        new = {name: _each_text(part, change) for name, part in old.items()}
        return value if new == old else cast(T, replace(value, **new))
    return value


def safe_url(url: str) -> str:
    """A link that may be clicked: https, or mailto, with a host; empty for every other.

    Refused with the rest: other schemes, `//host`, a login before the host (it passes for a host itself), hosts with
    letters beyond ASCII (look-alikes; a source can write punycode). Characters that end a link in some form are
    percent-encoded.
    """
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if not url.isprintable() or " " in url:
        return ""
    if parts.scheme == "mailto":
        known = re.fullmatch(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", parts.path)
        host = ""
    else:
        host = (parts.hostname or "") + port
        known = re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?", host)
        known = known if parts.scheme == "https" and parts.netloc.lower() == host else None
    if not known:
        return ""
    kept = "%/:=&?~+!$,;@-._"
    return urlunsplit(
        (parts.scheme, host, quote(parts.path, kept), quote(parts.query, kept), quote(parts.fragment, kept))
    )


def _with_safe_links(card: CardDoc) -> CardDoc:
    """Links that may be clicked; of the others file and line, or what they are called."""
    links = (replace(link, url=safe_url(link.url)) for link in card.links)
    named = (link if link.url else Link(text=link.where or link.text) for link in links)
    return replace(card, links=tuple(dict.fromkeys(named)))


# --- the head and the foot -------------------------------------------------------------------------------------------


def zone_of(briefing: Briefing) -> tzinfo | None:
    """The zone that times are told in; None: each in its own."""
    try:
        return ZoneInfo(briefing.timezone)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return briefing.compiled_at.tzinfo


def _clock(moment: datetime, briefing: Briefing) -> str:
    return words.clock(moment.astimezone(zone_of(briefing)))


def _date(briefing: Briefing) -> str:
    return f"{words.full_day(briefing.date)}, {_clock(briefing.compiled_at, briefing)}"


def _reader(briefing: Briefing) -> str:
    return ", ".join(part for part in (briefing.workspace, briefing.audience and f"for {briefing.audience}") if part)


def _first_sentence(text: str) -> tuple[str, str]:
    found = re.match(r"(.+?[.?])\s+(?=[A-Z0-9])(.*)", text)
    return (found[1], found[2]) if found else (text, "")


def _command(command: str, item: str, suffix: str) -> str:
    return " ".join(part for part in (command, item, suffix.strip()) if part)


def next_edition(briefing: Briefing) -> str:
    """`Friday 07:00`, or "the next edition" where nobody said when that is."""
    return briefing.next_edition or "the next edition"


def _feet(briefing: Briefing, show_all: str) -> tuple[Foot, ...]:
    feet = []
    if briefing.cards:
        why = _command(briefing.why_command, briefing.cards[0].id, briefing.why_suffix)
        feet.append(Foot(text=f"Order: what is lost before {next_edition(briefing)}.", command=why))
    if counts := _counts(briefing):
        feet.append(Foot(text=counts))
    if show_all:
        feet.append(Foot(text=f"All {words.count(len(briefing.items), 'item')}:", command=show_all))
    return tuple(feet)


def _counts(briefing: Briefing) -> str:
    """What the briefing rests on: `24 rules, 6,140 facts read 06:41 to 06:52.`."""
    parts = []
    if briefing.rules_total:
        rules = words.count(briefing.rules_run, "rule")
        parts.append(
            rules if briefing.rules_run == briefing.rules_total
            else f"{briefing.rules_run} of {words.count(briefing.rules_total, 'rule')} ran"
        )  # fmt: skip
    if briefing.facts_read:
        parts.append(f"{words.count(briefing.facts_read, 'fact')} read{_read_times(briefing)}")
    return f"{', '.join(parts)}." if parts else ""


def _read_times(briefing: Briefing) -> str:
    if briefing.read_from is None or briefing.read_to is None:
        return ""
    zone, today = zone_of(briefing), briefing.date
    first, last = briefing.read_from.astimezone(zone), briefing.read_to.astimezone(zone)
    texts = [_moment(moment, today) for moment in (first, last)]
    return f" {texts[0]}" if texts[0] == texts[1] else f" {texts[0]} to {texts[1]}"


def _moment(moment: datetime, today: date) -> str:
    """`06:43`, with the day before it when that is another one."""
    clock = words.clock(moment)
    return clock if moment.date() == today else f"{words.day(moment.date(), today)} {clock}"


# --- the sections ----------------------------------------------------------------------------------------------------


def _sections(briefing: Briefing, notice: str) -> tuple[Section, ...]:
    """In order; what is not set up or has nothing to say is left out.

    What was not read comes right after the cards on the day it is new, and last from then on.
    """
    first = _is_bad_morning(briefing)
    unread = _not_checked(briefing, urgent=first)
    failed = tuple(_labelled("", briefing.escalations_failed))
    found = (
        Section(name="Escalation failed", urgent=True, rows=failed, closing=(HAND,)) if failed else None,
        unread if first else None,
        _today(briefing),
        _since(briefing),
        _scorecard(briefing),
        _ads(briefing),
        _held(briefing),
        None if first else unread,
        _notes(briefing, notice),
    )
    return tuple(section for section in found if section is not None)


def _is_bad_morning(briefing: Briefing) -> bool:
    """A source is missing or old today, and that is new."""
    return any(
        source.status in {"missing", "stale"}
        and (any(gap.state == "new" for gap in source.gaps) if source.gaps else not source.told)
        for source in briefing.coverage
    )


def _not_checked(briefing: Briefing, *, urgent: bool) -> Section | None:
    rows = tuple(
        Row(label=source[:1].upper() + source[1:], texts=tuple(texts))
        for source, texts in briefing.coverage_lines
        if texts
    )
    return Section(name="Not checked", urgent=urgent, rows=rows) if rows else None


def _today(briefing: Briefing) -> Section | None:
    agenda = briefing.agenda
    if not agenda.known:
        return None
    zone, today = zone_of(briefing), briefing.date
    out = ", ".join(_out(away, today) for away in agenda.away)
    return Section(
        name="Today",
        summary=agenda.summary,
        opening=(f"Out: {out}.",) if out else (),
        slots=tuple(_slot(appointment, zone) for appointment in agenda.appointments),
        closing=tuple(text for text in (agenda.tomorrow, *agenda.notes) if text),
    )


def _out(away: Away, today: date) -> str:
    """`Janine (until Monday)`; who is back on the next day is out today."""
    back_tomorrow = away.until <= today + timedelta(days=1)
    return f"{away.name} ({'today' if back_tomorrow else f'until {words.day(away.until, today)}'})"


def _slot(meeting: Appointment, zone: tzinfo | None) -> Slot:
    what = [meeting.title or "No title"]
    if not meeting.all_day:
        what.append(_length(meeting.ends - meeting.starts))
    if meeting.with_:
        what.append(f"with {words.some(meeting.with_, 3)}")
    quiet = ("Nothing open with them.",) if meeting.nothing_open and not meeting.open else ()
    return Slot(
        time="all day" if meeting.all_day else words.clock(meeting.starts.astimezone(zone)),
        text=words.sentence(", ".join(what) + ".", *meeting.problems),
        open=meeting.open,
        remarks=(*quiet, *meeting.unchecked),
    )


def _length(span: timedelta) -> str:
    """`30 min`, `60 min`, `2 h`: meetings are booked in minutes."""
    return f"{round(span.total_seconds() / 60)} min" if span <= timedelta(minutes=90) else words.hours(span)


def _labelled(label: str, entries: Iterable[Line | str]) -> list[Row]:
    rows = [
        Row(texts=(entry.text,), item=entry.item) if isinstance(entry, Line) else Row(texts=(entry,))
        for entry in entries
    ]
    return [replace(row, label=label, first=number == 0) for number, row in enumerate(rows)]


def _since(briefing: Briefing) -> Section | None:
    changes = briefing.changes
    rows = [
        *_labelled("Worse", changes.worse),
        *_labelled("Better", changes.better),
        *_labelled("Back", changes.back),
        *_labelled("Unchanged", changes.unchanged),
        *_labelled("Not checked", changes.unchecked),
        *_labelled("Resolved", briefing.resolved),
        *_labelled("Understood", briefing.understood),
        *_labelled("Not understood", briefing.not_understood),
        *_labelled("Decided", briefing.decided),
        *_labelled("Escalated", briefing.escalations),
    ]
    if not briefing.compared_with and not rows:
        return None
    name = f"Since {briefing.compared_with}" if briefing.compared_with else "Decided"
    return Section(name=name, summary=changes.summary, rows=tuple(rows), closing=changes.notes)


def _scorecard(briefing: Briefing) -> Section | None:
    card = briefing.scorecard
    if not (card.title or card.off or card.late):
        return None
    return Section(
        name="Scorecard", summary=card.title, rows=(*_labelled("Off", card.off), *_labelled("Late", card.late))
    )


def _ads(briefing: Briefing) -> Section | None:
    ads = briefing.ads
    if not (ads.title or ads.rows or ads.notes):
        return None
    before = ads.day and ads.day - timedelta(days=1)
    return Section(
        name="Ads", summary=ads.title, ads=ads, ads_day=f"{ads.day:%A}" if ads.day else "the day",
        ads_before=f"{before:%a}" if before else "day before",
    )  # fmt: skip


def _held(briefing: Briefing) -> Section | None:
    told = f"Muted: {words.count(briefing.muted_count, 'item')}." if briefing.muted_count else ""
    hidden = briefing.hidden_line or told  # an edition of an earlier version counted them alone
    rows = tuple(_labelled("", briefing.held))
    return Section(name="Held", rows=rows, closing=(hidden,) if hidden else ()) if rows or hidden else None


def _notes(briefing: Briefing, notice: str) -> Section | None:
    rows: Sequence[Row] = _labelled("", [*briefing.notices, *([notice] if notice else [])])
    return Section(name="Notes", rows=tuple(rows)) if rows else None

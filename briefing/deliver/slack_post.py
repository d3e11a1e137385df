"""The post of an edition in Slack and its thread, from the frozen briefing. Pure: same briefing, same bytes.

The post holds the cards in full; the thread the rest, in this order: further cards and the counts per client; the day
and what changed; scorecard and ads; held, not checked, the foot. Everything is `rich_text`, which Slack does not parse:
a name or a quoted word cannot become markup, a link or a ping. What Slack does parse (`text`: the notification, and the
whole post where blocks are refused) is escaped.

Limits (slack.md, section 15): 50 blocks a message, 150 characters a header, 3,000 a section, about 12,000 over all
blocks (undocumented), 4,000 of `text` where it is to be edited later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from briefing import words
from briefing.document import AdsTable, Briefing, CardDoc
from briefing.page import Page, Row, Section, page, shortened

SCHEMA = "slack-post/1"

MOST_BLOCKS = 45
LONGEST_HEADER = 150
LONGEST_BLOCK = 2_900
LONGEST_BLOCKS = 9_500
LONGEST_TEXT = 3_800
LONGEST_NOTIFICATION = 400
LONGEST_PIECE = 1_000
LONGEST_URL = 2_000
MOST_ENTRIES = 60
"""Entries of one list; the rest is counted."""

Style = Literal["", "bold", "italic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some text in one style, perhaps a link."""

    text: str
    style: Style = ""
    url: str = ""


Line = tuple[Piece, ...]
Paragraph = tuple[Line, ...]
"""Lines that stand together: one block, or several where it is long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: the post itself, or a reply in its thread."""

    title: str = ""
    """The header of the post; replies have none."""

    notification: str = ""
    """What a phone shows; empty: the first line."""

    paragraphs: tuple[Paragraph, ...]


def post_of(briefing: Briefing) -> bytes:
    """The post and its thread as they are fixed with the edition: for each message its blocks, and the same as text."""
    told = [sent for message in messages(briefing) for sent in _sent(message)]
    return json.dumps({"schema": SCHEMA, "messages": told}, ensure_ascii=False).encode()


def in_place_of(body: bytes, newer: bytes) -> bytes:
    """A newer post where an older one stands: each reply of it that the newer one has no use for says so."""
    told, before = json.loads(newer), json.loads(body)
    rest = Message(paragraphs=(((Piece(text="Nothing more here; the post was brought up to date."),),),))
    told["messages"] += list(_sent(rest)) * (len(before["messages"]) - len(told["messages"]))
    return json.dumps(told, ensure_ascii=False).encode()


def with_note(body: bytes, text: str) -> bytes:
    """A post with one reply more."""
    told = json.loads(body)
    told["messages"] += _sent(Message(paragraphs=tuple((_line(line),) for line in text.splitlines())))
    return json.dumps(told, ensure_ascii=False).encode()


def note_of(title: str, lines: Sequence[Sequence[tuple[str, str]]]) -> bytes:
    """A short message: a title in bold, then lines of pieces, each a text with its link or an empty string."""
    pieces = [tuple(Piece(text=text, url=url) for text, url in line) for line in lines]
    message = Message(notification=title, paragraphs=(((Piece(text=title, style="bold"),), *pieces),))
    return json.dumps({"schema": SCHEMA, "messages": list(_sent(message))[:1]}, ensure_ascii=False).encode()


def messages(briefing: Briefing) -> list[Message]:
    """The post, then the replies in their order; what has nothing to say is left out."""
    one = shortened(page(briefing), MOST_ENTRIES)
    groups = [_group(section) for section in one.sections]

    def told(number: int) -> list[Paragraph]:
        picked = (section for section, group in zip(one.sections, groups, strict=True) if group == number)
        return [paragraph for section in picked for paragraph in _section(section, one.all_command)]

    thread = [
        [*told(1), *_further(one)],
        told(2),
        told(3),
        [*told(4), *_foot(one)],
    ]
    replies = [Message(paragraphs=tuple(paragraphs)) for paragraphs in thread if paragraphs]
    return [_post(briefing, one), *replies]


def _group(section: Section) -> int:
    """The reply that a section stands in."""
    if section.urgent:
        return 1
    first = section.name.partition(" ")[0]
    return {"Today": 2, "Since": 2, "Decided": 2, "Scorecard": 3, "Ads": 3}.get(first, 4)


# --- the post --------------------------------------------------------------------------------------------------------


def _post(briefing: Briefing, one: Page) -> Message:
    head = _head(one.subject)
    told_already = one.first_sentence.rstrip(".") == head
    opening = [] if told_already else [(_line(one.second_line),)]
    counts = _counts(briefing, one)
    foot = words.sentence(counts, one.second_rest if told_already else "")
    day = f"{briefing.date:%A} {briefing.date.day} {briefing.date:%B}"
    return Message(
        title=f"{day}: {head}",
        notification=_notification(one),
        paragraphs=(*opening, *map(_card, one.full), *([(_line(foot),)] if foot else [])),
    )


def _head(subject: str) -> str:
    """What a subject says before it comes to the top matter: `3 to decide`."""
    return _undated(subject).partition(": ")[0]


def _undated(subject: str) -> str:
    return re.sub(r" \(\w{3} \d{1,2} \w{3}\)$", "", subject)


def _notification(one: Page) -> str:
    """The subject without its date, and what else stands in full: whole sentences, as many as there is room for."""
    subject = _undated(one.subject)
    # A subject that has a matter has the first card's.
    others = one.full[1:] if ": " in subject else one.full
    found = f"{_cut(subject, LONGEST_NOTIFICATION).rstrip('.')}."
    for card in others:
        longer = f"{found} {card.line}"
        if len(longer) > LONGEST_NOTIFICATION:
            break
        found = longer
    return found


def _counts(briefing: Briefing, one: Page) -> str:
    """Where the rest stands: `4 more in the thread, 11 more by client.`."""
    lines, more = len(one.lines) + one.left_out, len(briefing.more)
    parts = [f"{lines} more in the thread"] if lines else []
    if more:
        parts.append(f"{more} more by client" if lines else f"{more} by client in the thread")
    return f"{', '.join(parts)}." if parts else ""


def _card(card: CardDoc) -> Paragraph:
    last: list[Piece] = []
    if card.ask:
        last.append(Piece(text=f"Decide: {card.ask}", style="italic"))
    source = card.read or (card.links[0].text if card.links else "")
    url = card.links[0].url if card.links else ""
    if source:
        last.append(Piece(text=source, url=url))
    last += [Piece(text=link.text, url=link.url) for link in card.links[1:]]
    last.append(Piece(text=card.id))
    lines: list[Line] = [(Piece(text=f"{card.number}  {card.headline}", style="bold"),)]
    if card.body:
        lines.append(_line(" ".join(card.body)))
    return (*lines, _apart(last))


def _apart(pieces: Sequence[Piece]) -> Line:
    """Pieces with two spaces between them."""
    gap = Piece(text="  ")
    return tuple(part for number, piece in enumerate(pieces) for part in ((gap, piece) if number else (piece,)))


def _line(text: str, *, style: Style = "") -> Line:
    return (Piece(text=text, style=style),)


# --- the thread ------------------------------------------------------------------------------------------------------


def _further(one: Page) -> list[Paragraph]:
    """Cards of one line, and the counts per client."""
    lines: list[Line] = [
        (Piece(text=f"{card.number}", style="bold"), Piece(text=f"  {card.line}"), Piece(text=f"  {card.id}"))
        for card in one.lines
    ]
    if one.left_out:
        lines.append(_line(f"{words.count(one.left_out, 'more line')}: {one.all_command}"))
    if one.more_line:
        lines.append(_line(one.more_line))
    return [tuple(lines)] if lines else []


def _section(section: Section, all_command: str) -> Iterator[Paragraph]:
    title = Piece(text=section.name, style="bold")
    lines: list[Line] = [(title, Piece(text=f"  {section.summary}")) if section.summary else (title,)]
    lines += map(_line, section.opening)
    for slot in section.slots:
        opened = f"Open: {slot.open_text}." if slot.open else ""
        text = words.sentence(slot.text, opened, *slot.remarks)
        lines.append((Piece(text=slot.time, style="bold"), Piece(text=f"  {text}")))
    if section.ads:
        lines += map(_line, _ads(section.ads, section))
    for row in section.rows:
        lines += _row(row)
    lines += map(_line, section.closing)
    if section.left_out:
        lines.append(_line(f"{words.count(section.left_out, 'more line')}: {all_command}"))
    yield tuple(lines)


def _row(row: Row) -> list[Line]:
    label = (Piece(text=f"{row.label}  ", style="italic"),) if row.label else ()
    lines: list[Line] = [_line(text) for text in row.texts]
    lines[:1] = [(*label, *lines[0])]
    lines[-1:] = [(*lines[-1], Piece(text=f"  {row.item}"))] if row.item else lines[-1:]
    return lines


def _ads(ads: AdsTable, section: Section) -> Iterator[str]:
    """A row of the table as a line: a phone has no room for ten columns."""
    for row in ads.rows:
        day = f"{section.ads_day[:1].upper()}{section.ads_day[1:]}"
        yield (
            f"{row.verdict}: {row.account}, {row.cpl} per lead in 7 days, usual {row.cpl_usual}; {row.leads} leads, "
            f"usual {row.leads_usual}. {day} against {section.ads_before} {row.day_before}, week {row.week_before}, "
            f"median {row.median}. Edits in 7 days: {row.edits}."
        )
    yield from ads.notes


def _foot(one: Page) -> list[Paragraph]:
    lines = [_line(" ".join(part for part in (foot.text, foot.command) if part)) for foot in one.feet]
    lines += [_line(one.reader)] if one.reader else []
    return [tuple(lines)] if lines else []


# --- as Slack takes it -----------------------------------------------------------------------------------------------


def _sent(message: Message) -> Iterator[dict[str, Any]]:
    """A message within the limits; what does not fit into it follows as further replies."""
    title = _cut(message.title, LONGEST_HEADER)
    header = [{"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}] if title else []
    for number, part in enumerate(_parts(message.paragraphs, LONGEST_BLOCKS, MOST_BLOCKS - 1)):
        heading = [message.title] if number == 0 and message.title else []
        told = message.notification if number == 0 else ""
        yield {
            "text": escaped(_cut(told or _words(part[0][0]), LONGEST_NOTIFICATION)),
            "blocks": [*(header if number == 0 else ()), *map(_block, part)],
            "plain": list(_chunks([*heading, *("\n".join(map(_plain, one)) for one in part)])),
        }


def _parts(paragraphs: Iterable[Paragraph], characters: int, blocks: int) -> Iterator[list[Paragraph]]:
    """Paragraphs of at most one block each, in as many messages as they need; at least one."""
    found: list[Paragraph] = []
    size = 0
    for paragraph in (part for whole in paragraphs for part in _fitting(whole)):
        length = _length(paragraph)
        if found and (size + length > characters or len(found) == blocks):
            yield found
            found, size = [], 0
        found.append(paragraph)
        size += length
    yield found or [(_line(" "),)]


def _fitting(paragraph: Paragraph) -> Iterator[Paragraph]:
    """A paragraph in blocks that are not too long, parted between lines."""
    found: list[Line] = []
    for line in (tuple(map(_short, line)) for line in paragraph):
        if found and _length((*found, line)) > LONGEST_BLOCK:
            yield tuple(found)
            found = []
        found.append(_first(line, LONGEST_BLOCK))
    if found:
        yield tuple(found)


def _first(line: Line, characters: int) -> Line:
    """The pieces of a line that fit into a block; the last one is what it is found by, and stays."""
    if _length((line,)) <= characters:
        return line
    kept: list[Piece] = []
    room = characters - len(line[-1].text) - len(line[-1].url) - 2
    for piece in line[:-1]:
        room -= len(piece.text) + len(piece.url)
        if room < 0:
            break
        kept.append(piece)
    return (*kept, Piece(text="… "), line[-1])


def _length(paragraph: Paragraph) -> int:
    return sum(len(piece.text) + len(piece.url) for line in paragraph for piece in line) + len(paragraph)


def _short(piece: Piece) -> Piece:
    url = piece.url if len(piece.url) <= LONGEST_URL else ""
    return replace(piece, text=_cut(piece.text, LONGEST_PIECE), url=url)


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"


def _block(paragraph: Paragraph) -> dict[str, Any]:
    """One block; nothing in it is parsed, so nothing in it is escaped."""
    elements = []
    for number, line in enumerate(paragraph):
        elements += [_text("\n")] if number else []
        elements += [_element(piece) for piece in line if piece.text]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def _element(piece: Piece) -> dict[str, Any]:
    if piece.url:
        return {"type": "link", "url": piece.url, "text": piece.text}
    return _text(piece.text) | ({"style": {piece.style: True}} if piece.style else {})


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


# --- as text ---------------------------------------------------------------------------------------------------------


def escaped(text: str) -> str:
    """Text where Slack looks for its own signs: nothing in it mentions, pings or links.

    `@here` pings nobody as Slack is asked (`parse` none, `link_names` off); a word joiner holds where an old client
    looks for it all the same.

    >>> escaped("<!channel> & <@U1>")
    '&lt;!channel&gt; &amp; &lt;@U1&gt;'
    >>> escaped("@here") == "@here"
    False
    """
    told = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"@(?=(?:here|channel|everyone|group)\b)", "@\N{WORD JOINER}", told, flags=re.IGNORECASE)


def _words(line: Line) -> str:
    return "".join(piece.text for piece in line).strip()


def _plain(line: Line) -> str:
    """A line without styles, a link's address behind its text."""
    return "".join(f"{piece.text} ({piece.url})" if piece.url else piece.text for piece in line)


def _chunks(paragraphs: Iterable[str]) -> Iterator[str]:
    """Paragraphs as escaped text in as few messages as take them, each short enough to be edited later."""
    found = ""
    for line in "\n\n".join(paragraphs).split("\n"):
        for piece in _pieces(line):
            longer = f"{found}\n{piece}" if found else piece
            if len(longer) > LONGEST_TEXT:
                yield found.strip()
                longer = piece
            found = longer
    if found.strip():
        yield found.strip()


def _pieces(line: str) -> Iterator[str]:
    """A line, escaped, in pieces that fit: no sign is cut in two."""
    step = LONGEST_TEXT // 6  # an escaped character takes at most five
    for begin in range(0, max(len(line), 1), step):
        yield escaped(line[begin : begin + step])

"""One reading of a mailbox over one connection: which mails there are, which are new, and the words of these."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from briefing.connector import Gone, Ignored, Mark, Skipped, Window
from briefing.errors import MarkExpired, SourceError
from briefing.facts import Message, Ref
from briefing.reading.headers import (
    HEADER_LIMIT,
    Headers,
    addresses,
    domain_of,
    read_date,
    read_headers,
    sent_at,
    split,
)
from briefing.reading.mail import Origin, read_mail, subject_of
from briefing.reading.mailsurvey import JOINED_THROUGH, Parties, Slip, is_from, slip_of
from briefing.reading.mime import Leaf
from connectors.imap_boxes import Box, Boxes
from connectors.imap_parts import item, put_together, sections, wanted
from connectors.imap_state import Before, Entry, Known, Place, Plan, State, before, mark_of, planned

if TYPE_CHECKING:
    from connectors.imap import Imap
    from connectors.imap_wire import Session

clock = time.monotonic

MORE = timedelta(days=2)
"""SEARCH knows days only, in the server's zone, and the day of arrival where we ask for that of writing."""

SLIPS, SMALL_ONES, LARGE_ONES = 250, 40, 20
"""Mails that are asked for at once: for their fields, whole, by their structure."""

SMALL = 64 * 1024
"""Bytes of a mail that is taken whole."""

FIELDS_READ = 32 * 1024
BEGINNING = 256 * 1024
"""Bytes taken of a large mail whose structure cannot be read."""

FOR_FIELDS = 0.6
"""Share of the budget after which no further fields are asked for, so that words are read as well."""

_ALWAYS = "DATE FROM SENDER REPLY-TO TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES"
_RECENT = f"{_ALWAYS} RECEIVED RETURN-PATH BCC LIST-POST DELIVERED-TO X-ORIGINAL-TO ENVELOPE-TO"

NOT_SENT = "shows no sent mail, so answers are not known; name its folder in sent_folder, or say sent = true"
NO_OWNER = 'does not show whose mailbox it is; say owner = "name@your-domain" so that answers are known'

Things = Iterator[Message | Gone | Skipped | Ignored | Mark]


class Reading:
    """What is known while it goes on. For one thread."""

    def __init__(self, imap: Imap, session: Session, window: Window, *, until: float) -> None:
        self.imap, self.session, self.window = imap, session, window
        self.began, self.until = clock(), until
        self.state = State(owner=imap.owner, since=window.since, now=window.now)
        self.boxes: Mapping[str, Box] = {}
        self.parties = Parties()
        self.authors: list[tuple[Entry, str]] = []
        """Who wrote new mails: decides what is the owner's where that is found out from the mails."""

        self.sizes: dict[tuple[str, int], int] = {}
        self.unreached = 0
        self.skipped = 0
        self.orphans = False
        self.has_sent = imap.sent is True

    def run(self, mark: Mark | None) -> Things:
        """Everything new, changed and gone since the mark; everything without one. Raises SourceError, MarkExpired."""
        past = before(mark) if mark else None
        if past is not None and past.state.since > self.window.since:
            raise MarkExpired("it knows less of the past")
        if past is not None:
            self.state.owner = past.state.owner or self.imap.owner
        boxes = self.imap.boxes(self.session)
        self.boxes = {_key(box.name): box for box in boxes.read}
        for thing in self._all(boxes, past):
            self.skipped += isinstance(thing, Skipped)
            yield thing
        yield mark_of(self.state, self._names(), so_far=self.skipped > 0, headings=self.orphans)

    def _all(self, boxes: Boxes, past: Before | None) -> Iterator[Message | Gone | Skipped | Ignored]:
        yield from (Skipped(shown, "too many folders; name those that matter in folders") for shown in boxes.unread)
        for box in boxes.read:
            yield from self._survey(box, past)
        self._settle_owner()
        plan = planned(self.state, self._names(), self.window)
        self.orphans = plan.sorting.orphans
        if past is not None and self.orphans and not past.headings:
            raise MarkExpired("it knows no headings")
        yield from self._stated(plan, past)
        yield from self._accounts(boxes, plan)

    def _names(self) -> list[tuple[str, str]]:
        """Sent mail first: of a mail to oneself the copy is told that nobody else can have put there."""
        ordered = sorted(self.boxes.items(), key=lambda each: each[1].role != "sent")
        return [(name, box.shown) for name, box in ordered]

    def _entries(self) -> Iterator[Entry]:
        for known in self.state.boxes.values():
            yield from known.entries.values()

    # --- which mails there are -------------------------------------------------------------------------------------

    def _survey(self, box: Box, past: Before | None) -> Iterator[Skipped]:
        """What lies in a folder; of new mails a slip. Raises MarkExpired where its numbers have changed."""
        name = _key(box.name)
        old = past.state.boxes.get(name) if past else None
        told = self.session.examine(box.name)
        if isinstance(told, str):
            if box.role == "inbox":
                raise SourceError(
                    f"{self.imap.host} does not open the inbox: {told}", advice="try again; ask the provider"
                )
            if old is not None:
                self.state.boxes[name] = old
            yield Skipped(box.shown, f"cannot be opened: {told}" if told else "cannot be opened")
            return
        known = Known(
            validity=_number(told, b"UIDVALIDITY"), next=_number(told, b"UIDNEXT"), exists=_number(told, b"EXISTS"),
            modseq=_number(told, b"HIGHESTMODSEQ"),
        )  # fmt: skip
        if old is not None and (not known.validity or known.validity != old.validity):
            raise MarkExpired(f"the numbers of {box.shown} have changed")
        self.state.boxes[name] = known
        self.has_sent |= box.role == "sent"
        if old is not None and _is_as_it_was(known, old):
            known.entries, known.hidden = old.entries, old.hidden
        else:
            self._look_through(box, known, old)

    def _look_through(self, box: Box, known: Known, old: Known | None) -> None:
        """Which mails a folder holds now, newest first, and slips of those that are new."""
        if not known.exists:
            return
        horizon = self._day(JOINED_THROUGH)
        every = self.session.search("SINCE", horizon)
        here = self.session.search("SINCE", horizon, "UNDELETED", "UNDRAFT") if every else []
        known.hidden = len(every) - len(here)
        kept = old.entries if old else {}
        known.entries = {uid: kept[uid] for uid in here if uid in kept}
        new = sorted(set(here) - kept.keys(), reverse=True)
        recent = set(new)
        if len(new) > SLIPS:
            recent &= set(self.session.search("SINCE", self._day(timedelta()), "UNDELETED", "UNDRAFT"))
        for uids, fields in (
            ([uid for uid in new if uid in recent], _RECENT), ([uid for uid in new if uid not in recent], _ALWAYS),
        ):  # fmt: skip
            for at in range(0, len(uids), SLIPS):
                if clock() > self.began + (self.until - self.began) * FOR_FIELDS:
                    self.unreached += len(uids) - at
                    known.modseq = 0  # what was not looked at is no reason to look no more
                    break
                self._slips(box, known, uids[at : at + SLIPS], fields)

    def _slips(self, box: Box, known: Known, uids: Sequence[int], fields: str) -> None:
        rows = self.session.fetch(
            uids, "INTERNALDATE", "RFC822.SIZE", f"BODY.PEEK[HEADER.FIELDS ({fields})]<0.{FIELDS_READ}>"
        )
        for uid in uids:
            if uid in rows:
                known.entries[uid] = self._entry(box, uid, rows[uid], recent=fields is _RECENT)
        for uid in self._still_there([uid for uid in uids if uid not in rows]):
            nothing = Slip("", (), self.window.now)
            known.entries[uid] = Entry(uid=uid, slip=nothing, bad="was not given by the server")

    def _still_there(self, uids: Sequence[int]) -> list[int]:
        """Of mails that the server did not give: those that it has all the same."""
        if not uids:
            return []
        from connectors.imap_wire import joined

        return [uid for uid in self.session.search("UID", joined(uids)) if uid in set(uids)]

    def _entry(self, box: Box, uid: int, row: Mapping[bytes, Any], *, recent: bool) -> Entry:
        raw = _text(row, b"BODY[HEADER.FIELDS")
        headers = read_headers(split(raw)[0])
        arrived = _moment(row.get(b"INTERNALDATE"))
        at = self._written(headers, arrived, recent=recent)
        if at is None:
            return Entry(uid=uid, slip=Slip("", (), self.window.now), bad="has no date that can be read")
        entry = Entry(uid=uid, slip=slip_of(headers, at), mine=is_from(headers, self.state.owner))
        if recent:
            people = {
                p.email or p.name.casefold() for name in ("from", "to", "cc") for p in addresses(headers.text(name))
            }
            entry.subject, entry.people = subject_of(headers), tuple(sorted(people))
            self.sizes[_key(box.name), uid] = _number(row, b"RFC822.SIZE")
            if not self.state.owner:
                self.parties.add(headers, sent=box.role == "sent")
                self.authors.append((entry, headers.text("from").lower()))
        return entry

    def _written(self, headers: Headers, arrived: datetime | None, *, recent: bool) -> datetime | None:
        """When a mail was written, as read from a file; of old mails the server's word for when they came serves in
        place of `Received`.
        """
        zone, since = self.window.zone, self.window.since
        if recent or arrived is None:
            return sent_at(headers, zone, before=since) or arrived
        stated = read_date(headers.text("date"), zone)
        late = stated is not None and stated >= since and stated - arrived > timedelta(days=1)
        return arrived if stated is None or late else stated

    def _settle_owner(self) -> None:
        if not self.state.owner:
            self.state.owner = self.parties.owner()
            for entry, author in self.authors:
                entry.mine = self.state.owner != "" and self.state.owner in author
        self.has_sent |= any(entry.mine for entry in self._entries())

    def _day(self, back: timedelta) -> date:
        return (self.window.since - back - MORE).astimezone(UTC).date()

    # --- what is stated ----------------------------------------------------------------------------------------------

    def _stated(self, plan: Plan, past: Before | None) -> Iterator[Message | Gone | Skipped]:
        """Mails that are new, lie elsewhere or are joined otherwise now, with their words; and what is gone."""
        told = _told_before(past, self.window) if past else {}
        for known_as in sorted(told.keys() - plan.places.keys()):
            yield Gone(self._ref(known_as))
        waiting: dict[str, list[str]] = defaultdict(list)
        for known_as, place in plan.places.items():
            if told.get(known_as) != place:
                waiting[place.box].append(known_as)
        for name in self.boxes:
            yield from self._words(name, waiting.get(name, []), plan, told)

    def _words(
        self, name: str, ids: Sequence[str], plan: Plan, told: Mapping[str, Place]
    ) -> Iterator[Message | Gone | Skipped]:  # fmt: skip
        """The mails of one folder, as far as the budget goes."""
        if ids and isinstance(self.session.examine(self.boxes[name].name), str):
            raise SourceError(f"{self.imap.host} does not open {self.boxes[name].shown} again", advice="try again")
        by_uid = {plan.places[known_as].uid: known_as for known_as in ids}
        for batch in self._batches(name, by_uid):
            if clock() > self.until:
                for uid in batch:
                    plan.entries[by_uid[uid]].pending = True
                    self.unreached += 1
                    if by_uid[uid] in told:  # stated as it was; as it is now it is not known
                        yield Gone(self._ref(by_uid[uid]))
                continue
            yield from self._batch(batch, by_uid, plan)

    def _ref(self, known_as: str) -> Ref:
        return Ref(source=self.imap.source, kind="mail", id=known_as)

    def _batches(self, name: str, uids: Iterable[int]) -> Iterator[list[int]]:
        """Small mails, then large ones, newest first."""
        small: list[int] = []
        large: list[int] = []
        for uid in uids:
            (large if self.sizes.get((name, uid), 0) > SMALL else small).append(uid)
        for one, most in ((small, SMALL_ONES), (large, LARGE_ONES)):
            yield from (one[at : at + most] for at in range(0, len(one), most))

    def _batch(self, uids: Sequence[int], by_uid: Mapping[int, str], plan: Plan) -> Iterator[Message | Skipped]:
        name = plan.places[by_uid[uids[0]]].box
        large = self.sizes.get((name, uids[0]), 0) > SMALL
        texts: dict[int, tuple[bytes, list[Leaf] | None]] = {}
        if not large:
            rows = self.session.fetch(uids, f"BODY.PEEK[]<0.{SMALL}>")
            texts = {uid: (_text(row, b"BODY[]"), None) for uid, row in rows.items()}
            # Sizes of mails that were read before are not kept: what fills the space was larger.
            uids_large = [uid for uid, (raw, _) in texts.items() if len(raw) >= SMALL]
        else:
            uids_large = list(uids)
        if uids_large:
            texts |= self._large(uids_large)
        there = set(self._still_there([uid for uid in uids if uid not in texts]))
        for uid in uids:
            entry, place = plan.entries[by_uid[uid]], plan.places[by_uid[uid]]
            if uid in texts:
                found = self._message(entry, place, *texts[uid])
                entry.bad = found.why if isinstance(found, Skipped) else ""
                entry.pending = False
                yield found
            elif uid in there:
                entry.bad = "was not given by the server"
                yield Skipped(_where(place), entry.bad)
            else:  # deleted since we looked
                del self.state.boxes[place.box].entries[uid]

    def _large(self, uids: Sequence[int]) -> dict[int, tuple[bytes, list[Leaf] | None]]:
        """Header and words of large mails."""
        head = f"BODY.PEEK[HEADER]<0.{HEADER_LIMIT}>"
        rows = self.session.structures(uids, head)
        if rows is None:
            rows = self.session.fetch(uids, f"BODY.PEEK[]<0.{BEGINNING}>")
            return {uid: (_text(row, b"BODY[]"), None) for uid, row in rows.items()}
        parts = {uid: sections(row.get(b"BODYSTRUCTURE")) for uid, row in rows.items()}
        alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for uid, found in parts.items():
            alike[wanted(found)].append(uid)
        words: dict[int, Mapping[str, bytes]] = {}
        for numbers, some in alike.items():
            given = self.session.fetch(some, *(item(number) for number in numbers)) if numbers else {}
            for uid in some:
                if uid in given or not numbers:
                    row = given.get(uid, {})
                    words[uid] = {number: _text(row, f"BODY[{number}]".encode()) for number in numbers}
        return {uid: put_together(_text(rows[uid], b"BODY[HEADER]"), parts[uid], texts) for uid, texts in words.items()}

    def _message(self, entry: Entry, place: Place, raw: bytes, parts: list[Leaf] | None) -> Message | Skipped:
        where = _where(place)
        origin = Origin(
            source=self.imap.source, where=where, zone=self.window.zone, place=place.shown,
            sent=self.boxes[place.box].role == "sent", own_domain=domain_of(self.state.owner),
        )  # fmt: skip
        found = read_mail(raw, origin, thread=place.thread, at=entry.slip.at, parts=parts)
        if isinstance(found, Skipped):
            return found
        if found.ref.id != entry.slip.id:
            return Skipped(where, "was given with another header than before")
        if self.imap.host.endswith((".gmail.com", ".googlemail.com")):
            who, what = quote(self.state.owner), quote(found.ref.id)
            url = f"https://mail.google.com/mail/?authuser={who}#search/rfc822msgid:{what}"
            return replace(found, ref=replace(found.ref, url=url))
        return found

    # --- what is not stated ------------------------------------------------------------------------------------------

    def _accounts(self, boxes: Boxes, plan: Plan) -> Iterator[Skipped | Ignored]:
        """Everything that was left out, and why."""
        for name, known in self.state.boxes.items():
            if name in self.boxes:
                shown = self.boxes[name].shown
                yield from (
                    Skipped(f"{shown}:{entry.uid}", entry.bad)
                    for entry in known.entries.values()
                    if entry.bad and not entry.slip.id
                )
        if self.unreached:
            yield Skipped(
                self.imap.place, f"{self.unreached:,} mails were not reached in {self.imap.budget:g} s; the next "
                "reading goes on with them",
            )  # fmt: skip
        if plan.places and (self.imap.sent is False or not self.has_sent):
            yield Skipped(self.imap.place, NOT_SENT if self.state.owner or self.imap.sent is False else NO_OWNER)
        for why, count in sorted(plan.sorting.left_out.items()):
            yield Ignored(count, why)
        if hidden := sum(known.hidden for known in self.state.boxes.values()):
            yield Ignored(hidden, "deleted mails and drafts")
        if boxes.left_out:
            yield Ignored(boxes.left_out, "folders of drafts, deleted mail, spam, chats or other people")


def _told_before(past: Before, window: Window) -> dict[str, Place]:
    """What the reading that left a mark had stated by then."""
    state = past.state
    # In the zone they were in: days before a moment are counted by its wall clock.
    since, now = (moment.astimezone(window.zone) for moment in (state.since, state.now))
    plan = planned(state, past.names, replace(window, since=since, now=now))
    return {
        known_as: place
        for known_as, place in plan.places.items()
        if not plan.entries[known_as].pending and not plan.entries[known_as].bad
    }


def _is_as_it_was(now: Known, then: Known) -> bool:
    """Whether a folder holds what it held, flags included (RFC 7162); never known where the server counts nothing."""
    same = (now.next, now.exists, now.modseq) == (then.next, then.exists, then.modseq)
    return now.modseq > 0 and same


def _key(name: bytes) -> str:
    """A folder's name as text that can be turned back."""
    return name.decode("latin-1")


def _where(place: Place) -> str:
    return f"{place.shown}:{place.uid}"


def _number(row: Mapping[bytes, Any], name: bytes) -> int:
    value = row.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _moment(value: Any) -> datetime | None:
    try:
        return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _text(row: Mapping[bytes, Any], name: bytes) -> bytes:
    """A part of a mail by what was asked for; servers write the rest of the name as they like."""
    value = next((value for key, value in row.items() if key.upper().startswith(name)), None)
    return value if isinstance(value, bytes) else b""

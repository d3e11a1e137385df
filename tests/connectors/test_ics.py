"""Calendar files: what their events state, and what becomes of files that cannot be read."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from briefing.connector import Sample
from briefing.errors import FileProblem
from briefing.facts import Absence, Meeting, Person
from briefing.reading.absences import absent_person, own_absence
from briefing.reading.joining import https, says_something
from connectors.ics import EACH_ITS_OWN, Ics, recognise
from tests.connectors.reading import NOW, ZONE, Read, read, recognised, window, write, write_bytes

MAYA = "maya@harbourlane.example"


def ics(*parts: str, name: str = "", zone: str = "", method: str = "") -> str:
    """A calendar of events, each given by its lines."""
    head = [("X-WR-CALNAME", name), ("X-WR-TIMEZONE", zone), ("METHOD", method)]
    lines = ["BEGIN:VCALENDAR", *(f"{key}:{value}" for key, value in head if value)]
    for part in parts:
        lines += ["BEGIN:VEVENT", *(line.strip() for line in part.strip().splitlines()), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def one(path: Path, *parts: str, owner: str = "", **how: str) -> Read:
    """What a file with some events states."""
    write(path / "maya.ics", ics(*parts, **how))
    return read(Ics(source="calendar", path=str(path / "maya.ics"), owner=owner), "maya.ics")


def meetings(found: Read) -> list[Meeting]:
    """The meetings among what was read."""
    return [fact for fact in found.facts if isinstance(fact, Meeting)]


def absences(found: Read) -> list[tuple[str, date, date]]:
    """Who is out from when to when."""
    return [(fact.person.label, fact.first, fact.last) for fact in found.facts if isinstance(fact, Absence)]


# --- what an event states ------------------------------------------------------------------------------------------


def test_a_meeting_with_everything(tmp_path: Path, table: str) -> None:
    """
    UID:review@harbourlane.example
    DTSTART;TZID=America/New_York:20261119T040000
    DTEND;TZID=America/New_York:20261119T050000
    SUMMARY:Northwind\\, quarterly review
    LOCATION:Room 2
    ORGANIZER;CN=Maya Lindqvist:MAILTO:maya@harbourlane.example
    ATTENDEE;CN=Maya Lindqvist;PARTSTAT=ACCEPTED:mailto:maya@harbourlane.example
    ATTENDEE;CN="Ruiz, Dana";PARTSTAT=NEEDS-ACTION;ROLE=OPT-PARTICIPANT:mailto:dana@northwind.example
    ATTENDEE;CN=Ann;PARTSTAT=DECLINED:mailto:ann@northwind.example
    ATTENDEE;CN=Bo;PARTSTAT=TENTATIVE:mailto:bo@northwind.example
    ATTENDEE;CN=Cy;PARTSTAT=DELEGATED:mailto:cy@northwind.example
    ATTENDEE;CUTYPE=ROOM;CN=Room 2;PARTSTAT=ACCEPTED:mailto:room2@harbourlane.example
    DESCRIPTION:Agenda: renewal and scope.\\n\\n-::~:~::~:~::-\\nJoin with Google Meet: https://meet.google.com/abc-defg-hij
    X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij
    URL:https://calendar.harbourlane.example/review
    CLASS:PRIVATE
    RRULE:FREQ=MONTHLY
    """
    (meeting,) = meetings(one(tmp_path, table, name=MAYA))
    assert (meeting.uid, meeting.occurrence) == ("review@harbourlane.example", "2026-11-19T09:00:00+00:00")
    assert meeting.starts == datetime(2026, 11, 19, 10, tzinfo=ZONE)
    assert meeting.ends - meeting.starts == timedelta(hours=1)
    assert meeting.title == "Northwind, quarterly review"
    assert (meeting.calendar, meeting.calendar_owner) == (MAYA, Person(email=MAYA))
    assert meeting.organiser == Person(name="Maya Lindqvist", email=MAYA)
    assert [(g.person.name, g.response, g.optional, g.resource) for g in meeting.guests] == [
        ("Maya Lindqvist", "accepted", False, False), ("Ruiz, Dana", "none", True, False),
        ("Ann", "declined", False, False), ("Bo", "tentative", False, False), ("Cy", "", False, False),
        ("Room 2", "accepted", False, True),
    ]  # fmt: skip
    assert (meeting.busy, meeting.type, meeting.series, meeting.private) == ("busy", "meeting", True, True)
    assert (meeting.place, meeting.link, meeting.agenda) == ("Room 2", "https://meet.google.com/abc-defg-hij", True)
    assert (meeting.ref.source, meeting.ref.kind, meeting.ref.where) == ("calendar", "event", "maya.ics:3")
    assert meeting.ref.url == "https://calendar.harbourlane.example/review"


@pytest.mark.parametrize(
    ("lines", "busy", "type_", "cancelled"),
    [
        ("", "busy", "block", False),
        ("ATTENDEE:mailto:dana@northwind.example", "busy", "meeting", False),
        ("ORGANIZER:mailto:dana@northwind.example", "busy", "meeting", False),
        (f"ORGANIZER:mailto:{MAYA}\nATTENDEE:mailto:{MAYA}", "busy", "block", False),
        ("TRANSP:TRANSPARENT", "free", "block", False),
        ("STATUS:TENTATIVE", "tentative", "block", False),
        ("STATUS:CANCELLED", "busy", "block", True),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", "free", "block", False),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "tentative", "block", False),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", "busy", "away", False),
        ("SUMMARY:Out of office", "busy", "away", False),
        ("SUMMARY:Out of office\nATTENDEE:mailto:dana@northwind.example", "busy", "meeting", False),
        ("SUMMARY:Focus time", "busy", "focus", False),
    ],
)
def test_how_much_of_the_day_an_event_takes(
    tmp_path: Path, lines: str, busy: str, type_: str, *, cancelled: bool
) -> None:  # fmt: skip
    (meeting,) = meetings(
        one(tmp_path, "UID:x\nDTSTART:20261119T090000Z\nDTEND:20261119T100000Z\n" + lines, owner=MAYA)
    )
    assert (meeting.busy, meeting.type, meeting.cancelled) == (busy, type_, cancelled)


@pytest.mark.parametrize(
    ("lines", "link", "place"),
    [
        ("LOCATION:https://us02web.zoom.us/j/1?pwd=a", "https://us02web.zoom.us/j/1?pwd=a", ""),
        ("LOCATION:Room 2 (or https://teams.microsoft.com/l/meetup-join/19)", "https://teams.microsoft.com/l/meetup-join/19",
         "Room 2 (or https://teams.microsoft.com/l/meetup-join/19)"),
        ("CONFERENCE;VALUE=URI;FEATURE=AUDIO:tel:+49\nCONFERENCE;VALUE=URI:https://meet.harbourlane.example/a",
         "https://meet.harbourlane.example/a", ""),
        ("DESCRIPTION:See https://northwind.example/plan and https://meet.google.com/abc.", "https://meet.google.com/abc", ""),
        ("URL:https://northwind.example/event", "", ""),
        ("LOCATION:http://zoom.us/j/1", "", "http://zoom.us/j/1"),
        ("X-GOOGLE-CONFERENCE:javascript:alert(1)", "", ""),
        ("DESCRIPTION:https://zoom.us@evil.example/j/1 https://zoom.us.evil.example/j/1", "", ""),
    ],
)  # fmt: skip
def test_where_to_join(tmp_path: Path, lines: str, link: str, place: str) -> None:
    (meeting,) = meetings(one(tmp_path, "UID:x\nDTSTART:20261119T090000Z\n" + lines))
    assert (meeting.link, meeting.place) == (link, place)


@pytest.mark.parametrize(
    ("description", "agenda"),
    [
        ("Budget and plan for December", True),
        ("<b>Budget</b> and plan", True),
        ("", False),
        ("<br><br>", False),
        ("-::~:~::~:~:~::~:~::-\nJoin with Google Meet: https://meet.google.com/abc\nOr dial: (US) +1 555\n-::~:~::~:~:~::~:~::-", False),
        ("Maya is inviting you to a scheduled Zoom meeting.\n\nJoin Zoom Meeting\nhttps://zoom.us/j/1\n\nMeeting ID: 123\nPasscode: 99", False),
        ("________________\nMicrosoft Teams meeting\nJoin on your computer\nhttps://teams.microsoft.com/l/1\nDresden, Saxony\n________________", False),
        ("Renewal terms\n________________\nMicrosoft Teams meeting\nJoin on your computer\n________________", True),
    ],
)  # fmt: skip
def test_whether_a_meeting_says_what_it_is_about(description: str, *, agenda: bool) -> None:
    assert says_something(description) is agenda


def test_a_calendar_that_shows_no_description_does_not_say_whether_there_is_an_agenda(tmp_path: Path) -> None:
    event = "UID:{0}\nDTSTART:20261119T090000Z\n{1}"
    assert [m.agenda for m in meetings(one(tmp_path, event.format("a", "")))] == [None]
    with_one = one(tmp_path, event.format("a", ""), event.format("b", "DESCRIPTION:Budget and plan"))
    assert {m.uid: m.agenda for m in meetings(with_one)} == {"a": False, "b": True}


def test_a_time_zone_nobody_knows_is_read_as_the_readers_and_marked(tmp_path: Path) -> None:
    (meeting,) = meetings(one(tmp_path, "UID:x\nDTSTART;TZID=Customized Time Zone:20261119T090000"))
    assert (meeting.starts.hour, meeting.zone_known) == (9, False)


def test_hostile_text_is_made_harmless(tmp_path: Path) -> None:
    lines = "UID:x\x1b]0;\nDTSTART:20261119T090000Z\nSUMMARY:[/red] \x1b[31m<script>\u202e evil\nLOCATION:a\\nb\nATTENDEE;CN=\u202eDana:mailto:x y"
    (meeting,) = meetings(one(tmp_path, lines))
    assert meeting.title == "[/red] [31m<script> evil"
    assert meeting.place == "a b"
    assert [guest.person for guest in meeting.guests] == [Person(name="Dana")]
    assert "\x1b" not in meeting.uid + meeting.ref.id


def test_the_window_reaches_back_to_what_was_asked_for_and_ahead_to_its_end(tmp_path: Path) -> None:
    days = (NOW.date() + timedelta(days=n) for n in (-40, -20, -1, 0, 29, 40))
    found = one(tmp_path, *(f"UID:{day}\nDTSTART:{day:%Y%m%d}T120000Z" for day in days))
    assert [m.starts.date().isoformat() for m in meetings(found)] == [
        "2026-10-30",
        "2026-11-18",
        "2026-11-19",
        "2026-12-18",
    ]


# --- who is out ------------------------------------------------------------------------------------------------------

WEEK = "DTSTART;VALUE=DATE:20261118\nDTEND;VALUE=DATE:20261121"
FIRST, LAST = date(2026, 11, 18), date(2026, 11, 20)


@pytest.mark.parametrize(
    ("title", "extra", "out"),
    [
        ("Out of office", "", True), ("Vacation", "TRANSP:TRANSPARENT", True), ("PTO", "", True), ("sick", "", True),
        ("Trip", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", True), ("Vacation planning", "", False), ("Holiday party", "", False),
        ("Vacation", "STATUS:TENTATIVE", False), ("Vacation", "STATUS:CANCELLED", False),
        ("Out of office", "ATTENDEE:mailto:dana@northwind.example", False),
    ],
)  # fmt: skip
def test_an_all_day_absence_of_the_calendars_owner(tmp_path: Path, title: str, extra: str, *, out: bool) -> None:
    found = one(tmp_path, f"UID:x\nSUMMARY:{title}\n{WEEK}\n{extra}", owner=MAYA)
    assert absences(found) == ([(MAYA, FIRST, LAST)] if out else [])
    assert len(meetings(found)) == 1


def test_an_absence_in_a_calendar_of_nobody_is_a_day_away_and_names_nobody(tmp_path: Path) -> None:
    found = one(tmp_path, f"UID:x\nSUMMARY:Out of office\n{WEEK}")
    assert absences(found) == []
    assert [meeting.type for meeting in meetings(found)] == ["away"]


def test_two_hours_out_of_office_are_no_absence(tmp_path: Path) -> None:
    timed = "UID:x\nSUMMARY:Out of office\nDTSTART:20261119T090000\nDTEND:20261119T110000"
    whole = "UID:y\nSUMMARY:Out of office\nDTSTART:20261119T000000\nDTEND:20261120T000000"
    assert absences(one(tmp_path, timed, whole, owner=MAYA)) == [(MAYA, date(2026, 11, 19), date(2026, 11, 19))]


def test_a_shared_calendar_of_absences_states_who_is_out_and_no_meetings(tmp_path: Path) -> None:
    people = {"Janine: vacation": "", "Sam - PTO": "", "Priya out": "", "Tom Berg (sick)": "",
              "Vacation: Ines": "ORGANIZER;CN=Ines Carvalho:mailto:ines@harbourlane.example"}  # fmt: skip
    found = one(
        tmp_path, *(f"UID:{n}\nSUMMARY:{t}\n{WEEK}\n{x}" for n, (t, x) in enumerate(people.items())), name="Absences"
    )
    assert absences(found) == [(who, FIRST, LAST) for who in ("Janine", "Sam", "Priya", "Tom Berg", "Ines Carvalho")]
    assert meetings(found) == []


@pytest.mark.parametrize(
    ("title", "anywhere", "in_absences"),
    [
        ("Janine: vacation", "Janine", "Janine"), ("Sam - PTO", "Sam", "Sam"), ("Sam \u2013 Urlaub", "Sam", "Sam"),
        ("Janine on vacation", "Janine", "Janine"), ("Janine OOO", "Janine", "Janine"), ("Janine out", "", "Janine"),
        ("Newsletter out", "", ""), ("Bank holiday", "", ""), ("Good Friday: holiday", "", ""), ("Holiday: Diwali", "", ""),
        ("Team out", "", ""), ("Summer vacation", "", ""), ("janine out", "", ""), ("Janine out at noon", "", ""),
        ("Check out", "", ""), ("Labor Day - Day off", "", ""), ("Company holiday", "", ""), ("Vacation", "", ""),
    ],
)  # fmt: skip
def test_whom_a_title_names_as_out(title: str, anywhere: str, in_absences: str) -> None:
    assert absent_person(title, in_absence_calendar=False) == anywhere
    assert absent_person(title, in_absence_calendar=True) == in_absences
    assert own_absence(title) is (title == "Vacation")


# --- files -----------------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_skipped_by_file_and_line_and_the_rest_stands(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        "UID:a\nDTSTART:20261119T090000Z",
        "UID:b\nDTSTART:20000101T000000Z\nRRULE:FREQ=MINUTELY",
        "UID:c\nSUMMARY:no start",
        "UID:d\nDTSTART:20261119T110000Z\nDTEND:20261119T100000Z",
    )
    assert [meeting.uid for meeting in meetings(found)] == ["a", "d"]
    assert found.whys == [
        "maya.ics:6 repeats every minute, which is not expanded",
        "maya.ics:11 has no start (DTSTART)",
        "maya.ics:15 ends before it starts: its end is not read",
    ]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "maya.ics is empty"),
        (b"Name,Date\r\n", "maya.ics is not a calendar (no BEGIN:VCALENDAR in it)"),
        (b"x" * 2_000, "maya.ics has more than the 1,000 bytes allowed"),
        (None, "maya.ics is not there"),
    ],
)
def test_a_file_that_is_no_calendar_is_one_clear_line(tmp_path: Path, data: bytes | None, problem: str) -> None:
    if data is not None:
        write_bytes(tmp_path / "maya.ics", data)
    with pytest.raises(FileProblem) as raised:
        read(Ics(source="calendar", path=str(tmp_path / "maya.ics"), max_bytes=1_000), "maya.ics")
    assert str(raised.value) == problem
    assert raised.value.advice


def test_in_a_folder_of_calendars_each_file_is_its_own_scope(tmp_path: Path) -> None:
    event = "UID:shared\nDTSTART:20261119T090000Z"
    for name in ("maya", "tom"):
        write(tmp_path / f"{name}.ics", ics(event, name=f"{name}@harbourlane.example"))
    write(tmp_path / "broken.ics", "no calendar", at=NOW - timedelta(days=3))
    write(tmp_path / ".hidden.ics", ics(event))
    write(tmp_path / "notes.txt", "not a calendar")
    calendars = Ics(source="calendar", path=str(tmp_path))
    streams = calendars.streams(window())
    assert [(s.scope, s.place, s.as_of) for s in streams] == [
        ("broken.ics", "broken.ics", NOW - timedelta(days=3)), ("maya.ics", "maya.ics", NOW), ("tom.ics", "tom.ics", NOW),
    ]  # fmt: skip
    with pytest.raises(FileProblem, match=r"broken\.ics is not a calendar"):
        read(calendars, "broken.ics")
    found = [meetings(read(calendars, scope))[0] for scope in ("maya.ics", "tom.ics")]
    assert [m.calendar_owner and m.calendar_owner.email for m in found] == [MAYA, "tom@harbourlane.example"]
    assert len({meeting.ref.id for meeting in found}) == 2
    assert len({meeting.uid for meeting in found}) == 1


def test_a_folder_of_many_files_is_one_stream_and_names_those_it_could_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "calendar"
    (folder / "older").mkdir(parents=True)
    for n in range(EACH_ITS_OWN + 8):
        write(
            folder / "older" / f"{n:02}.ics",
            ics(f"UID:{n}\nDTSTART:20261119T0{n % 9}0000Z"),
            at=NOW - timedelta(days=n),
        )
    write(folder / "broken.ics", "<html>")
    write(folder / "cut.ics", ics("UID:cut\nDTSTART:20261119T090000Z").split("END:VEVENT")[0])
    write(folder / "part.ics", ics("UID:ok\nDTSTART:20261119T090000Z", "UID:bad"))
    os.mkfifo(folder / "pipe.ics")
    calendars = Ics(source="calendar", path=str(folder))
    (stream,) = calendars.streams(window())
    assert (stream.scope, stream.as_of) == ("calendar", NOW)
    found = read(calendars, "calendar")
    assert len(found.facts) == EACH_ITS_OWN + 9
    assert sorted(found.whys) == [
        "broken.ics is not a calendar (no BEGIN:VCALENDAR in it)",
        "cut.ics:2 cut in event 1 (line 2): it has no END:VEVENT",
        "part.ics:6 has no start (DTSTART)",
    ]


def test_an_invitation_and_its_cancellation_in_two_files_of_a_folder_are_one_event(tmp_path: Path) -> None:
    for n in range(EACH_ITS_OWN):
        write(tmp_path / f"{n:02}.ics", ics(f"UID:{n}\nDTSTART:20261119T090000Z"))
    write(tmp_path / "cancel.ics", ics("UID:3\nSEQUENCE:1\nDTSTART:20261119T090000Z", method="CANCEL"))
    write(tmp_path / "reply.ics", ics("UID:4\nDTSTART:20261119T090000Z", method="REPLY"))
    found = read(Ics(source="calendar", path=str(tmp_path)), tmp_path.name)
    assert [m.uid for m in meetings(found) if m.cancelled] == ["3"]
    assert len(found.facts) == EACH_ITS_OWN
    assert [(ignored.count, ignored.why) for ignored in found.ignored] == [(1, "answers of guests to invitations")]


def test_a_folder_without_calendars_and_one_with_too_many_say_so(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"holds no \.ics file"):
        Ics(source="calendar", path=str(tmp_path)).streams(window())
    for n in range(3):
        write(tmp_path / f"{n}.ics", ics())
    with pytest.raises(FileProblem, match="holds 3 files, more than the 2 allowed"):
        Ics(source="calendar", path=str(tmp_path), max_files=2).streams(window())


def test_settings_name_the_owner_and_the_calendar(tmp_path: Path) -> None:
    write(tmp_path / "basic.ics", ics("UID:x\nDTSTART:20261119T090000Z", name="someone@else.example"))
    calendars = Ics(source="calendar", path=str(tmp_path / "basic.ics"), owner=MAYA, name="Maya's calendar")
    (meeting,) = meetings(read(calendars, "basic.ics"))
    assert meeting.calendar_owner == Person(email=MAYA)
    assert calendars.streams(window())[0].place == "Maya's calendar"
    with pytest.raises(ValueError, match='owner: "Maya" is not a mail address'):
        Ics(source="calendar", path="x", owner="Maya")


def test_reading_twice_and_under_another_name_states_the_same(tmp_path: Path) -> None:
    text = ics("UID:a\nDTSTART:20261119T090000Z\nRRULE:FREQ=DAILY", "UID:b\nDTSTART:20261119T090000Z")
    ids = []
    for name in ("basic.ics", "export (1).ics"):
        write(tmp_path / name, text)
        found = read(Ics(source="calendar", path=str(tmp_path / name)), name)
        ids.append([fact.ref.id for fact in found.facts])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", True), ("\ufeffBEGIN:VCALENDAR\n", True), ("BEGIN:VCARD\n", False),
        ("Deal,Amount\nx,1\n", False), ("", False),
    ],
)  # fmt: skip
def test_a_calendar_file_is_recognised(tmp_path: Path, text: str, *, known: bool) -> None:
    found = recognised(recognise, tmp_path / "any name", text)
    assert (found is not None and found.use == "ics") is known


def test_a_folder_is_recognised_when_most_of_it_are_calendars(tmp_path: Path) -> None:
    def sure(*names: str) -> float:
        found = recognise(Sample(path=tmp_path, head=b"", names=names))
        return found.sure if found else 0

    assert sure("a.ics", "b.ICS", ".DS_Store") == 1
    assert 0 < sure("a.ics", "b.ics", "readme.txt") < 1
    assert sure("a.ics", "deals.csv", "ads.csv") == 0


def test_a_link_is_printed_only_where_it_is_safe() -> None:
    assert https(" https://meet.google.com/abc ") == "https://meet.google.com/abc"
    for bad in (
        "http://x.example",
        "https://",
        "https://a b.example",
        "https://x@y.example",
        "https://[",
        "x" * 900,
        "https://é.example",
    ):
        assert https(bad) == ""

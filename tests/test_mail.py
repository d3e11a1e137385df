"""Mails as they are found: what becomes of them as messages, and that nothing in them can break the reading."""

from __future__ import annotations

import base64
import time
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.connector import Skipped
from briefing.facts import Message, Party, Person
from briefing.reading.closing import closes
from briefing.reading.headers import addresses, decode_words, links, message_id, read_date, read_headers
from briefing.reading.mail import Origin, read_mail
from briefing.reading.markup import words_of
from briefing.reading.quoting import newest
from briefing.reading.text import clean

BERLIN = ZoneInfo("Europe/Berlin")
ORIGIN = Origin(source="mail", where="inbox.mbox:1", zone=BERLIN, place="Inbox", own_domain="agency.example")

HEADER = """\
From: Dana Ruiz <dana@juniper.example>
To: Ines <ines@agency.example>
Date: Tue, 17 Nov 2026 11:20:00 +0100
Message-ID: <1@juniper.example>
Subject: Booking link
"""


def read(text: str | bytes, origin: Origin = ORIGIN) -> Message:
    raw = text.encode() if isinstance(text, str) else text
    message = read_mail(raw, origin)
    assert isinstance(message, Message), message
    return message


def with_body(body: str, extra: str = "") -> Message:
    return read(f"{HEADER}{extra}\n{body}")


def test_a_plain_mail_becomes_a_message() -> None:
    message = with_body("Hi Ines,\n\nwhere do I find the booking link?\n\nDana\n")
    assert message.ref.id == "1@juniper.example"
    assert (message.ref.source, message.ref.kind, message.ref.where) == ("mail", "mail", "inbox.mbox:1")
    assert message.at == datetime(2026, 11, 17, 10, 20, tzinfo=UTC)
    assert message.author == Person(name="Dana Ruiz", email="dana@juniper.example")
    assert message.to == (Person(name="Ines", email="ines@agency.example"),)
    assert message.party == Party(domain="juniper.example")
    assert message.excerpt == "Hi Ines, where do I find the booking link? Dana"
    assert (message.subject, message.place, message.medium) == ("Booking link", "Inbox", "mail")
    assert (message.outside, message.automated, message.closes) == (None, False, False)


@pytest.mark.parametrize(
    ("author", "recipients", "domain"),
    [
        ("ann@juniper.example", "ines@agency.example", "juniper.example"),
        ("ines@agency.example", "tom@agency.example, ann@juniper.example, x@larch.example", "juniper.example"),
        ("ines@mail.agency.example", "tom@agency.example", ""),
        ("ines@agency.example", "", ""),
    ],
)
def test_the_party_is_the_first_other_side(author: str, recipients: str, domain: str) -> None:
    message = read(f"From: {author}\nTo: {recipients}\nDate: Tue, 17 Nov 2026 11:20:00 +0100\n\nHi\n")
    assert message.party.domain == domain


def test_without_knowing_whose_mailbox_it_is_the_party_is_nobody() -> None:
    origin = Origin(source="mail", where="x", zone=BERLIN)
    assert read(HEADER + "\nHi", origin).party == Party()


# --- mail that breaks Python's parser -------------------------------------------------------------------------------

BROKEN = {
    "group without an address": ("To", "unlisted-recipients:; (no To-header on input)"),
    "empty id": ("Message-ID", "<>"),
    "unknown charset in a word": ("Subject", "=?CHINESEBIG5?B?w7w=?= offer"),
    "broken base64 in a word": ("Subject", "=?utf-8?B?w7w?= =?utf-8?B?!!?="),
    "codec that is no charset": ("Content-Type", "text/plain; charset=zlib"),
    "unknown charset": ("Content-Type", "text/plain; charset=unknown-8bit"),
    "quote never closed": ("From", '"Dana Ruiz <dana@juniper.example>'),
    "nested comments": ("Cc", "(" * 5000 + "x" + ")" * 5000),
    "empty type": ("Content-Type", ";;;"),
    "boundary of nothing": ("Content-Type", 'multipart/mixed; boundary=""'),
    "no encoding known": ("Content-Transfer-Encoding", "x-none"),
    "absurd offset": ("Date", "Tue, 17 Nov 2026 11:20:00 +9999"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_header_that_breaks_pythons_parser_costs_at_most_itself(name: str) -> None:
    field, value = BROKEN[name]
    kept = "".join(line for line in HEADER.splitlines(keepends=True) if not line.startswith(f"{field}:"))
    message = read(f"{field}: {value}\n{kept}\nThe words.\n")
    assert message.excerpt == "The words."


def test_eight_bit_headers_and_bodies_are_read_without_a_charset() -> None:
    raw = HEADER.replace("Booking link", "Grüße").encode("latin-1") + b"\nGr\xfc\xdfe aus K\xf6ln\n"
    message = read(raw)
    assert (message.subject, message.excerpt) == ("Grüße", "Grüße aus Köln")


def test_a_wrong_charset_is_replaced_by_one_that_fits() -> None:
    raw = HEADER.encode() + b"Content-Type: text/plain; charset=us-ascii\n\nGr\xc3\xbc\xc3\x9fe\n"
    assert read(raw).excerpt == "Grüße"


def test_a_mail_without_a_date_or_an_author_is_skipped_with_the_reason() -> None:
    origin = Origin(source="mail", where="inbox.mbox:7", zone=BERLIN)
    assert read_mail(b"From: a@b.example\n\nx", origin) == Skipped("inbox.mbox:7", "has no date that can be read")
    dated = b"Date: Tue, 17 Nov 2026 11:20:00 +0100\n\nx"
    assert read_mail(dated, origin) == Skipped("inbox.mbox:7", "says nobody as its author")
    assert read_mail(b"\xff\xfe\x00\x01 rubbish", origin) == Skipped("inbox.mbox:7", "has no mail header")


@given(st.binary(max_size=600))
def test_no_bytes_make_the_reading_raise(raw: bytes) -> None:
    assert isinstance(read_mail(raw, ORIGIN), Message | Skipped)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                "From To Cc Date Subject Message-ID References Content-Type Content-Transfer-Encoding Return-Path".split()
            ),
            st.text(max_size=60) | st.sampled_from([value for _, value in BROKEN.values()]),
        ),
        max_size=12,
    ),
    st.text(max_size=200),
)
def test_no_headers_make_the_reading_raise(fields: list[tuple[str, str]], body: str) -> None:
    raw = HEADER + "".join(f"{name}: {value}\n" for name, value in fields) + "\n" + body
    message = read_mail(raw.encode("utf-8", "replace"), ORIGIN)
    if isinstance(message, Message):
        assert len(message.excerpt) <= 500
        assert not any(unicodedata.category(c)[0] == "C" for c in message.excerpt + message.subject + message.ref.id)


# --- dates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("Tue, 17 Nov 2026 11:20:00 +0100", "2026-11-17 10:20"),
        ("Tue, 17 Nov 2026 11:20:00 -0000", "2026-11-17 11:20"),
        ("Tue, 17 Nov 2026 11:20:00", "2026-11-17 10:20"),
        ("17 Nov 26 11:20 EST", "2026-11-17 16:20"),
        ("17 Nov 26 11:20 XYZ", "2026-11-17 10:20"),
        ("Tue, 17 Nov 2026 11:20:00 +0100 (CET)", "2026-11-17 10:20"),
        ("Tue Nov 17 11:20:00 2026", "2026-11-17 10:20"),
        ("2026-11-17T11:20:00+01:00", "2026-11-17 10:20"),
        ("Tue, 17 Nov 2026 11:20:61 +0100", "2026-11-17 10:20"),
        ("Tue, 17 Nov 2026 11:20:00 +9999", "2026-11-17 10:20"),
        ("Tue, 31 Nov 2026 11:20:00 +0100", ""),
        ("Thu, 1 Jan 1970 00:00:00 +0000", ""),
        ("Thu, 1 Jan 9999 00:00:00 +0000", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_dates(text: str, utc: str) -> None:
    found = read_date(text, BERLIN)
    assert (f"{found.replace(second=0):%Y-%m-%d %H:%M}" if found else "") == utc


@pytest.mark.parametrize(
    ("date", "received", "day"),
    [
        ("Tue, 17 Nov 2026 11:20:00 +0100", "Tue, 17 Nov 2026 11:20:09 +0100", 17),
        ("Tue, 17 Nov 2026 11:20:00 +0100", "Thu, 19 Nov 2026 11:20:09 +0100", 17),  # on its way for two days
        ("Sun, 17 Jan 2038 11:20:00 +0100", "Tue, 17 Nov 2026 11:20:09 +0100", 17),  # a clock that is ahead
        ("nonsense", "Tue, 17 Nov 2026 11:20:09 +0100", 17),
    ],
)
def test_the_arrival_corrects_a_date_that_cannot_be_true(date: str, received: str, day: int) -> None:
    message = read(f"From: a@b.example\nReceived: by x with y; {received}\nReceived: z\nDate: {date}\n\nHi")
    assert (message.at.year, message.at.day) == (2026, day)


# --- addresses and ids ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Dana <D@X.example>", [("Dana", "d@x.example")]),
        ('"Ruiz, Dana" <d@x.example>, p@x.example', [("Ruiz, Dana", "d@x.example"), ("", "p@x.example")]),
        ("=?utf-8?Q?M=C3=BCller=2C_Jan?= <j@x.example>", [("Müller, Jan", "j@x.example")]),
        ('"=?utf-8?B?TcO8bGxlcg==?=" <j@x.example>', [("Müller", "j@x.example")]),
        (
            "team: a@x.example, b@x.example;, c@x.example",
            [("", "a@x.example"), ("", "b@x.example"), ("", "c@x.example")],
        ),
        ("undisclosed-recipients:;", []),
        ("d@x.example (Dana Ruiz)", [("Dana Ruiz", "d@x.example")]),
        ("dana at x.example", [("", "dana@x.example")]),
        ("Dana Ruiz", [("Dana Ruiz", "")]),
        ("Sean <sean.o'brien@x.example>", [("Sean", "sean.o'brien@x.example")]),
        ("'d@x.example' <d@x.example>", [("", "d@x.example")]),
        ("Dana\u202e\x1b[31m <d@x.example>", [("Dana[31m", "d@x.example")]),
        ("Jan <j@müller.example>", [("Jan", "j@müller.example")]),
        (", ,;<>", []),
    ],
)
def test_addresses(text: str, people: list[tuple[str, str]]) -> None:
    assert [(person.name, person.email) for person in addresses(text)] == people


def test_a_list_that_takes_the_authors_place_tells_the_author_elsewhere() -> None:
    message = read(
        "From: 'Dana Ruiz' via Team <team@agency.example>\nX-Original-From: Dana Ruiz <dana@juniper.example>\n"
        "To: team@agency.example\nDate: Tue, 17 Nov 2026 11:20:00 +0100\n\nHi"
    )
    assert message.author == Person(name="Dana Ruiz", email="dana@juniper.example")
    assert message.party.domain == "juniper.example"


def test_words_cut_within_a_character_are_joined() -> None:
    raw = "Grüße".encode()
    words = " ".join(f"=?utf-8?B?{base64.b64encode(part).decode()}?=" for part in (raw[:3], raw[3:]))
    assert decode_words(f"Viele {words} (x)") == "Viele Grüße (x)"


def test_ids_are_read_from_both_fields_and_addresses_are_none() -> None:
    headers = read_headers(
        b"From: Dana <dana@juniper.example>\nReferences: <a@x>\n\t<b@x>\n"
        b"In-Reply-To: Your message <dana@juniper.example>, <b@x> <c@x>\nMessage-ID:\n <d\n @x>\n"
    )
    assert links(headers) == ("a@x", "b@x", "c@x")
    assert message_id(headers) == "d@x"


def test_a_mail_without_an_id_has_the_same_one_in_every_copy() -> None:
    plain = HEADER.replace("Message-ID: <1@juniper.example>\n", "")
    one = read(f"Received: x; Tue, 17 Nov 2026 11:20:09 +0100\n{plain}\nHi")
    other = read(f"{plain}X-Folder: Sent\n\nHi")
    assert one.ref.id == other.ref.id
    assert one.ref.id.startswith("no-id-")


# --- the newest words -----------------------------------------------------------------------------------------------

QUOTED = {
    "marks": "Yes.\n\n> Shall we?\n> Dana\n",
    "english": "Yes.\n\nOn Mon, 16 Nov 2026 at 09:00, Dana Ruiz <dana@juniper.example> wrote:\n> Shall we?\n",
    "english wrapped": "Yes.\n\nOn Mon, 16 Nov 2026 at 09:00, Dana Ruiz\n<dana@juniper.example> wrote:\n\n> Shall we?\n",
    "english without marks": "Yes.\n\nOn Mon, 16 Nov 2026 at 09:00 Dana Ruiz wrote:\nShall we?\nDana\n",
    "german": "Yes.\n\nAm 16.11.2026 um 09:00 schrieb Dana Ruiz <dana@juniper.example>:\n> Shall we?\n",
    "french": "Yes.\n\nLe lun. 16 nov. 2026 à 09:00, Dana Ruiz <dana@juniper.example> a écrit :\n> Shall we?\n",
    "dutch": "Yes.\n\nOp ma 16 nov. 2026 om 09:00 schreef Dana Ruiz <dana@juniper.example>:\n> Shall we?\n",
    "outlook": "Yes.\n\n________________________________\nFrom: Dana Ruiz\nSent: Monday\nTo: Ines\nSubject: Offer\n\nShall we?",
    "outlook german": "Yes.\n\nVon: Dana Ruiz\nGesendet: Montag\nAn: Ines\nBetreff: Offer\n\nShall we?",
    "outlook french": "Yes.\n\nDe : Dana Ruiz\nEnvoyé : lundi\nÀ : Ines\nObjet : Offer\n\nShall we?",
    "outlook bold": "Yes.\n\n*From:* Dana Ruiz\n*Sent:* Monday\n*To:* Ines\n*Subject:* Offer\n\nShall we?",
    "banner": "Yes.\n\n-----Original Message-----\nShall we?\n",
    "banner german": "Yes.\n\n-----Ursprüngliche Nachricht-----\nShall we?\n",
    "signature": "Yes.\n-- \nInes Carvalho\nHead of Delivery\n",
    "phone": "Yes.\n\nSent from my iPhone\n",
    "phone german": "Yes.\n\nVon meinem iPhone gesendet\n",
    "list footer": "Yes.\n_______________________________________________\nteam mailing list\n",
    "answer below": "On Mon, 16 Nov 2026 at 09:00, Dana wrote:\n> Shall we?\n\nYes.\n",
    "quoted twice": "Dana Ruiz wrote:\n> Shall we?\nYes.\n> When?\n",
}


@pytest.mark.parametrize("name", QUOTED)
def test_only_the_newest_words_are_kept(name: str) -> None:
    assert newest(QUOTED[name]) == "Yes."
    assert with_body(QUOTED[name]).excerpt == "Yes."


@pytest.mark.parametrize(
    "text",
    [
        "On the website it says 5 places: is that so?",
        "From: what I hear, we are late.",
        "Two options - which one:\n- blue\n- red",
        "Am Montag um 9 Uhr: passt das?",
        "Sent the draft yesterday.\nDate: Tuesday is fine.",
    ],
)
def test_words_that_only_look_like_quotations_stay(text: str) -> None:
    assert newest(text) == text


def test_inline_answers_are_kept_together() -> None:
    body = "Hi,\n\nOn 16 Nov 2026, Dana wrote:\n> Colour?\nBlue.\n> Date?\nMonday.\n"
    assert with_body(body).excerpt == "Hi, Blue. Monday."


def test_an_escaped_from_line_of_an_mbox_is_no_quotation() -> None:
    origin = Origin(source="mail", where="x", zone=BERLIN, escaped_from=True)
    assert read(HEADER + "\nHi,\n>From Monday on I am away.\n", origin).excerpt == "Hi, From Monday on I am away."


def test_an_excerpt_is_cut_and_clean() -> None:
    message = with_body("word " * 400 + "\x1b[31m\u202e\x07")
    assert len(message.excerpt) == 500
    assert message.excerpt.endswith("…")
    assert with_body("a\x1b[31mb\u202e \x07c").excerpt == "a[31mb c"


# --- bodies of several parts ----------------------------------------------------------------------------------------


def test_plain_text_comes_before_html_and_attachments_never() -> None:
    mail = EmailMessage()
    for line in HEADER.splitlines():
        name, _, value = line.partition(": ")
        mail[name] = value
    mail.set_content("The plain words.\n")
    mail.add_alternative("<p>The <b>HTML</b> words.</p>", subtype="html")
    mail.add_attachment(b"attached", maintype="application", subtype="pdf", filename="a.pdf")
    mail.add_attachment("attached text", filename="notes.txt")
    assert read(mail.as_bytes()).excerpt == "The plain words."


def test_html_alone_gives_its_words_without_what_it_quotes_or_hides() -> None:
    body = (
        "<html><head><style>p{color:red}</style></head><body><p>Hi&nbsp;Ines,</p><div style='display:none'>hidden</div>"
        "<p>yes &amp; soon.<br>Dana</p><!-- no --><div class='gmail_quote'>On Monday Ines wrote:"
        "<blockquote>Shall we?</blockquote></div></body></html>"
    )
    assert with_body(body, "Content-Type: text/html; charset=utf-8\n").excerpt == "Hi Ines, yes & soon. Dana"


def test_outlooks_html_ends_where_the_quotation_begins() -> None:
    body = "<p>Yes.</p><hr><div id='divRplyFwdMsg'><b>From:</b> Dana<br></div><p>Shall we?</p>"
    assert with_body(body, "Content-Type: text/html\n").excerpt == "Yes."


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<a href='", "<!--", "<![", "&", "</", "<div>", "<blockquote>", "<style>"]
)
def test_hostile_markup_ends_in_time(piece: str) -> None:
    began = time.process_time()
    found = words_of(piece * 200_000)  # Python's own parser takes minutes for some of these
    assert time.process_time() - began < 10
    assert set(found) <= set(piece)


def test_base64_and_quoted_printable_are_decoded_even_where_cut() -> None:
    text = base64.b64encode("Grüße aus Köln".encode()).decode()
    assert with_body(text[:-2], "Content-Transfer-Encoding: base64\n").excerpt.startswith("Grüße aus K")
    assert with_body("Gr=C3=BC=C3=9Fe=\n!=", "Content-Transfer-Encoding: quoted-printable\n").excerpt == "Grüße!"


def test_a_text_behind_a_large_attachment_is_found_when_asked_for() -> None:
    head = f"{HEADER}Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png\n\n".encode()
    raw = head + b"x" * 50_000 + b"\n--b\nContent-Type: text/plain\n\nThe words.\n--b--\n"
    beginning = raw[:10_000]
    message = read_mail(beginning, ORIGIN, whole=lambda: raw)
    assert isinstance(message, Message)
    assert message.excerpt == "The words."


def test_parts_within_parts_without_end_are_bounded() -> None:
    raw = HEADER + "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(500))
    assert with_body("", raw[len(HEADER) :]).excerpt == ""


# --- by a person or by a machine ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "extra",
    [
        "Auto-Submitted: auto-generated\n",
        "Auto-Submitted: auto-replied (vacation)\n",
        "Return-Path: <>\n",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
        "X-Autoreply: yes\n",
        "Precedence: auto_reply\n",
        "List-Unsubscribe: <https://x.example>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n",
        "List-Unsubscribe: <https://x.example>\nFeedback-ID: 1:2:3\n",
        "Content-Type: text/calendar; method=REQUEST\n",
        "List-Unsubscribe: <https://x.example>\nX-MC-User: 1\n",
        "Precedence: bulk\nX-Auto-Response-Suppress: All\n",
    ],
)
def test_machines_are_told_by_what_they_say_of_themselves(extra: str) -> None:
    assert with_body("Hello", extra).automated


@pytest.mark.parametrize(
    "author",
    [
        "noreply@x.example",
        "no-reply+7@x.example",
        "do_not_reply@x.example",
        "MAILER-DAEMON@x.example",
        "postmaster@x.example",
    ],
)
def test_machines_are_told_by_their_address(author: str) -> None:
    assert read(f"From: {author}\nDate: Tue, 17 Nov 2026 11:20:00 +0100\n\nHello").automated


DISCUSSION = (
    "List-Id: <team.agency.example>\nPrecedence: list\nList-Post: <mailto:team@agency.example>\n"
    "List-Unsubscribe: <mailto:leave@agency.example>\nReturn-Path: <team-bounces+ines=agency.example@x.example>\n"
)


@pytest.mark.parametrize(
    "extra",
    [
        "",
        "Auto-Submitted: no\n",
        "List-Id: <team.agency.example>\n",
        DISCUSSION,
        "Precedence: bulk\n",
        "List-Unsubscribe: <mailto:leave@agency.example>\nIn-Reply-To: <0@x>\n",
        "X-SES-Outgoing: 2026\n",
    ],
)
def test_people_who_write_through_lists_and_services_stay_people(extra: str) -> None:
    assert not with_body("Hello", extra).automated


@pytest.mark.parametrize("extra", [DISCUSSION, "Precedence: bulk\nReferences: <0@x>\n"])
def test_a_post_with_the_footer_of_its_list_stays_a_persons(extra: str) -> None:
    footer = "Can we move it?\n\nTo unsubscribe from this group, write to leave@agency.example.\n"
    assert not with_body(footer, extra).automated
    assert with_body(footer, "List-Id: <news.x.example>\n").automated


def test_an_out_of_office_note_is_automated_and_a_note_about_one_is_not() -> None:
    away = HEADER.replace("Subject: Booking", "Subject: Automatic reply: Booking")
    assert read(away + "\nI am away.").automated
    assert not read(HEADER.replace("Booking link", "Out of office next week") + "\nJust so you know.").automated


# --- what asks nothing further --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!", "Thank you so much, perfect.", "Thanks Ines, perfect!\n\nBest,\nDana", "Got it, thank you!\n\nBest\nJo",
        "Danke dir!", "Vielen Dank für die schnelle Hilfe", "Merci beaucoup !", "Bedankt!", "👍", "ok super", "Will do",
        "Great", "Hi Ines,\nthanks!\nDana", "Alles klar, danke\nLG\nJan",
    ],
)  # fmt: skip
def test_short_thanks_close(text: str) -> None:
    assert closes(text)
    assert with_body(text).closes


@pytest.mark.parametrize(
    "text",
    [
        "", "Thanks, when is it live?", "Thanks in advance", "Danke im Voraus", "Ok but not Tuesday", "Don't worry",
        "Thanks, please send the invoice", "Great, and the other page we spoke about on Monday?", "No thanks",
        "Can you send it", "Thanks for this. I will look at it with our legal people and come back.", "Perfect, John is out",
        "Danke, aber wann?", "Got a minute",
    ],
)  # fmt: skip
def test_what_still_asks_does_not_close(text: str) -> None:
    assert not closes(text)


# --- what everything rests on ---------------------------------------------------------------------------------------


@given(st.text(max_size=300), st.integers(min_value=1, max_value=200))
@settings(max_examples=200)
def test_clean_text_has_nothing_in_it_that_could_fool_a_terminal(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert all(unicodedata.category(c)[0] != "C" for c in cleaned)
    assert cleaned == " ".join(cleaned.split())


@given(st.integers(700_000_000, 4_000_000_000), st.integers(-12, 14))
def test_a_date_as_mailers_write_it_is_read_back(second: int, hours: int) -> None:
    moment = datetime.fromtimestamp(second, timezone(timedelta(hours=hours)))
    assert read_date(f"{moment:%a, %d %b %Y %H:%M:%S %z}", UTC) == moment

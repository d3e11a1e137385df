"""Slack's export: what its messages become, what a ZIP can be, and that nothing in it is lost silently."""

from __future__ import annotations

import json
import struct
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from briefing.errors import FileProblem
from briefing.facts import Message, Party, Person, Staff
from briefing.reading.archive import Limits, MemberProblem, open_archive
from briefing.reading.slackfacts import moment
from briefing.reading.slacktext import mentions, plain, shown_text
from briefing.recognise import sample_of
from connectors.slack_export import SlackExport, recognise
from tests.connectors.reading import NOW, Read, read, window

Row = dict[str, Any]


def stamp(hours: float = 48, micro: int = 0) -> str:
    return f"{int((NOW - timedelta(hours=hours)).timestamp())}.{micro:06d}"


def user(id: str, name: str, email: str = "", **more: Any) -> Row:
    profile = {"real_name": name, "display_name": name.split(maxsplit=1)[0], "email": email}
    return {"id": id, "name": name.lower().replace(" ", "."), "team_id": "T1", "profile": profile, **more}


def said(text: str, by: str = "UDANA", hours: float = 48, **more: Any) -> Row:
    return {"type": "message", "user": by, "text": text, "ts": stamp(hours), **more}


USERS = [
    user("UINES", "Ines Carvalho", "ines@agency.example"),
    user("UTOM", "Tom Reed", "tom@agency.example"),
    user("UOLD", "Ola Past", "ola@agency.example", deleted=True),
    user("UDANA", "Dana Ruiz", "dana@juniper.example", is_restricted=True),
    user("UOMAR", "Omar Haddad", "omar@kestrel.example", team_id="T2"),
    user("UBOT", "Standup", is_bot=True),
    user("USLACKBOT", "Slackbot"),
]
CHANNELS = [
    {"id": "C1", "name": "client-juniper", "members": ["UINES", "UDANA"], "created": "1433558319"},
    {"id": "C2", "name": "general", "members": ["UINES", "UTOM"]},
    {"id": "C3", "name": "kestrel", "members": ["UINES", "UOMAR"]},
]


def export(path: Path, days: dict[str, Any], **lists: Any) -> Path:
    """An export ZIP; a day's content may be text, to be broken."""
    contents: dict[str, Any] = {"channels.json": CHANNELS, "users.json": USERS}
    contents |= {f"{name}.json": value for name, value in lists.items()}
    contents |= {f"{name}.json": rows for name, rows in days.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            if content is not None:
                archive.writestr(name, content if isinstance(content, str | bytes) else json.dumps(content))
    return path


def messages(path: Path, **set_to: Any) -> Read:
    return read(SlackExport(source="slack", path=str(path), **set_to), "messages")


def people(path: Path) -> Read:
    return read(SlackExport(source="slack", path=str(path)), "people")


def one(path: Path, row: Row, channel: str = "client-juniper", **lists: Any) -> Message:
    (fact,) = messages(export(path / "export.zip", {f"{channel}/2026-11-17": [row]}, **lists)).facts
    assert isinstance(fact, Message)
    return fact


# --- messages -------------------------------------------------------------------------------------------------------


def test_a_message_in_a_clients_channel(tmp_path: Path) -> None:
    message = one(tmp_path, said("Hi <@UINES>, where is the <https://x.example|draft> &amp; the plan?"))
    ts = stamp(48)
    assert (message.ref.kind, message.ref.id) == ("chat", f"C1:{ts}")
    assert message.ref.where == "export.zip:client-juniper/2026-11-17.json"
    assert (message.thread, message.place, message.medium) == (f"C1:{ts}", "#client-juniper", "chat")
    assert message.party == Party(name="juniper", domain="juniper.example")
    assert message.author == Person(name="Dana Ruiz", email="dana@juniper.example", id="UDANA")
    assert [person.id for person in message.mentions] == ["UINES"]
    assert message.excerpt == "Hi @Ines Carvalho, where is the draft & the plan?"
    assert (message.outside, message.automated, message.closes, message.to) == (True, False, False, ())
    assert message.at == NOW - timedelta(hours=48)


def test_replies_share_the_thread_of_their_parent(tmp_path: Path) -> None:
    parent = stamp(60)
    rows = [
        said("Question?", hours=60, thread_ts=parent),
        said("Answer.", "UINES", 50, thread_ts=parent),
        said("Else", hours=49),
    ]
    threads = [
        f.thread
        for f in messages(export(tmp_path / "e.zip", {"general/2026-11-17": rows})).facts
        if isinstance(f, Message)
    ]
    assert threads == [f"C2:{parent}", f"C2:{parent}", f"C2:{stamp(49)}"]


@pytest.mark.parametrize(
    ("by", "more", "outside"),
    [
        ("UINES", {}, False),
        ("UOLD", {}, False),
        ("UDANA", {}, True),
        ("UOMAR", {}, True),
        ("UNEW", {}, None),
        ("UNEW", {"user_team": "T9"}, True),
        ("UNEW", {"user_profile": {"real_name": "New", "team": "T1", "is_ultra_restricted": True}}, True),
    ],
)
def test_whose_side_somebody_is_on(tmp_path: Path, by: str, more: Row, outside: bool | None) -> None:
    assert one(tmp_path, said("Hello", by, **more)).outside is outside


def test_people_missing_from_the_list_are_named_by_their_messages(tmp_path: Path) -> None:
    message = one(
        tmp_path, said("Hello <@UGONE|paul>", "UNEW", user_profile={"real_name": "Nia New", "display_name": "nia"})
    )
    assert message.author == Person(name="Nia New", id="UNEW")
    assert message.mentions == (Person(name="paul", id="UGONE"),)
    assert message.excerpt == "Hello @paul"


@pytest.mark.parametrize(
    "more",
    [
        {"subtype": "bot_message", "bot_id": "B1", "username": "CI"},
        {"bot_id": "B1"}, {"subtype": "something_new"}, {"user": "UBOT"}, {"user": "USLACKBOT"},
    ],
)  # fmt: skip
def test_bots_and_notices_are_automated(tmp_path: Path, more: Row) -> None:
    assert one(tmp_path, said("Hello") | more).automated


@pytest.mark.parametrize("subtype", ["channel_join", "group_leave", "channel_topic", "pinned_item"])
def test_what_a_channel_says_of_itself_is_counted(tmp_path: Path, subtype: str) -> None:
    found = messages(export(tmp_path / "e.zip", {"general/2026-11-17": [said("has joined", subtype=subtype)]}))
    assert (found.facts, [(each.count, each.why) for each in found.ignored]) == (
        [],
        [(1, "notices of joining, leaving and the like")],
    )


@pytest.mark.parametrize("subtype", ["thread_broadcast", "file_share", "me_message"])
def test_what_people_share_is_theirs(tmp_path: Path, subtype: str) -> None:
    assert not one(tmp_path, said("Hello", subtype=subtype)).automated


@pytest.mark.parametrize(
    ("reaction", "by", "closes"),
    [
        ("white_check_mark", "UINES", True),
        ("heavy_check_mark::skin-tone-2", "UTOM", True),
        ("white_check_mark", "UDANA", False),  # the asker's own
        ("white_check_mark", "UOMAR", False),  # not ours
        ("eyes", "UINES", False),
    ],
)
def test_a_reaction_of_ours_marks_a_message_done(tmp_path: Path, reaction: str, by: str, closes: bool) -> None:
    row = said("Can you send it?", reactions=[{"name": reaction, "users": [by], "count": 1}])
    assert one(tmp_path, row).closes is closes


def test_a_reaction_to_ones_own_message_marks_nothing(tmp_path: Path) -> None:
    row = said("Can you send it?", "UTOM", reactions=[{"name": "white_check_mark", "users": ["UTOM"], "count": 1}])
    assert not one(tmp_path, row).closes


@pytest.mark.parametrize(("reaction", "by", "seen"), [("eyes", "UINES", True), ("+1::skin-tone-3", "UTOM", True), ("eyes", "UDANA", False), ("tada", "UINES", False)])  # fmt: skip
def test_a_reaction_of_ours_shows_that_it_was_read(tmp_path: Path, reaction: str, by: str, seen: bool) -> None:
    message = one(tmp_path, said("Can you send it?", reactions=[{"name": reaction, "users": [by], "count": 1}]))
    assert (message.seen, message.closes) == (seen, False)


@pytest.mark.parametrize(("ours", "outside"), [([], True), (["dana@juniper.example"], False), (["@Juniper.example"], False), (["juniper"], True)])  # fmt: skip
def test_guests_who_work_for_us_are_named(tmp_path: Path, ours: list[str], outside: bool) -> None:
    (fact,) = messages(export(tmp_path / "e.zip", {"general/2026-11-17": [said("Hello")]}), ours=ours).facts
    assert isinstance(fact, Message)
    assert fact.outside is outside


def test_a_short_thanks_closes(tmp_path: Path) -> None:
    assert one(tmp_path, said("Thanks <@UINES> :+1:")).closes


@pytest.mark.parametrize(
    ("channel", "party"),
    [
        ({"name": "client-larch", "members": []}, Party(name="larch")),
        ({"name": "ext-larch-site", "members": []}, Party(name="larch-site")),
        ({"name": "larch-shared", "members": []}, Party(name="larch")),
        ({"name": "clients", "members": []}, Party()),
        ({"name": "larch", "members": ["UDANA", "UINES"]}, Party(name="larch", domain="juniper.example")),
        ({"name": "larch", "members": ["UDANA", "UOMAR"]}, Party(name="larch")),
        ({"name": "larch", "members": ["UINES"]}, Party()),
        ({"name": "larch", "members": [], "is_ext_shared": True}, Party(name="larch")),
    ],
)
def test_the_client_of_a_channel(tmp_path: Path, channel: Row, party: Party) -> None:
    row = said("Hello", "UINES")
    assert one(tmp_path, row, channel["name"], channels=[{"id": "C9", **channel}]).party == party


def test_direct_messages_have_a_place_and_a_party_of_their_own(tmp_path: Path) -> None:
    path = export(
        tmp_path / "e.zip",
        {
            "D1/2026-11-17": [said("Hi")],
            "D2/2026-11-17": [said("Hi", "UTOM")],
            "mpdm-a--b-1/2026-11-17": [said("Hi", "UINES")],
        },
        dms=[{"id": "D1", "members": ["UINES", "UDANA"]}, {"id": "D2", "members": ["UTOM", "UINES"]}],
        mpims=[{"id": "G1", "name": "mpdm-a--b-1", "members": ["UINES", "UTOM", "UOMAR"]}],
    )
    found = {fact.ref.id.partition(":")[0]: fact for fact in messages(path).facts if isinstance(fact, Message)}
    assert found["D1"].place == "the direct messages of Dana Ruiz and Ines Carvalho"
    assert [person.name for person in found["D1"].to] == ["Ines Carvalho"]
    assert [person.name for person in found["G1"].to] == ["Tom Reed", "Omar Haddad"]
    assert found["D1"].party == Party(domain="juniper.example")
    assert found["D2"].party == Party()
    assert found["G1"].party == Party(domain="kestrel.example")
    (stream, _) = SlackExport(source="slack", path=str(path)).streams(window())
    assert stream.place == "Slack"


def test_an_export_of_public_channels_says_so(tmp_path: Path) -> None:
    (stream, _) = SlackExport(source="slack", path=str(export(tmp_path / "e.zip", {}))).streams(window())
    assert stream.place == "Slack (public channels)"


def test_deleted_doubled_and_far_messages_are_counted(tmp_path: Path) -> None:
    rows = [
        said("Kept"), said("Kept"), said("gone", hours=47, subtype="tombstone"), said("edit", hours=46, hidden=True),
        said("old", hours=24 * 31), said("later", hours=-1),
    ]  # fmt: skip
    found = messages(
        export(tmp_path / "e.zip", {"general/2026-11-17": rows, "general/2025-01-01": [], "general/2027-01-01": []})
    )
    assert (len(found.facts), found.count, found.skipped) == (1, 8, [])
    assert {each.why: each.count for each in found.ignored} == {
        "messages that stand there twice": 1, "deleted messages": 2,
        "messages from before Tuesday 20 October 2026 07:00": 1, "messages later than Thursday 19 November 2026 07:00": 1,
        "day files from before Tuesday 20 October 2026 07:00": 1, "day files later than Thursday 19 November 2026 07:00": 1,
    }  # fmt: skip


def test_messages_count_by_their_time_and_not_by_their_files_name(tmp_path: Path) -> None:
    days = {"general/2026-10-19": [said("a", hours=24 * 30)], "general/2026-11-20": [said("b", hours=0)]}
    assert len(messages(export(tmp_path / "e.zip", days)).facts) == 2


def test_a_renamed_or_unknown_channel_is_read_by_its_id_or_folder(tmp_path: Path) -> None:
    days = {"C1/2026-11-17": [said("a")], "forgotten/2026-11-17": [said("b")]}
    places = [f.place for f in messages(export(tmp_path / "e.zip", days)).facts if isinstance(f, Message)]
    assert places == ["#client-juniper", "#forgotten"]


# --- people ---------------------------------------------------------------------------------------------------------


def test_our_own_people_are_staff(tmp_path: Path) -> None:
    found = people(export(tmp_path / "e.zip", {}))
    staff = {fact.person.name: fact for fact in found.facts if isinstance(fact, Staff)}
    assert {name: fact.active for name, fact in staff.items()} == {
        "Ines Carvalho": True,
        "Tom Reed": True,
        "Ola Past": False,
    }
    assert staff["Ines Carvalho"].logins == ("UINES", "ines.carvalho")
    assert found.count == len(USERS)


def test_without_a_list_of_people_it_goes_on_and_says_so(tmp_path: Path) -> None:
    path = export(
        tmp_path / "e.zip", {"general/2026-11-17": [said("Hi", user_profile={"real_name": "Dana"})]}, users=None
    )
    assert people(path).whys == ["e.zip:users.json is missing: names are taken from messages, guests are not known"]
    (message,) = messages(path).facts
    assert isinstance(message, Message)
    assert (message.author.name, message.outside) == ("Dana", None)


def test_an_enterprise_lists_people_of_several_teams_of_its_own(tmp_path: Path) -> None:
    users = [user(f"U{n}", f"P {n}", team_id="T1", enterprise_user={"enterprise_id": "E1"}) for n in range(3)]
    users.append(user("U9", "P 9", team_id="T5", enterprise_user={"enterprise_id": "E1"}))
    path = export(tmp_path / "e.zip", {"general/2026-11-17": [said("Hi", "U9")]}, users=None, org_users=users)
    (message,) = messages(path).facts
    assert isinstance(message, Message)
    assert message.outside is False


# --- what is wrong with an export -----------------------------------------------------------------------------------


def test_one_broken_day_costs_that_day(tmp_path: Path) -> None:
    days = {
        "general/2026-11-16": '[{"ts": "1',
        "general/2026-11-17": [said("Kept"), "text", {"text": "no time"}, said("x") | {"ts": "never"}, 7],
        "general/2026-11-18": {"not": "a list"},
        "client-juniper/2026-11-17": b"\xff\xfe",
        "client-juniper/2026-11-18": "[" * 100_000,
    }
    found = messages(export(tmp_path / "e.zip", days))
    assert len(found.facts) == 1
    assert found.whys == [
        "e.zip:client-juniper/2026-11-17.json is not UTF-8",
        "e.zip:client-juniper/2026-11-18.json is not JSON, or cut",
        "e.zip:general/2026-11-16.json is not JSON, or cut",
        "e.zip:general/2026-11-17.json:2 is not a message",
        "e.zip:general/2026-11-17.json:3 has no time",
        "e.zip:general/2026-11-17.json:4 has no time",
        "e.zip:general/2026-11-17.json:5 is not a message",
        "e.zip:general/2026-11-18.json is not a list",
    ]


def test_broken_lists_are_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = export(
        tmp_path / "e.zip", {"general/2026-11-17": [said("Hi")]}, channels="[{", users=[{"name": "x"}, *USERS]
    )
    assert messages(path).whys == ["e.zip:channels.json is not JSON, or cut"]
    assert people(path).whys == ["e.zip:users.json:1 has no id"]
    assert len(messages(path).facts) == 1


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_cut_zip_is_refused_with_the_cure(tmp_path: Path, kept: float) -> None:
    path = export(tmp_path / "e.zip", {f"general/2026-11-{n:02}": [said("Hi")] for n in range(1, 20)})
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * kept)])
    with pytest.raises(FileProblem, match=r"^e\.zip is (cut|not a ZIP file)") as problem:
        SlackExport(source="slack", path=str(path)).streams(window())
    assert problem.value.advice == "download it again"


@pytest.mark.parametrize("raw", [b"", b"Deal,Amount\n", b"PK\x05\x06" + b"\xff" * 30, b"PK\x03\x04" + b"x" * 100])
def test_what_is_no_zip_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "e.zip"
    path.write_bytes(raw)
    with pytest.raises(FileProblem, match=r"^e\.zip (is|holds)"):
        SlackExport(source="slack", path=str(path)).streams(window())
    assert recognise(sample_of(path)) is None


def test_another_zip_is_no_export(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(FileProblem, match=r"is not a Slack export: it has no channels\.json"):
        SlackExport(source="slack", path=str(path)).streams(window())
    with pytest.raises(FileProblem, match="there is no such file"):
        SlackExport(source="slack", path=str(tmp_path / "none.zip")).streams(window())


def test_a_locked_zip_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "e.zip", {})
    raw = bytearray(path.read_bytes())
    at = raw.find(b"PK\x01\x02")
    raw[at + 8] |= 1  # the first member's flag "encrypted" in the table of contents
    path.write_bytes(bytes(raw))
    with pytest.raises(FileProblem, match="is locked with a password"):
        SlackExport(source="slack", path=str(path)).streams(window())


def test_a_zip_bomb_costs_its_member_and_little_memory(tmp_path: Path) -> None:
    bomb = b"[" + b" " * 60_000_000 + b"]"
    path = export(tmp_path / "e.zip", {"general/2026-11-16": bomb, "general/2026-11-17": [said("Kept")]})
    found = messages(path)
    assert len(found.facts) == 1
    assert found.whys == ["e.zip:general/2026-11-16.json unpacks to more than 200 times its size"]


def test_sizes_are_counted_and_not_believed(tmp_path: Path) -> None:
    path = export(tmp_path / "e.zip", {"general/2026-11-17": [said("x" * 2000, hours=n) for n in range(1, 500)]})
    archive = open_archive(path, Limits(member=100_000))
    with pytest.raises(MemberProblem, match="unpacks to more than 0 MB"):
        archive.read("general/2026-11-17.json")
    archive.close()
    with pytest.raises(FileProblem, match="unpacks to more than 0 MB"):
        messages(path, max_bytes=10_000)


def test_a_lying_size_is_found_out(tmp_path: Path) -> None:
    path = export(tmp_path / "e.zip", {"general/2026-11-17": [said("x" * 5000)]})
    raw = bytearray(path.read_bytes())
    at = raw.rfind(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 10)  # the size it unpacks to, as stated
    path.write_bytes(bytes(raw))
    found = messages(path)
    assert found.whys == ["e.zip:general/2026-11-17.json is damaged in the archive"]


def test_too_many_members_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    path = export(tmp_path / "e.zip", {f"general/{n}": [] for n in range(50)})
    with pytest.raises(FileProblem, match="holds more than 20 files"):
        open_archive(path, Limits(members=20))


HOSTILE = [
    "../../etc/passwd",
    "/etc/2026-11-17.json",
    "general/../x/2026-11-17.json",
    "C:\\x.json",
    "a\x1b[31m\u202e.json",
]


def test_hostile_names_are_told_and_not_read(tmp_path: Path) -> None:
    path = export(tmp_path / "e.zip", {"general/2026-11-17": [said("Kept")]})
    with zipfile.ZipFile(path, "a") as archive:
        for name in HOSTILE:
            archive.writestr(name, json.dumps([said("hostile")]))
    found = messages(path)
    assert len(found.facts) == 1
    assert len(found.skipped) == len(HOSTILE)
    assert all(skipped.why == "has a name that leads out of the archive" for skipped in found.skipped)
    assert all(skipped.where.isprintable() for skipped in found.skipped)


def test_archives_within_and_what_macs_add_are_left_out(tmp_path: Path) -> None:
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("general/2026-11-17.json", json.dumps([said("inner")]))
    path = export(tmp_path / "e.zip", {"general/2026-11-17": [said("Kept")]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.zip", inner.getvalue())
        archive.writestr("__MACOSX/general/._2026-11-17.json", b"\x00")
        archive.writestr("general/canvas_in_the_conversation.json", "{}")
    found = messages(path)
    assert (len(found.facts), found.skipped) == (1, [])
    assert [(each.count, each.why) for each in found.ignored] == [(1, "archives within the archive")]


def test_a_top_folder_and_an_unpacked_folder_are_accepted(tmp_path: Path) -> None:
    days = {"general/2026-11-17": [said("Hi")]}
    flat = export(tmp_path / "flat.zip", days)
    wrapped = tmp_path / "wrapped.zip"
    with zipfile.ZipFile(flat) as source, zipfile.ZipFile(wrapped, "w") as target:
        for name in source.namelist():
            target.writestr(f"Agency Slack export/{name}", source.read(name))
    with zipfile.ZipFile(flat) as source:
        source.extractall(tmp_path / "folder")
    (tmp_path / "folder/users.json").chmod(0o644)
    ids = [[fact.ref.id for fact in messages(path).facts] for path in (flat, wrapped, tmp_path / "folder")]
    assert ids[0] == ids[1] == ids[2] == [f"C2:{stamp(48)}"]
    for path in (flat, wrapped, tmp_path / "folder"):
        found = recognise(sample_of(path))
        assert found is not None
        assert found.use == "slack_export"


def test_a_cut_export_is_still_recognised_so_that_it_is_told(tmp_path: Path) -> None:
    path = export(tmp_path / "e.zip", {"general/2026-11-17": [said("Hi")]})
    path.write_bytes(path.read_bytes()[:-100])
    found = recognise(sample_of(path))
    assert found is not None
    assert found.sure < 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    "type subtype user text thread_ts bot_id username user_profile bot_profile reactions blocks attachments files user_team "
    "hidden edited"
).split()


@given(row=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8), lists=VALUES, ts=VALUES | st.just(stamp()))
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_json_makes_the_reading_raise(tmp_path: Path, row: Row, lists: Any, ts: Any) -> None:
    rows = [{**row, "ts": ts}, said("Kept", hours=1)]
    broken = {
        "users": [lists, {"id": "U1", "profile": lists, "name": lists}],
        "channels": [{"id": "C1", "name": lists, "members": lists}],
    }
    path = export(tmp_path / "e.zip", {"general/2026-11-17": rows}, **broken)
    found = messages(path)
    assert sum(1 for fact in found.facts if fact.ref.id.endswith(stamp(1))) == 1
    people(path)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_order_in_a_day_changes_nothing_and_every_row_counts(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    rows = [said(f"m{n}", random.choice(["UINES", "UDANA", "UBOT"]), random.uniform(-2, 900)) for n in range(20)]
    rows = list({row["ts"]: row for row in rows}.values())
    first = messages(export(tmp_path / "e.zip", {"general/2026-11-17": rows}))
    random.shuffle(rows)
    second = messages(export(tmp_path / "e.zip", {"general/2026-11-17": rows}))
    assert sorted(first.facts, key=lambda f: f.ref.id) == sorted(second.facts, key=lambda f: f.ref.id)
    assert first.count == second.count == len(rows)


# --- the text grammar -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi <@U1>", "Hi @Ines"), ("Hi <@U2|bob>", "Hi @bob"), ("Hi <@U2>", "Hi @U2"), ("<#C1|design> <#C2|>", "#design #private-channel"),
        ("<!here> <!channel|@channel>", "@here @channel"), ("<!subteam^S1|@design> <!subteam^S2>", "@design @group"),
        ("<!date^1700000000^{date}|16 November>", "16 November"), ("<https://x.example|draft> <https://y.example>", "draft https://y.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"), ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"), ("&lt;@U1&gt;", "<@U1>"),
        ("*bold* _it_ ~no~ `code` ```block```", "bold it no code block"), ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        (":+1: :tada::skin-tone-3: :custom:", "👍 🎉 :custom:"), ("&gt; quoted\nnew", "new"), ("", ""), ("<", "<"),
    ],
)  # fmt: skip
def test_slacks_text_in_plain_words(text: str, words: str) -> None:
    assert plain(text, lambda one: "Ines" if one == "U1" else "") == words


def test_mentions_in_quotations_and_code_are_none() -> None:
    blocks = [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "user", "user_id": "U1"}, {"type": "usergroup", "usergroup_id": "S1"}],
                },
                {"type": "rich_text_quote", "elements": [{"type": "user", "user_id": "U2"}]},
                {"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U3"}]},
            ],
        }
    ]
    text = "<@U1> <!subteam^S1|@design>\n&gt; <@U2>\n```<@U3>```"
    assert mentions({"blocks": blocks, "text": text}) == (("U1", ""), ("S1", "@design"))
    assert mentions({"text": "<@U1|ines>\n&gt; <@U2>"}) == (("U1", "ines"),)


def test_a_bots_words_are_found_where_they_are() -> None:
    blocks = [
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "Deploy *done*"},
            "fields": [{"type": "mrkdwn", "text": "v2"}],
        }
    ]
    assert shown_text({"text": "", "blocks": blocks}) == "Deploy *done* v2"
    assert shown_text({"attachments": [{"fallback": "f", "text": "t", "title": "T"}]}) == "T t"
    assert shown_text({"files": [{"name": "a.pdf", "title": "The plan"}]}) == "The plan"
    assert shown_text({}) == ""


def test_times_keep_every_digit() -> None:
    assert moment("1433558207.760577") == datetime(2015, 6, 6, 2, 36, 47, 760577, tzinfo=UTC)
    assert moment(1433558207) == datetime(2015, 6, 6, 2, 36, 47, tzinfo=UTC)
    wrong: list[Any] = ["", None, "x", True, "1.2.3", "99999999999999.1", {}]
    assert [moment(one) for one in wrong] == [None] * len(wrong)

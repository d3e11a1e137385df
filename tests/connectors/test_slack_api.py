"""Slack by its API: what its messages become, which conversations are read, and whose side somebody is on."""

from __future__ import annotations

from typing import Any

import pytest

from briefing.connector import Mark
from briefing.errors import AuthError, BadAnswer
from briefing.facts import Message, Party, Person, Staff
from connectors.slack import Slack
from tests.connectors.reading import window
from tests.connectors.slack_wire import (
    SCOPES,
    TOKEN,
    Row,
    Workspace,
    agency,
    channel,
    direct,
    on_the_wire,
    read_slack,
    said,
    stamp,
    user,
)


def one(row: Row, workspace: Workspace | None = None, **settings: Any) -> Message:
    workspace = workspace or Workspace()
    workspace.history["C1"] = [row]
    (message,) = read_slack(workspace, **settings).messages
    return message


# --- messages -------------------------------------------------------------------------------------------------------


def test_a_message_in_a_channel_that_is_shared_with_a_client() -> None:
    workspace = Workspace(members={"C1": ["UMAYA", "UDANA"]})
    message = one(said("Hi <@UINES>, where is the <https://x.example|draft> &amp; the plan?"), workspace)
    ts = stamp(48)
    assert (message.ref.kind, message.ref.id, message.ref.where) == ("chat", f"C1:{ts}", "")
    assert message.ref.url == f"https://agency.slack.com/archives/C1/p{ts.replace('.', '')}"
    assert (message.thread, message.place, message.medium) == (f"C1:{ts}", "#client-juniper", "chat")
    assert message.party == Party(name="juniper", domain="juniper.example")
    assert message.author == Person(name="Dana Ruiz", email="dana@juniper.example", id="UDANA")
    assert message.mentions == (Person(name="Ines Carvalho", email="ines@agency.example", id="UINES"),)
    assert message.excerpt == "Hi @Ines Carvalho, where is the draft & the plan?"
    assert (message.outside, message.automated, message.closes, message.seen) == (True, False, False, False)


def test_a_reply_has_the_thread_of_its_start_and_a_link_into_it() -> None:
    workspace = Workspace()
    workspace.thread("C1", said("Question?", hours=60), said("Answer.", "UINES", 50))
    _, reply = read_slack(workspace).messages
    start, ts = stamp(60), stamp(50)
    assert (reply.excerpt, reply.thread, reply.outside) == ("Answer.", f"C1:{start}", False)
    link = f"https://agency.slack.com/archives/C1/p{ts.replace('.', '')}?thread_ts={start}&cid=C1"
    assert reply.ref.url == link


@pytest.mark.parametrize(
    ("told", "setting", "link"),
    [
        ("https://agency.slack.com/", "", "https://agency.slack.com/archives/C1/p"),
        ("https://agency.slack.com/", "https://grid.example", "https://grid.example/archives/C1/p"),
        ("javascript:alert(1)", "", ""), ("https://agency.slack.com/x?y=", "", ""), ("", "", ""),
    ],
)  # fmt: skip
def test_links_lead_to_the_workspace_or_nowhere(told: str, setting: str, link: str) -> None:
    workspace = Workspace(who={"url": told})
    found = one(said("Hi"), workspace, workspace_url=setting).ref.url
    assert found == (f"{link}{stamp(48).replace('.', '')}" if link else "")


def test_no_call_is_made_for_links() -> None:
    workspace = Workspace()
    one(said("Hi"), workspace)
    assert workspace.counts == {
        "auth.test": 1, "users.list": 1, "usergroups.list": 1, "users.conversations": 1, "conversations.members": 1,
        "conversations.history": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reaction", "by", "closes", "seen"),
    [
        ("white_check_mark", "UINES", True, False), ("ballot_box_with_check", "UMAYA", True, False),
        ("eyes", "UMAYA", False, True), ("+1::skin-tone-3", "UTOM", False, True),
        ("white_check_mark", "UDANA", False, False), ("eyes", "UGUEST", False, False), ("tada", "UTOM", False, False),
    ],
)  # fmt: skip
def test_reactions_of_ours_say_done_and_seen(reaction: str, by: str, closes: bool, seen: bool) -> None:
    message = one(said("Can you send it?", reactions=[{"name": reaction, "users": [by], "count": 7}]))
    assert (message.closes, message.seen) == (closes, seen)


def test_which_reactions_say_so_is_a_setting() -> None:
    row = said("Can you send it?", reactions=[{"name": "rocket", "users": ["UINES"], "count": 1}])
    assert one(row, done=["rocket"]).closes
    assert one(row, seen=["rocket"]).seen


@pytest.mark.parametrize(
    ("row", "automated"),
    [
        (said("Hi"), False), (said("Hi", subtype="file_share"), False), (said("Hi", bot_id="B1"), True),
        (said("Hi", "UBOT"), True), (said("Hi", "USLACKBOT"), True), (said("Hi", subtype="brand_new"), True),
        ({"ts": stamp(), "text": "Done", "subtype": "bot_message", "bot_id": "B1", "username": "CI"}, True),
    ],
)  # fmt: skip
def test_bots_are_automated(row: Row, automated: bool) -> None:
    assert one(row).automated is automated


def test_what_a_bot_says_in_blocks_is_read() -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "Deploy *done*"}}]
    row = {"ts": stamp(), "text": "", "subtype": "bot_message", "bot_id": "B1", "username": "CI", "blocks": blocks}
    message = one(row)
    assert (message.excerpt, message.author) == ("Deploy done", Person(name="CI", id="B1"))


def test_notices_and_deleted_messages_are_counted() -> None:
    workspace = Workspace()
    workspace.history["C1"] = [
        said("Kept"), said("<@UTOM> has joined", "UTOM", 47, subtype="channel_join"), said("gone", hours=46, subtype="tombstone"),
        said("old", hours=24 * 31), said("topic", "UTOM", 45, subtype="channel_topic"),
    ]  # fmt: skip
    got = read_slack(workspace)
    assert got.texts == ["Kept"]
    assert {why: got.ignored[why] for why in got.ignored if "people" not in why} == {
        "notices of joining, leaving and the like": 2, "deleted messages": 1,
    }  # fmt: skip


def test_an_edited_message_has_its_new_text() -> None:
    assert one(said("New", edited={"user": "UDANA", "ts": stamp(1)})).excerpt == "New"


def test_what_is_later_than_the_morning_is_not_stated() -> None:
    workspace = Workspace()
    workspace.history["C1"] = [said("Kept"), said("later", hours=-1)]
    workspace.thread("C1", said("Question?", hours=60), said("Answer.", "UINES", 50), said("later", "UINES", -2))
    assert read_slack(workspace).texts == ["Question?", "Answer.", "Kept"]


# --- people ---------------------------------------------------------------------------------------------------------


def test_our_own_people_are_staff_with_their_addresses() -> None:
    got = read_slack(
        Workspace(users=[*Workspace().users, user("UOLD", "Ola Past", "ola@agency.example", deleted=True)])
    )
    staff = {fact.person.name: fact for fact in got.of(Staff)}
    assert {name: fact.active for name, fact in staff.items()} == {
        "Maya Lind": True, "Ines Carvalho": True, "Tom Reed": True, "Ola Past": False,
    }  # fmt: skip
    assert (staff["Tom Reed"].person.email, staff["Tom Reed"].logins) == ("tom@agency.example", ("UTOM", "tom.reed"))
    assert got.ignored["bots, guests and people of other organisations"] == 4


@pytest.mark.parametrize(
    ("row", "outside"),
    [
        (said("Hi", "UINES"), False), (said("Hi", "UDANA"), True), (said("Hi", "UGUEST"), True),
        (said("Hi", "UNEW"), True), (said("Hi", "UGONE"), None), (said("Hi", "UGONE", team="T9"), True),
        (said("Hi", "UGONE", team="T1"), None),
    ],
)  # fmt: skip
def test_whose_side_somebody_is_on(row: Row, outside: bool | None) -> None:
    workspace = Workspace(hidden_users=[user("UNEW", "Nia New", "nia@juniper.example", team_id="T7")])
    message = one(row, workspace)
    assert message.outside is outside
    if row["user"] == "UNEW":
        assert message.author == Person(name="Nia New", email="nia@juniper.example", id="UNEW")


@pytest.mark.parametrize(("ours", "outside"), [([], True), (["free.example"], False), (["gus@free.example"], False)])
def test_a_freelancer_with_a_guest_account_is_ours_where_named(ours: list[str], outside: bool) -> None:
    assert one(said("Hi", "UGUEST"), ours=ours).outside is outside


def test_another_workspace_of_the_same_enterprise_is_ours() -> None:
    workspace = Workspace(who={"enterprise_id": "E1"})
    workspace.users.append(user("USIS", "Sis Ter", team_id="T5", enterprise_user={"enterprise_id": "E1"}))
    assert one(said("Hi", "USIS"), workspace).outside is False
    assert one(said("Hi", "UDANA"), workspace).outside is True


def test_somebody_unknown_is_asked_for_once() -> None:
    workspace = Workspace(hidden_users=[user("UNEW", "Nia New", team_id="T7")])
    workspace.channels.append(channel("C2", "general"))
    for place in ("C1", "C2"):
        workspace.history[place] = [said("a", "UNEW", 30), said("<@UNEW> <@UGONE>", "UTOM", 29), said("b", "UNEW", 28)]
    got = read_slack(workspace)
    assert workspace.counts["users.info"] == 2
    assert [message.excerpt for message in got.messages if message.author.id == "UTOM"] == ["@Nia New @UGONE"] * 2


def test_a_group_is_named_and_its_members_are_mentioned() -> None:
    workspace = Workspace(groups=[{"id": "S1", "handle": "design", "users": ["UINES", "UTOM", "UDANA"]}])
    message = one(said("<!subteam^S1> please look"), workspace)
    assert message.excerpt == "@design please look"
    assert message.mentions[0] == Person(name="design", id="S1")
    assert [person.id for person in message.mentions[1:]] == ["UINES", "UTOM"]


@pytest.mark.parametrize(
    "answer", [{"ok": False, "error": "plan_upgrade_required"}, {"ok": True}, {"ok": True, "usergroups": [7, {}]}]
)
def test_without_user_groups_it_goes_on(answer: Row) -> None:
    """A plan without groups lacks nothing, and nothing is told of it."""
    workspace = Workspace(refuse={"usergroups.list": answer})
    assert one(said("<!subteam^S1> please look"), workspace).excerpt == "@group please look"
    assert not [why for why in read_slack(workspace).ignored if "group" in why]


def test_groups_that_cannot_be_read_are_told() -> None:
    refused = Workspace(refuse={"usergroups.list": {"ok": False, "error": "access_denied"}})
    unasked = Workspace(scopes=SCOPES.replace("usergroups:read", ""))
    notes = [[why for why in read_slack(one).ignored if "groups" in why] for one in (refused, unasked)]
    assert [len(told) for told in notes] == [1, 1]
    assert all(
        told[0].startswith("user groups were not readable, so mentions of groups are not told: ") for told in notes
    )
    assert "(access_denied)" in notes[0][0]
    assert "usergroups:read" in notes[1][0]
    assert unasked.counts["usergroups.list"] == 0


# --- which conversations --------------------------------------------------------------------------------------------


def test_what_matters_most_comes_first() -> None:
    got = read_slack(agency())
    assert list(got.places) == [
        "people", "#client-juniper", "the direct messages of Dana Ruiz and Maya Lind", "#kestrel",
        "the direct messages of Maya Lind and Tom Reed",
        "the direct messages of Ines Carvalho and Maya Lind and Tom Reed", "#both-offices", "#general", "#leads",
    ]  # fmt: skip
    assert {place for scope, place in got.places.items() if scope != "people"} == {"Slack"}


def test_what_is_left_out_is_counted() -> None:
    ignored = read_slack(agency()).ignored
    assert {why: count for why, count in ignored.items() if "direct" in why or "oneself" in why} == {
        "direct messages with apps": 2, "direct messages with people who left": 1, "notes to oneself": 1,
    }  # fmt: skip


def test_a_direct_message_says_to_whom_it_is() -> None:
    found = {message.ref.id.partition(":")[0]: message for message in read_slack(agency()).messages}
    assert [person.id for person in found["D9"].to] == ["UMAYA"]
    assert [person.id for person in found["G1"].to] == ["UINES", "UMAYA"]
    assert found["C9"].to == ()
    assert found["D8"].party == Party(domain="juniper.example")
    assert found["C8"].party == Party(name="kestrel")
    assert (found["C9"].party, found["C5"].party) == (Party(), Party())


@pytest.mark.parametrize(
    ("settings", "scopes", "place"),
    [
        ({"types": ["public", "private"]}, 5, "Slack (channels)"),
        ({"types": ["direct"]}, 2, "Slack (direct messages)"),
        ({"types": ["public"]}, 4, "Slack (public channels)"),
        ({"not_channels": ["general", "#lead*"]}, 6, "Slack (channels, direct messages and group messages without 2 channels)"),
        ({"channels": ["client-*"]}, 4, "Slack (chosen channels, direct messages and group messages)"),
        ({"channels": ["C9", "#client-juniper"], "types": ["public"]}, 2, "Slack (chosen channels)"),
    ],
)  # fmt: skip
def test_settings_choose_and_the_place_says_so(settings: Row, scopes: int, place: str) -> None:
    got = read_slack(agency(), **settings)
    assert (len(got.places) - 1, {place for scope, place in got.places.items() if scope != "people"}) == (
        scopes,
        {place},
    )


def test_a_channel_that_is_named_and_not_there_is_a_gap() -> None:
    got = read_slack(agency(), channels=["client-juniper", "client-larch", "ext-*"])
    assert list(got.errors) == ["#client-larch"]
    assert str(got.errors["#client-larch"]) == "not among your conversations"
    assert "take it out of `channels`" in got.errors["#client-larch"].advice


def test_muted_channels_are_read_unless_told_otherwise() -> None:
    workspace = agency()
    workspace.muted = {"C9"}
    assert "#general" in read_slack(workspace).places
    got = read_slack(workspace, muted="skip")
    assert "#general" not in got.places
    assert got.ignored["muted conversations, by the setting `muted`"] == 1
    assert got.places["#leads"] == "Slack (channels, direct messages and group messages without muted ones)"


def test_two_conversations_of_one_name_are_told_apart() -> None:
    workspace = Workspace(channels=[direct("D1", "UTOM"), direct("D2", "UTWIN")])
    workspace.users.append(user("UTWIN", "Tom Reed"))
    assert list(read_slack(workspace).places)[1:] == [
        "the direct messages of Maya Lind and Tom Reed (D1)", "the direct messages of Maya Lind and Tom Reed (D2)",
    ]  # fmt: skip


def test_the_other_one_of_a_direct_message_may_be_in_no_list() -> None:
    workspace = Workspace(channels=[direct("D1", "UNEW")], hidden_users=[user("UNEW", "Nia New", team_id="T7")])
    workspace.history["D1"] = [said("Hi", "UNEW")]
    got = read_slack(workspace)
    assert list(got.places)[1:] == ["the direct messages of Maya Lind and Nia New"]
    assert [message.outside for message in got.messages] == [True]


# --- tokens and scopes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("xoxb-1-2", "a bot's token: it sees only the channels it was invited to and no direct messages, so Slack would look quiet"),
        ("xoxe.xoxb-1", "a bot's token"), ("xapp-1", "an app-level token"), ("xoxc-1", "a browser's session"),
        ("xoxe-1", "a refresh token"), ("secret", "no token of a person"),
    ],
)  # fmt: skip
def test_a_token_of_the_wrong_kind_is_refused_with_the_reason(token: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"token: this is .*; use the User OAuth Token") as refused:
        Slack(source="slack", token=token)
    assert says in str(refused.value)
    assert token not in str(refused.value)


def test_a_bot_that_looks_like_a_person_is_refused_too() -> None:
    with on_the_wire(Workspace(who={"bot_id": "B1"})) as connector, pytest.raises(AuthError, match="look quiet"):
        connector.streams(window())


def test_without_a_token_the_cure_is_told() -> None:
    with pytest.raises(AuthError) as told:
        Slack(source="chat").streams(window())
    assert (str(told.value), told.value.advice) == ("no token is set", "briefing auth chat")


@pytest.mark.parametrize("base_url", ["ftp://x", "slack.com"])
def test_an_address_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        Slack(source="slack", token=TOKEN, base_url=base_url)


@pytest.mark.parametrize(
    ("setting", "value"), [("types", ["public", "secret"]), ("muted", "maybe"), ("threads", "some")]
)
def test_a_setting_that_is_none_is_refused(setting: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{setting}: "):
        Slack(source="slack", token=TOKEN, **{setting: value})


def test_a_family_without_its_scope_is_a_gap_and_the_others_are_read() -> None:
    workspace = agency()
    workspace.scopes = workspace.scopes.replace("groups:history", "").replace("im:read", "", 1)
    got = read_slack(workspace)
    assert {scope: str(error) for scope, error in got.errors.items()} == {
        "private channels": "the token lacks the scope groups:history",
        "direct messages": "the token lacks the scope im:read",
    }  # fmt: skip
    advice = got.errors["private channels"].advice
    assert advice.startswith("add groups:history to the user scopes of your Slack app")
    assert advice.endswith('or take "private" out of `types` of sources.slack')
    assert "#client-juniper" in got.places
    assert got.places["#client-juniper"] == "Slack (public channels and group messages)"


def test_a_scope_that_only_shows_when_asked_costs_its_family() -> None:
    """Where the answers say nothing of scopes, all families at once are refused, and each alone tells."""

    class Shy(Workspace):
        def __call__(self, request: Any) -> Any:
            reply = super().__call__(request)
            return type(reply)(status=reply.status, body=reply.body)

        def on_users_conversations(self, asked: Any) -> Row:
            if "mpim" in asked["types"]:
                return {"ok": False, "error": "missing_scope", "needed": "mpim:read"}
            return super().on_users_conversations(asked)

    workspace = Shy(**vars(agency()))
    got = read_slack(workspace)
    assert {scope: str(error) for scope, error in got.errors.items()} == {
        "group messages": "the token lacks the scope mpim:read"
    }
    assert len(got.places) == 9
    assert workspace.counts["users.conversations"] == 5


def test_without_the_list_of_people_nothing_is_read() -> None:
    """Nobody could tell a client from a colleague, and Slack would look quiet."""
    workspace = Workspace(scopes="channels:read channels:history")
    with on_the_wire(workspace) as connector, pytest.raises(AuthError, match="lacks the scope users:read"):
        connector.streams(window())


def test_a_list_of_people_of_another_workspace_is_not_believed() -> None:
    for workspace in (Workspace(who={"team_id": "T5"}), Workspace(who={"user_id": "UNOBODY"})):
        with on_the_wire(workspace) as connector, pytest.raises(BadAnswer, match="whose token"):
            connector.streams(window())


# --- one conversation fails -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("channel_not_found", "Slack does not show it (channel_not_found)"), ("not_in_channel", "does not show it"),
        ("is_archived", "does not show it"), ("missing_scope", "lacks the scope channels:history"),
        ("internal_error", "Slack fails on conversations.history (internal_error)"), ("invalid_ts_latest", "Slack refuses"),
    ],
)  # fmt: skip
def test_one_conversation_that_fails_costs_itself(error: str, says: str) -> None:
    workspace = agency()
    workspace.refuse["conversations.history C9"] = {"ok": False, "error": error, "needed": "channels:history"}
    got = read_slack(workspace)
    assert list(got.errors) == ["#general"]
    assert says in str(got.errors["#general"])
    assert got.errors["#general"].advice
    assert len(got.messages) == 7


def test_rows_that_cannot_be_read_are_told() -> None:
    workspace = Workspace()
    workspace.history["C1"] = [
        said("Kept"),
        {"ts": stamp(40), "text": "by nobody"},
        {"ts": stamp(39), "user": 7, "text": "x"},
    ]
    got = read_slack(workspace)
    assert got.texts == ["Kept"]
    assert got.skipped == ["a message in #client-juniper: has no author"] * 2


@pytest.mark.parametrize("rows", [["text"], [{"user": "UTOM", "text": "no time"}], [None]])
def test_rows_of_another_shape_are_told(rows: list[Any]) -> None:
    answer = {"ok": True, "messages": rows, "has_more": False}
    got = read_slack(Workspace(refuse={"conversations.history": answer}))
    assert len(got.skipped) == 1


@pytest.mark.parametrize(
    "row",
    [
        {"is_channel": True, "name": "nameless-id"}, {"id": "C3", "name": "no-kind"}, {"id": "D3", "is_im": True},
        {"id": "C3", "is_channel": "yes", "name": "odd-kind"},
    ],
)  # fmt: skip
def test_a_conversation_that_the_list_does_not_explain_is_a_gap(row: Row) -> None:
    workspace = Workspace()
    workspace.channels.append(row)
    workspace.refuse["users.conversations"] = {"ok": True, "channels": workspace.channels}
    got = read_slack(workspace)
    scope = f"#{row['name']}" if "name" in row else "conversation D3"
    assert {name: str(error) for name, error in got.errors.items()} == {scope: "Slack's list does not say what it is"}


def test_a_name_that_is_none_is_told_and_the_channel_read_by_its_id() -> None:
    workspace = Workspace(channels=[channel("C1", "Not A Name!")])
    workspace.history["C1"] = [said("Hi")]
    got = read_slack(workspace)
    assert [message.place for message in got.messages] == ["#C1"]
    assert got.skipped == ["the list of conversations: C1 has no name"]


# --- pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 2, 3, 50])
def test_pages_of_any_size_give_the_same(page: int) -> None:
    workspace = agency()
    workspace.history["C1"] = [said(f"m{n}", hours=40 + n) for n in range(7)]
    workspace.thread("C1", said("start", hours=30), *(said(f"r{n}", "UTOM", 20 + n) for n in range(5)))
    whole = read_slack(workspace)
    workspace.page = page
    got = read_slack(workspace)
    assert (got.messages, list(got.places), got.of(Staff)) == (whole.messages, list(whole.places), whole.of(Staff))
    assert got.errors == {}


@pytest.mark.parametrize(
    ("method", "answer", "says"),
    [
        ("conversations.history", {"messages": [], "has_more": True}, "there is more, and not where"),
        ("conversations.history", {"has_more": False}, "without messages"),
        ("conversations.history", {"messages": [], "has_more": True, "response_metadata": {"next_cursor": "again"}}, "leads back"),
        ("conversations.history", {"messages": [], "response_metadata": {"next_cursor": 7}}, "does not say where the next page"),
        ("conversations.history", {"messages": [], "response_metadata": "odd"}, "does not say where the next page"),
    ],
)  # fmt: skip
def test_pages_that_lead_nowhere_are_no_end(method: str, answer: Row, says: str) -> None:
    got = read_slack(Workspace(refuse={method: {"ok": True, **answer}}))
    assert says in str(got.errors["#client-juniper"])


def test_a_mark_comes_with_each_conversation() -> None:
    got = read_slack(agency())
    assert len(got.of(Mark)) == len(got.places) - 1
    assert got.mark().so_far is False


def test_nothing_is_asked_before_a_stream_is_read() -> None:
    workspace = agency()
    with on_the_wire(workspace) as connector:
        streams = connector.streams(window())
        before = len(workspace.calls)
        for stream in streams:
            stream.read(window(), None)
        assert len(workspace.calls) == before

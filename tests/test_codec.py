"""Facts survive the store: to JSON and back, from older and newer versions."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from briefing.codec import decode, encode
from briefing.facts import KINDS, Deal, Fact, Guest, Meeting, Money, Party, Person, Proposal, Ref, Task
from briefing.testing import facts_from

texts = st.text(max_size=20)
moments = st.datetimes(timezones=st.just(UTC))
people = st.builds(Person, name=texts, email=texts, id=texts)
refs = st.builds(Ref, source=texts, kind=texts, id=texts, url=texts, where=texts)
money = st.builds(
    Money, amount=st.decimals(allow_nan=False, allow_infinity=False, places=2), currency=st.sampled_from(["USD", "EUR"])
)
some_facts = st.one_of(
    st.builds(
        Deal, ref=refs, party=st.builds(Party, name=texts, domain=texts), name=texts, owner=st.none() | people,
        amount=st.none() | money, probability=st.none() | st.decimals(0, 1, places=2), created=st.none() | moments,
        expected_close=st.none() | st.dates(), contacts=st.tuples(people) | st.just(()),
        known=st.frozensets(texts, max_size=3),
    ),
    st.builds(Meeting, ref=refs, uid=texts, starts=moments, ends=moments, guests=st.tuples(st.builds(Guest, person=people))),
    st.builds(Task, ref=refs, title=texts, remaining=st.none() | st.decimals(0, 99, places=1), due=st.none() | st.dates()),
)  # fmt: skip


@given(some_facts)
def test_a_fact_comes_back_the_same(fact: Fact) -> None:
    assert decode(type(fact).kind, encode(fact)) == fact


def test_every_kind_can_be_read_back() -> None:
    bare = {
        "message": "thread=t | at=2026-11-19T07:00 | author=Ann",
        "meeting": "uid=u | starts=2026-11-19T07:00 | ends=2026-11-19T08:00",
        "absence": "person=Ann | first=2026-11-19 | last=2026-11-20",
        "project": "title=t", "milestone": "project=p | title=t", "task": "title=t", "retainer": "title=t", "ticket": "title=t", "deal": "name=n",
        "proposal": "name=n | state=sent", "ad_account": "name=n",
        "ad_day": "account=a | day=2026-11-19 | vintage=2026-11-20 | currency=USD | spend=1",
        "ad_change": "account=a | at=2026-11-19T07:00",
        "ad_change_coverage": "account=a | since=2026-11-01 | until=2026-11-19 | complete=yes",
        "measure": "name=n | at=2026-11-19", "company": "name=n", "staff": "person=Ann",
    }  # fmt: skip
    assert bare.keys() == KINDS.keys()
    for kind, fields in bare.items():
        (fact,) = facts_from(f"{kind} | 1 | {fields}")
        assert decode(kind, encode(fact)) == fact


def test_unknown_fields_and_kinds_are_left_out() -> None:
    (fact,) = facts_from("proposal | 1 | name=n | state=sent")
    text = json.dumps({**json.loads(encode(fact)), "invented_later": {"a": 1}})
    assert decode("proposal", text) == fact
    assert decode("invented_later", "{}") is None


def test_the_bytes_are_the_same_for_the_same_fact() -> None:
    ref = Ref(source="s", kind="proposal", id="1")
    proposal = Proposal(
        ref=ref, name="n", state="viewed", amount=Money(amount=Decimal("48000.00"), currency="USD"),
        expires=date(2026, 12, 1), sent=datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    assert encode(proposal) == (
        '{"amount":{"amount":"48000.00","currency":"USD"},"expires":"2026-12-01","name":"n",'
        '"ref":{"id":"1","kind":"proposal","source":"s"},"sent":"2026-11-01T00:00:00+00:00","state":"viewed","v":1}'
    )

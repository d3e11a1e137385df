"""Is a cost per lead unusual: the worked examples of the method to their printed digits, its properties, and its nerves.

The examples' figures are those of the reference sheet; the simulated accounts have more scatter than the method assumes
(a lognormal day effect, weekdays, slow drift), and the shares of false and found are counted.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.anomaly import Comparisons, Judgement, Method, Series, Window, judge
from briefing.causes import CampaignSums, campaign_parts, distance, factors, level_z, weekday_index
from briefing.chance import (
    Prior,
    benjamini_hochberg,
    chance_of_fewer,
    dispersion,
    expected_leads,
    fit_prior,
    leads_test,
    root_z,
    tail,
    tail15,
)
from briefing.rules.view import AdSeriesDay

TODAY = date(2026, 11, 19)
YESTERDAY = date(2026, 11, 18)


def window(
    *, leads: float, expected: float, phi: float, base_leads: float, base_spend: float, spend: float, days: int
) -> Window:  # fmt: skip
    tails = leads_test(leads, expected, base_leads, phi)
    return Window(
        days=days, last=YESTERDAY, spend=round(spend * 1e6), leads=leads, base_first=date(2026, 10, 15), base_days=28,
        base_spend=round(base_spend * 1e6), base_leads=base_leads, expected=expected, raw=phi, phi=phi, z=tails.z,
        fewer=tails.fewer, more=tails.more,
    )  # fmt: skip


# --- the worked examples -------------------------------------------------------------------------------------------------


def test_example_a_nineteen_percent_at_twenty_leads_a_day_is_usual() -> None:
    assert round(expected_leads(1680, 47_040, 560), 1) == 20.0
    assert round(root_z(17, 20.0, 560, 2.6), 2) == -0.39
    assert round(tail(-0.39), 2) == 0.35
    week = window(leads=118, expected=140, phi=2.6, base_leads=560, base_spend=47_040, spend=11_760, days=7)
    assert (round(week.z, 2), round(week.fewer, 2)) == (-1.06, 0.14)
    assert week.cpl == pytest.approx(99.7, abs=0.05)
    assert round(week.cost_a_day("up")) == 264
    assert week.cost_at_least("up") < 0


def test_example_b_nineteen_percent_at_two_hundred_leads_a_day_is_news_after_a_week() -> None:
    one, three, seven = ((168, 200), (504, 600), (1176, 1400))
    assert [round(root_z(*pair, 5600, 3), 2) for pair in (one, three, seven)] == [-1.33, -2.24, -3.22]
    assert round(tail(-1.33), 3) == 0.092
    assert round(tail(root_z(*three, 5600, 3)), 3) == 0.013
    assert round(2 * tail(root_z(*three, 5600, 3)), 3) == 0.025
    week = window(leads=1176, expected=1400, phi=3, base_leads=5600, base_spend=470_400, spend=117_600, days=7)
    assert round(week.fewer, 4) == 0.0006
    assert round(2 * week.fewer, 4) == 0.0013
    assert round(tail15(week.z), 4) == 0.0029
    assert 2 * round(tail15(week.z), 4) == 0.0058
    assert (round(week.cost_a_day("up")), round(week.cost_at_least("up"))) == (2688, 1258)


def test_example_c_the_factors_of_a_move() -> None:
    rows = [
        *(day(n, spend=19.20, impressions=1_000_000, clicks=6000, leads=240, scale=1000) for n in range(35, 7, -1)),
        *(day(n, spend=19.80, impressions=1_000_000, clicks=6000, leads=207, scale=1000) for n in range(7, 0, -1)),
    ]
    week = window(leads=1449, expected=1732.5, phi=2, base_leads=6720, base_spend=537_600, spend=138_600, days=7)
    found = factors(rows, week)
    assert {name: round(one.log, 4) for name, one in found.items()} == {
        "cpc": 0.0308, "cvr": 0.1479, "cpm": 0.0308, "ctr": 0.0,
    }  # fmt: skip
    assert (round(found["cpm"].share, 2), round(found["cvr"].share, 2)) == (0.17, 0.83)
    assert found["cvr"].named
    assert not found["cpc"].named
    assert found["cpc"].unchanged


def test_example_d_campaigns_and_their_mix() -> None:
    parts = campaign_parts(
        {
            "brand": CampaignSums(900, 29, 900, 30),
            "generic": CampaignSums(4500, 30, 4200, 42),
            "remarketing": CampaignSums(600, 12, 900, 18),
        },
        scale=1,
    )
    assert {name: round(part, 2) for name, part in parts.efficiency.items()} == {
        "brand": 1.0, "generic": 15.0, "remarketing": 0.0,
    }  # fmt: skip
    assert {name: round(part, 2) for name, part in parts.mix.items()} == {
        "brand": 0.0, "generic": 1.5, "remarketing": 1.5,
    }  # fmt: skip
    assert round(parts.total, 2) == 19.0
    assert parts.carrier == "generic"
    assert not parts.by_mix


@pytest.mark.parametrize(
    ("expected", "phi", "chance"), [(9, 1.5, 0.0007), (4, 1.5, 0.039), (12, 1.5, 0.00006), (12, 3, 0.0014)]
)
def test_example_e_the_chance_of_no_lead_at_all(expected: float, phi: float, chance: float) -> None:
    digits = len(f"{chance:f}".rstrip("0")) - 2
    # Half of the value seen counts, so none at all has half of P(0).
    assert round(2 * chance_of_fewer(0, expected, phi), digits) == chance


def test_example_f_the_first_five_of_ten_pass() -> None:
    ps = [0.0004, 0.0031, 0.009, 0.021, 0.034, 0.08, 0.21, 0.38, 0.55, 0.91]
    ranks = benjamini_hochberg(ps, 0.10)
    assert [rank.accepted for rank in ranks] == [True] * 5 + [False] * 5
    assert [round(rank.limit, 2) for rank in ranks[:6]] == [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]


def test_example_h_what_is_still_to_come_is_expected_not_yet() -> None:
    assert round(expected_leads(1680, 47_040, 560, maturity=0.80), 1) == 16.0
    assert round(root_z(15, 16.0, 560, 2.6), 2) == -0.12


def test_example_i_the_size_of_a_spend_against_its_own_spread() -> None:
    assert round(1015 / 420, 2) == 2.42
    assert round(distance(1015, 420, 0.12), 1) == 7.4


# --- the tests themselves ------------------------------------------------------------------------------------------------


def test_the_tails_are_those_of_the_printed_tables() -> None:
    assert tail(-1.6449) == pytest.approx(0.05, abs=1e-4)
    assert tail15(-1.753) == pytest.approx(0.05, abs=2e-4)
    assert tail15(-2.947) == pytest.approx(0.005, abs=1e-4)
    assert tail15(1.5) + tail15(-1.5) == pytest.approx(1)


@settings(deadline=None)
@given(st.integers(0, 60), st.floats(0.5, 12), st.floats(1.0, 8))
def test_the_exact_tail_is_a_sum_of_probabilities(count: int, expected: float, phi: float) -> None:
    def probability(k: int) -> float:
        if phi < 1 + 1e-9:
            return math.exp(k * math.log(expected) - expected - math.lgamma(k + 1))
        r = expected / (phi - 1)
        choose = math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1)
        return math.exp(choose - r * math.log(phi) + k * math.log1p(-1 / phi))

    straight = sum(probability(k) for k in range(count)) + probability(count) / 2
    assert chance_of_fewer(count, expected, phi) == pytest.approx(straight, rel=1e-6, abs=1e-12)


@settings(deadline=None)
@given(st.floats(0, 40), st.floats(3, 9.9), st.floats(1.0, 6))
def test_more_leads_are_never_rarer_from_below(leads: float, expected: float, phi: float) -> None:
    assert chance_of_fewer(leads + 0.5, expected, phi) >= chance_of_fewer(leads, expected, phi)


def test_both_forms_meet_at_ten_expected_leads() -> None:
    for leads in (2, 5, 8, 12, 20):
        exact = leads_test(leads, 10, 400, 2.0, exact_below=11).fewer
        root = leads_test(leads, 10, 400, 2.0).fewer
        assert exact == pytest.approx(root, abs=0.035)


@settings(deadline=None)
@given(
    st.floats(3, 200), st.floats(0.2, 3).filter(lambda ratio: not 0.8 < ratio < 1.25), st.integers(2, 50),
    st.floats(1, 8),
)  # fmt: skip
def test_more_leads_at_the_same_ratio_never_lower_the_distance(e: float, ratio: float, times: int, phi: float) -> None:
    few = root_z(ratio * e, e, 4 * e, phi)
    many = root_z(times * ratio * e, times * e, times * 4 * e, phi)
    assert abs(many) >= abs(few)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_an_account_with_p_1_never_adds_an_item(ps: list[float]) -> None:
    before = benjamini_hochberg(ps)
    after = benjamini_hochberg([*ps, 1.0])
    assert all(was.accepted for was, now in zip(before, after, strict=False) if now.accepted)
    assert not after[-1].accepted


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.randoms())
def test_the_order_of_accounts_changes_nothing(ps: list[float], chance: random.Random) -> None:
    order = list(range(len(ps)))
    chance.shuffle(order)
    straight, shuffled = benjamini_hochberg(ps), benjamini_hochberg([ps[i] for i in order])
    assert [straight[i].accepted for i in order] == [rank.accepted for rank in shuffled]


def test_dispersion_is_drawn_half_way_and_never_under_chance() -> None:
    assert dispersion(2.0, 28, 4.0) == 3.0
    assert dispersion(0.1, 28, 0.5) == 1.0
    assert dispersion(4.0, 14, 1.0) == pytest.approx(2.0)


def test_the_platforms_line_is_fitted_over_its_accounts() -> None:
    points = [(float(x), 2 + 0.03 * x, 28) for x in range(2, 200, 9)]
    a, b, accounts = fit_prior(points)
    assert (round(a, 6), round(b, 6), accounts) == (2.0, 0.03, len(points))
    assert fit_prior(points[:9]) == Prior() == Prior(2.0, 0.03, 0)
    flat = fit_prior([(50.0, 2.0, 28)] * 12)
    assert (flat.a, flat.b) == (2.0, 0.0)


def test_an_incident_in_one_account_does_not_bend_the_line() -> None:
    points = [(float(x), 2.0, 28) for x in range(5, 100, 3)]
    assert fit_prior([*points, (200.0, 90.0, 28)]).at(50) < 3


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(1.1, 500), st.floats(0, 50), st.integers(7, 28)), min_size=10, max_size=40))
def test_a_busier_account_is_never_expected_steadier(points: list[tuple[float, float, int]]) -> None:
    prior = fit_prior(points)
    assert 1 <= prior.at(1) <= prior.at(10) <= prior.at(1000)


# --- accounts ------------------------------------------------------------------------------------------------------------


def day(back: int, *, spend: float, leads: float | None, scale: float = 1, **more: Any) -> AdSeriesDay:
    """A day so many days before this morning, read this morning."""
    on = TODAY - timedelta(days=back)
    values: dict[str, Any] = {"impressions": None, "clicks": None, "vintage": TODAY, **more}
    return AdSeriesDay(day=on, spend=round(spend * scale * 1e6), leads=leads, **values)


def steady(
    leads: float, *, spend: float, phi: float = 2.0, days: int = 35, now: Sequence[float] = ()
) -> list[AdSeriesDay]:
    """Days whose own dispersion in the 28 before the last week is exactly phi; `now` are the last days' leads."""
    off = math.sqrt(phi * leads * 27 / 8)
    luck = {0: off, 1: -off}
    counts = [leads + luck.get(n % 7, 0) for n in range(days - 7)] + [leads] * 7
    counts[len(counts) - len(now) :] = list(now)
    return [day(days - n, spend=spend, leads=count) for n, count in enumerate(counts)]


def account(key: str, rows: Sequence[AdSeriesDay], **more: Any) -> Series:
    return Series(**{"key": key, "rows": rows, "today": TODAY, "settling_days": 0, "platform": "google", **more})


def portfolio(*special: Series, others: int = 43) -> list[Series]:
    """Some accounts among quiet ones with a dispersion of 2."""
    return [*special, *(account(f"q{n}", steady(10 + 4 * n, spend=(10 + 4 * n) * 12)) for n in range(others))]


WEEK_OF_168 = steady(200, spend=1680, now=[168] * 7)


def brightside(**more: Any) -> Series:
    """The picture's account: $47,040 and 5,600 leads before, $11,760 and 1,176 leads in the week."""
    return account("brightside", more.pop("rows", WEEK_OF_168), **more)


def test_the_picture_is_news_with_its_printed_figures() -> None:
    found = judge(portfolio(brightside()))
    (told,) = [one for one in found if one.verdict in {"news", "watch"}]
    assert (told.key, told.verdict, told.direction) == ("brightside", "news", "up")
    week = told.fired
    assert week is not None
    assert told.side is not None
    assert (week.days, week.first, week.last) == (7, date(2026, 11, 12), YESTERDAY)
    assert (week.base_spend, week.base_leads, week.spend, week.leads) == (47_040_000_000, 5600, 11_760_000_000, 1176)
    assert (week.cpl, round(week.cpl_before, 2)) == (10.0, 8.4)
    assert round(week.phi, 2) == 2.0
    assert round(told.side.p15, 4) == 0.0013
    assert told.side.place.rank == 1
    assert round(week.cost_a_day("up"), 2) == 268.95
    assert round(week.cost_at_least("up"), 2) == 152.16
    assert (told.tested, told.t_tail, told.prior.accounts) == (44, True, 44)
    assert told.comparisons is not None
    assert told.comparisons.change(told.comparisons.median) == pytest.approx(0.19, abs=0.005)
    assert told.comparisons.agreeing("up") == 2


def test_nineteen_percent_at_twenty_leads_a_day_is_usual() -> None:
    (found, *_) = judge(portfolio(account("small", steady(20, spend=1680, now=[17] * 6 + [16]))))
    week = found.window(7)
    assert found.verdict == "usual"
    assert week is not None
    assert week.change == pytest.approx(0.19, abs=0.01)


def test_one_bad_day_is_usual() -> None:
    (found, *_) = judge(portfolio(account("day", steady(60, spend=600, now=[45]))))
    assert found.verdict == "usual"


def test_what_few_accounts_would_show_is_only_watched_among_many() -> None:
    rows = steady(60, spend=600, now=[48.5] * 7)
    assert judge(portfolio(account("mid", rows)))[0].verdict == "watch"


def test_a_small_loss_is_not_told() -> None:
    cheap = account("cheap", steady(200, spend=40, now=[160] * 7))
    assert judge(portfolio(cheap))[0].verdict == "usual"
    assert judge(portfolio(replace(cheap, money_floor=5.0)))[0].verdict == "news"


def test_good_news_goes_the_other_way() -> None:
    (found, *_) = judge(portfolio(account("kestrel", steady(115, spend=1240, now=[145] * 7))))
    assert (found.verdict, found.direction) == ("news", "down")
    assert found.fired is not None
    assert found.fired.cost_a_day("down") > 0


def test_two_of_three_comparisons_must_agree() -> None:
    # The week as a whole is short of leads, but its last day is back.
    (found, *_) = judge(portfolio(account("back", steady(200, spend=1680, now=[160] * 6 + [210]))))
    assert found.verdict == "watch"
    assert found.up is not None
    assert found.up.place.accepted


# --- what a comparison is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cpl", "others", "up", "down"),
    [
        (10.0, (9.7, 8.3, 8.4), 2, 0),
        (10.0, (10.0, 10.0, 10.0), 0, 0),
        (math.inf, (9.0, 8.0, 8.0), 3, 0),  # spend and no lead agrees with "up"
        (math.inf, (math.inf, 8.0, 8.0), 2, 0),
        (7.0, (math.inf, 8.0, None), 0, 1),
        (None, (9.0, 8.0, 8.0), 0, 0),
    ],
)
def test_comparisons_agree_from_a_tenth_on(
    cpl: float | None, others: tuple[float | None, ...], up: int, down: int
) -> None:
    found = Comparisons(day=YESTERDAY, cpl=cpl, day_before=others[0], week_before=others[1], median=others[2])
    assert (found.agreeing("up"), found.agreeing("down")) == (up, down)


def test_the_median_of_small_accounts_is_taken_over_the_whole_stretch() -> None:
    def median_of(leads: float, luck: Sequence[float]) -> float | None:
        rows = [day(36 - n, spend=100, leads=leads + luck[n % len(luck)]) for n in range(1, 36)]
        moved = [*rows[:-3], *(row._replace(leads=0.0) for row in rows[-3:])]
        (found,) = judge([account("x", moved)])
        assert found.comparisons is not None
        return found.comparisons.median

    # 30 days before yesterday, the last two of them without a lead: 56 leads for $3,000, and the middle of $100 / 6.
    assert median_of(2, [0.0]) == pytest.approx(3000 / 56)
    assert median_of(6, [0.0]) == pytest.approx(100 / 6)


# --- preparing -----------------------------------------------------------------------------------------------------------


def only(series: Series) -> Judgement:
    return judge([series])[0]


def test_leads_are_tested_to_the_last_day_that_has_settled() -> None:
    assert only(brightside()).tested_to == YESTERDAY
    assert only(brightside(settling_days=1)).tested_to == YESTERDAY - timedelta(days=1)
    late = [row._replace(vintage=TODAY + timedelta(days=1)) for row in WEEK_OF_168]
    assert only(brightside(rows=late, settling_days=1, today=TODAY + timedelta(days=1))).tested_to == YESTERDAY
    read_then = [row._replace(vintage=row.day + timedelta(days=1)) for row in WEEK_OF_168]
    assert only(brightside(rows=read_then, settling_days=1)).why == "no rows", "never read again since"


def test_a_day_that_was_not_over_is_not_tested() -> None:
    rows = list(WEEK_OF_168)
    rows[-1] = rows[-1]._replace(partial=True, leads=3)
    assert only(brightside(rows=rows)).tested_to == YESTERDAY - timedelta(days=1)
    rows[-4] = rows[-4]._replace(partial=True)
    assert (only(brightside(rows=rows)).verdict, only(brightside(rows=rows)).why) == ("unknown", "incomplete day")


def test_today_is_never_tested() -> None:
    rows = [*WEEK_OF_168, day(0, spend=200, leads=1)]
    assert only(brightside(rows=rows)).tested_to == YESTERDAY


@pytest.mark.parametrize(("days", "verdict"), [(20, "learning"), (21, "usual"), (35, "usual")])
def test_under_fourteen_days_of_base_an_account_is_learned(days: int, verdict: str) -> None:
    assert only(account("new", steady(20, spend=200, days=days))).verdict == verdict


def test_days_that_counted_leads_differently_are_not_compared() -> None:
    rows = [row._replace(definition="forms" if n < 20 else "forms, calls") for n, row in enumerate(WEEK_OF_168)]
    found = only(brightside(rows=rows))
    assert (found.verdict, found.why) == ("unknown", "definition")
    rows = [row._replace(definition="forms" if n < 10 else "forms, calls") for n, row in enumerate(WEEK_OF_168)]
    week = only(brightside(rows=rows)).window(7)
    assert week is not None
    assert (week.base_days, week.base_spend) == (18, 18 * 1680_000_000)
    rows = [row._replace(definition="forms" if n < 32 else "forms, calls") for n, row in enumerate(WEEK_OF_168)]
    assert only(brightside(rows=rows)).why == "definition"


def test_a_missing_day_is_a_day_without_activity_between_two_that_have_rows() -> None:
    rows = list(WEEK_OF_168)
    del rows[30], rows[5]
    week = only(brightside(rows=rows)).window(7)
    assert week is not None
    assert (week.spend, week.base_days) == (6 * 1680_000_000, 27)
    found = only(brightside(rows=rows, densify=False))
    assert (found.verdict, found.why) == ("unknown", "incomplete day")


@pytest.mark.parametrize(
    ("rows", "verdict", "why"),
    [
        ([], "unknown", "no rows"),
        (steady(20, spend=200)[:-7], "unknown", "no rows"),  # paused a week ago
        (
            [day(n, spend=0 if n < 8 else 100, leads=0 if n < 8 else 9) for n in range(35, 0, -1)],
            "learning",
            "no spend",
        ),
        ([day(n, spend=100, leads=None) for n in range(35, 0, -1)], "unknown", "not tracked"),
        ([day(n, spend=100, leads=0) for n in range(35, 0, -1)], "learning", "few leads"),
        ([day(n, spend=0, leads=0) for n in range(35, 0, -1)], "learning", "no spend"),
        ([day(n, spend=100, leads=n % 7 == 0) for n in range(35, 0, -1)], "learning", "few leads"),
        ([day(n, spend=-5, leads=2) for n in range(35, 0, -1)], "learning", "few leads"),  # refunds
    ],
)
def test_accounts_that_cannot_be_judged_say_why(rows: list[AdSeriesDay], verdict: str, why: str) -> None:
    found = only(account("x", rows))
    assert (found.verdict, found.why, found.windows) == (verdict, why, ())


def test_a_refund_and_a_lead_without_spend_go_through() -> None:
    rows = list(steady(20, spend=200))
    rows[3] = rows[3]._replace(spend=-30_000_000)
    rows[4] = rows[4]._replace(spend=0)
    assert only(account("x", rows)).verdict == "usual"


def test_after_a_large_change_the_base_starts_anew_in_whole_weeks() -> None:
    def week(since: date | None) -> Window:
        found = only(brightside(base_from=since)).window(7)
        assert found is not None
        return found

    assert week(None).base_days == 28
    assert (week(date(2026, 11, 3)).base_days, week(date(2026, 11, 3)).base_first) == (7, date(2026, 11, 5))
    assert week(date(2026, 10, 28)).base_days == 14
    assert week(date(2026, 11, 8)).base_days == 28, "under a week is left: the whole base"


# --- properties ----------------------------------------------------------------------------------------------------------


def days_of(one: Series) -> list[AdSeriesDay]:
    return [row for row in one.rows if isinstance(row, AdSeriesDay)]


@st.composite
def accounts(draw: st.DrawFn) -> list[Series]:
    """A few accounts of every size, some of them moved."""
    seed = draw(st.integers(0, 10_000))
    chance = random.Random(seed)
    return [
        account(
            str(n), quiet(chance, 35, moved=(draw(st.sampled_from([1.0, 1.3, 2.0, 0.6])), chance.choice([1, 3, 7])))
        )
        for n in range(draw(st.integers(1, 6)))
    ]


@settings(max_examples=25, deadline=None)
@given(accounts(), st.sampled_from([2, 5, 100]))
def test_scaling_money_changes_no_verdict(some: list[Series], times: int) -> None:
    scaled = [
        replace(
            one, money_floor=one.money_floor * times,
            rows=[row._replace(spend=row.spend * times) for row in days_of(one)],
        )
        for one in some
    ]  # fmt: skip
    assert [(a.verdict, a.direction) for a in judge(some)] == [(a.verdict, a.direction) for a in judge(scaled)]


@settings(max_examples=25, deadline=None)
@given(accounts(), st.randoms())
def test_swapping_days_inside_the_base_changes_no_test(some: list[Series], chance: random.Random) -> None:
    def shuffled(one: Series) -> Series:
        rows = days_of(one)
        # The last 28 days before yesterday are in every window's base but for its last week.
        places = list(range(6, 28))
        chance.shuffle(places)
        moved = [rows[place] for place in places]
        for place, row in zip(range(6, 28), moved, strict=True):
            rows[place] = row._replace(day=one.rows[place].day, vintage=one.rows[place].vintage)
        return replace(one, rows=rows)

    for before, after in zip(judge(some), judge([shuffled(one) for one in some]), strict=True):
        assert len(before.windows) == len(after.windows)
        for was, now in zip(before.windows, after.windows, strict=True):
            if was.days == 7:
                assert now.expected == pytest.approx(was.expected)
                assert now.phi == pytest.approx(was.phi)
                assert now.fewer == pytest.approx(was.fewer)


@settings(max_examples=25, deadline=None)
@given(accounts(), st.randoms())
def test_the_order_of_accounts_changes_no_verdict(some: list[Series], chance: random.Random) -> None:
    other = list(some)
    chance.shuffle(other)
    straight = {one.key: one for one in judge(some)}
    assert {one.key: one.verdict for one in judge(other)} == {key: one.verdict for key, one in straight.items()}


def test_another_quiet_account_never_adds_news() -> None:
    some = portfolio(brightside(), others=43)
    before = {one.key for one in judge(some) if one.verdict == "news"}
    after = {one.key for one in judge([*some, account("flat", steady(50, spend=600))]) if one.verdict == "news"}
    assert after <= before


# --- many mornings -------------------------------------------------------------------------------------------------------

WEEK_SPEND = (1.05, 1.10, 1.08, 1.05, 1.00, 0.85, 0.87)
WEEK_VALUE = (1.00, 1.02, 1.03, 1.00, 0.98, 0.96, 1.01)


def counted(chance: random.Random, mean: float) -> int:
    """A Poisson count."""
    if mean > 40:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    left, count = math.exp(-mean), -1
    product = 1.0
    while product > left or count < 0:
        product *= chance.random()
        count += 1
    return count


def quiet(
    chance: random.Random, days: int, *, leads: float = 0, moved: tuple[float, int] = (1.0, 0)
) -> list[AdSeriesDay]:  # fmt: skip
    """An account's days: every day has its own luck, weekdays a shape, the level drifts; `moved` is (times dearer, days)."""
    leads = leads or math.exp(chance.uniform(math.log(3), math.log(300)))
    price, luck, more = chance.uniform(8, 120), chance.uniform(0.08, 0.18), chance.uniform(1.2, 2.0)
    drift, rows = 0.0, []
    for n in range(days):
        drift = 0.97 * drift + chance.gauss(0, 0.01)
        spend = leads * price * WEEK_SPEND[n % 7] * chance.lognormvariate(0, 0.07)
        mean = spend / price * WEEK_VALUE[n % 7] * math.exp(drift) * chance.lognormvariate(-luck * luck / 2, luck)
        mean /= moved[0] if n >= days - moved[1] else 1
        mean = chance.gammavariate(mean / (more - 1), more - 1)
        rows.append(day(days - n, spend=spend, leads=counted(chance, mean)))
    return rows


def test_quiet_portfolios_make_hardly_any_news() -> None:
    """At most 0.1 false news per 40 accounts and morning; over thousands of mornings it is about 0.03."""
    span, mornings, false = 35, 0, 0
    for seed in range(12):
        chance = random.Random(seed)
        rows = {f"{n}": quiet(chance, span + 32) for n in range(40)}
        for back in range(0, 32, 4):
            today, last = TODAY - timedelta(days=back), span + 32 - back
            found = judge(account(key, days[last - span : last], today=today) for key, days in rows.items())
            false += sum(one.verdict == "news" and one.direction == "up" for one in found)
            mornings += 1
    assert mornings == 96
    assert false <= 0.1 * mornings


def test_planted_moves_are_found_and_small_ones_in_small_accounts_are_not() -> None:
    def found(leads: float, times: float, days: int, trials: int = 12) -> float:
        hits = 0
        for seed in range(trials):
            chance = random.Random(seed)
            others = [account(f"{n}", quiet(chance, 35)) for n in range(39)]
            planted = account("planted", quiet(chance, 35, leads=leads, moved=(times, days)))
            hits += judge([planted, *others])[0].verdict == "news"
        return hits / trials

    assert found(200, 1.5, 7) >= 0.9
    assert found(200, 2.0, 3) >= 0.8
    assert found(20, 1.19, 7) <= 0.1
    assert found(20, 1.5, 1) <= 0.1


# --- why it moved --------------------------------------------------------------------------------------------------------


def test_a_price_that_moved_by_its_own_test_is_named() -> None:
    rows = [
        *(day(n, spend=100 + n % 3, impressions=None, clicks=100, leads=10) for n in range(35, 7, -1)),
        *(day(n, spend=140, impressions=None, clicks=100, leads=10) for n in range(7, 0, -1)),
    ]
    week = window(leads=70, expected=97, phi=2, base_leads=280, base_spend=2828, spend=980, days=7)
    found = factors(rows, week)
    assert set(found) == {"cpc", "cvr"}
    assert found["cpc"].named
    assert not found["cpc"].unchanged
    assert found["cvr"].unchanged
    assert not found["cvr"].named


def test_a_price_a_tenth_up_is_neither_moved_nor_unchanged() -> None:
    wild = [100, 130, 80, 110, 95, 140, 75]
    rows = [
        *(day(n, spend=wild[n % 7] * (1 + n % 5 / 10), clicks=100, leads=10) for n in range(35, 7, -1)),
        *(day(n, spend=wild[n % 7] * 1.32, clicks=100, leads=5) for n in range(7, 0, -1)),
    ]
    base = sum(row.spend for row in rows[:28]) / 1e6
    spend = sum(row.spend for row in rows[28:]) / 1e6
    week = window(leads=35, expected=77, phi=2, base_leads=280, base_spend=base, spend=spend, days=7)
    assert not factors(rows, week)["cpc"].named
    assert not factors(rows, week)["cpc"].unchanged


def test_without_clicks_there_are_no_factors() -> None:
    week = window(leads=1176, expected=1400, phi=2, base_leads=5600, base_spend=47_040, spend=11_760, days=7)
    assert factors(WEEK_OF_168, week) == {}
    assert level_z(1.0, [(TODAY, 1.0)] * 6, [TODAY]) is None


def test_no_lead_at_all_is_all_conversion() -> None:
    rows = [day(n, spend=100, clicks=100, leads=0 if n <= 3 else 10) for n in range(35, 0, -1)]
    three = replace_window(window(leads=0, expected=30, phi=2, base_leads=280, base_spend=2800, spend=300, days=3))
    found = factors(rows, three)
    assert found["cvr"].named
    assert found["cpc"].unchanged


def replace_window(one: Window) -> Window:
    return one._replace(base_first=one.last - timedelta(days=30))


def test_weekdays_are_shrunk_half_way() -> None:
    daily = [(TODAY - timedelta(days=n), 2.0 if (TODAY - timedelta(days=n)).weekday() == 6 else 1.0) for n in range(28)]
    index = weekday_index(daily)
    assert index[6] == pytest.approx((1 + 2 / (8 / 7)) / 2)
    assert index[0] == pytest.approx((1 + 1 / (8 / 7)) / 2)


@pytest.mark.parametrize(
    ("campaigns", "carrier", "by_mix", "everywhere"),
    [
        ({"a": (100, 5, 100, 10), "b": (100, 5, 100, 10), "c": (100, 5, 100, 10)}, None, False, True),
        ({"a": (100, 5, 100, 10), "b": (100, 5, 100, 10), "c": (100, 11, 100, 10)}, "b", False, False),
        ({"a": (50, 10, 100, 20), "b": (150, 7.5, 100, 5)}, None, True, False),
        ({"a": (100, 2, 100, 10)}, "a", False, False),
        ({"a": (100, 2, 0, 0)}, None, False, False),
        ({}, None, False, False),
    ],
)
def test_who_carries_the_move(
    campaigns: dict[str, tuple[float, float, float, float]], carrier: str | None, by_mix: bool, everywhere: bool
) -> None:
    parts = campaign_parts({key: CampaignSums(*sums) for key, sums in campaigns.items()}, scale=1)
    assert (parts.carrier, parts.by_mix, parts.everywhere) == (carrier, by_mix, everywhere)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abcdef"),
        st.tuples(st.integers(1, 900), st.integers(0, 90), st.integers(1, 900), st.integers(5, 90)),
        min_size=1,
    ),
    st.sampled_from([1.0, 0.25]),
)
def test_the_parts_sum_to_the_missing_leads(
    campaigns: dict[str, tuple[float, float, float, float]], scale: float
) -> None:
    parts = campaign_parts({key: CampaignSums(*sums) for key, sums in campaigns.items()}, scale=scale)
    spend, leads, base_spend, base_leads = (sum(column) for column in zip(*campaigns.values(), strict=True))
    assert parts.total == pytest.approx(spend * base_leads / base_spend - leads)


def test_ten_thousand_accounts_are_judged_with_the_normal_tail() -> None:
    assert not judge(portfolio(brightside(), others=500))[0].t_tail
    assert judge(portfolio(brightside(), others=499))[0].t_tail
    assert Method().t_tail_up_to == 500

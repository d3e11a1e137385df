"""The simulated agency: the same for the same arguments, of a real agency's size, and honest about what is true."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest

from briefing.demo.ads import BRIGHTSIDE, Ads
from briefing.demo.chance import stream
from briefing.demo.days import is_workday, later, moment, plus, plus_workdays, workdays_since, working_hours
from briefing.demo.people import People
from briefing.demo.planted import RULES, Truth
from briefing.demo.world import World
from tests.worlds import world_of

START = date(2026, 11, 19)
WEEK = [plus(START, n) for n in range(7)]


def world(seed: int = 3, start: date = START, *, scale: int = 1, showcase: bool = False) -> World:
    return world_of(seed, start, scale=scale, showcase=showcase)


def mornings(count: int = 30, start: date = START) -> list[date]:
    days = [plus(start, n) for n in range(count * 2)]
    return [day for day in days if is_workday(day)][:count]


@cache
def truths(seed: int = 3) -> list[Truth]:
    return [world(seed).truth(morning) for morning in mornings()]


# --- chance --------------------------------------------------------------------------------------------------------


def test_overdispersed_counts_have_their_mean_and_variance() -> None:
    draw = stream("moments")
    for mean, dispersion in ((4.0, 1.5), (20.0, 2.0), (180.0, 2.5)):
        counts = [draw.overdispersed(mean, dispersion) for _ in range(6000)]
        average = sum(counts) / len(counts)
        variance = sum((count - average) ** 2 for count in counts) / len(counts)
        assert average == pytest.approx(mean, rel=0.05)
        assert variance / average == pytest.approx(dispersion, rel=0.12)


def test_a_stream_of_one_subject_does_not_move_another() -> None:
    first = [stream(1, "project", 5).random() for _ in range(3)]
    stream(1, "project", 4).random()
    assert [stream(1, "project", 5).random() for _ in range(3)] == first
    assert stream(1, "project", 5).random() != stream(2, "project", 5).random()


# --- days ----------------------------------------------------------------------------------------------------------


def test_working_hours_leave_out_nights_and_weekends() -> None:
    friday = date(2026, 11, 20)
    assert working_hours(moment(friday, 17, 20), moment(plus(friday, 3), 7)) == pytest.approx(40 / 60)
    assert working_hours(moment(friday, 8), moment(friday, 20)) == 9
    assert later(moment(friday, 17, 50), 20) == moment(plus(friday, 3), 9, 10)
    assert plus_workdays(friday, 1) == plus(friday, 3)
    assert workdays_since(friday, plus(friday, 3)) == 1


# --- the same world, and growing worlds ------------------------------------------------------------------------------


def test_the_same_arguments_give_the_same_world() -> None:
    one, other = World(5, START, showcase=False), World(5, START, showcase=False)
    assert one.truth(START) == other.truth(START)
    assert one.conversations.notes(START) == other.conversations.notes(START)
    assert World(6, START, showcase=False).truth(START) != one.truth(START)


def test_asking_for_a_later_morning_first_changes_nothing() -> None:
    one, other = World(5, START, showcase=False), World(5, START, showcase=False)
    late = plus(START, 20)
    other.truth(late)
    assert one.truth(START) == other.truth(START)
    assert one.truth(late) == other.truth(late)


def test_sizes_are_those_of_a_real_agency() -> None:
    small = world()
    delivery, sales = small.delivery.at(START), small.sales.at(START)
    assert len(small.people.staff) == 24
    assert len(small.people.clients) == 25
    assert 50 <= sum(project.state(START) == "open" for project in delivery.projects) <= 75
    assert any(project.state(START) == "done" for project in delivery.projects)
    assert 35 <= sum(deal.state(START) == "open" for deal in sales.deals) <= 60
    assert 15 <= len(sales.proposals) <= 40
    assert len(small.ads.accounts) == 44
    assert len(small.scorecard.numbers) == 18
    assert 1600 <= len(small.conversations.notes(START)) <= 2600


def test_scale_multiplies_everything() -> None:
    small, large = world(), world(scale=4)
    assert len(large.people.clients) == 100
    assert len(large.ads.accounts) == 176
    assert len({client.name for client in large.people.clients}) == 100
    assert len({client.domain for client in large.people.clients}) == 100
    assert 3 <= len(large.delivery.at(START).projects) / len(small.delivery.at(START).projects) <= 5
    assert 3 <= len(large.conversations.notes(START)) / len(small.conversations.notes(START)) <= 5


def test_clients_with_near_names_are_different_firms() -> None:
    clients = {client.name: client for client in world().people.clients}
    for one, other in (("Acme GmbH", "Acme Ltd"), ("Acme", "Acme GmbH"), ("Northwind", "Northwind Dental")):
        assert clients[one].domain != clients[other].domain
        assert not {human.email for human in clients[one].contacts} & {human.email for human in clients[other].contacts}


# --- evolution -----------------------------------------------------------------------------------------------------


def test_what_is_done_stays_done_and_what_is_known_stays_known() -> None:
    delivery = world().delivery
    for before, after in pairwise(WEEK):
        yesterday = {task.id: task.state(before) for task in delivery.at(before).tasks}
        today = {task.id: task.state(after) for task in delivery.at(after).tasks}
        listed = {project.id for project in delivery.at(after).projects}
        for task in delivery.at(before).tasks:
            if task.project in listed:
                assert task.id in today
                assert not (yesterday[task.id] == "done" and today[task.id] != "done")


def test_messages_are_written_once_and_stay() -> None:
    talk = world().conversations
    yesterday = {note.id: note for note in talk.notes(START)}
    today = {note.id: note for note in talk.notes(plus(START, 1))}
    kept = [note for note in yesterday.values() if note.at >= moment(plus(START, -29))]
    assert all(note.id in today and today[note.id].text == note.text for note in kept)
    assert all(note.at < moment(START) for note in yesterday.values())
    new = set(today) - set(yesterday)
    assert all(today[name].at >= moment(START) for name in new)


def test_ad_days_change_only_while_late_leads_come_in() -> None:
    ads = world().ads
    late = next(account for account in ads.accounts.values() if account.late > 0.05 and account.leads > 20)
    history = ads.history(late.id)
    day = plus(START, -3)
    leads = [history.total(day, age)[1] for age in (1, 2, 3, 10)]
    assert leads == sorted(leads)
    assert leads[2] == leads[3]
    spend = {history.total(day, age)[0] for age in (1, 2, 3)}
    assert len(spend) == 1


def test_matters_appear_stay_and_are_resolved() -> None:
    days_of: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, truth in enumerate(truths()):
        for matter in truth.may:
            days_of[matter].append(number)
    inside = [days for days in days_of.values() if days[0] > 0 and days[-1] < 29]
    assert len(inside) >= 20
    assert sum(len(days) >= 3 for days in inside) >= 10


# --- what is planted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_matters_and_two_kinds_of_near_misses(rule: str) -> None:
    both = [*truths(3), *truths(4)]
    planted = {matter.id for truth in both for matter in truth.planted if matter.rule == rule}
    kinds = {miss.kind for truth in both for miss in truth.near_misses if miss.rule == rule}
    assert len(planted) >= 2
    assert len(kinds) >= (1 if rule == "cpl-over-target" else 2), kinds


def test_planted_matters_are_true_and_near_misses_are_none() -> None:
    for morning in mornings(12):
        truth = world().truth(morning)
        for planted in (*truth.planted, *truth.grey):
            assert world().is_true(planted.rule, planted.id, morning), planted
        for miss in truth.near_misses:
            if miss.kind not in {"not due for six days or more", "viewed yesterday", "Friday's number on Monday"}:
                assert not world().is_true(miss.rule, miss.id, morning), miss


def test_planted_sizes_lie_on_both_sides_of_what_a_rule_would_tell() -> None:
    rises = [
        effect.price
        for account in world().ads.accounts.values()
        for effect in account.effects
        if effect.kind == "rise"
    ]  # fmt: skip
    assert min(rises) < 1.2
    assert max(rises) > 1.8
    planned = [
        (task.known - milestone.due).days
        for milestone in world().delivery.all.milestones
        if milestone.id.startswith("M-m")
        for task in world().delivery.all.tasks
        if task.milestone == milestone.id
    ]
    assert min(planned) <= -7
    assert max(planned) >= 2


def test_planted_sizes_of_delivery_lie_on_both_sides_too() -> None:
    """Late and little, late and much: drawn without a look at what a rule would tell."""
    delivery, retainers, tickets = world().delivery, world().retainers, world().tickets
    planted = {label.id for label in delivery.all.labels if label.rule == "milestone-overdue" and not label.kind}
    late = [workdays_since(m.due, m.done) for m in delivery.all.milestones if m.id in planted and m.done]
    assert min(late) <= 2
    assert max(late) >= 8
    burnt = {label.id for label in delivery.all.labels if label.rule == "budget-burn" and not label.kind}
    shares = [delivery.in_the_end[id_] / 60 / delivery.project(id_).hours for id_ in burnt]
    assert min(shares) < 1.0
    assert max(shares) > 1.3
    used = [period.share for period in retainers.periods.values()]
    assert min(used) < 0.3
    assert max(used) > 1.4
    assert 0.6 < sum(0.8 < share < 1.0 for share in used) / len(used) < 0.85, "most are as agreed"
    waited = [working_hours(one.opened, one.taken) for one in tickets.all if one.kind == "unowned"]
    assert min(waited) < 9
    assert max(waited) > 40


def test_an_ordinary_morning_is_an_ordinary_one() -> None:
    """Some things are late, few are much too late."""
    for day in mornings(8):
        delivery, tickets = world().delivery, world().tickets
        holding, hours = delivery.holding(day), delivery.hours(day)
        over = [id_ for id_ in holding.running if hours[id_].agreed and hours[id_].used > 60 * hours[id_].agreed]
        assert len(over) <= 6
        assert len(holding.late_steps) <= 15
        assert sum(holding.is_true("project-no-manager", id_) or False for id_ in holding.running) <= 4
        assert 15 <= sum(ticket.is_open(day) for ticket in tickets.at(day)) <= 60
        assert sum(ticket.is_late(day) for ticket in tickets.at(day)) <= 8
        assert sum(period.runs(day) for period in world().retainers.at(day)) >= 15


def test_what_is_used_only_grows_and_ends_where_it_was_to_end() -> None:
    retainers = world().retainers
    for period in list(retainers.periods.values())[:30]:
        days = [plus(period.starts, n) for n in range((period.ends - period.starts).days + 8)]
        worked = [period.worked(day) for day in days]
        assert worked == sorted(worked)
        assert worked[0] == 0
        assert worked[-1] == pytest.approx(period.share * period.agreement.hours)
        assert all(0 <= period.used(day) <= period.worked(day) for day in days)
    delivery = world().delivery
    for before, after in pairwise(WEEK):
        yesterday, today = delivery.hours(before), delivery.hours(after)
        assert all(today[id_].used >= one.used for id_, one in yesterday.items() if id_ in today)


def test_ordinary_noise_is_there() -> None:
    small = world()
    pipe, work = small.sales.at(START), small.delivery.at(START)
    assert any(deal.amount is None for deal in pipe.deals)
    assert any(deal.expected(day) is None for day in mornings(20) for deal in small.sales.at(day).deals)
    assert any(project.state(START) == "paused" for project in work.projects)
    assert any(task.state(START) == "cancelled" for task in work.tasks)
    # Overdue tasks nobody planted: true, and no matter of anybody's.
    planted = small.truth(START).may
    assert any(("task", task.id) not in planted for day in mornings(10) for task in small.delivery.overdue(day))


def test_quiet_accounts_are_quiet_by_their_own_parameters() -> None:
    people = People(1, plus(START, -100), plus(START, 75))
    ads = Ads(1, people, plus(START, -100), plus(START, 75))
    quiet = [account for account in ads.accounts.values() if not account.effects]
    assert all(ads.stands_out(account.id, START) < 2 for account in quiet)


# --- the known sentences -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", WEEK)
def test_the_three_known_matters_hold_on_any_day_of_the_week(start: date) -> None:
    known = world_of(7, start)
    launch = next(m for m in known.delivery.at(start).milestones if m.id == "M-ACME3")
    assert workdays_since(start, launch.due) == 3
    assert (launch.due - start).days <= 5
    truth = known.truth(start)
    assert {("milestone", "M-ACME3"), ("proposal", "Q-NORTHWIND")} <= truth.must
    assert ("account", BRIGHTSIDE) in truth.worthy
    viewed = known.sales.proposals["Q-NORTHWIND"].viewed(start)
    assert viewed is not None
    assert start - viewed.date() == timedelta(days=6)


def test_brightside_has_the_known_figures_and_hardly_an_edit() -> None:
    ads = world_of(7, START).ads
    week, before = ads.history(BRIGHTSIDE).price(START, 7), ads.history(BRIGHTSIDE).price(START, 28, skip=7)
    assert week == (10.0, 1176)
    assert before is not None
    assert (round(before[0], 6), before[1]) == (8.4, 5600)
    assert ads.minimal_changes(BRIGHTSIDE, START)


def test_janine_is_out_until_the_next_monday() -> None:
    for start in WEEK:
        leave = world_of(7, start).leaves[0]
        assert leave.human.first == "Janine"
        assert leave.first <= start <= leave.last
        assert plus(leave.last, 1).weekday() == 0


def test_nobody_writes_for_a_client_who_is_meant_to_be_silent() -> None:
    known = world_of(7, START)
    quiet = moment(plus(START, -6), 10, 12)
    for note in known.conversations.notes(START):
        assert not (note.at > quiet and note.author.email.endswith("@northwind.example"))


def test_all_kinds_of_near_misses_come_up() -> None:
    kinds = Counter(miss.kind for seed in (3, 4, 5) for truth in truths(seed) for miss in truth.near_misses)
    for kind in (
        "tasks all done", "tasks on a child milestone", "paused project", "not begun", "answered by mail",
        "answered in Slack", "a meeting since", "viewed yesterday", "expired", "accepted", "one bad day",
        "another definition of a lead", "+18 % in a small account", "dear on every weekend", "paused account",
        "answered by a colleague", "thanks", "newsletter of the client", "vendor, not client",
        "asked on Friday evening", "answered in the other channel", "declined", "back to back",
        "container milestone", "one task has an owner", "what nobody has is done", "taken yesterday", "done yesterday",
        "due today", "closed yesterday", "tasks on the project only", "handed over yesterday", "written yesterday",
        "the manager is on leave", "no hours agreed", "closed project", "ahead of the calendar, and so is the work",
        "unlimited hours", "busy first days", "what is left goes over", "closed period", "has just begun",
        "due later today", "resolved yesterday", "cancelled", "came in after hours", "closed without an owner",
    ):  # fmt: skip
        assert kinds[kind], kind

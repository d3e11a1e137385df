"""Three mornings of Harbour Lane by hand: a working Thursday, a calm one, and one with sources that could not be read.

They hold what the picture holds, as near as the document allows. All names and numbers are invented, and the money of
each item multiplies out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from briefing.document import (
    AdRow,
    AdsTable,
    Agenda,
    Appointment,
    Away,
    Briefing,
    CardAmount,
    CardDoc,
    CardPart,
    Changes,
    EvidenceLine,
    FactorLine,
    Gap,
    ItemDoc,
    Line,
    Link,
    Lost,
    OpenMatter,
    Owner,
    PlaceValue,
    ScorecardTable,
    SourceCoverage,
    State,
)

ZONE = ZoneInfo("America/New_York")
THURSDAY = date(2026, 11, 19)
MONDAY = date(2026, 11, 23)
CENT = Decimal("0.01")
Kind = Literal["fact", "estimate", "house_price"]


def at(clock: str, day: date = THURSDAY) -> datetime:
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}").replace(tzinfo=ZONE)


def factor(name: str, value: str, kind: Literal["fact", "estimate", "setting"], source: str) -> FactorLine:
    return FactorLine(name=name, value=Decimal(value), kind=kind, source=source)


def evidence(source: str, kind: str, id: str, text: str, clock: str = "06:45", url: str = "") -> EvidenceLine:
    return EvidenceLine(source=source, kind=kind, id=id, url=url, where="", as_of=at(clock), text=text)


def item(
    id: str,
    rule: str,
    client: str,
    headline: str,
    *,
    stake: str,
    stake_source: str = "",
    stake_kind: Kind = "house_price",
    factors: Sequence[FactorLine] = (),
    place: Sequence[FactorLine] = (),
    facts: Sequence[EvidenceLine] = (),
    **more: object,
) -> ItemDoc:
    """An item whose money multiplies out: stake times factors is the loss, loss times place factors the place."""
    lost = Decimal(stake)
    for each in factors:
        lost *= each.value
    lost = lost.quantize(CENT, ROUND_HALF_UP)
    value = lost
    for each in place:
        value *= each.value
    about = facts[0] if facts else evidence("accelo", "task", id, headline)
    plain = ItemDoc(
        id=id, rule=rule, matter=rule.partition("-")[0], stage="open", about=about, client=client, headline=headline,
        line=headline, body=(), ask="", owner=None, since=None, state="unchanged", day=2, short="",
        lost=Lost(
            amount=lost, currency="USD", kind=stake_kind if stake_kind == "house_price" else "estimate",
            at_least=stake_kind == "estimate", stake=Decimal(stake), stake_kind=stake_kind,
            stake_source=stake_source or f"prices: {rule}", factors=tuple(factors),
        ),
        place=PlaceValue(value=value.quantize(CENT, ROUND_HALF_UP), factors=tuple(place)),
        evidence=tuple(facts) or (about,), figures=(), looked_in=(), not_in=(), gone_when="a decision of yours", notes=(),
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def card(number: int, lead: ItemDoc, *, line: str = "", body: Sequence[str] = (), read: str = "") -> CardDoc:
    """The card of one item: full where it has a body."""
    return CardDoc(
        number=number, id=lead.id, client=lead.client, headline=lead.headline, line=line or lead.line,
        body=tuple(body), ask=lead.ask, owner=lead.owner, since=lead.since, state=lead.state, day=lead.day,
        full=bool(body),
        amount=CardAmount(
            amount=lead.lost.amount, currency="USD", kind=lead.lost.kind, at_least=lead.lost.at_least
        ),
        parts=(CardPart(item=lead.id, stake_key=lead.id, amount=lead.lost.amount),), reasons=(),
        links=tuple(
            Link(text=f"Open the {fact.kind} in {read.rpartition(' ')[0]}", url=fact.url)
            for fact in lead.evidence[:1] if fact.url
        ),
        read=read,
    )  # fmt: skip


WORSE: State = "worse"

ACME = item(
    "k7mp", "milestone-no-tasks", "Acme",
    "Acme site: Launch is 3 workdays out (Tuesday) with no tasks assigned.",
    stake="1500",
    factors=[factor("gone by the next edition", "0.13", "setting", "half for each workday left, 3 workdays")],
    place=[factor("new", "1.00", "setting", "not in Wednesday's edition")],
    facts=[
        evidence("accelo", "project", "4711", "Acme site, open, fee $36,000", "06:43", "https://accelo.example/projects/4711"),
        evidence("accelo", "milestone", "812", "Launch, due Tuesday 24 November", "06:43"),
    ],
    line="Acme site: Launch due Tuesday, no tasks.", ask="who takes it?", short="launch",
    owner=Owner(name="Janine", out_until=MONDAY), state="new", day=1,
    figures=(("tasks on the milestone, open or done", "0"), ("tasks on earlier milestones", "5 to 9")),
    looked_in=("Accelo 06:43",), gone_when="a task on the milestone, another date, or a decision of yours",
)  # fmt: skip

BRIGHTSIDE = item(
    "b9rd", "cpl-up", "Brightside",
    "Brightside: leads cost 19 % more than usual ($10.00 against $8.40, 7 days).",
    stake="150", stake_source="at least, per day x 1 day", stake_kind="estimate",
    factors=[factor("urgency", "1.00", "fact", "goes day by day")],
    place=[factor("unchanged, day 7", "0.90", "setting", "fades from day 2")],
    facts=[
        evidence("google_ads", "account", "991", "7 days: $11,760, 1,176 leads", "06:45", "https://ads.example/991"),
        evidence("google_ads", "account", "991-usual", "28 days before: $47,040, 5,600 leads", "06:45"),
    ],
    line="Brightside: leads cost 19 % more than usual.", ask="look now or wait?", short="leads +19 %",
    owner=Owner(name="Lena"), since=date(2026, 11, 12), day=7,
    figures=(
        ("7 days", "$11,760, 1,176 leads, $10.00 each"), ("usual", "$8.40, 28 days before"),
        ("by chance alone", "p = 0.0013; accepted alone among 44 accounts"),
    ),
    looked_in=("Google Ads 06:45",), not_in=("edits made in Google Ads Editor",),
    gone_when="a cost per lead within the usual range, or a decision of yours",
)  # fmt: skip

NORTHWIND = item(
    "n4qf", "proposal-viewed", "Northwind",
    "Northwind retainer proposal: viewed 6 days ago, no answer. $48,000.",
    stake="48000", stake_source="PandaDoc, document total", stake_kind="fact",
    factors=[
        factor("signed in the end", "0.25", "estimate", "9 of 36 proposals silent for 5 days, 12 months"),
        factor("gone per workday", "0.01", "setting", "prices: proposal-viewed"),
    ],
    place=[
        factor("worse than Wednesday", "1.00", "fact", "6 days, was 5"),
        factor("your marks", "0.82", "estimate", "7 useful, 1 noise"),
    ],
    facts=[evidence("pandadoc", "proposal", "d-77", "viewed, total $48,000", "06:47", "https://pandadoc.example/d/77")],
    line="Northwind retainer proposal: viewed 6 days ago, $48,000.", ask="follow up or hold?", short="proposal",
    owner=Owner(name="Marco"), state=WORSE, day=3,
    figures=(("First viewed", "Friday 13 November 10:12, audit trail; 4 views, last Tue 16:20"),),
    looked_in=("PandaDoc 06:47", "HubSpot 06:44", "Slack 06:49", "your inbox 06:42"),
    not_in=("Marco's inbox (no source)",), gone_when="an answer, another status, or a decision of yours",
)  # fmt: skip

LARKSPUR = item(
    "q2dw", "client-at-risk", "Larkspur", "Larkspur at risk: replies take 31 h, usual 9 h; $6,500 a month.",
    stake="6500", stake_source="clients: Larkspur, monthly fee", stake_kind="fact",
    factors=[factor("gone per workday", "0.01", "setting", "prices: client-at-risk")], owner=Owner(name="Ines"), day=4,
)  # fmt: skip
JUNIPER = item(
    "w8cj", "client-waiting", "Juniper",
    "Juniper waits for a booking link since Tuesday 11:20 (16 working hours).",
    stake="4200", stake_source="clients: Juniper, monthly fee", stake_kind="fact",
    factors=[factor("gone per workday", "0.01", "setting", "prices: client-waiting")],
    line="Juniper waits for a booking link since Tuesday 11:20, chased once. Ines.",
    ask="who answers?", owner=Owner(name="Ines"), state=WORSE, day=2,
)  # fmt: skip
TOM = item(
    "t5xg", "person-overloaded", "", "Tom has 5 overdue tasks on 3 projects, 3 on Wednesday; team median 1.",
    stake="400", factors=[factor("gone per workday", "0.10", "setting", "prices: person-overloaded")], state=WORSE, day=3,
)  # fmt: skip
FENWICK = item(
    "d3hs", "deal-pushed", "Fenwick", "Fenwick rebrand: close date pushed 3 times, now 18 Dec; $22,000.",
    stake="22000", stake_source="HubSpot, amount", stake_kind="fact",
    factors=[
        factor("won in the end", "0.15", "estimate", "HubSpot, stage probability"),
        factor("gone per workday", "0.01", "setting", "prices: deal-pushed"),
    ],
    owner=Owner(name="Marco"),
)  # fmt: skip

REST = tuple(
    item(name, rule, client, text, stake="300", factors=[factor("gone per workday", "0.05", "setting", f"prices: {rule}")])
    for name, rule, client, text in (
        ("r6va", "task-overdue", "Northwind", "Northwind October report: due tomorrow, in review with Priya."),
        ("m2jt", "retainer-over", "Oakline", "Oakline retainer: 118 % of its hours used, 11 days left."),
        ("o3wv", "milestone-unassigned", "Oakline", "Oakline wave 2: due Monday, 2 of 6 tasks assigned to nobody."),
        ("a5tk", "task-overdue", "Acme", "Acme site: Copy review overdue since Monday. Priya."),
        ("a9bn", "budget-burn", "Acme", "Acme ads: 88 % of the budget used, 60 % of the time."),
        ("f4lm", "pacing", "Fenwick", "Fenwick: on course for $25,000 of $30,000 by 30 November."),
        ("c6pp", "task-overdue", "Copperfield", "Copperfield landing page: overdue since Wednesday. Sam."),
        ("e7ky", "invite-unanswered", "Kestrel", "Kestrel: invitation to the December workshop not answered by you."),
        ("h8vc", "budget-burn", "Hollis", "Hollis redesign: 104 % of the budget used."),
        ("u2rw", "ads-disapproved", "Rowe", "Rowe: 2 of 14 ads disapproved since Tuesday."),
        ("y3qz", "task-overdue", "Quill", "Quill newsletter: overdue since Tuesday. Tom."),
    )
)  # fmt: skip

CARDS = (
    card(
        1, ACME, read="Accelo 06:43",
        body=("Earlier milestones had 5 to 9.", "Project fee $36,000.", "New.", "Owner Janine, out until Monday."),
    ),
    card(
        2, BRIGHTSIDE, read="Google Ads 06:45",
        body=(
            "About $270 a day, at least $150.", "Fewer visitors become leads; click prices unchanged.",
            "Ad changes were minimal: two keywords paused Tuesday.", "Since 12 November.", "Owner Lena.",
        ),
    ),
    card(
        3, NORTHWIND, read="PandaDoc 06:47",
        body=("No reply in PandaDoc, HubSpot, Slack, your inbox.", "Meeting 10:00.", "Worse, day 3.", "Owner Marco."),
    ),
    card(4, LARKSPUR, line="Larkspur at risk: replies take 31 h, usual 9 h; $6,500 a month. Ines."),
    card(5, JUNIPER),
    card(6, TOM),
    card(7, FENWICK, line="Fenwick rebrand: close date pushed 3 times, now 18 Dec; $22,000. Marco."),
)  # fmt: skip


def meeting(starts: str, minutes: int, title: str, **more: object) -> Appointment:
    start = at(starts)
    plain = Appointment(
        starts=start, ends=start.fromtimestamp(start.timestamp() + minutes * 60, ZONE), all_day=False, title=title,
        with_=(), client="", open=(), problems=(),
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


AGENDA = Agenda(
    known=True,
    summary="5 meetings, 3 h 30 min. Longest free stretch 12:00 to 15:30.",
    away=(Away(name="Janine", until=MONDAY), Away(name="Sam", until=date(2026, 11, 20))),
    appointments=(
        meeting("09:00", 30, "Leads meeting", open=(OpenMatter(item="t5xg", text="6 Tom"),)),
        meeting(
            "10:00", 60, "Northwind quarterly review", with_=("Dana Ruiz", "Paul Kerr"), client="Northwind",
            open=(
                OpenMatter(item="n4qf", text="3 proposal"),
                OpenMatter(item="r6va", text="October report due tomorrow, in review with Priya"),
            ),
        ),
        meeting(
            "11:30", 30, "Larkspur check-in", client="Larkspur", open=(OpenMatter(item="q2dw", text="4 at risk"),),
            problems=("Both guests declined on Wednesday at 18:12.",),
        ),
        meeting("15:30", 60, "Interview, developer"),
        meeting(
            "15:45", 30, "Acme launch call", client="Acme", open=(OpenMatter(item="k7mp", text="1 launch"),),
            problems=("Overlaps the interview; you accepted both.",),
        ),
    ),
    tomorrow="Tomorrow starts 08:30 with Copperfield.",
)  # fmt: skip

ADS = AdsTable(
    title="Wednesday 18 November: $14,900 in 42 accounts, usual $14,600.",
    day=date(2026, 11, 18),
    rows=(
        AdRow(
            verdict="worse", account="Brightside G", cpl="$10.00", cpl_usual="$8.40", leads="1,176",
            leads_usual="1,400", day_before="+3%", week_before="+21%", median="+19%", edits="2",
        ),
        AdRow(
            verdict="better", account="Kestrel M", cpl="$8.50", cpl_usual="$10.80", leads="1,015", leads_usual="800",
            day_before="-4%", week_before="-24%", median="-20%", edits="9",
        ),
        AdRow(
            verdict="watch", account="Copperfield M", cpl="$115.00", cpl_usual="$72.00", leads="56", leads_usual="90",
            day_before="-12%", week_before="+48%", median="+55%", edits="0",
        ),
    ),
    notes=(
        "Copperfield could still be chance. 38 usual, 1 learning, 2 not read.",
        "Pacing: Fenwick G is on course for $25,000 of $30,000 by 30 November.",
    ),
)  # fmt: skip

SOURCES = (
    ("accelo", "06:43"), ("hubspot", "06:44"), ("pandadoc", "06:47"), ("gmail", "06:42"), ("calendar", "06:41"),
    ("slack", "06:49"), ("google_ads", "06:45"), ("meta_ads", "06:52"), ("scorecard", "06:41"),
)  # fmt: skip


def coverage(name: str, clock: str, status: Literal["whole", "partial", "stale", "missing"] = "whole", **more: object) -> SourceCoverage:  # fmt: skip
    plain = SourceCoverage(
        source=name, status=status, as_of=at(clock), fetched_at=at(clock), rows=680, skipped=0, place=name
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def working_thursday() -> Briefing:
    return Briefing(
        workspace="Harbour Lane", audience="Maya", date=THURSDAY, timezone="America/New_York",
        compiled_at=at("07:00"), compared_with="Wednesday 07:00",
        subject="3 to decide: Acme launch Tuesday has no tasks (Thu 19 Nov)", verified_quiet=False,
        second_line="3 to decide. 8 of 9 sources whole; Meta lacks 2 accounts.", currency="USD",
        coverage=tuple(
            coverage(
                name, clock, "partial",
                gaps=(
                    Gap(
                        stream="ad days", scope="Hollis and Rowe", problem="no permission", state="known", day=2,
                        cure="give the system user access to both in Meta's business settings",
                    ),
                ),
            ) if name == "meta_ads" else coverage(name, clock)
            for name, clock in SOURCES
        ),
        coverage_lines=(
            (
                "Meta Ads",
                (
                    "Accounts Hollis and Rowe, no permission, day 2; 18 of 20 read. Cure: give the system user access to both in Meta's business settings.",
                ),
            ),
            (
                "Known limits",
                (
                    "2: inboxes other than yours are no source (accepted by you until 1 December); calls and meetings leave no trace here.",
                ),
            ),
        ),
        cards=CARDS, more=tuple(each.id for each in REST),
        more_line="11 more: Acme 2, Oakline 2, Fenwick 1, six other clients 1 each.",
        items=(ACME, BRIGHTSIDE, NORTHWIND, LARKSPUR, JUNIPER, TOM, FENWICK, *REST),
        agenda=AGENDA, ads=ADS,
        scorecard=ScorecardTable(
            title="15 of 18 on target.",
            off=(
                "appointments kept 27 %, target 30 %, second week (call centre, Renee)",
                "billable share 68 %, target 72 %, first week (delivery, Janine)",
            ),
            late=("cold replies: last number Monday (outreach agent, owner Marco)",),
        ),
        changes=Changes(
            summary="4 new, 3 worse, 1 back, 10 unchanged, 3 resolved",
            worse=(
                Line(text="Northwind proposal: day 6 of silence, was 5.", item="n4qf"),
                Line(text="Juniper: chased on Wednesday 16:10.", item="w8cj"),
                Line(text="Tom: 5 overdue tasks, was 3.", item="t5xg"),
            ),
            back=(
                Line(
                    text="Oakline retainer: 118 % of its hours used, 11 days left. Snoozed until today by you "
                    '("client answers by Wednesday").',
                    item="m2jt",
                ),
            ),
            unchanged=(Line(text="10 items, day 2 to day 9, first of them Larkspur (day 4)."),),
        ),
        resolved=(
            Line(text="Copperfield October report: sent Wednesday 16:10."),
            Line(text="Quill kick-off: 6 tasks assigned Wednesday 11:20 by Priya."),
            Line(text="Quill, Google Ads: spend back to usual after 4 days, $640 over it."),
        ),
        decided=(
            Line(
                text='Hollis redesign budget: you, Tuesday, "bill the extra hours", Priya by today. Accelo shows no change '
                "at 06:43.",
                item="h8vc",
            ),
        ),
        escalations=(
            Line(
                text="Juniper: Ines told in Slack, Wednesday 11:05, delivered. No answer in the channel at 06:49. Next: you, "
                "Friday 11:05.",
                item="w8cj",
            ),
        ),
        held=(
            Line(
                text="Larkspur expansion proposal, $18,000, viewed 4 days ago, no answer (Marco). Held by client-at-risk on "
                "Larkspur, since Monday.",
                item="e1sk",
            ),
            Line(text="Snoozed 2 (next back Monday)."),
        ),
        notices=("Wednesday's edition: mail 07:00, Slack 07:00, once each.",),
        muted_count=4, rules_run=24, rules_total=24, facts_read=6140, read_from=at("06:41"), read_to=at("06:52"),
        next_edition="Friday 07:00",
    )  # fmt: skip


def calm_thursday() -> Briefing:
    day = date(2026, 12, 3)
    usual = working_thursday()

    def moved(one: Appointment) -> Appointment:
        delta = day - THURSDAY
        return replace(one, starts=one.starts + delta, ends=one.ends + delta)

    return replace(
        usual,
        date=day, compiled_at=at("07:00", day), subject="Nothing needs you: 9 of 9 sources read whole (Thu 3 Dec)",
        verified_quiet=True,
        second_line="Nothing needs you. 9 of 9 sources whole by 06:49, 24 of 24 rules ran, 2 limits.",
        coverage=tuple(coverage(name, clock) for name, clock in SOURCES),
        coverage_lines=(("Limits", ("2, accepted by you until 1 March: inboxes other than yours; calls.",)),),
        cards=(), more=(), more_line="", items=(),
        agenda=Agenda(
            known=True, summary="3 meetings, 2 h. Longest free stretch 11:00 to 16:00. Nobody is out.",
            appointments=(
                moved(meeting("09:00", 30, "Leads meeting")),
                moved(meeting("10:00", 60, "Kestrel monthly", with_=("Omar Haddad",), client="Kestrel", nothing_open=True)),
                moved(meeting("16:00", 30, "One to one with Janine")),
            ),
        ),
        ads=AdsTable(title="44 accounts, $14,200, usual $14,600. All usual."),
        scorecard=ScorecardTable(title="18 of 18 on target."),
        changes=Changes(summary="0 new, 0 worse, 0 back, 0 unchanged, 2 resolved"),
        resolved=(
            Line(text="Acme site Launch: completed Wednesday 17:40."),
            Line(text="Northwind retainer proposal: signed Wednesday 15:05, $48,000."),
        ),
        decided=(Line(text='Oakline retainer: you, Monday, "cap the hours", Ines by Friday.', item="m2jt"),),
        escalations=(), held=(Line(text="Snoozed 1 (back Monday)."),), muted_count=0, next_edition="Friday 07:00",
        read_from=at("06:41", day), read_to=at("06:49", day),
    )  # fmt: skip


def bad_thursday() -> Briefing:
    usual = working_thursday()
    unread = {"accelo", "meta_ads"}
    accelo, pandadoc = "Accelo: not checked today.", "Proposal: not checked today."
    meetings = {each.title: each for each in usual.agenda.appointments}
    gap = Gap(stream="projects", scope="", problem="login refused, token revoked", cure="briefing auth accelo")
    statuses = {"accelo": "missing", "meta_ads": "missing", "pandadoc": "stale"}
    shown = (
        replace(CARDS[1], number=1),
        card(
            2, JUNIPER, read="Slack 06:49",
            body=(
                "Chased on Wednesday 16:10.", "No answer in the Slack channel or your inbox.", "Fee $4,200 a month.",
                "Worse, day 2.", "Owner Ines, told on Wednesday 11:05.",
            ),
        ),
        replace(CARDS[6], number=3),
    )  # fmt: skip
    rest = tuple(each for each in REST if each.id in {"m2jt", "c6pp", "e7ky"})
    return replace(
        usual,
        subject="Accelo and Meta not read, 2 to decide (Thu 19 Nov)",
        second_line="Accelo and Meta Ads were not read, new today. PandaDoc is from Wednesday. "
        "2 to decide from the other 6 sources, read 06:41 to 06:52.",
        coverage=tuple(
            coverage(name, clock, statuses.get(name, "whole"), gaps=(gap,) if name in unread else ())  # type: ignore[arg-type]
            for name, clock in SOURCES
        ),
        coverage_lines=(
            (
                "Accelo",
                (
                    "Login refused at 06:41, token revoked. Cure: briefing auth accelo",
                    "Nothing is said today about milestones, tasks, budgets and retainers, nor about clients at risk: half of that evidence comes from Accelo.",
                    "Due by Tuesday in Wednesday's reading: Acme site Launch (Tuesday), Oakline wave 2 (Monday). Whether they have tasks was not checked.",
                ),
            ),
            (
                "Meta Ads",
                (
                    "No answer within 60 s at 06:42 and 06:50. 20 of 44 accounts not read.",
                    "Next try 07:30, or now: briefing collect meta",
                ),
            ),
            (
                "PandaDoc",
                (
                    'Stale: last read Wednesday 06:47, 24 h ago (limit 18 h). Today refused with "too many requests". Next try 07:30.',
                    "Northwind retainer proposal had no answer then. Whether it has one now was not checked.",
                ),
            ),
        ),
        cards=shown, more=tuple(each.id for each in rest), more_line="3 more: Copperfield 1, Kestrel 1, Oakline 1.",
        items=(BRIGHTSIDE, JUNIPER, FENWICK, *rest),
        agenda=replace(
            usual.agenda,
            tomorrow="",
            appointments=(
                replace(meetings["Northwind quarterly review"], open=(), unchecked=(pandadoc, accelo)),
                replace(meetings["Larkspur check-in"], open=(), unchecked=(accelo,)),
                replace(meetings["Acme launch call"], open=(), unchecked=(accelo,)),
            ),
            notes=("2 more with nothing open in what was read.",),
        ),
        ads=AdsTable(title="24 of 44 accounts read (Google). 1 worse, 22 usual, 1 learning.", rows=ADS.rows[:1], day=ADS.day),
        scorecard=ScorecardTable(
            title="11 of 13 on target; 5 numbers rest on sources not read.",
            off=usual.scorecard.off[:1], late=usual.scorecard.late,
        ),
        changes=Changes(
            summary="2 new, 1 worse, 3 unchanged; 12 items not checked",
            notes=("Nothing is called resolved in Accelo, Meta Ads or PandaDoc today.",),
        ),
        resolved=(), decided=(), escalations=(),
        held=(Line(text="Larkspur expansion proposal: stays held, on Wednesday's evidence."),), muted_count=0,
        notices=(
            "When a source comes back, the terminal and the Slack post are brought up to date; there is no second mail.",
            "Wednesday's edition: mail 07:00, Slack 07:00, once each.",
        ),
        rules_run=15,
    )  # fmt: skip


MORNINGS = {"working": working_thursday, "calm": calm_thursday, "bad": bad_thursday}

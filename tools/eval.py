"""Simulated mornings, judged: `make eval`.

    python tools/eval.py [--seeds 5] [--mornings 30] [--first-seed 101] [--start 2026-11-02] [--final] [--jobs N]
                         [--files-every 6]

For each seed one agency over consecutive workdays, compiled every morning and judged by the agency's own state
(`briefing.demo.judge`). On every sixth morning the files are written and read through the same connectors and store as
anybody's; on the others the facts are built as the files must state them (`tests/test_demo_files.py` holds them
together), because reading 2,000 messages takes longer than compiling. Where both ways differ, the report says so.

Seeds 101 to 199 are for tuning. Seeds from 9001 on are looked at only with `--final`, when nothing is tuned any more;
whoever tunes after that takes the next ones (`--first-seed 9006`).

At the end the request detector is judged on sentences that it was not fitted to (`tests/data/asks/README.md`).

Exit code 1 when a target of the design (section 13) or of the detector is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from fit_asks import read_off

from briefing.demo.days import is_workday, moment, plus
from briefing.demo.files import write
from briefing.demo.judge import FALSE, RIGHT, Judge, Judged, Verdict
from briefing.demo.planted import RULES
from briefing.demo.stated import SUPPORT, briefing_of
from briefing.demo.world import World
from briefing.document import Briefing
from briefing.rules.asks import LIKELY, asking, likelihood

TUNING, FINAL = 101, 9001
SENTENCES = Path(__file__).parents[1] / "tests" / "data" / "asks"
START = date(2026, 11, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one seed gave."""

    seed: int
    mornings: tuple[Judged, ...]
    notes: tuple[str, ...]
    """Sources that were not read whole, and items that the files and the facts do not give alike."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One figure with what it must be."""

    name: str
    value: float
    limit: float
    at_least: bool
    of: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure keeps to its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(slots=True)
class Tally:
    """Figures over all mornings."""

    mornings: int = 0
    full: int = 0
    full_right: int = 0
    too_few: int = 0
    planted: int = 0
    missed: int = 0
    account_mornings: int = 0
    items: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    by_rule: dict[str, Counter[str]] = field(default_factory=dict)


def mornings_from(start: date, count: int) -> list[date]:
    """Consecutive workdays."""
    days = [plus(start, n) for n in range(count * 2 + 7)]
    return [day for day in days if is_workday(day)][:count]


def run_seed(seed: int, start: date, count: int, files_every: int) -> Outcome:
    """All mornings of one agency: some through files and store, all from the facts that the files must give."""
    begun, judged, notes = time.monotonic(), [], Counter[str]()
    world = World(seed, start, showcase=False)
    with tempfile.TemporaryDirectory(prefix="briefing-eval-") as folder:
        for number, morning in enumerate(mornings_from(start, count)):
            briefing = briefing_of(world, morning, support=True)
            if files_every and number % files_every == 0:
                read = from_files(world, morning, Path(folder))
                for source in read.coverage:
                    if source.status != "whole":
                        problem = source.gaps[0].problem if source.gaps else ""
                        notes[f"{source.source} {source.status}: {problem}"] += 1
                notes.update(differences(world, morning, read, briefing))
                briefing = read
            judged.append(Judge(world, morning).judge(briefing))
    told = tuple(f"{text} ({count} mornings)" for text, count in sorted(notes.items()))
    return Outcome(seed=seed, mornings=tuple(judged), notes=told, seconds=time.monotonic() - begun)


def from_files(world: World, morning: date, folder: Path) -> Briefing:
    """Write a morning's files, collect them into the kept store, compile."""
    from briefing.config import parse
    from briefing.store.sqlite import open_store
    from briefing.workspace import Workspace, collect_into, compile_in

    files, kept, now = folder / "files", folder / "store", moment(morning)
    write(world, morning, files)
    kept.mkdir(exist_ok=True)
    settings = parse(tomllib.loads((files / "briefing.toml").read_text(encoding="utf-8")))
    workspace = Workspace(settings=settings, folder=kept, base=files, fixed_now=now)
    store = open_store(kept / "readings.sqlite", now=now).store
    try:
        collect_into(workspace, store, clock=lambda: now)
        return compile_in(workspace, store, now).briefing
    finally:
        store.close()


def differences(world: World, morning: date, read: Briefing, stated: Briefing) -> Iterator[str]:
    """Items that only one of the two ways gives: the files do not state what they should, or are misread. What stands
    in no file (retainers, tickets) only the facts can give.
    """
    judge = Judge(world, morning)
    one = {(item.rule, judge.matter(item)): item.headline for item in read.items}
    other = {(item.rule, judge.matter(item)): item.headline for item in stated.items if item.about.source != SUPPORT}
    for key in sorted(one.keys() ^ other.keys()):
        where = "files" if key in one else "facts"
        yield f"only from {where}, {morning}: {key[0]} {key[1][1]}: {one.get(key) or other[key]}"


# --- figures -------------------------------------------------------------------------------------------------------


def tally(judged: Iterable[Judged]) -> Tally:
    """Add up."""
    found = Tally()
    for one in judged:
        found.mornings += 1
        found.account_mornings += one.accounts
        found.full += one.full
        found.too_few += one.full < one.deserving
        found.planted += one.planted
        found.missed += len(one.misses)
        for verdict in one.verdicts:
            _count(found, verdict)
        for miss in one.misses:
            found.by_rule.setdefault(miss.planted.rule, Counter())["missed"] += 1
    return found


def _count(found: Tally, verdict: Verdict) -> None:
    rule = found.by_rule.setdefault(verdict.rule, Counter())
    found.items += 1
    kind = "watch" if verdict.watch and verdict.kind in FALSE and verdict.kind != "untrue" else verdict.kind
    rule[kind] += 1
    found.kinds[kind] += 1
    found.kinds["wrong client"] += bool(verdict.wrong_client)
    if verdict.full:
        found.full_right += verdict.kind in RIGHT
        rule["full"] += 1
        rule["full wrong"] += verdict.kind not in RIGHT
    elif kind in FALSE:
        found.kinds["false below"] += 1


def targets(found: Tally) -> list[Target]:
    """The figures that the design sets a limit for."""
    news = found.kinds["chance"] / max(found.account_mornings / 40, 1)
    return [
        Target(
            name="precision of full cards", value=found.full_right / max(found.full, 1), limit=0.95, at_least=True,
            of=f"{found.full_right} of {found.full}",
        ),
        Target(name="untrue sentences", value=found.kinds["untrue"], limit=0, at_least=False),
        Target(name="near misses shown", value=found.kinds["near miss"], limit=0, at_least=False),
        Target(name="wrong merges", value=found.kinds["wrong client"], limit=0, at_least=False),
        Target(
            name="recall in the whole briefing", value=1 - found.missed / max(found.planted, 1), limit=0.95,
            at_least=True, of=f"{found.planted - found.missed} of {found.planted}",
        ),
        Target(name="false ad news per 40 accounts and morning", value=news, limit=0.1, at_least=False),
        Target(name="mornings with fewer full cards than deserved", value=found.too_few, limit=0, at_least=False),
    ]  # fmt: skip


def report(outcomes: Sequence[Outcome]) -> tuple[list[str], bool]:
    """The whole report, and whether every target is met."""
    judged = [one for outcome in outcomes for one in outcome.mornings]
    found = tally(judged)
    goals = targets(found)
    seeds = ", ".join(str(outcome.seed) for outcome in outcomes)
    lines = [
        f"Seeds {seeds}; {found.mornings} mornings, {found.items} items, {found.full} cards in full.", "",
        *(_goal(goal) for goal in goals), "",
        f"false lines below the cards  {found.kinds['false below']}",
        f"watched by chance, said so   {found.kinds['watch']}",
        f"true of ordinary noise       {found.kinds['unplanned']}", "",
        *_by_rule(found), "",
        *(f"Note  {outcome.seed} {note}" for outcome in outcomes for note in outcome.notes),
        *(_named("False", verdict) for verdict in _false(judged)), "",
        *(f"Missed  {m.seed} {m.morning} {m.planted.rule:<20} {m.planted.id} ({m.planted.client or '-'}, since "
          f"{m.planted.since})" for one in judged for m in one.misses), "",
        f"Slowest seed {max((outcome.seconds for outcome in outcomes), default=0):.0f} s.",
    ]  # fmt: skip
    return lines, all(goal.met for goal in goals)


def _goal(goal: Target) -> str:
    value = f"{goal.value:.3f}".rstrip("0").rstrip(".")
    sign = ">=" if goal.at_least else "<="
    return f"{'ok  ' if goal.met else 'MISS'}  {goal.name:<46} {value:>7}  (target {sign} {goal.limit:g})  {goal.of}"


def _by_rule(found: Tally) -> Iterator[str]:
    columns = ("planted", "grey", "unplanned", "watch", "chance", "near miss", "untrue", "missed", "full", "full wrong")
    yield f"{'rule':<22}" + "".join(f"{column:>11}" for column in columns)
    for rule in dict.fromkeys((*RULES, *sorted(found.by_rule))):
        counts = found.by_rule.get(rule, Counter())
        yield f"{rule:<22}" + "".join(f"{counts[column] or '.':>11}" for column in columns)


def _false(judged: Iterable[Judged]) -> Iterator[Verdict]:
    """What is false anywhere, and what is not planted in a full card."""
    for one in judged:
        for verdict in one.verdicts:
            watched = verdict.watch and verdict.kind != "untrue"
            wrong = verdict.kind in FALSE and not watched
            if wrong or verdict.wrong_client or (verdict.full and verdict.kind not in RIGHT):
                yield verdict


def _named(word: str, verdict: Verdict) -> str:
    where = "card" if verdict.full else "line"
    client = f" [told for {verdict.wrong_client}]" if verdict.wrong_client else ""
    return (
        f"{word}  {verdict.seed} {verdict.morning} {verdict.rule:<20} {where} {verdict.kind} ({verdict.why}){client} "
        f"{verdict.matter[1]}: {verdict.headline}"
    )


# --- the request detector ------------------------------------------------------------------------------------------


def detector() -> tuple[list[str], bool]:
    """The detector on mail held out from its fit and on chats of our own, and whether its targets are met."""
    mail, chat = _labelled("held_out.tsv"), _labelled("chat.tsv")
    judged = [(likelihood(text), label) for text, label in mail]
    precision, recall, f1 = _quality([(found >= LIKELY, label) for found, label in judged])
    goals = [
        Target(
            name="request detector, F1", value=f1, limit=0.8, at_least=True,
            of=f"precision {precision:.3f}, recall {recall:.3f} from likelihood {LIKELY} on",
        ),
        Target(
            name="request detector, precision at recall 0.60", value=read_off(judged)[2], limit=0.85, at_least=True,
        ),
    ]  # fmt: skip
    lines = [f"Request detector on {len(mail)} sentences of mail that it was not fitted to:", *map(_goal, goals)]
    for where, rows in (("yes or no, the same", mail), (f"yes or no, {len(chat)} of chat", chat)):
        precision, recall, f1 = _quality([(bool(asking(text)), label) for text, label in rows])
        lines.append(f"      {where:<46} {f1:>7.3f}  precision {precision:.3f}, recall {recall:.3f}")
    return lines, all(goal.met for goal in goals)


def _labelled(name: str) -> list[tuple[str, bool]]:
    rows = [line.split("\t") for line in (SENTENCES / name).read_text(encoding="utf-8").splitlines()]
    return [(text, label == "Yes") for label, text in rows]


def _quality(judged: Sequence[tuple[bool, bool]]) -> tuple[float, float, float]:
    """Precision, recall and F1 of verdicts against labels."""
    right = sum(said and label for said, label in judged)
    said, asked = sum(said for said, _ in judged), sum(label for _, label in judged)
    return right / max(said, 1), right / max(asked, 1), 2 * right / max(said + asked, 1)


def main() -> int:
    """Run the seeds side by side and print the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--mornings", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--final", action="store_true", help="the seeds kept for the last measurement")
    parser.add_argument("--start", type=date.fromisoformat, default=START)
    parser.add_argument("--files-every", type=int, default=6, help="0: never, 1: every morning")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="write every verdict here")
    asked = parser.parse_args()
    first = asked.first_seed or (FINAL if asked.final else TUNING)
    seeds = range(first, first + asked.seeds)
    with ProcessPoolExecutor(max_workers=asked.jobs) as pool:
        runs = [pool.submit(run_seed, seed, asked.start, asked.mornings, asked.files_every) for seed in seeds]
        outcomes = [run.result() for run in runs]
    lines, good = report(outcomes)
    detected, detects = detector()
    sys.stdout.write("\n".join([*lines, "", *detected]) + "\n")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], default=str), encoding="utf-8")
    return 0 if good and detects else 1


if __name__ == "__main__":
    sys.exit(main())

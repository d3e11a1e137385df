"""How fast and how large, in ratios within one run: `make bench`.

    python tools/bench.py [--sizes 1,4,16] [--accounts 10000] [--rounds 7]

Every figure is the best of several cold processes, in seconds of the processor unless it says "wall"; where it can, it
is told as a ratio to a bare interpreter, or to the smaller world, measured in the same run. What is measured is run in
processes of its own: this one stays small, because Linux counts the size of the process that starts another.

Exit code 1 when a target of the design (section 13) is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NOT_LOADED = ("httpx", "pydantic", "slack_sdk", "googleapiclient", "jinja2", "holidays", "sqlite3")
"""Modules that neither `--help` nor `--version` may load."""

COMMAND = (sys.executable, "-c", "from briefing.cli import main; main()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process."""

    seconds: float
    """Of the processor, which other work on the machine hardly changes."""

    wall: float
    megabytes: float
    """The most memory it held."""

    code: int
    output: str


@dataclass(slots=True)
class Report:
    """Lines with their targets."""

    missed: int = 0

    def tell(self, name: str, value: str, *, good: bool | None = None, target: str = "") -> None:
        """One line; `good` None has no target."""
        mark = "    " if good is None else "ok  " if good else "MISS"
        self.missed += good is False
        sys.stdout.write(f"{mark}  {name:<58} {value:>16}  {target}\n")
        sys.stdout.flush()


def run(command: Sequence[str], env: Mapping[str, str]) -> Run:
    """Run a command to its end; its memory is its own high-water mark."""
    with tempfile.TemporaryFile() as out:
        begun = time.perf_counter()
        # The commands are this file's own.
        process = subprocess.Popen(command, env=dict(env), stdout=out, stderr=out)  # noqa: S603
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    return Run(
        seconds=usage.ru_utime + usage.ru_stime, wall=wall, megabytes=usage.ru_maxrss / 1024, code=process.returncode,
        output=text,
    )  # fmt: skip


def best(command: Sequence[str], env: Mapping[str, str], rounds: int) -> Run:
    """The fastest of several runs. Raises SystemExit with the output of one that fails."""
    runs = [run(command, env) for _ in range(rounds)]
    for one in runs:
        if one.code:
            sys.exit(f"{' '.join(command)} ended with {one.code}:\n{one.output}")
    return min(runs, key=lambda one: one.seconds)


def environment(home: Path) -> dict[str, str]:
    """An empty home, no colours, a fixed width."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    folders = {"HOME": home, "XDG_DATA_HOME": home / "data", "XDG_CACHE_HOME": home / "cache",
               "XDG_CONFIG_HOME": home / "config"}  # fmt: skip
    return {**kept, **{name: str(path) for name, path in folders.items()}, "NO_COLOR": "1", "COLUMNS": "100"}


# --- start-up ------------------------------------------------------------------------------------------------------


def start_up(report: Report, env: Mapping[str, str], rounds: int) -> Run:
    """`--help` and `--version` against an interpreter that does nothing, taken in turns."""
    commands = {"": (sys.executable, "-c", "pass"), **{opt: (*COMMAND, opt) for opt in ("--help", "--version")}}
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds * 2):
        for name, command in commands.items():
            runs[name].append(best(command, env, 1))
    fastest = {name: min(some, key=lambda one: one.seconds) for name, some in runs.items()}
    bare = fastest.pop("")
    report.tell("bare interpreter", f"{bare.seconds * 1000:.0f} ms")
    for option, found in fastest.items():
        ratio = found.seconds / bare.seconds
        report.tell(f"briefing {option}", f"{ratio:.1f} x bare", good=ratio <= 10, target="<= 10 x")
        loaded = loaded_by(option, env)
        report.tell(f"  modules loaded by {option} that must not be", ", ".join(loaded) or "none", good=not loaded)
    return bare


def loaded_by(option: str, env: Mapping[str, str]) -> list[str]:
    """Which of the heavy modules an option loads."""
    code = (
        "import sys\n"
        f"sys.argv = ['briefing', {option!r}]\n"
        "try:\n    from briefing.cli import main\n    main()\n"
        "except SystemExit:\n    pass\n"
        f"print('LOADED', *[name for name in {NOT_LOADED!r} if name in sys.modules])\n"
    )
    found = run((sys.executable, "-c", code), env)
    line = next((line for line in found.output.splitlines() if line.startswith("LOADED")), "")
    if not line:
        sys.exit(f"{option} did not end as expected:\n{found.output}")
    return line.split()[1:]


# --- worlds --------------------------------------------------------------------------------------------------------

WRITE = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from briefing.demo.days import ZONE
from briefing.demo.files import write
from briefing.demo.world import World
now = datetime.now(ZONE)
morning = (now if now.hour >= 7 else now - timedelta(days=1)).date()
folder = Path(sys.argv[1])
write(World(1, morning, scale=int(sys.argv[2])), morning, folder)
settings = folder / "briefing.toml"
text = settings.read_text(encoding="utf-8").replace('use = "', 'deadline = 900\\nuse = "')
settings.write_text(text, encoding="utf-8")
"""
"""Writes the agency's files of the last morning; a busy machine must not turn slowness into gaps."""


def worlds(report: Report, home: Path, bare: Run, sizes: Sequence[int], rounds: int) -> None:
    """Collect and show agencies of growing size."""
    before: tuple[int, Run, Run] | None = None
    for size in sizes:
        env = environment(home / f"x{size}")
        files = home / f"files{size}"
        wrote = run((sys.executable, "-c", WRITE, str(files), str(size)), env)
        if wrote.code:
            sys.exit(wrote.output)
        config = ("--config", str(files / "briefing.toml"))
        collected = best((*COMMAND, "collect", *config), env, 1)
        shown = best((*COMMAND, "show", *config), env, max(rounds // size, 3))
        report.tell(f"world {size}x: briefing collect", f"{collected.seconds:.1f} s, wall {collected.wall:.0f} s")
        report.tell(f"world {size}x: most memory of collect", f"{collected.megabytes:.0f} MB")
        report.tell(
            f"world {size}x: briefing show from the store",
            f"{shown.seconds:.2f} s, {shown.seconds / bare.seconds:.0f} x bare",
        )
        if size == 1:
            report.tell("  the same, wall", f"{shown.wall:.2f} s", good=shown.wall < 0.4, target="< 0.4 s")
        report.tell(f"world {size}x: most memory of show", f"{shown.megabytes:.0f} MB")
        if before is not None:
            growth(report, before, (size, collected, shown))
        before = (size, collected, shown)


def growth(report: Report, before: tuple[int, Run, Run], now: tuple[int, Run, Run]) -> None:
    """How much more a larger world costs; a fifth over linear is allowed."""
    times = now[0] / before[0]
    for name, small, large in (("collect", before[1], now[1]), ("show", before[2], now[2])):
        ratio = large.seconds / small.seconds
        report.tell(
            f"{name}, world {now[0]}x against {before[0]}x", f"{ratio:.1f} x", good=ratio <= times * 1.2,
            target=f"<= {times * 1.2:.1f} x",
        )  # fmt: skip


# --- ads -----------------------------------------------------------------------------------------------------------

FILL = """
import sys
from datetime import date, datetime, timedelta, UTC
from pathlib import Path
from briefing.demo.chance import stream
from briefing.facts import AdDay, Ref
from briefing.store import Attempt, Listing, StreamKey
from briefing.store.sqlite import open_store
count, path = int(sys.argv[2]), Path(sys.argv[1])
now, first = datetime(2026, 11, 19, 12, tzinfo=UTC), date(2026, 10, 15)
store = open_store(path, now=now).store
key = StreamKey("ads", "", ("ad_day",))
store.listed(Listing(source="ads", at=now, streams=(key,)))
incoming = store.receive(key)
def days():
    for number in range(count):
        draw = stream("bench", number)
        mean = 2 + number % 60
        for n in range(35):
            day = first + timedelta(days=n)
            clicks = draw.overdispersed(mean * 20, 1.6)
            yield AdDay(ref=Ref(source="ads", kind="ad_day", id=f"{number}//{day}"), account=f"a{number}", day=day,
                        vintage=date(2026, 11, 19), currency="USD", spend=mean * 20_000_000, impressions=clicks * 30,
                        clicks=clicks, leads=float(draw.overdispersed(mean, 2.0)), definition="leads")
incoming.add(days())
incoming.finish(Attempt(status="whole", started=now, ended=now, as_of=now, rows=count * 35))
store.close()
"""
JUDGE = """
import sys, time
from datetime import date, datetime, UTC
from pathlib import Path
from briefing import anomaly
from briefing.store.sqlite import open_store
now = datetime(2026, 11, 19, 12, tzinfo=UTC)
store = open_store(Path(sys.argv[1]), now=now).store
begun = time.process_time()
series = store.series(now)
accounts = series.accounts("ads")
found = anomaly.judge(
    anomaly.Series(key=name, rows=series.days("ads", name), today=date(2026, 11, 19), platform="google",
                   settling_days=0)
    for name in accounts
)
print("JUDGED", len(found), sum(one.verdict == "news" for one in found), time.process_time() - begun)
"""


def ads(report: Report, home: Path, accounts: int) -> None:
    """All accounts of one morning: from the store, one account at a time, judged together."""
    env = environment(home / "ads")
    half = accounts // 4
    seconds = {}
    for count in (half, accounts):
        path = home / f"ads{count}.sqlite"
        filled = run((sys.executable, "-c", FILL, str(path), str(count)), env)
        if filled.code:
            sys.exit(filled.output)
        judged = best((sys.executable, "-c", JUDGE, str(path)), env, 3)
        line = next(line for line in judged.output.splitlines() if line.startswith("JUDGED"))
        seconds[count] = float(line.split()[3])
    report.tell(
        f"ads: {accounts:,} accounts judged from the store", f"{seconds[accounts]:.2f} s", good=seconds[accounts] < 1.5,
        target="< 1.5 s",
    )  # fmt: skip
    report.tell(
        "  most memory of that process", f"{judged.megabytes:.0f} MB", good=judged.megabytes < 150, target="< 150 MB"
    )
    ratio = seconds[accounts] / seconds[half]
    report.tell(f"  against {half:,} accounts", f"{ratio:.1f} x", good=ratio <= 4.8, target="<= 4.8 x")
    report.tell("  false news in quiet accounts", line.split()[2])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="1,4,16", help="worlds to collect and show")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="briefing-bench-") as folder:
        home = Path(folder)
        bare = start_up(report, environment(home), asked.rounds)
        worlds(report, home, bare, [int(size) for size in asked.sizes.split(",")], asked.rounds)
        from bench_accelo import accelo_calls
        from bench_network import side_by_side, two_mornings

        side_by_side(report, environment(home))
        two_mornings(report, environment(home))
        accelo_calls(report, environment(home))
        if asked.accounts:
            ads(report, home, asked.accounts)
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())

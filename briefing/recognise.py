"""Which connector reads a file that somebody drops: every recogniser is asked, the best offer wins."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from briefing.connector import Recognise, Recognition, Sample
from briefing.reading.text import clean

log = logging.getLogger(__name__)

HEAD = 64 * 1024
NOT_READ = frozenset({"briefing.toml", "readme.md", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of the dropped files."""

    sources: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """`[sources.NAME]` tables, ready for the configuration."""

    asks: tuple[str, ...] = ()
    """Files that need one more word from the user, each with what to write."""

    unknown: tuple[Path, ...] = ()
    broken: tuple[str, ...] = ()
    """Recognisers that could not be imported."""


def recognisers() -> tuple[Mapping[str, Recognise], tuple[str, ...]]:
    """Every function registered under `briefing.files`, by name; and the names of those that cannot be imported."""
    from importlib.metadata import entry_points

    known: dict[str, Recognise] = {}
    broken = []
    for entry in sorted(entry_points(group="briefing.files"), key=lambda e: e.name):
        try:
            known[entry.name] = entry.load()
        except Exception as error:  # noqa: BLE001  (one broken package must not stop the others)
            log.warning("recogniser %s cannot be imported: %s", entry.name, error)
            broken.append(entry.name)
    return known, tuple(broken)


def look(paths: Iterable[Path]) -> Found:
    """Ask the recognisers about files and folders; a folder nobody knows is looked into, one level deep at a time."""
    offers: list[tuple[Path, Recognition]] = []
    asks: list[str] = []
    unknown: list[Path] = []
    known, broken = recognisers()
    for path, named in _files(paths, known):
        best = best_offer(sample_of(path), known)
        if best is None:
            if named or path.name.lower() not in NOT_READ:
                unknown.append(path)
        elif best.ask:
            asks.append(best.ask)
        else:
            offers.append((path, best))
    return Found(sources=grouped(offers), asks=tuple(asks), unknown=tuple(unknown), broken=broken)


def _files(paths: Iterable[Path], known: Mapping[str, Recognise], depth: int = 3) -> Iterator[tuple[Path, bool]]:
    """The files and recognised folders among what was named; True for what the user named himself."""
    for path in paths:
        if not path.is_dir():
            yield path, True
            continue
        if best_offer(sample_of(path), known) is not None or depth == 0:
            yield path, True
            continue
        inside = sorted(entry for entry in path.iterdir() if not entry.name.startswith((".", "__")))
        for entry, _ in _files(inside, known, depth - 1):
            yield entry, False


def sample_of(path: Path) -> Sample:
    """What recognisers may look at. An unreadable file gives an empty sample, and is told as unknown."""
    if path.is_dir():
        return Sample(path=path, head=b"", names=tuple(sorted(entry.name for entry in path.iterdir())[:1000]))
    try:
        with path.open("rb") as file:
            return Sample(path=path, head=file.read(HEAD))
    except OSError:
        return Sample(path=path, head=b"")


def best_offer(sample: Sample, known: Mapping[str, Recognise]) -> Recognition | None:
    """The surest offer. Two equal ones are told as a question."""
    offers = sorted(
        (offer for name, recognise in known.items() if (offer := _asked(name, recognise, sample)) is not None),
        key=lambda offer: (-offer.sure, bool(offer.ask), offer.use, offer.setting),
    )
    if not offers:
        return None
    best = offers[0]
    rivals = [o for o in offers[1:] if o.sure == best.sure and (o.use, o.setting) != (best.use, best.setting)]
    if rivals and not best.ask:
        names = " or ".join(f'use = "{o.use}", {o.setting} = "{sample.path.name}"' for o in (best, *rivals))
        ask = (
            f"{clean(sample.path.name, 80)} could be read in {len(rivals) + 1} ways. Write into briefing.toml: {names}"
        )
        return Recognition(use=best.use, setting=best.setting, sure=best.sure, ask=ask)
    return best


def _asked(name: str, recognise: Recognise, sample: Sample) -> Recognition | None:
    try:
        return recognise(sample)
    except Exception:
        log.exception("recogniser %s failed on %s", name, sample.path.name)
        return None


def grouped(offers: Sequence[tuple[Path, Recognition]]) -> dict[str, dict[str, Any]]:
    """One source for different settings of one connector; a further source for each repeated setting."""
    sources: dict[str, dict[str, Any]] = {}
    for path, offer in offers:
        table: dict[str, Any] | None = None
        for candidate in sources.values():
            same_folder = candidate["_folder"] == path.parent
            if candidate["use"] == offer.use and offer.setting not in candidate and same_folder:
                table = candidate
                break
        if table is None:
            table = {"use": offer.use, "_folder": path.parent}
            sources[_name(offer, path, sources)] = table
        table[offer.setting] = str(path.resolve())
        table.update(offer.settings)
    for table in sources.values():
        del table["_folder"]
    return sources


def _name(offer: Recognition, path: Path, taken: Mapping[str, object]) -> str:
    short = offer.use.removesuffix("_csv")
    if short not in taken:
        return short
    stem = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or short
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    return name

"""Fit the request detector's weights: `python tools/fit_asks.py asks.tsv`.

    python tools/fit_asks.py FILE [--choose]

`FILE`: `Yes` or `No`, a tab and a sentence a line, as `src/resources/Ask0729-fixed.txt` of ParakweetLabs'
EmailIntentDataSet has them (Apache License 2.0; `tests/data/asks/README.md`). Repeats are dropped, and the rest is
split by a hash of the normalised text into ten parts: eight are fitted to, two are held out and never looked at here:
they are written to `tests/data/asks/held_out.tsv` for `make eval`, with names, addresses and numbers masked.

`--choose` cross-validates the strength of the penalty and the least number of sentences a feature stands in, each
couple of the eight parts judged by a model of the other six, and says at which likelihood F1 is highest.

Logistic regression with a quadratic penalty has one best answer, so that the same file gives the same weights.
Fitted by Nesterov's accelerated gradient with restarts (O'Donoghue and Candes, 2015): plain Python, ten seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from briefing.rules import asks
from briefing.rules.asks import URL_OR_CODE, features, sentences

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "briefing" / "rules" / asks.WEIGHTS
HELD_OUT = ROOT / "tests" / "data" / "asks" / "held_out.tsv"
PARTS, FITTED = 10, 8

PENALTY, LEAST = 5.0, 3
"""Chosen by `--choose`: a wide plateau (F1 between 0.82 and 0.83)."""

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")

SMALLEST = 3
"""Weights of fewer hundredths than this are left out."""

ABOUT = (
    "Log-odds in hundredths, fitted by tools/fit_asks.py to ParakweetLabs/EmailIntentDataSet "
    "(commit 055f6285, src/resources/Ask0729-fixed.txt). Copyright 2014 Parakweet Labs, Inc.; Apache License 2.0, "
    "http://www.apache.org/licenses/LICENSE-2.0. The sentences are not in this file."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A labelled sentence."""

    text: str
    asks: bool
    part: int
    """Of ten, by a hash of the normalised text."""

    @property
    def held_out(self) -> bool:
        """Whether it is kept for the last measurement."""
        return self.part >= FITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Log-odds."""

    bias: float
    weights: Mapping[str, float]

    def score(self, found: Iterable[str]) -> float:
        """The log-odds of a sentence."""
        return self.bias + sum(self.weights.get(feature, 0.0) for feature in found)


def normalised(text: str) -> str:
    """What repeats have in common: letters only, addresses, links and the value of numbers left out."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"\d+", "0", re.sub(r"\S+@\S+|https?://\S+|www\.\S+|\$link", " ", text))
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())


def rows_of(file: Path) -> list[Row]:
    """The labelled sentences, each once, in the order of the file; those with both labels are left out."""
    found: dict[str, tuple[str, set[bool]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition("\t")
        text = text.replace("$LINK", "https://link.example")
        found.setdefault(normalised(text), (text, set()))[1].add(label == "Yes")
    return [
        Row(text=text, asks=True in labels, part=int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % PARTS)
        for key, (text, labels) in found.items()
        if len(labels) == 1
    ]


# --- the fit -------------------------------------------------------------------------------------------------------


def seen(row: Row) -> set[str]:
    """The features of a whole row: nearly all are one sentence."""
    return features(URL_OR_CODE.sub(" ", row.text))


def fit(rows: Sequence[Row], penalty: float, least: int) -> Fit:
    """The weights that make the labels likeliest, less half the penalty times their squares."""
    found = [seen(row) for row in rows]
    counts = Counter(feature for one in found for feature in one)
    common = ordinary_words(rows)
    names = sorted(name for name, count in counts.items() if count >= least and is_ordinary(name, common))
    place = {name: number for number, name in enumerate(names, start=1)}
    # Number 0 is the bias, which every sentence has and nothing penalises.
    table = [[0, *sorted(place[feature] for feature in one if feature in place)] for one in found]
    weights = minimised(table, [row.asks for row in rows], len(names) + 1, penalty)
    return Fit(bias=weights[0], weights=dict(zip(names, weights[1:], strict=True)))


def ordinary_words(rows: Iterable[Row]) -> frozenset[str]:
    """Words that are mostly written small: what is left out is mostly the names of people and companies."""
    small, all_of = Counter[str](), Counter[str]()
    for row in rows:
        words = WORD.findall(ADDRESS.sub(" ", URL_OR_CODE.sub(" ", row.text)))
        small.update(word for word in words if word.islower())
        all_of.update(word.lower() for word in words[1:])
    return frozenset(word for word, count in small.items() if 2 * count >= all_of[word]) | asks.NO_NAMES


def is_ordinary(feature: str, common: frozenset[str]) -> bool:
    """Whether a feature is made of such words, marks and classes only."""
    if feature.startswith("="):
        return True
    return all(word in common for word in feature.split() if word[0].isalpha() and word not in asks.VERBS)


def minimised(table: Sequence[Sequence[int]], labels: Sequence[bool], size: int, penalty: float) -> list[float]:
    """The weights at which the gradient vanishes (to 0.001)."""
    step = 1 / (curvature(table, size) / 4 + penalty)
    weights, ahead, momentum = [0.0] * size, [0.0] * size, 1.0
    for _ in range(5000):
        slope = gradient(table, labels, ahead, penalty)
        if max(abs(one) for one in slope) < 1e-3:
            break
        moved = [one - step * down for one, down in zip(ahead, slope, strict=True)]
        uphill = sum(down * (new - old) for down, new, old in zip(slope, moved, weights, strict=True)) > 0
        following = 1.0 if uphill else (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        share = 0.0 if uphill else (momentum - 1) / following
        ahead = [new + share * (new - old) for new, old in zip(moved, weights, strict=True)]
        weights, momentum = moved, following
    return ahead


def gradient(
    table: Sequence[Sequence[int]], labels: Sequence[bool], weights: Sequence[float], penalty: float
) -> list[float]:
    """Of the penalised log-loss."""
    slope = [penalty * one for one in weights]
    slope[0] = 0.0
    for row, label in zip(table, labels, strict=True):
        error = 1 / (1 + math.exp(-sum(weights[number] for number in row))) - label
        for number in row:
            slope[number] += error
    return slope


def curvature(table: Sequence[Sequence[int]], size: int) -> float:
    """The largest eigenvalue of the table's square, by power iteration, and a little more."""
    vector, value = [1.0] * size, 1.0
    for _ in range(25):
        image = [0.0] * size
        for row in table:
            total = sum(vector[number] for number in row)
            for number in row:
                image[number] += total
        value = math.sqrt(sum(one * one for one in image))
        vector = [one / value for one in image]
    return value * 1.05


# --- figures -------------------------------------------------------------------------------------------------------


def choose(rows: Sequence[Row]) -> None:
    """Print what each choice gives, judged by models of the other parts."""
    for penalty in (2.5, 5.0, 10.0):
        for least in (3, 4):
            judged: list[tuple[float, bool]] = []
            for first in range(0, FITTED, 2):
                others = [row for row in rows if row.part not in {first, first + 1}]
                model = fit(others, penalty, least)
                judged += [(model.score(seen(row)), row.asks) for row in rows if row.part in {first, first + 1}]
            best, at, precision = read_off(judged)
            likelihood = 1 / (1 + math.exp(-at))
            print(
                f"penalty {penalty:4} least {least}  F1 {best:.3f} from likelihood {likelihood:.2f} on, "
                f"precision at recall 0.60 {precision:.3f}",
                flush=True,
            )


def read_off(judged: Iterable[tuple[float, bool]]) -> tuple[float, float, float]:
    """The highest F1, the score from which on it is reached, and the precision where recall comes to 0.60."""
    ordered = sorted(judged, key=lambda one: -one[0])
    positives = sum(label for _, label in ordered)
    right, best, at, precision = 0, 0.0, 0.0, 0.0
    for number, (score, label) in enumerate(ordered, start=1):
        right += label
        f1 = 2 * right / (number + positives)
        if f1 > best:
            best, at = f1, score
        if not precision and right >= 0.6 * positives:
            precision = right / number
    return best, at, precision


# --- what is written -----------------------------------------------------------------------------------------------


def write_weights(model: Fit) -> int:
    """Write the weights in hundredths, the small ones left out; how many were kept."""
    kept = {name: round(weight * 100) for name, weight in sorted(model.weights.items())}
    kept = {name: weight for name, weight in kept.items() if abs(weight) >= SMALLEST}
    lines = ",\n".join(f"{json.dumps(name, ensure_ascii=False)}:{weight}" for name, weight in kept.items())
    WEIGHTS.write_text(
        f'{{"about": {json.dumps(ABOUT)},\n"bias": {round(model.bias * 100)},\n"weights": {{\n{lines}\n}}}}\n',
        encoding="utf-8",
    )
    return len(kept)


def write_held_out(rows: Iterable[Row], common: frozenset[str]) -> None:
    """Write the held-out part, masked."""
    lines = [f"{'Yes' if row.asks else 'No'}\t{masked(row.text, common)}\n" for row in rows]
    HELD_OUT.write_text("".join(lines), encoding="utf-8")


def masked(text: str, common: frozenset[str]) -> str:
    """A sentence with `Xxxx` for names, `0` for digits and one address for all; the model sees nearly the same."""
    text = ADDRESS.sub("someone@mail.example", text)
    text = re.sub(r"(?<!\w)@[\w.-]+", "@xxxx", text)
    text = re.sub(r"(?:https?://|www\.)\S+", "https://link.example", text)
    text = re.sub(r"\d", "0", text)
    parts = re.split(r"([^\W\d_]+(?:'[^\W\d_]+)*|https://link\.example|someone@mail\.example|@xxxx)", text)
    begins = True
    for number in range(1, len(parts), 2):
        word = parts[number]
        if word[0].isupper() and len(word) > 1 and not is_kept(word.lower(), begins=begins, common=common):
            parts[number] = "Xxxx"
        begins = bool(re.search(r"[.!?:]\s*$", parts[number + 1]))
    return "".join(parts)


def is_kept(word: str, *, begins: bool, common: frozenset[str]) -> bool:
    """Whether a word with a capital is no name: a day, a month, I; at the beginning whatever is written small too."""
    return word in asks.NO_NAMES or (begins and (word in common or word in asks.VERBS))


def main() -> int:
    """Fit and write, or cross-validate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("--choose", action="store_true")
    asked = parser.parse_args()
    rows = rows_of(asked.file)
    fitted = [row for row in rows if not row.held_out]
    if asked.choose:
        choose(fitted)
        return 0
    held_out = [row for row in rows if row.held_out]
    count = write_weights(fit(fitted, PENALTY, LEAST))
    common = ordinary_words(fitted)
    write_held_out(held_out, common)
    changed = sum(features_of(row.text) != features_of(masked(row.text, common)) for row in held_out)
    print(f"{len(rows)} sentences, {len(fitted)} fitted to, {len(held_out)} held out; {count} weights.")
    print(f"Masking changed what the model sees of {changed} held-out sentences.")
    return 0


def features_of(text: str) -> list[set[str]]:
    """What the model knows of each sentence of a text."""
    known = asks._model().weights.keys()  # noqa: SLF001
    return [features(sentence) & known for sentence in sentences(text)]


if __name__ == "__main__":
    sys.exit(main())

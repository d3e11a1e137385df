"""What a deployment calls its own things: "Projects" may be "Jobs" there (accelo.md section 7).

A briefing has its own words. Where a list is named as a thing to be set right in Accelo, its title there stands behind
ours: projects ("Jobs").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from briefing.reading.text import NAME, clean, folded

WORDS: Mapping[str, str] = {
    "job": "projects", "milestone": "milestones", "task": "tasks", "staff": "staff", "company": "companies",
    "issue": "tickets", "contract": "retainers", "quote": "quotes", "prospect": "sales", "activity": "activities",
}  # fmt: skip
"""Accelo's kinds of object, and what a briefing calls many of them."""

PLURALS: Mapping[str, str] = {"company": "companies", "activity": "activities", "staff": "staff"}
"""Of Accelo's kinds, where it is not made by an s."""

KEYS = ("user_titles", "user_defined_titles")
"""Their names in `/user` and beside a token."""


def kind_of(name: str) -> str:
    """The kind of object that a key or a list's path means; empty for one that is not read.

    >>> kind_of("Jobs"), kind_of("companies"), kind_of("timer")
    ('job', 'company', '')
    """
    found = name.strip().lower()
    return next((kind for kind in WORDS if found in {kind, f"{kind}s", PLURALS.get(kind, "")}), "")


def titles_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The titles of what is read, by our words for it; the form of the record is not documented.

    A title may stand alone, as a list of one and many, or in an object with a key for each.

    >>> titles_of({"user_titles": {"job": {"singular": "Job", "plural": "Jobs"}, "task": "Action", "timer": "Clock"}})
    {'projects': 'Jobs', 'tasks': 'Action'}
    """
    told: Mapping[object, object] = next((record[key] for key in KEYS if isinstance(record.get(key), Mapping)), {})
    found = ((kind_of(str(name)), _many(value)) for name, value in told.items())
    return {WORDS[kind]: title for kind, title in found if kind and title}


def _many(value: object) -> str:
    if isinstance(value, Mapping):
        named = [inner for key, inner in value.items() if "plural" in str(key).lower()]
        value = named[0] if named else next(iter(value.values()), "")
    if isinstance(value, list):
        value = value[-1] if value else ""
    return clean(value, NAME) if isinstance(value, str) else ""


def called(word: str, titles: Mapping[str, object]) -> str:
    """Our word, with the deployment's title where that is another.

    >>> called("projects", {"projects": "Jobs"}), called("tasks", {"tasks": "Tasks"})
    ('projects ("Jobs")', 'tasks')
    """
    title = titles.get(word)
    if not isinstance(title, str) or folded(title) in {"", folded(word)}:
        return word
    return f'{word} ("{title}")'

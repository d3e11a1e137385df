"""Every way to answer that nobody could verify can be set, and is another one than the usual.

That a reader finds the same facts whichever way is answered, or says what it cannot know, is shown with the connector:
tests/connectors/test_accelo_world.py and test_accelo_unverified.py.
"""

from __future__ import annotations

from dataclasses import fields

import pytest

from briefing.demo.server.accelo_settings import OF_ROWS, OPEN, AcceloSettings
from tests.demo_server.asking import accelo


@pytest.mark.parametrize("name", list(OPEN))
def test_each_way_is_another(name: str) -> None:
    usual = AcceloSettings()
    assert OPEN[name]
    assert AcceloSettings(**OPEN[name]) != usual
    assert all(getattr(usual, setting) != value for setting, value in OPEN[name].items() if setting != "bare_counts")


def test_what_changes_rows_is_a_setting() -> None:
    assert set(OF_ROWS) <= {field.name for field in fields(AcceloSettings)}


@pytest.mark.parametrize("name", ["generic standings", "breadcrumbs say component", "usage in percent"])
def test_rows_of_another_way_are_other_rows(name: str) -> None:
    """They are kept by the settings that change them: one site's must not be served by the next."""
    contract = accelo().ids("contracts")[0]

    def told(**settings: object) -> list[object]:
        asker = accelo(**settings)
        return [
            asker.rows("tasks", "standing_not(complete,inactive)", "standing,breadcrumbs"),
            asker.rows(f"contracts/{contract}/periods", "", "usage"),
        ]

    assert told(**OPEN[name]) != told()

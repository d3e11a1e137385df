"""Mornings on which the delivery rules must speak, and on which they must stay silent."""

from __future__ import annotations

from briefing.testing import morning_at, run_rule

THURSDAY = morning_at("2026-11-19 07:00")


def test_a_milestone_three_workdays_out_without_tasks_is_named(table: str) -> None:
    """
    project   | p1 | title=Acme site | party=Acme | manager=Janine | budget=36000 USD
    milestone | m1 | project=p1 | title=Launch | due=2026-11-24
    milestone | m2 | project=p1 | title=Design | due=2026-10-01 | state=done
    milestone | m3 | project=p1 | title=Build | due=2026-11-01 | state=done
    task      | t1 | project=p1 | milestone=m2 | title=Draw | state=done
    task      | t2 | project=p1 | milestone=m3 | title=Write | state=done
    task      | t3 | project=p1 | milestone=m3 | title=Test | state=done
    task      | t4 | project=p1 | title=On the project only
    """
    (item,) = run_rule("milestone-no-tasks", table, THURSDAY)
    assert item.headline == "Acme site: Launch is 3 workdays out (Tuesday) with no tasks assigned."
    assert item.body == ("Earlier milestones had 1 to 2.", "Project fee $36,000.")

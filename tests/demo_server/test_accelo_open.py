"""The real connector reads the same facts whichever way the server answers what nobody could verify."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from briefing.connector import Ignored, Window
from briefing.demo.days import ZONE, moment
from briefing.demo.server.accelo_settings import OPEN
from briefing.demo.server.router import Router
from briefing.loopback import Loopback
from connectors.accelo import Accelo
from tests.demo_server.asking import MORNING, world

NOW = moment(MORNING)
WINDOW = Window(now=NOW, since=NOW - timedelta(days=30), until=NOW + timedelta(days=30), zone=ZONE)


def read(settings: Mapping[str, Any]) -> dict[str, list[object]]:
    """What every stream yields, apart from notes on what was left out."""
    router = Router(world(), MORNING, only=["accelo"], settings={"accelo": settings})
    with Loopback(router) as server:
        connector = Accelo(source="accelo", **router.sources(server.url)["accelo"])
        return {
            stream.scope: [one for one in stream.read(WINDOW, None) if not isinstance(one, Ignored)]
            for stream in connector.streams(WINDOW)
        }


@cache
def usual() -> dict[str, list[object]]:
    return read({})


def test_something_is_read() -> None:
    assert {scope: len(found) > 10 for scope, found in usual().items()} == {
        "projects": True, "milestones": True, "tasks": True, "staff": True, "companies": True
    }  # fmt: skip


ELSEWHERE = ("429", "locked out", "counts")
"""Ways that no reading meets; the tests of the site and of the connector's login have them."""


@pytest.mark.parametrize("name", [name for name in OPEN if not name.startswith(ELSEWHERE)])
def test_the_facts_are_the_same(name: str) -> None:
    assert read(OPEN[name]) == usual()

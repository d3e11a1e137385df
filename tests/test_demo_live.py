"""The demo's configuration with live sources."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from briefing.demo.live import BAD_MORNING, REPLACES, live_sources, toml

FILES: dict[str, Any] = {
    "projects": {"use": "projects_csv", "tasks": "t.csv"},
    "deals": {"use": "deals_csv", "path": "d"},
}


def test_a_live_source_takes_the_place_of_its_files_and_no_other() -> None:
    running = {
        "accelo": {"base_url": "http://127.0.0.1:9/accelo", "client_secret": "hush"},
        "unheard": {"base_url": "x"},
    }
    sources, secrets = live_sources(FILES, running)
    assert set(sources) == {"accelo", "deals"}
    assert sources["accelo"] == {
        "use": "accelo", "currency": "USD", "modules": ["tickets", "retainers"],
        "base_url": "http://127.0.0.1:9/accelo", "client_secret": "file:secrets/accelo-client_secret",
    }  # fmt: skip
    assert secrets == {"secrets/accelo-client_secret": "hush"}
    assert "projects" in FILES, "what was given is not changed"


def test_a_live_source_that_replaces_no_file_comes_beside_them() -> None:
    sources, secrets = live_sources(FILES, {"imap": {"host": "127.0.0.1", "port": 9, "password": "hush"}})
    assert set(sources) == {"projects", "deals", "team-inbox"}
    assert sources["team-inbox"]["password"] == "file:secrets/team-inbox-password"
    assert secrets == {"secrets/team-inbox-password": "hush"}


def test_every_fault_of_the_bad_morning_has_a_source() -> None:
    assert {fault.vendor for fault in BAD_MORNING} <= set(REPLACES)


scalar = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=3),
)  # fmt: skip
key = st.text("abcdefghij_-", min_size=1, max_size=8)
name = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
table = st.dictionaries(key, scalar, min_size=1, max_size=4)


@given(
    st.dictionaries(key, scalar, max_size=3), st.dictionaries(name, table, max_size=3), st.lists(table, max_size=2)
)  # fmt: skip
def test_what_is_written_is_read_back(top: dict[str, Any], named: dict[str, Any], listed: list[dict[str, Any]]) -> None:
    plain: dict[str, Any] = {**{f"x{k}": v for k, v in top.items()}, "sources": named}
    if listed:
        plain["audience"] = listed
    expected = plain if named else {k: v for k, v in plain.items() if k != "sources"}
    assert tomllib.loads(toml(plain)) == expected

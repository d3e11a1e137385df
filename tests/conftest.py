"""What all tests share."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from briefing import log
from briefing.contract import ConnectorContract, not_asked


@pytest.fixture
def table(request: pytest.FixtureRequest) -> str:
    """The docstring of the test itself: the morning and the expected line are read together."""
    return inspect.cleandoc(request.function.__doc__ or "")


@pytest.fixture(autouse=True)
def _secrets_of_this_test_only() -> Iterator[None]:
    """What one test declares secret is an ordinary word to the next."""
    before = set(log._SECRETS)
    yield
    log.stop()  # a log that a command began is closed with the test, not when its handler is collected
    log._SECRETS.clear()
    log._SECRETS.update(before)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a connector's contract declares not to apply: CI allows no skips, so that none goes unseen."""

    def applies(item: pytest.Item) -> bool:
        cls = getattr(item, "cls", None)
        if not isinstance(cls, type) or not issubclass(cls, ConnectorContract):
            return True
        return getattr(item, "originalname", item.name) not in not_asked(cls)

    left_out = [item for item in items if not applies(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if applies(item)]

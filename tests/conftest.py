"""What all tests share."""

from __future__ import annotations

import inspect

import pytest


@pytest.fixture
def table(request: pytest.FixtureRequest) -> str:
    """The docstring of the test itself: the morning and the expected line are read together."""
    return inspect.cleandoc(request.function.__doc__ or "")

"""Which of these tests `make test` runs."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`make test` takes a slice; what is marked `long` is only in `make kill`."""
    if os.environ.get("ORCH_KILL") == "whole":
        return
    long = [item for item in items if item.path.is_relative_to(HERE) and item.get_closest_marker("long")]
    if long:
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)

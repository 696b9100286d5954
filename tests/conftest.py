"""Which tests `make test` runs: what is marked `long` only the make target of its folder does, by ORCH_LONG=1."""

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is marked `long`."""
    if os.environ.get("ORCH_LONG") == "1":
        return
    long = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if item not in long]
    if long:
        config.hook.pytest_deselected(items=long)

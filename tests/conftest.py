"""Which tests `make test` runs: what is marked `long` only the make target of its folder does, by ORCH_LONG=1."""

import os
import signal

import pytest

# Under nohup all that tests start would ignore SIGHUP too: orch does so on purpose, and ssh ends its proxy by it.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is marked `long`."""
    if os.environ.get("ORCH_LONG") == "1":
        return
    long = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if item not in long]
    if long:
        config.hook.pytest_deselected(items=long)

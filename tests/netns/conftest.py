"""Worlds for tests; and which tests are a slice for every day (`make netns` runs all)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.netns.database import new_database
from tests.netns.needs import need_namespaces
from tests.netns.world import World, world

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`make test` takes a slice; what is marked `long` is only in the whole."""
    if os.environ.get("ORCH_NETNS") == "whole":
        return
    long = [item for item in items if item.path.is_relative_to(HERE) and item.get_closest_marker("long")]
    if long:
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_namespaces()
    return new_database(tmp_path_factory.mktemp("database"))


@pytest.fixture
def site(tmp_path: Path, database: Path) -> Iterator[World]:
    with world(tmp_path, database) as site:
        yield site

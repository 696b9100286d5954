"""Worlds for tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.netns.database import new_database
from tests.netns.needs import need_namespaces
from tests.netns.world import World, world


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_namespaces()
    return new_database(tmp_path_factory.mktemp("database"))


@pytest.fixture
def site(tmp_path: Path, database: Path) -> Iterator[World]:
    with world(tmp_path, database) as site:
        yield site

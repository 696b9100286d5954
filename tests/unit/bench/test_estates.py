"""The estates that the benchmark measures with are what they promise to be, or its numbers mean nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.estates import LEAST, Counts, write_estate
from orchestrator.graph.check import loop_problems
from orchestrator.model.inventory import Inventory, System
from orchestrator.model.workspace import Workspace
from orchestrator.workspace.loader import load

SIZES = (LEAST, 139, 500)


@pytest.fixture(scope="module", params=SIZES)
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Counts, Workspace]:
    root = tmp_path_factory.mktemp("estate")
    counts = write_estate(root, request.param)
    assert counts.systems == request.param
    return counts, load(root)  # raises if there is a single problem


def test_it_holds_what_it_counts(estate: tuple[Counts, Workspace]) -> None:
    counts, workspace = estate
    inventory = workspace.inventory
    found = (inventory.systems, inventory.hosts, inventory.zones, inventory.customers, inventory.services)
    assert tuple(map(len, found)) == (counts.systems, counts.hosts, counts.zones, counts.customers, counts.services)


def test_it_has_three_written_needs_for_each_system(estate: tuple[Counts, Workspace]) -> None:
    counts, workspace = estate
    written = sum(_written(workspace.inventory, system) for system in workspace.inventory.systems.values())
    assert written == counts.needs == 3 * counts.systems


def test_it_can_be_taken_down_and_brought_back(estate: tuple[Counts, Workspace]) -> None:
    assert loop_problems(estate[1]) == ()


def test_it_has_what_a_real_one_has(estate: tuple[Counts, Workspace]) -> None:
    workspace = estate[1]
    inventory = workspace.inventory
    assert any(not requirement.is_plain for system in inventory.systems.values() for requirement in system.requires)
    assert any(system.owner in inventory.customers for system in inventory.systems.values())
    assert any(len(zone.gateways) > 1 for zone in inventory.zones.values())
    gateways = [inventory.hosts[ref.id] for zone in inventory.zones.values() for ref in zone.gateways]
    assert any(host.zone is not None and inventory.zones[host.zone.id].gateways for host in gateways)  # two hops
    assert any(len(system.hosts) > 1 for system in inventory.systems.values())
    assert workspace.protocol.gates
    assert all(workspace.known_hosts.keys_for(host.id, host.address, host.port) for host in inventory.hosts.values())


def test_the_same_size_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_estate(tmp_path / name, 150)
    one, other = (dict(_files(tmp_path / name)) for name in ("one", "other"))
    assert one == other
    assert len(one) > 10


def test_too_small_an_estate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"at least {LEAST}"):
        write_estate(tmp_path, LEAST - 1)


def _written(inventory: Inventory, system: System) -> int:
    carried = sum(inventory.hosts[ref.id].runs_on is not None for ref in system.hosts)
    return len(system.requires) + len(system.after) + carried


def _files(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(root)), path.read_bytes()

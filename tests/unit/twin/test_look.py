"""What a simulated host answers to `orch probe`: it has what its playbooks call there, and says only what is true."""

from pathlib import Path

import pytest

from orchestrator.hosts.command_line import inner_line
from orchestrator.hosts.look import LookCall, Looked, ReceiptPlace, look_command, parse_look
from orchestrator.hosts.receipt import ReceiptCall
from orchestrator.model.terms import Platform
from orchestrator.twin.behaviour import behaviour_of
from orchestrator.twin.faults import Fault
from orchestrator.twin.job import Job
from orchestrator.twin.world import World
from tests.small_site import load_site

AT = 1_700_000_000.25


@pytest.fixture
def world(tmp_path: Path) -> World:
    ws = load_site(tmp_path / "ws")
    return World(ws.inventory, behaviour_of(ws), "seed")


def asked(world: World, host: str, call: LookCall, platform: Platform = Platform.LINUX) -> tuple[Job, Looked]:
    argv, shell = look_command(platform, call)
    job = world.begin(host, inner_line(platform, argv, shell, sudo=False), 0.0)
    world.advance(10.0)
    looked = parse_look(call, world.looked(job, AT))
    assert looked is not None
    return job, looked


def test_it_has_the_tools_that_its_playbooks_call_there_and_no_others(world: World) -> None:
    job, looked = asked(world, "app", LookCall("orch", True, ("ss", "curl", "virsh"), ("systemctl", "virsh")))

    assert (job.exit, looked.sudo, looked.clock) == (0, (0, ""), (AT, AT))
    assert {(tool.name, tool.sudo): tool.path is not None for tool in looked.tools} == {
        ("ss", False): True,
        ("curl", False): True,
        ("virsh", False): False,
        ("systemctl", True): True,
        ("virsh", True): False,
    }


def test_the_folder_of_receipts_is_there_once_somebody_needed_it(world: World) -> None:
    assert asked(world, "app", LookCall("orch"))[1].receipts == ReceiptPlace("/run/lock", "new")

    world.receipts("app").told(ReceiptCall.for_generation("orch"))

    generation = world.receipts("app").generation
    assert asked(world, "app", LookCall("orch"))[1].receipts == ReceiptPlace("/run/lock", "ours", generation)
    assert asked(world, "db-2", LookCall("orch"))[1].receipts == ReceiptPlace(None, "none")


def test_windows_tells_its_clock(world: World) -> None:
    _, looked = asked(world, "win", LookCall(""), Platform.WINDOWS)
    assert (looked.clock, looked.shell, looked.tools) == ((AT, AT), None, ())


def test_a_host_that_hangs_hangs_here_too(world: World) -> None:
    world.set_fault("app", Fault.HANG, 0.0)
    argv, _ = look_command(Platform.LINUX, LookCall("orch"))
    job = world.begin("app", inner_line(Platform.LINUX, argv, None, sudo=False), 0.0)
    world.advance(1e6)
    assert not job.done

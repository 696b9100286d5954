"""The force rung through the command line, on the twin: what the protocol forces, what a person does, the way back.

Three hosts that are ill in different ways, each on a carrier that can pull its plug, and one that is well. The twin's
own log is the witness of what was sent, in which order.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.twin.control import fault as give
from tests.e2e.orch import Orch, lines_of

INVENTORY = """\
defaults: {hosts: {user: orch}}
hosts:
  hv-1: {address: 10.9.1.1}
  fine: {address: 10.9.1.2, runs_on: hv}
  fail: {address: 10.9.1.3, runs_on: hv}
  hang: {address: 10.9.1.4, runs_on: hv}
  refuse: {address: 10.9.1.5, runs_on: hv}
systems:
  hv: {kind: hv, hosts: [hv-1]}
  fine: {kind: svc, hosts: [fine]}
  fail: {kind: svc, hosts: [fail]}
  hang: {kind: svc, hosts: [hang]}
  refuse: {kind: svc, hosts: [refuse]}
  base: {kind: hv, hosts: [hv-1]}
"""
SVC = """\
kind: svc
state:
  argv: [systemctl, show, -p, LoadState, -p, ActiveState, --value, "{system}"]
  timeout: 2s
  within: 2s
  online: {output: 'loaded\\s+(active|reloading)'}
  offline: {output: '(loaded|masked)\\s+(inactive|failed)'}
  poweroff: {on: carrier, argv: [virsh, domstate, "{host}"], online: {output: running}, offline: {output: 'shut off'}}
shutdown:
  stop: [{name: stop, argv: [systemctl, stop, "{system}"], sudo: true, timeout: 2s, expect: 1s}]
  force:
    - {name: kill, argv: [systemctl, kill, -s, KILL, "{system}"], sudo: true, timeout: 2s, on_failure: continue}
    - {name: pull the plug, on: carrier, argv: [virsh, destroy, "{host}"], sudo: true, leaves: poweroff, timeout: 5s}
restore:
  stop: [{name: start, argv: [systemctl, start, "{system}"], sudo: true, timeout: 2s, expect: 1s}]
  poweroff:
    - {name: switch on, on: carrier, argv: [virsh, start, "{host}"], sudo: true, timeout: 60s, disconnects: true}
"""
HV = """\
kind: hv
state:
  argv: [systemctl, show, -p, LoadState, -p, ActiveState, --value, "{system}"]
  online: {output: 'loaded\\s+(active|reloading)'}
  offline: {output: '(loaded|masked)\\s+(inactive|failed)'}
shutdown:
  stop: [{name: stop, argv: [systemctl, stop, "{system}"], sudo: true, expect: 1s}]
restore:
  stop: [{name: start, argv: [systemctl, start, "{system}"], sudo: true, expect: 1s}]
"""
ILL = ("fail", "hang", "refuse")


def write_site(root: Path, on_failure: str) -> Path:
    (root / "inventories").mkdir(parents=True)
    (root / "playbooks").mkdir()
    (root / "inventories" / "force.yaml").write_text(INVENTORY, encoding="utf-8")
    (root / "playbooks" / "svc.yaml").write_text(SVC, encoding="utf-8")
    (root / "playbooks" / "hv.yaml").write_text(HV, encoding="utf-8")
    rule = f"organisation: rz-force\non_failure: {{shutdown: {on_failure}}}\n"
    (root / "protocol.yaml").write_text(rule, encoding="utf-8")
    return root


@pytest.fixture(params=["force", "hold"])
def orch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Orch]:
    """The workspace on its twin, with three hosts that are ill."""
    here = Orch(tmp_path / "twin")
    site = write_site(tmp_path / "site", request.param)
    here("twin", "up", "-C", str(site), "--write", str(here.workspace), "--speed", "100")
    try:
        for fault in ILL:
            give(here.workspace, fault, fault)
        yield here
    finally:
        here("twin", "down")


def told(orch: Orch, system: str) -> list[str]:
    """The steps that the twin was told for one system, in the order they ended, with their exit codes."""
    lines = lines_of(orch.workspace / "twin.jsonl")
    steps = (line for line in lines if line["system"] == system and line["action"] in {"shutdown", "force", "restore"})
    return [f"{line['step']} on {line['host']}: {line['exit']}" for line in steps]


def tasks(orch: Orch) -> dict[str, Any]:
    return {task["task"]: task for task in orch("show", "last", "--json").json()["tasks"]}


def states(orch: Orch) -> dict[str, str]:
    return {one["id"]: one["state"] for one in orch("status", "--json").json()["systems"]}


@pytest.mark.parametrize("orch", ["force"], indirect=True)
def test_what_the_protocol_forces_is_off_and_comes_back(orch: Orch) -> None:
    orch("shutdown", "kind=svc", "--yes")
    assert {name: (task["state"], task["proof"]) for name, task in tasks(orch).items()} == dict.fromkeys(
        ("fine", *ILL), ("done", "proven")
    )
    assert told(orch, "fine") == ["stop.1 on fine: 0"]
    assert told(orch, "fail") == ["stop.1 on fail: 1", "force.1 on fail: 1", "force.2 on hv-1: 0"]
    assert told(orch, "refuse") == ["force.2 on hv-1: 0"]
    assert "force.2 on hv-1: 0" in told(orch, "hang")
    assert orch("shutdown", "kind=svc", "--yes").code == 0

    for fault in ILL:
        give(orch.workspace, fault, "none")
    orch("restore", "--yes")
    assert set(states(orch).values()) == {"online"}
    assert [step for step in told(orch, "refuse") if not step.startswith("force")] == ["poweroff.1 on hv-1: 0"]


@pytest.mark.parametrize("orch", ["hold"], indirect=True)
def test_what_a_person_escalates(orch: Orch) -> None:
    orch("shutdown", "kind=svc", "--yes", code=1)
    assert {name: task["state"] for name, task in tasks(orch).items()} == {
        "fine": "done",
        "fail": "failed",
        "hang": "failed",
        "refuse": "failed",
    }
    assert not [step for name in ILL for step in told(orch, name) if step.startswith("force")]
    orch("escalate", "last", "state=failed", "--reason", "they have to be off now")
    orch("resume", "last")
    assert {name: (task["state"], task["proof"]) for name, task in tasks(orch).items()} == dict.fromkeys(
        ("fine", *ILL), ("done", "proven")
    )
    shown = orch("show", "last").out
    assert "force" in shown

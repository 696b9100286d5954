"""Windows systems on the twin, down and back: probes, evidence, a step that fails, and a connection that is lost.

A Windows host keeps no receipt. So what a lost connection leaves is asked of the state probe, and where that can't
tell, of a person; nothing is said twice before. The twin understands only what really was sent: PowerShell, encoded.
The twin's own log is the witness of what was sent.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.twin.control import fault as give
from tests.e2e.orch import REPOSITORY, Orch, lines_of

INVENTORY = """\
defaults: {hosts: {user: orch}}
hosts:
  hv: {address: 10.9.0.1}
  fine: {address: 10.9.0.2, platform: windows, runs_on: hyper}
  desk: {address: 10.9.0.3, platform: windows, runs_on: hyper}
  fails: {address: 10.9.0.4, platform: windows, runs_on: hyper}
  drops: {address: 10.9.0.5, platform: windows, runs_on: hyper}
  doubt: {address: 10.9.0.6, platform: windows, runs_on: hyper}
systems:
  hyper: {kind: plain, hosts: [hv]}
  mail: {kind: windows-service, hosts: [fine], vars: {service: "Mail 'Nord' `1` $x", port: "25"}}
  desktops: {kind: terminal-server, hosts: [desk]}
  fails: {kind: windows-service, hosts: [fails], vars: {service: W32Time, port: "123"}}
  drops: {kind: alone, hosts: [drops]}
  doubt: {kind: once, hosts: [doubt]}
"""
PLAIN = """\
kind: plain
state: {argv: [systemctl, is-active, x], online: [0], offline: [3]}
shutdown: {stop: [{name: stop, argv: [systemctl, stop, x], timeout: 2s}]}
restore: {stop: [{name: start, argv: [systemctl, start, x], timeout: 2s}]}
"""
ONCE = """\
kind: once
state:
  shell: "(Get-Service -Name {system} -ErrorAction Stop).Status"
  timeout: 2s
  within: 4s
  online: {output: Running}
  offline: {output: Stopped}
evidence: [{name: sessions, shell: "quser.exe {system}"}]
shutdown:
  stop:
    - {name: drain, argv: [drain.exe, "{system}", "", "say \\"now\\""], timeout: 20s, expect: 10s}
    - {name: stop, shell: "Stop-Service -Name {system}", timeout: 20s, expect: 10s, changes_state: true}
restore:
  stop: [{name: start, shell: "Start-Service -Name {system}", timeout: 20s, expect: 1s, changes_state: true}]
health: [{name: answers, shell: "Test-It {system}", within: 4s, every: 1s}]
"""
ALONE = "".join(line for line in ONCE.splitlines(keepends=True) if "drain" not in line).replace("once", "alone")
SPEED = "20"


@pytest.fixture(scope="module")
def orch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orch]:
    """The workspace on its twin: shipped playbooks, and one whose steps must not be repeated."""
    root = tmp_path_factory.mktemp("windows")
    site = root / "site"
    for folder in ("inventories", "playbooks"):
        (site / folder).mkdir(parents=True)
    (site / "inventories" / "windows.yaml").write_text(INVENTORY)
    (site / "playbooks" / "plain.yaml").write_text(PLAIN)
    (site / "playbooks" / "once.yaml").write_text(ONCE)
    (site / "playbooks" / "alone.yaml").write_text(ALONE)
    for name in ("windows-service", "terminal-server"):
        shutil.copy(REPOSITORY / "playbooks" / f"{name}.yaml", site / "playbooks")
    here = Orch(root / "twin")
    here("twin", "up", "-C", str(site), "--write", str(here.workspace), "--speed", SPEED)
    try:
        yield here
    finally:
        here("twin", "down")


def tasks(orch: Orch) -> dict[str, dict[str, Any]]:
    return {task["task"]: task for task in orch("show", "last", "--json").json()["tasks"]}


def sent(orch: Orch, system: str) -> list[tuple[str, str, int]]:
    """The steps that the twin was told for a system, with how they ended."""
    log = lines_of(Path(orch.workspace) / "twin.jsonl")
    kinds = {"shutdown", "restore", "force"}
    return [(n["action"], n["step"], n["exit"]) for n in log if n["system"] == system and n["action"] in kinds]


def told(orch: Orch, system: str) -> list[str]:
    return [line["command"] for line in lines_of(orch.workspace / "twin.jsonl") if line["system"] == system]


def test_down_and_back_with_faults(orch: Orch) -> None:
    give(orch.workspace, "fails", "fail")
    give(orch.workspace, "drops", "drop")
    give(orch.workspace, "doubt", "drop")

    orch("shutdown", "mail", "desktops", "fails", "--yes", code=1)
    down = tasks(orch)
    assert {name: task["state"] for name, task in down.items()} == {
        "mail": "done",
        "desktops": "done",
        "fails": "failed",
    }
    assert "exit 1" in down["fails"]["why"]
    assert sent(orch, "mail") == [("shutdown", "stop.1", 0), ("shutdown", "stop.2", 0)]
    assert sent(orch, "fails") == [("shutdown", "stop.1", 1)]
    assert "(Get-Service -Name 'Mail ''Nord'' `1` $x' -ErrorAction Stop).Status" in told(orch, "mail")
    evidence = [one for one in lines_of(run_of(orch) / "journal.jsonl") if one["type"] == "evidence"]
    assert {one["name"] for one in evidence if one["task"] == "mail"} == {
        "sockets",
        "processes",
        "sessions",
        "scheduled tasks",
        "security log",
    }
    assert all(one["exit"] == 0 for one in evidence)

    give(orch.workspace, "fails", "none")
    orch("resolve", "last", "retry", "fails", "--reason", "its service manager was restarted")
    orch("resume", "last")
    assert tasks(orch)["fails"]["state"] == "done"
    assert sent(orch, "fails") == [("shutdown", "stop.1", 1), ("shutdown", "stop.1", 0), ("shutdown", "stop.2", 0)]
    orch("restore", "mail", "desktops", "fails", "--yes")
    assert {task["state"] for task in tasks(orch).values()} == {"done"}
    assert sent(orch, "mail")[2:] == [("restore", "stop.1", 0), ("restore", "stop.2", 0)]


def test_after_a_lost_connection_the_probe_is_asked_and_then_a_person(orch: Orch) -> None:
    """`drain` leaves no trace that a probe could see: whether it came to its end only a person can find out."""
    give(orch.workspace, "doubt", "drop")
    orch("shutdown", "doubt", "--yes", code=1)
    doubt = tasks(orch)["doubt"]
    assert doubt["state"] == "unknown"
    assert doubt["why"] == "state probe on doubt says online"
    assert [one[:2] for one in sent(orch, "doubt")] == [("shutdown", "stop.1")], "said once, and not again by itself"
    assert told(orch, "doubt")[-1].startswith("(Get-Service"), "the last that it was asked is its state"

    orch("resume", "last", code=1)
    assert [one[:2] for one in sent(orch, "doubt")] == [("shutdown", "stop.1")], "nor by a resume"

    give(orch.workspace, "doubt", "none")
    orch("resolve", "last", "retry", "doubt", "--reason", "looked: it was drained, and may be told again")
    orch("resume", "last")
    assert tasks(orch)["doubt"]["state"] == "done"
    assert [step for _, step, _ in sent(orch, "doubt")] == ["stop.1", "stop.1", "stop.2"]
    assert "& 'drain.exe' 'doubt' '\"\"' '\"say \\\"now\\\"\"'" in told(orch, "doubt")


def test_after_a_lost_connection_the_probe_may_settle_it(orch: Orch) -> None:
    """The connection is lost in the step that changes the state, and the probe finds it changed: done, said once."""
    give(orch.workspace, "drops", "drop")
    orch("shutdown", "drops", "--yes")
    assert tasks(orch)["drops"]["state"] == "done"
    assert [step for _, step, _ in sent(orch, "drops")] == ["stop.1"]
    log = lines_of(run_of(orch) / "journal.jsonl")
    states = [(one["state"], one.get("exit")) for one in log if one["type"] == "step"]
    assert states == [("intent", None), ("unknown", None), ("ok", None)], "by the probe, not by an exit code"
    give(orch.workspace, "drops", "none")
    orch("restore", "drops", "--yes")
    assert tasks(orch)["drops"]["state"] == "done"


def run_of(orch: Orch) -> Path:
    """The folder of the last run."""
    return orch.workspace / "runs" / str(orch("show", "last", "--json").json()["run"])

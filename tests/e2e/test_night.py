"""The main job from the outside: the shipped estate on the twin, through the command line.

Shutdown, kill -9 in the middle, resume, a failure that a person resolves, restore. States and order are read from the
journal and, independently of it, from the twin's own log of what it was told.
"""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.orch import REPOSITORY, SECRETS, Orch, lines_of

BROKEN = "ess-app-09"  # carries hospital-billing


@pytest.fixture
def orch(tmp_path: Path) -> Iterator[Orch]:
    """The shipped workspace on its twin, 200 times faster than life."""
    here = Orch(tmp_path / "twin")
    up = ["-C", str(REPOSITORY), "--write", str(here.workspace), "--speed", "200", "--fault", f"{BROKEN}=fail"]
    here("twin", "up", *up)
    try:
        yield here
    finally:
        here("twin", "down", "-C", str(here.workspace))


def told(orch: Orch, action: str) -> list[dict[str, Any]]:
    """What the twin says it was told to do, in the order it ended."""
    return [line for line in lines_of(orch.workspace / "twin.jsonl") if line["action"] == action]


def journal(orch: Orch, run: str) -> list[dict[str, Any]]:
    return lines_of(orch.workspace / "runs" / run / "journal.jsonl")


def plan(orch: Orch, run: str) -> dict[str, Any]:
    return json.loads((orch.workspace / "runs" / run / "plan.json").read_bytes())  # type: ignore[no-any-return]


def pairs(document: dict[str, Any]) -> list[tuple[str, str]]:
    """(before, after) for every need of a plan, barriers written out."""
    barriers = {barrier["id"]: barrier["needs"] for barrier in document["barriers"]}
    return [
        (before, task["id"])
        for task in document["tasks"]
        for need in task["needs"]
        for before in ([need["task"]] if need.get("task") else barriers[need["barrier"]])
    ]


def order_problems_in_journal(orch: Orch, run: str) -> list[str]:
    """Needs that were not over when a task began."""
    over: dict[str, int] = {}
    began: dict[str, int] = {}
    for event in journal(orch, run):
        if event["type"] == "task" and event["state"] in {"done", "already", "skipped"}:
            over[event["task"]] = event["n"]
        if event["type"] == "step" and event["state"] == "intent":
            began.setdefault(event["task"], event["n"])
    return [f"{b} -> {a}" for b, a in pairs(plan(orch, run)) if a in began and over.get(b, 10**9) > began[a]]


def order_problems_on_hosts(orch: Orch, run: str, action: str) -> list[str]:
    """Needs whose last command came after the first command of the task, by the twin's log."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for n, line in enumerate(told(orch, action)):
        first.setdefault(line["system"], n)
        last[line["system"]] = n
    return [f"{b} -> {a}" for b, a in pairs(plan(orch, run)) if a in first and last.get(b, -1) > first[a]]


def doubled(orch: Orch, action: str) -> list[tuple[str, ...]]:
    """Commands that succeeded more than once on one host for one system."""
    good = Counter(
        tuple(line[key] for key in ("system", "host", "step", "command"))
        for line in told(orch, action)
        if line["exit"] == 0
    )
    return [key for key, times in good.items() if times > 1]


def states(orch: Orch) -> Counter[str]:
    return Counter(system["state"] for system in orch("status", "--json").json()["systems"])


def run_ids(orch: Orch) -> list[str]:
    return sorted(path.name for path in (orch.workspace / "runs").iterdir() if not path.name.startswith("."))


def test_everything_goes_down_is_killed_goes_on_and_comes_back(orch: Orch) -> None:
    killed = orch.killed_when(lambda: len(told(orch, "shutdown")) >= 25, "shutdown", "--yes")
    assert killed.code == -signal.SIGKILL
    (run,) = run_ids(orch)
    assert orch("shutdown", "--yes", code=3).err, "its systems are held by the run that is open"

    orch("resume", "last", code=1)
    shown = orch("show", "last", "--json").json()
    assert shown["counts"]["failed"] == 1
    orch("resume", "last", code=1)  # what failed on the host waits for a person
    orch("twin", "fault", BROKEN, "none")
    orch("resolve", "last", "retry", "hospital-billing", "--reason", "", code=2)
    orch("resolve", "last", "retry", "hospital-billing", "--reason", "killed the hanging worker")
    orch("resume", "last", code=4)  # epa-store is another party's
    orch("resolve", "last", "done", "epa-store", "--reason", "called their hotline, ticket 8812")
    orch("resume", "last")

    document = plan(orch, run)
    ends = {e["task"]: e for e in journal(orch, run) if e["type"] == "task"}
    assert {end["state"] for end in ends.values()} == {"done"}
    assert set(ends) == {task["id"] for task in document["tasks"]}
    assert ends["epa-store"]["proof"] == "person"
    assert journal(orch, run)[-1]["type"] == "sealed"
    assert order_problems_in_journal(orch, run) == []
    assert order_problems_on_hosts(orch, run, "shutdown") == []
    assert doubled(orch, "shutdown") == []
    online = len(document["left_out"])
    assert states(orch)["online"] == online
    assert states(orch).total() == len(document["tasks"]) + online

    orch("restore", "--yes", code=4)
    back = run_ids(orch)[0] if "restore" in run_ids(orch)[0] else run_ids(orch)[1]
    orch("resolve", "last", "done", "epa-store", "--reason", "called their hotline, ticket 8990")
    orch("resume", "last")
    assert order_problems_in_journal(orch, back) == []
    assert order_problems_on_hosts(orch, back, "restore") == []
    assert doubled(orch, "restore") == []
    assert states(orch) == Counter(online=len(document["tasks"]) + online)
    assert orch("restore", "--yes").code == 0, "nothing is left to do"

    verified = orch("verify", "--all", "--json").json()
    assert {one["verdict"] for one in verified["runs"]} == {"internal-only"}
    everything = b"".join(p.read_bytes() for p in (orch.workspace / "runs").rglob("*") if p.is_file())
    everything += (orch.workspace / "twin.jsonl").read_bytes()
    assert not any(secret.encode() in everything for secret in SECRETS.values())

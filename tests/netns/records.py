"""Two records side by side: what the machines wrote down themselves, and what orch's journals say.

A machine's log has a line when a step begins there and one when it ends (host/bin/step); no orch writes it. `problems`
is empty when no step was lost or doubled and every need was respected by the machines' own times.
"""

import json
import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.orch import lines_of
from tests.netns.world import World

Told = tuple[str, str, str]
"""(machine, system, step), the step as the machine calls it."""

_MAY_HAVE_BEGUN = {"intent", "unknown", "failed", "superseded"}
_HAS_BEGUN = {"ok", "gone"}


@dataclass(frozen=True)
class Line:
    """One line of a machine's log."""

    at: float
    begins: bool
    told: Told


def lines(site: World) -> list[Line]:
    """All machines' lines, by time."""
    found = []
    for name, machine in site.machines.items():
        for line in (machine.folder / "log").read_text().splitlines():
            at, word, system, step, *_ = line.split()
            found.append(Line(float(at), word == "begin", (name, system, step)))
    return sorted(found, key=lambda line: line.at)


def begun(site: World) -> Counter[Told]:
    """How often each step has begun."""
    return Counter(line.told for line in lines(site) if line.begins)


def has_begun(site: World, system: str, step: str) -> bool:
    """Whether a step of a system has begun anywhere."""
    return any(told[1:] == (system, step) for told in begun(site))


def has_ended(site: World, system: str, step: str) -> bool:
    """Whether a step of a system has ended anywhere."""
    return any(not line.begins and line.told[1:] == (system, step) for line in lines(site))


def run_folders(site: World) -> list[Path]:
    """The runs, oldest first."""
    begun = {path.parent: lines_of(path) for path in (site.orch.workspace / "runs").glob("*/journal.jsonl")}
    return sorted(
        (folder for folder, events in begun.items() if events), key=lambda folder: str(begun[folder][0]["at"])
    )


def journal(folder: Path) -> list[dict[str, Any]]:
    """A run's events."""
    return lines_of(folder / "journal.jsonl")


def ends(folder: Path) -> dict[str, str]:
    """The last state of each task of a run."""
    return {event["task"]: event["state"] for event in journal(folder) if event["type"] == "task"}


def problems(site: World) -> list[str]:
    """Steps lost or doubled in all runs, and needs that were not respected, by the machines' own logs."""
    least: Counter[Told] = Counter()
    most: Counter[Told] = Counter()
    found: list[str] = []
    for folder in run_folders(site):
        plan = json.loads((folder / "plan.json").read_bytes())
        told_of = {
            (task["id"], step["id"], step["host"]): _told(step) for task in plan["tasks"] for step in task["steps"]
        }
        for (task, step, host, _), event in _attempts(folder).items():
            told = told_of[task, step, host]
            if event["state"] in _HAS_BEGUN or (event["state"] == "failed" and event.get("exit") is not None):
                least[told] += 1
                most[told] += 1
            elif event["state"] in _MAY_HAVE_BEGUN and event.get("sent", True):
                most[told] += 1
        found += _order_problems(site, plan, set(told_of.values()))
    really = begun(site)
    found += [f"lost: {told} {really[told]} of {n}" for told, n in least.items() if really[told] < n]
    found += [f"doubled: {told} {n} of {most[told]}" for told, n in really.items() if n > most[told]]
    return found


def _attempts(folder: Path) -> dict[tuple[str, str, str, int], dict[str, Any]]:
    """The last word on each attempt."""
    return {
        (event["task"], event["step"], event["host"], event["attempt"]): event
        for event in journal(folder)
        if event["type"] == "step"
    }


def _told(step: dict[str, Any]) -> Told:
    words = step.get("argv") or shlex.split(step["shell"])
    return (step.get("on_host") or step["host"], words[1], words[2])


def _order_problems(site: World, plan: dict[str, Any], of_this_plan: set[Told]) -> list[str]:
    """Needs whose last line came after the first line of the task. Both ways have words of their own."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for line in lines(site):
        if line.told in of_this_plan:
            first.setdefault(line.told[1], line.at)
            last[line.told[1]] = line.at
    barriers = {barrier["id"]: barrier["needs"] for barrier in plan["barriers"]}
    return [
        f"order: {task['id']} began before {before} was over"
        for task in plan["tasks"]
        for need in task["needs"]
        for before in ([need["task"]] if need.get("task") else barriers[need["barrier"]])
        if task["id"] in first and last.get(before, float("inf")) > first[task["id"]]
    ]

"""Row `makespan-ssh`: how long runs take over real SSH, against the bound for event-driven list scheduling.

The shipped estate on its twin: a simulated host for each, behind real SSH, gateways included, all in one process of
their own on the same cores. Its hosts take what a playbook says that they take, ten times faster; SSH and orch take
what they take, so that they weigh ten times as much as in life. (`--quick`: only down, and faster.)
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.measure import ROOT, python, run
from bench.table import Figure, columns

SPEED = 10.0
QUICK_SPEED = 200.0
MOST = 1.1


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """A figure for the way down and one for the way back; more in a note."""
    from orchestrator.twin.control import down, up  # here: what this process holds counts as its children's memory
    from orchestrator.workspace.loader import load

    speed, ways = (QUICK_SPEED, ["shutdown"]) if quick else (SPEED, ["shutdown", "restore"])
    say(f"the shipped estate on its twin, {' and '.join(ways)}, {speed:g} times faster than life")
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as name:
        twin = Path(name) / "twin"
        up(load(ROOT), ROOT, twin, speed, {})
        try:
            command = python("-m", "bench.twin_worker", str(twin), str(speed), *ways)
            found = run(command, limit_s=600).said["runs"]
        finally:
            down(twin)
    figures = [
        Figure(
            f"makespan over SSH, the shipped estate, {one['what']}",
            f"{one['run']:.1f} s",
            f"{MOST} x" if not quick else "",
            one["run"] / one["bound"],
            f"list scheduling, {one['bound']:.1f} s",
            None if quick else one["run"] / one["bound"] <= MOST,
            one,
        )
        for one in found
    ]
    return figures, [_note(found), f"A twin {speed:g} times faster than life."]


def _note(found: list[dict[str, Any]]) -> str:
    head = ["seconds", "tasks", "commands", "run", "bound by what tasks took", "ratio", "no schedule below", "CPU"]
    return columns([head, *map(_row, found)])


def _row(one: dict[str, Any]) -> list[str]:
    return [
        one["what"],
        str(one["tasks"]),
        str(one["commands"]),
        f"{one['run']:.2f}",
        f"{one['worked']:.2f}",
        f"{one['run'] / one['worked']:.3f}",
        f"{one['floor']:.2f}",
        f"{one['cpu']:.2f}",
    ]

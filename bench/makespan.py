"""Row `makespan`: how long runs take on a simulated clock, against the bound for event-driven list scheduling.

The run is orch's core in a world where each command takes its own time (`bench/virtual_run.py`); the bound is reckoned
from the same plan and the same times by a scheduler that shares no line with it (`bench/list_schedule.py`). The shipped
estate and a generated one, both ways, also with few slots and with full zones.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.measure import ROOT, python, run
from bench.table import Figure, columns

SYSTEMS = 1_000
QUICK_SYSTEMS = 120
MOST = 1.005  # 1.00, as two digits say it


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """A figure for each estate, the worst of its runs; each run in a note."""
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as folder:
        generated = Path(folder) / "generated"
        run(python("-m", "bench.estates", str(generated), str(QUICK_SYSTEMS if quick else SYSTEMS)))
        say("runs on a simulated clock, and their bounds")
        figures, notes = [], []
        for root in (ROOT, generated):
            cases = run(python("-m", "bench.makespan_worker", str(root)), limit_s=300).said["cases"]
            figures.append(_figure(cases))
            notes += cases
    return figures, [_note(notes)]


def _figure(cases: list[dict[str, Any]]) -> Figure:
    worst = max(cases, key=_ratio)
    estate = ", ".join(worst["what"].split(", ")[:2])
    ratio = _ratio(worst)
    return Figure(
        f"makespan on a simulated clock: {estate}, the worst of {len(cases)} runs",
        f"{worst['run']:,.1f} s",
        "1.00 x",
        ratio,
        f"list scheduling, {worst['bound']:,.1f} s",
        ratio < MOST,
        {"cases": cases},
    )


def _note(cases: list[dict[str, Any]]) -> str:
    head = ["simulated seconds", "tasks", "most at once", "run", "bound", "ratio", "no schedule below"]
    rows = [
        [
            case["what"],
            f"{case['tasks']:,}",
            str(case["most_busy"]),
            f"{case['run']:,.1f}",
            f"{case['bound']:,.1f}",
            f"{_ratio(case):.3f}",
            f"{case['floor']:,.1f}",
        ]
        for case in cases
    ]
    return columns([head, *rows])


def _ratio(case: dict[str, Any]) -> float:
    return float(case["run"] / case["bound"])

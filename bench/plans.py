"""Plans for the rows of execution, ready to run; `python -m bench.plans ROOT FILE [TIMES]` writes a shutdown of all.

TIMES: each task has its steps so many times, for who wants to know what a step costs by itself.

Two things are taken out of what orch plans, since nobody is there for them: the gates, and the tasks that hold a step
for a person (nothing waits for them then). All else stays as it is.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from orchestrator.model.estate import Estate
from orchestrator.model.plan import Plan, PlanStep, Request
from orchestrator.model.workspace import Workspace
from orchestrator.plan.file import plan_pieces, write_plan
from orchestrator.plan.restore import plan_restore
from orchestrator.plan.shutdown import plan_shutdown
from orchestrator.workspace.loader import load

_AT = "2026-03-01T02:14:00Z"


def shutdown_of(workspace: Workspace) -> Plan:
    """Everything down."""
    id = "20260301-0214-shutdown-7f3a"
    return _runnable(plan_shutdown(workspace, Estate(), Request(), id=id, created_at=_AT, author=None))


def restore_of(workspace: Workspace, estate: Estate) -> Plan:
    """All of it back."""
    id = "20260302-0214-restore-7f3b"
    return _runnable(plan_restore(workspace, estate, Request(), id=id, created_at=_AT, author=None))


def _runnable(plan: Plan) -> Plan:
    gone = {task.id for task in plan.tasks if any(step.manual is not None for step in task.steps)}
    tasks = tuple(
        replace(task, gates=(), needs=tuple(need for need in task.needs if need.task not in gone))
        for task in plan.tasks
        if task.id not in gone
    )
    barriers = tuple(
        barrier.model_copy(update={"needs": tuple(need for need in barrier.needs if need not in gone)})
        for barrier in plan.barriers
    )
    return plan.model_copy(update={"gates": (), "tasks": tasks, "barriers": barriers})


def with_steps(plan: Plan, times: int) -> Plan:
    """The plan with all steps so many times, one round after the other; the last one changes the state."""
    return plan.model_copy(
        update={"tasks": tuple(replace(task, steps=_again(task.steps, times)) for task in plan.tasks)}
    )


def _again(steps: tuple[PlanStep, ...], times: int) -> tuple[PlanStep, ...]:
    ids = len(dict.fromkeys(step.id for step in steps))
    found = []
    for turn in range(times):
        for step in steps:
            phase, _, number = step.id.rpartition(".")
            last = turn == times - 1
            id = f"{phase}.{int(number) + turn * ids}"
            found.append(replace(step, id=id, changes_state=step.changes_state and last))
    return tuple(found)


def main(root: Path, file: Path, times: int) -> None:
    """Write the plan and say how large it is."""
    plan = with_steps(shutdown_of(load(root)), times)
    write_plan(file, plan_pieces(plan))
    print(json.dumps({"tasks": len(plan.tasks), "steps": sum(len(task.steps) for task in plan.tasks)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)

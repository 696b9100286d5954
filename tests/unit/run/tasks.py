"""One task with a few steps, as the specifications of the core's rooms need it."""

from dataclasses import replace
from typing import Any

from orchestrator.model.events import Probed, StepChanged, TaskChanged
from orchestrator.model.plan import Plan, PlanStep
from orchestrator.model.terms import Action, Found, ProbeKind, StepState, TaskState
from orchestrator.run.task_run import TaskRun
from tests.simulate.world import make_plan


def one_task(
    *steps: str, hosts: int = 1, serial: bool = True, action: Action = Action.SHUTDOWN, by_hand: str = "", **step: Any
) -> Plan:
    """A plan of the task `db`, with `steps` on each host; `stop` changes the state; those in `by_hand` are manual."""
    plan = make_plan({"db": ()}, hosts=hosts, action=action)
    task = plan.tasks[0]
    made: list[PlanStep] = [
        replace(
            next(s for s in task.steps if s.host == host),
            id=f"stop.{n}",
            name=name,
            argv=None if name in by_hand.split() else (name, "db", host),
            manual=f"{name} db {host}" if name in by_hand.split() else None,
            changes_state=name in {"stop", "start"},
            **step,
        )
        for n, name in enumerate(steps, 1)
        for host in task.hosts
    ]
    return plan.model_copy(update={"tasks": (replace(task, steps=tuple(made), serial=serial),)})


def lived(plan: Plan, *what: str) -> TaskRun:
    """A task after what has happened to it: states (`probing`), answers (`db-0 offline`), attempts (`stop.1 db-0 ok`).

    An attempt's number counts up with each `intent`; `unsent` is a failure before anything was sent.
    """
    run = TaskRun(plan.tasks[0])
    counts: dict[tuple[str, str], int] = {}
    for at, text in enumerate(what):
        words = text.split()
        if words == ["waiting"]:
            run.state = TaskState.WAITING
        elif len(words) == 1:
            run.task_changed(TaskChanged(task="db", state=TaskState(words[0])), at)
        elif len(words) == 2:
            found = Found(words[1])
            run.probed(Probed(task="db", host=words[0], probe=ProbeKind.STATE, found=found, generation="g"), at)
        else:
            step, host, state = words
            key = (step, host)
            counts[key] = counts.get(key, 0) + (state == "intent" or key not in counts)
            sent = state != "unsent"
            run.step_changed(
                StepChanged(
                    task="db", step=step, host=host, attempt=counts[key], sent=sent,
                    state=StepState(state) if sent else StepState.FAILED,
                ), at,
            )  # fmt: skip
    return run

"""Screens of runs that a person's hand is on: paused, aborted, forced, at a budget; drawn from the night's fixtures."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.model.events import (
    EVENT,
    BudgetSpent,
    Event,
    Left,
    OperatorDid,
    Probed,
    Resumed,
    Sealed,
    TaskChanged,
)
from orchestrator.model.plan import Plan, Policy
from orchestrator.model.terms import Action, Found, Mode, ProbeKind, StepState, TaskState
from orchestrator.run.chain import numbered
from orchestrator.run.stopped_by import stopped_by
from orchestrator.run.summary import summarise, task_notes
from orchestrator.run.timeline import timeline
from orchestrator.run.view import Budget
from orchestrator.show.abort_view import abort_lines
from orchestrator.show.layout import Line
from orchestrator.show.live_view import live_lines
from orchestrator.show.log_view import log_lines
from orchestrator.show.plain_lines import plain_line
from orchestrator.show.run_view import RunPage, run_lines, runs_lines
from tests.unit.show.fixtures import events, night, step, view

NAME = "20260301-0214"
PAUSE = OperatorDid(did="pause", by="k.sued", reason="the authority wants to see the firewall first")
ABORT = OperatorDid(did="abort", by="a.brandt", reason="false alarm, ticket 4711")
CTRL_C = OperatorDid(did="pause", by="o.lang", reason="Ctrl-C")


def dated(said: list[Event]) -> list[Event]:
    """Numbered, and a little after one another."""
    return [numbered(event, n, f"2026-03-01T02:39:{1.377 * n % 60:09.6f}Z") for n, event in enumerate(said, 1)]


def page(plan: Plan, said: list[Event], *, busy: bool = False) -> RunPage:
    """The page of a run after `said`."""
    return RunPage(plan, summarise(plan, said), task_notes(plan, said), "51be7c20d1a4" + "0" * 52, busy)


def with_force(plan: Plan) -> Plan:
    """A plan with force steps for the applications."""
    kill = ("systemctl", "kill", "-s", "KILL", "app@15-main")
    tasks = tuple(
        replace(task, force=(step(1, task.hosts[0], kill, "kill", "force"),)) if task.kind == "java-app" else task
        for task in plan.tasks
    )
    return plan.model_copy(update={"tasks": tasks})


def night_of_force() -> list[Event]:
    """app-nord is forced because its stop failed, app-sued because somebody wants it; its drain can't be stopped."""
    attempt = {"type": "step", "task": "app-sued", "step": "stop.1", "host": "app-02", "attempt": 1}
    kill = {"type": "step", "task": "app-sued", "step": "force.1", "host": "app-02", "attempt": 1}
    why = "stop on app-01: exit 1: timeout waiting for worker"
    return [
        *[e for e in events() if getattr(e, "task", None) not in {"app-nord", "app-sued"} and not isinstance(e, Left)],
        TaskChanged(task="app-nord", state=TaskState.PROBING),
        TaskChanged(task="app-nord", state=TaskState.RUNNING, rung="force", why=f"force: {why}"),
        TaskChanged(task="app-nord", state=TaskState.FAILED, why="kill on app-01: exit 1: operation not permitted"),
        TaskChanged(task="app-sued", state=TaskState.PROBING),
        TaskChanged(task="app-sued", state=TaskState.RUNNING),
        EVENT.validate_python(attempt | {"state": StepState.INTENT}),
        OperatorDid(did="escalate", task="app-sued", by="a.brandt", reason="the attacker is in there"),
        EVENT.validate_python(
            attempt | {"state": StepState.SUPERSEDED, "why": "force follows: it still runs there and can't be stopped"}
        ),
        TaskChanged(task="app-sued", state=TaskState.RUNNING, rung="force", why="force: a person escalated"),
        EVENT.validate_python(kill | {"state": StepState.INTENT}),
        EVENT.validate_python(kill | {"state": StepState.OK, "exit": 0}),
    ]


def restore_plan() -> Plan:
    """The way back of the night, with budgets."""
    plan = night()
    tasks = tuple(replace(task, mode=None, undoes=(Mode.STOP,), evidence=()) for task in plan.tasks)
    policy = Policy(failed_limit=2, unreachable_limit=8)
    return plan.model_copy(update={"tasks": tasks, "action": Action.RESTORE, "policy": policy})


def at_the_limit() -> list[Event]:
    """Two hosts failed, which is the limit, and one could not be reached."""
    said: list[Event] = [*events()[:1]]
    for task, host in (("portal-nord", "web-01"), ("portal-sued", "web-02")):
        attempt = {"type": "step", "task": task, "step": "stop.1", "host": host, "attempt": 1}
        said += [
            TaskChanged(task=task, state=TaskState.PROBING),
            TaskChanged(task=task, state=TaskState.RUNNING),
            EVENT.validate_python(attempt | {"state": StepState.INTENT}),
            EVENT.validate_python(attempt | {"state": StepState.FAILED, "exit": 1}),
            TaskChanged(task=task, state=TaskState.FAILED, why=f"stop on {host}: exit 1: no space left on device"),
        ]
    return [
        *said,
        TaskChanged(task="app-nord", state=TaskState.PROBING),
        Probed(task="app-nord", host="app-01", probe=ProbeKind.STATE, found=Found.UNREACHABLE),
        TaskChanged(task="app-nord", state=TaskState.FAILED, why="app-01 can't be reached. Nothing was sent."),
        BudgetSpent(which="failed", count=2, limit=2),
        Left(reason="paused"),
    ]


def paused(width: int) -> list[Line]:
    return run_lines(page(night(), dated([*events()[:-1], PAUSE, Left(reason="paused")])), width, name=NAME)


def aborted(width: int) -> list[Line]:
    end = Sealed(result="aborted", tasks={"done": 2, "already": 1, "failed": 1, "held": 1, "skipped": 1, "waiting": 2})
    return run_lines(page(night(), dated([*events()[:-1], ABORT, Left(reason="ended"), end])), width, name=NAME)


def stopping(did: OperatorDid) -> RunPage:
    """While what runs is being finished."""
    running = [TaskChanged(task="core-db", state=state) for state in (TaskState.PROBING, TaskState.RUNNING)]
    said: list[Event] = [*events()[:-1], *running, did]
    return page(night(), dated(said), busy=True)


def live(width: int, *stops: Event, **more: object) -> list[Line]:
    shown = replace(view(), pausing=bool(stops), stopped=stopped_by(stops))
    needs = (shown.needs_you[0], replace(shown.needs_you[1], may_force=True))
    return live_lines(replace(shown, needs_you=needs, **more), width, 24)  # type: ignore[arg-type]


def live_budgets(width: int) -> list[Line]:
    budgets = (Budget("failed", 2, 5), Budget("unreachable", 1, 8))
    return live(width, action=Action.RESTORE, budgets=budgets)


def all_of_them(width: int) -> list[Line]:
    sealed: list[Event] = [Left(reason="ended"), Sealed(result="aborted", tasks={"waiting": 8})]
    pages = [
        page(night(), dated([*events()[:-1], PAUSE, Left(reason="paused")])),
        page(with_force(night()), dated(night_of_force()), busy=True),
        page(restore_plan(), dated(at_the_limit())),
        page(night(), dated([*events()[:-1], ABORT, *sealed])),
        stopping(ABORT),
        stopping(CTRL_C),
    ]
    return runs_lines(pages, width)


def plain(_: int) -> list[Line]:
    anew = OperatorDid(did="past-limit", by="a.brandt", reason="the rack is being mended")
    said = [*night_of_force()[-9:], *at_the_limit()[-2:], Resumed(by="o.lang", version="0"), anew, CTRL_C, ABORT]
    return [shown for event in dated(said) if (shown := plain_line(event)) is not None]


RUN_SCREENS: dict[str, Callable[[int], list[Line]]] = {
    "run-paused": paused,
    "run-pausing": lambda width: run_lines(stopping(CTRL_C), width, name=NAME),
    "run-aborting": lambda width: run_lines(stopping(ABORT), width, name=NAME),
    "run-aborted": aborted,
    "run-full-disk": lambda width: run_lines(
        page(night(), dated([*events()[:-1], Left(reason="durability")])), width, name=NAME
    ),
    "run-forced": lambda width: run_lines(
        page(with_force(night()), dated(night_of_force()), busy=True), width, name=NAME
    ),
    "run-budget": lambda width: run_lines(page(restore_plan(), dated(at_the_limit())), width, name=NAME),
    "runs-stopped": all_of_them,
    "abort": lambda width: abort_lines(page(night(), dated(list(events()))), width),
    "abort-busy": lambda width: abort_lines(stopping(CTRL_C), width),
    "live-force": lambda width: live(width, forced=2),
    "live-pausing": lambda width: live(width, CTRL_C, stop_asked=True),
    "live-paused-from-elsewhere": lambda width: live(width, PAUSE),
    "live-aborting": lambda width: live(width, ABORT),
    "live-budget": live_budgets,
    "live-budget-spent": lambda width: live(width, BudgetSpent(which="failed", count=5, limit=5)),
    "log-forced": lambda width: log_lines(
        timeline(with_force(night()), dated([*night_of_force(), PAUSE, ABORT])), width
    ),
    "plain-stopped": plain,
}

"""What a plan file must be beyond its form: that its parts fit together (section 4, *Plan file*).

A plan that orch wrote always passes. One that was changed by hand may name a task twice, wait for what is not there, or
take no finite time; nothing may then be read out of it, since every screen and every run would read something else.
Whether it is what planning gives is another question: `freshness`.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from math import isfinite
from typing import TypeVar

from orchestrator.model.plan import NO_HOST, Need, Plan, PlanTask
from orchestrator.plan.diff_commands import parts_of

T = TypeVar("T")


def unsound(plan: Plan) -> str:
    """What does not fit, in words: the first such thing; "" where everything does."""
    return next(_problems(plan), "")


def _problems(plan: Plan) -> Iterator[str]:
    yield from _twice("task", plan.tasks, lambda task: task.id)
    yield from _twice("gate", plan.gates, lambda gate: f"{gate.id} {gate.scope}")
    yield from _twice("barrier", plan.barriers, lambda barrier: barrier.id)
    tasks, barriers = {task.id for task in plan.tasks}, {barrier.id for barrier in plan.barriers}
    for task in plan.tasks:
        for need in task.needs:
            yield from _need(task, need, tasks, barriers)
    for barrier in plan.barriers:
        yield from (f"barrier {barrier.id} names {id}, which is no task" for id in barrier.needs if id not in tasks)
    for gate in plan.gates:
        yield from (f"gate {gate.id} names {id}, which is no task" for id in gate.tasks if id not in tasks)
    yield from _hosts(plan)
    yield from _times(plan)


def _twice(what: str, items: Iterable[T], key: Callable[[T], str]) -> Iterator[str]:
    seen: set[str] = set()
    for item in items:
        if (id := key(item)) in seen:
            yield f"{what} {id} stands in it twice"
        seen.add(id)


def _need(task: PlanTask, need: Need, tasks: set[str], barriers: set[str]) -> Iterator[str]:
    if (need.task is None) == (need.barrier is None):
        yield f"task {task.id} has a need that names not one thing, a task or a barrier"
    elif need.task is not None and need.task not in tasks:
        yield f"task {task.id} waits for {need.task}, which is no task of it"
    elif need.barrier is not None and need.barrier not in barriers:
        yield f"task {task.id} waits for {need.barrier}, which is no barrier of it"


def _hosts(plan: Plan) -> Iterator[str]:
    known = plan.hosts.keys() | {NO_HOST}
    for task in plan.tasks:
        commands = [command for _, part in parts_of(task) for command in part]
        for host in chain(task.hosts, *((command.host, command.acting) for command in commands)):
            if host not in known:
                yield f"task {task.id} is on host {host}, which does not stand in it"
    for id, reached in plan.hosts.items():
        for gateway in chain.from_iterable(reached.via):
            if gateway not in known:
                yield f"host {id} is reached through {gateway}, which does not stand in it"


def _times(plan: Plan) -> Iterator[str]:
    whole = plan.estimate
    if not (isfinite(whole.seconds) and isfinite(whole.critical_path_s)):
        yield "its estimate is no length of time"
    for task in plan.tasks:
        steps = chain(task.steps, task.force)
        if not isfinite(task.estimate_s) or not all(isfinite(step.expect_s) for step in steps):
            yield f"task {task.id} takes no length of time"

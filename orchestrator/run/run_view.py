"""A run as a display needs it at one moment, read off the scheduler (pure)."""

from collections.abc import Iterator, Mapping
from itertools import chain, islice

from orchestrator.model.events import OperatorDid
from orchestrator.model.plan import Plan, PlanHealth, PlanProbe, PlanTask
from orchestrator.model.terms import Action, ProbeKind, TaskState
from orchestrator.run.people import words_for
from orchestrator.run.questions import Question, health_questions, questions
from orchestrator.run.scheduler import Scheduler
from orchestrator.run.specs import PORT_TIMEOUT_S
from orchestrator.run.task_run import Place, place_of
from orchestrator.run.turn import Asked, Awaited, Errand, EvidencePiece, Late, Stopped, Watched, watched_host
from orchestrator.run.view import Budget, NeedsYou, Running, RunView, Waiting

WAITING_SHOWN = 50
"""How many waiting tasks a view carries."""

SEARCHED = 10_000
"""After how many tasks found a view stops searching what else is held up, and leaves that to the next ones."""


def remaining_chains(plan: Plan) -> Mapping[str, float]:
    """For each task the longest chain of estimates from its start to the end of the plan, in seconds."""
    tail: dict[str, float] = {}
    behind_barrier: dict[str, float] = {}
    needed_by: dict[str, list[str]] = {task.id: [] for task in plan.tasks}
    barriers_of: dict[str, list[str]] = {task.id: [] for task in plan.tasks}
    for barrier in plan.barriers:
        for needed in barrier.needs:
            barriers_of[needed].append(barrier.id)
    for task in plan.tasks:
        for need in task.needs:
            if need.task is not None:
                needed_by[need.task].append(task.id)
    for task in reversed(plan.tasks):
        after = [tail[other] for other in needed_by[task.id]]
        after += [behind_barrier.get(barrier, 0.0) for barrier in barriers_of[task.id]]
        tail[task.id] = task.estimate_s + max(after, default=0.0)
        for need in task.needs:
            if need.barrier is not None:
                behind_barrier[need.barrier] = max(behind_barrier.get(need.barrier, 0.0), tail[task.id])
    return tail


def view_of(scheduler: Scheduler, chains: Mapping[str, float], by: str, started: float, now: float) -> RunView:
    """The view of a run at `now`; `chains` are its `remaining_chains`."""
    plan = scheduler.plan
    return RunView(
        run=plan.id,
        action=plan.action,
        by=by,
        total=len(plan.tasks),
        counts=dict(scheduler.counts),
        started=started,
        now=now,
        left_s=_left(scheduler, chains, now),
        slots=plan.policy.parallel,
        running=tuple(
            _running(scheduler, task, errand, since)
            for task in scheduler.at_work()
            for errand, since in scheduler.flights[task].since.items()
        ),
        needs_you=tuple(_needs_you(scheduler)),
        waiting=tuple(islice(_waiting(scheduler), WAITING_SHOWN)),
        pausing=scheduler.pausing,
        budgets=budgets_of(scheduler),
        forced=sum(run.forced for run in scheduler.runs.values()) if plan.action is Action.SHUTDOWN else 0,
    )


def budgets_of(scheduler: Scheduler) -> tuple[Budget, ...]:
    """The budgets that the plan has, and how much of each is spent."""
    budgets = scheduler.budgets
    counted = ((which, len(budgets.hosts[which]), limit) for which, limit in budgets.limits.items())
    return tuple(Budget(which, count, limit) for which, count, limit in counted if limit is not None)


def _left(scheduler: Scheduler, chains: Mapping[str, float], now: float) -> float | None:
    """Seconds to go for what can still move: its longest chain, or its work spread over the slots."""
    longest = work = 0.0
    for task in scheduler.dependencies.movable():
        run, tail = scheduler.runs[task], chains[task]
        estimate = run.task.estimate_s
        if run.state is not TaskState.WAITING:
            gone = min(now - run.since, estimate)
            tail, estimate = tail - gone, estimate - gone
        work += estimate
        longest = max(longest, tail)
    return max(longest, work / scheduler.plan.policy.parallel)


def _running(scheduler: Scheduler, task: str, errand: Errand, since: float) -> Running:
    plan_task = scheduler.runs[task].task
    match errand:
        case Question(kind=ProbeKind.PORT, host=host):
            return Running(task, "probe port", host, since, 1.0, PORT_TIMEOUT_S)
        case Question():
            command = (questions(plan_task) | health_questions(plan_task)).get(errand)
            limit = command.timeout_s if isinstance(command, PlanProbe | PlanHealth) else PORT_TIMEOUT_S
            what = f"health {errand.name}" if errand.kind is ProbeKind.HEALTH else f"probe {errand.kind}"
            return Running(task, what, errand.on_host or errand.host, since, 1.0, limit)
        case EvidencePiece():
            limit = next((e.timeout_s for e in plan_task.evidence if e.name == errand.name), PORT_TIMEOUT_S)
            return Running(task, f"evidence {errand.name}", errand.on_host or errand.host, since, 2.0, limit)
        case Asked(place):
            return _step(plan_task, place, since, "asking its receipt: ")
        case Watched(place):
            return _step(plan_task, place, since, "watching its port: ")
        case Awaited(host):
            return Running(task, "waiting for it to come back", host, since, 1.0, PORT_TIMEOUT_S)
        case Stopped(place):
            return _step(plan_task, place, since, "stopping it: ")
        case Late(place):
            return _step(plan_task, place, since, "asking its receipt: ")
        case place:
            return _step(plan_task, place, since, "")


def _step(task: PlanTask, place: Place, since: float, prefix: str) -> Running:
    step = next(step for step in chain(task.steps, task.force) if place_of(step) == place)
    host = watched_host(step) if prefix.startswith("watching") else step.acting
    force = "FORCE " if step.phase == "force" else ""
    return Running(task.id, prefix + force + step.name, host, since, step.expect_s, step.timeout_s)


def _needs_you(scheduler: Scheduler) -> Iterator[NeedsYou]:
    dependencies, left = scheduler.dependencies, SEARCHED
    for task in scheduler.held_up():
        run, holds = scheduler.runs[task], tuple[str, ...]()
        if dependencies.is_known_what_waits_for(task):
            holds = dependencies.held_up_by(task)
        elif left > 0:
            holds = dependencies.held_up_by(task)
            left -= len(holds) + 1
        if run.pending is not None:
            yield NeedsYou(task, run.state, still_to_follow(run.pending), run.since, holds)
            continue
        words = words_for(run.state, run.held_from)
        may_force = bool(run.task.force) and not run.forced
        yield NeedsYou(task, run.state, run.why or "", run.since, holds, words, may_force)


def still_to_follow(word: OperatorDid) -> str:
    """What is told of a task that a person has decided about, where nothing has followed yet."""
    return f"{word.by} decided {word.resolution}: {word.reason}; it follows when the run goes on"


def _waiting(scheduler: Scheduler) -> Iterator[Waiting]:
    queued = scheduler.queued()
    for task, run in scheduler.runs.items():
        if run.state is not TaskState.WAITING:
            continue
        texts = tuple(_wait_text(scheduler, need) for need in scheduler.dependencies.waits_for(task))
        slot = "a resume" if scheduler.pausing else "a slot"
        yield Waiting(task, (slot,) if task in queued and not texts else texts)


def _wait_text(scheduler: Scheduler, need: str) -> str:
    run = scheduler.runs.get(need)
    if run is None or run.state is TaskState.WAITING:
        return need
    return f"{need} ({run.state})"

"""What must hold after every run, read off its journal and the world: a list of what does not.

* order: a task is probed only after all it needs; a barrier is open when what is behind it begins;
* at most once: an attempt is executed once; a step is done again only if it is idempotent or a person said so, and
  never while it still runs; a host found as wanted gets no step;
* truth: what is done and proven, or already, is so in the world; an attempt that is ok was executed;
* evidence comes before the first step, and what is kept is not taken again;
* the journal is the state: replaying it gives what living it gave.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from orchestrator.model.events import EvidenceKept, OperatorDid, Probed, StepChanged, TaskChanged
from orchestrator.model.plan import PlanTask
from orchestrator.model.terms import Action, Found, OnFailure, Proof, StepState, TaskState
from orchestrator.run.scheduler import Scheduler
from orchestrator.run.specs import attempt_key
from tests.simulate.world import Drive

S = TaskState
LATE = "not kept within"
STUCK = {S.FAILED, S.UNKNOWN, S.HELD}


def problems(run: Drive, as_found: frozenset[tuple[str, str]] = frozenset()) -> list[str]:
    """Everything that is wrong with a run; `as_found` are the (system, host) pairs that were as wanted at first."""
    return [
        *_order(run),
        *_doubled(run),
        *_touched(run, as_found),
        *_untrue(run),
        *_evidence(run),
        *_another_after_replay(run),
    ]


def _order(run: Drive) -> Iterator[str]:
    plan = run.world.plan
    tasks = {task.id: task for task in plan.tasks}
    barriers = {barrier.id: barrier.needs for barrier in plan.barriers}
    met = {S.DONE, S.ALREADY, S.SKIPPED}
    if plan.policy.on_failure is OnFailure.CONTINUE:
        met |= {S.FAILED, S.UNKNOWN}
    live = Scheduler(plan)  # only for its table of states; what may start is judged here
    for at, event in run.journal:
        if isinstance(event, TaskChanged) and event.state is S.PROBING:
            states = {task: one.state for task, one in live.runs.items()}
            for need in tasks[event.task].needs:
                if need.task is not None and states[need.task] not in met:
                    yield f"order: {event.task} began while {need.task} was {states[need.task]}"
                if need.barrier is None:
                    continue
                closing = {one for one in barriers[need.barrier] if states[one] not in met}
                if plan.action is Action.SHUTDOWN:
                    closing -= _immovable(plan.tasks, states, met)
                if closing:
                    yield f"order: {event.task} began behind {need.barrier} before {sorted(closing)}"
        live.replay(event, at)


def _immovable(tasks: Iterable[PlanTask], states: dict[str, S], met: set[S]) -> set[str]:
    stuck = {task for task, state in states.items() if state in STUCK}
    for task in tasks:  # in an admissible order
        blocked = any(need.task in stuck and states[need.task] not in met for need in task.needs if need.task)
        if states[task.id] is S.WAITING and blocked:
            stuck.add(task.id)
    return stuck


def _doubled(run: Drive) -> Iterator[str]:
    world = run.world
    yield from (f"doubled: {key} was executed {n} times" for key, n in world.done.items() if n > 1)
    yield from (f"doubled: {key} while another attempt still ran" for key in _unlawful_overlaps(run))
    idempotent = {(t.id, s.id, s.host): s.idempotent for t in world.plan.tasks for s in t.steps}
    retries = Counter(e.task for _, e in run.journal if isinstance(e, OperatorDid) and e.resolution == "retry")
    executed = Counter(tuple(key.split("/")[1:4]) for key in world.done)
    for (task, step, host), n in executed.items():
        if n > 1 + retries[task] and not idempotent[task, step, host]:
            yield f"doubled: {task} {step} on {host} was executed {n} times, with {retries[task]} retries"
    intents = Counter(
        _key(run, e) for _, e in run.journal if isinstance(e, StepChanged) and e.state is StepState.INTENT
    )
    yield from (f"doubled: intent of {key}" for key, n in intents.items() if n > 1)
    yield from (f"never written: {key}" for key in world.done if key not in intents)


def _unlawful_overlaps(run: Drive) -> Iterable[str]:
    """Two at a time can't be helped where no receipt tells, nor is it forbidden where a step is idempotent."""
    world = run.world
    told = (
        all(host.receipts for host in world.plan.hosts.values()) and not world.forgetful_ever and not world.silent_ever
    )
    if not told or any(step.idempotent for task in world.plan.tasks for step in task.steps):
        return ()
    return [key for key in world.overlaps if "/poweroff." not in key]


def _touched(run: Drive, as_found: frozenset[tuple[str, str]]) -> Iterator[str]:
    lost = {(e.task, e.host) for _, e in run.journal if isinstance(e, Probed) and e.found is Found.UNKNOWN}
    for key in run.world.done:
        _, task, _, host, *_ = key.split("/")
        if (task, host) in as_found - lost:
            yield f"touched: {key}, though its host was as wanted"


def _untrue(run: Drive) -> Iterator[str]:
    world = run.world
    up = world.plan.action is Action.RESTORE
    by_probe = {S.DONE: {Proof.PROVEN}, S.ALREADY: {Proof.PROVEN, None}}
    for task in world.plan.tasks:
        one = run.scheduler.runs[task.id]
        if one.proof in by_probe.get(one.state, ()):
            for host in task.hosts:
                if world.up[task.system, host] is not up:
                    yield f"untrue: {task.id} is {one.state} on {host}"
    last = {_key(run, e): e for _, e in run.journal if isinstance(e, StepChanged)}
    for key, event in last.items():
        by_hand = any(
            s.manual is not None for t in world.plan.tasks if t.id == event.task for s in t.steps if s.id == event.step
        )
        settled = event.why is not None and "settled" in event.why
        if event.state is StepState.OK and key not in world.done and not by_hand and not settled:
            yield f"untrue: {key} is ok, and was never executed"
        if (event.state is StepState.NEVER or not event.sent) and key in world.done:
            yield f"untrue: {key} is {event.state}, and was executed"


def _evidence(run: Drive) -> Iterator[str]:
    """Before the first step of a task in each of its lives: all tried that was due; held unless the protocol lets go."""
    policy = run.world.plan.policy.evidence
    tasks = {task.id: task for task in run.world.plan.tasks}
    kept: set[tuple[str, str, str]] = set()
    tried: dict[str, dict[tuple[str, str], str | None]] = {task: {} for task in tasks}
    waived: set[str] = set()
    down: dict[str, set[str]] = {task: set() for task in tasks}
    began: set[str] = set()
    for _, event in run.journal:
        match event:
            case TaskChanged(state=S.PROBING) | OperatorDid(resolution="retry") if event.task:
                down[event.task], tried[event.task] = set(), {}
                began.discard(event.task)
            case Probed(found=Found.OFFLINE):
                down[event.task].add(event.host)
            case OperatorDid(resolution="waive-evidence") if event.task:
                waived.add(event.task)
            case EvidenceKept():
                piece = (event.task, event.host, event.name)
                if piece in kept and event.why is None:
                    yield f"evidence: {piece} was taken again"
                if event.why is None:
                    kept.add(piece)
                if LATE not in (tried[event.task].get((event.host, event.name)) or ""):
                    tried[event.task][event.host, event.name] = event.why
            case StepChanged(state=StepState.INTENT) if event.task not in began:
                began.add(event.task)
                for one in tasks[event.task].evidence:
                    if one.host in down[event.task] or (event.task, one.host, one.name) in kept:
                        continue
                    why = tried[event.task].get((one.host, one.name), "not tried")
                    past = policy.past == "go-on" and any(LATE in (w or "") for w in tried[event.task].values())
                    if not (event.task in waived or past or (why != "not tried" and not policy.required)):
                        yield f"evidence: {event.task} began without {one.name} of {one.host}: {why}"
            case _:
                continue


def _another_after_replay(run: Drive) -> Iterator[str]:
    again = Scheduler(run.world.plan)
    for at, event in run.journal:
        again.replay(event, at)
    for task, one in run.scheduler.runs.items():
        if one != again.runs[task]:
            yield f"replay: {task} is {again.runs[task]}, and was {one}"
    if again.counts != run.scheduler.counts or set(again.busy()) != set(run.scheduler.busy()):
        yield "replay: other counts"
    for task in run.scheduler.runs:
        for name in ("is_ready", "held_up_by"):
            if getattr(again.dependencies, name)(task) != getattr(run.scheduler.dependencies, name)(task):
                yield f"replay: {name} of {task}"
    if set(again.dependencies.movable()) != set(run.scheduler.dependencies.movable()):
        yield "replay: what can move"


def _key(run: Drive, event: StepChanged) -> str:
    plan = run.world.plan
    return attempt_key(plan.id, event.task, event.step, event.host, event.on_host, event.attempt)

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
from dataclasses import dataclass, field

from orchestrator.model.events import EvidenceKept, OperatorDid, Probed, StepChanged, TaskChanged
from orchestrator.model.plan import EvidencePolicy, PlanTask
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
    by_probe: dict[S, set[Proof | None]] = {S.DONE: {Proof.PROVEN}, S.ALREADY: {Proof.PROVEN, None}}
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


@dataclass
class _Kept:
    """What is known of one task's evidence while its journal is read."""

    kept: set[tuple[str, str]] = field(default_factory=set)
    tried: dict[tuple[str, str], str | None] = field(default_factory=dict)  # since it was last probed: why not kept
    down: set[str] = field(default_factory=set)
    waived: bool = False
    began: bool = False

    def again(self) -> None:
        self.tried, self.down, self.began = {}, set(), False

    def taken(self, event: EvidenceKept) -> bool:
        """Take a piece in; whether it was kept already."""
        piece = (event.host, event.name)
        twice = event.why is None and piece in self.kept
        if event.why is None:
            self.kept.add(piece)
        if LATE not in (self.tried.get(piece) or ""):
            self.tried[piece] = event.why
        return twice

    def missing(self, task: PlanTask, policy: EvidencePolicy) -> Iterator[str]:
        """What keeps the first step from beginning."""
        past = policy.past == "go-on" and any(LATE in (why or "") for why in self.tried.values())
        for one in task.evidence:
            piece = (one.host, one.name)
            let_go = self.waived or past or (piece in self.tried and not policy.required)
            if one.host not in self.down and piece not in self.kept and not let_go:
                yield f"evidence: {task.id} began without {one.name} of {one.host}"


def _evidence(run: Drive) -> Iterator[str]:
    """Before the first step after each probing all that was due was tried, and is kept unless the protocol lets go."""
    plan = run.world.plan
    tasks = {task.id: (task, _Kept()) for task in plan.tasks}
    for _, event in run.journal:
        task, known = tasks.get(getattr(event, "task", None) or "", (None, _Kept()))
        match event:
            case TaskChanged(state=S.PROBING) | OperatorDid(resolution="retry"):
                known.again()
            case Probed(found=Found.OFFLINE | Found.SILENT):
                known.down.add(event.host)
            case OperatorDid(resolution="waive-evidence"):
                known.waived = True
            case EvidenceKept() if known.taken(event):
                yield f"evidence: {event.name} of {event.host} was taken again"
            case StepChanged(state=StepState.INTENT) if task is not None and not known.began:
                known.began = True
                yield from known.missing(task, plan.policy.evidence)
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

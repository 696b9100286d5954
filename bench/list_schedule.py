"""The bound that a run's makespan is held against: event-driven list scheduling, written without a look at orch's own.

At the start and whenever something ends, the tasks whose needs are over are gone through by priority, then by their
place in the plan, and each is started for which there is a slot and room in its zones. No idea of orch's scheduler is
in here: no queue for each zone, no counting down, no core that is asked. A task takes what its commands take, one after
the other where contract section 6 says so; deciding, writing down and carrying cost nothing.

Evidence is kept from the opening on, of as many waiting tasks at once as there are slots, in the same order, besides
the tasks that are worked on; a task that gets its slot before waits for the rest of its own.

`floor` is what no schedule at all can be faster than: the longest chain, or the work spread over the slots, with all
evidence kept before.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby

from orchestrator.model.plan import NO_HOST, Plan, PlanCommand, PlanStep, PlanTask
from orchestrator.model.terms import Mode

SILENT_S = 6.0
"""A port that goes down and has no probe of its power beside it must stay silent for 5 s, and is asked every 2 s."""

Seconds = Callable[[str, str, str, str | None], float]
"""How long a command takes: of which task, what (a step's id, `?state`, `?port`, `?evidence:NAME`, ...), on which host
of its own, sent to which other."""


@dataclass(frozen=True, slots=True)
class Takes:
    """How long one task takes: its first probes, its evidence, and all that follows."""

    probing: float
    evidence: float
    rest: float


@dataclass(frozen=True, slots=True)
class Bound:
    """Seconds. `floor` is at most `makespan`."""

    makespan: float
    floor: float


def bound_of(plan: Plan, takes: Mapping[str, Takes]) -> Bound:
    """How long `plan` takes by list scheduling, where each task takes `takes` of it."""
    in_a_slot = {task: its.probing + its.rest for task, its in takes.items()}
    spread = sum(in_a_slot.values()) / plan.policy.parallel
    return Bound(_Simulation(plan, takes).run(), max(_longest_chain(plan, in_a_slot), spread))


class _Pool:
    """Slots, and room in the zones that have a limit."""

    def __init__(self, plan: Plan, zones: Mapping[str, set[str]]) -> None:
        self._zones = zones
        self._slots = plan.policy.parallel
        self._room = dict(plan.policy.zone_parallel)

    def has_room(self, task: str) -> bool:
        return self._slots > 0 and all(self._room[zone] > 0 for zone in self._zones[task])

    def count(self, task: str, by: int) -> None:
        self._slots -= by
        for zone in self._zones[task]:
            self._room[zone] -= by


class _Simulation:
    def __init__(self, plan: Plan, takes: Mapping[str, Takes]) -> None:
        self._takes = takes
        zones = {task.id: _limited_zones(plan, task) for task in plan.tasks}
        self._work, self._gathering = _Pool(plan, zones), _Pool(plan, zones)
        by_rank = sorted(plan.tasks, key=lambda task: -task.priority)  # stable: the plan's order decides
        self._waiting = {task.id: _barriers(task) for task in by_rank}
        self._ungathered = {task.id: None for task in by_rank if takes[task.id].evidence}
        self._gathers: dict[str, float] = {}  # until when, of tasks that wait
        self._gathered: set[str] = set()
        needs = _needs(plan)
        self._left = {task: len(needed) for task, needed in needs.items()}
        self._hold_up: dict[str, list[str]] = {task: [] for task in needs}
        for task, needed in needs.items():
            for one in needed:
                self._hold_up[one].append(task)
        self._barriers = {barrier.id: set(barrier.needs) for barrier in plan.barriers}
        self._coming: list[tuple[float, bool, str]] = []  # when, whether a task ends (or its evidence is kept), whose

    def run(self) -> float:
        """When the last task ends."""
        now = last = 0.0
        while True:
            self._start(now)
            self._gather(now)
            if not self._coming:
                return last
            now = self._coming[0][0]
            while self._coming and self._coming[0][0] <= now:
                _, ends, task = heapq.heappop(self._coming)
                if ends:
                    last = now
                    self._end(task)
                elif self._gathers.pop(task, None) is not None:
                    self._gathered.add(task)
                    self._gathering.count(task, -1)

    def _start(self, now: float) -> None:
        for task, behind in tuple(self._waiting.items()):
            if self._left[task] or any(self._barriers[one] for one in behind) or not self._work.has_room(task):
                continue
            del self._waiting[task]
            self._work.count(task, 1)
            takes = self._takes[task]
            probed = now + takes.probing
            kept = probed if task in self._gathered else probed + takes.evidence
            if task in self._gathers:
                kept = max(probed, self._gathers.pop(task))
                self._gathering.count(task, -1)
            self._ungathered.pop(task, None)
            heapq.heappush(self._coming, (kept + takes.rest, True, task))

    def _gather(self, now: float) -> None:
        for task in tuple(self._ungathered):
            if self._gathering.has_room(task):
                del self._ungathered[task]
                self._gathering.count(task, 1)
                self._gathers[task] = now + self._takes[task].evidence
                heapq.heappush(self._coming, (self._gathers[task], False, task))

    def _end(self, task: str) -> None:
        self._work.count(task, -1)
        for behind in self._hold_up[task]:
            self._left[behind] -= 1
        for needs in self._barriers.values():
            needs.discard(task)


def _needs(plan: Plan) -> dict[str, set[str]]:
    return {task.id: {need.task for need in task.needs if need.task is not None} for task in plan.tasks}


def _barriers(task: PlanTask) -> set[str]:
    return {need.barrier for need in task.needs if need.barrier is not None}


def _limited_zones(plan: Plan, task: PlanTask) -> set[str]:
    zones = {plan.hosts[host].zone for host in task.hosts if host != NO_HOST}
    return {zone for zone in zones if zone is not None and zone in plan.policy.zone_parallel}


def _longest_chain(plan: Plan, takes: Mapping[str, float]) -> float:
    """Tasks stand in the plan after all that they need, barriers included."""
    needs, ends = _needs(plan), dict[str, float]()
    barriers = {barrier.id: barrier.needs for barrier in plan.barriers}
    opens: dict[str, float] = {}
    for task in plan.tasks:
        for one in _barriers(task) - opens.keys():
            opens[one] = max((ends[need] for need in barriers[one]), default=0.0)
        before = [ends[need] for need in needs[task.id]] + [opens[one] for one in _barriers(task)]
        ends[task.id] = takes[task.id] + max(before, default=0.0)
    return max(ends.values(), default=0.0)


def takes_of(task: PlanTask, seconds: Seconds) -> Takes:
    """How long one task takes on which all goes as planned, and each command takes `seconds` of it.

    Its probes at once; evidence (going down) one piece after another on each host, hosts side by side; its steps, each
    on all hosts before the next; its probes again, and after a restore its health checks at once, each past `settle`.
    """

    def ask(what: str, command: PlanCommand) -> float:
        return seconds(task.id, what, command.host, command.on_host)

    down = task.mode is not None
    modes = {task.mode} if down else {*(task.undoes or ()), Mode.STOP}
    asked = [ask("?state", probe) for probe in task.probe.state if Mode.STOP in modes]
    asked += [ask("?isolation", probe) for probe in task.probe.isolation if Mode.ISOLATE in modes]
    asked += [ask("?poweroff", probe) for probe in task.probe.poweroff if Mode.POWEROFF in modes]
    ports = [seconds(task.id, "?port", host, None) for host in task.hosts if host != NO_HOST]
    if Mode.POWEROFF not in modes:
        ports = []
    probing = max(asked + ([] if task.probe.poweroff else ports), default=0.0)
    evidence: dict[str, float] = {}
    for piece in task.evidence if down else ():
        evidence[piece.host] = evidence.get(piece.host, 0.0) + ask(f"?evidence:{piece.name}", piece)
    verifying = max(asked + ports, default=0.0)
    health = [max(verifying, check.settle_s) + ask(f"?health:{check.name}", check) for check in task.health]
    rest = _steps(task, seconds) + max(health, default=verifying)
    return Takes(probing, max(evidence.values(), default=0.0), rest)


def _steps(task: PlanTask, seconds: Seconds) -> float:
    def takes(step: PlanStep) -> float:
        return seconds(task.id, step.id, step.host, step.on_host) + (watched(step) if step.disconnects else 0.0)

    def watched(step: PlanStep) -> float:
        host = step.host if step.host != NO_HOST else step.acting
        goes = task.mode is not None and all(probe.host != host for probe in task.probe.poweroff)
        return seconds(task.id, "?port", host, None) + (SILENT_S if goes else 0.0)

    total = 0.0
    for _, group in groupby(task.steps, key=lambda step: step.id):
        each = [takes(step) for step in group]
        total += sum(each) if task.serial else max(each)
    return total

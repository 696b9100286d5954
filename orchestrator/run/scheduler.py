"""The core of a run: events in, decisions out (contract section 6). No clock, no I/O, no threads.

Rules kept here: a task starts as soon as all it needs are done and a slot is free, no stage barrier; among the ready
ones the higher priority goes first, then the plan's order; a zone's `parallel` binds besides the plan's. What becomes
of a task that has started is in `probing`, `gathering`, `stepping`, `reconcile`, `verifying`, one file a state; what a
state may become is in `transitions`. Replay feeds the journal's events to `replay`, and is the only way to resume.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.model.errors import Broken
from orchestrator.model.events import (
    BudgetSpent,
    Event,
    EvidenceKept,
    GateChanged,
    OperatorDid,
    Probed,
    Resumed,
    StepChanged,
    TaskChanged,
)
from orchestrator.model.plan import Plan, PlanStep
from orchestrator.model.terms import Action, OnFailure, StepState, TaskState
from orchestrator.plan.gates import gate_name
from orchestrator.run.budgets import Budgets
from orchestrator.run.coming_back import hear_awaited
from orchestrator.run.dependencies import Dependencies
from orchestrator.run.forcing import hear_late, hear_stop
from orchestrator.run.gathering import gather, gather_early, hear_evidence
from orchestrator.run.people import follow
from orchestrator.run.probing import hear_answer, probe
from orchestrator.run.questions import Question, health_questions, questions
from orchestrator.run.ready import Ready
from orchestrator.run.reconcile import hear_port, hear_receipt
from orchestrator.run.specs import Specs
from orchestrator.run.stepping import hear_attempt, run_steps
from orchestrator.run.task_run import TaskRun, place_of
from orchestrator.run.transitions import Happened, IllegalTransition
from orchestrator.run.turn import (
    Asked,
    Awaited,
    Effect,
    Errand,
    EvidencePiece,
    Flight,
    Heard,
    Late,
    Release,
    Stopped,
    Turn,
    Watched,
)
from orchestrator.run.verifying import verify


class Standing(StrEnum):
    """Where a run stands when nothing more is decided."""

    BUSY = "busy"  # something is under way, or will be when a timer rings
    DONE = "done"  # every task is at its end
    STUCK = "stuck"  # nothing more to do by itself, and something failed or is unknown
    HELD = "held"  # nothing to do but wait for people
    PAUSED = "paused"  # nothing under way, and nothing new is to be started
    ABORTED = "aborted"  # a person ended the run for good, and nothing is under way any more


@dataclass(frozen=True, slots=True)
class Decided:
    """What one advance decided: events, durable before any of the effects is carried out."""

    events: tuple[Event, ...]
    effects: tuple[Effect, ...]


class Scheduler:
    """One run of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.runs = {task.id: TaskRun(task) for task in plan.tasks}
        self.flights = {task.id: Flight() for task in plan.tasks}
        self.dependencies = Dependencies(plan)
        self.counts = dict.fromkeys(TaskState, 0) | {TaskState.WAITING: len(plan.tasks)}
        self.budgets = Budgets(plan.policy)
        self.aborting = False
        self.paused_by_person = False  # since a process last took the run up
        self.told_to_pause = False  # by whoever drives this process
        specs = Specs(plan)
        zones = {task.id: specs.zones(task.hosts) for task in plan.tasks}
        rank = {task.id: (-task.priority, index) for index, task in enumerate(plan.tasks)}
        self._ready = Ready(plan.policy.zone_parallel, zones, rank)
        self._unkept = Ready(plan.policy.zone_parallel, zones, rank)  # tasks whose evidence is not asked for yet
        for task in plan.tasks:
            if task.evidence and plan.action is Action.SHUTDOWN:
                self._unkept.add(task.id)
        self._gathering: dict[str, None] = {}  # tasks that wait, while their evidence is kept
        self._busy: dict[str, None] = {}
        self._look: dict[str, None] = {}
        self._turn = Turn(0.0, self._apply, specs, plan.id)
        self._forces = plan.policy.on_failure is OnFailure.FORCE

    @property
    def now(self) -> float:
        """The moment of the last turn (epoch seconds): what its events are dated."""
        return self._turn.now

    @property
    def pausing(self) -> bool:
        """Nothing new is to be started: somebody said so, or a budget is spent."""
        return self.told_to_pause or self.paused_by_person or self.aborting or bool(self.budgets.spent)

    # -- replay ------------------------------------------------------------------------------------------------

    def replay(self, event: Event, at: float) -> None:
        """Take in an event of the journal. Raises Broken where the plan or the table knows no such thing."""
        try:
            self._apply(event, at)
        except (IllegalTransition, KeyError) as error:
            raise Broken(
                f"entry {event.n} of the journal does not belong to this plan: {error}",
                "The journal was not written by orch for this plan. Keep the folder as it is.",
            ) from None

    # -- deciding ----------------------------------------------------------------------------------------------

    def advance(
        self,
        now: float,
        heard: Sequence[Heard] = (),
        decisions: Sequence[OperatorDid] = (),
        gates: Sequence[GateChanged] = (),
    ) -> Decided:
        """Take in news, people's decisions and what became of gates, and decide all that follows at `now` (epoch s).

        `decisions` must have been checked with `people.objection`.
        """
        turn = self._turn
        turn.begin(now)
        for decision in decisions:
            turn.write(decision)
        for gate in gates:
            turn.write(gate)
        turn.pausing = self.pausing
        turn.forces = self._forces and not self.aborting
        for news in heard:
            self._hear(news)
        self._look.update(dict.fromkeys(turn.rung()))
        self._spend_budgets()  # after a crash between a failure and this word of it
        self._start_ready()
        while self._look:
            task = next(iter(self._look))
            del self._look[task]
            self._advance_task(task)
            self._spend_budgets()
            if not self._look:
                self._start_ready()
        self._gather_early()
        return Decided(tuple(turn.events), tuple(turn.effects))

    def decide(self, now: float, decisions: Sequence[OperatorDid]) -> Decided:
        """Follow people's decisions while no process executes the run: nothing is started."""
        turn = self._turn
        turn.begin(now)
        for decision in decisions:
            turn.write(decision)
        turn.pausing = self.aborting or bool(self.budgets.spent)
        for run in self.runs.values():
            if run.pending is not None:
                follow(turn, run, run.pending)
        return Decided(tuple(turn.events), ())

    def give_up(self, now: float, heard: Sequence[Heard] = ()) -> Decided:
        """The operator stops waiting: what is not heard of by now is unknown from here on, and nothing follows."""
        turn = self._turn
        turn.begin(now)
        for news in heard:
            self._hear(news)
        for task in self._busy:
            run = self.runs[task]
            for place, attempt in run.attempts.items():
                if attempt.state is StepState.INTENT and place in self.flights[task].intended:
                    turn.step(run, place, StepState.UNKNOWN, why="the operator gave up waiting")
        return Decided(tuple(turn.events), ())

    def wake_at(self) -> float | None:
        """When the core wants to be asked again without news (epoch seconds)."""
        return self._turn.timers[0][0] if self._turn.timers else None

    def standing(self) -> Standing:
        """Where the run stands after an advance."""
        if all(self.counts[state] == 0 for state in TaskState if not state.is_end):
            return Standing.DONE
        if self.pausing:
            rest = Standing.ABORTED if self.aborting else Standing.PAUSED
            under_way = {TaskState.RUNNING, TaskState.VERIFYING}
            moving = any(self.runs[task].state in under_way or self.flights[task].keys for task in self.at_work())
            return Standing.BUSY if moving else rest
        if self._busy or self._gathering:
            return Standing.BUSY
        failed = self.counts[TaskState.FAILED] or self.counts[TaskState.UNKNOWN]
        return Standing.STUCK if failed else Standing.HELD

    # -- inside ------------------------------------------------------------------------------------------------

    def _apply(self, event: Event, at: float) -> None:
        match event:
            case TaskChanged():
                self._changed(event.task, lambda run: run.task_changed(event, at))
            case Probed():
                self.runs[event.task].probed(event, at)
            case EvidenceKept():
                self.runs[event.task].evidence_kept(event)
            case StepChanged():
                self.runs[event.task].step_changed(event, at)
            case OperatorDid(task=str() as task):
                self._changed(task, lambda run: run.operator_did(event, at))
            case Resumed():
                self.paused_by_person = False
                for task in self.runs:
                    self._changed(task, lambda run: run.resumed(at))
            case _:
                self._apply_to_run(event)

    def _apply_to_run(self, event: Event) -> None:
        """What is about the run as a whole."""
        match event:
            case OperatorDid(did="pause"):
                self.paused_by_person = True
            case OperatorDid(did="abort"):
                self.aborting = True
            case OperatorDid(did="past-limit"):
                self.budgets.count_anew()
            case GateChanged():
                self.dependencies.set_gate(gate_name(event.gate, event.scope), is_open=event.state == "open")
            case BudgetSpent():
                self.budgets.spent[event.which] = event
            case _:
                return

    def _changed(self, task: str, change: Callable[[TaskRun], None]) -> None:
        run = self.runs[task]
        before = run.state
        change(run)
        self._look[task] = None
        if run.state is before:
            return
        self.budgets.count(run)
        if task in self._gathering:
            self._end_gathering(task)
        self.counts[before] -= 1
        self.counts[run.state] += 1
        if run.state.is_busy != before.is_busy:
            self._ready.occupy(task, 1 if run.state.is_busy else -1)
            if run.state.is_busy:
                self._busy[task] = None
            else:
                del self._busy[task]
        self.dependencies.change(task, run.state)

    def _hear(self, news: Heard) -> None:
        known = self._turn.errands.pop(news.key, None)
        if known is None:
            return
        task, errand = known
        run, flight = self.runs[task], self.flights[task]
        flight.keys.pop(errand, None)
        flight.since.pop(errand, None)
        self._look[task] = None
        match errand:
            case Question():
                command = (questions(run.task, left=run.left, port_too=True) | health_questions(run.task)).get(errand)
                hear_answer(self._turn, run, errand, command, news)
            case EvidencePiece():
                hear_evidence(self._turn, run, errand, news)
            case Asked():
                hear_receipt(self._turn, run, flight, self._step(run, errand.place), news)
            case Stopped():
                hear_stop(self._turn, run, flight, self._step(run, errand.place), news)
            case Awaited(host):
                hear_awaited(flight, host, news)
            case Late():
                hear_late(self._turn, run, self._step(run, errand.place), errand, news)
            case Watched():
                hear_port(self._turn, run, flight, self._step(run, errand.place), news, self.plan.action)
            case _:
                hear_attempt(self._turn, run, flight, self._step(run, errand), news)

    def _step(self, run: TaskRun, place: Errand) -> PlanStep:
        return next(step for step in run.every_step if place_of(step) == place)

    def _advance_task(self, task: str) -> None:
        run, flight, turn = self.runs[task], self.flights[task], self._turn
        if run.pending is not None:
            follow(turn, run, run.pending)
        before = (run.state, len(turn.events))
        match run.state:
            case TaskState.PROBING:
                probe(turn, run, flight, self.plan.action)
            case TaskState.EVIDENCE:
                gather(turn, run, flight, self.plan.policy.evidence)
            case TaskState.RUNNING:
                run_steps(turn, run, flight)
            case TaskState.VERIFYING:
                verify(turn, run, flight)
            case _:
                if task in self._gathering:
                    self._go_on_gathering(task)
                return
        if (run.state, len(turn.events)) != before:
            self._look[task] = None

    def _spend_budgets(self) -> None:
        for spent in tuple(self.budgets.newly_spent()):
            self._turn.write(spent)
            self._turn.pausing = True

    def _start_ready(self) -> None:
        """Start what is ready, by rank, while slots are free; what a full zone keeps back stays queued."""
        for ready in self.dependencies.take_ready():
            self._ready.add(ready)
        while not self.pausing and len(self._busy) < self.plan.policy.parallel:
            task = self._ready.pop(self._may_start)
            if task is None:
                return
            self.flights[task].anew(again=self.runs[task].life > 0)
            self._turn.move(self.runs[task], Happened.STARTED)

    def _gather_early(self) -> None:
        """Keep evidence of tasks that wait: of as many at once as may be worked on, besides those."""
        while not self.pausing and len(self._gathering) < self.plan.policy.parallel:
            task = self._unkept.pop(lambda one: self.runs[one].state is TaskState.WAITING and not self.runs[one].life)
            if task is None:
                return
            self._gathering[task] = None
            self._unkept.occupy(task, 1)
            self._go_on_gathering(task)

    def _go_on_gathering(self, task: str) -> None:
        if not gather_early(self._turn, self.runs[task], self.flights[task], self.plan.policy.evidence):
            self._end_gathering(task)
            self._turn.effects.append(Release(task))

    def _end_gathering(self, task: str) -> None:
        del self._gathering[task]
        self._unkept.occupy(task, -1)

    def _may_start(self, task: str) -> bool:
        return self.dependencies.is_ready(task) and self.runs[task].pending is None

    def queued(self) -> frozenset[str]:
        """Ready tasks that only want a slot."""
        return self._ready.queued()

    def busy(self) -> tuple[str, ...]:
        """Tasks that take a slot, in the order in which they took it."""
        return tuple(self._busy)

    def at_work(self) -> tuple[str, ...]:
        """Tasks of which something is under way: the busy ones, and those whose evidence is kept while they wait."""
        return (*self._busy, *self._gathering)

    def held_up(self) -> Iterable[str]:
        """Tasks that only a person can move, in the plan's order."""
        needy = {TaskState.FAILED, TaskState.UNKNOWN, TaskState.HELD}
        return (task for task, run in self.runs.items() if run.state in needy)

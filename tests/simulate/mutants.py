"""Mistakes built into the core on purpose: what is unknown, what is done twice, what is waited for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.hosts.port import OutcomeState
from orchestrator.model.terms import Proof, StepState
from orchestrator.run import forcing, gathering, probing, reconcile, scheduler, stepping, task_run, verifying
from orchestrator.run.budgets import Budgets
from orchestrator.run.dependencies import Dependencies
from orchestrator.run.ready import Ready
from orchestrator.run.scheduler import Scheduler
from orchestrator.run.steps import doubtful_steps
from orchestrator.run.task_run import TaskRun, place_of
from orchestrator.run.transitions import Happened
from orchestrator.run.turn import Release, Turn

Mutate = Callable[[pytest.MonkeyPatch], None]
MUTANTS: list[Mutate] = []


def mutant(mutate: Mutate) -> Mutate:
    """Takes it into the list."""
    MUTANTS.append(mutate)
    return mutate


@mutant
def begin_again_without_asking(patch: pytest.MonkeyPatch) -> None:
    """A lost connection or a timeout: just do it once more."""
    patch.setattr(reconcile, "_ask", lambda *_, **__: False)
    patch.setattr(stepping, "_is_rerun_safe", lambda *_: True)


@mutant
def retry_on_timeout(patch: pytest.MonkeyPatch) -> None:
    """What ran out of time is done again, though it may still run."""
    patch.setattr(stepping, "_is_rerun_safe", lambda *_: True)


@mutant
def unknown_is_ok(patch: pytest.MonkeyPatch) -> None:
    """An outcome that did not come back counts as success."""
    tell = reconcile.tell_outcome

    def told(turn: Any, run: Any, step: Any, heard: Any, **rest: Any) -> None:
        if heard.outcome.state is OutcomeState.UNKNOWN:
            turn.step(run, place_of(step), StepState.OK, heard=heard)
        else:
            tell(turn, run, step, heard, **rest)

    patch.setattr(stepping, "tell_outcome", told)


@mutant
def unknown_is_failed(patch: pytest.MonkeyPatch) -> None:
    """An outcome that did not come back counts as failure, though it may still run."""
    tell = reconcile.tell_outcome

    def told(turn: Any, run: Any, step: Any, heard: Any, **rest: Any) -> None:
        if heard.outcome.state is OutcomeState.UNKNOWN:
            turn.step(run, place_of(step), StepState.FAILED, heard=heard, why="lost")
        else:
            tell(turn, run, step, heard, **rest)

    patch.setattr(stepping, "tell_outcome", told)


@mutant
def no_probe_before(patch: pytest.MonkeyPatch) -> None:
    """A host that is as wanted already gets the steps, too."""
    patch.setattr(task_run, "right_places", lambda *_: frozenset())
    patch.setattr(probing, "right_places", lambda *_: frozenset())


@mutant
def no_probe_afterwards(patch: pytest.MonkeyPatch) -> None:
    """What the step returned is believed."""
    patch.setattr(scheduler, "verify", lambda turn, run, _: turn.move(run, Happened.AS_WANTED, proof=Proof.PROVEN))


@mutant
def needs_are_ignored(patch: pytest.MonkeyPatch) -> None:
    """The first need of every task is forgotten."""
    init = Dependencies.__init__

    def forgetful(self: Any, plan: Any) -> None:
        tasks = tuple(replace(t, needs=t.needs[1:]) for t in plan.tasks)
        init(self, plan.model_copy(update={"tasks": tasks}))

    patch.setattr(Dependencies, "__init__", forgetful)


@mutant
def barriers_are_open(patch: pytest.MonkeyPatch) -> None:
    """The order rule holds nobody."""
    init = Dependencies.__init__
    patch.setattr(Dependencies, "__init__", lambda self, plan: init(self, plan.model_copy(update={"barriers": tuple(
        b.model_copy(update={"needs": ()}) for b in plan.barriers)})))  # fmt: skip


@mutant
def zones_have_no_limit(patch: pytest.MonkeyPatch) -> None:
    """Tasks of a full zone start."""
    patch.setattr(Ready, "occupy", lambda *_: None)


@mutant
def doubt_is_settled_without_a_probe(patch: pytest.MonkeyPatch) -> None:
    """Every unknown step counts as done, whatever the probe says."""

    def settle(turn: Any, run: TaskRun) -> None:
        for step in doubtful_steps(run):
            turn.step(run, place_of(step), StepState.OK)

    patch.setattr(verifying, "_settle", settle)


@mutant
def stale_receipt_is_believed(patch: pytest.MonkeyPatch) -> None:
    """A receipt folder that proves nothing is taken for proof that nothing was begun."""
    hear = reconcile.hear_receipt

    def heard(turn: Any, run: Any, flight: Any, step: Any, news: Any) -> None:
        if news.outcome.state is OutcomeState.STALE:
            news = replace(news, outcome=replace(news.outcome, state=OutcomeState.NEVER))
        hear(turn, run, flight, step, news)

    patch.setattr(scheduler, "hear_receipt", heard)


@mutant
def the_folder_seen_last_is_asked(patch: pytest.MonkeyPatch) -> None:
    """An attempt is asked in the receipt folder of today, not in that which it was sent into."""
    changed = TaskRun.step_changed

    def adopted(self: TaskRun, event: Any, at: float) -> None:
        changed(self, event, at)
        place = (event.step, event.host, event.on_host)
        if event.generation is not None and place in self.attempts:
            self.attempts[place] = replace(self.attempts[place], generation=event.generation)

    patch.setattr(TaskRun, "step_changed", adopted)


@mutant
def attempts_are_forgotten_by_a_resume(patch: pytest.MonkeyPatch) -> None:
    """The replay loses what was begun."""
    resumed = TaskRun.resumed

    def forget(self: TaskRun, at: float) -> None:
        self.attempts.clear()
        resumed(self, at)

    patch.setattr(TaskRun, "resumed", forget)


@mutant
def intents_are_taken_for_nothing(patch: pytest.MonkeyPatch) -> None:
    """After a crash an attempt without an outcome is thought never to have been sent."""
    resumed = TaskRun.resumed

    def forget(self: TaskRun, at: float) -> None:
        for place, attempt in self.attempts.items():
            if attempt.state is StepState.INTENT:
                self.attempts[place] = replace(attempt, state=StepState.NEVER)
        resumed(self, at)

    patch.setattr(TaskRun, "resumed", forget)


@mutant
def failed_is_tried_again_by_itself(patch: pytest.MonkeyPatch) -> None:
    """A resume does again what failed on the host."""
    resumed = TaskRun.resumed

    def again(self: TaskRun, at: float) -> None:
        self.unsent = True
        resumed(self, at)

    patch.setattr(TaskRun, "resumed", again)


@mutant
def evidence_is_skipped(patch: pytest.MonkeyPatch) -> None:
    """No evidence is ever due."""
    patch.setattr(probing, "evidence_due", lambda *_: ())
    patch.setattr(gathering, "evidence_due", lambda *_: ())


@mutant
def a_stuck_task_keeps_its_barrier(patch: pytest.MonkeyPatch) -> None:
    """What a person let go on is not seen: nobody looks through the stuck tasks anew."""
    patch.setattr(Dependencies, "_look_through", lambda _: None)


@mutant
def nobody_wakes(patch: pytest.MonkeyPatch) -> None:
    """A timer that does not ring."""
    patch.setattr(Turn, "wake", lambda *_: None)


@mutant
def a_pause_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """New tasks start though a person paused the run, aborted it, or a budget is spent."""
    patch.setattr(Scheduler, "pausing", property(lambda _: False))


@mutant
def budgets_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    """A restore goes on however much has failed."""
    patch.setattr(Budgets, "count", lambda *_: None)


@mutant
def force_before_the_stop(patch: pytest.MonkeyPatch) -> None:
    """Force steps begin while a graceful one still runs."""
    patch.setattr(forcing, "_end_attempt", lambda *_: False)


@mutant
def superseded_is_not_written(patch: pytest.MonkeyPatch) -> None:
    """What can't be stopped is given up silently."""
    patch.setattr(forcing, "_supersede", lambda *_: None)


@mutant
def released_while_it_works(patch: pytest.MonkeyPatch) -> None:
    """The connections of a task are closed as soon as its first step is sent."""
    submit = Turn.submit

    def closing(self: Any, run: Any, *rest: Any) -> None:
        submit(self, run, *rest)
        self.effects.append(Release(run.task.id))

    patch.setattr(Turn, "submit", closing)

"""The simulation bites: mistakes built into the core on purpose, each of which a short campaign must catch.

A mutant that no seed catches means that the oracle or the worlds are blind there; the same seeds without a mutant are
in `test_runs`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.hosts.port import OutcomeState
from orchestrator.model.terms import Proof, StepState
from orchestrator.run import gathering, probing, reconcile, stepping, verifying
from orchestrator.run.dependencies import Dependencies
from orchestrator.run.steps import doubtful_steps
from orchestrator.run.task_run import Attempt, TaskRun, place_of
from orchestrator.run.transitions import Happened
from tests.simulate.campaign import one_night

SEEDS = range(60)
Mutate = Callable[[pytest.MonkeyPatch], None]


def begin_again_without_asking(patch: pytest.MonkeyPatch) -> None:
    """A lost connection or a timeout: just do it once more."""
    patch.setattr(reconcile, "_ask", lambda *_, **__: False)
    patch.setattr(stepping, "_is_rerun_safe", lambda *_: True)


def unknown_is_ok(patch: pytest.MonkeyPatch) -> None:
    """An outcome that did not come back counts as success."""
    tell = reconcile.tell_outcome

    def told(turn: Any, run: Any, step: Any, heard: Any, **rest: Any) -> None:
        if heard.outcome.state is OutcomeState.UNKNOWN:
            turn.step(run, place_of(step), StepState.OK, heard=heard)
        else:
            tell(turn, run, step, heard, **rest)

    patch.setattr(stepping, "tell_outcome", told)


def no_probe_afterwards(patch: pytest.MonkeyPatch) -> None:
    """What the step returned is believed."""

    def verify(turn: Any, run: TaskRun, flight: Any) -> None:
        turn.move(run, Happened.AS_WANTED, proof=Proof.PROVEN)

    patch.setattr("orchestrator.run.scheduler.verify", verify)


def needs_are_ignored(patch: pytest.MonkeyPatch) -> None:
    """The first need of every task is forgotten."""
    init = Dependencies.__init__

    def forgetful(self: Any, plan: Any) -> None:
        tasks = tuple(replace(t, needs=t.needs[1:]) for t in plan.tasks)
        init(self, plan.model_copy(update={"tasks": tasks}))

    patch.setattr(Dependencies, "__init__", forgetful)


def barriers_are_open(patch: pytest.MonkeyPatch) -> None:
    """The order rule holds nobody."""
    init = Dependencies.__init__
    patch.setattr(Dependencies, "__init__", lambda self, plan: init(self, plan.model_copy(update={"barriers": tuple(
        b.model_copy(update={"needs": ()}) for b in plan.barriers)})))  # fmt: skip


def doubt_is_settled_without_a_probe(patch: pytest.MonkeyPatch) -> None:
    """Every unknown step counts as done, whatever the probe says."""

    def settle(turn: Any, run: TaskRun) -> None:
        for step in doubtful_steps(run):
            turn.step(run, place_of(step), StepState.OK)

    patch.setattr(verifying, "_settle", settle)


def lost_is_never(patch: pytest.MonkeyPatch) -> None:
    """A receipt folder that proves nothing is taken for proof that nothing was begun."""
    hear = reconcile.hear_receipt

    def heard(turn: Any, run: Any, flight: Any, step: Any, news: Any) -> None:
        if news.outcome.state is OutcomeState.STALE:
            news = replace(news, outcome=replace(news.outcome, state=OutcomeState.NEVER))
        hear(turn, run, flight, step, news)

    patch.setattr("orchestrator.run.scheduler.hear_receipt", heard)


def as_found_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A host that is down already gets the steps, too."""
    patch.setattr("orchestrator.run.task_run.right_places", lambda *_: frozenset())


def attempts_are_forgotten_by_a_resume(patch: pytest.MonkeyPatch) -> None:
    """The replay loses what was begun."""
    resumed = TaskRun.resumed

    def forget(self: TaskRun, at: float) -> None:
        self.attempts.clear()
        resumed(self, at)

    patch.setattr(TaskRun, "resumed", forget)


def intents_are_taken_for_nothing(patch: pytest.MonkeyPatch) -> None:
    """After a crash an attempt without an outcome is thought never to have been sent."""
    resumed = TaskRun.resumed

    def forget(self: TaskRun, at: float) -> None:
        for place, attempt in self.attempts.items():
            if attempt.state is StepState.INTENT:
                self.attempts[place] = Attempt(attempt.n, StepState.NEVER, attempt.began, at, life=attempt.life)
        resumed(self, at)

    patch.setattr(TaskRun, "resumed", forget)


def failed_is_tried_again_by_itself(patch: pytest.MonkeyPatch) -> None:
    """A resume does again what failed on the host."""
    resumed = TaskRun.resumed

    def again(self: TaskRun, at: float) -> None:
        self.unsent = True
        resumed(self, at)

    patch.setattr(TaskRun, "resumed", again)


def evidence_is_skipped(patch: pytest.MonkeyPatch) -> None:
    """No evidence is ever due."""
    patch.setattr(probing, "evidence_due", lambda *_: ())
    patch.setattr(gathering, "evidence_due", lambda *_: ())


def a_stuck_task_keeps_its_barrier(patch: pytest.MonkeyPatch) -> None:
    """What a person let go on is not seen: nobody looks through the stuck tasks anew."""
    patch.setattr(Dependencies, "_look_through", lambda _: None)


def nobody_wakes(patch: pytest.MonkeyPatch) -> None:
    """A timer that does not ring."""
    patch.setattr("orchestrator.run.turn.Turn.wake", lambda *_: None)


MUTANTS: list[Mutate] = [
    begin_again_without_asking,
    unknown_is_ok,
    no_probe_afterwards,
    needs_are_ignored,
    barriers_are_open,
    doubt_is_settled_without_a_probe,
    lost_is_never,
    as_found_is_forgotten,
    attempts_are_forgotten_by_a_resume,
    intents_are_taken_for_nothing,
    failed_is_tried_again_by_itself,
    evidence_is_skipped,
    a_stuck_task_keeps_its_barrier,
    nobody_wakes,
]


@pytest.fixture(params=MUTANTS, ids=lambda mutate: mutate.__name__)
def mutant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    request.param(monkeypatch)
    return str(request.param.__name__)


def test_every_mutant_is_caught(mutant: str) -> None:
    for seed in SEEDS:
        try:
            one_night(seed)
        except Exception as caught:  # whatever way it shows: the oracle, the world, or the core itself
            print(f"{mutant}: caught by seed {seed}: {caught!r}"[:300])
            return
    pytest.fail(f"no seed of {SEEDS} catches {mutant}")

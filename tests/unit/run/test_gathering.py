"""Evidence before anything changes (contract sections 3, 6): when a task goes on or is held, what is taken again."""

import random
from dataclasses import replace
from typing import Literal

import pytest

from orchestrator.model.events import EvidenceKept
from orchestrator.model.plan import EvidencePolicy, Plan, PlanEvidence, Policy
from orchestrator.model.terms import TaskState
from orchestrator.run.engine import Clock
from orchestrator.run.scheduler import Standing
from tests.simulate.estates import said
from tests.simulate.world import Drive, World
from tests.unit.run.tasks import one_task

Past = Literal["hold", "go-on"]


def plan_with(*, required: bool = True, at_most: int = 60, past: Past = "hold") -> Plan:
    """One system with two pieces of evidence."""
    plan = one_task("stop")
    pieces = tuple(
        PlanEvidence(host="db-0", argv=("evidence", "db", "db-0"), timeout_s=5, name=name) for name in ("one", "two")
    )
    task = replace(plan.tasks[0], evidence=pieces)
    policy = Policy(evidence=EvidencePolicy(required=required, at_most_s=at_most, past=past))
    return plan.model_copy(update={"tasks": (task,), "policy": policy})


@pytest.mark.parametrize(
    ("required", "at_most", "past", "lost", "standing"),
    [
        (True, 60, "hold", "", Standing.DONE),
        (True, 60, "hold", ":two", Standing.HELD),
        (True, 60, "go-on", ":two", Standing.HELD),  # past is about time, not about failure
        (False, 60, "hold", ":two", Standing.DONE),
        (True, 0, "hold", "", Standing.HELD),
        (True, 0, "go-on", "", Standing.DONE),
        (False, 0, "hold", "", Standing.DONE),
    ],
)
def test_when_a_task_goes_on(required: bool, at_most: int, past: Past, lost: str, standing: Standing) -> None:
    plan = plan_with(required=required, at_most=at_most, past=past)
    run = Drive(World(plan, random.Random(1), lost={lost} if lost else set()))
    assert run.run() is standing
    tried = {(e.name, e.why is None) for _, e in run.journal if isinstance(e, EvidenceKept)}
    assert {name for name, _ in tried} == {"one", "two"}  # the gap is in the journal


@pytest.mark.parametrize("at_most", [0, 60])
def test_what_was_waived_once_holds_no_retry(at_most: int) -> None:
    run = Drive(World(plan_with(at_most=at_most), random.Random(1), lost={"?evidence"}, fails={"db-0"}))
    assert run.run() is Standing.HELD
    assert run.run(decisions=(said("db", "waive-evidence"),)) is Standing.STUCK
    run.world.fails.clear()
    assert run.run(decisions=(said("db", "retry"),)) is Standing.DONE


def test_what_is_kept_is_not_taken_again() -> None:
    run = Drive(World(plan_with(), random.Random(1)))
    while not any(e.type == "evidence" for _, e in run.journal):
        run.run(turns=1)
    again = run.resume()
    assert again.run() is Standing.DONE
    assert sorted(e.name for _, e in again.journal if isinstance(e, EvidenceKept)) == ["one", "two"]


def test_a_pause_in_evidence_begins_no_step_even_past_its_time() -> None:
    run = Drive(World(plan_with(at_most=1, past="go-on"), random.Random(3)))
    while run.states()["db"] is not TaskState.EVIDENCE:
        run.run(turns=1)
    run.scheduler.told_to_pause = True
    run.now += 10
    assert run.run() is Standing.PAUSED
    assert not run.world.done
    assert run.resume().run() is Standing.DONE


def test_the_clock_goes_on_where_the_journal_ends() -> None:
    assert Clock(not_before=1e11).now() >= 1e11

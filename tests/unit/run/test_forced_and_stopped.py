"""What the pages and the log of a run say of force, pauses, aborts and budgets: what the core knows, at every entry."""

from collections.abc import Mapping

import pytest

from orchestrator.model.events import Event, Left, Resumed, Sealed
from orchestrator.model.plan import Plan
from orchestrator.model.terms import TaskState
from orchestrator.run.chain import numbered
from orchestrator.run.people import objection
from orchestrator.run.run_view import budgets_of, remaining_chains, view_of
from orchestrator.run.scheduler import Scheduler
from orchestrator.run.summary import summarise, task_notes
from orchestrator.run.timeline import timeline
from orchestrator.run.view import Budget
from tests.unit.run import test_budgets, test_forcing
from tests.unit.run.played import Played, escalated, of_the_run, resolved
from tests.unit.run.test_forcing import HOLD, plan

NEEDY = {TaskState.FAILED, TaskState.UNKNOWN, TaskState.HELD}
LATE: Mapping[str, str] = {
    "stop.1 db-0": "late",
    "ask stop.1 db-0": "running, ok",
    "halt stop.1 db-0": "running",
}


def events_of(played: Played) -> list[Event]:
    """The journal's entries, dated a second apart."""
    found = [event for _, event in played.events]
    return [numbered(e, n, f"2026-03-01T02:14:{n % 60:02}.000000Z") for n, e in enumerate(found, 1)]


def mismatches(plan: Plan, events: list[Event]) -> list[str]:
    """Where the pages and the core don't agree, after each entry."""
    scheduler, chains, wrong = Scheduler(plan), remaining_chains(plan), list[str]()
    for n, event in enumerate(events, 1):
        scheduler.replay(event, float(n))
        notes = task_notes(plan, events[:n])
        for task, run in scheduler.runs.items():
            note = notes[task]
            if note.state is not run.state:
                wrong.append(f"{n}: {task} is {run.state}, shown as {note.state}")
            can = run.state in NEEDY and not run.forced and objection(run, escalated(task)) is None
            if run.state in NEEDY and bool(note.words) is not (run.pending is None):
                wrong.append(f"{n}: {task} is offered words that can't be taken, or none that can")
            if run.pending is None and note.may_force is not can:  # a word that is still to be followed comes first
                wrong.append(f"{n}: {task} {'can' if can else 'can not'} be forced, and that is not shown")
        needs = {need.task: need.may_force for need in view_of(scheduler, chains, "o", 0.0, 0.0).needs_you}
        if needs != {task: note.may_force for task, note in notes.items() if note.state in NEEDY}:
            wrong.append(f"{n}: the live display says something else: {needs}")
        if summarise(plan, events[:n]).budgets != budgets_of(scheduler):
            wrong.append(f"{n}: budgets")
    return wrong


@pytest.mark.parametrize("script", [script for script, _ in test_forcing.CASES.values()], ids=test_forcing.CASES)
@pytest.mark.parametrize("policy", [test_forcing.FORCE, HOLD], ids=["force", "hold"])
@pytest.mark.parametrize("then", ["escalate", "retry", "escalate retry", "retry escalate", "hold escalate", "skip"])
def test_pages_and_core_agree_on_what_is_forced(script: dict[str, str], policy: object, then: str) -> None:
    played = Played(plan(policy), script).go()  # type: ignore[arg-type]
    for word in then.split():
        decision = escalated("db") if word == "escalate" else resolved("db", word)
        if objection(played.scheduler.runs["db"], decision) is None:
            played.go(decision)
    assert mismatches(played.scheduler.plan, events_of(played)) == []


@pytest.mark.parametrize("limits", [{"failed": 2}, {"unreachable": 2}, {"failed": 3, "unreachable": 1}, {}])
@pytest.mark.parametrize("script", [test_budgets.FAILS, test_budgets.SILENT])
def test_pages_and_core_agree_on_budgets(script: dict[str, str], limits: dict[str, int]) -> None:
    played = test_budgets.played(script, **limits)
    if played.scheduler.budgets.spent:
        played.go(of_the_run("past-limit"))
    assert mismatches(played.scheduler.plan, events_of(played)) == []


def test_why_it_was_forced_is_told_with_who_wanted_it() -> None:
    by_policy = Played(plan(), {"stop.1 db-0": "fail"}).go()
    (note,) = summarise(by_policy.scheduler.plan, events_of(by_policy)).forced
    assert note.forced.startswith("drain on db-0: exit 1")

    by_person = Played(plan(HOLD), {"stop.1 db-0": "late"}).go(seconds=5).go(escalated("db"))
    (note,) = summarise(by_person.scheduler.plan, events_of(by_person)).forced
    assert note.forced.startswith("o.lang: it hangs")
    waits = task_notes(by_person.scheduler.plan, [escalated("db")])["db"]
    assert waits.why == "o.lang wants it forced: it hangs"


def test_what_may_still_run_beside_the_force_is_named() -> None:
    played = Played(plan(), LATE).go()
    (note,) = summarise(played.scheduler.plan, events_of(played)).forced
    assert note.superseded == ("stop.1 on db-0",)
    rows = [
        f"{row.what} | {row.host} | {row.result}" for row in timeline(played.scheduler.plan, events_of(played), {"db"})
    ]
    assert "stop.1 drain | db-0 | superseded, then ok: after force had followed" in rows
    (force,) = [row for row in rows if row.startswith("FORCE")]
    assert force.startswith("FORCE |  | force steps follow: ")
    assert any(row.startswith("force.1 kill | db-0 | ok") for row in rows)


def test_the_log_tells_what_was_done_to_the_run_as_a_whole() -> None:
    played = test_budgets.played(test_budgets.FAILS, failed=2)
    said: list[Event] = [
        *events_of(played),
        Left(reason="paused"),
        Resumed(by="a.brandt", version="0"),
        of_the_run("past-limit"),
        of_the_run("pause").model_copy(update={"reason": ""}),
        of_the_run("abort"),
        Sealed(result="aborted", tasks={"done": 2, "failed": 2, "waiting": 2}),
    ]
    rows = [f"{row.what} | {row.result}" for row in timeline(played.scheduler.plan, said) if not row.task]
    assert rows == [
        "budget | 2 hosts failed, and the limit is 2: spent",
        "left | paused",
        "resumed | by a.brandt",
        "past-limit | o.lang: so",
        "pause | o.lang",
        "abort | o.lang: so",
        "sealed | aborted: 2 done, 2 failed, 2 waiting",
    ]
    assert [row.what for row in timeline(played.scheduler.plan, said, {"s9"})] == [row.split(" | ")[0] for row in rows]
    summary = summarise(played.scheduler.plan, said[:-5])
    assert summary.budgets == (Budget("failed", 2, 2),)
    assert [spent.which for spent in summary.stopped.spent] == ["failed"]
    assert summarise(played.scheduler.plan, said[:-2]).budgets == (Budget("failed", 0, 2),)

"""Promises that a second reader saw broken: a word that a crash lost or that was followed too soon, evidence that was
given up unasked, force on what was down (contract section 6)."""

import pytest

from orchestrator.model.events import BudgetSpent, Event, Probed, Resumed, StepChanged, TaskChanged
from orchestrator.model.plan import Plan, PlanEvidence, Policy
from orchestrator.model.terms import Action, Found, ProbeKind, StepState, TaskState
from orchestrator.run.people import objection
from orchestrator.run.scheduler import Standing
from orchestrator.run.task_run import TaskRun
from tests.simulate.world import make_plan
from tests.unit.run.played import Played, escalated, of_the_run, resolved
from tests.unit.run.tasks import one_task
from tests.unit.run.test_early_evidence import plan as with_evidence
from tests.unit.run.test_forcing import FORCE, HOLD, of_db
from tests.unit.run.test_forcing import plan as with_force

NOBODY = {"state db-0": "unreachable", "force.1 db-0": "unreachable", "force.2 db-0 by carrier": "unreachable"}


def killed(played: Played, plan: Plan, script: dict[str, str], *, before: type[Event] | None = None) -> Played:
    """Another process takes up what is in the journal (`before`: cut before the first such event)."""
    again = Played(plan, script, played.now)
    for at, event in played.events:
        if before is not None and isinstance(event, before):
            break
        again.scheduler.replay(event, at)
    again.scheduler.replay(Resumed(by="t", version="0"), again.now)
    return again


# --- what a person said


@pytest.mark.parametrize(("policy", "forced"), [(HOLD, True), (FORCE, False)], ids=["a person wants it", "protocol"])
def test_an_escalation_outlives_a_crash_while_evidence_is_kept_before_force(policy: Policy, forced: bool) -> None:
    """Where only the protocol forces, a host that answers by then goes the graceful way."""
    memory = PlanEvidence(host="db-0", on_host="carrier", argv=("evidence", "db", "db-0"), timeout_s=5, name="memory")
    plan = with_force(policy, evidence=(memory,))
    words = (escalated("db"),) if policy is HOLD else ()
    first = Played(plan, NOBODY | {"evidence:memory db-0 by carrier": "hang"}).go(*words, seconds=20)
    assert first.trace[-1] == "db evidence on force"
    again = killed(first, plan, {}).go()
    assert ("force.2 db-0 by carrier" in again.sent) is forced
    assert again.scheduler.runs["db"].state is TaskState.DONE


def test_an_escalation_does_not_begin_anew_what_is_under_way() -> None:
    memory = PlanEvidence(host="db-0", argv=("evidence", "db", "db-0"), timeout_s=5, name="memory")
    played = Played(with_force(HOLD, evidence=(memory,)), {"evidence:memory db-0": "hang"}).go(seconds=0.5)
    run = played.scheduler.runs["db"]
    played.go(escalated("db"), seconds=0.1)
    assert (run.state, run.life) == (TaskState.PROBING, 1)
    played.go(seconds=100)
    since = run.since
    run.escalated = False
    played.go(escalated("db"), seconds=1)
    assert (run.state, run.since) == (TaskState.EVIDENCE, since)


def test_an_escalation_is_not_taken_while_another_word_is_still_to_be_followed() -> None:
    run = Played(with_force(HOLD), {"stop.1 db-0": "fail"}).go().scheduler.runs["db"]
    run.operator_did(resolved("db", "skip"), 2000.0)  # and then the process was killed
    assert objection(run, escalated("db")) == "db: what o.lang decided before is still to be followed"


@pytest.mark.parametrize("stops", ["abort", "pause"])
def test_a_manual_step_done_while_the_run_stops_starts_nothing_and_is_written(stops: str) -> None:
    plan = make_plan({"db": (), "app": ()})
    db = one_task("drain", "stop", by_hand="drain").tasks[0]
    plan = plan.model_copy(update={"tasks": (db, plan.tasks[1])})
    played = Played(plan, {"stop.1 app-0": "hang"}).go(seconds=50)
    played.go(of_the_run(stops), seconds=1)
    played.go(resolved("db", "done"), seconds=20)
    assert "stop.1 db-0 ok" in played.trace
    assert "stop.2 db-0" not in played.sent
    again = killed(played, plan, {}).go()
    assert ("stop.2 db-0" in again.sent) is (stops == "pause")
    assert [line for line in again.trace if line.startswith("stop.1 db-0")] == []


def test_the_last_manual_step_done_while_the_run_stops_is_the_end_of_its_task() -> None:
    plan = make_plan({"db": (), "app": ()})
    db = one_task("stop", by_hand="stop").tasks[0]
    plan = plan.model_copy(update={"tasks": (db, plan.tasks[1])})
    played = Played(plan, {"stop.1 app-0": "hang", "state db-0": "online, offline"}).go(seconds=50)
    played.go(of_the_run("abort"), seconds=1)
    played.go(resolved("db", "done"), seconds=60)
    assert "db done (proven)" in played.trace


def test_evidence_waived_while_the_run_pauses_is_waived_for_the_next_process() -> None:
    plan = with_evidence()
    script = {"evidence:sockets web-0": "fail", "evidence:sockets db-0": "hang"}
    played = Played(plan, script).go(seconds=50)
    played.go(of_the_run("pause"), seconds=1)
    played.go(resolved("web", "waive-evidence"), seconds=20)
    assert (played.sent, played.scheduler.runs["web"].state) == ([], TaskState.HELD)
    again = killed(played, plan, {}).go()
    assert again.scheduler.standing() is Standing.DONE


def test_a_word_taken_while_nobody_executes_does_not_lift_a_spent_budget() -> None:
    plan = make_plan({"db": (), "app": ()}, action=Action.RESTORE, policy=Policy(failed_limit=1))
    db = one_task("check", "start", by_hand="check", action=Action.RESTORE).tasks[0]
    plan = plan.model_copy(update={"tasks": (db, plan.tasks[1])})
    played = Played(plan, {f"{plan.tasks[1].steps[0].id} app-0": "fail"}).go()
    assert "budget failed 1 of 1" in played.trace
    decider = killed(played, plan, {})
    decided = decider.scheduler.decide(decider.now, [resolved("db", "done")])
    decider.events = played.events + [(decider.now, event) for event in decided.events]
    again = killed(decider, plan, {}).go()
    assert (again.sent, again.scheduler.standing()) == ([], Standing.PAUSED)
    last = killed(decider, plan, {})
    last.scheduler.replay(of_the_run("past-limit"), last.now)
    assert last.go().sent[:1] == ["stop.2 db-0"]


# --- evidence


def test_what_failed_early_is_tried_again_however_late_its_turn_comes() -> None:
    plan = with_evidence(at_most_s=20)  # app takes 60 s, so the turn of db comes when 20 s are over
    script = {"stop.1 app-0": "late", "ask stop.1 app-0": "ok", "evidence:sockets db-0": "fail, well"}
    played = Played(plan, script).go()
    of_db = [line for line in played.trace if "db-0" in line and line.startswith("evidence")]
    assert of_db == ["evidence sockets db-0 not kept", "evidence sockets db-0 kept", "evidence memory db-0 kept"]
    assert played.scheduler.standing() is Standing.DONE


# --- receipts, force, budgets


def test_what_never_began_in_a_new_receipt_folder_is_sent_into_that() -> None:
    run = TaskRun(make_plan({"db": ()}).tasks[0])
    run.task_changed(TaskChanged(task="db", state=TaskState.PROBING), 0.0)
    run.probed(Probed(task="db", host="db-0", probe=ProbeKind.STATE, found=Found.ONLINE, generation="g1"), 0.5)
    for state, generation in ((StepState.INTENT, None), (StepState.NEVER, "g2")):
        event = StepChanged(task="db", step="stop.1", host="db-0", attempt=1, state=state, generation=generation)
        run.step_changed(event, 1.0)
    assert (run.generations["db-0"], run.attempts["stop.1", "db-0", None].generation) == ("g2", "g1")


def test_a_host_that_the_graceful_steps_have_brought_down_is_not_forced() -> None:
    played = Played(with_force(hosts=2), {"state db-1": "online"}).go()
    assert of_db(played).endswith("force.1 db-1 ok / force.2 db-1 by carrier ok / db verifying / db done (proven)")
    assert not [sent for sent in played.sent if "force" in sent and "db-0" in sent]


def test_a_host_that_was_found_down_and_has_come_up_since_is_forced() -> None:
    played = Played(with_force(hosts=2), {"state db-1": "offline, online"}).go()
    assert [sent for sent in played.sent if "force" in sent] == ["force.1 db-1", "force.2 db-1 by carrier"]


def test_that_no_force_step_could_be_sent_is_said_in_full_after_a_crash() -> None:
    plan = with_force(FORCE)
    first = Played(plan, NOBODY).go()
    cut = [event for _, event in first.events].index(
        next(e for _, e in first.events if isinstance(e, StepChanged) and e.state is StepState.FAILED)
    )
    first.events = first.events[: cut + 1]
    again = killed(first, plan, NOBODY).go()
    assert again.scheduler.runs["db"].why == "no host that its force steps act from can be reached."


def test_a_budget_whose_word_a_crash_cut_off_is_spent_before_anything_is_started() -> None:
    policy = Policy(failed_limit=1, parallel=1)
    plan = make_plan({"a": (), "b": ()}, policy=policy, action=Action.RESTORE)
    script = {f"{plan.tasks[0].steps[0].id} a-0": "fail"}
    again = killed(Played(plan, script).go(), plan, {}, before=BudgetSpent).go()
    assert again.trace == ["budget failed 1 of 1"]

"""What people decide, in each state, and what follows (contract section 6, "People decide")."""

import random
from dataclasses import replace

import pytest

from orchestrator.model.events import Resumed
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Proof, StepState, TaskState
from orchestrator.run.people import objection
from orchestrator.run.scheduler import Scheduler, Standing
from orchestrator.run.task_run import TaskRun
from tests.simulate.estates import said
from tests.simulate.world import Drive, World
from tests.unit.run.tasks import one_task

S = TaskState
WORDS = ("done", "retry", "skip", "hold", "waive-evidence")
TAKEN = {
    S.WAITING: {"done", "skip", "hold"},
    S.FAILED: {"done", "retry", "skip", "hold"},
    S.UNKNOWN: {"done", "retry", "skip", "hold"},
    S.HELD: {"done", "retry", "skip"},
}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("held_from", [None, S.EVIDENCE, S.RUNNING])
def test_which_word_is_taken(state: S, word: str, held_from: S | None) -> None:
    run = TaskRun(one_task("stop").tasks[0], state=state, held_from=held_from)
    taken = word in TAKEN.get(state, set())
    taken |= word == "waive-evidence" and state is S.HELD and held_from is S.EVIDENCE
    assert (objection(run, said("db", word)) is None) == taken


def drive(plan: Plan) -> Drive:
    return Drive(World(plan, random.Random(1)))


def do_by_hand(run: Drive) -> None:
    """The person really does it."""
    for host in run.world.plan.tasks[0].hosts:
        run.world.up["db", host] = False


@pytest.mark.parametrize("serial", [True, False])
def test_one_word_confirms_a_manual_step_on_all_its_hosts(serial: bool) -> None:
    run = drive(one_task("stop", hosts=3, serial=serial, by_hand="stop"))
    assert run.run() is Standing.HELD
    assert run.scheduler.runs["db"].why == "stop: stop db db-0; stop db db-1; stop db db-2"
    do_by_hand(run)
    assert run.run(decisions=(said("db", "done"),)) is Standing.DONE
    assert run.scheduler.runs["db"].proof is Proof.PROVEN


def test_after_a_resume_done_still_means_the_manual_step() -> None:
    run = drive(one_task("notes", "stop", by_hand="notes"))
    run.run()
    again = run.resume()
    assert again.run(decisions=(said("db", "done"),)) is Standing.DONE
    assert again.world.done, "the stop was never sent"


@pytest.mark.parametrize("cut", range(6))
def test_a_crash_between_the_word_and_what_follows_confirms_no_other_step(cut: int) -> None:
    run = drive(one_task("notes", "stop", hosts=2, by_hand="notes"))
    run.run()
    before = len(run.journal)
    run.run(decisions=(said("db", "done"),))
    run.journal = run.journal[: before + cut]
    run.world = World(run.world.plan, random.Random(1))  # what was lost with the batch was never sent
    again = run.resume()
    assert again.run() is (Standing.DONE if cut else Standing.HELD)
    by_hand = {e.step for _, e in again.journal if e.type == "step" and e.why == "done by hand"}
    assert by_hand == ({"stop.1"} if cut else set())


def test_what_a_person_does_waits_until_the_hosts_beside_it_are_through() -> None:
    plan = one_task("stop", hosts=3, serial=False, by_hand="")
    task = plan.tasks[0]
    by_hand = one_task("stop", hosts=3, by_hand="stop").tasks[0].steps[1]
    steps = (task.steps[0], by_hand, task.steps[2])
    run = drive(plan.model_copy(update={"tasks": (replace(task, steps=steps),)}))
    assert run.run() is Standing.HELD
    states = {place[1]: attempt.state for place, attempt in run.scheduler.runs["db"].attempts.items()}
    assert states == {"db-0": StepState.OK, "db-2": StepState.OK}
    do_by_hand(run)
    assert run.run(decisions=(said("db", "done"),)) is Standing.DONE


@pytest.mark.parametrize("word", ["done", "skip", "hold"])
def test_a_word_whose_consequence_was_lost_is_followed_by_the_next_process(word: str) -> None:
    plan = one_task("stop")
    scheduler = Scheduler(plan)
    for event in (said("db", word), Resumed(by="o", version="0")):
        scheduler.replay(event, 1.0)
    scheduler.advance(2.0)
    assert scheduler.runs["db"].state is {"done": S.DONE, "skip": S.SKIPPED, "hold": S.HELD}[word]

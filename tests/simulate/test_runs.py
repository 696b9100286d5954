"""Whole runs, with a seed: order kept, nothing doubled or lost, every `done` true in the world, resume goes on."""

import random
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.model.events import OperatorDid, StepChanged, TaskChanged
from orchestrator.model.plan import EvidencePolicy, Plan, PlanEvidence, Policy
from orchestrator.model.terms import Action, OnFailure, Proof, StepState, TaskState
from orchestrator.run.scheduler import Standing
from tests.simulate.world import Drive, World, make_plan

CHAIN = {"portal": (), "app": ("portal",), "db": ("app",), "san": ("db",)}


def drive(plan: Plan | None = None, *, seed: int = 1, **world: Any) -> Drive:
    return Drive(World(plan or make_plan(CHAIN), random.Random(seed), **world))


def random_needs(rng: random.Random, count: int) -> dict[str, tuple[str, ...]]:
    names = [f"s{n:02}" for n in range(count)]
    return {name: tuple(sorted(rng.sample(names[:n], min(n, rng.randint(0, 3))))) for n, name in enumerate(names)}


def order_problems(run: Drive) -> list[str]:
    """Every step that began on a task before everything that the task needs was over."""
    ended: set[str] = set()
    needs = {task.id: {need.task for need in task.needs if need.task} for task in run.world.plan.tasks}
    problems = []
    for _, event in run.journal:
        if isinstance(event, TaskChanged) and event.state.is_end:
            ended.add(event.task)
        elif isinstance(event, TaskChanged) and event.state is TaskState.PROBING and not needs[event.task] <= ended:
            problems.append(f"{event.task} began before {needs[event.task] - ended}")
    return problems


def untrue(run: Drive) -> list[str]:
    """Tasks that are done, though the world says otherwise."""
    want_up = run.world.plan.action is Action.RESTORE
    return [
        f"{task.id} on {host}"
        for task in run.world.plan.tasks
        for host in task.hosts
        if run.states()[task.id] in {TaskState.DONE, TaskState.ALREADY}
        and run.world.up[task.system, host] is not want_up
    ]


def test_a_chain_goes_down_in_order_and_is_proven() -> None:
    run = drive()
    assert run.run() is Standing.DONE
    assert order_problems(run) == []
    assert untrue(run) == []
    assert all(task.proof is Proof.PROVEN for task in run.scheduler.runs.values())


def test_a_system_that_is_down_already_gets_no_command() -> None:
    run = drive(up={("app", "app-0"): False})
    assert run.run() is Standing.DONE
    assert run.states()["app"] is TaskState.ALREADY
    assert not any("/app/" in key for key in run.world.done)


def test_only_the_host_that_is_up_gets_steps() -> None:
    run = drive(make_plan({"db": ()}, hosts=3), up={("db", "db-1"): False})
    assert run.run() is Standing.DONE
    assert {key.split("/")[3] for key in run.world.done} == {"db-0", "db-2"}


def test_hosts_go_one_after_the_other_step_by_step() -> None:
    run = drive(make_plan({"db": ()}, hosts=2))
    run.run()
    assert [(verb, host) for _, verb, host in run.world.finished] == [
        ("drain", "db-0"),
        ("drain", "db-1"),
        ("stop", "db-0"),
        ("stop", "db-1"),
    ]


def test_a_failure_holds_what_comes_after_and_goes_on_elsewhere() -> None:
    run = drive(make_plan({**CHAIN, "other": ()}), fails={"app-0"})
    assert run.run() is Standing.STUCK
    assert run.states() == {
        "portal": TaskState.DONE,
        "app": TaskState.FAILED,
        "db": TaskState.WAITING,
        "san": TaskState.WAITING,
        "other": TaskState.DONE,
    }
    assert run.scheduler.dependencies.held_up_by("app") == ("db", "san")


def test_continue_goes_on_past_a_failure() -> None:
    plan = make_plan(CHAIN, policy=Policy(on_failure=OnFailure.CONTINUE))
    run = drive(plan, fails={"app-0"})
    assert run.run() is Standing.STUCK
    assert run.states()["san"] is TaskState.DONE


def test_going_down_a_barrier_does_not_wait_for_what_cannot_move() -> None:
    needs = {"a": (), "b": ("a",), "c": ("order-1",)}
    run = drive(make_plan(needs, barriers={"order-1": ("a", "b")}), fails={"a-0"})
    run.run()
    assert run.states()["c"] is TaskState.DONE


def test_coming_back_a_barrier_waits_for_all() -> None:
    needs = {"a": (), "b": ("a",), "c": ("order-1",)}
    run = drive(make_plan(needs, barriers={"order-1": ("a", "b")}, action=Action.RESTORE), fails={"a-0"})
    run.run()
    assert run.states()["c"] is TaskState.WAITING


def test_a_host_that_cannot_be_reached_fails_with_nothing_sent_and_is_tried_again_by_resume() -> None:
    run = drive(silent={"app-0"})
    assert run.run() is Standing.STUCK
    assert run.states()["app"] is TaskState.FAILED
    assert "Nothing was sent" in (run.scheduler.runs["app"].why or "")
    run.world.silent.clear()
    again = run.resume()
    assert again.run() is Standing.DONE


def test_what_failed_on_the_host_waits_for_a_person() -> None:
    run = drive(fails={"app-0"})
    run.run()
    run.world.fails.clear()
    again = run.resume()
    assert again.run() is Standing.STUCK
    retry = OperatorDid.model_validate({"did": "resolve", "task": "app", "as": "retry", "by": "o", "reason": "mended"})
    assert again.run(decisions=(retry,)) is Standing.DONE


@pytest.mark.parametrize("word", ["done", "skip"])
def test_a_person_can_end_a_task(word: str) -> None:
    run = drive(fails={"app-0"})
    run.run()
    said = OperatorDid.model_validate({"did": "resolve", "task": "app", "as": word, "by": "o", "reason": "by hand"})
    assert run.run(decisions=(said,)) is Standing.DONE
    assert run.states()["san"] is TaskState.DONE


def test_slots_bind_and_are_used() -> None:
    run = drive(make_plan({f"s{n}": () for n in range(40)}, parallel=7))
    assert run.run() is Standing.DONE
    assert run.most_busy == 7


def test_pausing_starts_nothing_new_and_finishes_what_runs() -> None:
    run = drive(make_plan({f"s{n}": () for n in range(9)}, parallel=3))
    run.run(turns=12)
    run.scheduler.told_to_pause = True
    assert run.run() is Standing.PAUSED
    assert {TaskState.WAITING, TaskState.DONE} <= set(run.states().values())
    assert not {TaskState.RUNNING, TaskState.VERIFYING} & set(run.states().values())
    assert run.resume().run() is Standing.DONE


def test_giving_up_makes_unknown_what_runs_and_resume_finds_out() -> None:
    run = drive(make_plan({"s": ()}))
    while not run.world.done:
        run.run(turns=1)
    run.journal += [(run.now, event) for event in run.scheduler.give_up(run.now).events]
    assert isinstance(run.journal[-1][1], StepChanged)
    again = run.resume()
    assert again.run() is Standing.DONE
    assert max(again.world.done.values()) == 1


def test_required_evidence_that_fails_holds_the_task_until_it_is_waived() -> None:
    plan = make_plan({"a": ()}, policy=Policy(evidence=EvidencePolicy(required=True)))
    task = plan.tasks[0]
    piece = PlanEvidence(host="a-0", argv=("evidence", "a", "a-0"), timeout_s=5, name="sockets")
    plan = plan.model_copy(update={"tasks": (replace(task, evidence=(piece,)),)})
    run = drive(plan, lost={"?evidence"})
    assert run.run() is Standing.HELD
    said = OperatorDid.model_validate(
        {"did": "resolve", "task": "a", "as": "waive-evidence", "by": "o", "reason": "disk is dead"}
    )
    assert run.run(decisions=(said,)) is Standing.DONE
    assert run.states()["a"] is TaskState.DONE


@pytest.mark.parametrize("seed", range(150))
def test_lost_connections_double_nothing_and_lose_nothing(seed: int) -> None:
    rng = random.Random(seed)
    action = rng.choice(list(Action))
    plan = make_plan(random_needs(rng, rng.randint(2, 14)), hosts=rng.randint(1, 3), action=action)
    run = drive(plan, seed=seed, trouble=rng.choice([0.0, 0.2, 0.6]))
    standing = run.run()
    assert standing in {Standing.DONE, Standing.STUCK}
    assert order_problems(run) == []
    assert untrue(run) == []
    assert max(run.world.done.values()) == 1


@pytest.mark.parametrize("seed", range(150))
def test_killed_at_any_turn_and_resumed(seed: int) -> None:
    rng = random.Random(seed)
    action = rng.choice(list(Action))
    plan = make_plan(random_needs(rng, rng.randint(2, 10)), hosts=rng.randint(1, 2), action=action)
    run = drive(plan, seed=seed, trouble=rng.choice([0.0, 0.3]))
    for _ in range(rng.randint(1, 4)):
        if run.run(turns=rng.randint(1, 60)) is not Standing.BUSY:
            break
        run = run.resume()
    run.run()
    assert order_problems(run) == []
    assert untrue(run) == []
    assert max(run.world.done.values()) == 1
    intents = [e for _, e in run.journal if isinstance(e, StepChanged) and e.state is StepState.INTENT]
    assert len({(e.task, e.step, e.host, e.attempt) for e in intents}) == len(intents)


@pytest.mark.parametrize("seed", range(20))
def test_the_same_seed_gives_the_same_journal(seed: int) -> None:
    plan = make_plan(random_needs(random.Random(seed), 8))
    one, two = (drive(plan, seed=seed, trouble=0.4) for _ in range(2))
    one.run()
    two.run()
    assert one.journal == two.journal


@pytest.mark.parametrize("seed", range(60))
def test_killed_anywhere_a_run_ends_where_it_ends_undisturbed(seed: int) -> None:
    rng = random.Random(seed)
    plan = make_plan(random_needs(rng, rng.randint(2, 8)), hosts=rng.randint(1, 2), action=rng.choice(list(Action)))
    undisturbed = drive(plan, fails={plan.tasks[rng.randrange(len(plan.tasks))].hosts[0]})
    undisturbed.run()
    run = drive(plan, fails=set(undisturbed.world.fails))
    for _ in range(4):
        if run.run(turns=rng.randint(1, 40), torn=rng) is Standing.BUSY:
            run = run.resume()
    run.run()
    assert run.states() == undisturbed.states()
    assert order_problems(run) == []
    assert untrue(run) == []

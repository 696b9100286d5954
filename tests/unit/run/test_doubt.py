"""What stays in doubt, and what a probe or a receipt says of it: cases that once were answered wrongly (section 6)."""

from dataclasses import replace

import pytest

from orchestrator.model.events import StepChanged, TaskChanged
from orchestrator.model.plan import Plan, PlanProbes, PlanStep
from orchestrator.model.terms import Action, Mode, StepState, TaskState
from orchestrator.run.task_run import TaskRun
from tests.simulate.world import make_plan
from tests.unit.run.played import Played, resolved


def test_after_a_restart_of_the_host_a_retry_knows_its_new_receipt_folder() -> None:
    played = Played(make_plan({"db": ()}), {"stop.1 db-0": "lost, ok", "ask stop.1 db-0": "stale"}).go()
    assert played.trace[-1] == "db unknown"
    played.generation = "g2"
    played.go(resolved("db", "retry"))
    assert played.specs["ask stop.1 db-0"].generation == "g"  # what was sent into the old folder is asked of that
    assert played.specs["stop.1 db-0"].generation == "g2"
    assert played.trace[-1] == "db done (proven)"


@pytest.mark.parametrize(("told", "known"), [((None, "g2"), None), (("g1", "g2"), "g1"), (("g1", None), "g1")])
def test_an_attempt_is_of_the_receipt_folder_that_it_was_sent_into_not_of_one_that_was_seen_when_it_was_asked(
    told: tuple[str | None, str | None], known: str | None
) -> None:
    """Asked in a folder that it never was in, a receipt would call never what was done in the one before."""
    run = TaskRun(make_plan({"db": ()}).tasks[0])
    run.task_changed(TaskChanged(task="db", state=TaskState.PROBING), 0.0)
    for state, generation in ((StepState.INTENT, None), *((StepState.UNKNOWN, one) for one in told)):
        event = StepChanged(task="db", step="stop.1", host="db-0", attempt=1, state=state, generation=generation)
        run.step_changed(event, 1.0)
    assert run.attempts["stop.1", "db-0", None].generation == known


def isolated(verbs: tuple[str, ...], action: Action) -> Plan:
    """One system of which only `state` is asked; `verbs` are its steps, in the phases `poweroff` and `isolate`."""
    made = make_plan({"db": ()}, action=action)
    task = made.tasks[0]
    steps = tuple(
        PlanStep(
            id=f"{'poweroff' if 'power' in verb else 'isolate'}.{n}",
            name=verb,
            host="db-0",
            on_host=None if verb == "drain" else "fw",
            argv=(verb, "db", "db-0"),
            timeout_s=60,
            expect_s=1,
            idempotent=False,
            disconnects="power" in verb,
            changes_state=verb != "drain",
        )
        for n, verb in enumerate(verbs, 1)
    )
    back = action is Action.RESTORE
    task = replace(
        task,
        mode=None if back else Mode.ISOLATE,
        undoes=(Mode.POWEROFF, Mode.ISOLATE) if back else None,
        steps=steps,
        probe=PlanProbes(state=task.probe.state),
    )
    hosts = made.hosts | {"fw": made.hosts["db-0"]}
    return made.model_copy(update={"tasks": (task,), "hosts": hosts})


@pytest.mark.parametrize("lost", ["isolate.1 db-0", "isolate.2 db-0 by fw"])
def test_a_cut_in_doubt_that_no_probe_can_tell_is_unknown(lost: str) -> None:
    plan = isolated(("drain", "cut"), Action.SHUTDOWN)
    assert Played(plan, {}).go().trace[-1] == "db done (unproven)"
    played = Played(plan, {lost: "lost", f"ask {lost}": "stale"}).go()
    assert played.scheduler.runs["db"].state is TaskState.UNKNOWN
    assert "no probe says whether isolate came out" in (played.scheduler.runs["db"].why or "")


def test_what_is_powered_on_while_it_is_still_cut_off_is_not_watched_by_its_port() -> None:
    plan = isolated(("power on", "join"), Action.RESTORE)
    script = {"state db-0": "unreachable, unreachable, well", "port db-0": "silent, answers"}
    played = Played(plan, script).go()
    assert played.trace == [
        "db probing",
        "db running",
        "poweroff.1 db-0 by fw ok",
        "isolate.2 db-0 by fw ok",
        "db verifying",
        "db done (unproven)",
    ]
    assert played.sent == ["poweroff.1 db-0 by fw", "isolate.2 db-0 by fw"]


def test_a_port_that_is_silent_already_is_no_proof_that_the_host_is_off() -> None:
    made = make_plan({"db": ()})
    off = replace(made.tasks[0], mode=Mode.POWEROFF)
    played = Played(made.model_copy(update={"tasks": (off,)}), {"port db-0": "silent"}).go()
    assert played.trace == ["db probing", "db already (unproven)"]

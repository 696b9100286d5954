"""What stays in doubt, and what a probe or a receipt says of it: cases that once were answered wrongly (section 6)."""

from dataclasses import replace

import pytest

from orchestrator.model.events import Probed, StepChanged, TaskChanged
from orchestrator.model.plan import Plan, PlanProbes, PlanStep
from orchestrator.model.terms import Action, Found, Mode, ProbeKind, StepState, TaskState
from orchestrator.run.steps import due_steps
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


def test_a_port_that_is_silent_for_a_moment_is_no_power_off_that_was_never_begun() -> None:
    task = make_plan({"db": ()}).tasks[0]
    drain, off = (replace(step, id=step.id.replace("stop", "poweroff")) for step in task.steps)
    task = replace(task, mode=Mode.POWEROFF, steps=(drain, replace(off, disconnects=True)))
    plan = make_plan({"db": ()}).model_copy(update={"tasks": (task,)})
    script = {"poweroff.1 db-0": "lost", "ask poweroff.1 db-0": "stale", "port db-0": "answers, silent"}
    played = Played(plan, script).go()
    assert "poweroff.2 db-0" not in played.sent
    assert played.scheduler.runs["db"].state is TaskState.UNKNOWN
    assert "no probe says whether poweroff came out" in (played.scheduler.runs["db"].why or "")
    assert Played(plan, {"port db-0": "answers, silent"}).go().trace[-1] == "db done (unproven)"


def test_what_force_switched_off_gets_no_graceful_steps_from_a_retry() -> None:
    task = make_plan({"db": ()}, hosts=2).tasks[0]
    force = tuple(replace(s, id="force.1", on_host="fw", leaves=Mode.POWEROFF) for s in task.steps if s.id == "stop.2")
    run = TaskRun(replace(task, force=force, serial=False))
    run.task_changed(TaskChanged(task="db", state=TaskState.PROBING), 0.0)
    run.task_changed(TaskChanged(task="db", state=TaskState.RUNNING, rung="force"), 0.0)
    for host, state in (("db-0", StepState.OK), ("db-1", StepState.FAILED)):
        run.step_changed(StepChanged(task="db", step="force.1", host=host, on_host="fw", attempt=1, state=state), 1.0)
    run.task_changed(TaskChanged(task="db", state=TaskState.FAILED), 2.0)
    run.operator_did(resolved("db", "retry"), 3.0)
    run.task_changed(TaskChanged(task="db", state=TaskState.PROBING), 4.0)
    run.probed(Probed(task="db", host="db-0", probe=ProbeKind.PORT, found=Found.SILENT), 5.0)
    run.probed(Probed(task="db", host="db-1", probe=ProbeKind.STATE, found=Found.ONLINE), 5.0)
    run.task_changed(TaskChanged(task="db", state=TaskState.RUNNING), 6.0)
    assert [(step.id, step.host) for step in due_steps(run)] == [("stop.1", "db-1")]


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


def test_after_an_isolation_is_lifted_a_host_that_still_starts_is_waited_for() -> None:
    plan = isolated(("power on", "join"), Action.RESTORE)
    task = plan.tasks[0]
    start = replace(task.steps[0], id="stop.3", name="start", on_host=None, disconnects=False)
    task = replace(task, steps=(*task.steps, start), undoes=(Mode.POWEROFF, Mode.ISOLATE, Mode.STOP))
    script = {
        "state db-0": "unreachable, well",
        "port db-0": "silent, answers",
        "port:comes back db-0": "silent, silent, answers",
    }
    played = Played(plan.model_copy(update={"tasks": (task,)}), script).go()
    began = {e.step: at for at, e in played.events if isinstance(e, StepChanged) and e.state is StepState.INTENT}
    assert began["stop.3"] >= began["isolate.2"] + 1 + 2 * 2  # two silent answers, 2 s apart
    assert played.trace[-1] == "db done (unproven)"

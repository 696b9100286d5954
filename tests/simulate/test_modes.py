"""One system, every mode, down and back: what proves it, what leaves it in doubt (contract section 6, "Wanted")."""

import random
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.model.plan import Plan, PlanHost, PlanProbe, PlanProbes, PlanStep
from orchestrator.model.terms import Action, Mode, Platform, Proof, TaskState
from orchestrator.run.scheduler import Standing
from tests.simulate.world import OFFLINE, ONLINE, Drive, World, make_plan

VERBS = {
    Mode.STOP: ("stop", "start"),
    Mode.ISOLATE: ("cut", "join"),
    Mode.POWEROFF: ("poweroff", "poweron"),
}


def probe(verb: str) -> tuple[PlanProbe, ...]:
    return (PlanProbe(host="db-0", on_host="carrier", argv=(verb, "db", "db-0"), timeout_s=15, yes=ONLINE, no=OFFLINE),)


def step(mode: Mode, action: Action) -> PlanStep:
    verb = VERBS[mode][action is Action.RESTORE]
    off = mode is Mode.POWEROFF
    return PlanStep(
        id=f"{mode}.1",
        name=verb,
        host="db-0",
        on_host="carrier" if verb in {"cut", "join", "poweron"} else None,
        argv=(verb, "db", "db-0"),
        timeout_s=20,
        expect_s=2,
        idempotent=False,
        disconnects=off,
        changes_state=True,
    )


def one(
    *modes: Mode, action: Action = Action.SHUTDOWN, isolation: bool = True, power: bool = True, **world: Any
) -> Drive:
    """A run of one system on one host; `isolation` and `power` say whether it has these probes."""
    plan = make_plan({"db": ()}, action=action)
    task = plan.tasks[0]
    down = action is Action.SHUTDOWN
    task = replace(
        task,
        mode=modes[0] if down else None,
        undoes=None if down else modes,
        steps=tuple(step(mode, action) for mode in modes),
        probe=PlanProbes(
            state=task.probe.state,
            isolation=probe("isolation") if isolation else (),
            poweroff=probe("power") if power else (),
        ),
    )
    carrier = PlanHost(address="carrier", port=22, user="orch", platform=Platform.LINUX)
    plan = Plan.model_validate(plan.model_dump() | {"tasks": (task,), "hosts": {**plan.hosts, "carrier": carrier}})
    return Drive(World(plan, random.Random(1), **world))


DOWN = [
    ("stop", one(Mode.STOP), TaskState.DONE, Proof.PROVEN),
    ("isolate", one(Mode.ISOLATE), TaskState.DONE, Proof.PROVEN),
    ("isolate without a probe", one(Mode.ISOLATE, isolation=False), TaskState.DONE, Proof.UNPROVEN),
    ("poweroff", one(Mode.POWEROFF), TaskState.DONE, Proof.PROVEN),
    ("poweroff, by its port", one(Mode.POWEROFF, power=False), TaskState.DONE, Proof.UNPROVEN),
    ("poweroff, carrier silent", one(Mode.POWEROFF, lost={"?poweroff"}), TaskState.DONE, Proof.UNPROVEN),
    ("stop that lies", one(Mode.STOP, liars={"db-0"}), TaskState.FAILED, None),
    ("isolate that lies", one(Mode.ISOLATE, liars={"db-0"}), TaskState.FAILED, None),
    ("poweroff that lies", one(Mode.POWEROFF, liars={"db-0"}), TaskState.UNKNOWN, None),
    ("poweroff that lies, by its port", one(Mode.POWEROFF, power=False, liars={"db-0"}), TaskState.UNKNOWN, None),
    ("already stopped", one(Mode.STOP, up={("db", "db-0"): False}), TaskState.ALREADY, None),
    ("already isolated", one(Mode.ISOLATE, cut={"db-0"}), TaskState.ALREADY, None),
    ("already off", one(Mode.POWEROFF, off={"db-0"}), TaskState.ALREADY, None),
]


@pytest.mark.parametrize(("run", "state", "proof"), [case[1:] for case in DOWN], ids=[case[0] for case in DOWN])
def test_going_down(run: Drive, state: TaskState, proof: Proof | None) -> None:
    run.run()
    task = run.scheduler.runs["db"]
    assert (task.state, task.proof) == (state, proof), task.why


def back(*modes: Mode, **world: Any) -> Drive:
    """The way back from `modes`, which are listed in the order they are undone."""
    down = {
        "up": {("db", "db-0"): not {Mode.STOP, Mode.POWEROFF} & set(modes)},
        "cut": {"db-0"} if Mode.ISOLATE in modes else set(),
        "off": {"db-0"} if Mode.POWEROFF in modes else set(),
    }
    return one(*modes, action=Action.RESTORE, **(down | world))


BACK = [
    ("stop", back(Mode.STOP), TaskState.DONE),
    ("isolate", back(Mode.ISOLATE), TaskState.DONE),
    ("poweroff", back(Mode.POWEROFF), TaskState.DONE),
    # Still cut off when it boots: its carrier says that it runs, which settles the power-on.
    ("poweroff then isolate", back(Mode.POWEROFF, Mode.ISOLATE), TaskState.DONE),
    ("isolate then poweroff", back(Mode.ISOLATE, Mode.POWEROFF), TaskState.DONE),
    ("found up", back(Mode.STOP, up={("db", "db-0"): True}), TaskState.ALREADY),
    ("start that lies", back(Mode.STOP, liars={"db-0"}), TaskState.FAILED),
]


@pytest.mark.parametrize(("run", "state"), [case[1:] for case in BACK], ids=[case[0] for case in BACK])
def test_coming_back(run: Drive, state: TaskState) -> None:
    run.run()
    task = run.scheduler.runs["db"]
    assert task.state is state, task.why
    if state is TaskState.DONE:
        assert task.proof is Proof.PROVEN
        assert run.scheduler.standing() is Standing.DONE

"""A plan file whose parts do not fit together is no plan: nothing is read out of it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from orchestrator.model.errors import UsageError
from orchestrator.model.plan import Need, Plan
from orchestrator.model.protocol import Protocol
from orchestrator.model.terms import Reason
from orchestrator.plan.file import parse_plan, plan_bytes
from orchestrator.plan.sound import unsound
from tests.builders import down, workspace
from tests.unit.plan.changed_plans import HOST, TASK, WHOLE, changed
from tests.unit.plan.test_properties import estates

FIRST = WHOLE.tasks[0]


def with_task(**update: Any) -> Plan:
    return WHOLE.model_copy(update={"tasks": (FIRST, replace(TASK, **update))})


def with_plan(**update: Any) -> Plan:
    return WHOLE.model_copy(update=update)


def waiting_for(**need: Any) -> Plan:
    return with_task(needs=(Need(reason=Reason.REQUIRES, source="x:1", **need),))


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (WHOLE, ""),
        (with_plan(tasks=(FIRST, TASK, TASK)), "task b stands in it twice"),
        (with_plan(gates=WHOLE.gates * 2), "gate declare all stands in it twice"),
        (with_plan(barriers=WHOLE.barriers * 2), "barrier order-1 stands in it twice"),
        (waiting_for(task="z"), "task b waits for z, which is no task of it"),
        (waiting_for(barrier="z"), "task b waits for z, which is no barrier of it"),
        (waiting_for(), "task b has a need that names not one thing, a task or a barrier"),
        (
            waiting_for(task="a", barrier="order-1"),
            "task b has a need that names not one thing, a task or a barrier",
        ),
        (
            with_plan(barriers=(changed(WHOLE.barriers[0], needs=("z",)),)),
            "barrier order-1 names z, which is no task",
        ),
        (
            with_plan(gates=(changed(WHOLE.gates[0], tasks=("z",)),)),
            "gate declare names z, which is no task",
        ),
        (with_task(hosts=("z",)), "task b is on host z, which does not stand in it"),
        (with_task(hosts=("-",)), ""),
        (
            with_task(steps=(replace(TASK.steps[0], on_host="z"),)),
            "task b is on host z, which does not stand in it",
        ),
        (with_plan(hosts={"h": HOST}), "host h is reached through gate, which does not stand in it"),
        (with_task(estimate_s=float("nan")), "task b takes no length of time"),
        (with_task(steps=(replace(TASK.steps[0], expect_s=float("inf")),)), "task b takes no length of time"),
        (
            with_plan(estimate=changed(WHOLE.estimate, seconds=float("inf"))),
            "its estimate is no length of time",
        ),
    ],
)
def test_unsound(plan: Plan, says: str) -> None:
    assert unsound(plan) == says


def test_a_file_that_is_unsound_is_refused_with_what_is_wrong() -> None:
    document = json.loads(plan_bytes(WHOLE))
    document["tasks"].append(document["tasks"][1])

    with pytest.raises(UsageError, match=r"night\.json is no plan that orch wrote: task b stands in it twice\."):
        parse_plan(json.dumps(document).encode(), "night.json")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(estates())
def test_what_orch_plans_is_sound(one: tuple[str, Protocol]) -> None:
    assert unsound(down(workspace(one[0], protocol=one[1]))) == ""

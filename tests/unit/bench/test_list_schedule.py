"""The bound that runs are held against is right by hand, and orch's core does not beat or miss it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import makespan_worker, virtual_run
from bench.list_schedule import Takes, bound_of, takes_of
from bench.measure import ROOT
from bench.plans import shutdown_of
from orchestrator.model.plan import Need, Plan
from orchestrator.model.terms import Reason
from orchestrator.workspace.init import write_example
from orchestrator.workspace.loader import load
from tests.unit.bench.small_plans import plan_of

ABCD: dict[str, tuple[str, ...]] = {"a": (), "b": (), "c": (), "d": ()}
ONE = Takes(0.0, 0.0, 1.0)

BY_HAND: dict[str, tuple[dict[str, Any], dict[str, Takes], float]] = {
    "one after another": ({"needs": {"a": (), "b": ("a",), "c": ("b",)}}, {}, 3.0),
    "side by side": ({"needs": ABCD}, {}, 1.0),
    "two slots": ({"needs": ABCD, "parallel": 2}, {}, 2.0),
    "a slot that is free early": ({"needs": ABCD, "parallel": 2}, {"a": Takes(0, 0, 3)}, 3.0),
    "the long one last, as it stands": ({"needs": ABCD, "parallel": 2}, {"d": Takes(0, 0, 3)}, 4.0),
    "the long one first, by priority": (
        {"needs": ABCD, "parallel": 2, "priority": {"d": 90}},
        {"d": Takes(0, 0, 3)},
        3.0,
    ),
    "a full zone, overtaken": (
        {"needs": ABCD, "parallel": 2, "zones": {"a": "z", "b": "z"}, "zone_parallel": {"z": 1}},
        {},
        2.0,
    ),
    "a zone without a limit": ({"needs": ABCD, "zones": dict.fromkeys("abcd", "z")}, {}, 1.0),
    "a barrier": (
        {"needs": {"a": (), "b": (), "c": ("order-1",), "d": ()}, "barriers": {"order-1": ("a", "b")}},
        {"b": Takes(0, 0, 2)},
        3.0,
    ),
    "evidence is kept while one waits": (
        {"needs": {"a": (), "b": ("a",)}},
        {"a": Takes(0, 0, 5), "b": Takes(1, 4, 1)},
        7.0,
    ),
    "evidence that is not done when one's turn comes": (
        {"needs": {"a": (), "b": ("a",)}},
        {"a": Takes(0, 0, 2), "b": Takes(1, 4, 1)},
        5.0,
    ),
    "evidence of one that starts at once": ({"needs": {"a": ()}}, {"a": Takes(1, 4, 1)}, 6.0),
    "evidence has as many slots as work": (
        {"needs": {"a": (), "b": ("a",), "c": ("a",)}, "parallel": 1},
        {"a": Takes(0, 0, 4), "b": Takes(0, 4, 1), "c": Takes(0, 4, 1)},
        9.0,  # of c from 4 on, kept as b ends; it starts at 5 and waits until 8
    ),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_by_hand(what: str) -> None:
    asked, takes, seconds = BY_HAND[what]
    plan = plan_of(**asked)
    bound = bound_of(plan, {task.id: takes.get(task.id, ONE) for task in plan.tasks})
    assert bound.makespan == seconds
    assert bound.floor <= bound.makespan


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("workspace") / "example"
    write_example(root)
    return root


def test_a_run_takes_what_the_bound_says(example: Path) -> None:
    cases = list(makespan_worker.cases_of(example))
    assert len(cases) == 6
    for case in cases:
        assert case.run == pytest.approx(case.bound)
        assert case.floor <= case.bound * 1.000001


@pytest.fixture(scope="module")
def shipped() -> Plan:
    return shutdown_of(load(ROOT))


@pytest.mark.parametrize("how", ["one at a time", "one after another", "another order"])
def test_a_run_that_is_slower_shows(how: str, shipped: Plan) -> None:
    seconds = virtual_run.durations(shipped)
    few = shipped.model_copy(update={"policy": shipped.policy.model_copy(update={"parallel": 4})})
    bound = bound_of(few, {task.id: takes_of(task, seconds) for task in few.tasks})
    assert virtual_run.run(few, seconds).makespan == pytest.approx(bound.makespan)
    assert virtual_run.run(_slower(few, how), seconds).makespan > bound.makespan * 1.01


def _slower(plan: Plan, how: str) -> Plan:
    ids = [task.id for task in plan.tasks]
    match how:
        case "one at a time":
            return plan.model_copy(update={"policy": plan.policy.model_copy(update={"parallel": 1})})
        case "one after another":
            before = [(), *((Need(task=id, reason=Reason.AFTER, source="t:1"),) for id in ids)]
            tasks = [replace(task, needs=(*task.needs, *need)) for task, need in zip(plan.tasks, before, strict=False)]
        case _:  # what was ready first goes last
            tasks = [replace(task, priority=n) for n, task in enumerate(plan.tasks)]
    return plan.model_copy(update={"tasks": tuple(tasks)})

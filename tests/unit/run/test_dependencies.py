"""Needs, barriers and what is stuck (contract sections 4, 6), counted down as tasks move."""

from dataclasses import replace

import pytest

from orchestrator.model.plan import Policy
from orchestrator.model.terms import Action, OnFailure, TaskState
from orchestrator.run.dependencies import Dependencies
from orchestrator.run.ready import Ready
from tests.simulate.world import make_plan

S = TaskState
NEEDS = {"a": (), "b": ("a",), "c": (), "d": ("order-1",)}
DOWN, UP = Action.SHUTDOWN, Action.RESTORE
HOLD, GO_ON = OnFailure.HOLD, OnFailure.CONTINUE


def deps(action: Action = DOWN, policy: OnFailure = HOLD) -> Dependencies:
    """`b` needs `a`; `d` stands behind a barrier of all others."""
    barriers: dict[str, tuple[str, ...]] = {"order-1": ("a", "b", "c")}
    return Dependencies(make_plan(NEEDS, action=action, barriers=barriers, policy=Policy(on_failure=policy)))


CASES = [
    (DOWN, HOLD, "", "a c"),
    (DOWN, HOLD, "a=done", "b c"),
    (DOWN, HOLD, "a=already c=skipped", "b"),
    (DOWN, HOLD, "a=done b=done c=done", "d"),
    (DOWN, HOLD, "a=failed", "c"),
    (DOWN, HOLD, "a=failed c=done", "d"),  # what can't move keeps nobody up: a itself, nor b that waits for it
    (DOWN, HOLD, "a=unknown c=done", "d"),
    (DOWN, HOLD, "a=held c=done", "d"),
    (DOWN, HOLD, "a=failed c=running", ""),
    (DOWN, HOLD, "a=failed c=done a=waiting", "a"),  # a retry: the barrier is closed again
    (DOWN, HOLD, "a=failed c=done a=held", "d"),
    (DOWN, GO_ON, "a=failed", "b c"),
    (DOWN, GO_ON, "a=failed a=held c=done", "d"),  # held is not passed over, and b is stuck behind it
    (DOWN, GO_ON, "a=held c=done", "d"),
    (UP, HOLD, "a=failed c=done", ""),
    (UP, HOLD, "a=held c=done", ""),
    (UP, HOLD, "a=skipped b=skipped c=already", "d"),
    (UP, GO_ON, "a=failed b=unknown c=done", "d"),
]


@pytest.mark.parametrize(("action", "policy", "moves", "ready"), CASES)
def test_what_is_ready(action: Action, policy: OnFailure, moves: str, ready: str) -> None:
    these = deps(action, policy)
    these.take_ready()
    for move in moves.split():
        task, state = move.split("=")
        these.change(task, S(state))
    assert [task for task in NEEDS if these.is_ready(task)] == ready.split()


def test_what_a_skipped_task_held_up_can_move_again_and_counts_for_its_barrier() -> None:
    needs = {"a": (), "b": ("a",), "c": ("b",), "d": ("order-1",)}
    these = Dependencies(make_plan(needs, barriers={"order-1": ("a", "b", "c")}))
    these.change("a", S.FAILED)
    assert these.is_ready("d")
    these.change("b", S.SKIPPED)
    assert (these.is_ready("c"), these.is_ready("d")) == (True, False)


def gated(action: Action, gates: dict[str, tuple[str, ...]], opened: str) -> list[str]:
    """Which of `a`, `b` (needs a), `c`, `d` (behind a barrier of the others) are ready once `opened` gates are open."""
    plan = make_plan(NEEDS, action=action, barriers={"order-1": ("a", "b", "c")})
    plan = plan.model_copy(update={"tasks": tuple(replace(t, gates=gates.get(t.id, ())) for t in plan.tasks)})
    these = Dependencies(plan)
    for word in opened.split():
        these.set_gate(word.strip("-"), is_open=not word.startswith("-"))
    return [task for task in NEEDS if these.is_ready(task)]


@pytest.mark.parametrize(
    ("action", "gates", "opened", "ready"),
    [
        (DOWN, {"a": ("go",), "c": ("go",)}, "", "d"),  # what a gate holds keeps nobody up on the way down
        (DOWN, {"a": ("go",), "c": ("go",)}, "go", "a c"),
        (DOWN, {"a": ("go",), "c": ("go",)}, "go -go", "d"),
        (DOWN, {"a": ("go", "each:system=a")}, "go", "c"),
        (DOWN, {"a": ("go", "each:system=a")}, "go each:system=a", "a c"),
        (UP, {"a": ("go",), "c": ("go",)}, "", ""),
        (UP, {"d": ("go",)}, "go", "a c"),
    ],
)
def test_gates(action: Action, gates: dict[str, tuple[str, ...]], opened: str, ready: str) -> None:
    assert gated(action, gates, opened) == ready.split()


@pytest.mark.parametrize(("action", "held"), [(DOWN, ("b",)), (UP, ("b", "d"))])
def test_what_a_failure_holds_up(action: Action, held: tuple[str, ...]) -> None:
    these = deps(action)
    these.change("a", S.FAILED)
    assert these.held_up_by("a") == held
    assert set(these.movable()) == {"a", "b", "c", "d"} - {"a", *held}
    these.change("a", S.WAITING)
    assert set(these.movable()) == {"a", "b", "c", "d"}


def test_under_continue_a_failure_holds_nobody_up() -> None:
    these = deps(UP, GO_ON)
    these.change("a", S.FAILED)
    assert these.held_up_by("a") == ()


def started(zones: dict[str, str], limits: dict[str, int], busy: str = "", priority: str = "") -> list[str]:
    """Which tasks start, in order, where all are ready at once."""
    rank = {task: (-(task in priority.split()), n) for n, task in enumerate(zones)}
    ready = Ready(limits, {task: tuple(text.split()) for task, text in zones.items()}, rank)
    for task in zones:
        if task in busy.split():
            ready.occupy(task, 1)
        else:
            ready.add(task)
    order: list[str] = []
    while (first := ready.pop(lambda _: True)) is not None:
        ready.occupy(first, 1)
        order.append(first)
    return order


@pytest.mark.parametrize(
    ("zones", "limits", "busy", "priority", "order"),
    [
        ({"a": "", "b": "x"}, {}, "", "", "a b"),
        ({"a": "x", "b": "x", "c": "y"}, {"x": 1}, "", "", "a c"),
        ({"a": "x", "b": "x", "c": ""}, {"x": 1}, "", "b", "b c"),
        ({"a": "x", "b": "x"}, {"x": 1}, "a", "", ""),
        # b stands in both, and only y is full: x is kept for it, or others would take turns in front of it for ever
        ({"a": "y", "b": "x y", "c": "x"}, {"x": 1, "y": 1}, "a", "b", ""),
        ({"a": "y", "b": "x y", "c": "x"}, {"x": 2, "y": 1}, "a", "b", "c"),
        ({"a": "y", "b": "x y", "c": "x"}, {"x": 1, "y": 1}, "a", "c", "c"),
    ],
)
def test_zones(zones: dict[str, str], limits: dict[str, int], busy: str, priority: str, order: str) -> None:
    assert started(zones, limits, busy, priority) == order.split()

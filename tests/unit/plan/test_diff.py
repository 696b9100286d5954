"""What two plans differ in: tasks, why they moved, commands in pairs, needs; fresh by the word of `freshness` alone."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from orchestrator.model.plan import Plan, PlanStep
from orchestrator.model.protocol import Protocol
from orchestrator.model.terms import Mode
from orchestrator.plan.diff import diff, headline
from orchestrator.plan.diff_commands import CommandChange
from orchestrator.plan.freshness import differences, need_key
from tests.builders import back, down, playbook, protocol, step, taken_down, workspace
from tests.unit.plan.changed_plans import TASK, WHOLE
from tests.unit.plan.test_properties import estates

TEXT = "portal requires app\napp requires db\ndb on d\nother on o"


def plan(extra: str = "", **more: object) -> Plan:
    return down(workspace(f"{TEXT}\n{extra}", **more))  # type: ignore[arg-type]


def moves(old: Plan, again: Plan) -> list[str]:
    said = []
    for one in diff(old, again).moved:
        cause = one.cause
        why = f"{cause.task} {'+' if cause.gained else '-'} {cause.other} {cause.need.reason}" if cause else "?"
        said.append(f"{one.task} {one.before}->{one.after}: {why}")
    return said


# --- headline


@pytest.mark.parametrize(
    ("old", "again", "says"),
    [
        (plan(), plan(), "no difference"),
        (plan(), down(workspace("\n" + TEXT)), "no difference that matters, of 4 tasks"),
        (plan(), plan("cache requires db"), "1 added, of 4 tasks"),
        (plan("cache requires db"), plan(), "1 gone, of 5 tasks"),
        (plan(), plan("db requires other"), "1 moved, of 4 tasks; other needs"),
        (plan(), plan("db priority 70"), "other settings of tasks, of 4 tasks"),
        (plan(), plan(protocol=replace(protocol(), parallel=3)), "other rules, of 4 tasks"),
        (
            plan(),
            plan(playbooks=[playbook(shutdown={Mode.STOP: (step("halt", "halt"),)})]),
            "4 with other commands, of 4 tasks",
        ),
        (plan(), plan(keys=False), "2 hosts with another key, of 4 tasks"),
        (
            plan(),
            back(workspace(TEXT), taken_down("db")),
            "different actions: a shutdown of 4 systems, and a restore of 1 system",
        ),
        (
            plan(),
            down("x on y"),
            "nothing in common: a shutdown of 4 systems, and a shutdown of 1 system, none of them the same",
        ),
    ],
)
def test_headline(old: Plan, again: Plan, says: str) -> None:
    assert headline(diff(old, again)) == says


# --- why a task moved


@pytest.mark.parametrize(
    ("old", "again", "says"),
    [
        ("", "top requires portal", ["portal 1->2: portal + top", "app 2->3: portal + top", "db 3->4: portal + top"]),
        ("top requires portal", "", ["portal 2->1: portal - top", "app 3->2: portal - top", "db 4->3: portal - top"]),
        ("", "db requires other", ["other 1->4: other + db"]),
        ("", "portal requires db", []),  # one need more, and nothing moves
        ("", "other2 requires other\nother requires db", ["other 1->2: other + other2"]),
        (
            "",
            "portal requires other\nother requires app",
            ["other 1->2: other + portal", "app 2->3: app + other", "db 3->4: app + other"],
        ),
        (
            "other requires portal",
            "db requires other",
            [
                "portal 2->1: portal - other",
                "app 3->2: portal - other",
                "db 4->3: portal - other",
                "other 1->4: other + db",
            ],
        ),
    ],
)
def test_moved(old: str, again: str, says: list[str]) -> None:
    assert [one.replace(" requires", "") for one in moves(plan(old), plan(again))] == says


def test_moved_by_a_barrier() -> None:
    ordered = protocol(shutdown=["portal", "other"])

    assert moves(plan(), plan(protocol=ordered)) == ["other 1->2: other + portal protocol"]
    assert moves(plan(protocol=ordered), plan()) == ["other 2->1: other - portal protocol"]


def test_moved_since_something_came_before_the_barrier() -> None:
    before, after = protocol(shutdown=["portal", "other"]), protocol(shutdown=["portal app", "other"])

    assert moves(plan(protocol=before), plan(protocol=after)) == ["other 2->3: other + app protocol"]


# --- commands


def _steps(*names: str) -> tuple[PlanStep, ...]:
    base = TASK.steps[0]
    return tuple(replace(base, id=f"stop.{n}", name=name, argv=(name,)) for n, name in enumerate(names, 1))


def _changed(before: tuple[PlanStep, ...], after: tuple[PlanStep, ...]) -> list[tuple[str, str]]:
    old, again = (
        WHOLE.model_copy(update={"tasks": (replace(TASK, steps=steps, needs=()),)}) for steps in (before, after)
    )
    found = diff(old, again)
    assert found.fresh == (before == after)
    return [_said(one) for one in found.commands]


def _said(one: CommandChange) -> tuple[str, str]:
    before, after = (f"{item.id} {item.name}" if isinstance(item, PlanStep) else "" for item in (one.before, one.after))
    return before, after


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (_steps("stop"), _steps("stop"), []),
        (_steps("stop"), _steps("halt"), [("stop.1 stop", "stop.1 halt")]),
        (_steps("stop", "mask"), _steps("drain", "stop", "mask"), [("", "stop.1 drain")]),
        (_steps("drain", "stop", "mask"), _steps("stop", "mask"), [("stop.1 drain", "")]),
        (_steps("stop", "mask"), _steps("stop", "halt", "mask"), [("", "stop.2 halt")]),
        # one more, and the other changed: by name they find each other
        (
            _steps("stop"),
            tuple(replace(one, timeout_s=9) for one in _steps("drain", "stop")),
            [("", "stop.1 drain"), ("stop.1 stop", "stop.2 stop")],
        ),
        (_steps("stop", "mask"), _steps("mask", "stop"), [("", "stop.1 mask"), ("stop.2 mask", "")]),
        # nothing but the number: that is then what is shown
        (_steps("stop"), tuple(replace(one, id="stop.4") for one in _steps("stop")), [("stop.1 stop", "stop.4 stop")]),
    ],
)
def test_commands_are_paired_whatever_their_number(
    before: tuple[PlanStep, ...], after: tuple[PlanStep, ...], says: list[tuple[str, str]]
) -> None:
    assert _changed(before, after) == says


# --- against the plainest reading, on random estates


@settings(max_examples=60, deadline=None, derandomize=True)
@given(estates(), estates())
def test_the_parts_add_up(one: tuple[str, Protocol], other: tuple[str, Protocol]) -> None:
    old, again = (down(workspace(text, protocol=rules)) for text, rules in (one, other))
    found = diff(old, again)
    before, after = ({task.id: task for task in each.tasks} for each in (old, again))
    both = before.keys() & after.keys()

    assert found.fresh == (not differences(old, again))
    assert {task.id for task in found.added} == after.keys() - before.keys()
    assert {task.id for task in found.gone} == before.keys() - after.keys()
    assert {one.task for one in found.moved} == {id for id in both if before[id].stage != after[id].stage}
    for id in both:
        old_needs, new_needs = ({need_key(need) for need in each[id].needs} for each in (before, after))
        said = {(need_key(each.need), each.gained) for each in found.needs if each.task == id}
        assert said == {(key, True) for key in new_needs - old_needs} | {(key, False) for key in old_needs - new_needs}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(estates(), estates())
def test_every_move_has_a_cause_and_it_is_true(one: tuple[str, Protocol], other: tuple[str, Protocol]) -> None:
    old, again = (down(workspace(text, protocol=rules)) for text, rules in (one, other))

    def waits(plan: Plan, task: str) -> set[tuple[str, str]]:
        members = {barrier.id: barrier.needs for barrier in plan.barriers}
        needs = next((each.needs for each in plan.tasks if each.id == task), ())
        return {
            (id, need.reason)
            for need in needs
            for id in (members[need.barrier] if need.barrier else (need.task or "",))
        }

    for move in diff(old, again).moved:
        cause = move.cause
        assert cause is not None
        assert cause.gained == (move.after > move.before)
        late, early = (again, old) if cause.gained else (old, again)
        assert (cause.other, cause.need.reason) in waits(late, cause.task)
        assert (cause.other, cause.need.reason) not in waits(early, cause.task)


def test_a_restore_is_compared_like_a_shutdown() -> None:
    estate = taken_down("portal", "app", "db")
    old, again = back(workspace(TEXT), estate), back(workspace(TEXT), estate, "app")

    found = diff(old, again)
    assert [task.id for task in found.gone] == ["portal"]
    assert not found.moved
    assert headline(found) == "1 gone, of 3 tasks"

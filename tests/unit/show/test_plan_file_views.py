"""What a difference of plans shows: all that matters, in its direction; harmless and bounded, whatever a file says."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len

from orchestrator.graph.plan_waits import PlanWaits
from orchestrator.model.plan import Plan, PlanStep
from orchestrator.plan.diff import diff
from orchestrator.show.layout import Line
from orchestrator.show.plan_diff_view import SCREEN, diff_lines
from orchestrator.show.plan_documents import diff_document, task_document
from orchestrator.show.plan_task_view import task_lines
from tests.unit.plan.changed_plans import DOES_NOT, MATTERS, TASK, WHOLE, cases, changed
from tests.unit.show.fixtures import HOSTILE, hostile
from tests.unit.show.plan_file_screens import a_day_later, whole_night
from tests.unit.show.screens import text

QUIET = "What does not matter"


def name_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def page(old: Plan, again: Plan) -> str:
    return text(diff_lines(diff(old, again), 80, room=None))


@pytest.mark.parametrize(("name", "again"), cases(MATTERS), ids=name_of)
def test_what_matters_stands_on_the_page_with_its_direction(name: str, again: Plan) -> None:
    there, back = page(WHOLE, again), page(again, WHOLE)

    assert there.split(QUIET)[0] != back.split(QUIET)[0]


@pytest.mark.parametrize(("name", "again"), cases(DOES_NOT), ids=name_of)
def test_what_does_not_matter_stands_below_that_title_or_nowhere(name: str, again: Plan) -> None:
    first, *rest = page(WHOLE, again).split(QUIET)

    assert first.splitlines()[0] == "no difference that matters, of 2 tasks"
    silent = {"Plan.id", "Plan.created_at", "Plan.author", "Plan.request"}  # of the plan's name, or said above
    assert bool(rest) == (name not in silent | {"PlanTask.stage"})


def _many(number: int) -> Plan:
    """A plan of so many tasks like the fixture's."""
    tasks = tuple(
        replace(TASK, id=f"t{n}", system=f"t{n}", needs=(), steps=(replace(TASK.steps[0], argv=("stop", str(n))),))
        for n in range(number)
    )
    return WHOLE.model_copy(update={"tasks": tasks, "barriers": (), "gates": ()})


@pytest.mark.parametrize(
    ("old", "again"),
    [
        (WHOLE, _many(500)),
        (_many(500), WHOLE.model_copy(update={"tasks": (*WHOLE.tasks, *_many(3).tasks)})),
        (whole_night(), a_day_later()),
        (_many(500), _many(500).model_copy(update={"tasks": tuple(replace(t, steps=()) for t in _many(500).tasks)})),
    ],
)
@pytest.mark.parametrize("width", [40, 80, 160])
def test_a_difference_fits_a_screen_and_says_what_is_left_out(old: Plan, again: Plan, width: int) -> None:
    lines = diff_lines(diff(old, again), width)

    assert len(lines) <= SCREEN + (30 if width == 40 else 12)
    assert all(cell_len(each.plain) <= width for each in lines)


def test_all_shows_every_one() -> None:
    lines = text(
        diff_lines(diff(WHOLE, WHOLE.model_copy(update={"tasks": (*WHOLE.tasks, *_many(300).tasks)})), 80, room=None)
    )

    assert all(f"+ t{n} " in lines for n in range(300))
    assert " more " not in lines


def _stopped_by(*words: str) -> Plan:
    """Systems of one kind, each stopped by its own word."""
    tasks = (
        replace(TASK, id=f"t{n}", system=f"t{n}", needs=(), steps=(replace(TASK.steps[0], argv=(word, f"t{n}")),))
        for n, word in enumerate(words)
    )
    return WHOLE.model_copy(update={"tasks": tuple(tasks), "barriers": (), "gates": ()})


def test_the_same_change_stands_once_and_another_never_hides_among_them() -> None:
    lines = page(_stopped_by(*["stop"] * 4), _stopped_by("halt", "halt", "wipe", "halt"))

    assert lines.count("+ $ halt") == 1
    assert "the same on t1, t3" in lines
    assert "+ $ wipe t2" in lines


# --- hostile files


def _evil_step(**more: Any) -> PlanStep:
    return replace(TASK.steps[0], name=HOSTILE, argv=(HOSTILE, "x" * 100_000), stdin=HOSTILE, **more)


def _evil() -> Plan:
    plan = hostile()
    evil = replace(plan.tasks[0], steps=(_evil_step(),), gates=(HOSTILE,), kind=HOSTILE)
    gates = tuple(changed(gate, id=HOSTILE, approvals={HOSTILE: 1}) for gate in WHOLE.gates)
    barriers = tuple(changed(one, id=HOSTILE, source=HOSTILE) for one in WHOLE.barriers)
    return plan.model_copy(
        update={
            "tasks": (evil, replace(TASK, steps=(_evil_step(manual=HOSTILE),)), WHOLE.tasks[0]),
            "gates": gates,
            "barriers": barriers,
            "hosts": {HOSTILE: changed(WHOLE.hosts["h"], address=HOSTILE, keys=(HOSTILE,) * 50)},
        }
    )


Lines = Callable[[int], list[Line]]


@pytest.mark.parametrize(
    "lines",
    [
        lambda width: diff_lines(diff(WHOLE, _evil()), width),
        lambda width: diff_lines(diff(_evil(), WHOLE), width, room=None),
        lambda width: task_lines(PlanWaits(_evil()), _evil().tasks[0], width, every=True),
        lambda width: task_lines(PlanWaits(_evil()), _evil().tasks[1], width),
    ],
)
@pytest.mark.parametrize("width", [40, 80, 160])
def test_what_a_file_says_is_neutral(lines: Lines, width: int) -> None:
    for each in lines(width):
        assert each.plain.isprintable()
        assert cell_len(each.plain) <= width


def test_one_long_command_does_not_push_the_rest_off_the_screen() -> None:
    again = WHOLE.model_copy(update={"tasks": (WHOLE.tasks[0], replace(TASK, steps=(_evil_step(),)))})

    assert len(diff_lines(diff(WHOLE, again), 80)) < SCREEN


def test_documents_take_whatever_stands_in_a_plan() -> None:
    evil = _evil()

    assert diff_document(diff(WHOLE, evil), {}, {})["fresh"] is False
    assert len(task_document(evil, "0", evil.tasks)["tasks"]) == 3

"""The live display fits its terminal, and what needs a decision never scrolls away (SCREENS)."""

from dataclasses import replace

import pytest

from orchestrator.model.events import BudgetSpent, Event
from orchestrator.run.stopped_by import stopped_by
from orchestrator.run.view import Budget
from orchestrator.show.live_view import live_lines
from tests.unit.run.played import of_the_run
from tests.unit.show.fixtures import view


@pytest.mark.parametrize("height", [10, 16, 24, 40, 60])
@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize(("needs", "running"), [(1, 1), (2, 3), (12, 50), (40, 0)])
def test_it_fits(height: int, width: int, needs: int, running: int) -> None:
    lines = live_lines(view(needs=needs, running=running), width, height)

    assert len(lines) <= height - 1
    assert all(each.cell_len <= width for each in lines)


@pytest.mark.parametrize("height", [10, 16, 24])
@pytest.mark.parametrize("width", [60, 80, 160])
def test_it_fits_when_it_is_stopped_near_a_budget_and_force_could_be_used(height: int, width: int) -> None:
    shown = view(needs=12, running=30)
    needs = tuple(replace(need, may_force=True) for need in shown.needs_you)
    stops: list[Event] = [of_the_run("pause"), BudgetSpent(which="failed", count=5, limit=5)]
    budgets = (Budget("failed", 5, 5), Budget("unreachable", 1, 8))
    lines = live_lines(
        replace(shown, needs_you=needs, pausing=True, stopped=stopped_by(stops), budgets=budgets, forced=12),
        width,
        height,
    )

    assert len(lines) <= height - 1
    assert all(each.cell_len <= width for each in lines)
    text = "\n".join(each.plain for each in lines)
    assert "PAUSING" in text
    assert "mq-ess-01" in text


@pytest.mark.parametrize("height", [10, 16, 24])
def test_a_crowd_at_work_never_hides_who_needs_a_decision(height: int) -> None:
    text = "\n".join(each.plain for each in live_lines(view(needs=2, running=50), 80, height))

    assert "NEEDS YOU" in text
    assert "mq-ess-01" in text


def test_decisions_that_do_not_fit_are_counted() -> None:
    text = "\n".join(each.plain for each in live_lines(view(needs=40, running=5), 80, 24))

    shown = text.count("orch resolve")
    assert f"and {40 - shown} more: orch show" in text


def test_every_need_has_the_line_to_type() -> None:
    text = "\n".join(each.plain for each in live_lines(view(), 160, 30))

    assert "orch resolve 20260301-0214-shutdown-7f3a done|retry|skip mq-ess-01 --reason" in text
    assert "orch resolve 20260301-0214-shutdown-7f3a retry|skip|done app-sued-1 --reason" in text

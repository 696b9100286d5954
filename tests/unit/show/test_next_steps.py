"""What to type next: a command stays whole, whatever the width; a sentence is folded."""

import pytest

from orchestrator.model.errors import Refused
from orchestrator.show.errors import error_lines
from orchestrator.show.next_steps import next_lines
from orchestrator.show.probe_view import next_commands
from tests.unit.show.probe_screens import FINE, survey

LONG = "orch shutdown owner=customer zone=muc-data-and-more -i krankenkassen --dry-run -C /a/long/way/to/a/site"


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ([LONG], [f"Next: {LONG}"]),
        (["orch show last", LONG], ["Next: orch show last", f"      {LONG}"]),
        (["orch apply 'a  plan.json'"], ["Next: orch apply 'a  plan.json'"]),
    ],
)
def test_a_command_is_never_cut_in_two(commands: list[str], said: list[str], width: int) -> None:
    assert [each.plain for each in next_lines(commands, width)] == said


def test_every_command_gets_the_place() -> None:
    lines = next_lines(["orch show last", "orch log last"], 80, " -C site")

    assert [each.plain for each in lines] == ["Next: orch show last -C site", "      orch log last -C site"]


def test_what_is_no_command_is_folded() -> None:
    lines = next_lines([f"this plan waits for approvals, {'which are not there yet, ' * 4}"], 40)

    assert len(lines) > 2
    assert all(each.cell_len <= 40 for each in lines)


@pytest.mark.parametrize("width", [40, 80])
def test_advice_keeps_a_command_that_has_a_line_of_its_own(width: int) -> None:
    lines = [each.plain for each in error_lines(Refused("it is stale", f"Plan anew:\n{LONG}"), width)]

    assert lines[-2:] == ["Plan anew:", LONG]


@pytest.mark.parametrize(
    ("selection", "inventory", "then"),
    [
        ((), None, ["orch shutdown --dry-run --probe"]),
        (("zone=muc-*",), "rz", ["orch shutdown 'zone=muc-*' --dry-run --probe -i rz"]),
    ],
)
def test_after_a_probe_the_same_is_meant(selection: tuple[str, ...], inventory: str | None, then: list[str]) -> None:
    assert next_commands(survey(*FINE[:2]), selection, inventory) == then

"""The table of exit codes, once (contract section 9)."""

import itertools

import pytest

from orchestrator.cli.exit_codes import Code, of_end, of_error, worst
from orchestrator.model.errors import (
    Broken,
    DurabilityError,
    FilesError,
    Interrupted,
    MustWait,
    OrchError,
    Refused,
    UsageError,
)
from orchestrator.run.execute import RunEnd


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (FilesError([]), 2),
        (Refused("x"), 3),
        (MustWait("x"), 4),
        (DurabilityError("x"), 4),
        (Broken("x"), 5),
        (Interrupted("x"), 130),
        (OrchError("x"), 1),
    ],
)
def test_errors(error: OrchError, code: int) -> None:
    assert of_error(error) == code


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (RunEnd.DONE, 0),
        (RunEnd.FAILED, 1),
        (RunEnd.ABORTED, 1),
        (RunEnd.PAUSED, 4),
        (RunEnd.WAITING, 4),
        (RunEnd.DURABILITY, 4),
        (RunEnd.INTERRUPTED, 130),
    ],
)
def test_ends_of_a_run(end: RunEnd, code: int) -> None:
    assert of_end(end) == code


def test_every_end_has_a_code() -> None:
    assert {of_end(end) for end in RunEnd} <= set(Code)


def test_where_several_hold() -> None:
    order = [Code.BROKEN, Code.INTERRUPTED, Code.FAILED, Code.WAITS]
    for first, second in itertools.combinations(order, 2):
        assert worst([second, first]) is first
    assert worst([]) is Code.DONE

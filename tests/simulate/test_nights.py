"""Nights of every kind, in bulk: ten thousand seeds here, a million by `make simulate`.

Each block is one test, so that they spread over the workers; a failing seed tells the line that runs it again.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulate.__main__ import block
from tests.simulate.campaign import one_night

SEEDS = 10_000
BLOCK = 250
WHAT_NIGHTS_HOLD = (
    "killed, power cut, disk faults, refused a second process, forced, evidence, budget, resumed, sealed done, "
    "sealed aborted, task already, task failed, task unknown, task held, task skipped, step never by receipt, "
    "step ok by receipt, step failed by receipt, step unknown, step gone, step superseded, done, retry, skip, hold, "
    "waive-evidence, escalate, pause, abort, past-limit"
)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_nights(first: int) -> None:
    nights, _, wrong = block(first, first + BLOCK)
    assert nights == BLOCK
    assert not wrong, "\n".join(wrong[:5])


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_the_same_seed_gives_the_same_journal(first: int) -> None:
    for seed in range(first, first + 50):
        assert one_night(seed).digest == one_night(seed).digest, f"python -m tests.simulate {seed}"


def test_another_process_with_other_hashes_writes_the_same_journals() -> None:
    """Nothing that is decided hangs on the order of a set."""
    command = [sys.executable, "-m", "tests.simulate", "--digests", "--seeds", "60"]
    said = {
        subprocess.run(
            command, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": hashes}, capture_output=True, check=True, timeout=300
        ).stdout
        for hashes in ("1", "2")
    }
    assert len(said) == 1


def test_nights_hold_everything_that_can_happen() -> None:
    _, tally, wrong = block(0, 200)
    assert wrong == []
    for what in WHAT_NIGHTS_HOLD.split(", "):
        assert tally[what] > 0, f"two hundred nights without any {what}"

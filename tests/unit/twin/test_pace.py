"""The pauses of health checks shrink with the twin's speed; nothing else of a playbook changes."""

import pytest

from orchestrator.twin.pace import paced

CASES = [
    ("settle: 45s", 60, "settle: 1s"),
    ("{within: 5m, every: 10s, settle: 2m}", 60, "{within: 5m, every: 1s, settle: 2s}"),
    ("settle: 0s", 60, "settle: 0s"),
    ("every: 5s", 1, "every: 5s"),
    ("timeout: 2m, expect: 40s", 60, "timeout: 2m, expect: 40s"),
    ("argv: [un-settle:, 45s]", 60, "argv: [un-settle:, 45s]"),
    ("settle: 45seconds", 60, "settle: 45seconds"),
]


@pytest.mark.parametrize(("text", "speed", "expected"), CASES)
def test_only_pauses_shrink(text: str, speed: float, expected: str) -> None:
    assert paced(text, speed) == expected

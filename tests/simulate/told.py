"""What a journal's entries tell of one task: the judge's own fold, which shares nothing with orch's."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from orchestrator.model.plan import PlanTask

Place = tuple[str, str, str | None]
"""Where a step runs: (step id, the task's own host, the acting host where that is another)."""


@dataclass
class Attempt:
    """One attempt as its entries tell it."""

    state: str
    life: int
    sent: bool = True
    settled: bool = False


@dataclass
class Task:
    """One task as its entries tell it."""

    plan: PlanTask
    state: str = "waiting"
    life: int = 0
    unsent: bool = False
    forced: bool = False
    was_forced: bool = False
    attempts: dict[tuple[Place, int], Attempt] = field(default_factory=dict)
    found_right: set[str] = field(default_factory=set)  # hosts of which a probe said once that they are as wanted
    found_lost: set[str] = field(default_factory=set)  # hosts of which a probe could not say how they are
    people: Counter[str] = field(default_factory=Counter)
    kept: set[tuple[str, str]] = field(default_factory=set)
    tried: dict[tuple[str, str], str | None] = field(default_factory=dict)  # since it was last probed: why not kept
    down: set[str] = field(default_factory=set)
    began: bool = False

    def last(self, place: Place) -> Attempt | None:
        """The latest attempt at a place."""
        return max(((n, a) for (p, n), a in self.attempts.items() if p == place), default=(0, None), key=_first)[1]

    def has_begun(self) -> bool:
        """Whether something may have reached a host."""
        return any(one.sent and one.state != "never" for one in self.attempts.values())


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]

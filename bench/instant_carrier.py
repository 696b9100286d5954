"""A carrier that reaches no host: every answer is there at once, as `well_answered` has it.

`one`: news comes key by key, each a turn of the core and a write of the journal of its own, as from hosts that answer
one after another; otherwise all that is there comes at once, as from hosts that answer together.
"""

import time
from collections import deque

from bench.well_answered import WellAnswered
from orchestrator.hosts.port import Accepted, Outcome, OutcomeState, Spec, SpecKind
from orchestrator.model.plan import Plan


class InstantCarrier:
    """Implements `hosts.port.Carrier`; counts what it was given."""

    def __init__(self, plan: Plan, *, one: bool) -> None:
        self._hosts = WellAnswered(plan)
        self._one = one
        self._news: deque[str] = deque()
        self._lost: set[str] = set()
        self.began: tuple[float, float] | None = None  # CPU and wall clock at the first command
        self.commands = 0
        self.steps = 0

    def submit(self, key: str, spec: Spec) -> Accepted:
        """Answered already."""
        if self.began is None:
            self.began = time.process_time(), time.perf_counter()
        self.commands += 1
        self.steps += spec.kind is SpecKind.STEP
        self._news.append(key)
        return Accepted.ACCEPTED

    def ask(self, key: str, spec: Spec) -> None:
        """No receipt is ever asked for where nothing is lost, but after a kill: then it was never begun."""
        self._lost.add(key)
        self._news.append(key)

    def stop(self, key: str, spec: Spec) -> None:
        """As `ask`."""
        self.ask(key, spec)

    def outcome(self, key: str) -> Outcome:
        """As it should be."""
        return Outcome(OutcomeState.NEVER) if key in self._lost else self._hosts.outcome(key)

    def wait(self, timeout: float) -> tuple[str, ...]:
        """What is there; it never waits."""
        if self._one:
            return (self._news.popleft(),) if self._news else ()
        keys = tuple(self._news)
        self._news.clear()
        return keys

    def cancel(self, key: str) -> bool:
        """Too late."""
        return False

    def release(self, task: str) -> None:
        """There is no connection."""

    def close(self) -> None:
        """There is nothing to close."""

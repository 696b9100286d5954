"""One core without its shell: a `Drive` leads a scheduler through the virtual world, a turn at a time.

This is what the core's own tests want: its decisions one by one, without files. It has no world of its own: hosts and
carrier are those of the nights (`night.py`), which run the whole engine. A `Drive` can be killed at any turn, with the
last batch of its journal cut anywhere (then nothing of what that batch wanted was sent), or whole with only a part of
it sent.
"""

import random
from collections.abc import Callable

from orchestrator.model.events import Event, OperatorDid, OutputRef, Resumed
from orchestrator.model.terms import TaskState
from orchestrator.run.scheduler import Scheduler, Standing
from orchestrator.run.turn import Ask, Halt, Heard, Release, Submit
from tests.simulate.carrier import VirtualCarrier
from tests.simulate.hosts import World
from tests.simulate.plans import OFFLINE, ONLINE, make_plan

__all__ = ["OFFLINE", "ONLINE", "Drive", "World", "make_plan"]

NO_OUTPUT = OutputRef(stdout="0" * 64, stderr="0" * 64, bytes=(0, 0), truncated=(False, False))


class Drive:
    """Drives one scheduler through a world on a virtual clock, and keeps the journal."""

    def __init__(self, world: World, now: float | None = None) -> None:
        self.world = world
        if now is not None:
            world.now = now
        self.scheduler = Scheduler(world.plan)
        self.carrier = VirtualCarrier(world)
        self.journal: list[tuple[float, Event]] = []
        self._heard: list[Heard] = []
        self.most_busy = 0

    @property
    def now(self) -> float:
        """The world's time; set, it is as if this process had slept."""
        return self.world.now

    @now.setter
    def now(self, at: float) -> None:
        self.world.now = at

    def resume(self) -> "Drive":
        """A new process takes the journal up; what the old one had under way ends on the hosts all the same."""
        self.carrier.close()
        again = Drive(self.world)
        for at, event in self.journal:
            again.scheduler.replay(event, at)
        again.journal = list(self.journal)
        event = Resumed(by="t", version="0")
        again.scheduler.replay(event, again.now)
        again.journal.append((again.now, event))
        return again

    def run(
        self,
        *,
        turns: int = 100_000,
        decisions: tuple[OperatorDid, ...] = (),
        operator: Callable[["Drive"], tuple[OperatorDid, ...]] | None = None,
        torn: random.Random | None = None,
    ) -> Standing:
        """Until nothing is under way, or `turns` turns are over (as if killed; `torn`: in the middle of writing)."""
        for turn in range(turns):
            decisions += operator(self) if operator else ()
            decided = self.scheduler.advance(self.now, self._heard, decisions)
            decisions, self._heard = (), []
            events, effects = decided.events, decided.effects
            killed = torn is not None and turn == turns - 1
            if torn is not None and killed:
                events = events[: torn.randint(0, len(events))]
                whole = len(events) == len(decided.events)
                effects = effects[: torn.randint(0, len(effects))] if whole else ()
            self.journal += [(self.now, event) for event in events]
            busy = sum(run.state.is_busy for run in self.scheduler.runs.values())
            self.most_busy = max(self.most_busy, busy)
            for effect in effects:
                match effect:
                    case Submit(key, spec):
                        self.carrier.submit(key, spec)
                    case Ask(key, spec):
                        self.carrier.ask(key, spec)
                    case Halt(key, spec):
                        self.carrier.stop(key, spec)
                    case Release(task):
                        self.carrier.release(task)
            standing = self.scheduler.standing()
            if killed:
                return Standing.BUSY
            if standing is not Standing.BUSY:
                return standing
            self._heard = self._next()
        return Standing.BUSY

    def _next(self) -> list[Heard]:
        wake, due = self.scheduler.wake_at(), self.world.next_at()
        assert wake is not None or due is not None, "the run waits for nothing: " + str(self.states())
        keys = self.carrier.wait(float("inf") if wake is None else max(0.0, wake - self.now))
        outcomes = [(key, self.carrier.outcome(key)) for key in keys]
        return [Heard(key, outcome, NO_OUTPUT if outcome.result else None) for key, outcome in outcomes]

    def states(self) -> dict[str, TaskState]:
        """The state of every task."""
        return {task: run.state for task, run in self.scheduler.runs.items()}

"""The virtual carrier: `hosts.port.Carrier` over the virtual world. `wait` lets its time pass, and never sleeps.

One carrier is one process: what comes back after it was closed reaches nobody. News may come again, and late.
"""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.hosts.port import Accepted, Outcome, OutcomeState, Spec, SpecKind
from tests.simulate.hosts import Stall, World

QUIET_S = 1e6
MOST_IDLE = 1000
"""How often somebody may wait while nothing is under way at all."""


@dataclass(slots=True)
class _Entry:
    digest: str
    outcome: Outcome
    generation: str | None = None  # of the receipt folder when the step was sent


def _pass(_: str) -> None:
    return


class VirtualCarrier:
    """Implements `hosts.port.Carrier`.

    `boundary` is told of every dispatch, before and after it; `quiet` is called when it is waited, and nothing will
    happen any more unless a person does something.
    """

    def __init__(
        self, world: World, boundary: Callable[[str], None] = _pass, quiet: Callable[[], None] | None = None
    ) -> None:
        self._world = world
        self._quiet = quiet
        self._boundary = boundary
        self._entries: dict[str, _Entry] = {}
        self._fresh: dict[str, None] = {}
        self._closed = False
        self._idle = 0

    def submit(self, key: str, spec: Spec) -> Accepted:
        """Send it."""
        self._boundary(f"dispatch {key}" if spec.kind is SpecKind.STEP else "ask")
        digest, known = spec.digest(), self._entries.get(key)
        if known is not None:
            if known.digest != digest:
                raise ValueError(f"the key {key} already stands for something else")
            return Accepted.ALREADY
        entry = self._entries[key] = _Entry(digest, Outcome(OutcomeState.RUNNING))
        if spec.kind is SpecKind.STEP:
            entry.generation = spec.generation or self._world.generation(spec)
            self._world.step(key, spec, entry.generation, self._listener(key, entry))
        else:
            self._world.read(key, spec, self._listener(key, entry))
        self._boundary("sent")
        return Accepted.ACCEPTED

    def ask(self, key: str, spec: Spec) -> None:
        """Ask the receipt."""
        self._ask(key, spec, stop=False)

    def stop(self, key: str, spec: Spec) -> None:
        """Ask the receipt, and end what still runs."""
        self._ask(key, spec, stop=True)

    def _ask(self, key: str, spec: Spec, *, stop: bool) -> None:
        self._boundary("ask")
        digest = spec.digest()
        entry = self._entries.setdefault(key, _Entry(digest, Outcome(OutcomeState.ABSENT)))
        if entry.digest != digest:
            raise ValueError(f"the key {key} already stands for something else")
        entry.outcome = Outcome(OutcomeState.QUEUED)
        self._fresh.pop(key, None)
        generation = spec.generation or entry.generation
        self._world.ask(key, spec, generation, self._listener(key, entry), stop=stop)
        self._boundary("sent")

    def _listener(self, key: str, entry: _Entry) -> Callable[[Outcome], None]:
        """What hears of one job: the first word counts, and may be said again later."""
        world, said = self._world, False

        def tell(outcome: Outcome) -> None:
            nonlocal said
            if said:
                return
            said = True
            self._news(key, entry, outcome)
            if world.twice and world.rng.random() < world.twice:
                world.later(world.rng.uniform(0.0, 90.0), lambda: self._news(key, entry, outcome))

        return tell

    def _news(self, key: str, entry: _Entry, outcome: Outcome) -> None:
        if not self._closed:
            entry.outcome = outcome
            self._fresh[key] = None

    def outcome(self, key: str) -> Outcome:
        """What is known of `key` now."""
        entry = self._entries.get(key)
        return entry.outcome if entry else Outcome(OutcomeState.ABSENT)

    def wait(self, timeout: float) -> tuple[str, ...]:
        """Keys with news, after the time that it takes for the first to come."""
        is_quiet = self._world.next_at() is None and not self._fresh
        if self._quiet is not None and is_quiet and (timeout > QUIET_S or self._idle > MOST_IDLE // 10):
            self._quiet()
            self._idle = 0
        self._world.pass_time(timeout, lambda: bool(self._fresh))
        keys = tuple(self._fresh)
        self._fresh.clear()
        self._idle = 0 if keys or self._world.next_at() is not None else self._idle + 1
        if self._idle > MOST_IDLE:
            raise Stall("it is waited for ever, and nothing will happen")
        return keys

    def cancel(self, key: str) -> bool:
        """Everything is sent at once, so it is always too late."""
        return False

    def release(self, task: str) -> None:
        """Nothing is kept for a task; who watches is told."""
        self._boundary(f"release {task}")

    def forget(self, task: str) -> None:
        """Nothing is forgotten: a night is short."""

    def close(self) -> None:
        """Nobody listens any more."""
        self._closed = True

"""Hosts that do at once what they are told, keep receipts, and count what they did; and the carrier that goes to them.

They outlive the process that told them, as hosts do: the carrier of a resume goes to the same ones.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.hosts.port import Accepted, Outcome, OutcomeState, Result, Spec, SpecKind
from orchestrator.model.terms import Found

GENERATION = "g1"
IDLE = 500
"""So often a carrier is waited for in vain; then the run waits for nothing."""


@dataclass
class InstantHosts:
    """What is true, and what was done: `executed` counts the attempts, `order` lists (verb, system, host)."""

    up: dict[tuple[str, str], bool] = field(default_factory=dict)
    executed: Counter[str] = field(default_factory=Counter)
    order: list[tuple[str, ...]] = field(default_factory=list)
    receipts: dict[str, Result] = field(default_factory=dict)
    fenced: set[str] = field(default_factory=set)

    def answer(self, argv: tuple[str, ...]) -> Result:
        """What a question is answered: `state SYSTEM HOST`, or evidence."""
        verb, system, host = argv
        text = f"{verb} of {system} on {host}\n".encode()
        if verb == "state":
            text = b"up" if self.up.get((system, host), True) else b"down"
        return Result(0, text, b"", (len(text), 0))

    def execute(self, key: str, argv: tuple[str, ...]) -> Result:
        """Do a step, once for each key."""
        if key not in self.receipts:
            verb, system, host = argv
            self.executed[key] += 1
            self.order.append(argv)
            if verb == "stop":
                self.up[system, host] = False
            text = f"{verb} {system} {host}: done\n".encode()
            self.receipts[key] = Result(0, text, b"", (len(text), 0))
        return self.receipts[key]


class InstantCarrier:
    """Implements `hosts.port.Carrier`. `on_step` is told before a step goes out, `on_idle` when there is no news."""

    def __init__(self, hosts: InstantHosts, on_step: Callable[[str], None], on_idle: Callable[[], None]) -> None:
        self._hosts = hosts
        self._on_step = on_step
        self._on_idle = on_idle
        self._outcomes: dict[str, Outcome] = {}
        self._fresh: list[str] = []
        self._idle = 0
        self.closed = False

    def submit(self, key: str, spec: Spec) -> Accepted:
        """Do it, and have its outcome ready."""
        assert not self.closed
        if key in self._outcomes:
            return Accepted.ALREADY
        if spec.kind is SpecKind.PORT:
            self._tell(key, Outcome(OutcomeState.DONE, port=Found.ANSWERS))
            return Accepted.ACCEPTED
        assert spec.argv is not None
        if spec.kind is SpecKind.STEP:
            self._on_step(key)
            assert key not in self._hosts.fenced, f"{key} was fenced, and is told again"
            result = self._hosts.execute(key, spec.argv)
        else:
            result = self._hosts.answer(spec.argv)
        self._tell(key, Outcome(OutcomeState.DONE, result, generation=GENERATION))
        return Accepted.ACCEPTED

    def ask(self, key: str, spec: Spec) -> None:
        """What the receipt says, which fences it."""
        result = self._hosts.receipts.get(key)
        if result is not None:
            self._tell(key, Outcome(OutcomeState.DONE, result, by_receipt=True, generation=GENERATION))
            return
        known = spec.generation == GENERATION
        self._hosts.fenced.add(key)
        self._tell(key, Outcome(OutcomeState.NEVER if known else OutcomeState.STALE, by_receipt=True))

    def stop(self, key: str, spec: Spec) -> None:
        """Nothing runs on."""
        self.ask(key, spec)

    def outcome(self, key: str) -> Outcome:
        """What is known of `key`."""
        return self._outcomes.get(key, Outcome(OutcomeState.ABSENT))

    def wait(self, timeout: float) -> tuple[str, ...]:
        """What is new, at once."""
        keys, self._fresh = tuple(dict.fromkeys(self._fresh)), []
        self._idle = 0 if keys else self._idle + 1
        assert self._idle < IDLE, "the run waits for nothing"
        if not keys:
            self._on_idle()
        return keys

    def cancel(self, key: str) -> bool:
        """Nothing waits."""
        return False

    def release(self, task: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """No more."""
        self.closed = True

    def _tell(self, key: str, outcome: Outcome) -> None:
        self._outcomes[key] = outcome
        self._fresh.append(key)

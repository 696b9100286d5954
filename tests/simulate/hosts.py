"""What is true in the simulation: hosts with state, power, a network and receipts, on one virtual clock.

The world knows nothing of orch but the specs that reach it. It counts what was really executed, so that the oracle
can compare that with what the journal says. Everything happens in the order of one queue of events; whoever waits
lets time pass to the next of them.

* A command that has reached its host goes on there, whatever becomes of the connection or of us.
* Its receipt answers as the real one does: whether it began, runs or has ended; asking fences; a restart of the host
  begins another generation, in which nothing is known any more.
* Hosts may fail, lie about what they did, lie or babble when they are probed, flap, restart, or be reached only
  through another system that is up.
"""

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from orchestrator.hosts.port import Outcome, OutcomeState, Result, Spec, SpecKind
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Action, Found

Argv = tuple[str, ...]
Tell = Callable[[Outcome], None]
Pair = tuple[str, str]

O = OutcomeState  # noqa: E741
REFUSED = Outcome(O.UNREACHABLE, why="refused", refusal=Found.UNREACHABLE)
LOST = Outcome(O.UNKNOWN, why="connection lost")
BABBLE = (b"\x1b]0;up\x07down", b"", b"up down", b"\xff\xfe\x00", b"up\nup\n" * 200)


class Stall(AssertionError):
    """Somebody waits for nothing: nothing will ever happen."""


@dataclass(slots=True)
class Command:
    """One execution on a host: it runs (no result), has ended, or its runner is gone without a result."""

    argv: Argv
    result: Result | None = None
    gone: bool = False


@dataclass(slots=True)
class Host:
    """What one host keeps besides the systems on it."""

    generation: int = 1
    receipts: dict[str, Command] = field(default_factory=dict)
    fenced: set[str] = field(default_factory=set)
    boots_until: float = 0.0


@dataclass
class World:
    """What is true. `up` holds (system, host) pairs that are online; `done` counts executions of each key."""

    plan: Plan
    rng: random.Random
    now: float = 1000.0
    trouble: float = 0.0  # how often something goes wrong with a step
    up: dict[Pair, bool] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)  # hosts whose steps fail
    silent: set[str] = field(default_factory=set)  # hosts that can't be reached
    lost: set[str] = field(default_factory=set)  # parts of keys whose answers are lost
    liars: set[str] = field(default_factory=set)  # hosts whose steps say done, and do nothing
    false: set[str] = field(default_factory=set)  # hosts whose probes say the opposite
    babblers: set[str] = field(default_factory=set)  # hosts whose probes say nothing that means anything
    off: set[str] = field(default_factory=set)  # hosts without power
    cut: set[str] = field(default_factory=set)  # hosts off the network, but for who asks their carrier
    flaps: dict[str, tuple[float, float]] = field(default_factory=dict)  # host -> every so often, so long away
    ways: dict[str, Pair] = field(default_factory=dict)  # host -> what must be up for it to be reached
    acts_by: dict[str, Pair] = field(default_factory=dict)  # acting host -> what must be up for it to act on others
    deaf: float = 0.0  # how often a question is lost
    forgetful: float = 0.0  # how often a receipt folder turns out to be another one
    twice: float = 0.0  # how often news comes again
    slow: float = 0.0  # how often a step takes longer than its timeout
    boots_s: float = 0.0  # how long a host takes to come up

    done: Counter[str] = field(default_factory=Counter)
    ended: dict[str, int] = field(default_factory=dict)  # key -> the exit code that it really ended with
    finished: list[tuple[float, str, str]] = field(default_factory=list)  # when, verb, host
    running: Counter[Pair] = field(default_factory=Counter)  # (verb, host) being executed now
    overlaps: list[str] = field(default_factory=list)  # the same thing executed while it was being executed
    hosts: dict[str, Host] = field(default_factory=dict)
    is_new: bool = False  # something happened that who waits should look at: a person did something

    def __post_init__(self) -> None:
        self.false_ever = self.false | self.babblers
        self.away_ever = set(self.flaps)
        self.liars_ever = set(self.liars)
        self.forgetful_ever = bool(self.forgetful)
        self.silent_ever = bool(self.silent or self.deaf or self.flaps)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._n = 0
        online = self.plan.action is Action.SHUTDOWN
        for task in self.plan.tasks:
            for host in task.hosts:
                self.up.setdefault((task.system, host), online)
        for host in self.plan.hosts:
            self.hosts.setdefault(host, Host())

    # -- time --------------------------------------------------------------------------------------------------

    def later(self, delay: float, act: Callable[[], None]) -> None:
        """Let `act` happen after `delay` seconds."""
        self._n += 1
        heapq.heappush(self._queue, (self.now + delay, self._n, act))

    def next_at(self) -> float | None:
        """When something happens next; None: never."""
        return self._queue[0][0] if self._queue else None

    def pass_time(self, timeout: float, until: Callable[[], bool]) -> None:
        """Let time pass: `timeout` seconds, or until `until` holds or a person did something."""
        end = self.now + timeout
        while not until() and not self.is_new:
            if not self._queue or self._queue[0][0] > end:
                if end == math.inf:
                    raise Stall("nothing will ever happen, and it is waited for")
                self.now = end
                break
            at, _, act = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            act()
        while self._queue and self._queue[0][0] <= self.now and not self.is_new:
            heapq.heappop(self._queue)[2]()
        self.is_new = False

    # -- the network -------------------------------------------------------------------------------------------

    def is_away(self, host: str) -> bool:
        """Whether the host itself does not answer now."""
        if host in self.off or host in self.cut or self.now < self.hosts[host].boots_until:
            return True
        flap = self.flaps.get(host)
        return flap is not None and self.now % flap[0] < flap[1]

    def is_reached(self, host: str) -> bool:
        """Whether one can log in to `host` now: it answers, and so does the way to it."""
        if host in self.silent or self.is_away(host):
            return False
        way = self.ways.get(host)
        return way is None or way[1] == host or (self.up[way] and self.is_reached(way[1]))

    def read(self, key: str, spec: Spec, tell: Tell) -> None:
        """A question: about the port, or what a probe, a check or a piece of evidence reads."""
        host = spec.host.id
        if spec.kind is SpecKind.PORT:
            self.later(0.5, partial(tell, self._port(host)))
        elif any(part in key for part in self.lost):
            self.later(1.0, partial(tell, LOST))
        elif not self.is_reached(host):
            self.later(1.0, partial(tell, REFUSED))
        elif self.deaf and self.rng.random() < self.deaf:
            self.later(1.0, partial(tell, self.rng.choice([REFUSED, LOST])))
        else:
            verb, system, target = spec.argv or ("", "", "")
            text = self._answer(verb, system, target)
            ill = verb == "health" and not self.up[system, target]
            takes = self.rng.uniform(0.1, 4.0) if verb == "evidence" else self.rng.uniform(0.01, 0.2)
            result = Result(int(ill), text, b"", (len(text), 0))
            self.later(takes, partial(tell, Outcome(O.DONE, result, generation=self.generation(spec))))

    def generation(self, spec: Spec) -> str | None:
        """The generation of the receipt folder where a spec goes; None where none is kept."""
        return f"{spec.host.id}#{self.hosts[spec.host.id].generation}" if spec.host.receipts else None

    def _port(self, host: str) -> Outcome:
        way = self.ways.get(host)
        if host in self.silent or (way is not None and way[1] != host and not self.is_reached(way[1])):
            return Outcome(O.UNREACHABLE, why="its gateway does not answer", refusal=Found.UNREACHABLE)
        return Outcome(O.DONE, port=Found.SILENT if self.is_away(host) else Found.ANSWERS)

    def _answer(self, verb: str, system: str, host: str) -> bytes:
        if host in self.babblers and verb == "state":
            return self.rng.choice(BABBLE)
        match verb:
            case "isolation":
                return b"up" if host in self.cut else b"down"  # yes is isolated
            case "power":
                return b"down" if host in self.off else b"up"
            case "state":
                return b"up" if self.up[system, host] is not (host in self.false) else b"down"
            case "evidence":
                return f"what {host} knew of {system}".encode()
            case _:
                return b""

    # -- steps -------------------------------------------------------------------------------------------------

    def step(self, key: str, spec: Spec, generation: str | None, tell: Tell) -> None:
        """A step is sent. `tell` hears what comes back, which may be nothing but a lost connection."""
        host, takes, dice = spec.host.id, self.rng.uniform(1.0, 8.0), self.rng.random()
        if any(part in key for part in self.lost):
            self.later(1.0, partial(tell, LOST))
        elif not self.is_reached(host) or (self.deaf and self.rng.random() < self.deaf):
            self.later(1.0, partial(tell, REFUSED))
        elif dice < self.trouble / 4:  # lost before it reached the host
            self.later(takes / 2, partial(tell, LOST))
        elif dice < self.trouble / 3:  # lost, and reaches the host all the same, later
            self.later(takes / 2, partial(tell, LOST))
            late = takes / 2 + self.rng.uniform(0.0, 20.0)
            self.later(late, lambda: self._arrive(key, spec, generation, 3.0, lambda _: None))
        else:
            if self.slow and self.rng.random() < self.slow:
                takes = spec.timeout_s * self.rng.uniform(1.1, 2.5)
            self.later(spec.timeout_s, partial(tell, Outcome(O.UNKNOWN, why=f"no end within {spec.timeout_s} s")))
            if dice < self.trouble:  # lost while it runs
                self.later(takes / 3, partial(tell, LOST))
                if dice > self.trouble * 0.9:  # and what runs it dies with it
                    self.later(takes / 3, lambda: self._kill(key, spec, "gone"))
            self._arrive(key, spec, generation, takes, tell)

    def ask(self, key: str, spec: Spec, generation: str | None, tell: Tell, *, stop: bool = False) -> None:
        """The receipt is asked, which fences it; `stop` also ends what still runs."""
        assert spec.host.receipts, "a host without receipts was asked for one"
        host = self.hosts[spec.host.id]
        if not self.is_reached(spec.host.id) or (self.deaf and self.rng.random() < self.deaf):
            self.later(1.0, partial(tell, Outcome(O.NO_ANSWER, why="refused")))
        elif self.forgetful and self.rng.random() < self.forgetful:
            self.later(0.1, partial(tell, Outcome(O.STALE, why="another folder", by_receipt=True)))
        else:
            if stop and key in host.receipts and self.rng.random() < 0.8:
                self._kill(key, spec, "stopped")
            self.later(0.1, partial(tell, self._receipt(key, spec, generation)))

    def _receipt(self, key: str, spec: Spec, generation: str | None) -> Outcome:
        host = self.hosts[spec.host.id]
        command, seen = host.receipts.get(key), self.generation(spec)
        if command is not None:
            if command.result is not None:
                return Outcome(O.DONE, command.result, generation=seen, by_receipt=True)
            return Outcome(O.LOST if command.gone else O.RUNNING, generation=seen, by_receipt=True)
        if generation is not None and generation != seen:
            return Outcome(O.STALE, why="another generation", generation=seen, by_receipt=True)
        host.fenced.add(key)
        return Outcome(O.STALE if generation is None else O.NEVER, generation=seen, by_receipt=True)

    def _arrive(self, key: str, spec: Spec, generation: str | None, takes: float, tell: Tell) -> None:
        """The command is at its host."""
        name = spec.host.id
        host, seen = self.hosts[name], self.generation(spec)
        if self.is_away(name):
            return
        if spec.host.receipts:
            if key in host.fenced:
                tell(Outcome(O.NEVER, generation=seen, by_receipt=True))
                return
            if generation is not None and generation != seen:
                tell(Outcome(O.NEVER, why="another generation", generation=seen, by_receipt=True))
                return
            assert key not in host.receipts, "an attempt was sent twice"
        argv = spec.argv or ()
        command = host.receipts[key] = Command(argv)
        self.done[key] += 1
        what = (argv[0], argv[2])
        if self.running[what]:
            self.overlaps.append(key)
        self.running[what] += 1
        blocked = name in self.acts_by and name != argv[2] and not self.up[self.acts_by[name]]
        if argv[2] in self.fails or blocked:
            self._end(key, name, command, 1)
            self.later(takes, lambda: self._tell_end(command, seen, tell))
        else:
            self.later(takes, lambda: self._finish(key, name, command, seen, tell))

    def _finish(self, key: str, host: str, command: Command, seen: str | None, tell: Tell) -> None:
        if command.result is None and not command.gone:
            self._end(key, host, command, 0)
            self.effect(command.argv, self.now)
            if self.is_away(host) and self.rng.random() < 0.7:  # it took the host away; the answer may have come first
                tell(LOST)
            else:
                self._tell_end(command, seen, tell)

    def _tell_end(self, command: Command, seen: str | None, tell: Tell) -> None:
        if command.result is not None:
            tell(Outcome(O.DONE, command.result, generation=seen))

    def _end(self, key: str, host: str, command: Command, code: int) -> None:
        self.running[command.argv[0], command.argv[2]] -= 1
        said = b"no" if code else b""
        command.result = Result(code, b"", said, (0, len(said)))
        self.ended[key] = code

    def _kill(self, key: str, spec: Spec, how: str) -> None:
        """What runs a command is killed; the effect may have happened just before."""
        command = self.hosts[spec.host.id].receipts.get(key)
        if command is None or command.result is not None or command.gone:
            return
        if self.rng.random() < 0.2:
            self.effect(command.argv, self.now)
        if how == "stopped":
            self._end(key, spec.host.id, command, 143)
        else:
            self.running[command.argv[0], command.argv[2]] -= 1
            command.gone = True

    def effect(self, argv: Argv, at: float) -> None:
        """What a command does to the host that it names."""
        verb, system, host = argv
        if host in self.liars:
            verb = "nothing"
        match verb:
            case "stop" | "start" | "kill":
                self.up[system, host] = verb == "start"
            case "cut" | "join":
                (self.cut.add if verb == "cut" else self.cut.discard)(host)
            case "poweroff":
                self.restart(host)
                self.off.add(host)
                self.up[system, host] = False
            case "poweron" | "switchon":
                if host in self.off:
                    self.off.discard(host)
                    self.hosts[host].boots_until = self.now + self.boots_s
                if verb == "poweron":
                    self.up[system, host] = True
        self.finished.append((at, verb, host))

    def restart(self, host: str, takes: float = 0.0) -> None:
        """The host goes down and comes up in another generation: what ran there is gone, and so is what it knew."""
        one = self.hosts[host]
        self.away_ever.add(host)
        for command in one.receipts.values():
            if command.result is None and not command.gone:
                self.running[command.argv[0], command.argv[2]] -= 1
                command.gone = True
        one.generation += 1
        one.receipts, one.fenced = {}, set()
        one.boots_until = max(one.boots_until, self.now + takes)

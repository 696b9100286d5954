"""The simulated data centre: what is on, what runs, what is cut off, and what every command does to it. Pure.

A state machine whose clock is an argument; times are seconds of the simulated world. The rules:

* A step takes its `expect`, a probe 50 ms, a boot 20 s. What a command does, it does at its end.
* A command that was begun goes on to its end, whatever becomes of the connection; only its host's going down kills it,
  or who stops it through its receipt: then it has done nothing.
* Probes tell the truth as it is at their end, under every fault.
* A host is up once it has power, what carries it is up and not stopped, and it has booted. What was running when it
  went down runs again then; what was stopped stays stopped. Its receipts begin a new generation.
* A carrier is healthy when the hosts that come back with it are up.
* Cut off means: not to be reached by others. The way by which orch logs in stays open.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.hosts.look import parse_call
from orchestrator.model.inventory import Inventory
from orchestrator.model.plan import NO_HOST
from orchestrator.model.terms import Mode, ProbeKind
from orchestrator.twin.behaviour import Behaviour
from orchestrator.twin.faults import Fault
from orchestrator.twin.job import Job
from orchestrator.twin.meaning import BOOT_S, TAKES_DOWN, Effect, Kind, Meaning, common_answer, effects_of, likeliest
from orchestrator.twin.receipts import Receipts
from orchestrator.twin.speech import evidence_text, failure_text, look_text, unknown_text

SLOWER = 10.0
UNKNOWN_S = 0.005
STOPPED = 143  # as a shell tells the signal that ended a command
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    """A command has ended, or was killed with its host (`job.exit` is None)."""

    job: Job


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection by which a command came is lost; the command goes on."""

    job: Job


@dataclass(frozen=True, slots=True)
class Power:
    """A host came up or went down."""

    host: str
    up: bool


Change = Ended | Dropped | Power


@dataclass(slots=True)
class _HostState:
    receipts: Receipts
    fault: Fault = Fault.NONE
    powered: bool = True
    carried: bool = True
    boots_at: float | None = None
    boots_s: float = BOOT_S
    up: bool = True
    reboots: int = 0


class World:
    """All hosts and systems of one inventory, from everything running on."""

    def __init__(self, inventory: Inventory, behaviour: Behaviour, seed: str = "") -> None:
        self._inventory = inventory
        self._behaviour = behaviour
        self._seed = seed
        self._hosts = {host: _HostState(Receipts(self._generation(host, 0))) for host in inventory.hosts}
        self._owns = {s.id: tuple(ref.id for ref in s.hosts) or (NO_HOST,) for s in inventory.systems.values()}
        self._runs = {(system, own): True for system, owns in self._owns.items() for own in owns}
        self._cuts: dict[tuple[str, str], frozenset[str]] = {}
        self._asked: dict[str, Effect] = {}  # what the mode begun last does to a system
        self._last: dict[str, Meaning] = {}
        self._jobs: dict[int, Job] = {}
        self._number = 0
        self._order = tuple(_carriers_first(inventory))
        self._guests: dict[str, tuple[str, ...]] = {}
        for host in inventory.hosts.values():
            if host.runs_on is not None:
                self._guests[host.runs_on.id] = (*self._guests.get(host.runs_on.id, ()), host.id)

    # --- what can be seen from outside ---

    def is_up(self, host: str) -> bool:
        """Whether `host` has power and has booted."""
        return self._hosts[host].up

    def fault(self, host: str) -> Fault:
        """What is wrong with `host`."""
        return self._hosts[host].fault

    def listens(self, host: str) -> bool:
        """Whether the SSH port of `host` is open."""
        return self._hosts[host].up and self._hosts[host].fault is not Fault.REFUSE

    def receipts(self, host: str) -> Receipts:
        """The receipts that `host` keeps."""
        return self._hosts[host].receipts

    def runs(self, system: str, own: str) -> bool:
        """Whether `system` is online on its host `own` (`-` where it has none)."""
        return self._runs[system, own] and (own == NO_HOST or self._hosts[own].up)

    def is_cut(self, system: str, own: str, seen_from: str) -> bool:
        """Whether `system` is isolated on `own`: as that host knows where it does the cutting, else everywhere."""
        cutters = self._behaviour.cutters.get((system, own), frozenset())
        cuts = self._cuts.get((system, own), frozenset())
        return seen_from in cuts if seen_from in cutters else bool(cuts) and cuts >= cutters

    def unfinished(self) -> tuple[Job, ...]:
        """The commands that have not ended."""
        return tuple(self._jobs.values())

    def looked(self, job: Job, at: float) -> bytes:
        """What a host answers to `orch probe`, where the time of day is `at`: it has what the playbooks call there."""
        assert job.look is not None
        tools, root_tools = (self._behaviour.tools(job.host, sudo=sudo) for sudo in (False, True))
        return look_text(job.look, tools, root_tools, self.receipts(job.host), at).encode()

    # --- what happens ---

    def begin(self, host: str, line: str, now: float, *, talks_of: str | None = None) -> Job:
        """`host` is told `line`. `talks_of` is the system that this connection spoke of before."""
        state = self._hosts[host]
        meanings = self._behaviour.meanings(host, line)
        meant = None
        if meanings:
            last = None if talks_of is None else self._last.get(talks_of)
            meant = likeliest(meanings, talks_of, last)
            meant = likeliest(meanings, meant.system, self._last.get(meant.system))
            if meant.kind is Kind.STEP:
                self._last[meant.system] = meant
                if meant.action == "shutdown":
                    self._asked[meant.system] = TAKES_DOWN[Mode(meant.phase)]
        look = None if meant else parse_call(line)
        takes = (meant.takes_s if meant else LOOK_S if look else UNKNOWN_S) * (
            SLOWER if state.fault is Fault.SLOW else 1.0
        )
        is_stuck = state.fault in {Fault.HANG, Fault.FLOOD}
        is_step = meant is not None and meant.kind is Kind.STEP
        self._number += 1
        job = Job(
            self._number,
            host,
            line,
            meanings,
            meant,
            now,
            takes,
            None if is_stuck else now + takes,
            drops=now + takes / 2 if is_step and state.fault is Fault.DROP else None,
            floods=state.fault is Fault.FLOOD,
            look=look,
        )
        self._jobs[job.number] = job
        return job

    def set_fault(self, host: str, fault: Fault, now: float) -> None:
        """From now on `fault` holds for `host`; what hung under the last one goes on from here."""
        self._hosts[host].fault = fault
        for job in self._jobs.values():
            if job.host == host:
                if fault in {Fault.HANG, Fault.FLOOD}:
                    job.ends = None
                elif job.ends is None:
                    job.ends, job.floods = now + job.takes_s, False

    def stop(self, job: Job) -> tuple[Ended, ...]:
        """`job` is ended where it still runs, before it has done anything."""
        if job.done:
            return ()
        del self._jobs[job.number]
        job.done, job.exit = True, STOPPED
        return (Ended(job),)

    def next_at(self) -> float | None:
        """When something happens by itself next; None: nothing will."""
        times = [at for job in self._jobs.values() for at in (job.ends, job.drops) if at is not None]
        times += [state.boots_at for state in self._hosts.values() if state.boots_at is not None]
        return min(times, default=None)

    def advance(self, now: float) -> tuple[Change, ...]:
        """Everything that happens up to `now`, in its order."""
        changes: list[Change] = []
        while (at := self.next_at()) is not None and at <= now:
            for host, state in self._hosts.items():
                if state.boots_at is not None and state.boots_at <= at:
                    changes += self._come_up(host)
            for job in list(self._jobs.values()):
                if job.drops is not None and job.drops <= at:
                    job.drops = None
                    changes.append(Dropped(job))
                if job.ends is not None and job.ends <= at and not job.done:
                    self._end(job)
                    changes.append(Ended(job))
            changes += self._settle(at)
        return tuple(changes)

    # --- the end of a command ---

    def _end(self, job: Job) -> None:
        del self._jobs[job.number]
        job.done = True
        fault = self._hosts[job.host].fault
        meant = job.meant
        if job.look is not None:
            job.exit = 0  # what it answers is of the host, and of the clock of the day: `twin/ssh.py` says it
        elif meant is None:
            job.exit, job.stderr = 127, unknown_text(job.line).encode()
        elif meant.kind is Kind.STEP and fault is Fault.FAIL:
            job.exit, job.stderr = meant.failure, failure_text(job.line).encode()
        elif meant.kind is Kind.STEP:
            job.exit = meant.success
            if fault is not Fault.LIE:
                for meaning, effect in effects_of(job.meanings, meant):
                    self._apply(meaning, effect, job.host)
        elif meant.kind is Kind.EVIDENCE:
            job.exit, job.stdout = 0, evidence_text(meant, job.host).encode()
        if meant is not None and meant.kind is not Kind.STEP:
            truths = [(meaning, self._truth(meaning, job.host)) for meaning in job.meanings]
            answer = common_answer(truths) or next(iter(meant.says(self._truth(meant, job.host))), None)
            if answer is not None:
                job.exit, job.stdout = answer[0], f"{answer[1]}\n".encode() if answer[1] else b""
            elif job.exit is None:
                job.exit = 4

    def _apply(self, meaning: Meaning, effect: Effect, host: str) -> None:
        if effect is Effect.AS_ASKED:
            effect = self._asked.get(meaning.system, self._behaviour.usual[meaning.system])
        for own in meaning.owns:
            place = (meaning.system, own)
            cutters = self._behaviour.cutters.get(place, frozenset())
            match effect:
                case Effect.DOWN | Effect.UP:
                    self._runs[place] = effect is Effect.UP
                case Effect.CUT:
                    self._cuts[place] = self._cuts.get(place, frozenset()) | (
                        {host} if host in cutters else {host, *cutters}
                    )
                case Effect.JOIN:
                    self._cuts[place] = self._cuts.get(place, frozenset()) - {host} if host in cutters else frozenset()
                case Effect.OFF | Effect.ON if own == NO_HOST:
                    self._runs[place] = effect is Effect.ON
                case _:
                    self._hosts[own].powered = effect is Effect.ON
                    self._hosts[own].boots_s = meaning.boots_s

    def _truth(self, meaning: Meaning, host: str) -> bool | None:
        if meaning.ask is ProbeKind.ISOLATION:
            found = {self.is_cut(meaning.system, own, host) for own in meaning.owns}
        elif meaning.ask is ProbeKind.POWEROFF:
            found = {
                self._runs[meaning.system, own] if own == NO_HOST else self._hosts[own].carried for own in meaning.owns
            }
        elif meaning.kind is Kind.HEALTH:
            guests = [self._hosts[guest] for guest in self._guests.get(meaning.system, ())]
            well = all(self.runs(meaning.system, own) for own in meaning.owns)
            found = {well and all(guest.up for guest in guests if guest.powered)}
        else:
            found = {self.runs(meaning.system, own) for own in meaning.owns}
        return found.pop() if len(found) == 1 else None

    # --- power ---

    def _settle(self, now: float) -> Iterator[Change]:
        for host in self._order:
            state = self._hosts[host]
            carried = state.powered and self._is_carried(host)
            if carried and not state.carried:
                state.boots_at, state.boots_s = now + state.boots_s, BOOT_S
            elif not carried and state.carried:
                state.boots_at = None
                yield from self._go_down(host)
            state.carried = carried

    def _is_carried(self, host: str) -> bool:
        carrier = self._inventory.hosts[host].runs_on
        if carrier is None:
            return True
        return any(
            self._runs[carrier.id, own] and (own in {NO_HOST, host} or self._hosts[own].up)
            for own in self._owns[carrier.id]
        )

    def _go_down(self, host: str) -> Iterator[Change]:
        state = self._hosts[host]
        if state.up:
            state.up = False
            yield Power(host, False)
        for job in [job for job in self._jobs.values() if job.host == host]:
            del self._jobs[job.number]
            job.done = True
            yield Ended(job)

    def _come_up(self, host: str) -> Iterator[Change]:
        state = self._hosts[host]
        state.boots_at, state.up, state.reboots = None, True, state.reboots + 1
        state.receipts.renew(self._generation(host, state.reboots))
        yield Power(host, True)

    def _generation(self, host: str, reboots: int) -> str | None:
        if not self._inventory.hosts[host].receipts:
            return None
        text = hashlib.sha256(f"{self._seed}/{host}/{reboots}".encode()).hexdigest()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


def _carriers_first(inventory: Inventory) -> list[str]:
    """The hosts, each after those that carry it (a loop is cut where it closes)."""
    depth: dict[str, float] = {}

    def deep(host: str) -> float:
        if host not in depth:
            depth[host] = math.inf
            carrier = inventory.hosts[host].runs_on
            below = [] if carrier is None else [deep(ref.id) for ref in inventory.systems[carrier.id].hosts]
            depth[host] = 1 + max((d for d in below if d != math.inf), default=0)
        return depth[host]

    return sorted(inventory.hosts, key=deep)

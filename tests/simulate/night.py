"""One night: the real engine, journal, folder, lock, inbox and output, in a virtual world, on a disk that loses things.

Nothing of orch is replaced but what it is handed: the carrier, the clock, the listener, and the system calls below it.
A night is a row of processes. Each executes the run until it comes to rest, or is killed, or its disk fails; then the
next takes it up. Meanwhile people decide in other terminals, press Ctrl-C, try to execute the run a second time, and
leave rubbish in the inbox. The judge reads what is durable in the journal, as soon as it is.
"""

import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from orchestrator.model.errors import DurabilityError, Refused, UsageError
from orchestrator.model.events import Event, OperatorDid
from orchestrator.model.plan import Plan
from orchestrator.run import engine as engine_module
from orchestrator.run import execute as execute_module
from orchestrator.run import folder as folder_module
from orchestrator.run import inbox, lock
from orchestrator.run.engine import Clock
from orchestrator.run.execute import RunEnd, decide, execute, open_run
from orchestrator.run.folder import RunFolder
from orchestrator.run.scheduler import Scheduler
from orchestrator.run.stop import Stop
from orchestrator.run.view import RunView
from tests.simulate.carrier import VirtualCarrier
from tests.simulate.disk import Crashed, Disk
from tests.simulate.estates import about_the_run
from tests.simulate.hosts import World
from tests.simulate.oracle import Judge

START = 1772331240.0  # 2026-03-01T02:14:00Z
TICK_S = 1e7
"""The loop looks up when something happens, not four times a second: a quiet hour costs nothing."""


class Found(AssertionError):
    """What a seed has brought to light."""


class Core(Scheduler):
    """The scheduler of the process that lives now, for people who look at their screen."""

    latest: "Core | None" = None

    def __init__(self, plan: object) -> None:
        super().__init__(plan)  # type: ignore[arg-type]
        Core.latest = self


class Night:
    """A run in its folder, its world and its disk; `live` is one process that executes it."""

    def __init__(self, world: World, root: Path, rng: random.Random, *, tick: float = TICK_S) -> None:
        self.world, self.rng = world, rng
        self.root = root
        self.disk = Disk(root, random.Random(rng.random()))
        self.judge = Judge(world)
        self.skew = 0.0  # of the wall clock
        self.stop = Stop()
        self.is_alive = self.had_fault = False
        self.notices: list[str] = []
        self.tally: Counter[str] = Counter()
        self.dropped: list[Path] = []
        self._tick = tick
        self._left_alone = 0
        self.wanted: Callable[[], None] | None = None  # calls people to a run that waits for them
        self._plans: dict[bytes, Plan] = {}
        self._token = 0
        self._head = "0" * 64
        self._read = 0
        self._fd = -1
        self.folder: RunFolder | None = None

    # -- the surroundings --------------------------------------------------------------------------------------

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        """The world's time and chance in the place of the real ones, and the disk at work."""
        nap = SimpleNamespace(sleep=lambda _: None)
        clock = SimpleNamespace(time_ns=lambda: int(self._wall() * 1e9))
        chance = SimpleNamespace(token_hex=self._next_token)
        places = [
            (lock, "time", nap),
            (inbox, "time", clock),
            (inbox, "secrets", chance),
            (engine_module, "TICK_S", self._tick),
            (execute_module, "Scheduler", Core),
            (folder_module, "Plan", SimpleNamespace(model_validate_json=self._plan_of)),
        ]
        before = [getattr(module, name) for module, name, _ in places]
        try:
            for module, name, value in places:
                setattr(module, name, value)
            with self.disk.at_work():
                yield
        finally:
            self._end_reading()
            for (module, name, _), value in zip(places, before, strict=True):
                setattr(module, name, value)

    def _plan_of(self, data: bytes) -> Plan:
        """The plan in `data`, which is read a dozen times a night, and must be the same each time."""
        if data not in self._plans:
            self._plans[data] = Plan.model_validate_json(data)
        return self._plans[data]

    def _wall(self) -> float:
        return self.world.now + self.skew

    def _next_token(self, size: int) -> str:
        self._token += 1
        return f"{self._token:0{2 * size}x}"

    def clock(self, not_before: float) -> Clock:
        """A clock as orch makes it, on the world's time."""
        return Clock(not_before, wall=self._wall, monotonic=lambda: self.world.now)

    # -- a process ---------------------------------------------------------------------------------------------

    def open(self, crash_at: int | None = None) -> bool:
        """Open the run; whether it is there. Killed at `crash_at` it is there as a whole, or not at all."""
        self.disk.begin(crash_at)
        plan = self.world.plan
        try:
            self.folder = open_run(
                self.root,
                plan,
                plan.model_dump_json(by_alias=True).encode(),
                by="o",
                version="0",
                protocol_bytes=None,
                now=datetime.fromtimestamp(self._wall(), UTC),
                previous_heads=(),
            )
        except Crashed:
            self.survive()
            path = self.root / "runs" / plan.id
            self.folder = RunFolder(path) if path.exists() else None
        return self.folder is not None

    def live(
        self, *, crash_at: int | None = None, fault_at: int | None = None, past_limit: bool = False, waits: bool = False
    ) -> RunEnd | None:
        """One process, until it ends; None: it was killed, or its disk failed before it could say so."""
        while self.folder is None:
            self.open()
        self.disk.begin(crash_at, fault_at)
        self.stop, self.is_alive = Stop(), True
        self.tally["processes"] += 1
        self._left_alone = 0
        carrier = VirtualCarrier(self.world, self.boundary, self._quiet if waits else None)
        anew = about_the_run("past-limit") if past_limit else None
        try:
            return execute(
                self.folder, by="o", version="0", carrier=carrier, listener=self, stop=self.stop,
                wait_for_people=waits, past_limit=anew, clock=self.clock,
            )  # fmt: skip
        except Crashed:
            self.survive()
            return None
        except Refused:  # the word was written before the last process was killed, and holds
            if not past_limit:
                raise
            return self.live(crash_at=crash_at, fault_at=fault_at, waits=waits)
        except UsageError:  # the seal was written before the last process was killed, and holds
            self.look()
            if self.judge.sealed is None:
                raise
            return RunEnd.DONE if self.judge.sealed["result"] == "done" else RunEnd.ABORTED
        except DurabilityError:
            return None
        finally:
            carrier.close()
            self.is_alive = False
            self.had_fault = self.disk.has_failed
            self.tally["disk faults"] += self.had_fault
            self.disk.begin()
            if self.folder is not None:
                self.look()

    def _quiet(self) -> None:
        """The run stays, and waits for people: they come, or somebody ends the process."""
        self._left_alone += 1
        if self.wanted is None or self._left_alone > 5:
            self.interrupt()
        else:
            self.wanted()

    def survive(self) -> None:
        """After a kill all that was written is there; after a cut of the power only what was durable, for certain."""
        self.tally["killed"] += 1
        if self.rng.random() < 0.5:
            self.tally["power cut"] += 1
            self.disk.cut_power()
            self._look_for_the_run()

    def _look_for_the_run(self) -> None:
        """A run whose making was cut may be gone as a whole, as long as nobody has taken it up."""
        if self.folder is None or self.folder.path.exists():
            return
        if self.judge.entries > 1:
            self.judge.wrong("lost: the whole run")
        self.folder, self.judge = None, Judge(self.world)
        self._end_reading()

    def _end_reading(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._read, self._head = -1, 0, "0" * 64

    def boundary(self, what: str) -> None:
        """A dispatch, or a question: what is to be executed must be written and durable by now."""
        if what.startswith("dispatch ") and not self.disk.dead:
            self.look()
            _, task, step, host, on_host, n = what.removeprefix("dispatch ").split("/")
            place = (step, host, None if on_host == "-" else on_host)
            attempt = self.judge.tasks[task].attempts.get((place, int(n)))
            if attempt is None or attempt.state != "intent":
                self.judge.wrong(f"overtaken: {what}, which is {attempt and attempt.state} on the disk")
        if what.startswith("release "):
            sent = self.judge.under_way(what.removeprefix("release "))
            if sent:
                self.judge.wrong(f"{what}, of which {sent} are under way")
        self.disk.boundary(what)

    def look(self) -> None:
        """Let the judge hear what has become durable in the journal."""
        if self._fd < 0:
            assert self.folder is not None
            self._fd = os.open(self.folder.journal_path, os.O_RDONLY)
        size = self.disk.durable_size(self._fd)
        if size <= self._read:
            if size < self._read:
                self.judge.wrong(f"lost: {self._read - size} bytes of the journal were durable, and are gone")
            return
        data = os.pread(self._fd, size - self._read, self._read)
        whole = data.rfind(b"\n") + 1
        self._read += whole
        for line in data[:whole].splitlines():
            digest = hashlib.sha256(self._head.encode() + line[65:]).hexdigest()
            if line[:65] != f"{digest} ".encode():
                self.judge.wrong(f"journal: line {self.judge.entries + 1} does not verify: {line[:200]!r}")
                return
            self._head = digest
            entry = json.loads(line[65:])
            if entry["n"] != self.judge.entries + 1:
                self.judge.wrong(f"journal: entry {self.judge.entries + 1} is numbered {entry['n']}")
            self.judge.hear(entry)

    # -- what a listener hears ---------------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """An event that is in the journal."""
        if event.n > self.judge.entries:
            self.look()
        if event.n > self.judge.entries:
            self.judge.wrong(f"told of entry {event.n}, and {self.judge.entries} are durable")

    def on_tick(self, view: RunView) -> None:
        """The display is fed; what it shows is judged elsewhere."""

    def on_notice(self, text: str) -> None:
        """Something people should read."""
        self.notices.append(text)

    # -- people ------------------------------------------------------------------------------------------------

    def say(self, *decisions: OperatorDid) -> bool:
        """A person decides, in another terminal; whether it was taken, or handed to the process that lives."""
        assert self.folder is not None
        with self.disk.of_another():
            if self.is_alive:
                self.dropped += [inbox.drop(self.folder, decision) for decision in decisions]
                self.world.is_new = True
                return True
            try:
                decide(self.folder, decisions, by="o", version="0", clock=self.clock)
            except Refused:
                return False
            finally:
                self.look()
        return True

    def interrupt(self) -> None:
        """Ctrl-C."""
        if self.is_alive:
            self.stop.request()
            self.world.is_new = True

    def kill(self) -> None:
        """The process is killed while it waits."""
        if self.is_alive:
            self.disk.kill()

    def rubbish(self, data: bytes) -> None:
        """Somebody leaves something in the inbox that is no decision."""
        assert self.folder is not None
        self._token += 1
        (self.folder.inbox_path / f"{self._token}.json").write_bytes(data)
        self.world.is_new = True

    def second_process(self) -> None:
        """Somebody resumes the run in another terminal: only one process may."""
        assert self.folder is not None
        if not self.is_alive:
            return
        with self.disk.of_another():
            try:
                rival = VirtualCarrier(self.world)
                execute(self.folder, by="p", version="0", carrier=rival, listener=self, stop=Stop(), clock=self.clock)
            except Refused:
                self.tally["refused a second process"] += 1
                return
        self.judge.wrong("a second process was let in")

    # -- the end -----------------------------------------------------------------------------------------------

    def close(self) -> list[str]:
        """What is wrong with the night as a whole."""
        assert self.folder is not None
        self.look()
        problems = self.judge.close()
        problems += [] if self.judge.sealed is None else self._decisions_lost()
        problems += self._outputs_lost()
        self.tally += self.judge.seen
        self.tally["entries"] = self.judge.entries
        self.tally["steps executed"] = sum(self.world.done.values())
        self.tally["decisions"] = sum(sum(task.people.values()) for task in self.judge.tasks.values())
        return problems

    def _decisions_lost(self) -> Iterator[str]:
        """Every decision is in the journal once, was refused with a note, or still waits."""
        assert self.folder is not None
        refused = self.folder.inbox_path / "refused"
        notes = os.listdir(refused) if refused.exists() else []
        for path in self.dropped:
            taken = self.judge.inbox[path.name]
            if taken > 1:
                yield f"inbox: {path.name} was taken {taken} times"
            refusals = any(note.startswith(path.name) for note in notes)
            if not taken and not path.exists() and not refusals:
                yield f"inbox: {path.name} is lost"
            if taken and refusals:
                yield f"inbox: {path.name} was taken, and is said to be refused"

    def _outputs_lost(self) -> Iterator[str]:
        """Every output that the journal names is there, with its bytes."""
        assert self.folder is not None
        named = {sha for entry in self._entries() for sha in _named_by(entry)}
        for sha in sorted(named):
            path = self.folder.path / "output" / sha
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != sha:
                yield f"output: {sha} is named by the journal, and is not there whole"

    def _entries(self) -> Iterator[dict[str, object]]:
        assert self.folder is not None
        for line in self.folder.journal_path.read_bytes().splitlines():
            if b'"output"' in line:
                yield json.loads(line[65:])

    def digest(self) -> str:
        """The SHA-256 of the journal's bytes."""
        assert self.folder is not None
        return hashlib.sha256(self.folder.journal_path.read_bytes()).hexdigest()


def _named_by(entry: dict[str, object]) -> Iterator[str]:
    output = entry.get("output")
    if isinstance(output, dict):
        yield output["stdout"]
        yield output["stderr"]

"""The Nth write, fsync, rename, ... of a run goes wrong, for every N (contract section 6, "a durability error").

After it nothing was sent whose intent is not durable in the file, the run has ended saying that the disk is full or
broken and what to type then; once the disk is mended, a resume ends where an undisturbed run ends, and every step was
executed once.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.model.errors import DurabilityError, OrchError, Refused
from orchestrator.model.events import Event, Left, OperatorDid, Sealed, StepChanged
from orchestrator.model.plan import Plan, PlanEvidence, PlanProbes
from orchestrator.model.terms import StepState, TaskState
from orchestrator.run import inbox, journal
from orchestrator.run.chain import read_lines
from orchestrator.run.engine import Engine
from orchestrator.run.execute import RunEnd, Stop, execute, open_run
from orchestrator.run.folder import RunFolder
from orchestrator.run.integrity import Verdict
from orchestrator.run.specs import attempt_key
from orchestrator.run.summary import task_notes
from orchestrator.run.view import RunView
from tests.simulate.world import make_plan
from tests.unit.run.faulty_disk import BROKEN, FULL, LOSING, SHORT, Fault, FaultyDisk
from tests.unit.run.instant_hosts import InstantCarrier, InstantHosts

NOW = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
BY_HAND = "partner"
WORD = OperatorDid(did="resolve", task=BY_HAND, resolution="done", by="o.lang", reason="called them")  # type: ignore[call-arg]

CALLS: dict[str, tuple[Fault, ...]] = {
    "write": (FULL, SHORT, BROKEN),
    "fsync": (FULL, BROKEN, LOSING),
    "rename": (FULL, BROKEN),
    "create": (FULL, BROKEN),
    "mkdir": (FULL, BROKEN),
    "unlink": (BROKEN,),
}
TABLE = [(call, fault) for call, faults in CALLS.items() for fault in faults]


def a_plan() -> Plan:
    """Two systems, one after the other, with evidence; and one that a person does."""
    plan = make_plan({"app": (), "db": ("app",), BY_HAND: ()})
    app, db, partner = plan.tasks
    evidence = PlanEvidence(host="app-0", name="sockets", argv=("sockets", "app", "app-0"), timeout_s=30)
    app = replace(app, evidence=(evidence,))
    call = replace(partner.steps[0], argv=None, manual="call them", host="partner-0")
    partner = replace(partner, probe=PlanProbes(), steps=(call,), hosts=())
    return plan.model_copy(update={"tasks": (app, db, partner)})


PLAN = a_plan()
PLAN_BYTES = PLAN.model_dump_json().encode()
PLACES = [(task.id, step.id, step.host) for task in PLAN.tasks for step in task.steps if step.manual is None]


class Quiet:
    """Hears of a run, and keeps what people are told."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def on_event(self, event: Event) -> None:
        """Nothing."""

    def on_tick(self, view: RunView) -> None:
        """Nothing."""

    def on_notice(self, text: str) -> None:
        """Kept."""
        self.notices.append(text)


class Night:
    """One workspace on one disk, and its hosts."""

    def __init__(self, root: Path, disk: FaultyDisk) -> None:
        self.root = root
        self.disk = disk
        self.hosts = InstantHosts()
        self.said: list[str] = []
        self.undurable: list[str] = []

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.root / "runs" / PLAN.id)

    def go(self) -> RunEnd:
        """Open the run, or take it up; execute it."""
        try:
            folder = self.folder
            if not folder.path.exists():
                folder = open_run(
                    self.root, PLAN, PLAN_BYTES, by="o.lang", version="0", protocol_bytes=b"organisation: x\n",
                    now=NOW, previous_heads=(),
                )  # fmt: skip
            listener = Quiet()
            carrier = InstantCarrier(self.hosts, self._before_step, self._person)
            end = execute(
                folder, by="o.lang", version="0", carrier=carrier, listener=listener, stop=Stop(), wait_for_people=True
            )
            self.said += listener.notices
        except DurabilityError as error:
            self.said.append(f"{error.what} {error.advice}")
            return RunEnd.DURABILITY
        return end

    def journal(self) -> tuple[Event, ...]:
        """What is in the file now."""
        with self.disk.resting():
            path = self.folder.journal_path
            return read_lines(path.read_bytes()).events if path.exists() else ()

    def _before_step(self, key: str) -> None:
        """The intent of what goes out now must be on the disk."""
        durable = read_lines(self.disk.durable_bytes(self.folder.journal_path)).events
        intents = {
            attempt_key(PLAN.id, e.task, e.step, e.host, e.on_host, e.attempt)
            for e in durable
            if isinstance(e, StepChanged) and e.state is StepState.INTENT
        }
        if key not in intents:
            self.undurable.append(key)

    def _person(self) -> None:
        """In another terminal somebody says that the partner is off, once."""
        with self.disk.resting():
            events = self.journal()
            state = task_notes(PLAN, events)[BY_HAND].state
            lies = any(path.name.endswith(".json") for path in self.folder.inbox_path.iterdir())
            if state is TaskState.HELD and not lies and not any(isinstance(e, OperatorDid) for e in events):
                inbox.drop(self.folder, WORD)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


def night(root: Path, call: str = "write", nth: int = 0, fault: Fault = FULL) -> tuple[Night, RunEnd]:
    """One run with that fault."""
    root.mkdir(parents=True, exist_ok=True)
    disk = FaultyDisk(root / "runs", call, nth, fault)
    here = Night(root, disk)
    with pytest.MonkeyPatch.context() as patch:
        disk.install(patch)
        end = here.go()
    return here, end


def resumed(here: Night) -> RunEnd:
    """The disk is mended; somebody types `orch resume`."""
    here.disk.mend()
    if any(isinstance(event, Sealed) for event in here.journal()):
        return RunEnd.DONE  # only the fsync of the seal had failed; `resume` says that it is over
    with pytest.MonkeyPatch.context() as patch:
        here.disk.install(patch)  # goes on noting what is durable
        return here.go()


def ends(here: Night) -> dict[str, TaskState]:
    """The tasks' states."""
    return {task: note.state for task, note in task_notes(PLAN, here.journal()).items()}


def every_fault(root: Path, call: str, fault: Fault) -> Iterator[tuple[str, Night, RunEnd]]:
    """One night for each N, until one passes without having met the fault."""
    for nth in range(1, 500):
        here, end = night(root / f"{nth}", call, nth, fault)
        yield f"{call} {nth} {fault.name}", here, end
        if not here.disk.fired:
            return
    raise AssertionError("there is no end to it")


def test_undisturbed_it_ends_well(root: Path) -> None:
    here, end = night(root)

    assert end is RunEnd.DONE
    assert set(ends(here).values()) == {TaskState.DONE}
    assert sorted(here.hosts.executed.values()) == [1] * len(PLACES)
    assert here.hosts.order == [(verb, task, f"{task}-0") for task in ("app", "db") for verb in ("drain", "stop")]


@pytest.mark.parametrize(("call", "fault"), TABLE, ids=[f"{call}-{fault.name}" for call, fault in TABLE])
def test_the_nth_call_goes_wrong(root: Path, call: str, fault: Fault) -> None:
    met = 0
    for name, here, first in every_fault(root, call, fault):
        met += here.disk.fired
        assert here.undurable == [], f"{name}: sent before its intent was durable"
        end = first
        if first is not RunEnd.DONE:
            assert here.disk.fired, f"{name}: it ended with {first} for nothing"
            assert first is RunEnd.DURABILITY, name
            assert_it_says_so(name, here, fault)
            end = resumed(here)
        assert end is RunEnd.DONE, f"{name}: mended and taken up, it ends with {end}: {here.said}"
        assert_nothing_lost_or_doubled(name, here)
    assert met > 0, f"no {call} was ever made"


def test_where_the_journal_can_still_be_written_it_says_why(root: Path) -> None:
    here, end = night(root, "rename", 2, BROKEN)  # the first is the run's folder, the second a kept output

    assert end is RunEnd.DURABILITY
    assert [event.reason for event in here.journal() if isinstance(event, Left)] == ["durability"]
    assert resumed(here) is RunEnd.DONE


def assert_it_says_so(name: str, here: Night, fault: Fault) -> None:
    said = " ".join(here.said)
    if fault in {BROKEN, LOSING}:
        assert "could not be made durable" in said, f"{name}: {said}"
        assert "dmesg" in said, f"{name}: {said}"
    else:
        assert "disk full" in said, f"{name}: {said}"
        assert "Free space" in said, f"{name}: {said}"
    opened = here.folder.journal_path.exists()
    assert (f"orch resume {PLAN.id}" if opened and here.hosts.order else "hen:") in said, f"{name}: {said}"


def assert_nothing_lost_or_doubled(name: str, here: Night) -> None:
    assert set(ends(here).values()) == {TaskState.DONE}, f"{name}: {ends(here)}"
    done = [f"{'/'.join(argv)}" for argv in here.hosts.order]
    assert done == ["drain/app/app-0", "stop/app/app-0", "drain/db/db-0", "stop/db/db-0"], f"{name}: {done}"
    words = [event for event in here.journal() if isinstance(event, OperatorDid)]
    assert len(words) == 1, f"{name}: a person's word is in the journal {len(words)} times"
    assert here.folder.verify().verdict is Verdict.INTERNAL_ONLY, f"{name}: {here.folder.verify()}"
    inbox_now = [path.name for path in here.folder.inbox_path.iterdir() if not path.name.startswith(".")]
    assert inbox_now == [], f"{name}: {inbox_now} is left in the inbox"


# --- the table bites: mistakes built in on purpose


def a_short_write_counts(patch: pytest.MonkeyPatch) -> None:
    def write(fd: int, data: bytes) -> None:
        os.write(fd, data)
        os.fsync(fd)

    patch.setattr(journal, "write_all", write)


def a_second_fsync_is_believed(patch: pytest.MonkeyPatch) -> None:
    def write(fd: int, data: bytes) -> None:
        os.write(fd, data)
        try:
            os.fsync(fd)
        except OSError:
            os.fsync(fd)

    patch.setattr(journal, "write_all", write)


def the_journal_follows_the_effect(patch: pytest.MonkeyPatch) -> None:
    record, write = Engine._record, Engine._write

    def effects_first(self: Any, decided: Any) -> None:
        self._write = lambda *_: None
        record(self, decided)
        del self._write
        write(self, decided.events, self._scheduler.now)

    patch.setattr(Engine, "_record", effects_first)


def a_failed_write_stops_nothing(patch: pytest.MonkeyPatch) -> None:
    write = Engine._write

    def go_on(self: Any, *rest: Any) -> None:
        with suppress(DurabilityError):
            write(self, *rest)

    patch.setattr(Engine, "_write", go_on)


@pytest.mark.parametrize(
    ("mutant", "call", "fault"),
    [
        (a_short_write_counts, "write", SHORT),
        (a_second_fsync_is_believed, "fsync", LOSING),
        (the_journal_follows_the_effect, "write", FULL),
        (a_failed_write_stops_nothing, "write", FULL),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(getattr(value, "name", value)),
)
def test_a_mistake_is_caught(
    root: Path, monkeypatch: pytest.MonkeyPatch, mutant: Callable[[pytest.MonkeyPatch], None], call: str, fault: Fault
) -> None:
    mutant(monkeypatch)
    with pytest.raises((AssertionError, OrchError)):
        test_the_nth_call_goes_wrong(root, call, fault)


# --- a person's word on its way into the inbox


@pytest.mark.parametrize(("call", "fault"), [pair for pair in TABLE if pair[0] != "unlink"],
                         ids=[f"{call}-{fault.name}" for call, fault in TABLE if call != "unlink"])  # fmt: skip
def test_a_word_is_handed_over_whole_or_the_command_says_no(root: Path, call: str, fault: Fault) -> None:
    for nth in range(1, 50):
        disk = FaultyDisk(root / f"{nth}" / "runs", call, nth, fault)
        (root / f"{nth}").mkdir()
        folder = RunFolder.create(root / f"{nth}", PLAN.id, PLAN_BYTES, None)
        with pytest.MonkeyPatch.context() as patch:
            disk.install(patch)
            said = ""
            try:
                inbox.drop(folder, WORD)
            except DurabilityError as error:
                said = error.what
        taken = inbox.take(folder)
        assert all(decision.task == BY_HAND for _, decision in taken)
        assert inbox.refusals(folder) == (), "half a word lay there"
        if not disk.fired:
            assert (said, len(taken)) == ("", 1)
            return
        assert taken or said
        assert not said or ("disk full" in said) is (fault in {FULL, SHORT})
    pytest.fail("there is no end to it")


# --- the same plan never runs twice, whatever the disk did


def test_a_run_whose_opening_failed_is_opened_once(root: Path) -> None:
    for nth in range(1, 100):
        here = Night(root / f"{nth}", FaultyDisk(root / f"{nth}" / "runs", "fsync", nth, BROKEN))
        here.root.mkdir()
        for _ in range(2):
            with pytest.MonkeyPatch.context() as patch:
                here.disk.install(patch)
                with suppress(DurabilityError, Refused):
                    open_run(
                        here.root, PLAN, PLAN_BYTES, by="o.lang", version="0", protocol_bytes=None, now=NOW,
                        previous_heads=(),
                    )  # fmt: skip
        digest = hashlib.sha256(PLAN_BYTES).hexdigest()
        assert [event.type for event in here.journal()] == ["opened"]
        assert here.folder.plan()[0] == PLAN
        assert hashlib.sha256(here.folder.plan()[1]).hexdigest() == digest
        if not here.disk.fired:
            return
    pytest.fail("there is no end to it")

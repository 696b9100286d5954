"""The journal on disk: what is durable, what a failing disk does, what is taken for torn and what never is."""

import errno
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.model.errors import Broken, DurabilityError, Refused
from orchestrator.model.events import Event, Opened, Resumed, Sealed, TaskChanged
from orchestrator.model.terms import TaskState
from orchestrator.run.journal import Journal, looks_sealed, read_journal, read_opened

NOW = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
OPENED = Opened(run="run-1", plan_sha256="a" * 64, by="o.lang", version="0.1.0")
SEALED = Sealed(result="done", tasks={})


def task(name: str) -> Event:
    return TaskChanged(task=name, state=TaskState.PROBING)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "run-1").mkdir()
    return tmp_path / "run-1" / "journal.jsonl"


def test_append_numbers_stamps_and_chains_over_reopening(path: Path) -> None:
    with Journal.create(path) as journal:
        first = journal.append((OPENED, task("a")), NOW)
        head = journal.head
    with Journal.open(path) as journal:
        assert journal.head == head
        second = journal.append((task("b"),), NOW)
        assert (journal.events, journal.last, journal.entries) == (first, second[0], 3)  # what it appends, it forgets
        journal.let_go()
        assert (journal.events, journal.last, journal.entries) == ((), second[0], 3)
        head = journal.head
    read = read_journal(path)
    assert read.events == first + second
    assert read.head == head
    assert [event.n for event in read.events] == [1, 2, 3]
    assert {event.at for event in read.events} == {"2026-03-01T02:14:00.000000Z"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_opened(path) == first[0]


def test_a_batch_is_one_write_and_one_fsync(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    write, fsync = os.write, os.fsync

    def counting_write(fd: int, data: bytes) -> int:
        calls.append("write")
        return write(fd, data)

    def counting_fsync(fd: int) -> None:
        calls.append("fsync")
        fsync(fd)

    with Journal.create(path) as journal:
        monkeypatch.setattr(os, "write", counting_write)
        monkeypatch.setattr(os, "fsync", counting_fsync)
        journal.append((OPENED, task("a"), task("b")), NOW)
        assert calls == ["write", "fsync"]
        assert journal.append((), NOW) == ()
        assert calls == ["write", "fsync"]


def fail(code: int) -> object:
    def raise_it(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    return raise_it


DISKS = {
    "full": ("write", fail(errno.ENOSPC), "disk full"),
    "quota": ("write", fail(errno.EDQUOT), "disk full"),
    "dying at write": ("write", fail(errno.EIO), "could not be made durable"),
    "dying at fsync": ("fsync", fail(errno.EIO), "could not be made durable"),
    "full at fsync": ("fsync", fail(errno.ENOSPC), "disk full"),
    "short write": ("write", lambda fd, data: len(data) - 1, "disk full"),
    "read-only": ("write", fail(errno.EROFS), "could not be made durable"),
}


@pytest.mark.parametrize(("call", "fault", "text"), DISKS.values(), ids=DISKS)
def test_a_disk_that_fails_once_is_never_trusted_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, fault: object, text: str
) -> None:
    with Journal.create(path) as journal:
        journal.append((OPENED,), NOW)
        head, entries, last = journal.head, journal.entries, journal.last
        with monkeypatch.context() as broken_disk:
            broken_disk.setattr(os, call, fault)
            with pytest.raises(DurabilityError, match=text) as error:
                journal.append((task("a"),), NOW)
        assert "nothing more was started" in error.value.what
        assert error.value.advice.endswith("orch resume run-1")
        with pytest.raises(DurabilityError):  # although the disk is well again
            journal.append((task("b"),), NOW)
        assert (journal.head, journal.entries, journal.last) == (head, entries, last)


def test_the_real_dev_full(path: Path) -> None:
    with Journal.create(path) as journal:
        full = os.open("/dev/full", os.O_WRONLY)
        journal_fd = next(int(fd) for fd in os.listdir("/proc/self/fd") if _target(fd) == str(path))
        os.dup2(full, journal_fd)
        os.close(full)
        with pytest.raises(DurabilityError, match="disk full"):
            journal.append((OPENED,), NOW)


def _target(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except FileNotFoundError:
        return ""


# The limit comes after the imports: Python would leave cut bytecode files behind, and read them the next time.
SHORT_OF_SPACE = """
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from orchestrator.model.errors import DurabilityError
from orchestrator.model.events import Opened, TaskChanged
from orchestrator.model.terms import TaskState
from orchestrator.run.journal import Journal
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
journal = Journal.create(Path(sys.argv[1]))
now = datetime.now(UTC)
journal.append((Opened(run="r", plan_sha256="a" * 64, by="x", version="1"),), now)
try:
    while True:
        journal.append((TaskChanged(task="a", state=TaskState.PROBING),), now)
except DurabilityError as error:
    print(journal.entries, error.what)
"""


def test_a_really_short_write_leaves_a_torn_tail_and_the_run_goes_on_from_what_was_acknowledged(path: Path) -> None:
    command = [sys.executable, "-B", "-c", SHORT_OF_SPACE, str(path)]
    env = {"PYTHONPATH": str(Path(__file__).parents[3])}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    acknowledged = int(ran.stdout.split()[0])
    assert "disk full" in ran.stdout
    assert path.stat().st_size == 2000
    with Journal.open(path) as journal:
        assert len(journal.events) == acknowledged
        assert journal.torn_bytes > 0
        journal.append((task("b"),), NOW)
    assert len(read_journal(path).events) == acknowledged + 1


@pytest.mark.parametrize(
    "tail", [b"x", b"0" * 64, b"0" * 64 + b' {"n": 3', b"\0" * 4096], ids=["x", "hash", "half", "zeros"]
)
def test_a_torn_tail_is_read_past_and_cut_off_for_writing(path: Path, tail: bytes) -> None:
    with Journal.create(path) as journal:
        journal.append((OPENED, task("a")), NOW)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(tail)
    assert read_journal(path).torn_bytes == len(tail)
    assert path.stat().st_size == size + len(tail), "reading changes nothing"
    with Journal.open(path) as journal:
        assert journal.torn_bytes == len(tail)
        assert path.stat().st_size == size
        journal.append((task("b"),), NOW)
    assert len(read_journal(path).events) == 3


def test_a_bad_but_complete_last_line_is_never_taken_for_torn(path: Path) -> None:
    with Journal.create(path) as journal:
        journal.append((OPENED, task("a")), NOW)
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"task":"a"', b'"task":"b"'))
    for opener in (Journal.open, read_journal):
        with pytest.raises(Broken, match=r"journal\.jsonl:2  its hash does not fit"):
            opener(path)
    assert len(path.read_bytes()) == len(data)


def _remove(path: Path) -> None:
    path.unlink()


def _link(path: Path) -> None:
    other = path.with_name("elsewhere")
    path.rename(other)
    path.symlink_to(other)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _linked_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to(path.parent.with_name("elsewhere"))


STRANGE = {
    "missing": (_remove, "is missing"),
    "a link": (_link, "is a link"),
    "a pipe": (_pipe, "is a link"),
    "a folder": (_folder, "is a link|Is a directory"),
    "in a linked folder": (_linked_folder, "is a link"),
}


@pytest.mark.parametrize(("change", "text"), STRANGE.values(), ids=STRANGE)
def test_what_is_no_plain_file_is_refused(path: Path, change: object, text: str) -> None:
    with Journal.create(path) as journal:
        journal.append((OPENED,), NOW)
    assert callable(change)
    change(path)
    for opener in (Journal.open, read_journal):
        with pytest.raises(Broken, match=text):
            opener(path)


def test_without_permission_it_is_a_refusal_not_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal.create(path).close()
    monkeypatch.setattr(os, "open", fail(errno.EACCES))
    for opener in (Journal.open, read_journal):
        with pytest.raises(Refused, match="permission denied"):
            opener(path)


def test_a_second_journal_is_not_made(path: Path) -> None:
    Journal.create(path).close()
    with pytest.raises(Broken, match="there already"):
        Journal.create(path)


MEDDLED = {
    "appended to": lambda path: path.write_bytes(path.read_bytes() + b"x\n"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "removed": lambda path: path.unlink(),
}


@pytest.mark.parametrize("meddle", MEDDLED.values(), ids=MEDDLED)
def test_a_journal_that_somebody_else_changes_meanwhile_stops_the_run(path: Path, meddle: object) -> None:
    with Journal.create(path) as journal:
        journal.append((OPENED,), NOW)
        assert callable(meddle)
        meddle(path)
        for _ in range(2):
            with pytest.raises(Broken, match="somebody else changed it"):
                journal.append((task("a"),), NOW)


NEVER = {
    "not opened first": ((Resumed(by="x", version="1"),), "opened"),
    "opened twice": ((OPENED, OPENED), "second"),
    "something after sealed": ((OPENED, SEALED, task("a")), "seal"),
}


@pytest.mark.parametrize(("events", "text"), NEVER.values(), ids=NEVER)
def test_what_no_journal_may_hold_is_not_written(path: Path, events: tuple[Event, ...], text: str) -> None:
    with Journal.create(path) as journal:
        with pytest.raises(ValueError, match=text):
            journal.append(events, NOW)
        assert path.stat().st_size == 0
        journal.append((OPENED, SEALED), NOW)  # a caller's mistake is not the disk's: it can be mended
        assert journal.is_sealed
        with pytest.raises(ValueError, match="seal"):
            journal.append((task("a"),), NOW)
        with pytest.raises(ValueError, match="zone"):
            journal.append((task("a"),), datetime(2026, 3, 1))  # noqa: DTZ001


def test_nothing_is_written_after_closing(path: Path) -> None:
    journal = Journal.create(path)
    journal.close()
    journal.close()
    with pytest.raises(DurabilityError, match="is closed"):
        journal.append((OPENED,), NOW)


def test_what_looks_over_is_told_by_the_last_line_alone(path: Path) -> None:
    with Journal.create(path) as journal:
        assert not looks_sealed(path)
        journal.append((OPENED, task("a")), NOW)
        assert not looks_sealed(path)
        journal.append((Sealed(result="done", tasks={"done": 1}),), NOW)
    assert looks_sealed(path)
    whole = path.read_bytes()
    for end in (whole[:-20], whole + b"torn", whole + b"\xff\n"):
        path.write_bytes(end)
        assert not looks_sealed(path)

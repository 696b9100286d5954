"""A run's folder on disk: made whole or not at all, found by name, one process at a time, output under its hash,
decisions from other terminals, and what `verify` says of each kind of damage."""

import errno
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.model.errors import Broken, DurabilityError, Refused, UsageError
from orchestrator.model.events import EvidenceKept, Opened, OperatorDid, OutputRef, TaskChanged
from orchestrator.model.plan import Estimate, Plan, Request
from orchestrator.model.terms import Action, TaskState
from orchestrator.run import inbox
from orchestrator.run.folder import RunFolder
from orchestrator.run.integrity import Verdict, verify_all
from orchestrator.run.journal import Journal
from orchestrator.run.output import OutputStore

NOW = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
RUN = "20260301-0214-shutdown-7f3a"
PROTOCOL = b"organisation: Example\n"


def plan_bytes(run: str) -> bytes:
    plan = Plan(
        id=run,
        created_at="2026-03-01T02:14:00Z",
        author="o.lang",
        action=Action.SHUTDOWN,
        request=Request(),
        inputs=(),
        estate_head="",
        summary="shutdown 0 systems",
        hosts={},
        tasks=(),
        estimate=Estimate(seconds=0, critical_path=(), critical_path_s=0),
    )
    return plan.model_dump_json().encode()


def opened(run: str, *heads: str) -> Opened:
    return Opened(
        run=run,
        plan_sha256=hashlib.sha256(plan_bytes(run)).hexdigest(),
        previous_run_heads=heads,
        by="o.lang",
        version="0.1.0",
        protocol_sha256=hashlib.sha256(PROTOCOL).hexdigest(),
    )


def make(root: Path, run: str = RUN, *heads: str, after: int = 0) -> RunFolder:
    """A run, opened `after` minutes."""
    at = NOW + timedelta(minutes=after)
    return RunFolder.create(root, run, plan_bytes(run), PROTOCOL, opened=opened(run, *heads), at=at)


# --- making


def test_a_run_is_whole_private_and_begins_with_opened(tmp_path: Path) -> None:
    folder = make(tmp_path)
    assert folder.run_id == RUN
    assert [event.type for event in folder.read().events] == ["opened"]
    assert folder.plan()[1] == plan_bytes(RUN)
    for path in (folder.path, *folder.path.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert sorted(path.name for path in folder.path.parent.iterdir()) == [RUN]


def test_a_plan_runs_once(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(Refused, match="at most once"):
        make(tmp_path)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [RUN]


@pytest.mark.parametrize("call", ["write", "fsync", "rename", "mkdir"])
def test_a_disk_that_fails_leaves_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    make(tmp_path, "earlier")
    real = getattr(os, call)

    def fault(target: object, *rest: object) -> object:
        if call == "fsync" and os.readlink(f"/proc/self/fd/{target}").endswith("/runs"):
            return real(target, *rest)  # the folder that is there already
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, fault)
    with pytest.raises(DurabilityError, match="disk full"):
        make(tmp_path)
    monkeypatch.undo()
    assert [folder.run_id for folder in RunFolder.list_runs(tmp_path)] == ["earlier"]


def test_what_was_being_made_when_the_power_went_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "runs" / f".new-{RUN}-x").mkdir(parents=True)
    assert RunFolder.list_runs(tmp_path) == ()
    assert make(tmp_path).verify().verdict is Verdict.INTERNAL_ONLY


def test_a_linked_runs_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Broken, match="is a link"):
        make(tmp_path)
    with pytest.raises(Broken, match="is a link"):
        RunFolder.list_runs(tmp_path)


# --- finding


@pytest.fixture
def three(tmp_path: Path) -> Path:
    make(tmp_path, "b-first", after=0)
    make(tmp_path, "a-second", after=1)
    make(tmp_path, "a-second-again", after=2)
    return tmp_path


FOUND = {
    "last": "a-second-again",
    "b": "b-first",
    "a-second": "a-second",  # an id, although another begins with it
    "a-second-": "a-second-again",
}


@pytest.mark.parametrize(("name", "run"), FOUND.items())
def test_a_run_is_named_by_id_beginning_or_last(three: Path, name: str, run: str) -> None:
    assert RunFolder.find(three, name).run_id == run


NOT_FOUND = {
    "a": "is the beginning of 2 runs: a-second, a-second-again",
    "b-frist": "There is no run",
    "../runs/b-first": "There is no run",
    "": "There is no run",
}


@pytest.mark.parametrize(("name", "text"), NOT_FOUND.items())
def test_what_names_no_run_is_a_usage_error(three: Path, name: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        RunFolder.find(three, name)


def test_suggests_and_says_what_to_do_without_runs(three: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(UsageError) as error:
        RunFolder.find(three, "b-frist")
    assert error.value.advice == "Did you mean b-first?"
    with pytest.raises(UsageError, match="no run yet"):
        RunFolder.find(tmp_path_factory.mktemp("empty"), "last")


def test_runs_stand_in_the_order_in_which_they_were_opened_and_unreadable_ones_last(three: Path) -> None:
    (three / "runs" / "0-no-journal").mkdir()
    (three / "runs" / "Not An Id").mkdir()
    (three / "runs" / "notes.txt").write_text("x")
    ids = [folder.run_id for folder in RunFolder.list_runs(three)]
    assert ids == ["b-first", "a-second", "a-second-again", "0-no-journal"]


# --- the plan


def test_a_plan_that_is_not_what_was_opened_is_not_given_out(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder.path / "plan.json").write_bytes(plan_bytes(RUN).replace(b"0 systems", b"9 systems"))
    with pytest.raises(Broken, match=r"plan\.json was changed"):
        folder.plan()


def test_what_is_no_plan_is_broken_not_a_traceback(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, RUN, b"{}", None)
    with pytest.raises(Broken, match="is no plan"):
        folder.plan()


# --- the lock


def test_who_comes_second_is_told_who_holds_it(tmp_path: Path) -> None:
    folder = make(tmp_path)
    assert not folder.is_locked()
    with folder.lock("o.lang"):
        assert folder.is_locked()
        with pytest.raises(Refused, match=rf"{RUN} is being executed by o\.lang \(process {os.getpid()} on "):
            folder.lock("k.sued").__enter__()
        holder = folder.holder()
        assert holder is not None
        assert (holder.by, holder.pid) == ("o.lang", os.getpid())
    assert not folder.is_locked()
    assert (folder.path / "lock").exists(), "a lock's file is never deleted"
    with folder.lock("k.sued"):
        assert folder.is_locked()


def test_a_disk_that_fails_as_the_lock_is_let_go_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(fd: int, length: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    folder = make(tmp_path)
    with folder.lock("o.lang"):
        monkeypatch.setattr(os, "ftruncate", broken)
    assert not folder.is_locked()


HOLD = """
import sys, time
from pathlib import Path
from orchestrator.run.folder import RunFolder
with RunFolder(Path(sys.argv[1])).lock("o.lang"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_two_processes_and_a_kill(tmp_path: Path) -> None:
    folder = make(tmp_path)
    env = {"PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder.path)], stdout=subprocess.PIPE, env=env) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Refused, match=f"o.lang \\(process {other.pid} "):
            folder.lock("k.sued").__enter__()
        other.kill()
        other.wait()
        with folder.lock("k.sued"):
            assert folder.is_locked()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'{"by": "x"}', b"[" * 5000])
def test_a_lock_file_that_says_nonsense_is_still_a_lock(tmp_path: Path, content: bytes) -> None:
    folder = make(tmp_path)
    with folder.lock("o.lang"):
        (folder.path / "lock").write_bytes(content)
        with pytest.raises(Refused, match="another process"):
            folder.lock("k.sued").__enter__()


def test_a_linked_lock_is_refused(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder.path / "lock").unlink()
    (folder.path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Broken, match="is a link"):
        folder.lock("o.lang").__enter__()
    assert not (tmp_path / "elsewhere").exists()


# --- output


def test_output_is_kept_once_under_its_hash(tmp_path: Path) -> None:
    store = OutputStore(tmp_path / "output")
    data = bytes(range(256)) * 100
    sha = store.keep(data)
    assert sha == hashlib.sha256(data).hexdigest()
    assert OutputStore(tmp_path / "output").keep(data) == sha
    assert store.read(sha) == data
    assert [path.name for path in (tmp_path / "output").iterdir()] == [sha]
    assert stat.S_IMODE((tmp_path / "output" / sha).stat().st_mode) == 0o600
    assert store.read(store.keep(b"")) == b""


def test_a_changed_output_is_broken_and_keeping_it_again_mends_it(tmp_path: Path) -> None:
    sha = OutputStore(tmp_path / "output").keep(b"42 rows")
    (tmp_path / "output" / sha).write_bytes(b"43 rows")
    with pytest.raises(Broken, match="was changed"):
        OutputStore(tmp_path / "output").read(sha)
    OutputStore(tmp_path / "output").keep(b"42 rows")
    assert OutputStore(tmp_path / "output").read(sha) == b"42 rows"


@pytest.mark.parametrize("name", ["../plan.json", "", "F" * 64, "a" * 63, "a" * 64])
def test_an_output_that_is_not_there_is_broken(tmp_path: Path, name: str) -> None:
    with pytest.raises(Broken):
        OutputStore(tmp_path).read(name)


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_output_that_can_not_be_kept_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    folder = make(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(DurabilityError, match="disk full") as error:
        folder.outputs.keep(b"x")
    assert error.value.advice == f"Free space, then: orch resume {RUN}"
    monkeypatch.undo()
    assert list((folder.path / "output").iterdir()) == []


def test_many_threads_keep_the_same_output(tmp_path: Path) -> None:
    store = OutputStore(tmp_path / "output")
    threads = [threading.Thread(target=store.keep, args=(b"same",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list((tmp_path / "output").iterdir())) == 1


@pytest.fixture
def fsynced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all that is fsynced."""
    paths: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        paths.append(os.readlink(f"/proc/self/fd/{fd}"))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    return paths


def test_output_that_a_killed_process_left_is_made_durable_before_it_is_named(
    tmp_path: Path, fsynced: list[str]
) -> None:
    """It may have been killed after the rename, before the folder was fsynced: the name is in the page cache only."""
    OutputStore(tmp_path / "output").keep(b"42 rows")
    fsynced.clear()
    OutputStore(tmp_path / "output").keep(b"42 rows")
    assert fsynced.count(str(tmp_path / "output")) == 1


def test_a_run_that_a_killed_process_made_is_made_durable_by_who_takes_it_up(
    tmp_path: Path, fsynced: list[str]
) -> None:
    folder = make(tmp_path)
    fsynced.clear()
    Journal.open(folder.journal_path).close()
    assert {str(folder.path), str(folder.path.parent)} <= set(fsynced)


# --- decisions from other terminals

DECISION = OperatorDid.model_validate(
    {"did": "resolve", "task": "core-db", "as": "retry", "by": "o.lang", "reason": "the worker is gone"}
)


def test_a_decision_reaches_the_run_once(tmp_path: Path) -> None:
    folder = make(tmp_path)
    first = inbox.drop(folder, DECISION)
    inbox.drop(folder, OperatorDid(did="pause", by="k.sued", reason=""))
    taken = inbox.take(folder)
    assert taken[0][0] == first
    assert taken[0][1] == DECISION.model_copy(update={"inbox": first.name})
    assert taken[1][1].did == "pause"
    assert inbox.take(folder) == taken, "what is not done is still there"
    inbox.done(first)
    assert [path for path, _ in inbox.take(folder)] == [taken[1][0]]
    assert inbox.take(folder, seen={taken[1][0].name}) == (), "the journal has it: the run died before it was removed"
    assert inbox.take(folder) == ()


def test_the_journal_remembers_by_which_file_a_decision_came(tmp_path: Path) -> None:
    folder = make(tmp_path)
    path = inbox.drop(folder, DECISION)
    with Journal.open(folder.journal_path) as journal:
        journal.append([decision for _, decision in inbox.take(folder)], NOW)
    last = folder.read().events[-1]
    assert isinstance(last, OperatorDid)
    assert last.inbox == path.name
    assert b'"as":"retry"' in folder.journal_path.read_bytes()


GOOD = DECISION.model_dump_json(exclude_none=True).encode()
HOSTILE: dict[str, Callable[[Path], object]] = {
    "half": lambda path: path.write_bytes(GOOD[:-5]),
    "empty": lambda path: path.write_bytes(b""),
    "huge": lambda path: path.write_bytes(GOOD + b" " * 70_000),
    "another event": lambda path: path.write_bytes(b'{"type":"sealed","result":"done","tasks":{}}'),
    "unknown key": lambda path: path.write_bytes(GOOD[:-1] + b',"x":1}'),
    "with a number": lambda path: path.write_bytes(GOOD.replace(b'"n":0', b'"n":7')),
    "with a file's name": lambda path: path.write_bytes(GOOD[:-1] + b',"inbox":"other"}'),
    "nobody": lambda path: path.write_bytes(GOOD.replace(b"o.lang", b" ")),
    "no reason": lambda path: path.write_bytes(GOOD.replace(b"the worker is gone", b"")),
    "no task": lambda path: path.write_bytes(GOOD.replace(b'"task":"core-db",', b"")),
    "no word": lambda path: path.write_bytes(GOOD.replace(b'"as":"retry",', b"")),
    "force with a word": lambda path: path.write_bytes(GOOD.replace(b'"did":"resolve"', b'"did":"escalate"')),
    "a pause of one task": lambda path: path.write_bytes(
        GOOD.replace(b'"did":"resolve"', b'"did":"pause"').replace(b'"as":"retry",', b"")
    ),
    "an abort without a reason": lambda path: path.write_bytes(
        b'{"type":"operator","did":"abort","by":"x","reason":" "}'
    ),
    "budgets from here": lambda path: path.write_bytes(b'{"type":"operator","did":"past-limit","by":"x","reason":"y"}'),
    "a word that is none": lambda path: path.write_bytes(GOOD.replace(b'"did":"resolve"', b'"did":"explode"')),
    "a name without end": lambda path: path.write_bytes(GOOD.replace(b"o.lang", b"o" * 201)),
    "a reason without end": lambda path: path.write_bytes(GOOD.replace(b"the worker is gone", b"x" * 4001)),
    "nested": lambda path: path.write_bytes(b"[" * 60_000),
    "a link": lambda path: path.symlink_to("/etc/passwd"),
    "a pipe": os.mkfifo,
    "a folder": lambda path: shutil.copytree(path.parent.parent / "output", path),
}


@pytest.mark.parametrize("name", ["1.json", "\x1b[31m evil\n.json", "x" * 200])
@pytest.mark.parametrize("leave", HOSTILE.values(), ids=HOSTILE)
def test_hostile_and_half_files_are_moved_away_with_the_reason(
    tmp_path: Path, leave: Callable[[Path], object], name: str
) -> None:
    folder = make(tmp_path)
    leave(folder.inbox_path / name)
    inbox.drop(folder, DECISION)
    assert len(inbox.take(folder)) == 1
    assert len(inbox.take(folder)) == 1
    refused = inbox.refusals(folder)
    assert len(refused) == 1
    assert refused[0].name.startswith(name[:150])
    assert refused[0].why


def test_a_flood_is_worked_off_in_pieces_and_a_decision_does_not_wait_behind_it(tmp_path: Path) -> None:
    folder = make(tmp_path)
    for n in range(450):
        (folder.inbox_path / f"!{n:03}").write_bytes(b"x")
    inbox.drop(folder, DECISION)
    ((path, _),) = inbox.take(folder)
    assert len(inbox.waiting(folder)) == 450 - 199 + 1, "one look takes 200 files"
    inbox.done(path)
    while inbox.waiting(folder):
        inbox.take(folder)
    assert len(list((folder.inbox_path / "refused").iterdir())) == 900


@pytest.mark.parametrize("impostor", [lambda path: path.write_bytes(b"x"), lambda path: path.symlink_to("/tmp")])
def test_what_stands_in_the_way_of_the_refused_is_refused_itself(
    tmp_path: Path, impostor: Callable[[Path], object]
) -> None:
    folder = make(tmp_path)
    impostor(folder.inbox_path / "refused")
    (folder.inbox_path / "x.json").write_bytes(b"x")
    inbox.drop(folder, DECISION)
    for _ in range(2):
        assert len(inbox.take(folder)) == 1
    assert sorted(refusal.name[:6] for refusal in inbox.refusals(folder)) == ["refuse", "x.json"]


def test_the_fate_of_a_file_is_known(tmp_path: Path) -> None:
    folder = make(tmp_path)
    taken, refused, waits = (inbox.drop(folder, DECISION) for _ in range(3))
    inbox.done(taken)
    inbox.refuse(refused, "core-db is over (done)")
    assert inbox.fate(taken) == (inbox.Fate.TAKEN, "")
    assert inbox.fate(refused) == (inbox.Fate.REFUSED, "core-db is over (done)")
    assert inbox.fate(waits) == (inbox.Fate.WAITS, "")


def test_a_folder_under_the_name_of_a_decision_that_was_taken_stops_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder.inbox_path / "1.json").mkdir()
    assert inbox.take(folder, seen={"1.json"}) == ()
    assert inbox.waiting(folder) == frozenset()


@pytest.mark.parametrize("change", [{"by": " "}, {"reason": ""}, {"task": None}, {"n": 1}])
def test_what_would_be_refused_is_not_dropped(tmp_path: Path, change: dict[str, object]) -> None:
    folder = make(tmp_path)
    with pytest.raises(ValueError, match="a"):
        inbox.drop(folder, DECISION.model_copy(update=change))
    assert list(folder.inbox_path.iterdir()) == []


# --- verify


def ran(root: Path) -> RunFolder:
    """A run that kept some output."""
    folder = make(root)
    sha = folder.outputs.keep(b"LISTEN 5432")
    output = OutputRef(stdout=sha, stderr=folder.outputs.keep(b""), bytes=(11, 0), truncated=(False, False))
    with Journal.open(folder.journal_path) as journal:
        journal.append((EvidenceKept(task="core-db", host="muc-db-01", name="sockets", exit=0, output=output),), NOW)
    return folder


def test_a_run_that_fits_together_is_internal_only_never_just_ok(tmp_path: Path) -> None:
    folder = ran(tmp_path)
    report = folder.verify()
    assert (report.verdict, report.entries, report.outputs, report.problems) == (Verdict.INTERNAL_ONLY, 2, 2, ())
    assert report.head == folder.read().head
    assert report.short_head == "-".join(report.head[i : i + 4] for i in (0, 4, 8, 12))


def _kept(folder: RunFolder) -> Path:
    return folder.path / "output" / hashlib.sha256(b"LISTEN 5432").hexdigest()


def _link_output(folder: RunFolder) -> None:
    kept = _kept(folder)
    kept.rename(folder.path / "elsewhere")
    kept.symlink_to(folder.path / "elsewhere")


def _other_journal(folder: RunFolder) -> None:
    other = make(folder.path.parent.parent, "other")
    shutil.copy(other.journal_path, folder.journal_path)


DAMAGE: dict[str, tuple[Callable[[RunFolder], object], str]] = {
    "plan changed": (lambda f: (f.path / "plan.json").write_bytes(b"{}"), "plan.json was changed"),
    "plan gone": (lambda f: (f.path / "plan.json").unlink(), "plan.json is missing"),
    "protocol changed": (lambda f: (f.path / "protocol.yaml").write_bytes(b"x"), "protocol.yaml was changed"),
    "output gone": (lambda f: _kept(f).unlink(), "is missing. (named by entry 2)"),
    "output changed": (lambda f: _kept(f).write_bytes(b"LISTEN 5433"), "does not fit its name"),
    "output linked": (_link_output, "is a link"),
    "journal changed": (
        lambda f: f.journal_path.write_bytes(f.journal_path.read_bytes().replace(b"sockets", b"rockets")),
        "journal.jsonl:2  its hash does not fit",
    ),
    "journal empty": (lambda f: f.journal_path.write_bytes(b""), "no first entry that verifies"),
    "journal gone": (lambda f: f.journal_path.unlink(), "journal.jsonl is missing"),
    "another run's journal": (_other_journal, 'the journal of run "other"'),
}


@pytest.mark.parametrize(("damage", "text"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_named(tmp_path: Path, damage: Callable[[RunFolder], object], text: str) -> None:
    folder = ran(tmp_path)
    damage(folder)
    report = folder.verify()
    assert report.verdict is Verdict.BROKEN
    assert any(text in problem for problem in report.problems), report.problems
    assert verify_all(tmp_path).verdict is Verdict.BROKEN


# --- verify --all


def chained(root: Path) -> tuple[RunFolder, RunFolder]:
    """Two runs; the second names the first's head of then, and the first went on."""
    first = ran(root)
    second = make(root, "second", first.read().head, after=5)
    with Journal.open(first.journal_path) as journal:
        journal.append((TaskChanged(task="core-db", state=TaskState.PROBING),), NOW)
    return first, second


def test_a_run_that_went_on_after_it_was_named_still_fits(tmp_path: Path) -> None:
    chained(tmp_path)
    whole = verify_all(tmp_path)
    assert whole.problems == ()
    assert whole.verdict is Verdict.INTERNAL_ONLY
    assert len(whole.reports) == 2


def test_a_removed_run_is_missed_by_the_next(tmp_path: Path) -> None:
    first, _ = chained(tmp_path)
    shutil.rmtree(first.path)
    whole = verify_all(tmp_path)
    assert whole.verdict is Verdict.BROKEN
    assert "a run was removed" in whole.problems[0]
    assert [report.verdict for report in whole.reports] == [Verdict.INTERNAL_ONLY]


def test_a_run_cut_before_the_head_that_was_named_is_broken(tmp_path: Path) -> None:
    first, _ = chained(tmp_path)
    first.journal_path.write_bytes(first.journal_path.read_bytes().splitlines(keepends=True)[0])
    assert first.verify().verdict is Verdict.INTERNAL_ONLY, "alone it can't be seen"
    assert verify_all(tmp_path).verdict is Verdict.BROKEN


def test_a_run_replaced_by_a_link_is_broken(tmp_path: Path) -> None:
    first, _ = chained(tmp_path)
    first.path.rename(tmp_path / "elsewhere")
    first.path.symlink_to(tmp_path / "elsewhere")
    whole = verify_all(tmp_path)
    assert whole.verdict is Verdict.BROKEN
    assert len(whole.reports) == 2

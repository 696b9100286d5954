"""A person's word on its way into a run, whatever the process that executes it does meanwhile: it is never lost, never
taken twice, and what is said of it is true (contract section 6, "People decide")."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.model.errors import Refused, UsageError
from orchestrator.model.events import Event, OperatorDid, Sealed, TaskChanged
from orchestrator.model.terms import TaskState
from orchestrator.plan.file import plan_bytes
from orchestrator.run import inbox
from orchestrator.run.execute import open_run
from orchestrator.run.folder import RunFolder
from orchestrator.run.handing import Handed, hand_over
from orchestrator.run.journal import Journal
from tests.simulate.world import make_plan

AT = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
RETRY = OperatorDid.model_validate({"did": "resolve", "task": "db", "as": "retry", "by": "k.sued", "reason": "mended"})
SKIP = RETRY.model_copy(update={"resolution": "skip"})
PAUSE = OperatorDid(did="pause", by="k.sued", reason="")
ABORT = OperatorDid(did="abort", by="k.sued", reason="false alarm")
LIMIT_S = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """An open run of `db` and what it needs, in which db has failed."""
    plan = make_plan({"db": (), "san": ("db",)})
    folder = open_run(
        tmp_path, plan, plan_bytes(plan), by="o.lang", version="0", protocol_bytes=None, now=AT, previous_heads=()
    )
    write(folder, TaskChanged(task="db", state=TaskState.PROBING), TaskChanged(task="db", state=TaskState.FAILED))
    return folder


def write(folder: RunFolder, *events: Event) -> None:
    with Journal.open(folder.journal_path) as journal:
        journal.append(events, AT)


def said(folder: RunFolder) -> list[tuple[str, str | None, bool]]:
    """What people said by the journal, and whether it came by the inbox."""
    events = [event for event in folder.read().events if isinstance(event, OperatorDid)]
    return [(event.did, event.resolution, event.inbox is not None) for event in events]


def hand(folder: RunFolder, *decisions: OperatorDid, patience_s: float = LIMIT_S) -> Handed:
    return hand_over(folder, decisions, by="k.sued", version="0", patience_s=patience_s)


@contextmanager
def executed(folder: RunFolder, then: Callable[[list[Path]], None]) -> Iterator[None]:
    """Somebody holds the run. As soon as something lies in the inbox `then` is called with it; after that they go."""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with folder.lock("o.lang"):
            held.set()
            until = time.monotonic() + LIMIT_S
            while not inbox.waiting(folder) and not over.is_set() and time.monotonic() < until:
                time.sleep(0.005)
            then([folder.inbox_path / name for name in sorted(inbox.waiting(folder))])

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(LIMIT_S)
    try:
        yield
    finally:
        over.set()
        thread.join(LIMIT_S)


def go(_: list[Path]) -> None:
    """Leave without a look at it."""


# --- where nobody executes the run


def test_it_is_written_at_once(folder: RunFolder) -> None:
    assert hand(folder, RETRY) == Handed(None)
    assert said(folder) == [("resolve", "retry", False)]


def test_what_can_not_be_taken_is_refused_and_nothing_is_written(folder: RunFolder) -> None:
    before = folder.journal_path.read_bytes()
    with pytest.raises(Refused, match="san has not been tried yet"):
        hand(folder, RETRY, RETRY.model_copy(update={"task": "san"}))
    assert folder.journal_path.read_bytes() == before


def test_a_pause_means_nobody_and_is_not_written(folder: RunFolder) -> None:
    assert hand(folder, PAUSE) == Handed(None)
    assert said(folder) == []


def test_an_abort_seals(folder: RunFolder) -> None:
    hand(folder, ABORT)
    sealed = folder.read().events[-1]
    assert isinstance(sealed, Sealed)
    assert (sealed.result, sealed.tasks) == ("aborted", {"waiting": 1, "failed": 1})


def test_an_abort_whose_process_was_killed_can_be_said_again(folder: RunFolder) -> None:
    write(folder, ABORT)
    hand(folder, ABORT)
    assert isinstance(folder.read().events[-1], Sealed)


def test_the_last_word_of_all_makes_it_done(folder: RunFolder) -> None:
    hand(folder, SKIP, SKIP.model_copy(update={"task": "san"}))
    sealed = folder.read().events[-1]
    assert isinstance(sealed, Sealed)
    assert (sealed.result, sealed.tasks) == ("done", {"skipped": 2})


# --- where a process does


def test_it_is_said_that_it_was_taken(folder: RunFolder) -> None:
    with executed(folder, lambda papers: inbox.done(*papers)):
        handed = hand(folder, RETRY)
    assert handed.holder is not None
    assert handed.holder.by == "o.lang"
    assert (handed.waits, handed.refused) == (0, ())


def test_it_is_said_that_it_was_refused_and_why(folder: RunFolder) -> None:
    with executed(folder, lambda papers: inbox.refuse(papers[0], "db is over (done)")):
        handed = hand(folder, RETRY)
    assert handed.refused == ("db is over (done)",)


def test_it_is_said_that_nobody_has_looked_at_it_yet(folder: RunFolder) -> None:
    release = threading.Event()

    def look_away(_: list[Path]) -> None:
        release.wait(LIMIT_S)

    with executed(folder, look_away):
        handed = hand(folder, RETRY, PAUSE, patience_s=0.2)
        assert len(inbox.waiting(folder)) == 2
        release.set()
    assert handed.holder is not None
    assert handed.waits == 2


# --- where it goes between the look and the drop


@pytest.mark.parametrize(
    ("decision", "written"),
    [(RETRY, [("resolve", "retry", True)]), (ABORT, [("abort", None, True)]), (PAUSE, [])],
    ids=["retry", "abort", "pause"],
)
def test_what_nobody_took_is_written_by_who_dropped_it(
    folder: RunFolder, decision: OperatorDid, written: list[tuple[str, str | None, bool]]
) -> None:
    with executed(folder, go):
        assert hand(folder, decision) == Handed(None)
    assert said(folder) == written
    assert inbox.waiting(folder) == frozenset()


def test_what_was_taken_by_a_process_that_died_then_is_not_taken_again(folder: RunFolder) -> None:
    def die(papers: list[Path]) -> None:
        write(folder, *(RETRY.model_copy(update={"inbox": paper.name}) for paper in papers))

    with executed(folder, die):
        hand(folder, RETRY)
    assert said(folder) == [("resolve", "retry", True)]
    assert inbox.waiting(folder) == frozenset()


def test_an_abort_taken_by_a_process_that_died_then_ends_the_run(folder: RunFolder) -> None:
    def die(papers: list[Path]) -> None:
        write(folder, *(ABORT.model_copy(update={"inbox": paper.name}) for paper in papers))

    with executed(folder, die):
        hand(folder, ABORT)
    assert said(folder) == [("abort", None, True)]
    assert isinstance(folder.read().events[-1], Sealed)


def test_what_is_refused_in_the_end_is_not_left_for_the_next_process(folder: RunFolder) -> None:
    def go_on(_: list[Path]) -> None:
        write(
            folder, TaskChanged(task="san", state=TaskState.PROBING), TaskChanged(task="san", state=TaskState.ALREADY)
        )

    with executed(folder, go_on), pytest.raises(Refused, match="san is over"):
        hand(folder, SKIP, SKIP.model_copy(update={"task": "san"}))
    assert said(folder) == []
    assert inbox.waiting(folder) == frozenset()
    assert len(inbox.refusals(folder)) == 2


def test_a_run_that_ended_meanwhile_takes_nothing_more(folder: RunFolder) -> None:
    end = Sealed(result="done", tasks={})
    with executed(folder, lambda _: write(folder, end)), pytest.raises(UsageError, match="is over"):
        hand(folder, RETRY)
    assert said(folder) == []
    assert inbox.waiting(folder) == frozenset()


def test_it_reaches_the_next_process_where_one_takes_the_run_up_in_between(folder: RunFolder) -> None:
    started = threading.Event()

    def next_one() -> None:
        started.wait(LIMIT_S)
        until = time.monotonic() + LIMIT_S
        while time.monotonic() < until:
            try:
                with folder.lock("a.brandt"):
                    time.sleep(0.05)
                    inbox.done(*(folder.inbox_path / name for name in inbox.waiting(folder)))
                    return
            except Refused:
                continue

    thread = threading.Thread(target=next_one)
    thread.start()
    with executed(folder, lambda _: started.set()):
        handed = hand(folder, RETRY)
    thread.join(LIMIT_S)
    assert inbox.waiting(folder) == frozenset()
    assert handed.holder is not None or said(folder) == [("resolve", "retry", True)]

"""Mistakes built into engine, inbox, output, lock, journal and disk on purpose: what is durable before what."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.model.errors import DurabilityError
from orchestrator.run import disk, execute, inbox, journal, lock, output, scheduler
from orchestrator.run.chain import Reading, read_lines
from orchestrator.run.engine import Clock, Engine
from orchestrator.run.output import OutputStore
from tests.simulate.mutants import MUTANTS, mutant

__all__ = ["MUTANTS"]  # those of the core, and these


def _write_only(fd: int, data: bytes) -> None:
    os.write(fd, data)


@mutant
def recorded_after_the_effect(patch: pytest.MonkeyPatch) -> None:
    """Effects first, then the journal."""
    record = Engine._record

    def late(self: Any, decided: Any) -> None:
        record(self, replace(decided, events=()))
        record(self, replace(decided, effects=()))

    patch.setattr(Engine, "_record", late)


@mutant
def inbox_file_removed_before_the_journal_has_it(patch: pytest.MonkeyPatch) -> None:
    """A crash in between loses what a person decided."""
    read = Engine._read_inbox

    def eager(self: Any) -> Any:
        papers, decisions = read(self)
        inbox.done(*papers)
        return [], decisions

    patch.setattr(Engine, "_read_inbox", eager)


@mutant
def decision_taken_twice(patch: pytest.MonkeyPatch) -> None:
    """A file that the journal has already is taken once more after a crash."""
    take = inbox.take
    patch.setattr(inbox, "take", lambda folder, *_: take(folder, ()))


@mutant
def output_kept_after_the_event(patch: pytest.MonkeyPatch) -> None:
    """The journal names what is written only later."""
    keep, late = OutputStore.keep, list[bytes]()

    def deferred(self: OutputStore, data: bytes) -> str:
        for one in late:
            keep(self, one)
        late[:] = [data]
        return hashlib.sha256(data).hexdigest()

    patch.setattr(OutputStore, "keep", deferred)


@mutant
def clock_running_backwards(patch: pytest.MonkeyPatch) -> None:
    """The wall clock dates the journal, whatever it does."""
    init = Clock.__init__

    def bare(self: Any, not_before: float = 0.0, **sources: Any) -> None:
        init(self, not_before, **sources)
        self.now = sources["wall"]

    patch.setattr(Clock, "__init__", bare)


@mutant
def durability_error_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """A full disk, and the run goes on."""
    append = journal.Journal.append

    def careless(self: Any, events: Sequence[Any], at: Any) -> Any:
        try:
            return append(self, events, at)
        except DurabilityError:
            return ()

    patch.setattr(journal.Journal, "append", careless)


@mutant
def sealed_though_something_failed(patch: pytest.MonkeyPatch) -> None:
    """The run is closed as soon as there is nothing more to do by itself."""
    ended = execute._ended

    def closing(run: Any, core: Any, standing: Any) -> Any:
        return ended(run, core, scheduler.Standing.DONE if standing is scheduler.Standing.STUCK else standing)

    patch.setattr(execute, "_ended", closing)


@mutant
def lock_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """Everybody gets the lock."""
    patch.setattr(lock, "_take", lambda _: True)


# --- the journal and the disk


@mutant
def fsync_is_skipped(patch: pytest.MonkeyPatch) -> None:
    """What is written is believed to be there."""
    patch.setattr(journal, "write_all", _write_only)


@mutant
def fsync_that_failed_is_tried_again(patch: pytest.MonkeyPatch) -> None:
    """The second one succeeds, and the data is gone."""

    def stubborn(fd: int, data: bytes) -> None:
        os.write(fd, data)
        try:
            os.fsync(fd)
        except OSError:
            os.fsync(fd)

    patch.setattr(journal, "write_all", stubborn)


@mutant
def short_write_is_not_seen(patch: pytest.MonkeyPatch) -> None:
    """The rest of a line is missing, and the next follows it."""

    def careless(fd: int, data: bytes) -> None:
        os.write(fd, data)
        os.fsync(fd)

    patch.setattr(journal, "write_all", careless)
    patch.setattr(journal.Journal, "_require_untouched", lambda _: None)


@mutant
def torn_tail_is_kept(patch: pytest.MonkeyPatch) -> None:
    """The next line is written behind half a line."""

    def recover(path: Path, fd: int) -> Reading:
        try:
            os.fsync(fd)
        except OSError as error:
            raise disk.not_durable(error, path, "") from error
        return read_lines(path.read_bytes())

    patch.setattr(journal, "_recover", recover)
    patch.setattr(journal.Journal, "_require_untouched", lambda _: None)


@mutant
def page_cache_is_believed(patch: pytest.MonkeyPatch) -> None:
    """A journal is read from the page cache, which may hold what never reached the disk."""
    patch.setattr(os, "posix_fadvise", lambda *_: None)
    recover = journal._recover

    def cached(path: Path, fd: int) -> Reading:
        real, os.posix_fadvise = os.posix_fadvise, lambda *_: None
        try:
            return recover(path, fd)
        finally:
            os.posix_fadvise = real

    patch.setattr(journal, "_recover", cached)


@mutant
def folder_is_not_fsynced(patch: pytest.MonkeyPatch) -> None:
    """A renamed file whose name is in the page cache only."""
    for module in (disk, output, inbox, journal):
        patch.setattr(module, "sync_folder", lambda _: None)


@mutant
def file_is_not_fsynced_before_its_rename(patch: pytest.MonkeyPatch) -> None:
    """A name without its bytes."""
    patch.setattr(disk, "_write_large", _write_only)

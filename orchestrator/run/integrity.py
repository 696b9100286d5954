"""What can be said of a run's integrity, and no more (contract section 7): never just "ok".

* `broken`: a line that does not verify; a plan or protocol whose digest is not the one in `opened`; a journal of
  another run, or none; an output that the journal names and that is missing or does not fit its hash; a head that a
  later run names and that no run has (a run was removed, or its journal cut).
* `internal-only`: all of it fits together. Who can write the folder could have written another that does, too: a cut at
  the end of a line is only seen by a later run or by an anchor outside the file.
* `anchored`: a signed approval or checkpoint outside the file names its head.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orchestrator.model.errors import Broken
from orchestrator.model.events import Event, EvidenceKept, Opened, Probed, StepChanged
from orchestrator.run.chain import BadLine, Reading, read_lines, short_head
from orchestrator.run.disk import read_file
from orchestrator.run.journal import read_opened
from orchestrator.run.layout import JOURNAL, OUTPUT, PLAN, PROTOCOL, run_paths
from orchestrator.run.output import OutputStore


class Verdict(StrEnum):
    """What `orch verify` answers."""

    ANCHORED = "anchored"
    INTERNAL_ONLY = "internal-only"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """One run: the verdict, how many entries verify, the head after them, and everything that is wrong."""

    run: str
    verdict: Verdict
    entries: int
    head: str
    torn_bytes: int = 0
    outputs: int = 0
    problems: tuple[str, ...] = ()
    bad: BadLine | None = None

    @property
    def short_head(self) -> str:
        """The head as people compare it."""
        return short_head(self.head)


@dataclass(frozen=True, slots=True)
class VerifyAll:
    """All runs of a workspace, and what is wrong between them."""

    reports: tuple[VerifyReport, ...]
    problems: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        verdicts = {report.verdict for report in self.reports}
        if self.problems or Verdict.BROKEN in verdicts:
            return Verdict.BROKEN
        return Verdict.ANCHORED if verdicts == {Verdict.ANCHORED} else Verdict.INTERNAL_ONLY


def verify_run(path: Path) -> VerifyReport:
    """Verifies the run in the folder `path`. Raises Refused only where it may not be read."""
    return _report(path, _read(path))


def verify_all(root: Path) -> VerifyAll:
    """Verifies every run of a workspace, and that each head that a run names is, or once was, the head of another."""
    paths = run_paths(root)
    named = {path.name: _named_heads(path) for path in paths}
    wanted = {head for heads in named.values() for head in heads}
    reports: list[VerifyReport] = []
    holders: dict[str, set[str]] = {}
    for path in paths:
        reading = _read(path, wanted)
        reports.append(_report(path, reading))
        for head in reading.found if isinstance(reading, Reading) else ():
            holders.setdefault(head, set()).add(path.name)
    problems = [
        f"run {run} names the head {short_head(head)}..., which no other run here has: a run was removed, or its "
        "journal was cut or changed"
        for run, heads in named.items()
        for head in heads
        if not holders.get(head, set()) - {run}
    ]
    return VerifyAll(tuple(reports), tuple(problems))


def _read(path: Path, wanted: Iterable[str] = ()) -> Reading | str:
    """The journal up to its first bad line, or why there is none to read."""
    try:
        return read_lines(read_file(path / JOURNAL), wanted)
    except Broken as error:
        return error.what


def _named_heads(path: Path) -> tuple[str, ...]:
    """The heads that the first line names, if it can be read; that it verifies is asked elsewhere."""
    try:
        opened = read_opened(path / JOURNAL)
    except Broken:
        return ()
    return opened.previous_run_heads if opened is not None else ()


def _report(path: Path, reading: Reading | str) -> VerifyReport:
    if isinstance(reading, str):
        return VerifyReport(path.name, Verdict.BROKEN, 0, read_lines(b"").head, problems=(reading,))
    wrong: list[str] = []
    if reading.bad is not None:
        wrong.append(f"{JOURNAL}:{reading.bad.line}  {reading.bad.what}")
    wrong.extend(_against_opened(path, reading.events))
    named = _outputs(reading.events)
    wrong.extend(_output_problems(path, named))
    return VerifyReport(
        run=path.name,
        verdict=Verdict.BROKEN if wrong else Verdict.INTERNAL_ONLY,
        entries=len(reading.events),
        head=reading.head,
        torn_bytes=reading.torn_bytes,
        outputs=len(named),
        problems=tuple(wrong),
        bad=reading.bad,
    )


def _against_opened(path: Path, events: tuple[Event, ...]) -> Iterator[str]:
    """What the first event says of the run's other files."""
    opened = events[0] if events else None
    if not isinstance(opened, Opened):
        yield f"{JOURNAL}:1  there is no first entry that verifies, so nothing says which plan this run executed"
        return
    if opened.run != path.name:
        yield f'{JOURNAL}:1  this is the journal of run "{opened.run}"'
    yield from _digest_problem(path / PLAN, opened.plan_sha256)
    if opened.protocol_sha256 is not None:
        yield from _digest_problem(path / PROTOCOL, opened.protocol_sha256)


def _digest_problem(path: Path, digest: str) -> Iterator[str]:
    try:
        if hashlib.sha256(read_file(path)).hexdigest() != digest:
            yield f"{path.name} was changed: its SHA-256 is not the one that the journal opened with"
    except Broken as error:
        yield error.what


def _outputs(events: Iterable[Event]) -> dict[str, int]:
    """Every output that the journal names, and the first entry that does."""
    named: dict[str, int] = {}
    for event in events:
        if isinstance(event, StepChanged | Probed | EvidenceKept) and event.output is not None:
            named.setdefault(event.output.stdout, event.n)
            named.setdefault(event.output.stderr, event.n)
    return named


def _output_problems(path: Path, named: dict[str, int]) -> Iterator[str]:
    store = OutputStore(path / OUTPUT)
    for sha, n in named.items():
        try:
            store.read(sha)
        except Broken as error:
            yield f"{error.what} (named by entry {n})"

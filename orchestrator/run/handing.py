"""A person's decisions on their way into a run, from any terminal (contract section 6, "People decide").

* Where a process executes the run they are dropped into its inbox, one file each; it is waited for a moment whether it
  takes them. Where none does, they are written into the journal under the run's lock.
* A process that ends between the look and the drop never takes them, so whoever dropped them does it itself then. A
  decision is never lost, and what is said of it is true.
* A pause means the process that executes the run. Where there is none, it is withdrawn, and nothing is written.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.model.errors import Refused, UsageError
from orchestrator.model.events import OperatorDid
from orchestrator.run import inbox
from orchestrator.run.execute import decide
from orchestrator.run.folder import RunFolder
from orchestrator.run.inbox import Fate
from orchestrator.run.lock import HeldByAnother, Holder

PATIENCE_S = 5.0
"""So long the process that executes the run is waited for; it looks into its inbox a few times a second."""
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of decisions. `holder`: who executes the run and was handed them; None: nobody does."""

    holder: Holder | None
    waits: int = 0  # so many lie in the inbox still
    refused: tuple[str, ...] = ()  # why the process would not take those that it refused


def hand_over(
    folder: RunFolder, decisions: Sequence[OperatorDid], *, by: str, version: str, patience_s: float = PATIENCE_S
) -> Handed:
    """Brings decisions into a run. Raises Refused where the run is not executed and one can't be taken."""
    try:
        _decide(folder, decisions, (), by=by, version=version)
        return Handed(None)
    except HeldByAnother as held:
        holder = held.holder
    papers = dict(zip(inbox.drop_all(folder, decisions), decisions, strict=True))
    return _wait(folder, papers, holder, by=by, version=version, patience_s=patience_s)


def _wait(
    folder: RunFolder, papers: dict[Path, OperatorDid], holder: Holder, *, by: str, version: str, patience_s: float
) -> Handed:
    until = time.monotonic() + patience_s
    refused: list[str] = []
    taken_up = True
    while True:
        for paper in tuple(papers):
            fate, why = inbox.fate(paper)
            if fate is not Fate.WAITS:
                del papers[paper]
            if fate is Fate.REFUSED:
                refused.append(why)
        try:
            if papers and folder.holder() is None:
                _decide(folder, list(papers.values()), list(papers), by=by, version=version)
                return Handed(None, refused=tuple(refused))
            if not papers or time.monotonic() >= until or not taken_up:
                return Handed(holder, len(papers), tuple(refused))
            time.sleep(_POLL_S)
        except HeldByAnother as held:
            holder = held.holder
        except KeyboardInterrupt:
            taken_up = False


def _decide(
    folder: RunFolder, decisions: Sequence[OperatorDid], papers: Sequence[Path], *, by: str, version: str
) -> None:
    """Writes them under the run's lock; a pause means nobody there. Raises HeldByAnother, or why none was taken.

    What was not taken lies in the inbox no more, or the next process would take what was said to be refused.
    """
    try:
        if all(decision.did == "pause" for decision in decisions):
            with folder.lock(by):
                inbox.done(*papers)
        else:
            decide(folder, decisions, by=by, version=version, papers=papers)
    except HeldByAnother:
        raise
    except (Refused, UsageError) as error:  # the run has gone on, or is over
        for paper in papers:
            inbox.refuse(paper, error.what)
        raise

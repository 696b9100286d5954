"""Opening, executing, resuming and deciding about a run: the calls that the command line makes (contract section 6).

Executing and resuming are one thing: the journal is replayed into the core, and the core goes on. What the plan holds
and what lies in the run's own folder is all that is read, besides the secrets that the plan refers to.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from orchestrator.hosts.port import Carrier
from orchestrator.model.collector import without_collector
from orchestrator.model.errors import DurabilityError, OrchError, Refused, UsageError
from orchestrator.model.events import Event, Left, Opened, OperatorDid, Resumed, Sealed
from orchestrator.model.plan import Plan
from orchestrator.model.terms import TaskState
from orchestrator.run.engine import Clock, Engine, Listener
from orchestrator.run.folder import RunFolder
from orchestrator.run.inbox import done, waiting
from orchestrator.run.journal import Journal
from orchestrator.run.objections import objection_to
from orchestrator.run.scheduler import Scheduler, Standing
from orchestrator.run.stop import Stop
from orchestrator.run.stopped_by import stopped_by

__all__ = ["RunEnd", "Stop", "decide", "execute", "open_run", "replayed"]


class RunEnd(StrEnum):
    """How an execution ended."""

    DONE = "done"  # sealed
    FAILED = "failed"  # nothing more to do by itself, and something failed or is unknown
    PAUSED = "paused"
    ABORTED = "aborted"  # sealed by a person's word, with tasks that are not over
    WAITING = "waiting"  # for people
    INTERRUPTED = "interrupted"  # the operator gave up waiting
    DURABILITY = "durability"  # the disk is full or broken; nothing more was started


def open_run(
    root: Path,
    plan: Plan,
    plan_bytes: bytes,
    *,
    by: str,
    version: str,
    protocol_bytes: bytes | None,
    now: datetime,
    previous_heads: Sequence[str],
    inputs_changed: Sequence[str] = (),
) -> RunFolder:
    """A new run of `plan` in the workspace `root`, opened and durable. Raises Refused where it has run already."""
    if plan.gates:
        raise Refused(
            f"this plan waits for approvals ({', '.join(sorted({gate.id for gate in plan.gates}))}), and this version "
            "of orch can't take them.",
            "Nothing was opened. Approvals come with a later version; a protocol without gates asks for none.",
        )
    opened = Opened(
        run=plan.id,
        plan_sha256=hashlib.sha256(plan_bytes).hexdigest(),
        previous_run_heads=tuple(sorted(previous_heads)),
        by=by,
        version=version,
        protocol_sha256=hashlib.sha256(protocol_bytes).hexdigest() if protocol_bytes is not None else None,
        inputs_changed=tuple(inputs_changed),
    )
    return RunFolder.create(root, plan.id, plan_bytes, protocol_bytes, opened=opened, at=now)


def execute(
    folder: RunFolder,
    *,
    by: str,
    version: str,
    carrier: Carrier,
    listener: Listener,
    stop: Stop,
    wait_for_people: bool = False,
    past_limit: OperatorDid | None = None,
    clock: Callable[[float], Clock] = Clock,
    plan: Plan | None = None,
) -> RunEnd:
    """Execute a run, or take it up again, until nothing more is to be done by itself.

    `past_limit`: a person's word that spent budgets are counted anew. `plan`: what `folder.plan()` gave, so that a
    large one is read and kept once. Raises Refused where another process executes
    it, or where no budget is spent, Broken where its journal or plan do not verify, UsageError where it is over.
    """
    with folder.lock(by), Journal.open(folder.journal_path) as journal:
        older = _waiting(folder)
        scheduler = replayed(folder.run_id, folder.plan()[0] if plan is None else plan, journal.events)
        anew = _counted_anew(scheduler, journal.events, past_limit)
        timer = _clock(journal, clock)
        engine = Engine(folder, scheduler, journal, carrier, listener, stop, by=by, clock=timer, older=older)
        journal.let_go()
        try:
            if journal.entries > 1:
                resumed: Sequence[Event] = (Resumed(by=by, version=version), *anew)
                now = timer.now()
                for event in journal.append(resumed, datetime.fromtimestamp(now, UTC)):
                    scheduler.replay(event, now)
                    listener.on_event(event)
            return _ended(engine, scheduler, engine.run(wait_for_people=wait_for_people))
        except DurabilityError as error:
            listener.on_notice(f"{error.what} {error.advice}")
            with suppress(OrchError):  # where the journal itself can't be written it says nothing more
                engine.leave(Left(reason="durability"))
            return RunEnd.DURABILITY
        finally:
            carrier.close()


def decide(
    folder: RunFolder,
    decisions: Sequence[OperatorDid],
    *,
    by: str,
    version: str,
    papers: Sequence[Path] = (),
    clock: Callable[[float], Clock] = Clock,
) -> None:
    """Write people's decisions into a run that no process executes; its next resume goes on from there.

    An abort ends it: what a process left midway stays as it is, and unknown. `papers`: the files, one for each
    decision, by which they were handed to a process that is gone; what it took is not taken again. Raises
    Refused with every objection where one of them can't be taken; then none is.
    """
    with folder.lock(by), Journal.open(folder.journal_path) as journal:
        plan, _ = folder.plan()
        scheduler = replayed(folder.run_id, plan, journal.events)
        stopped = stopped_by(journal.events)
        ends = any(decision.did == "abort" for decision in decisions)  # also one whose process was killed
        known = {event.inbox for event in journal.events if isinstance(event, OperatorDid) and event.inbox}
        if papers:
            pairs = [(p.name, d) for p, d in zip(papers, decisions, strict=True) if p.name not in known]
            decisions = [decision.model_copy(update={"inbox": name}) for name, decision in pairs]
        objections = [
            why
            for decision in decisions
            if decision.did != "abort" and (why := objection_to(scheduler.runs, stopped, decision)) is not None
        ]
        if objections:
            raise Refused("; ".join(objections) + ".", f"Nothing was decided. See: orch show {folder.run_id}")
        now = _clock(journal, clock).now()
        events = list(scheduler.decide(now, decisions).events)
        if ends or scheduler.standing() is Standing.DONE:
            events += [Left(reason="ended"), _sealed(scheduler)]
        journal.append(events, datetime.fromtimestamp(now, UTC))
        done(*papers)


def _clock(journal: Journal, made: Callable[[float], Clock]) -> Clock:
    """A clock that goes on where the journal ends."""
    return made(datetime.fromisoformat(journal.last.at).timestamp() if journal.last is not None else 0.0)


def _waiting(folder: RunFolder) -> frozenset[str]:
    """What lies in the inbox before the run is taken up; the engine tells where that can't be looked at."""
    try:
        return waiting(folder)
    except OrchError:
        return frozenset()


def _counted_anew(
    scheduler: Scheduler, events: Sequence[Event], past_limit: OperatorDid | None
) -> tuple[OperatorDid, ...]:
    """The word that budgets are counted anew, if it was given. Raises Refused where none is spent."""
    if past_limit is None:
        return ()
    if (why := objection_to(scheduler.runs, stopped_by(events), past_limit)) is not None:
        raise Refused(f"{why}.", "Without --past-limit the run goes on as it stands.")
    return (past_limit,)


@without_collector()
def replayed(run: str, plan: Plan, events: Sequence[Event]) -> Scheduler:
    """The core of a run after `events`. Raises UsageError where the run is over, Broken for what is none of it."""
    scheduler = Scheduler(plan)
    for event in events:
        if isinstance(event, Sealed):
            raise UsageError(
                f"run {run} is over ({event.result}): nothing can be added to it.",
                f"Look at it: orch show {run}",
            )
        scheduler.replay(event, datetime.fromisoformat(event.at).timestamp())
    return scheduler


def _ended(engine: Engine, scheduler: Scheduler, standing: Standing | None) -> RunEnd:
    match standing:
        case None:
            engine.leave(Left(reason="interrupted"), _sealed(scheduler) if scheduler.aborting else None)
            return RunEnd.INTERRUPTED
        case Standing.DONE:
            engine.leave(Left(reason="ended"), _sealed(scheduler))
            return RunEnd.DONE
        case Standing.ABORTED:
            engine.leave(Left(reason="ended"), _sealed(scheduler))
            return RunEnd.ABORTED
        case Standing.PAUSED:
            engine.leave(Left(reason="paused"))
            return RunEnd.PAUSED
        case Standing.HELD:
            engine.leave(Left(reason="waiting"))
            return RunEnd.WAITING
        case Standing.STUCK | Standing.BUSY:
            engine.leave(Left(reason="ended"))
            return RunEnd.FAILED


def _sealed(scheduler: Scheduler) -> Sealed:
    counts = scheduler.counts
    over = all(state.is_end for state in TaskState if counts[state])
    result: Literal["done", "aborted"] = "done" if over else "aborted"
    return Sealed(result=result, tasks={state.value: counts[state] for state in TaskState if counts[state]})

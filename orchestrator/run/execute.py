"""Opening, executing, resuming and deciding about a run: the calls that the command line makes (contract section 6).

Executing and resuming are one thing: the journal is replayed into the core, and the core goes on. What the plan holds
and what lies in the run's own folder is all that is read, besides the secrets that the plan refers to.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from orchestrator.hosts.port import Carrier
from orchestrator.model.errors import DurabilityError, Refused, UsageError
from orchestrator.model.events import Event, Left, Opened, OperatorDid, Resumed, Sealed
from orchestrator.model.plan import Plan
from orchestrator.model.terms import TaskState
from orchestrator.run.engine import Clock, Engine, Listener
from orchestrator.run.folder import RunFolder
from orchestrator.run.journal import Journal
from orchestrator.run.people import objection
from orchestrator.run.scheduler import Scheduler, Standing
from orchestrator.run.stop import Stop

__all__ = ["RunEnd", "Stop", "decide", "execute", "open_run"]


class RunEnd(StrEnum):
    """How an execution ended."""

    DONE = "done"  # sealed
    FAILED = "failed"  # nothing more to do by itself, and something failed or is unknown
    PAUSED = "paused"
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
) -> RunEnd:
    """Execute a run, or take it up again, until nothing more is to be done by itself.

    Raises Refused where another process executes it, Broken where its journal or plan do not verify, UsageError where
    it is over already.
    """
    with folder.lock(by), Journal.open(folder.journal_path) as journal:
        plan, _ = folder.plan()
        scheduler = _replayed(folder, plan, journal)
        engine = Engine(folder, scheduler, journal, carrier, listener, stop, by=by, clock=(clock := _clock(journal)))
        try:
            if journal.entries > 1:
                resumed: Sequence[Event] = (Resumed(by=by, version=version),)
                now = clock.now()
                for event in journal.append(resumed, datetime.fromtimestamp(now, UTC)):
                    scheduler.replay(event, now)
                    listener.on_event(event)
            return _ended(engine, scheduler, engine.run(wait_for_people=wait_for_people))
        except DurabilityError as error:
            listener.on_notice(f"{error.what} {error.advice}")
            return RunEnd.DURABILITY
        finally:
            carrier.close()


def decide(folder: RunFolder, decisions: Sequence[OperatorDid], *, by: str, version: str) -> None:
    """Write people's decisions into a run that no process executes; its next resume goes on from there.

    Raises Refused with every objection where one of them can't be taken; then none is.
    """
    with folder.lock(by), Journal.open(folder.journal_path) as journal:
        plan, _ = folder.plan()
        scheduler = _replayed(folder, plan, journal)
        objections = []
        for decision in decisions:
            run = scheduler.runs.get(decision.task or "")
            why = objection(run, decision) if run else f"there is no task {decision.task} in this run"
            if why is not None:
                objections.append(why)
        if objections:
            raise Refused("; ".join(objections) + ".", f"Nothing was decided. See: orch show {folder.run_id}")
        now = _clock(journal).now()
        events = list(scheduler.decide(now, decisions).events)
        if scheduler.standing() is Standing.DONE:
            events += [Left(reason="ended"), _sealed(scheduler)]
        journal.append(events, datetime.fromtimestamp(now, UTC))


def _clock(journal: Journal) -> Clock:
    """A clock that goes on where the journal ends."""
    return Clock(max((datetime.fromisoformat(event.at).timestamp() for event in journal.events[-1:]), default=0.0))


def _replayed(folder: RunFolder, plan: Plan, journal: Journal) -> Scheduler:
    scheduler = Scheduler(plan)
    for event in journal.events:
        if isinstance(event, Sealed):
            raise UsageError(
                f"run {folder.run_id} is over ({event.result}): nothing can be added to it.",
                f"Look at it: orch show {folder.run_id}",
            )
        scheduler.replay(event, datetime.fromisoformat(event.at).timestamp())
    return scheduler


def _ended(engine: Engine, scheduler: Scheduler, standing: Standing | None) -> RunEnd:
    match standing:
        case None:
            return RunEnd.INTERRUPTED
        case Standing.DONE:
            engine.leave(Left(reason="ended"), _sealed(scheduler))
            return RunEnd.DONE
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
    return Sealed(result="done", tasks={state.value: counts[state] for state in TaskState if counts[state]})

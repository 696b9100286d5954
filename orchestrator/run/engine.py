"""The loop around the core: it listens, lets the core decide, makes that durable, then acts (contract section 6).

The order never changes: news in, output kept, events in the journal (one write, one fsync), listeners told, effects
handed to the carrier. A failed write stops the run before any effect. The core has the only state; the loop has the
clock, the journal, the carrier and the ears.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from orchestrator.hosts.port import Accepted, Carrier, Outcome, Result
from orchestrator.model.errors import DurabilityError, OrchError
from orchestrator.model.events import Event, Left, OperatorDid, OutputRef, Sealed
from orchestrator.run import inbox
from orchestrator.run.folder import RunFolder
from orchestrator.run.journal import Journal
from orchestrator.run.objections import objection_to
from orchestrator.run.output import OutputStore
from orchestrator.run.run_view import remaining_chains, view_of
from orchestrator.run.scheduler import Decided, Scheduler, Standing
from orchestrator.run.specs import OUTPUT_CAP
from orchestrator.run.stop import Stop
from orchestrator.run.stopped_by import stopped_by
from orchestrator.run.turn import Ask, Halt, Heard, Release, Submit
from orchestrator.run.view import RunView

TICK_S = 0.25
"""How often listeners get a view, the inbox is looked at and a stop is noticed."""


class Listener(Protocol):
    """Hears of a run; what it raises ends the run like any mistake, so it should not."""

    def on_event(self, event: Event) -> None:
        """An event that is in the journal."""

    def on_tick(self, view: RunView) -> None:
        """The run as it is now, a few times a second."""

    def on_notice(self, text: str) -> None:
        """Something people should read that is no event, such as a decision that could not be taken."""


class Clock:
    """Epoch seconds that never run backwards, whatever the wall clock does: not while the process lives, nor behind
    what the journal says already (`not_before`). Deadlines are counted by it, and the journal dated."""

    def __init__(
        self,
        not_before: float = 0.0,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._wall = max(wall(), not_before)
        self._start = monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._wall + self._monotonic() - self._start


class Engine:
    """Executes one run until there is nothing more to do by itself, or it is told to stop."""

    def __init__(
        self,
        folder: RunFolder,
        scheduler: Scheduler,
        journal: Journal,
        carrier: Carrier,
        listener: Listener,
        stop: Stop,
        *,
        by: str,
        clock: Clock,
        older: Collection[str] = (),
    ) -> None:
        """`older`: names of what lay in the inbox before this process took the run up."""
        self._folder = folder
        self._scheduler = scheduler
        self._journal = journal
        self._carrier = carrier
        self._listener = listener
        self._stop = stop
        self._by = by
        self._clock = clock
        self._started = clock.now()
        self._outputs: OutputStore = folder.outputs
        self._chains = remaining_chains(scheduler.plan)
        self._pending: list[Heard] = []
        self._seen = {event.inbox for event in journal.events if isinstance(event, OperatorDid) and event.inbox}
        self._older = frozenset(older)
        self._stopped = stopped_by(journal.events)
        self._said_stop = False
        self._taken = False
        self._inbox_fault = ""
        self._next_tick = 0.0

    def run(self, *, wait_for_people: bool) -> Standing | None:
        """Run; returns where it stands, or None when the operator gave up waiting.

        With `wait_for_people` a run that only waits for people goes on looking into its inbox.
        """
        heard: list[Heard] = []
        while True:
            self._scheduler.told_to_pause = self._stop.requested
            if self._stop.given_up:
                self._record(self._scheduler.give_up(self._clock.now(), heard))
                return None
            self._turn(heard)
            standing = self._scheduler.standing()
            waits = standing is Standing.HELD and wait_for_people
            if standing is not Standing.BUSY and not waits and not self._pending:
                return standing
            heard = self._listen()

    def leave(self, left: Left, sealed: Sealed | None = None) -> None:
        """Write why this process stops executing the run; `sealed` ends the run for good."""
        self._write((left, sealed) if sealed else (left,), self._clock.now())

    def _turn(self, heard: Sequence[Heard]) -> None:
        now = self._clock.now()
        papers, decisions = self._read_inbox()
        self._taken = bool(papers)  # there may be more of them
        self._record(self._scheduler.advance(now, heard, [*self._stop_asked(), *decisions]))
        inbox.done(*papers)
        if now >= self._next_tick:
            self._next_tick = now + TICK_S
            view = view_of(self._scheduler, self._chains, self._by, self._started, now)
            self._listener.on_tick(replace(view, stopped=self._stopped, stop_asked=self._stop.requested))

    def _stop_asked(self) -> list[OperatorDid]:
        """The pause that was asked for where the run is executed, once: the journal says by what."""
        if not self._stop.requested or self._said_stop:
            return []
        self._said_stop = True
        if self._stopped.abort is not None:
            return []  # nothing new starts anyway, and what runs is finished
        return [OperatorDid(did="pause", by=self._by, reason=self._stop.why)]

    def _read_inbox(self) -> tuple[list[Path], list[OperatorDid]]:
        """What people decided in other terminals, with the files it came by; what can't be taken is put aside."""
        papers: list[Path] = []
        decisions: list[OperatorDid] = []
        stopped = self._stopped
        for paper, decision in self._waiting():
            why = objection_to(self._scheduler.runs, stopped, decision)
            if decision.task is not None and any(other.task == decision.task for other in decisions):
                why = f"{decision.task}: another decision came just before"
            if decision.did == "pause" and paper.name in self._older:
                why = "it was meant for a process that is gone; the run has been taken up again since"
            if why is None:
                papers.append(paper)
                decisions.append(decision)
                stopped = stopped.after(decision)
                self._seen.add(paper.name)
            else:
                inbox.refuse(paper, why)
                self._listener.on_notice(f"decision of {decision.by} not taken: {why}")
        return papers, decisions

    def _waiting(self) -> tuple[tuple[Path, OperatorDid], ...]:
        """What lies in the inbox. One that can't be looked into (a link, a file) is told, and stops no run."""
        try:
            return inbox.take(self._folder, self._seen)
        except DurabilityError:
            raise
        except OrchError as error:
            if error.what != self._inbox_fault:
                self._inbox_fault = error.what
                self._listener.on_notice(f"decisions from other terminals don't get through: {error.what}")
            return ()

    def _record(self, decided: Decided) -> None:
        self._write(decided.events, self._scheduler.now)
        for effect in decided.effects:
            match effect:
                case Submit(key, spec):
                    if self._carrier.submit(key, spec) is Accepted.ALREADY:
                        self._hear_again(key)
                case Ask(key, spec):
                    self._carrier.ask(key, spec)
                case Halt(key, spec):
                    self._carrier.stop(key, spec)
                case Release(task):
                    self._carrier.release(task)

    def _write(self, events: Sequence[Event], now: float) -> None:
        if not events:
            return
        for event in self._journal.append(events, datetime.fromtimestamp(now, UTC)):
            self._stopped = self._stopped.after(event)
            self._listener.on_event(event)

    def _listen(self) -> list[Heard]:
        now = self._clock.now()
        wake = self._scheduler.wake_at()
        timeout = min(TICK_S, max(0.0, wake - now) if wake is not None else TICK_S)
        keys = self._carrier.wait(0.0 if self._pending or self._taken else timeout)
        heard, self._pending = self._pending, []
        for key in keys:
            heard.append(self._heard(key, self._carrier.outcome(key)))
        return heard

    def _hear_again(self, key: str) -> None:
        outcome = self._carrier.outcome(key)
        if outcome.is_final:
            self._pending.append(self._heard(key, outcome))

    def _heard(self, key: str, outcome: Outcome) -> Heard:
        came = outcome.result or outcome.partial
        if came is None:
            return Heard(key, outcome)
        streams = (came.stdout, came.stderr)
        output = OutputRef(
            stdout=self._outputs.keep(came.stdout),
            stderr=self._outputs.keep(came.stderr),
            bytes=came.sent,
            truncated=came.truncated,
            cap=max((len(d) for d, cut in zip(streams, came.truncated, strict=True) if cut), default=None),
        )
        if outcome.result is None or len(came.stdout) + len(came.stderr) > OUTPUT_CAP:
            # Evidence may be of 64 MiB: it is kept now, and nobody else reads that much of it.
            outcome = replace(outcome, result=_head(outcome.result), partial=None)
        return Heard(key, outcome, output)


def _head(result: Result | None) -> Result | None:
    return result and replace(result, stdout=result.stdout[:OUTPUT_CAP], stderr=result.stderr[:OUTPUT_CAP])

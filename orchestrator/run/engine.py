"""The loop around the core: it listens, lets the core decide, makes that durable, then acts (contract section 6).

The order never changes: news in, output kept, events in the journal (one write, one fsync), listeners told, effects
handed to the carrier. A failed write stops the run before any effect. The core has the only state; the loop has the
clock, the journal, the carrier and the ears.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from orchestrator.hosts.port import Accepted, Carrier, Outcome
from orchestrator.model.events import Event, Left, OperatorDid, OutputRef, Sealed
from orchestrator.run import inbox
from orchestrator.run.folder import RunFolder
from orchestrator.run.journal import Journal
from orchestrator.run.output import OutputStore
from orchestrator.run.people import objection
from orchestrator.run.run_view import remaining_chains, view_of
from orchestrator.run.scheduler import Decided, Scheduler, Standing
from orchestrator.run.stop import Stop
from orchestrator.run.turn import Ask, Heard, Release, Submit
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

    def __init__(self, not_before: float = 0.0) -> None:
        self._wall = max(time.time(), not_before)
        self._start = time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._wall + time.monotonic() - self._start


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
    ) -> None:
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
        self._next_tick = 0.0

    def run(self, *, wait_for_people: bool) -> Standing | None:
        """Run; returns where it stands, or None when the operator gave up waiting.

        With `wait_for_people` a run that only waits for people goes on looking into its inbox.
        """
        heard: list[Heard] = []
        while True:
            self._scheduler.pausing = self._stop.requested
            if self._stop.given_up:
                self._record(self._scheduler.give_up(self._clock.now(), heard))
                self.leave(Left(reason="interrupted"))
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
        self._record(self._scheduler.advance(now, heard, decisions))
        for paper in papers:
            inbox.done(paper)
        if now >= self._next_tick:
            self._next_tick = now + TICK_S
            self._listener.on_tick(view_of(self._scheduler, self._chains, self._by, self._started, now))

    def _read_inbox(self) -> tuple[list[Path], list[OperatorDid]]:
        """What people decided in other terminals, with the files it came by; what can't be taken is put aside."""
        papers: list[Path] = []
        decisions: list[OperatorDid] = []
        for paper, decision in inbox.take(self._folder, self._seen):
            run = self._scheduler.runs.get(decision.task or "")
            why = objection(run, decision) if run else f"there is no task {decision.task} in this run"
            if any(other.task == decision.task for other in decisions):
                why = f"{decision.task}: another decision came just before"
            if why is None:
                papers.append(paper)
                decisions.append(decision)
                self._seen.add(paper.name)
            else:
                inbox.refuse(paper, why)
                self._listener.on_notice(f"decision of {decision.by} not taken: {why}")
        return papers, decisions

    def _record(self, decided: Decided) -> None:
        self._write(decided.events, self._scheduler.now)
        for effect in decided.effects:
            match effect:
                case Submit(key, spec):
                    if self._carrier.submit(key, spec) is Accepted.ALREADY:
                        self._hear_again(key)
                case Ask(key, spec):
                    self._carrier.ask(key, spec)
                case Release(task):
                    self._carrier.release(task)

    def _write(self, events: Sequence[Event], now: float) -> None:
        if not events:
            return
        for event in self._journal.append(events, datetime.fromtimestamp(now, UTC)):
            self._listener.on_event(event)

    def _listen(self) -> list[Heard]:
        now = self._clock.now()
        wake = self._scheduler.wake_at()
        timeout = min(TICK_S, max(0.0, wake - now) if wake is not None else TICK_S)
        keys = self._carrier.wait(0.0 if self._pending else timeout)
        heard, self._pending = self._pending, []
        for key in keys:
            heard.append(self._heard(key, self._carrier.outcome(key)))
        return heard

    def _hear_again(self, key: str) -> None:
        outcome = self._carrier.outcome(key)
        if outcome.is_final:
            self._pending.append(self._heard(key, outcome))

    def _heard(self, key: str, outcome: Outcome) -> Heard:
        result = outcome.result
        if result is None:
            return Heard(key, outcome)
        streams = (result.stdout, result.stderr)
        output = OutputRef(
            stdout=self._outputs.keep(result.stdout),
            stderr=self._outputs.keep(result.stderr),
            bytes=result.sent,
            truncated=result.truncated,
            cap=max((len(d) for d, cut in zip(streams, result.truncated, strict=True) if cut), default=None),
        )
        return Heard(key, outcome, output)

"""The carrier that goes by SSH, in this process: threads with fabric behind the port (contract sections 8 and 11).

- What is submitted waits in a line (`waiting`) for its host and for a thread: `parallel` of them for work, as many for
  bulk, a few for questions. What waits for a gateway to be opened holds no thread. Nothing here blocks but `wait`.
- A key with another digest is an error; the same key again is `already`, and nothing is sent.
- An answer by the receipt is news, also that it still runs.
- What a read brought is handed over once: the evidence of ten thousand systems is not kept in memory.
- Before the first byte of a command everything that fails is a refusal; from then on it is unknown.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Condition, Thread

from orchestrator.hosts.connection import Opener
from orchestrator.hosts.deadlines import Deadlines
from orchestrator.hosts.errands import Brought, Errands
from orchestrator.hosts.gateways import Chain, Gateways
from orchestrator.hosts.kept_links import KeptLinks
from orchestrator.hosts.login import KeyRing
from orchestrator.hosts.outcome import of_refusal, whole
from orchestrator.hosts.port import Accepted, Outcome, OutcomeState, Spec, SpecKind
from orchestrator.hosts.receipt import Mode
from orchestrator.hosts.redaction import Redactor
from orchestrator.hosts.refusal import Refusal
from orchestrator.hosts.session import Answer
from orchestrator.hosts.stdin import Secrets
from orchestrator.hosts.waiting import Line, Rank

_QUESTIONS = 16
"""So many receipts are asked, or attempts stopped, at once: also where every other thread waits for what hangs."""


@dataclass(slots=True)
class _Entry:
    """One key: what it stands for, and what is known of it."""

    digest: str
    outcome: Outcome
    generation: str | None = None  # of the receipt folder, as it was when the command was sent
    told: int = 0  # how often it was submitted, asked or stopped
    secret: str | None = None  # the reference that it was handed
    is_read: bool = False
    answer: Answer | None = None  # where not all that came is in memory


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker does next: carry a spec to its host, or ask the receipt that it left there (or stop it)."""

    key: str
    spec: Spec
    question: Mode | None = None
    nth: int = 1  # of what was told of this key


class SshCarrier:
    """Implements `hosts.port.Carrier`."""

    def __init__(
        self, *, root: Path, parallel: int, connect_timeout_s: float = 10.0, secrets: Secrets | None = None
    ) -> None:
        secrets = secrets or Secrets()
        self._redactor = Redactor(secrets)
        self._gateways = Gateways(Opener(KeyRing(root), connect_timeout_s))
        self._deadlines = Deadlines()
        limits = {Rank.QUESTION: _QUESTIONS, Rank.WORK: max(1, parallel), Rank.BULK: max(1, parallel)}
        self._most_workers = sum(limits.values())
        self._work = Condition()
        self._line = Line(limits, lambda job: (job.spec.host.address, job.spec.host.port), _rank)
        self._opening: dict[Chain, list[Job]] = {}  # gateways that are being opened, and who waits for that
        self._workers = self._idle = 0
        self._news = Condition()
        self._entries: dict[str, _Entry] = {}
        self._keys_of: dict[str, list[str]] = {}
        self._fresh: dict[str, None] = {}
        self._links = KeptLinks(self._gateways.connect, self._deadlines)
        self._errands = Errands(self._gateways, self._links, secrets, connect_timeout_s)
        self._closed = False

    def submit(self, key: str, spec: Spec) -> Accepted:
        """Take a spec in; idempotent. Raises ValueError when `key` is known with another digest."""
        digest = spec.digest()
        with self._news:
            known = self._entries.get(key)
            if known is not None:
                if known.digest != digest:
                    raise ValueError(f"the key {key} already stands for something else")
                return Accepted.ALREADY
            self._enter(key, spec, digest)
        self._put(Job(key, spec))
        return Accepted.ACCEPTED

    def ask(self, key: str, spec: Spec) -> None:
        """Ask the receipt of `key` on the host itself, which fences it; the answer becomes the key's next outcome."""
        self._put_question(key, spec, "ask")

    def stop(self, key: str, spec: Spec) -> None:
        """Ask as `ask` does, and end what still runs of it on the host; RUNNING says that it could not be ended."""
        self._put_question(key, spec, "stop")

    def outcome(self, key: str) -> Outcome:
        """What is known of `key` now."""
        with self._news:
            entry = self._entries.get(key)
            if entry is None:
                return Outcome(OutcomeState.ABSENT)
            outcome, answer = entry.outcome, entry.answer
            if entry.is_read and outcome.is_final:
                entry.outcome, entry.answer = _handed_over(outcome), None
        return outcome if answer is None else self._redactor.outcome(whole(outcome, answer), entry.secret)

    def wait(self, timeout: float) -> tuple[str, ...]:
        """Keys with a new final outcome, or answer by the receipt, since the last call; blocks for the first."""
        with self._news:
            self._news.wait_for(lambda: self._fresh, timeout)
            keys = tuple(self._fresh)
            self._fresh.clear()
            return keys

    def cancel(self, key: str) -> bool:
        """Whether `key` was prevented from starting (False: too late)."""
        with self._work:
            prevented = self._take_out(lambda job: job.key == key and not job.question)
        for job in prevented:
            self._set(job, Brought(Outcome(OutcomeState.CANCELLED)))
        return bool(prevented)

    def release(self, task: str) -> None:
        """Close the connections kept for a task that has ended, and forget its output."""
        self._links.release(task)
        with self._news:
            for key in self._keys_of.pop(task, ()):
                entry = self._entries[key]
                if key not in self._fresh:
                    entry.outcome, entry.answer = _handed_over(entry.outcome), None

    def forget(self, task: str) -> None:
        """Forget every key of `task` whose outcome is final; its connections are kept."""
        with self._news:
            keys = self._keys_of.pop(task, [])
            kept = [key for key in keys if not self._entries[key].outcome.is_final]
            for key in set(keys).difference(kept):
                del self._entries[key]
                self._fresh.pop(key, None)
            if kept:
                self._keys_of[task] = kept

    def close(self) -> None:
        """Give everything up: close all connections, start nothing more, leave no thread waiting."""
        with self._work:
            self._closed = True
            waiting = self._take_out(lambda job: True)
            self._work.notify_all()
        for job in waiting:
            state = OutcomeState.NO_ANSWER if job.question else OutcomeState.CANCELLED
            self._set(job, Brought(Outcome(state)))
        links = self._links.close()
        self._deadlines.close()
        for link in links:
            link.release()
        self._gateways.close()

    def _enter(self, key: str, spec: Spec, digest: str) -> _Entry:
        entry = self._entries[key] = _Entry(
            digest,
            Outcome(OutcomeState.QUEUED),
            spec.generation,
            told=1,
            secret=spec.stdin_secret,
            is_read=spec.kind is SpecKind.READ,
        )
        if spec.task:
            self._keys_of.setdefault(spec.task, []).append(key)
        return entry

    def _put_question(self, key: str, spec: Spec, question: Mode) -> None:
        digest = spec.digest()
        with self._news:
            entry = self._entries.get(key) or self._enter(key, spec, digest)
            if entry.digest != digest:
                raise ValueError(f"the key {key} already stands for something else")
            entry.outcome = Outcome(OutcomeState.QUEUED)
            entry.told += 1
            self._fresh.pop(key, None)
        self._put(Job(key, spec, question, entry.told))

    def _put(self, job: Job) -> None:
        with self._work:
            if self._closed:
                raise ValueError("this carrier was closed")
            self._line.put(job)
            self._call_a_worker()

    def _call_a_worker(self) -> None:
        if not self._line.can_take():
            return
        if self._idle:
            self._work.notify()
        elif self._workers < self._most_workers:
            self._workers += 1
            Thread(target=self._worker, name=f"orch-ssh-{self._workers}", daemon=True).start()

    def _worker(self) -> None:
        while (job := self._taken()) is not None:
            try:
                if self._gateway_is_settled(job):
                    self._serve(job)
            finally:
                with self._work:
                    self._line.done(job)

    def _taken(self) -> Job | None:
        """The next job, waited for; None: everything was given up."""
        with self._work:
            self._idle += 1
            self._work.wait_for(lambda: self._closed or self._line.can_take())
            self._idle -= 1
            if self._closed:
                return None
            job = self._line.take()
            self._call_a_worker()  # there may be more to take than there were calls
            return job

    def _gateway_is_settled(self, job: Job) -> bool:
        """Whether `job` may go now. Else it waits, without a thread, for who opens its gateway, or opens it itself."""
        while (chain := self._gateways.unsettled(job.spec.host)) is not None:
            with self._work:
                if self._closed:
                    return True
                if chain in self._opening:
                    self._opening[chain].append(job)
                    return False
                self._opening[chain] = []
            self._gateways.settle(chain)
            with self._work:
                for waiting in reversed(self._opening.pop(chain)):
                    self._line.put(waiting, first=True)
                    self._call_a_worker()
        return True

    def _take_out(self, is_meant: Callable[[Job], bool]) -> tuple[Job, ...]:
        """What waits and is meant, taken out of the line and from before the gateways."""
        taken = self._line.remove(is_meant)
        for chain, waits in self._opening.items():
            taken += tuple(job for job in waits if is_meant(job))
            self._opening[chain] = [job for job in waits if not is_meant(job)]
        return taken

    def _serve(self, job: Job) -> None:
        self._set(job, Brought(Outcome(OutcomeState.RUNNING)))
        try:
            brought = self._brought(job)
        except Refusal as refusal:
            brought = Brought(of_refusal(refusal))
        except Exception as error:
            # Something may have been sent: unknown is a state. The error's text could hold anything: not told.
            brought = Brought(Outcome(OutcomeState.UNKNOWN, why=f"an error within orch ({type(error).__name__})"))
        self._set(job, brought)

    def _brought(self, job: Job) -> Brought:
        entry = self._entries[job.key]

        def learnt(generation: str) -> None:
            entry.generation = generation

        if job.question is None:
            return self._errands.carry(job.key, job.spec, learnt)
        return self._errands.question(job.key, job.spec, job.question, job.spec.generation or entry.generation)

    def _set(self, job: Job, brought: Brought) -> None:
        outcome = self._redactor.outcome(brought.outcome, job.spec.stdin_secret)  # the one door for what hosts said
        with self._news:
            entry = self._entries.get(job.key)
            # Once its receipt has been asked, what the command's own session says counts only if it is the end; and an
            # end is not taken back by a question that got no answer.
            is_end = outcome.state is OutcomeState.DONE
            if entry is None or (not is_end and (job.nth < entry.told or entry.outcome.state is OutcomeState.DONE)):
                return
            entry.outcome, entry.answer = outcome, brought.answer
            if outcome.is_final or outcome.by_receipt:
                self._fresh[job.key] = None
                self._news.notify_all()


def _rank(job: Job) -> Rank:
    if job.question is not None:
        return Rank.QUESTION
    return Rank.BULK if job.spec.bulk else Rank.WORK


def _handed_over(outcome: Outcome) -> Outcome:
    if outcome.result is None and outcome.partial is None:
        return outcome
    why = outcome.why if outcome.result is None else "its output was handed over and let go"
    return replace(outcome, result=None, partial=None, why=why)

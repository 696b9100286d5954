"""The carrier that goes by SSH, in this process: threads with fabric behind the port (contract sections 8 and 11).

- What is submitted waits in a queue; at most `parallel` threads take from it. Nothing here blocks but `wait`.
- A key with another digest is an error; the same key again is `already`, and nothing is sent.
- An answer by the receipt is news, also that it still runs.
- Before the first byte of a command everything that fails is a refusal; from then on it is unknown.
"""

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Condition, Lock, Thread

from orchestrator.hosts.command_line import armour, inner_line, read_line
from orchestrator.hosts.connection import Opener
from orchestrator.hosts.deadlines import Deadlines
from orchestrator.hosts.gateways import Gateways
from orchestrator.hosts.knock import knock
from orchestrator.hosts.links import Link
from orchestrator.hosts.login import KeyRing
from orchestrator.hosts.outcome import Asked, of_answer, of_nothing_sent, of_question, of_refusal, of_run
from orchestrator.hosts.port import Accepted, HostSpec, Outcome, OutcomeState, Spec, SpecKind
from orchestrator.hosts.receipt import Mode, ReceiptCall, call_line, receipt_id
from orchestrator.hosts.redaction import Redactor
from orchestrator.hosts.refusal import Refusal
from orchestrator.hosts.stdin import NoInput, Secrets, input_of
from orchestrator.model.terms import Found, Platform

_NOISE = 64 * 1024  # room for a receipt's header, and for what a login shell's start-up files print before it
_ASK_S = 30.0


@dataclass(slots=True)
class _Entry:
    """One key: what it stands for, and what is known of it."""

    digest: str
    outcome: Outcome
    generation: str | None = None  # of the receipt folder, as it was when the command was sent
    told: int = 0  # how often it was submitted, asked or stopped


@dataclass(frozen=True, slots=True)
class _Job:
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
        self._secrets = secrets or Secrets()
        self._redactor = Redactor(self._secrets)
        self._gateways = Gateways(Opener(KeyRing(root), connect_timeout_s))
        self._connect_timeout_s = connect_timeout_s
        self._deadlines = Deadlines()
        self._parallel = max(1, parallel)
        self._work = Condition()
        self._queue: deque[_Job] = deque()
        self._workers = self._idle = 0
        self._news = Condition()
        self._entries: dict[str, _Entry] = {}
        self._keys_of: dict[str, list[str]] = {}
        self._fresh: dict[str, None] = {}
        self._links_lock = Lock()
        self._links: dict[tuple[str, HostSpec], Link] = {}
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
        self._put(_Job(key, spec))
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
            return Outcome(OutcomeState.ABSENT) if entry is None else entry.outcome

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
            prevented = [job for job in self._queue if job.key == key and not job.question]
            self._queue = deque(job for job in self._queue if job not in prevented)
        for job in prevented:
            self._set(job, Outcome(OutcomeState.CANCELLED))
        return bool(prevented)

    def release(self, task: str) -> None:
        """Close the connections kept for a task that has ended, and forget its output."""
        with self._links_lock:
            links = [self._links.pop(place) for place in list(self._links) if place[0] == task]
        for link in links:
            link.release()
        with self._news:
            for key in self._keys_of.pop(task, ()):
                entry = self._entries[key]
                if entry.outcome.result is not None and key not in self._fresh:
                    entry.outcome = replace(entry.outcome, result=None, why="its output was handed over and let go")

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
            waiting, self._queue = self._queue, deque()
            self._work.notify_all()
        for job in waiting:
            self._set(job, Outcome(OutcomeState.NO_ANSWER if job.question else OutcomeState.CANCELLED))
        with self._links_lock:
            links = list(self._links.values())
            self._links.clear()
        for link in links:
            link.end()
        self._deadlines.close()
        for link in links:
            link.release()
        self._gateways.close()

    def _enter(self, key: str, spec: Spec, digest: str) -> _Entry:
        entry = self._entries[key] = _Entry(digest, Outcome(OutcomeState.QUEUED), spec.generation, told=1)
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
        self._put(_Job(key, spec, question, entry.told))

    def _put(self, job: _Job) -> None:
        with self._work:
            if self._closed:
                raise ValueError("this carrier was closed")
            self._queue.append(job)
            if self._idle < len(self._queue) and self._workers < self._parallel:
                self._workers += 1
                Thread(target=self._worker, name=f"orch-ssh-{self._workers}", daemon=True).start()
            self._work.notify()

    def _worker(self) -> None:
        while True:
            with self._work:
                self._idle += 1
                self._work.wait_for(lambda: self._queue or self._closed)
                self._idle -= 1
                if self._closed:
                    return
                job = self._queue.popleft()
            self._set(job, Outcome(OutcomeState.RUNNING))
            try:
                if job.question is None:
                    outcome = self._carry(job.key, job.spec)
                else:
                    outcome = self._question(job.key, job.spec, job.question)
            except Refusal as refusal:
                outcome = of_refusal(refusal)
            except Exception as error:
                # Something may have been sent: unknown is a state. The error's text could hold anything: not told.
                outcome = Outcome(OutcomeState.UNKNOWN, why=f"an error within orch ({type(error).__name__})")
            self._set(job, outcome)

    def _set(self, job: _Job, outcome: Outcome) -> None:
        outcome = self._redactor.outcome(outcome, job.spec.stdin_secret)  # the one door for what hosts said
        with self._news:
            entry = self._entries.get(job.key)
            # Once its receipt has been asked, what the command's own session says counts only if it is the end.
            if entry is None or (job.nth < entry.told and outcome.state is not OutcomeState.DONE):
                return
            entry.outcome = outcome
            if outcome.is_final or outcome.by_receipt:
                self._fresh[job.key] = None
                self._news.notify_all()

    def _link(self, key: str, spec: Spec) -> Link:
        # Outside a task a connection is of use to nobody else, and is closed after its one command.
        place = (spec.task or f"\0{key}", spec.host)
        with self._links_lock:
            if self._closed:
                raise Refusal(Found.UNREACHABLE, spec.host.id, f"{spec.host.id}: everything was given up")
            if place not in self._links:
                self._links[place] = Link(spec.host, self._gateways.connect, self._deadlines)
            return self._links[place]

    def _unkeep(self, key: str, spec: Spec, link: Link) -> None:
        if not spec.task:
            with self._links_lock:
                self._links.pop((f"\0{key}", spec.host), None)
            link.release()

    def _carry(self, key: str, spec: Spec) -> Outcome:
        if spec.kind is SpecKind.PORT:
            return knock(self._gateways, spec.host, min(self._connect_timeout_s, spec.timeout_s))
        if spec.kind is SpecKind.LOGIN:
            return self._login(key, spec)
        try:
            inner = inner_line(spec.host.platform, spec.argv, spec.shell, spec.sudo)
            stdin = input_of(spec, self._secrets)
        except (ValueError, NoInput) as error:
            return of_nothing_sent(str(error))
        link = self._link(key, spec)
        try:
            if not _keeps_receipts(spec):
                return self._plain(link, spec, inner, stdin)
            if spec.kind is SpecKind.READ:
                if spec.task and spec.generation is None:
                    link.generation(spec.timeout_s)
                return self._plain(link, spec, inner, stdin)
            generation = spec.generation or link.generation(spec.timeout_s)
            if generation is None:
                return self._plain(link, spec, inner, stdin)
            self._entries[key].generation = generation
            return self._with_receipt(link, key, replace(spec, generation=generation), inner, stdin)
        finally:
            self._unkeep(key, spec, link)

    def _login(self, key: str, spec: Spec) -> Outcome:
        link = self._link(key, spec)
        try:
            return Outcome(OutcomeState.DONE, times=link.login())
        finally:
            self._unkeep(key, spec, link)

    def _plain(self, link: Link, spec: Spec, inner: str, stdin: str | None) -> Outcome:
        line = read_line(spec.host.platform, inner)
        data = None if stdin is None else f"{stdin}\n".encode()
        answer = link.carry(line, data, spec.cap, spec.timeout_s)
        return replace(of_answer(spec, answer, link.known_generation), times=answer.times)

    def _with_receipt(self, link: Link, key: str, spec: Spec, inner: str, stdin: str | None) -> Outcome:
        asked = Asked(spec, receipt_id(key), spec.generation)
        mode: Mode = "run" if stdin is None else "runs"
        call = ReceiptCall(mode, asked.id, spec.digest(), inner, spec.cap, spec.host.user, spec.generation)
        data = None if stdin is None else f"{armour(stdin)}\n".encode()
        answer = link.carry(call_line(call), data, 2 * spec.cap + _NOISE, spec.timeout_s)
        return of_run(asked, answer)

    def _question(self, key: str, spec: Spec, mode: Mode) -> Outcome:
        if not _keeps_receipts(spec) or spec.kind is not SpecKind.STEP:
            return Outcome(OutcomeState.NO_ANSWER, why=f"{spec.host.id} keeps no receipts")
        asked = Asked(spec, receipt_id(key), spec.generation or self._entries[key].generation)
        call = ReceiptCall(mode, asked.id, spec.digest(), "", spec.cap, spec.host.user, asked.generation)
        link = self._link(key, spec)
        try:
            answer = link.carry(call_line(call), None, 2 * spec.cap + _NOISE, _ASK_S)
        except Refusal as refusal:
            return Outcome(OutcomeState.NO_ANSWER, why=refusal.why, refusal=refusal.found)
        finally:
            self._unkeep(key, spec, link)
        return of_question(asked, answer)


def _keeps_receipts(spec: Spec) -> bool:
    return spec.host.platform is Platform.LINUX and spec.host.receipts

"""What a run's journal says of each of its tasks, boiled down to what the estate wants to know (pure).

* A host was *touched* when an attempt of a step on it may have begun: its last word is neither `never` nor a failure
  before anything was sent. A step's host is the system's own, also where another host acted.
* What a probe found counts for a touched host only if it stands after the last word of every attempt on that host that
  may have begun; for a host that was not touched, the last answer counts.
* A host is in doubt while such an attempt has no definite end: it may still run, so an answer that says "as before"
  proves nothing (section 6: a probe never settles an unknown step as failed).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.model.events import Event, Probed, StepChanged, TaskChanged
from orchestrator.model.plan import NO_HOST, PlanTask
from orchestrator.model.terms import Found, Mode, ProbeKind, Proof, StepState, TaskState

_FORCE = "force"
_NO_END = {StepState.INTENT, StepState.UNKNOWN, StepState.SUPERSEDED}
_ASKED = {ProbeKind.STATE, ProbeKind.ISOLATION, ProbeKind.POWEROFF, ProbeKind.PORT}


@dataclass(slots=True)
class Attempt:
    """One attempt of one step on one host: its last word, and which entry of the journal that is."""

    n: int
    step: str
    host: str
    state: StepState
    sent: bool

    @property
    def may_have_begun(self) -> bool:
        """Not proven that nothing happened."""
        return self.state is not StepState.NEVER and (self.state is not StepState.FAILED or self.sent)


@dataclass(slots=True)
class TaskDigest:
    """One task as its events tell it; built by `digest_tasks`, then only read."""

    state: TaskState = TaskState.WAITING
    proof: Proof | None = None
    why: str = ""
    at: str = ""
    attempts: dict[tuple[str, str, str | None, int], Attempt] = field(default_factory=dict)
    first_found: dict[tuple[ProbeKind, str], Found] = field(default_factory=dict)
    last_found: dict[tuple[ProbeKind, str], tuple[int, Found]] = field(default_factory=dict)

    def touched(self) -> dict[str, int]:
        """The hosts that were touched, and the entry that last says something of what was done there."""
        last: dict[str, int] = {}
        for attempt in self.attempts.values():
            if attempt.may_have_begun:
                last[attempt.host] = max(attempt.n, last.get(attempt.host, 0))
        return last

    def in_doubt(self) -> set[str]:
        """The hosts on which something may still run."""
        return {attempt.host for attempt in self.attempts.values() if attempt.state in _NO_END}

    def found(self, kinds: Iterable[ProbeKind], hosts: Iterable[str]) -> dict[str, Found]:
        """The last answer that counts, by host: of several kinds the latest. A host without one is not in it."""
        touched = self.touched()
        answers: dict[str, Found] = {}
        for host in hosts:
            asked = [self.last_found[kind, host] for kind in kinds if (kind, host) in self.last_found]
            counting = [answer for answer in asked if answer[0] > touched.get(host, 0)]
            if counting:
                answers[host] = max(counting)[1]
        return answers

    def hosts_by_mode(self, task: PlanTask) -> dict[Mode, set[str]]:
        """Of a shutdown: the touched hosts by what the steps leave; a force step may leave another mode."""
        forced = {step.id: step.leaves for step in task.force}
        by_mode: dict[Mode, set[str]] = {}
        for attempt in self.attempts.values():
            mode = forced.get(attempt.step) if attempt.step.partition(".")[0] == _FORCE else None
            mode = mode or task.mode
            if attempt.may_have_begun and mode is not None:
                by_mode.setdefault(mode, set()).add(attempt.host)
        return by_mode


def hosts_of(task: PlanTask) -> tuple[str, ...]:
    """The hosts a deed can be on: the system's own, or the stand-in where it lives on none."""
    return task.hosts or (NO_HOST,)


def digest_tasks(events: Iterable[Event]) -> Mapping[str, TaskDigest]:
    """One pass over a run's events; tasks of which the journal says nothing are not in it."""
    digests: dict[str, TaskDigest] = {}
    for event in events:
        if isinstance(event, TaskChanged):
            digest = _of(digests, event.task)
            digest.state, digest.proof, digest.why, digest.at = event.state, event.proof, event.why or "", event.at
        elif isinstance(event, StepChanged):
            _step(_of(digests, event.task), event)
        elif isinstance(event, Probed) and event.probe in _ASKED:
            digest = _of(digests, event.task)
            key = (event.probe, event.host)
            digest.first_found.setdefault(key, event.found)
            digest.last_found[key] = (event.n, event.found)
    return digests


def _of(digests: dict[str, TaskDigest], task: str) -> TaskDigest:
    digest = digests.get(task)
    if digest is None:
        digest = digests[task] = TaskDigest()
    return digest


def _step(digest: TaskDigest, event: StepChanged) -> None:
    digest.at = event.at
    key = (event.step, event.host, event.on_host, event.attempt)
    attempt = digest.attempts.get(key)
    if attempt is None:
        digest.attempts[key] = Attempt(event.n, event.step, event.host, event.state, event.sent)
    else:
        attempt.n, attempt.state, attempt.sent = event.n, event.state, event.sent

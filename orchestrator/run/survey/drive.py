"""Puts a survey's questions to a carrier, all hosts in parallel, for a bounded time (contract section 9).

- First one command a host, which tells most of it; then, where the host let us in, the systems' probes, on the same
  connection. Where it refused, that refusal answers all its probes and nothing is sent. What a lost connection took
  along is asked once more: a read may be repeated.
- Nothing is sent that leaves anything behind: only reads, logins and knocks at a port, and no receipt folder is made
  (`receipts` is off for every host here).
- It ends when all have answered, at the limit (`LIMIT_S` for every `parallel` hosts), or when it is told to stop; what
  has not answered by then is said to be so. Handshakes at once are the carrier's to bound.
- What hosts said is judged at once and let go; nothing of it is kept but findings.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from orchestrator.hosts.look import look_command
from orchestrator.hosts.port import Carrier, Outcome, OutcomeState, Spec, SpecKind
from orchestrator.model.terms import Found
from orchestrator.run.probing import found_in
from orchestrator.run.questions import Answer, Command, Question, questions
from orchestrator.run.specs import Specs, question_key
from orchestrator.run.stop import Stop
from orchestrator.run.survey.findings import HostFinding, HostState, Survey, SystemFinding
from orchestrator.run.survey.host_findings import judged, look_call
from orchestrator.run.survey.system_findings import finding_of
from orchestrator.run.survey.wanted import HostWish, Wanted

TASK = "probe"
"""Under this name connections are kept: one a host."""

LOST = "connection lost"
LIMIT_S = 120
LOOK_S = 20
_CAP = 64 * 1024
_TICK_S = 0.25
_SAID = 120


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a survey is; `open_hosts` are some that have not answered."""

    hosts: tuple[int, int]  # answered, of so many
    systems: tuple[int, int]
    seconds: float
    open_hosts: tuple[str, ...]


Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Probe:
    """One question about one system."""

    system: str
    question: Question
    command: Command


@dataclass(slots=True)
class _State:
    """What has come back so far."""

    wanted: Wanted
    hosts: dict[str, HostFinding] = field(default_factory=dict)
    refused: dict[str, Outcome] = field(default_factory=dict)
    answers: dict[str, dict[Question, Answer]] = field(default_factory=dict)
    waiting: dict[str, HostWish | _Probe] = field(default_factory=dict)
    behind: dict[str, list[_Probe]] = field(default_factory=dict)  # probes that wait for their host's first answer


class Drive:
    """One survey, or one round of many, on one carrier."""

    def __init__(
        self, carrier: Carrier, wanted: Wanted, stop: Stop, tell: Tell, *, parallel: int, nth: int = 0
    ) -> None:
        """`nth`: the round, so that no key comes twice."""
        self._carrier = carrier
        self._specs = Specs(wanted)
        self._stop = stop
        self._tell = tell
        self._nth = nth
        self._number = 0
        self._began = time.monotonic()
        waves = -(-max(len(wanted.ask), 1) // max(parallel, 1))
        self._until = self._began + LIMIT_S * waves
        self._state = _State(wanted)
        self._asked: dict[str, HostWish] = {}
        self._again: set[HostWish | _Probe] = set()
        self._looks = True

    def run(self, *, looks: bool = True) -> Survey:
        """The survey. `looks` False: hosts are only logged in to, and only systems are asked."""
        state, told = self._state, 0.0
        self._looks = looks
        self._begin(looks)
        while state.waiting and time.monotonic() < self._until and not self._stop.requested:
            for key in self._carrier.wait(_TICK_S):
                errand = state.waiting.pop(key, None)
                if errand is not None:
                    self._answered(errand, self._carrier.outcome(key))
            if time.monotonic() >= told + _TICK_S or not state.waiting:
                told = time.monotonic()
                self._tell(self._progress())
        late = not self._stop.requested
        for errand in (*state.waiting.values(), *(probe for probes in state.behind.values() for probe in probes)):
            self._unanswered(errand, late=late)
        return self._survey()

    def _begin(self, looks: bool) -> None:
        state = self._state
        for id, system in state.wanted.systems.items():
            state.answers[id] = {}
            for question, command in questions(system.task).items():
                probe = _Probe(id, question, command)
                if command is None:
                    self._submit(probe)
                else:
                    state.behind.setdefault(command.acting, []).append(probe)
        for id, wish in state.wanted.ask.items():
            if looks or id in state.behind:
                self._asked[id] = wish
                self._submit(wish)

    def _submit(self, errand: HostWish | _Probe) -> None:
        self._number += 1
        nth = f"{self._nth}.{self._number}"
        if isinstance(errand, HostWish):
            key, spec = f"{TASK}/{errand.id}/{nth}", self._look(errand)
        else:
            question, command = errand.question, errand.command
            key = question_key(TASK, errand.system, question.kind, nth, question.host, question.on_host, 1)
            spec = self._specs.port(TASK, question.host) if command is None else self._specs.read(TASK, command, _CAP)
        self._state.waiting[key] = errand
        # Where a host keeps receipts, a read first asks it for their folder, which makes one: not here.
        self._carrier.submit(key, replace(spec, host=replace(spec.host, receipts=False)))

    def _look(self, wish: HostWish) -> Spec:
        argv, shell = look_command(wish.host.platform, look_call(wish)) if self._looks else (None, None)
        kind = SpecKind.LOGIN if argv is None and shell is None else SpecKind.READ
        host = self._specs.host(wish.id)
        return Spec(kind=kind, host=host, timeout_s=LOOK_S, argv=argv, shell=shell, cap=_CAP, task=TASK)

    def _answered(self, errand: HostWish | _Probe, outcome: Outcome) -> None:
        lost = outcome.state is OutcomeState.UNKNOWN and outcome.why.startswith(LOST)
        if lost and errand not in self._again:
            self._again.add(errand)
            self._submit(errand)
        elif isinstance(errand, HostWish):
            self._host_answered(errand, outcome)
        else:
            self._probe_answered(errand, outcome)

    def _host_answered(self, wish: HostWish, outcome: Outcome) -> None:
        state = self._state
        state.hosts[wish.id] = judged(wish, outcome)
        for probe in state.behind.pop(wish.id, ()):
            if outcome.state is OutcomeState.UNREACHABLE:
                self._probe_answered(probe, outcome)
            else:
                self._submit(probe)

    def _probe_answered(self, probe: _Probe, outcome: Outcome) -> None:
        found = found_in(probe.question.kind, probe.command, outcome)
        why = outcome.why or (_said(outcome) if found is Found.UNKNOWN else None)
        self._state.answers[probe.system][probe.question] = Answer(found, 0.0, why or None)

    def _unanswered(self, errand: HostWish | _Probe, *, late: bool) -> None:
        """Time is up (`late`): silence is an answer, unknown. Told to stop: there is none."""
        if not late:
            return
        outcome = Outcome(OutcomeState.UNKNOWN, why=f"no answer within {time.monotonic() - self._began:.0f} s")
        if isinstance(errand, HostWish):
            self._state.hosts[errand.id] = judged(errand, outcome)
        else:
            self._probe_answered(errand, outcome)

    def _survey(self) -> Survey:
        state, whole = self._state, not self._stop.requested or not self._state.waiting
        hosts = {id: state.hosts.get(id) or judged(wish, None) for id, wish in self._asked.items()}
        away = {id for id, finding in hosts.items() if finding.state is HostState.AWAY}
        systems: dict[str, SystemFinding] = {
            id: finding_of(wish, state.answers[id], away=away, whole=whole) for id, wish in state.wanted.systems.items()
        }
        return Survey(hosts, systems, time.monotonic() - self._began, whole)

    def _progress(self) -> Progress:
        state = self._state
        open_hosts = [errand.id for errand in state.waiting.values() if isinstance(errand, HostWish)]
        open_systems = {errand.system for errand in state.waiting.values() if isinstance(errand, _Probe)}
        open_systems |= {probe.system for probes in state.behind.values() for probe in probes}
        hosts, systems = len(self._asked), len(state.wanted.systems)
        return Progress(
            hosts=(hosts - len(open_hosts), hosts),
            systems=(systems - len(open_systems), systems),
            seconds=time.monotonic() - self._began,
            open_hosts=tuple(open_hosts[:3]),
        )


def _said(outcome: Outcome) -> str:
    """What a probe heard that is neither yes nor no, for a person; bounded."""
    result = outcome.result
    if result is None:
        return ""
    lines = (result.stdout[:4096] + b"\n" + result.stderr[:4096]).decode("utf-8", "replace").split("\n")
    words = next((line.strip()[:_SAID] for line in lines if line.strip()), "")
    return f'exit {result.exit}, "{words}"' if words else f"exit {result.exit}, no output"

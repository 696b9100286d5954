"""What is asked of a task's hosts before and after, and what the answers mean (contract section 6, "Wanted, by mode").

`stop` is asked by `state`, `isolate` by `isolation`, `poweroff` by `state.poweroff`, or by the SSH port where there is
none. A restore asks for every mode that it undoes, and always for `state`. Answers are three-valued: as wanted,
definitely not, no answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.model.plan import NO_HOST, PlanHealth, PlanProbe, PlanTask
from orchestrator.model.terms import Found, Mode, ProbeKind, Proof
from orchestrator.plan.answer import reads_as

MODE_OF = {
    ProbeKind.STATE: Mode.STOP,
    ProbeKind.ISOLATION: Mode.ISOLATE,
    ProbeKind.POWEROFF: Mode.POWEROFF,
    ProbeKind.PORT: Mode.POWEROFF,
}
"""Which mode each question is about."""

_DOWN = {Found.OFFLINE, Found.ISOLATED, Found.SILENT}
_UP = {Found.ONLINE, Found.OPEN, Found.ANSWERS}


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one of the task's hosts, asked of `on_host` where that is another."""

    kind: ProbeKind
    host: str
    on_host: str | None = None
    name: str | None = None  # of a health check


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and when (epoch seconds)."""

    found: Found
    at: float
    why: str | None = None


Answers = Mapping[Question, Answer]
Command = PlanProbe | PlanHealth | None
"""What asks a question; None: a connection to the SSH port."""


Left = Mapping[str, Mode]
"""Hosts that force steps left in another mode than the task's: what is asked and wanted of them is that mode."""

NOTHING_LEFT: Left = {}


def questions(task: PlanTask, *, left: Left = NOTHING_LEFT, port_too: bool = False) -> dict[Question, Command]:
    """What is asked of `task`; `port_too` adds the SSH port where `poweroff` has a probe of its own."""
    asked: dict[Question, Command] = {}
    for mode in _asked_modes(task, left):
        match mode:
            case Mode.STOP:
                asked.update(_probes(ProbeKind.STATE, task.probe.state))
            case Mode.ISOLATE:
                asked.update(_probes(ProbeKind.ISOLATION, task.probe.isolation))
            case Mode.POWEROFF:
                asked.update(_probes(ProbeKind.POWEROFF, task.probe.poweroff))
                if port_too or not task.probe.poweroff:
                    asked.update({Question(ProbeKind.PORT, host): None for host in task.hosts if host != NO_HOST})
    if not left:
        return asked
    return {one: command for one, command in asked.items() if MODE_OF[one.kind] is left.get(one.host, task.mode)}


def _asked_modes(task: PlanTask, left: Left) -> tuple[Mode, ...]:
    if task.mode is None:
        return (*(task.undoes or ()), Mode.STOP)
    return tuple(dict.fromkeys((task.mode, *left.values())))


def wanted_places(task: PlanTask, left: Left = NOTHING_LEFT) -> tuple[tuple[str, Mode], ...]:
    """Every (host, mode) that the task is about."""
    if task.mode is None:
        return tuple((host, mode) for host in task.hosts for mode in task.undoes or ())
    return tuple((host, left.get(host, task.mode)) for host in task.hosts)


def health_questions(task: PlanTask) -> dict[Question, PlanHealth]:
    """The health checks of a restore."""
    return {Question(ProbeKind.HEALTH, check.host, check.on_host, check.name): check for check in task.health}


def _probes(kind: ProbeKind, probes: Iterable[PlanProbe]) -> dict[Question, Command]:
    return {Question(kind, probe.host, probe.on_host): probe for probe in probes}


def found_by(kind: ProbeKind, command: Command, exit_code: int, stdout: bytes) -> Found:
    """What a whole answer says."""
    match command:
        case PlanHealth():
            return Found.HEALTHY if exit_code in command.exits else Found.UNHEALTHY
        case PlanProbe():
            yes, no = (Found.ISOLATED, Found.OPEN) if kind is ProbeKind.ISOLATION else (Found.ONLINE, Found.OFFLINE)
            says_yes, says_no = (reads_as(match, exit_code, stdout) for match in (command.yes, command.no))
            return Found.UNKNOWN if says_yes == says_no else (yes if says_yes else no)
        case None:
            return Found.UNKNOWN


def as_wanted(task: PlanTask, found: Found) -> bool | None:
    """Whether an answer is what `task` wants: True, False (definitely not) or None (no answer)."""
    wanted, unwanted = (_DOWN, _UP) if task.mode is not None else (_UP, _DOWN)
    return True if found in wanted else (False if found in unwanted else None)


def right_places(task: PlanTask, answers: Answers, left: Left = NOTHING_LEFT) -> frozenset[tuple[str, Mode]]:
    """The (host, mode) of which every answer is as wanted: they get no steps."""
    right: dict[tuple[str, Mode], bool] = {}
    for question in questions(task, left=left):
        place = (question.host, MODE_OF[question.kind])
        answer = answers.get(question)
        good = answer is not None and as_wanted(task, answer.found) is True
        right[place] = right.get(place, True) and good
    return frozenset(place for place, good in right.items() if good)


def disproven_places(task: PlanTask, answers: Answers) -> frozenset[tuple[str, Mode]]:
    """The (host, mode) of which an answer says plainly that it is not as wanted; silence is no such word."""
    return frozenset(
        (question.host, MODE_OF[question.kind])
        for question, answer in answers.items()
        if question.kind in MODE_OF and answer.found is not Found.SILENT and as_wanted(task, answer.found) is False
    )


def is_all_right(task: PlanTask, right: frozenset[tuple[str, Mode]], left: Left = NOTHING_LEFT) -> bool:
    """Whether every host is as wanted in every mode that the task is about, each known by an answer."""
    asked = {(question.host, MODE_OF[question.kind]) for question in questions(task, left=left)}
    return bool(asked) and asked <= right and right.issuperset(wanted_places(task, left))


def refusal(task: PlanTask, answers: Answers) -> tuple[Question, Answer] | None:
    """The first answer by which the task can't go on: the host could not be asked.

    Silence is no refusal where silence is what was left: on the way back from `poweroff` or `isolate`, of the
    task's own host. A port that can't be asked is: its gateway doesn't answer.
    """
    silent = task.undoes is not None and bool({Mode.POWEROFF, Mode.ISOLATE} & set(task.undoes))
    for question, answer in answers.items():
        own = question.on_host is None and question.kind is not ProbeKind.PORT
        excused = silent and own and answer.found is Found.UNREACHABLE
        if answer.found.is_refusal and not excused:
            return question, answer
    return None


def proof_of(task: PlanTask, answers: Answers, by_person: bool, left: Left = NOTHING_LEFT) -> Proof:
    """How a task that ends done is known to be: proven by probes, by the word of a person, or not at all.

    On the way back `state` online proves that the host has power, too.
    """
    proven = {
        (question.host, MODE_OF[question.kind])
        for question, answer in answers.items()
        if question.kind is not ProbeKind.HEALTH
        and question.kind is not ProbeKind.PORT
        and as_wanted(task, answer.found) is True
    }
    if task.mode is None:
        proven |= {(host, Mode.POWEROFF) for host, mode in proven if mode is Mode.STOP}
    if task.hosts and proven.issuperset(wanted_places(task, left)):
        return Proof.PROVEN
    return Proof.PERSON if by_person else Proof.UNPROVEN

"""What the answers about a system mean, beside what the estate believes (contract sections 2, 6, 9). Pure.

- Answers are read place by place, a place being a host in a mode: down, up, or no answer. What has no power is stopped.
- What must be down is what runs did and did not undo, place by place. Something of it that is up: *up again*. Something
  else that is down: *found offline*. The estate does not know and the probes do: *now known*.
- The wanted words of a run decide (`questions.as_wanted`), so a survey and a run never read an answer differently.
- What could not be asked because of what a run left is out of sight; what could not be asked otherwise is unknown.
- While an open run has the system in its hands, nothing is compared.
"""

from collections.abc import Collection, Iterable, Mapping

from orchestrator.model.plan import NO_HOST
from orchestrator.model.terms import EstateState, Found, Mode, ProbeKind
from orchestrator.run.questions import MODE_OF, Answer, Answers, Question, is_all_right, questions, right_places
from orchestrator.run.survey.findings import Seen, SystemFinding, SystemState
from orchestrator.run.survey.wanted import Place, SystemWish

_DOWN = frozenset({Found.OFFLINE, Found.ISOLATED, Found.SILENT})
_UP = frozenset({Found.ONLINE, Found.OPEN, Found.ANSWERS})
_WORDS = {Mode.STOP: "offline", Mode.ISOLATE: "isolated", Mode.POWEROFF: "without power"}
_UP_WORDS = {Mode.STOP: "online", Mode.ISOLATE: "no longer isolated", Mode.POWEROFF: "under power"}


def finding_of(wish: SystemWish, answers: Answers, *, away: Collection[str] = (), whole: bool = True) -> SystemFinding:
    """The finding of a system. `away`: hosts that can't be reached, as believed; `whole` False: not all was asked."""
    asked = questions(wish.task)
    places = _places(asked, answers)
    state = _compared(wish, asked, answers, places, away, whole=whole)
    return SystemFinding(
        system=wish.id,
        state=state,
        believed=wish.record.state,
        seen=wish.problem or _seen(wish, state, asked, answers, places),
        answers=tuple(_said(question, answers[question]) for question in asked if question in answers),
        run=wish.record.last_run,
        found_before=state is SystemState.AS_BELIEVED and wish.record.found_offline and not wish.record.deeds,
        ready=_ready(wish, answers),
    )


def _compared(
    wish: SystemWish,
    asked: Collection[Question],
    answers: Answers,
    places: Mapping[Place, bool | None],
    away: Collection[str],
    *,
    whole: bool,
) -> SystemState:
    if wish.problem is not None:
        return SystemState.UNKNOWN
    if not asked:
        return SystemState.PERSON
    if not whole and any(question not in answers for question in asked):
        return SystemState.UNASKED
    if wish.open_run is not None:
        return SystemState.BUSY
    known = any(down is not None for (_, mode), down in places.items() if mode is Mode.STOP)
    if wish.record.state is EstateState.UNKNOWN:
        return SystemState.LEARNT if known and not _doubts(wish, places) else _unseen(asked, answers, away)
    if _came_up(wish, places):
        return SystemState.CAME_UP
    if _found_down(wish, places):
        return SystemState.FOUND_DOWN
    return _unseen(asked, answers, away) if _doubts(wish, places) else SystemState.AS_BELIEVED


def _places(asked: Collection[Question], answers: Answers) -> dict[Place, bool | None]:
    """Each place: down, up, or no answer. A host without power runs nothing; where it says itself that it does, whoever
    was asked about its power has proven nothing."""
    found: dict[Place, bool | None] = {}
    for question in asked:
        place = (question.host, MODE_OF[question.kind])
        answer = answers.get(question)
        down = None if answer is None else True if answer.found in _DOWN else False if answer.found in _UP else None
        found[place] = down if place not in found or found[place] is down else None
    for host, mode in tuple(found):
        if mode is Mode.POWEROFF and found[host, mode]:
            runs = found.get((host, Mode.STOP)) is False
            found[(host, mode) if runs else (host, Mode.STOP)] = None if runs else True
    return found


def _came_up(wish: SystemWish, places: Mapping[Place, bool | None]) -> list[Place]:
    """What is up though it must be down; on a host that must have no power, nothing may run either."""
    off = {(host, Mode.STOP) for host, mode in wish.must_be_down if mode is Mode.POWEROFF}
    return [place for place in sorted(wish.must_be_down | off) if places.get(place) is False]


def _found_down(wish: SystemWish, places: Mapping[Place, bool | None]) -> list[Place]:
    """What is down though nothing made it so. A service on a host that a run powered off is no news."""
    off = {host for host, mode in wish.must_be_down if mode is Mode.POWEROFF}
    return [
        place
        for place, down in places.items()
        if down and place not in wish.must_be_down and not (place[1] is Mode.STOP and place[0] in off)
    ]


def _doubts(wish: SystemWish, places: Mapping[Place, bool | None]) -> list[Place]:
    """What was asked, matters and got no answer: power matters only where the service can't be asked."""
    return [
        (host, mode)
        for (host, mode), down in places.items()
        if down is None
        and (mode is not Mode.POWEROFF or (host, mode) in wish.must_be_down or places.get((host, Mode.STOP)) is None)
        and (mode is not Mode.ISOLATE or (host, mode) in wish.must_be_down or places.get((host, Mode.STOP)) is False)
    ]


def _unseen(asked: Collection[Question], answers: Answers, away: Collection[str]) -> SystemState:
    silent = [q for q in asked if q in answers and answers[q].found in {Found.UNREACHABLE, Found.UNKNOWN}]
    if silent and all((q.on_host or q.host) in away or q.host in away for q in silent):
        return SystemState.AWAY
    return SystemState.UNKNOWN


def _ready(wish: SystemWish, answers: Answers) -> bool | None:
    """Of a plan: whether a run would find it as wanted already."""
    if wish.planned is None or not answers:
        return None
    return is_all_right(wish.planned, right_places(wish.planned, answers))


# --- in words


def _seen(
    wish: SystemWish,
    state: SystemState,
    asked: Collection[Question],
    answers: Answers,
    places: Mapping[Place, bool | None],
) -> str:
    match state:
        case SystemState.PERSON:
            return "no probe can tell; ask its owner"
        case SystemState.UNASKED:
            return "not asked, or not answered yet"
        case SystemState.BUSY if wish.open_run is not None:
            return f"{_summary(places)}; open run {wish.open_run.run} ({wish.open_run.action}) has it"
        case SystemState.CAME_UP:
            return _listed(_came_up(wish, places), _UP_WORDS)
        case SystemState.FOUND_DOWN:
            return _listed(_found_down(wish, places), _WORDS)
        case SystemState.UNKNOWN | SystemState.AWAY:
            return _reasons(asked, answers)
        case _:
            return _summary(places)


def _summary(places: Mapping[Place, bool | None]) -> str:
    """`online`; `offline`; `online on db-1, offline on db-2`."""
    down = [place for place, is_down in places.items() if is_down]
    if any(mode is Mode.POWEROFF for _, mode in down):
        down = [place for place in down if place[1] is not Mode.STOP or (place[0], Mode.POWEROFF) not in down]
    up = [place for place, is_down in places.items() if is_down is False and place[1] is Mode.STOP]
    if not down or not up:
        return _listed(down or up, _WORDS if down else _UP_WORDS, bare=True)
    return f"{_listed(up, _UP_WORDS)}, {_listed(down, _WORDS)}"


def _listed(places: Iterable[Place], words: Mapping[Mode, str], *, bare: bool = False) -> str:
    hosts: dict[str, list[str]] = {}
    for host, mode in places:
        hosts.setdefault(words[mode], []).append(host)
    named = [
        word if bare or names == [NO_HOST] else f"{word} on {', '.join(names[:4])}{' ...' if len(names) > 4 else ''}"
        for word, names in hosts.items()
    ]
    return ", ".join(named) or "nothing was asked"


def _reasons(asked: Collection[Question], answers: Answers) -> str:
    """Why it is not known, each reason once; at most three."""
    reasons: dict[str, None] = {}
    for question in asked:
        answer = answers.get(question)
        if answer is None or answer.found in _DOWN | _UP:
            continue
        host = question.on_host or question.host
        what = "port" if question.kind is ProbeKind.PORT else f"{question.kind} probe"
        if answer.found is Found.UNKNOWN:
            reasons[f"{what} on {host}: {answer.why or 'neither yes nor no'}"] = None
        else:
            reasons[f"{what}: {host} {_REFUSED[answer.found]}"] = None
    said = list(reasons)
    return "; ".join(said[:3]) + (f"; and {len(said) - 3} more" if len(said) > 3 else "")


_REFUSED = {
    Found.UNREACHABLE: "can't be reached",
    Found.KEY: "is refused for its host key",
    Found.LOGIN: "refuses the login",
    Found.SUDO: "refuses sudo",
    Found.HEALTHY: "is healthy",
    Found.UNHEALTHY: "is not healthy",
}


def _said(question: Question, answer: Answer) -> Seen:
    return Seen(question.kind, question.host, question.on_host, answer.found, answer.why)

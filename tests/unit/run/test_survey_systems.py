"""What the answers about a system mean beside what the estate believes: place by place, as a run would read them."""

from collections.abc import Collection

import pytest

from orchestrator.model.estate import Deed, OpenRun, SystemRecord
from orchestrator.model.plan import PlanMatch, PlanProbe, PlanProbes, PlanTask
from orchestrator.model.terms import Action, EstateState, Found, Mode, ProbeKind
from orchestrator.run.questions import Answer, Question, questions
from orchestrator.run.survey.findings import SystemFinding, SystemState
from orchestrator.run.survey.system_findings import finding_of
from orchestrator.run.survey.wanted import SystemWish

STOP, CUT, OFF = Mode.STOP, Mode.ISOLATE, Mode.POWEROFF
RUN = "20260301-0214-shutdown-7f3a"
HOSTS = ("db-1", "db-2")
ON = {ProbeKind.ISOLATION: "fw", ProbeKind.POWEROFF: "hv"}
KINDS = {"state": ProbeKind.STATE, "cut": ProbeKind.ISOLATION, "power": ProbeKind.POWEROFF, "port": ProbeKind.PORT}


def wish(
    *deeds: Mode,
    hosts: tuple[str, ...] = HOSTS[:1],
    touched: tuple[str, ...] | None = None,
    cut: bool = True,
    power: bool = True,
    state: EstateState | None = None,
    found_offline: bool = False,
    busy: bool = False,
    external: bool = False,
    planned: PlanTask | None = None,
    problem: str | None = None,
) -> SystemWish:
    """A system of which runs did `deeds` and nobody undid them."""

    def probes(kind: str) -> tuple[PlanProbe, ...]:
        yes, no = PlanMatch(exits=(0,)), PlanMatch(exits=(1,))
        on = ON.get(KINDS[kind])
        return tuple(PlanProbe(host=h, on_host=on, argv=("x",), timeout_s=5, yes=yes, no=no) for h in hosts)

    made = tuple(Deed(mode, touched or hosts, RUN, "2026-03-01T02:39:00Z", True) for mode in deeds)
    believed = EstateState.OFFLINE if found_offline or {STOP, OFF} & {*deeds} else EstateState.ISOLATED
    undoes = (*([OFF] if power or OFF in deeds else []), *([CUT] if cut else []))
    return SystemWish(
        id="db",
        task=PlanTask(
            id="db",
            system="db",
            kind="x",
            owner="internal",
            undoes=undoes,
            stage=1,
            hosts=() if external else hosts,
            estimate_s=0,
            probe=PlanProbes()
            if external
            else PlanProbes(
                state=probes("state"),
                isolation=probes("cut") if cut else (),
                poweroff=probes("power") if power else (),
            ),
        ),
        record=SystemRecord(
            state=state or (believed if deeds or found_offline else EstateState.ONLINE),
            deeds=made,
            found_offline=found_offline,
            last_run=RUN if deeds or found_offline else None,
        ),
        must_be_down=frozenset((host, deed.mode) for deed in made for host in deed.hosts)
        | (frozenset((host, STOP) for host in hosts) if found_offline else frozenset()),
        open_run=OpenRun(RUN, Action.RESTORE, frozenset({"db"})) if busy else None,
        planned=planned,
        problem=problem,
    )


def found(one: SystemWish, said: str, *, away: Collection[str] = (), whole: bool = True) -> SystemFinding:
    """`state=online cut=open`, of every host; `state=online,offline` host by host; what is not said is not asked."""
    words = dict(word.split("=") for word in said.split())
    answers = {}
    for question in questions(one.task):
        kind = next(name for name, each in KINDS.items() if each is question.kind)
        if kind in words:
            each = words[kind].split(",")
            at = HOSTS.index(question.host) if len(each) > 1 else 0
            answers[question] = Answer(Found(each[at]), 0.0)
    return finding_of(one, answers, away=away, whole=whole)


UP = "state=online cut=open power=online"


@pytest.mark.parametrize(
    ("one", "said", "state", "seen"),
    [
        # nothing was done to it
        (wish(), UP, "as believed", "online"),
        (wish(cut=False, power=False), "state=online", "as believed", "online"),
        (wish(), "state=offline cut=open power=online", "found offline", "offline on db-1"),
        (wish(), "state=unreachable cut=open power=offline", "found offline", "without power on db-1"),
        (wish(), "state=online cut=isolated power=online", "found offline", "isolated on db-1"),
        (wish(), "state=unknown cut=open power=online", "unknown", "state probe on db-1: neither yes nor no"),
        (wish(), "state=online cut=unknown power=online", "unknown", "isolation probe on fw: neither yes nor no"),
        (wish(), "state=online cut=open power=unreachable", "as believed", "online"),  # it runs, so it has power
        (wish(), "state=unreachable cut=open power=unreachable", "unknown", "state probe: db-1 can't be reached"),
        (wish(), "state=sudo cut=open power=online", "unknown", "state probe: db-1 refuses sudo"),
        (wish(), "state=key cut=open power=online", "unknown", "state probe: db-1 is refused for its host key"),
        (wish(hosts=HOSTS, cut=False, power=False), "state=online,offline", "found offline", "offline on db-2"),
        # it was taken down
        (wish(STOP), "state=offline cut=open power=online", "as believed", "offline"),
        (wish(STOP), UP, "up again", "online on db-1"),
        (wish(STOP), "state=unreachable cut=open power=offline", "found offline", "without power on db-1"),
        (wish(STOP), "state=unknown cut=open power=online", "unknown", "state probe on db-1: neither yes nor no"),
        (wish(STOP, hosts=HOSTS, cut=False), "state=offline,online power=online", "up again", "online on db-2"),
        (wish(STOP, hosts=HOSTS, touched=HOSTS[:1], cut=False), "state=offline,online power=online", "as believed",
         "online on db-2, offline on db-1"),
        (wish(CUT), "state=online cut=isolated power=online", "as believed", "online on db-1, isolated on db-1"),
        (wish(CUT), "state=online cut=open power=online", "up again", "no longer isolated on db-1"),
        (wish(CUT), "state=offline cut=isolated power=online", "found offline", "offline on db-1"),
        (wish(CUT), "state=unreachable cut=isolated power=online", "unknown", "state probe: db-1 can't be reached"),
        (wish(OFF), "state=unreachable cut=open power=offline", "as believed", "without power"),
        (wish(OFF), "state=offline cut=open power=online", "up again", "no longer"),
        (wish(OFF), "state=unreachable cut=open power=online", "up again", "under power on db-1"),
        (wish(OFF, power=False), "state=unreachable cut=open port=silent", "as believed", "without power"),
        (wish(OFF, power=False), "state=online cut=open port=answers", "up again", "under power on db-1"),
        (wish(OFF, power=False), "state=unreachable cut=open port=unreachable", "unknown", "can't be reached"),
        (wish(CUT, OFF), "state=unreachable cut=isolated power=offline", "as believed", "without power, isolated"),
        # the estate is no help
        (wish(STOP, state=EstateState.UNKNOWN), "state=offline cut=open power=online", "now known", "offline"),
        (wish(STOP, state=EstateState.UNKNOWN), UP, "now known", "online"),
        (wish(STOP, state=EstateState.UNKNOWN), "state=unknown cut=open power=online", "unknown", "neither"),
        (wish(found_offline=True), "state=offline cut=open power=online", "as believed", "offline"),
        (wish(found_offline=True), UP, "up again", "online on db-1"),
        (wish(STOP, busy=True), UP, "in a run", f"online; open run {RUN} (restore) has it"),
        (wish(external=True, cut=False, power=False), "", "for a person", "ask its owner"),
        (wish(problem="x.yaml:3  no such thing"), "", "unknown", "x.yaml:3  no such thing"),
    ],
)  # fmt: skip
def test_what_was_seen_beside_what_is_believed(one: SystemWish, said: str, state: str, seen: str) -> None:
    finding = found(one, said)

    assert finding.state.value == state
    if seen != "no longer":
        assert seen in finding.seen


def test_a_host_powered_off_that_contradicts_itself_is_no_proof() -> None:
    """Its carrier says that it has no power, and yet it answers."""
    assert found(wish(OFF), "state=online cut=open power=offline").state is SystemState.CAME_UP
    assert found(wish(), "state=online cut=open power=offline").state is SystemState.AS_BELIEVED


def test_out_of_sight_as_a_run_left_it() -> None:
    hidden = "state=unreachable cut=unreachable power=unreachable"

    assert found(wish(STOP), hidden, away={"db-1", "fw", "hv"}).state is SystemState.AWAY
    assert found(wish(STOP), hidden, away={"fw"}).state is SystemState.UNKNOWN


def test_what_had_not_answered_when_it_was_ended_is_said_so() -> None:
    assert found(wish(), "state=online", whole=False).state is SystemState.UNASKED
    assert found(wish(), UP, whole=False).state is SystemState.AS_BELIEVED


def test_found_before_is_remembered_only_while_it_is_so() -> None:
    assert found(wish(found_offline=True), "state=offline cut=open power=online").found_before
    assert not found(wish(STOP), "state=offline cut=open power=online").found_before


@pytest.mark.parametrize(
    ("mode", "said", "ready"),
    [
        (STOP, "state=offline cut=open power=online", True),
        (STOP, UP, False),
        (CUT, "state=online cut=isolated power=online", True),
        (OFF, "state=unreachable cut=open power=offline", True),
        (OFF, UP, False),
    ],
)
def test_of_a_plan_whether_it_is_so_already(mode: Mode, said: str, ready: bool) -> None:
    bare = wish()
    planned = PlanTask(
        id="db", system="db", kind="x", owner="internal", mode=mode, stage=1, hosts=HOSTS[:1], estimate_s=1,
        probe=bare.task.probe,
    )  # fmt: skip
    assert found(wish(planned=planned), said).ready is ready
    assert found(bare, said).ready is None


def test_every_answer_is_kept_for_the_document() -> None:
    finding = found(wish(), UP)
    assert {(each.probe, each.host, each.on_host, each.found) for each in finding.answers} == {
        (ProbeKind.STATE, "db-1", None, Found.ONLINE),
        (ProbeKind.ISOLATION, "db-1", "fw", Found.OPEN),
        (ProbeKind.POWEROFF, "db-1", "hv", Found.ONLINE),
    }


def test_questions_are_those_of_a_run() -> None:
    assert Question(ProbeKind.PORT, "db-1") in questions(wish(OFF, power=False).task)
    assert Question(ProbeKind.PORT, "db-1") not in questions(wish(OFF).task)

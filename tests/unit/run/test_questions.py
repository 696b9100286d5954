"""What answers mean (contract section 6, "Wanted, by mode"): refusals, what is right, what is denied, what is proof."""

from dataclasses import replace

import pytest

from orchestrator.model.plan import PlanMatch, PlanProbe, PlanProbes, PlanTask
from orchestrator.model.terms import Action, Found, Mode, ProbeKind, Proof
from orchestrator.run.questions import Answer, Question, disproven_places, proof_of, refusal, right_places
from tests.simulate.world import make_plan

STOP, ISOLATE, OFF = Mode.STOP, Mode.ISOLATE, Mode.POWEROFF


def task(*modes: Mode, up: bool, power: bool = False) -> PlanTask:
    """One system on one host; `power`: a carrier can be asked whether it has power."""
    plan = make_plan({"db": ()}, action=Action.RESTORE if up else Action.SHUTDOWN)
    match = PlanMatch(exits=(0,))

    def probe(on: str | None) -> tuple[PlanProbe, ...]:
        return (PlanProbe(host="db-0", on_host=on, argv=("x",), timeout_s=5, yes=match, no=PlanMatch(exits=(1,))),)

    probes = PlanProbes(state=probe(None), isolation=probe("fw"), poweroff=probe("hv") if power else ())
    return replace(plan.tasks[0], mode=None if up else modes[0], undoes=modes if up else None, probe=probes)


ON = {ProbeKind.ISOLATION: "fw", ProbeKind.POWEROFF: "hv"}


def answers(said: str) -> dict[Question, Answer]:
    """`state=offline port=silent`."""
    pairs = (text.split("=") for text in said.split())
    return {
        Question(ProbeKind(kind), "db-0", ON.get(ProbeKind(kind))): Answer(Found(found), 0.0) for kind, found in pairs
    }


@pytest.mark.parametrize(
    ("one", "said", "refused"),
    [
        (task(STOP, up=False), "state=unreachable", True),
        (task(STOP, up=False), "state=unknown", False),
        (task(OFF, up=False), "port=silent", False),
        (task(STOP, up=True), "state=unreachable", True),
        (task(OFF, up=True), "port=silent state=unreachable", False),
        (task(OFF, up=True), "port=unreachable state=unreachable", True),  # its gateway doesn't answer: no silence
        (task(OFF, up=True), "port=answers state=login", True),
        (task(OFF, up=True, power=True), "poweroff=unreachable state=unreachable", True),
        (task(ISOLATE, up=True), "isolation=isolated state=unreachable", False),
    ],
)
def test_what_is_a_refusal(one: PlanTask, said: str, refused: bool) -> None:
    assert (refusal(one, answers(said)) is not None) == refused


@pytest.mark.parametrize(
    ("one", "said", "right", "denied"),
    [
        (task(STOP, up=False), "state=offline", {STOP}, set()),
        (task(STOP, up=False), "state=online", set(), {STOP}),
        (task(STOP, up=False), "state=unknown", set(), set()),
        (task(OFF, up=False), "port=silent", {OFF}, set()),
        (task(OFF, up=False), "port=answers", set(), {OFF}),
        (task(OFF, up=True), "port=silent state=unreachable", set(), set()),
        (
            task(OFF, ISOLATE, up=True, power=True),
            "poweroff=online isolation=isolated state=unreachable",
            {OFF},
            {ISOLATE},
        ),
    ],
)
def test_what_is_right_and_what_is_denied(one: PlanTask, said: str, right: set[Mode], denied: set[Mode]) -> None:
    assert {mode for _, mode in right_places(one, answers(said))} == right
    assert {mode for _, mode in disproven_places(one, answers(said))} == denied


@pytest.mark.parametrize(
    ("one", "said", "by_person", "proof"),
    [
        (task(STOP, up=False), "state=offline", False, Proof.PROVEN),
        (task(STOP, up=False), "state=offline", True, Proof.PROVEN),
        (task(ISOLATE, up=False), "", False, Proof.UNPROVEN),
        (task(ISOLATE, up=False), "", True, Proof.PERSON),
        (task(OFF, up=False), "port=silent", False, Proof.UNPROVEN),
        (task(OFF, up=False, power=True), "poweroff=offline port=silent", False, Proof.PROVEN),
        (task(OFF, up=True), "port=answers state=online", False, Proof.PROVEN),  # what runs has power
        (task(OFF, ISOLATE, up=True), "port=answers state=online", False, Proof.UNPROVEN),
    ],
)
def test_what_is_proof(one: PlanTask, said: str, by_person: bool, proof: Proof) -> None:
    assert proof_of(one, answers(said), by_person) is proof

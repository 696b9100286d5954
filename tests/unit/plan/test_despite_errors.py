"""Shutdowns that go past errors of the files, beside the golden scenarios `despite-errors-*` (section 4).

Properties: whatever is wrong with one system's entry, the plan of the others is the same; without errors the option
changes nothing but the request; a loop that is cut leaves every other need in its order.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.estate import Deed, Estate, SystemRecord
from orchestrator.model.plan import Plan, Request
from orchestrator.model.protocol import ModeRule
from orchestrator.model.selector import parse_selector
from orchestrator.model.source import Source
from orchestrator.model.terms import EstateState, Mode, Reason
from orchestrator.model.workspace import Workspace
from orchestrator.plan.diff import diff
from orchestrator.plan.file import parse_plan, plan_bytes
from orchestrator.workspace.loader import load
from tests.builders import back, down, protocol, waits, workspace

BOUNDED = settings(max_examples=30, deadline=None, derandomize=True)
IDS = [f"s{n}" for n in range(7)]
PLAYBOOK = """\
kind: svc
vars: {unit: x, firewall: s6}
state: {argv: [state, "{unit}"], online: [0], offline: [3]}
isolation: {on: {system: "{firewall}"}, argv: [cut, "{system}"], isolated: [0], open: [1]}
shutdown:
  stop: [{name: stop, argv: [stop, "{unit}"]}]
  isolate: [{name: cut, on: {system: "{firewall}"}, argv: [cut, "{system}"]}]
"""
ERRORS = (
    "lable: x",
    "priority: high",
    "managed: maybe",
    "serial: 7",
    "after: [nothing-there]",
    "vars: {nosuch: x}",
    "labels: [a]",
    "customers: [nobody]",
    "is: &x y",
)


def wrong(ws: Workspace, *systems: str) -> Workspace:
    """The same workspace, as it is read where the entries of `systems` are wrong."""
    problem = Problem(Source("inventories/estate.yaml", 7), "it is wrong.")
    return replace(ws, broken=dict.fromkeys(sorted(systems), (problem,)))


@st.composite
def estates(draw: st.DrawFn) -> list[str]:
    """Lines of systems that need only later ones; their hosts lie in a zone behind s6."""
    lines = []
    for n, id in enumerate(IDS):
        later = IDS[n + 1 :]
        needs = draw(st.lists(st.sampled_from(later), max_size=3, unique=True)) if later else []
        known = f"requires: [{', '.join(needs)}]"
        if len(later) > 2 and draw(st.booleans()):
            pair = draw(st.lists(st.sampled_from(later), min_size=2, max_size=2, unique=True))
            known = f"requires: [{', '.join([*needs, '{any: [' + ', '.join(pair) + ']}'])}]"
        lines.append(f"  {id}: {{kind: svc, hosts: [h{n}], {known}}}")
    return lines


def planned(lines: list[str], *, despite_errors: bool) -> Plan:
    """The plan of everything, in modes that go by the id."""
    hosts = "".join(f"  h{n}: {{zone: {'dmz' if n == 6 else 'data'}}}\n" for n in range(len(IDS)))
    text = "zones:\n  dmz: {}\n  data: {gateway: h6}\nhosts:\n" + hosts + "systems:\n" + "\n".join(lines) + "\n"
    with tempfile.TemporaryDirectory() as root:
        for path, content in {"inventories/i.yaml": text, "playbooks/svc.yaml": PLAYBOOK}.items():
            (Path(root) / path).parent.mkdir(exist_ok=True)
            (Path(root) / path).write_text(content)
        ws = load(Path(root), despite_errors=despite_errors)
    rule = ModeRule((parse_selector("s2"), parse_selector("s4")), Mode.ISOLATE, Source("protocol.yaml", 1))
    return down(replace(ws, protocol=replace(protocol(), modes=(rule,))), despite_errors=despite_errors)


@BOUNDED
@given(
    estates(),
    st.sampled_from(IDS[:6]),
    st.lists(st.sampled_from(ERRORS), min_size=1, max_size=4, unique_by=lambda e: e[:4]),
)
def test_what_is_wrong_with_one_leaves_the_others_as_they_are(lines: list[str], one: str, errors: list[str]) -> None:
    healthy = planned(lines, despite_errors=False)
    n = IDS.index(one)
    broken = [*lines]
    broken[n] = lines[n].removesuffix("}") + ", " + ", ".join(errors) + "}"
    with pytest.raises(FilesError):
        planned(broken, despite_errors=False)
    plan = planned(broken, despite_errors=True)
    before, after = ({task.id: task for task in each.tasks if task.id != one} for each in (healthy, plan))
    assert before.keys() == after.keys()
    for id, task in after.items():
        old = before[id]
        assert (task.steps, task.force, task.evidence, task.mode) == (old.steps, old.force, old.evidence, old.mode)
        assert (task.hosts, task.probe, task.gates) == (old.hosts, old.probe, old.gates)
        assert [need for need in task.needs if need.task != one] == [need for need in old.needs if need.task != one]
        assert {need for need in old.needs if need.task == one} == {need for need in task.needs if need.task == one}
    (hand,) = (task for task in plan.tasks if task.id == one)
    assert plan.tasks[0] is hand
    assert (hand.is_manual, len(hand.steps), hand.stage, hand.needs) == (True, 1, 1, ())
    assert sum(warn.code == "despite-errors" for warn in plan.warnings) >= 2
    assert parse_plan(plan_bytes(plan), "plan") == plan


@BOUNDED
@given(estates())
def test_without_errors_only_the_request_differs(lines: list[str]) -> None:
    plain, despite = (planned(lines, despite_errors=option) for option in (False, True))
    assert plain.request == Request()
    assert plan_bytes(despite.model_copy(update={"request": plain.request})) == plan_bytes(plain)
    assert b"despite_errors" not in plan_bytes(plain)
    assert b'"despite_errors":true' in plan_bytes(despite)


@st.composite
def knots(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """Needs in any direction, so with loops, of four systems behind the gateway on which `gate` lives."""
    systems = st.sampled_from([*IDS[:4], "gate"])
    verbs = st.sampled_from(["requires", "runs-on"])
    return [one for one in draw(st.lists(st.tuples(systems, verbs, systems), max_size=7)) if one[0] != one[2]]


def loops_left(ws: Workspace) -> list[str]:
    """The loops that still refuse; none where there is a plan."""
    try:
        down(ws, despite_errors=True)
    except FilesError as error:
        return [problem.what for problem in error.problems]
    return []


@BOUNDED
@given(knots())
def test_a_loop_that_is_cut_leaves_every_other_need_in_its_order(needs: list[tuple[str, str, str]]) -> None:
    lines = [*(f"{id} on h-{id}\nh-{id} in zone" for id in IDS[:4]), "gate on h-gate", "zone gateway h-gate"]
    # the last `runs-on` of a host counts
    needs = [*{(a, verb, "" if verb == "runs-on" else b): (a, verb, b) for a, verb, b in needs}.values()]
    ws = workspace("\n".join([*lines, *(f"{'h-' * (verb == 'runs-on')}{a} {verb} {b}" for a, verb, b in needs)]))
    if left := loops_left(ws):
        assert not any("is reached through" in loop for loop in left)
        return
    plan = down(ws, despite_errors=True)
    cut = {id for warn in plan.warnings if warn.code == "loop-cut" for id in warn.systems}
    place = {task.id: at for at, task in enumerate(plan.tasks)}
    assert all(place[a] < place[b] for a, _, b in needs)
    for id in IDS[:4]:
        assert id in cut or place[id] < place["gate"]
        ways = [need for task in plan.tasks for need in task.needs if need.task == id]
        assert id not in cut or all(need.reason is not Reason.CONTROL_PATH for need in ways)
    if not cut:
        assert plan_bytes(down(ws)) == plan_bytes(plan.model_copy(update={"request": Request()}))


BEHIND_ITSELF = "hv on m\nm in zone\nzone gateway h-gw\ngw on h-gw\nh-gw runs-on hv"


def test_a_loop_is_cut_beside_one_that_another_alternative_avoids() -> None:
    plan = down(f"{BEHIND_ITSELF}\nhv requires any(1) x y\nx requires gw", despite_errors=True)
    assert [warn.systems for warn in plan.warnings if warn.code == "loop-cut"] == [("hv",)]
    assert "alternative-dropped" in {warn.code for warn in plan.warnings}
    assert waits(plan) == {"x": set(), "gw": {"x requires"}, "hv": {"gw runs-on"}, "y": {"hv requires"}}


def test_nor_does_one_at_the_console_need_a_way_in_that_leads_through_systems_outside_the_plan() -> None:
    text = "hv on m\nm in zone\nzone gateway h-gw\ngw on h-gw\nh-gw runs-on mid\nmid requires hv"
    text += "\nhv requires any(1) x y\nx requires mid"
    plan = down(text, "hv", "mid", "x", "y", only=True, despite_errors=True)
    assert [warn.systems for warn in plan.warnings if warn.code == "loop-cut"] == [("hv",)]
    assert waits(plan) == {"x": set(), "mid": {"x requires"}, "hv": {"mid requires"}, "y": {"hv requires"}}


def test_of_two_ways_in_of_one_loop_the_first_by_id_is_cut() -> None:
    text = "b-hv on m1\nm1 in z1\nz1 gateway g1\nb-gw on g1\ng1 runs-on a-hv\n"
    text += "a-hv on m2\nm2 in z2\nz2 gateway g2\na-gw on g2\ng2 runs-on b-hv"
    plan = down(text, despite_errors=True)
    assert [warn.systems for warn in plan.warnings if warn.code == "loop-cut"] == [("a-hv",)]
    assert [task.id for task in plan.tasks] == ["a-gw", "b-hv", "b-gw", "a-hv"]


def test_it_waits_for_nobody_and_what_it_needs_waits_for_it() -> None:
    ws = wrong(workspace("a requires b\nb requires c\nc requires d"), "b")
    assert waits(down(ws, despite_errors=True)) == {"b": set(), "a": set(), "c": {"b requires"}, "d": {"c requires"}}


def test_of_two_the_one_that_the_other_needs_waits_for_nobody_either() -> None:
    ws = wrong(workspace("a requires b\nb requires c"), "a", "b")
    assert waits(down(ws, despite_errors=True)) == {"a": set(), "b": set(), "c": {"b requires"}}


def test_without_the_option_it_refuses() -> None:
    with pytest.raises(FilesError):
        down(wrong(workspace("a requires b"), "a"))


@pytest.mark.parametrize("request_", [{"select": ("a",)}, {"select": ("b",)}])
def test_a_protected_one_is_refused_as_ever(request_: dict[str, tuple[str, ...]]) -> None:
    from orchestrator.model.errors import Refused

    ws = wrong(workspace("a requires b\na protected why"), "a")
    with pytest.raises(Refused, match="a is protected"):
        down(ws, *request_["select"], despite_errors=True)


def test_what_it_is_told_has_no_lines_so_a_plan_stays_fresh_where_only_they_move() -> None:
    ws = workspace("a on h\nb on i")
    first = down(wrong(ws, "a"), despite_errors=True)
    moved = {"a": (Problem(Source("inventories/estate.yaml", 9), "it is wrong."),)}
    again = down(replace(wrong(ws, "a"), broken=moved), despite_errors=True)
    assert diff(first, again).fresh
    assert not diff(first, down(wrong(ws), despite_errors=True)).fresh  # mended: it would be done by commands


def test_an_error_of_many_is_told_once_with_whom_it_concerns() -> None:
    ids = [f"p{n:02}" for n in range(20)]
    plan = down(wrong(workspace("\n".join(f"{id} on h-{id}" for id in ids)), *ids), despite_errors=True)
    texts = [warn.text for warn in plan.warnings if warn.code == "despite-errors"]
    assert texts == [
        "1 error in the files gone past (--despite-errors): 20 systems are done by a person, first of all.",
        "inventories/estate.yaml:7  it is wrong. By hand: p00, p01, p02, p03, p04, p05, p06, p07 and 12 more.",
    ]
    assert [warn.code for warn in plan.warnings] == ["despite-errors", "despite-errors"]


def test_taken_down_by_hand_as_a_whole_it_comes_back_on_all_its_hosts() -> None:
    deeds = (Deed(Mode.STOP, ("-",), "run-1", "2026-03-01T02:14:00Z", True),)
    plan = back("a on h1 h2", Estate(systems={"a": SystemRecord(EstateState.OFFLINE, deeds, last_run="run-1")}))
    assert [task.hosts for task in plan.tasks] == [("h1", "h2")]
    assert [step.host for step in plan.tasks[0].steps] == ["h1", "h2"]

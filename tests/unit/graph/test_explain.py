"""Why a system stands where it stands, and what lies between two: always what the plan itself says."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.graph.explain import Absence, Explanation, between, explain, kept_by, known_systems
from orchestrator.graph.needs import needs_of
from orchestrator.graph.plan_paths import longest_chain
from orchestrator.graph.plan_waits import Hop, PlanWaits
from orchestrator.graph.way_back import estate_after
from orchestrator.model.estate import Estate, SystemRecord
from orchestrator.model.plan import Barrier, Need, Plan
from orchestrator.model.protocol import Protocol
from orchestrator.model.terms import Action, EstateState, Mode, Reason
from tests.builders import back, down, protocol, taken_down, workspace

IDS = [f"s{n}" for n in range(7)]
BOUNDED = settings(max_examples=40, deadline=None, derandomize=True)
FAR = 10**9


@st.composite
def estates(draw: st.DrawFn) -> tuple[str, Protocol]:
    """Systems that need only later ones, in groups and modes at will."""
    lines = []
    for n, id in enumerate(IDS):
        lines.append(f"{id} on h-{id}")
        later = IDS[n + 1 :]
        verbs = st.sampled_from(["requires", "after", "after(restore)"])
        others = draw(st.lists(st.sampled_from(later), max_size=2, unique=True)) if later else []
        lines += [f"{id} {draw(verbs)} {other}" for other in others]
        if len(later) > 1 and draw(st.booleans()):
            lines.append(f"{id} requires any(1) {' '.join(draw(st.permutations(later))[:2])}")
        if draw(st.booleans()) and later:
            lines.append(f"h-{id} runs-on {draw(st.sampled_from(later))}")
        elif n < 5 and draw(st.booleans()):
            lines.append(f"h-{id} in zone")
    lines.append("zone gateway h-s5")
    lines += draw(st.sampled_from((["operator s6"], ["s4 protected"], [])))
    modes = {id: draw(st.sampled_from(Mode)) for id in draw(st.lists(st.sampled_from(IDS), max_size=3))}
    groups = [" ".join(one) for one in draw(st.lists(st.lists(st.sampled_from(IDS), min_size=1), max_size=3))]
    restore = None if draw(st.booleans()) else [*reversed(groups)]
    return "\n".join(lines), protocol(modes=modes, shutdown=groups, restore=restore)


def plans(estate: tuple[str, Protocol], asked: str | None) -> Iterator[Plan]:
    """The way down of everything, of one with what comes along, and the way back."""
    ws = workspace(estate[0], protocol=estate[1])
    going = down(ws)
    yield going
    yield back(ws, estate_after(Estate(), going))
    if asked is not None and "protected" not in estate[0]:
        yield down(ws, asked)


def waited_for(plan: Plan) -> dict[str, set[str]]:
    """Everything that a task waits for, at whatever remove: the needs and barriers of the plan, closed."""
    barriers = {barrier.id: set(barrier.needs) for barrier in plan.barriers}
    found = {
        task.id: {id for need in task.needs for id in ([need.task] if need.task else barriers[need.barrier or ""])}
        for task in plan.tasks
    }
    grew = True
    while grew:
        grew = False
        for id, own in found.items():
            more = set().union(*(found[one] for one in own)) - own
            grew = grew or bool(more)
            found[id] = own | more
    return found


def is_of(plan: Plan, hop: Hop) -> bool:
    """Whether a hop is, word for word, a need of the plan."""
    then, first = (hop.other, hop.system) if plan.action is Action.SHUTDOWN else (hop.system, hop.other)
    needs = {task.id: task.needs for task in plan.tasks}[then]
    if hop.barrier is None:
        return Need(task=first, reason=hop.reason, source=hop.source) in needs
    members = {barrier.id: barrier.needs for barrier in plan.barriers}[hop.barrier]
    return Need(barrier=hop.barrier, reason=Reason.PROTOCOL, source=hop.source) in needs and first in members


def cost(hops: tuple[Hop, ...]) -> tuple[int, int, int]:
    rules = sum(hop.barrier is not None for hop in hops)
    return rules, sum(hop.reason is Reason.AFTER for hop in hops), len(hops)


def cheapest(plan: Plan) -> Mapping[tuple[str, str], tuple[int, int, int]]:
    """The cost of the best path from whoever waits to whom it waits for, by trying all ways over (Floyd, Warshall)."""
    barriers = {barrier.id: barrier.needs for barrier in plan.barriers}
    far = (FAR, FAR, FAR)
    best: dict[tuple[str, str], tuple[int, int, int]] = {}
    for task in plan.tasks:
        for need in task.needs:
            hop = (0, int(need.reason is Reason.AFTER), 1) if need.task else (1, 0, 1)
            for other in [need.task] if need.task else barriers[need.barrier or ""]:
                best[task.id, other] = min(best.get((task.id, other), far), hop)
    ids = [task.id for task in plan.tasks]
    for middle in ids:
        for one in ids:
            for other in ids:
                left, right = best.get((one, middle), far), best.get((middle, other), far)
                through = (left[0] + right[0], left[1] + right[1], left[2] + right[2])
                if through < best.get((one, other), far):
                    best[one, other] = through
    return best


@BOUNDED
@given(estates(), st.none() | st.sampled_from(IDS))
def test_explain_agrees_with_the_plan(estate: tuple[str, Protocol], asked: str | None) -> None:
    for plan in plans(estate, asked):
        waits, behind, best = PlanWaits(plan), waited_for(plan), cheapest(plan)
        for one, other in permutations([task.id for task in plan.tasks], 2):
            found = between(waits, one, other)
            assert found.place == ("after" if other in behind[one] else "before" if one in behind[other] else None)
            assert all(is_of(plan, hop) for hop in found.path)
            assert all(hop.other == after.system for hop, after in pairwise(found.path))
            if found.place is not None:
                then, first = (one, other) if found.place == "after" else (other, one)
                ends = (first, then) if plan.action is Action.SHUTDOWN else (then, first)
                assert (found.path[0].system, found.path[-1].other) == ends
                assert cost(found.path) == best[then, first]


@BOUNDED
@given(estates(), st.none() | st.sampled_from(IDS))
def test_everything_said_of_a_system_is_the_plans(estate: tuple[str, Protocol], asked: str | None) -> None:
    for plan in plans(estate, asked):
        waits = PlanWaits(plan)
        for task in plan.tasks:
            found = explain(waits, task.id)
            assert isinstance(found, Explanation)
            assert len(found.after) == sum(need.task is not None for need in task.needs)
            assert all(is_of(plan, hop) for hop in (*found.after, *found.before))
            met = sum(need.task == task.id for other in plan.tasks for need in other.needs)
            assert len(found.before) == met
            assert bool(found.along) == (task.came_along is not None)
            for hop in found.along:
                assert is_of(plan, hop) or plan.action is Action.RESTORE
            root = found.along[-1].other if found.along and plan.action is Action.SHUTDOWN else None
            assert root is None or waits.tasks[root].came_along is None


@BOUNDED
@given(estates())
def test_the_longest_wait_is_the_longest(estate: tuple[str, Protocol]) -> None:
    for plan in plans(estate, None):
        barriers = {barrier.id: barrier.needs for barrier in plan.barriers}
        finish: dict[str, float] = {}
        for task in plan.tasks:  # in an admissible order
            firsts = [id for need in task.needs for id in ([need.task] if need.task else barriers[need.barrier or ""])]
            finish[task.id] = max((finish[id] for id in firsts), default=0.0) + task.estimate_s
        waits, behind = PlanWaits(plan), waited_for(plan)
        for task in plan.tasks:
            chain, seconds = longest_chain(waits, task.id)
            assert seconds == pytest.approx(finish[task.id] - task.estimate_s, abs=0.11)
            assert seconds == pytest.approx(sum(one.seconds for one in chain), abs=0.11)
            ids = [one.task for one in chain] + [task.id]
            assert all(first in behind[then] for first, then in pairwise(ids))
        assert max(finish.values(), default=0.0) == pytest.approx(plan.estimate.critical_path_s, abs=0.11)


def path(plan: Plan, one: str, other: str) -> list[str]:
    found = between(PlanWaits(plan), one, other)
    return [str(found.place), *(f"{hop.system} {hop.reason} {hop.other}" for hop in found.path)]


@pytest.mark.parametrize(
    ("text", "groups", "said"),
    [
        ("b requires a", (), ["after", "b requires a"]),
        ("b after a", (), ["after", "b after a"]),
        ("b after a\nb requires c\nc requires a", (), ["after", "b requires c", "c requires a"]),
        ("b after a\nc after a", ("id=b", "id=a"), ["after", "b after a"]),
        ("b requires c\na requires d", ("id=b", "id=a"), ["after", "b protocol a"]),
        ("b requires c\na requires d", ("id=c", "id=d"), ["None"]),
        ("b requires c\nc requires a\nb on h\nh runs-on a", (), ["after", "b runs-on a"]),
        ("a requires b", (), ["before", "a requires b"]),
        ("a requires c\nb requires c", (), ["None"]),
    ],
)
def test_of_several_paths_the_one_of_real_needs(text: str, groups: tuple[str, ...], said: list[str]) -> None:
    assert path(down(workspace(text, protocol=protocol(shutdown=groups))), "a", "b") == said


def test_on_the_way_back_a_path_may_hold_or_not() -> None:
    ws = workspace(
        "app requires db\napp after(restore) ntp\nuplink kind up\nportal requires uplink",
        protocol=protocol(modes={"id=uplink": Mode.ISOLATE}, shutdown=("id=uplink", "id=portal")),
    )
    going = down(ws)
    coming = PlanWaits(back(ws, estate_after(Estate(), going)))
    waits = PlanWaits(going)
    assert all(coming.has(hop) for hop in between(waits, "db", "app").path)
    assert between(waits, "ntp", "app").place is None
    assert [hop.reason for hop in between(coming, "app", "ntp").path] == [Reason.AFTER]
    rule = between(waits, "portal", "uplink").path  # contained first, back last: it gives way
    assert [hop.reason for hop in rule] == [Reason.PROTOCOL]
    assert all(coming.has(hop) for hop in rule)
    own = workspace("a on h\nb on i", protocol=protocol(shutdown=("id=a", "id=b"), restore=("id=a", "id=b")))
    going = down(own)
    coming_too = PlanWaits(back(own, estate_after(Estate(), going)))
    assert not any(coming_too.has(hop) for hop in between(PlanWaits(going), "b", "a").path)
    assert between(coming_too, "b", "a").place == "after"
    assert not coming.has(Hop("app", "ntp", Reason.REQUIRES, ""))
    assert not coming.has(Hop("app", "nowhere", Reason.REQUIRES, ""))


def test_who_came_along_by_whom() -> None:
    found = explain(PlanWaits(down("portal requires app\napp requires db\ndb on h\nh runs-on hv", "hv")), "portal")
    assert isinstance(found, Explanation)
    assert found.along == (
        Hop("portal", "app", Reason.REQUIRES, "estate:1"),
        Hop("app", "db", Reason.REQUIRES, "estate:2"),
        Hop("db", "hv", Reason.RUNS_ON, "estate:4"),
    )
    plan = back("portal requires app\napp requires db", taken_down("portal", "db"), "portal")
    found = explain(PlanWaits(plan), "db")
    assert isinstance(found, Explanation)
    assert found.along[0][:3] == ("app", "db", Reason.REQUIRES)  # app never went down, so its need has no place here


def test_order_rules_are_counted() -> None:
    ws = workspace("a owner x\nb owner x\nc requires d\ne requires d", protocol=protocol(shutdown=("a", "b c", "d e")))
    waits = PlanWaits(down(ws))
    rules = {id: (waits.held_by(id), waits.holds(id)) for id in "abcde"}
    assert [(rule.barrier, rule.systems) for rule in rules["d"][0]] == [("order-2", 3)]
    assert [(rule.barrier, rule.systems) for rule in rules["b"][0]] == [("order-1", 1)]
    assert (rules["a"][1] or ("", 0))[0] == "order-1"
    assert (rules["a"][1] or (0, 0, 0))[2] == 4
    assert (rules["b"][1] or (0, 0, 0))[2] == 2
    assert rules["d"][1] is None


@pytest.mark.parametrize(
    ("text", "select", "system", "why", "kept", "left_online"),
    [
        ("vault requires san\nvault protected gold", (), "vault", "protected: gold", 0, False),
        ("vault requires san\nvault protected gold\nsan requires sw", (), "sw", "vault is protected", 2, False),
        ("app requires db", ("app",), "db", "", 0, False),
        ("app requires db", ("db",), "app", "", 0, True),
    ],
)
def test_why_a_system_is_not_in_it(
    text: str, select: tuple[str, ...], system: str, why: str, kept: int, *, left_online: bool
) -> None:
    ws = workspace(text)
    plan = down(ws, *select, only=bool(select))
    found = explain(PlanWaits(plan), system)
    assert isinstance(found, Absence)
    assert ("" if found.left_out is None else found.left_out.why).startswith(why)
    assert found.left_online is left_online
    assert len(kept_by(needs_of(ws.inventory), found.left_out.path if found.left_out else ())) == kept
    assert (system in known_systems(plan)) == bool(why or left_online)


@pytest.mark.parametrize(
    ("parallel", "zone", "apart"),
    [(50, None, None), (1, None, ""), (50, 1, "z"), (50, 2, None)],
)
def test_a_limit_may_keep_apart_what_nothing_orders(parallel: int, zone: int | None, apart: str | None) -> None:
    ws = workspace("a on ha\nb on hb\nha in z\nhb in z\nc on hc")
    zones = {id: replace(one, parallel=zone) for id, one in ws.inventory.zones.items()}
    ws = replace(
        ws,
        inventory=replace(ws.inventory, zones=zones),
        protocol=replace(ws.protocol, parallel=parallel),
    )
    waits = PlanWaits(down(ws))
    assert waits.apart("a", "b") == apart
    assert waits.apart("a", "c") == ("" if parallel == 1 else None)


def test_a_plan_that_no_planner_wrote_has_an_answer_too() -> None:
    plan = down("a requires b\nb requires c")
    loop = Need(task="c", reason=Reason.REQUIRES, source="x")
    nowhere = Need(task="gone", reason=Reason.REQUIRES, source="x")
    no_rule = Need(barrier="order-9", reason=Reason.PROTOCOL, source="x")
    tasks = [replace(task, needs=(*task.needs, loop, nowhere, no_rule)) for task in plan.tasks]
    plan = plan.model_copy(
        update={"tasks": tuple(tasks), "barriers": (Barrier(id="order-1", needs=("?",), source=""),)}
    )
    waits = PlanWaits(plan)
    assert [between(waits, one, other).place for one, other in permutations("abc", 2)] == ["after"] * 6
    assert longest_chain(waits, "a") == ((), 0.0)
    assert isinstance(explain(waits, "a"), Explanation)


def test_the_estate_after_a_plan() -> None:
    plan = down(workspace("a requires b\nc on h"), estate=Estate())
    before = Estate(systems={"b": SystemRecord(EstateState.OFFLINE, found_offline=True), **taken_down("c").systems})
    after = estate_after(before, plan)
    assert after.record("a").deeds[0].mode is Mode.STOP
    assert after.record("a").state is EstateState.OFFLINE
    assert after.record("b") == before.record("b")  # found offline, and left so
    assert [deed.run for deed in after.record("c").deeds] == ["run-1", "p"]

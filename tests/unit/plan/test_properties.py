"""Plans of small random estates, against the plainest reading of the contract's section 4.

Order: every need between two tasks stands in the plan, and running tasks in whatever order the needs and barriers allow
never gets stuck. Closure: minimal and complete. Same question, same bytes; files in another order, the same plan.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.model.errors import Refused
from orchestrator.model.plan import Plan
from orchestrator.model.protocol import Protocol
from orchestrator.model.terms import Action, Mode, Reason
from orchestrator.model.workspace import Workspace
from orchestrator.plan.file import plan_bytes
from orchestrator.plan.freshness import differences
from tests.builders import back, down, playbook, protocol, taken_down, workspace

IDS = [f"s{n}" for n in range(8)]
T = TypeVar("T")
BOUNDED = settings(max_examples=40, deadline=None, derandomize=True)


@st.composite
def estates(draw: st.DrawFn) -> tuple[str, Protocol]:
    """Systems that need only later ones, so without loops; modes and groups at will."""
    lines = []
    for n, id in enumerate(IDS):
        lines.append(f"{id} on h-{id}")
        later = IDS[n + 1 :]
        if not later:
            continue
        others = draw(st.lists(st.sampled_from(later), max_size=2, unique=True))
        verbs = st.sampled_from(["requires", "after", "after(restore)"])
        lines += [f"{id} {draw(verbs)} {other}" for other in others]
        if len(later) > 1 and draw(st.booleans()):
            lines.append(f"{id} requires any(1) {' '.join(draw(st.permutations(later))[:2])}")
        if draw(st.booleans()):
            lines.append(f"h-{id} runs-on {draw(st.sampled_from(later))}")
        elif n < 6 and draw(st.booleans()):
            lines.append(f"h-{id} in zone")
    lines.append("zone gateway h-s6")
    if draw(st.booleans()):
        lines.append("operator s7")
    modes = {id: draw(st.sampled_from(Mode)) for id in draw(st.lists(st.sampled_from(IDS), max_size=4))}
    groups = [" ".join(one) for one in draw(st.lists(st.lists(st.sampled_from(IDS), min_size=1), max_size=3))]
    restore = None if draw(st.booleans()) else [*reversed(groups)]
    return "\n".join(lines), protocol(modes=modes, shutdown=groups, restore=restore)


def needs(ws: Workspace, modes: dict[str, Mode], action: Action) -> Iterator[tuple[str, str, Reason]]:
    """The needs of the whole estate as the files say, X needs Y, without any clever way."""
    for id, system in ws.inventory.systems.items():
        for requirement in system.requires:
            yield from ((id, other, Reason.REQUIRES) for other in requirement.alternatives)
        yield from ((id, one.system, Reason.AFTER) for one in system.after if one.when in {None, action})
        for ref in system.hosts:
            host = ws.inventory.hosts[ref.id]
            if host.runs_on is not None:
                yield id, host.runs_on.id, Reason.RUNS_ON
            if host.zone is not None:
                yield id, "s6", Reason.CONTROL_PATH


def run_anyhow(plan: Plan, seed: int) -> list[str]:
    """Finish tasks in a random order that needs and barriers allow; all of them, or it fails."""
    rng = random.Random(seed)
    barriers = {barrier.id: set(barrier.needs) for barrier in plan.barriers}
    open_tasks = {task.id: task for task in plan.tasks}
    order: list[str] = []
    while open_tasks:
        ready = [
            id
            for id, task in open_tasks.items()
            if all(
                need.task not in open_tasks if need.task else not barriers[need.barrier or ""] & open_tasks.keys()
                for need in task.needs
            )
        ]
        assert ready, "stuck"
        order.append(rng.choice(ready))
        del open_tasks[order[-1]]
    return order


@BOUNDED
@given(estates(), st.integers(0, 99))
def test_order(estate: tuple[str, Protocol], seed: int) -> None:
    ws = workspace(estate[0], protocol=estate[1])
    plan = down(ws)
    modes = {task.id: task.mode or Mode.STOP for task in plan.tasks}
    again = back(ws, taken_down(modes={id: (mode,) for id, mode in modes.items()}))
    done = run_anyhow(plan, seed)
    for x, y, reason in needs(ws, modes, Action.SHUTDOWN):
        if modes[y] is not Mode.ISOLATE or reason not in {Reason.REQUIRES, Reason.AFTER}:
            assert done.index(x) < done.index(y)
    done = run_anyhow(again, seed)
    for x, y, reason in needs(ws, modes, Action.RESTORE):
        if modes[y] is not Mode.ISOLATE or reason not in {Reason.REQUIRES, Reason.AFTER}:
            assert done.index(y) < done.index(x)
    for one in (plan, again):
        stages = {task.id: task.stage for task in one.tasks}
        barriers = {barrier.id: barrier.needs for barrier in one.barriers}
        for task in one.tasks:
            behind = [id for need in task.needs for id in ([need.task] if need.task else barriers[need.barrier or ""])]
            assert task.stage == 1 + max((stages[id] for id in behind), default=0)
        assert list(stages) == sorted(stages, key=lambda id: (stages[id], id))


@BOUNDED
@given(estates(), st.frozensets(st.sampled_from(IDS), min_size=1, max_size=2))
def test_closure_of_stops(estate: tuple[str, Protocol], asked: frozenset[str]) -> None:
    ws = workspace(estate[0])
    plan = down(ws, *sorted(asked))
    found = set(asked)
    grew = True
    while grew:
        grew = False
        for id, system in ws.inventory.systems.items():
            broken = any(
                sum(other not in found for other in one.alternatives) < one.at_least for one in system.requires
            ) or any(
                y in found
                for x, y, reason in needs(ws, {}, Action.SHUTDOWN)
                if x == id and reason in {Reason.RUNS_ON, Reason.CONTROL_PATH}
            )
            if broken and id not in found:
                found.add(id)
                grew = True
    assert {task.id for task in plan.tasks} == found
    assert {task.id for task in plan.tasks if task.came_along is None} == asked


@BOUNDED
@given(estates(), st.sampled_from(IDS), st.sampled_from(IDS))
def test_protected_stay_up_with_all_they_need(estate: tuple[str, Protocol], one: str, other: str) -> None:
    ws = workspace(f"{estate[0]}\n{one} protected why\n{other} protected why", protocol=estate[1])
    plan = down(ws)
    left, taken = {one.system for one in plan.left_out}, {task.id for task in plan.tasks}
    assert left | taken == set(IDS)
    assert not left & taken
    for id in left:
        for requirement in ws.inventory.systems[id].requires:
            assert sum(one in left for one in requirement.alternatives) >= requirement.at_least
    if taken:
        asked = sorted(taken)[0]
        try:
            chosen = {task.id for task in down(ws, asked).tasks}
        except Refused:
            chosen = set()
        assert not chosen & {one, other}


def shuffled_dict(items: Mapping[str, T], rng: random.Random) -> dict[str, T]:
    """The same items, as another order of files and keys would give them."""
    pairs = list(items.items())
    rng.shuffle(pairs)
    return dict(pairs)


@BOUNDED
@given(estates(), st.randoms(use_true_random=False))
def test_same_question_same_bytes_and_other_order_same_plan(estate: tuple[str, Protocol], rng: random.Random) -> None:
    ws = workspace(estate[0], protocol=estate[1])
    assert plan_bytes(down(ws)) == plan_bytes(down(workspace(estate[0], protocol=estate[1])))
    inventory = ws.inventory
    inventory = replace(
        inventory,
        zones=shuffled_dict(inventory.zones, rng),
        hosts=shuffled_dict(inventory.hosts, rng),
        systems=shuffled_dict(inventory.systems, rng),
    )
    shuffled = replace(ws, inventory=inventory)
    assert plan_bytes(down(shuffled)) == plan_bytes(down(ws))
    estate_down = taken_down(*IDS)
    assert plan_bytes(back(shuffled, estate_down)) == plan_bytes(back(ws, estate_down))
    assert differences(down(ws), down(shuffled)) == ()


@BOUNDED
@given(estates(), st.frozensets(st.sampled_from(IDS)), st.frozensets(st.sampled_from(IDS), min_size=1))
def test_restore_brings_back_all_that_is_needed_and_offline(
    estate: tuple[str, Protocol], offline: frozenset[str], asked: frozenset[str]
) -> None:
    ws = workspace(estate[0], protocol=estate[1])
    plan = back(ws, taken_down(*offline), *sorted(asked))
    found = {task.id for task in plan.tasks}
    assert found <= offline
    assert asked & offline <= found
    up = found | (set(IDS) - offline)
    for id in found:
        for requirement in ws.inventory.systems[id].requires:
            assert sum(one in up for one in requirement.alternatives) >= requirement.at_least
        for x, y, reason in needs(ws, {}, Action.RESTORE):
            if x == id and reason in {Reason.RUNS_ON, Reason.CONTROL_PATH}:
                assert y in up


@pytest.mark.parametrize("action", Action)
def test_a_plan_of_many_systems_is_made_without_recursion(action: Action) -> None:
    chain = "\n".join(f"s{n:05} requires s{n + 1:05}" for n in range(3000))
    ws = workspace(chain, playbooks=[playbook()])
    plan = down(ws) if action is Action.SHUTDOWN else back(ws, taken_down(*ws.inventory.systems))
    assert plan.tasks[-1].stage == 3001

"""The look at the way back that a shutdown takes is quick, and says exactly what ordering that way anew would say."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.graph.modes import groups_of
from orchestrator.graph.order import Order
from orchestrator.model.errors import FilesError, UsageError
from orchestrator.model.protocol import Protocol
from orchestrator.model.terms import Action, Mode
from orchestrator.model.workspace import Workspace
from orchestrator.plan.ground import Ground
from orchestrator.plan.ordering import loops_back, ordered
from tests.builders import playbook, protocol, workspace

IDS = [f"s{n}" for n in range(6)]
MODES = st.sampled_from([Mode.STOP, Mode.ISOLATE, Mode.POWEROFF])


@st.composite
def estates(draw: st.DrawFn) -> tuple[str, Protocol]:
    """Systems whose needs close no loop going down, if nothing that is only an order does; anything goes coming back.

    `cut` acts through fw both ways, `cold` does on the way back alone, `warm` on the way down alone.
    """
    lines = ["fw on h-fw", "zone gateway h-s5"]
    for n, id in enumerate(IDS):
        lines += [f"{id} on h-{id}", f"{id} kind {draw(st.sampled_from(['service', 'cut', 'cold', 'warm']))}"]
        for other in draw(st.lists(st.sampled_from(IDS), max_size=3, unique=True)):
            up = ["requires", "after", "after(shutdown)"] if IDS.index(other) > n else []
            if other != id:
                lines.append(f"{id} {draw(st.sampled_from(['after(restore)', 'after(restore)', *up]))} {other}")
        later = IDS[n + 1 :]
        if len(later) > 1 and draw(st.booleans()):
            lines.append(f"{id} requires any(1) {' '.join(draw(st.permutations(later))[:2])}")
        if draw(st.booleans()) and later:
            lines.append(f"h-{id} runs-on {draw(st.sampled_from(later))}")
        elif n < 4 and draw(st.booleans()):
            lines.append(f"h-{id} in zone")
    more = st.sampled_from(["fw requires s0", "fw after(restore) s1", "operator s4", "operator s2 s5"])
    lines.extend(draw(st.lists(more, max_size=3, unique=True)))
    modes = draw(st.dictionaries(st.sampled_from([*IDS, "fw"]), MODES, max_size=4))
    groups = [" ".join(one) for one in draw(st.lists(st.lists(st.sampled_from(IDS), min_size=1), max_size=3))]
    return "\n".join(lines), protocol(modes=modes, shutdown=groups)


def estate_of(text: str, rules: Protocol) -> Workspace:
    """A workspace with the playbooks that the estates use."""
    through = playbook("cut", on="fw")
    plain = playbook("cut")
    warm = playbook("warm", isolation=None, shutdown=through.shutdown, restore=plain.restore)
    cold = playbook("cold", isolation=None, shutdown=plain.shutdown, restore=through.restore)
    return workspace(text, protocol=rules, playbooks=[through, warm, cold])


def said_slowly(ground: Ground, modes: Mapping[str, tuple[Mode, ...]]) -> list[str]:
    """What ordering the way back says, without looking at the way down first."""
    try:
        ordered(ground, Action.RESTORE, modes)
    except FilesError as error:
        return [f"Coming back will be refused until this is mended: {problem.what}" for problem in error.problems]
    except UsageError as error:
        return [f"Coming back will be refused as things stand: {error.what}"]
    return []


def order(ground: Ground, action: Action, modes: Mapping[str, tuple[Mode, ...]]) -> Order:
    groups = groups_of(ground.protocol, ground.selection, action, modes)
    return Order(ground.ws, ground.needs, ground.actuators, action=action, tasks=modes, groups=groups)


def holds_what_differs(ground: Ground, modes: Mapping[str, tuple[Mode, ...]]) -> bool:
    """Whether `edges_beside` gives every need that only the way back has, and none that it has not."""
    down, back = order(ground, Action.SHUTDOWN, modes), order(ground, Action.RESTORE, modes)
    going, coming, beside = (
        {(edge.system, edge.other) for edge in edges} for edges in (down.edges(), back.edges(), back.edges_beside(down))
    )
    return coming - going <= beside <= coming


@settings(max_examples=200, deadline=None, derandomize=True)
@given(estates(), st.frozensets(st.sampled_from([*IDS, "fw"]), min_size=2))
def test_quick_says_what_slow_says(estate: tuple[str, Protocol], chosen: frozenset[str]) -> None:
    ws = estate_of(*estate)
    ground = Ground(ws)
    rules = {str(rule.of[0].terms[0].glob): rule.mode for rule in ws.protocol.modes}
    modes = {id: (rules.get(id, Mode.STOP),) for id in sorted(chosen)}
    assert holds_what_differs(ground, modes)
    try:
        going = ordered(ground, Action.SHUTDOWN, modes)
    except (FilesError, UsageError):
        return  # such a shutdown is refused, and nobody looks at its way back
    assert [warning.text for warning in loops_back(ground, modes, going)] == said_slowly(ground, modes)


@pytest.mark.parametrize(
    ("text", "modes", "loops"),
    [
        ("a requires b", {}, 0),
        ("a requires b\nb after(restore) a", {}, 1),  # only an order, and only coming back
        ("a kind cold\na on h\nfw on f\nf runs-on a", {"a": Mode.ISOLATE}, 1),  # acted on through fw only coming back
        ("a kind warm\na on h\nfw on f\nfw after(restore) a", {"a": Mode.ISOLATE}, 0),  # and only going down
        ("a requires b\nb requires a", {"b": Mode.ISOLATE}, 1),  # what gave way going down does not coming back
        ("operator v\nv after(shutdown) w", {}, 0),  # w is bound to v only coming back
    ],
)
def test_what_differs_on_the_way_back(text: str, modes: dict[str, Mode], loops: int) -> None:
    ws = estate_of(text, protocol(modes=modes))
    ground = Ground(ws)
    tasks = {id: (modes.get(id, Mode.STOP),) for id in ws.inventory.systems}
    assert holds_what_differs(ground, tasks)
    warnings = loops_back(ground, tasks, ordered(ground, Action.SHUTDOWN, tasks))
    assert [warning.code for warning in warnings] == ["loop-back"] * loops
    assert [warning.text for warning in warnings] == said_slowly(ground, tasks)

"""What an operator must know before saying yes: the dangerous before the usual, one warning a matter (sections 4, 8).

First the errors that are gone past, then the operator's own way in, what is done by people, what can't be proven, which
hosts will refuse, and what the order rule moved. Each has a stable `code`.
"""

from collections.abc import Iterable, Iterator, Mapping

from orchestrator.graph.needs import PHRASES
from orchestrator.graph.ranks import Ranks
from orchestrator.model.plan import NO_HOST, PlanHost, PlanProbe, Warn
from orchestrator.model.terms import Action, Mode
from orchestrator.plan.drafts import Draft
from orchestrator.plan.gates import Gates
from orchestrator.plan.ground import Ground
from orchestrator.plan.ordering import Ordered
from orchestrator.plan.phrases import names

WEIGHT = (
    "despite-errors",
    "loop-cut",
    "own-way",
    "protected",
    "loop-back",
    "no-host-key",
    "not-in-inventory",
    "stays-offline",
    "left-online",
    "by-hand",
    "gate-no-scope",
    "unproven-isolate",
    "unproven-stop",
    "unproven-poweroff",
    "alternative-dropped",
    "order-moved",
)
"""Every code there is, what should frighten first."""


def by_weight(warnings: Iterable[Warn]) -> tuple[Warn, ...]:
    """Warnings in the order of `WEIGHT`, those of one code as they came."""
    return tuple(sorted(warnings, key=lambda one: WEIGHT.index(one.code)))


def warnings_of(
    ground: Ground,
    action: Action,
    drafts: Mapping[str, Draft],
    order: Ordered,
    gates: Gates,
    hosts: Mapping[str, PlanHost],
) -> tuple[Warn, ...]:
    """The warnings that follow from the tasks of a plan."""
    return (
        *_own_way(ground, action, drafts),
        *_by_hand(action, drafts),
        *_no_key(hosts),
        *_unproven(action, drafts),
        *_dropped(ground, order),
        *_moved(order.ranks),
        *_no_scope(gates),
    )


def _own_way(ground: Ground, action: Action, drafts: Mapping[str, Draft]) -> Iterator[Warn]:
    for ref in ground.inventory.operator_control_path:
        if ref.id not in drafts:
            continue
        if action is Action.SHUTDOWN:
            text = f"{ref.id} goes last: it is your own way in. After it only a console reaches what is down."
        else:
            text = f"{ref.id} comes back first: it is your own way in. Until then only a console reaches anything."
        yield Warn(code="own-way", text=text, systems=(ref.id,))


def _by_hand(action: Action, drafts: Mapping[str, Draft]) -> Iterator[Warn]:
    found = {id: why for id in sorted(drafts) if (why := _why_by_hand(action, drafts[id]))}
    if found:
        said = names([f"{id} ({why})" for id, why in found.items()])
        verb = "system is" if len(found) == 1 else "systems are"
        text = f"{len(found)} {verb} done by a person, with confirmation: {said}."
        yield Warn(code="by-hand", text=text, systems=tuple(found))


def _why_by_hand(action: Action, draft: Draft) -> str:
    manual = [step for step in draft.steps if step.manual is not None]
    if not manual or draft.wrong or draft.at_console:
        return ""  # or told already, with what is wrong
    if draft.system.external:
        return "external"
    if draft.lacking:
        modes = " and ".join(f'"{mode.value}"' for mode in draft.lacking)
        return f"its playbook has no {modes}" if action is Action.SHUTDOWN else f"its playbook does not undo {modes}"
    if draft.hosts == (NO_HOST,):
        return "it has no host"
    return "all steps" if len(manual) == len(draft.steps) else f"step {manual[0].name}"


def _no_key(hosts: Mapping[str, PlanHost]) -> Iterator[Warn]:
    missing = [id for id, host in hosts.items() if not host.keys]
    if missing:
        verb = "host has" if len(missing) == 1 else "hosts have"
        text = f"{len(missing)} {verb} no key in known_hosts and will be refused: {names(missing)}."
        yield Warn(code="no-host-key", text=text)


_PROOF: Mapping[Mode, str] = {
    Mode.ISOLATE: "isolated without a probe that proves it",
    Mode.STOP: "stopped without a probe that proves it",
    Mode.POWEROFF: "powered off with only a silent SSH port to show for it",
}


def _unproven(action: Action, drafts: Mapping[str, Draft]) -> Iterator[Warn]:
    if action is Action.RESTORE:
        return
    found: dict[Mode, list[str]] = {mode: [] for mode in _PROOF}
    for id in sorted(drafts):
        draft = drafts[id]
        mode = draft.modes[0]
        asked = {probe.host for probe in _probes(draft, mode)}
        by_person = all(step.manual is not None for step in draft.steps)
        if not by_person and not asked >= set(draft.hosts):
            found[mode].append(id)
    for mode, ids in found.items():
        if ids:
            verb = "system is" if len(ids) == 1 else "systems are"
            text = f"{len(ids)} {verb} {_PROOF[mode]}, and will be shown as unproven: {names(ids)}."
            yield Warn(code=f"unproven-{mode.value}", text=text, systems=tuple(ids))


def _probes(draft: Draft, mode: Mode) -> tuple[PlanProbe, ...]:
    probes = {Mode.ISOLATE: draft.probe.isolation, Mode.STOP: draft.probe.state, Mode.POWEROFF: draft.probe.poweroff}
    return probes[mode]


def _dropped(ground: Ground, order: Ordered) -> Iterator[Warn]:
    """Alternatives that close a loop: nobody waits there. One warning for all who have the same choice."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for one in sorted(order.dropped):
        group = ground.needs.of[one.node.system][one.group]
        ways = [" with ".join(alternative) for alternative in group.alternatives]
        says = (
            f"{PHRASES[group.reason]} any {group.at_least} of {names(ways)}; {ways[one.alternative]} would close a "
            f"loop, so the order leaves it out there ({group.source})."
        )
        behind = "" if one.node.task == one.node.system else f" (behind {one.node.task})"
        found.setdefault((behind, says), {})[one.node.system] = None
    for (behind, says), systems in found.items():
        yield Warn(code="alternative-dropped", text=f"{names(list(systems))}{behind} {says}", systems=tuple(systems))


def _moved(ranks: Ranks) -> Iterator[Warn]:
    by_move: dict[tuple[int, int], list[str]] = {}
    for id, move in ranks.moved.items():
        by_move.setdefault(move, []).append(id)
    for (listed, counts), ids in sorted(by_move.items()):
        text = f"The order rule has {names(ids)} in group {listed}; waiting for one of group {counts}, "
        verb = "it counts" if len(ids) == 1 else "they count"
        yield Warn(code="order-moved", text=f"{text}{verb} to that.", systems=tuple(ids))


def _no_scope(gates: Gates) -> Iterator[Warn]:
    for gate, systems in gates.no_scope.items():
        text = (
            f'Gate "{gate}" asks customer by customer, and no customer owns {names(systems)}: it holds nothing there.'
        )
        yield Warn(code="gate-no-scope", text=text, systems=systems)

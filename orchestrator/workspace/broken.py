"""Whose fault it is: every problem of the files said of systems, of nobody, or of what others stand on (section 4).

`orch shutdown --despite-errors` goes on where it can. What a problem is said of decides:

| where it stands | what follows |
|---|---|
| a system's own entry, whatever key; its id twice, or no id | that system is broken: a person takes it down |
| a playbook, or its file as a whole; `on:` a system that is not there | every system of that kind is broken |
| a host's entry | every system on that host is broken |
| a customer's or a service's entry | nobody: who is hit is told less well; refuses where a gate selects by it |
| a pin in `known_hosts` | nobody: that host is refused when its turn comes |
| a zone, `defaults`, `operator`, a gateway's entry | refuses: others are reached by it |
| a broken system that others are reached by or run on | refuses |
| the protocol, a revocation, an inventory file or section as a whole | refuses: what it holds can't be known |
| an entry that holds another's keys, or is a key itself | refuses: whose they are can't be told |

Rules: an error never loosens anything. What is broken is never sent a command; a broken entry that says `protected`
in any form stays protected; nothing acts through a system whose hosts could not all be read. In doubt it refuses.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.model.errors import Problem
from orchestrator.model.identifiers import is_id
from orchestrator.model.inventory import Inventory
from orchestrator.model.protocol import Protocol
from orchestrator.model.terms import Action
from orchestrator.workspace.decode_inventory import SECTIONS, Draft
from orchestrator.workspace.known_hosts import PIN

PLAYBOOK = re.compile(r"playbooks/([^/]+)\.ya?ml\Z")


@dataclass(frozen=True, slots=True)
class Blame:
    """What is broken, and for each system why. `beside`: said of no system; `refusing`: what can't be passed."""

    systems: Mapping[str, tuple[Problem, ...]]
    hosts: frozenset[str]
    kinds: frozenset[str]
    beside: tuple[Problem, ...]
    refusing: tuple[Problem, ...]


def blame(problems: Iterable[Problem], draft: Draft, inventory: Inventory, protocol: Protocol) -> Blame:
    """Every problem of a workspace, said of whom it concerns. `inventory`: as far as it could be read."""
    systems: dict[str, list[Problem]] = {}
    hosts: dict[str, list[Problem]] = {}
    kinds: dict[str, list[Problem]] = {}
    beside: list[Problem] = []
    refusing: list[Problem] = []
    asked_by_them = _gates_ask_services_or_customers(protocol)
    lists = {"systems": systems, "hosts": hosts, "playbooks": kinds}
    for problem in sorted(problems, key=lambda one: (one.source, one.what)):
        section, id = _subject(problem, draft)
        if section in lists:
            lists[section].setdefault(id, []).append(problem)
        elif problem.entry == PIN or (section in {"customers", "services"} and not asked_by_them):
            beside.append(problem)
        else:
            refusing.append(problem)
    _add_users(systems, hosts, draft, inventory)
    used = [(system.kind, id) for id, system in inventory.systems.items()]
    used += [(str(got.get("kind", "")), name_of(id, draft) or id) for id, got in draft.partial.items()]
    for kind, id in used:
        if kind in kinds:
            systems.setdefault(id, []).extend(kinds[kind])
    in_use = {kind for kind, _ in used}
    beside += [one for kind, found in kinds.items() if kind not in in_use for one in found]
    on_them = carrying(inventory, draft)
    gateways = {ref.id for zone in inventory.zones.values() for ref in zone.gateways}
    refusing += [one for id in gateways & hosts.keys() for one in hosts[id]]
    refusing += [one for id in on_them & systems.keys() for one in systems[id]]
    blamed = {*refusing, *(one for found in systems.values() for one in found)}
    beside += [one for found in hosts.values() for one in found]
    return Blame(
        systems={id: _in_order(systems[id]) for id in sorted(systems)},
        hosts=frozenset(hosts),
        kinds=frozenset(kinds),
        beside=_in_order([one for one in beside if one not in blamed]),
        refusing=_in_order(refusing),
    )


def name_of(written: str, draft: Draft) -> str | None:
    """The id by which a system whose id was written so is known; None where there is none that could be used."""
    places = draft.places["systems"]
    if is_id(written):
        return written
    low = written.lower()
    if is_id(low):
        return low
    made = re.sub(r"[^a-z0-9._-]+", "-", low).strip("-._")[:63]
    return made if is_id(made) and made not in places else None


def carrying(inventory: Inventory, draft: Draft) -> frozenset[str]:
    """The systems that others are reached by or run on, as far as can be told."""
    on_host: dict[str, set[str]] = {}
    lives = [(id, system.hosts) for id, system in inventory.systems.items()]
    lives += [(name_of(id, draft) or id, got.get("hosts", ())) for id, got in draft.partial.items()]
    for id, own in lives:
        for ref in own:
            on_host.setdefault(ref.id, set()).add(id)
    gateways = {ref.id for zone in inventory.zones.values() for ref in zone.gateways}
    found = {ref.id for ref in inventory.operator_control_path}
    found |= {ref.id for zone in inventory.zones.values() for ref in zone.control_path}
    for id, host in inventory.hosts.items():
        there = on_host.get(id, set())
        if id in gateways:
            found |= there if host.way is None else {host.way.id}
        if host.runs_on is not None and (id in gateways or there - {host.runs_on.id}):
            found.add(host.runs_on.id)
    return frozenset(found)


def _subject(problem: Problem, draft: Draft) -> tuple[str, str]:
    """Section and id of what a problem is said of; ("", "") where it concerns more than one thing can stand for."""
    if (playbook := PLAYBOOK.match(problem.source.path)) is not None:
        return "playbooks", playbook[1]
    section, written = problem.entry
    if section not in SECTIONS or not written or problem.entry in draft.torn:
        return "", ""
    if section != "systems":
        return section, written.lower() if written.lower() in draft.places[section] else written
    id = name_of(written, draft)
    return ("", "") if id is None else ("systems", id)


def _add_users(
    systems: dict[str, list[Problem]], hosts: Mapping[str, list[Problem]], draft: Draft, inventory: Inventory
) -> None:
    """A host that is wrong makes the systems on it wrong."""
    if not hosts:
        return
    for id, system in inventory.systems.items():
        for ref in system.hosts:
            if ref.id in hosts:
                systems.setdefault(id, []).extend(hosts[ref.id])
    for written, got in draft.partial.items():
        for ref in got.get("hosts", ()):
            if ref.id in hosts and (id := name_of(written, draft) or "") in systems:
                systems[id].extend(hosts[ref.id])


def _gates_ask_services_or_customers(protocol: Protocol) -> bool:
    """Whether consent is asked by what services and customers say: then an error there could lose it."""
    keys = {
        term.key
        for gate in protocol.gates
        if gate.before is Action.SHUTDOWN
        for selector in gate.of
        for term in selector.terms
    }
    return not keys.isdisjoint({"service", "customer"})


def _in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda one: (one.source, one.what)))

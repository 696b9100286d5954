"""What can only be seen when everything is read: whether mentioned ids exist and playbooks fit their systems.

Rules (section 3):

- Every id that is mentioned exists; else the one that was probably meant is named, with its place.
- A system's kind has a playbook, unless it is `managed: external`, which has manual steps only.
- A var is given only where its playbook has it, and must be given where its default is null. A secret var reaches a
  command by `stdin` alone.
- `on:` leads to a system that has hosts; `on: carrier` needs `runs_on` of every host of the system.
- A system without hosts is acted on elsewhere or by hand, in every command of its playbook.
- `way` stands on a gateway host and names a system on that host. Every zone's gateways can be reached from outside.

Loops of needs belong to the room `graph`.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeGuard

from orchestrator.model.errors import Problem
from orchestrator.model.inventory import INTERNAL, Inventory, SecretRef, System
from orchestrator.model.playbook import Playbook
from orchestrator.model.source import Source
from orchestrator.workspace.decode_inventory import Draft
from orchestrator.workspace.fields import Mention
from orchestrator.workspace.playbook_use import PlaybookUse

_SECTION = {
    "customer": "customers",
    "owner": "customers",
    "zone": "zones",
    "host": "hosts",
    "system": "systems",
}
_SUGGESTION_BUDGET = 400_000
"""Comparisons spent on suggestions: enough for the fifty problems a screen shows, bounded for thousands."""


class Suggestions:
    """What was probably meant, until the budget is spent."""

    def __init__(self, budget: int = _SUGGESTION_BUDGET) -> None:
        self._budget = budget

    def meant(self, word: str, known: Iterable[str]) -> str | None:
        """The known word that is closest, if any is close."""
        words = list(known)
        self._budget -= len(words)
        if self._budget < 0:
            return None
        close = difflib.get_close_matches(word, words, 1, 0.75)
        return close[0] if close else None


def mention_problems(
    mentions: Iterable[Mention], places: Mapping[str, Mapping[str, Source]], suggestions: Suggestions, whole: bool
) -> list[Problem]:
    """Mentioned ids that stand nowhere; none where a file that may define them could not be read."""
    found: list[Problem] = []
    if not whole:
        return found
    for mention in mentions:
        there = places[_SECTION[mention.target]]
        if mention.id in there or (mention.target == "owner" and mention.id == INTERNAL):
            continue
        meant = suggestions.meant(mention.id, there)
        advice = f"Did you mean {meant} ({there[meant]})?" if meant else ""
        if not advice and mention.target == "owner":
            advice = f"An owner is {INTERNAL} or a customer's id."
        what = f"{mention.owner} {mention.verb} {mention.id}, which does not exist."
        found.append(Problem(mention.source, what.strip(), advice, mention.entry))
    return found


def inventory_problems(draft: Draft, inventory: Inventory) -> list[Problem]:
    """What is wrong between the entries of an inventory."""
    found = []
    if draft.whole and not draft.places["systems"]:
        found.append(Problem(Source(draft.path), "the inventory has no systems.", "There is nothing to plan."))
    on_host: dict[str, set[str]] = {}
    for system in inventory.systems.values():
        for ref in system.hosts:
            on_host.setdefault(ref.id, set()).add(system.id)
    gateways = {ref.id for zone in inventory.zones.values() for ref in zone.gateways}
    for host in inventory.hosts.values():
        if host.way is None:
            continue
        if host.id not in gateways:
            what = f"host {host.id}: way stands on a host that is no zone's gateway."
            advice = "Delete it, or name the host as a gateway."
            found.append(Problem(host.way.source, what, advice, ("hosts", host.id)))
        elif host.way.id not in on_host.get(host.id, set()) and host.way.id in draft.places["systems"]:
            there = ", ".join(sorted(on_host.get(host.id, ()))) or "none"
            what = f"host {host.id}: way names {host.way.id}, which does not live on this host."
            found.append(Problem(host.way.source, what, f"Systems on it: {there}.", ("hosts", host.id)))
    found += _unreachable_zones(inventory)
    return found


def _unreachable_zones(inventory: Inventory) -> list[Problem]:
    """Zones whose every gateway lies behind itself."""
    open_zones: set[str] = set()
    waiting = dict(inventory.zones)
    while True:
        now = [id for id, zone in waiting.items() if _can_be_reached(inventory, id, open_zones)]
        if not now:
            break
        open_zones.update(now)
        for id in now:
            del waiting[id]
    found = []
    for zone in waiting.values():
        ways = ", ".join(
            f"{ref.id} in zone {host.zone.id}"
            for ref in zone.gateways
            if (host := inventory.hosts.get(ref.id)) is not None and host.zone is not None
        )
        what = f"zone {zone.id} can't be reached: its gateway ({ways}) lies behind this zone again."
        found.append(Problem(zone.source, what, "One gateway needs another way in.", ("zones", zone.id)))
    return found


def _can_be_reached(inventory: Inventory, zone_id: str, open_zones: set[str]) -> bool:
    gateways = inventory.zones[zone_id].gateways
    if not gateways:
        return True
    for ref in gateways:
        host = inventory.hosts.get(ref.id)
        if host is None or host.zone is None or host.zone.id == zone_id or host.zone.id not in inventory.zones:
            return True  # reached directly, or wrong in a way that is told elsewhere
        if host.zone.id in open_zones:
            return True
    return False


def system_problems(
    draft: Draft,
    inventory: Inventory,
    playbooks: Mapping[str, Playbook],
    kinds: Mapping[str, str],
    suggestions: Suggestions,
) -> list[Problem]:
    """What is wrong between systems and their playbooks. `kinds` are the playbook files, also those that are wrong."""
    found: list[Problem] = []
    uses = {kind: PlaybookUse(playbook) for kind, playbook in playbooks.items()}
    for system in inventory.systems.values():
        use = uses.get(system.kind)
        if use is None:
            if system.kind not in kinds and not system.external:
                found.append(_no_playbook(system, kinds, suggestions))
            continue
        found += _var_problems(draft, system, use)
        found += _acting_problems(draft, inventory, system, use, suggestions)
    return found


def _of(system: System) -> tuple[str, str]:
    """The entry of a system, for what is wrong with it."""
    return "systems", system.id


def _no_playbook(system: System, kinds: Mapping[str, str], suggestions: Suggestions) -> Problem:
    meant = suggestions.meant(system.kind, kinds)
    what = f'{system.id}: the kind "{system.kind}" has no playbook; expected playbooks/{system.kind}.yaml.'
    if meant:
        return Problem(system.source, what, f"Did you mean {meant} ({kinds[meant]})?", _of(system))
    names = sorted(kinds)
    there = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return Problem(system.source, what, f"There are: {there}." if names else "playbooks/ is empty.", _of(system))


def _var_problems(draft: Draft, system: System, use: PlaybookUse) -> list[Problem]:
    found = []
    lines = draft.var_lines.get(system.id, {})
    path = system.source.path
    known = use.playbook.vars
    where = use.playbook.source.path
    for name, value in system.vars.items():
        source = Source(path, lines.get(name, system.source.line))
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            advice = f"Did you mean {close[0]}?" if close else f"Its vars: {', '.join(known) or 'none'}."
            found.append(Problem(source, f"{system.id}: {where} has no var {name}.", advice, _of(system)))
        elif isinstance(value, SecretRef):
            for at, how in use.public.get(name, ()):
                what = f"{system.id}: the secret {name} would reach {how} of {at}, where others can read it."
                found.append(Problem(source, what, f'A secret goes by stdin: "{{{name}}}" alone.', _of(system)))
        elif name in use.stdin and "\n" in value:
            what = f"{system.id}: {name} has several lines; stdin takes one."
            found.append(Problem(source, what, entry=_of(system)))
    for name in use.needed:
        if name not in system.vars and name not in lines:
            what = f"{system.id}: the var {name} is not given; {where} has no default for it."
            found.append(Problem(system.source, what, entry=_of(system)))
    return found


def _acting_problems(
    draft: Draft, inventory: Inventory, system: System, use: PlaybookUse, suggestions: Suggestions
) -> list[Problem]:
    found = []
    if system.external:
        for source in use.commands_changing[:1]:
            what = f"{system.id} is managed: external, but {source} is a step that is not manual."
            advice = "What another party runs has manual steps only."
            found.append(Problem(system.source, what, advice, _of(system)))
        return found
    has_hosts = bool(system.hosts) or system.id in draft.wrong_hosts
    if not has_hosts and use.own:
        what = f"{system.id} has no hosts, but {use.own[0]} acts on the system's own."
        advice = "Give it hosts, or let every command act on: another system."
        found.append(Problem(system.source, what, advice, _of(system)))
    if use.on_carrier and has_hosts:
        found += _carrier_problems(draft, inventory, system, use.on_carrier[0])
    elif use.on_carrier:
        what = f"{system.id} has no hosts, but {use.on_carrier[0]} acts on what carries them (on: carrier)."
        found.append(Problem(system.source, what, entry=_of(system)))
    return found + _actor_problems(draft, inventory, system, use, suggestions)


def _actor_problems(
    draft: Draft, inventory: Inventory, system: System, use: PlaybookUse, suggestions: Suggestions
) -> list[Problem]:
    """What is wrong with the systems that a playbook's commands act on. A fixed one is told once for all systems."""
    found = []
    known = draft.places["systems"]
    for template, source in use.on_systems.items():
        actor = use.filled(template, system)
        var = template[1:-1] if template.startswith("{") else None
        if actor is None or (var is None and template in use.told):
            continue  # the var is missing or secret, or all is said
        if var is None:
            use.told.add(template)
            whose, at, entry = "the command", source, ("", "")
        else:
            line = draft.var_lines.get(system.id, {}).get(var, system.source.line)
            whose, at = f"{system.id}: {source} with the var {var}", Source(system.source.path, line)
            entry = _of(system)
        there = inventory.systems.get(actor)
        if actor not in known:
            meant = suggestions.meant(actor, known) if draft.whole else None
            advice = f"Did you mean {meant} ({known[meant]})?" if meant else ""
            if draft.whole:
                found.append(Problem(at, f"{whose} acts on the system {actor}, which does not exist.", advice, entry))
        elif _has_no_hosts(there, draft):
            what = f"{whose} acts on the system {actor} ({there.source}), which has no hosts."
            found.append(Problem(at, what, entry=entry))
    return found


def _has_no_hosts(system: System | None, draft: Draft) -> TypeGuard[System]:
    return system is not None and not system.hosts and system.id not in draft.wrong_hosts


def _carrier_problems(draft: Draft, inventory: Inventory, system: System, source: Source) -> list[Problem]:
    found = []
    for ref in system.hosts:
        host = inventory.hosts.get(ref.id)
        if host is None:
            continue
        if host.runs_on is None:
            what = f"{system.id}: {source} acts on: carrier, but host {host.id} ({host.source}) has no runs_on."
            found.append(Problem(ref.source, what, "Say what carries the host.", _of(system)))
            continue
        carrier = inventory.systems.get(host.runs_on.id)
        if _has_no_hosts(carrier, draft):
            what = f"{system.id}: {source} acts on {carrier.id}, which carries host {host.id} and has no hosts."
            found.append(Problem(ref.source, what, entry=_of(system)))
    return found

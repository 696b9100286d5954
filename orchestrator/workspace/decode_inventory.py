"""Inventory files to values (section 3, "Inventory"): each file is added to one draft, the draft becomes the inventory.

Rules:

- An id stands once in all files of an inventory; a second one is told with both places. So is one that differs only
  in case. `defaults` and `operator` stand once too.
- `requires` takes ids and `{any: [...], at_least: N}`, 1 <= N <= alternatives, default 1.
- `defaults.hosts` may stand in any of the files: hosts are finished when all were read.
- Every id that is mentioned is noted, for `references.py` to look up.
- Of an entry that is wrong the rest is kept as `partial`, and whether it says `protected` in any form; where it can't
  be told what belongs to whom (a key that slipped to the left, an entry inside another), it is `torn` (`broken.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.model.inventory import INTERNAL, Customer, Host, Inventory, Service, System, Zone
from orchestrator.model.source import Ref, Source
from orchestrator.workspace import reader
from orchestrator.workspace.fields import Fields, File, defined_id, entries, unknown_key
from orchestrator.workspace.inventory_fields import CUSTOMER, DEFAULT_HOSTS, HOST, OPERATOR, SERVICE, SYSTEM, ZONE
from orchestrator.workspace.ownership import says_owner
from orchestrator.workspace.protection import says_protected
from orchestrator.workspace.reader import Node, Scalar

SECTIONS = {"customers": "customer", "zones": "zone", "hosts": "host", "systems": "system", "services": "service"}
RESERVED_CUSTOMERS = {INTERNAL, "customer", "all"}


@dataclass(slots=True)
class Draft:
    """An inventory that is being read. `places` knows every defined id, also those whose entry is wrong."""

    name: str
    path: str = "inventories"
    whole: bool = True  # all of its files and sections could be read
    customers: dict[str, Customer] = field(default_factory=dict)
    zones: dict[str, Zone] = field(default_factory=dict)
    host_values: dict[str, dict[str, Any]] = field(default_factory=dict)
    systems: dict[str, System] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    operator_control_path: tuple[Ref, ...] = ()
    host_defaults: dict[str, Any] = field(default_factory=dict)
    places: dict[str, dict[str, Source]] = field(default_factory=lambda: {section: {} for section in SECTIONS})
    once: dict[str, Source] = field(default_factory=dict)
    var_lines: dict[str, dict[str, int]] = field(default_factory=dict)  # system -> var -> line, in the system's file
    wrong_hosts: set[str] = field(default_factory=set)  # systems whose hosts could not all be read
    partial: dict[str, dict[str, Any]] = field(default_factory=dict)  # system, as written -> what its entry says
    say_protected: set[str] = field(default_factory=set)  # systems, as written, whose wrong entry says it in any form
    say_owner: set[str] = field(default_factory=set)  # systems, as written, whose wrong entry may name an owner
    torn: set[tuple[str, str]] = field(default_factory=set)  # entries that hold what is another's, or are no entry
    lost: set[tuple[str, str]] = field(default_factory=set)  # entries of which something was refused unread

    @property
    def ssh_config(self) -> Ref | None:
        """The ssh_config that `defaults.hosts` names."""
        named: Ref | None = self.host_defaults.get("ssh_config")
        return named

    def known_of(self, id: str) -> dict[str, Any]:
        """What the inventory itself says of a host, in its entry or by default; by the names of the model."""
        return {key: value for key, value in self.host_defaults.items() if key != "ssh_config"} | self.host_values[id]

    def finish(self, filled: Mapping[str, Mapping[str, Any]] | None = None) -> Inventory:
        """The inventory as far as it could be read. `filled`: what is said elsewhere of its hosts, where it says
        nothing itself (`ssh_config.py`)."""
        more = filled or {}
        return Inventory(
            name=self.name,
            customers=self.customers,
            zones=self.zones,
            hosts={id: Host(**{"address": id, **more.get(id, {}), **self.known_of(id)}) for id in self.host_values},
            systems=self.systems,
            services=self.services,
            operator_control_path=self.operator_control_path,
            ssh_config=None if self.ssh_config is None else self.ssh_config.id,
        )


def add_inventory_file(draft: Draft, file: File, root: reader.Mapping, lost: Iterable[reader.Lost] = ()) -> None:
    """Adds what one file says. `lost`: what was refused and is not in its tree."""
    flawed = {problem.entry for problem in file.problems if problem.source.path == file.path}
    for entry, node in lost:
        draft.lost.add(entry)
        if entry[0] == "systems" and says_protected(node):
            draft.say_protected.add(entry[1])
        if entry[0] == "systems" and isinstance(node, reader.Mapping) and says_owner(node):
            draft.say_owner.add(entry[1])
    for key, node in root.entries.items():
        file.owner, file.entry = "", (key, "")
        if key in SECTIONS:
            kind, add = SECTIONS[key], _ADD[key]
            draft.whole = draft.whole and isinstance(node, reader.Mapping)
            for name, node_of in entries(file, node, key, f"a mapping of {key} by their ids").items():
                before = len(file.problems)
                file.owner, file.entry = "", (key, name)
                id = defined_id(file, name, node_of.line, kind, draft.places[key])
                file.owner = reader.shorten(name if kind == "system" else f"{kind} {name}")
                add(draft, file, node_of, id)
                if len(file.problems) != before or file.entry in flawed:
                    _note_flaws(draft, key, name, node_of)
            file.owner = ""
        elif key in _ONCE:
            if key in draft.once:
                file.problem(node.line, f'"{key}" stands twice in this inventory, first in {draft.once[key]}.')
                continue
            draft.once[key] = file.source(node.line)
            _ONCE[key](draft, file, node)
        else:
            unknown_key(file, node.line, f'unknown key "{reader.shorten(key)}".', key, (*_ONCE, *SECTIONS))


# --- sections -----------------------------------------------------------------------------------


def _add_customer(draft: Draft, file: File, node: Node, id: str | None) -> None:
    if id in RESERVED_CUSTOMERS:
        file.problem(node.line, f'"{id}" means something else where owners and customers are named.', "Rename it.")
    got = CUSTOMER.read(file, node)
    if id is not None and got is not None:
        draft.customers[id] = Customer(id, got["name"], got.get("language", "de"), file.source(node.line))


def _add_zone(draft: Draft, file: File, node: Node, id: str | None) -> None:
    got: dict[str, Any] | None = {} if isinstance(node, Scalar) and node.is_null else ZONE.read(file, node)
    if id is not None and got is not None:
        draft.zones[id] = Zone(id, file.source(node.line), **got)


def _add_host(draft: Draft, file: File, node: Node, id: str | None) -> None:
    got: dict[str, Any] | None = {} if isinstance(node, Scalar) and node.is_null else HOST.read(file, node)
    if id is not None and got is not None:
        draft.host_values[id] = {"id": id, "source": file.source(node.line), **got}


def _add_system(draft: Draft, file: File, node: Node, id: str | None) -> None:
    got = SYSTEM.read_partly(file, node)
    if id is None or got is None or "kind" not in got:
        draft.partial.setdefault(file.entry[1], got or {})
        return
    draft.systems[id] = System(id, source=file.source(node.line), **got)
    if not isinstance(node, reader.Mapping):
        return
    given, hosts = node.entries.get("vars"), node.entries.get("hosts")
    if isinstance(given, reader.Mapping):
        draft.var_lines[id] = {name: value.line for name, value in given.entries.items()}
    if hosts is not None and not (isinstance(hosts, reader.Sequence) and len(hosts.items) == len(got.get("hosts", ()))):
        draft.wrong_hosts.add(id)


def _add_service(draft: Draft, file: File, node: Node, id: str | None) -> None:
    got = SERVICE.read(file, node)
    if id is not None and got is not None:
        customers = got.get("customers", "all")
        draft.services[id] = Service(
            id, got["names"], file.source(node.line), None if customers == "all" else customers, got.get("requires", ())
        )


def _add_defaults(draft: Draft, file: File, node: Node) -> None:
    got = _DEFAULTS.read(file, node, "defaults")
    draft.host_defaults = (got or {}).get("hosts", {})


def _add_operator(draft: Draft, file: File, node: Node) -> None:
    file.owner = "operator"
    got = OPERATOR.read(file, node) or {}
    file.owner = ""
    draft.operator_control_path = got.get("control_path", ())


# --- what can still be told of an entry that is wrong ---------------------------------------------


def _note_flaws(draft: Draft, section: str, name: str, node: Node) -> None:
    """Of an entry that something is wrong with."""
    if section == "systems" and says_protected(node):
        draft.say_protected.add(name)
    if section == "systems" and says_owner(node):
        draft.say_owner.add(name)
    known, tell = _KEYS[section].keys(), _TELL_AN_ENTRY.get(section, frozenset())
    slipped = name in known
    swallowed = isinstance(node, reader.Mapping) and any(
        key not in known and isinstance(value, reader.Mapping) and not tell.isdisjoint(value.entries)
        for key, value in node.entries.items()
    )
    if slipped or swallowed:
        draft.torn.add((section, name))


_KEYS = {
    "customers": CUSTOMER.keys,
    "zones": ZONE.keys,
    "hosts": HOST.keys,
    "systems": SYSTEM.keys,
    "services": SERVICE.keys,
}
_TELL_AN_ENTRY = {"systems": frozenset({"kind"}), "hosts": frozenset({"address", "zone", "platform", "runs_on"})}
_DEFAULTS = Fields({"hosts": ("hosts", DEFAULT_HOSTS.read)})
_ONCE = {"defaults": _add_defaults, "operator": _add_operator}
_ADD = {
    "customers": _add_customer,
    "zones": _add_zone,
    "hosts": _add_host,
    "systems": _add_system,
    "services": _add_service,
}

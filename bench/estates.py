"""Generated estates: a whole workspace of any size, the same bytes for the same size.

What a provider's estate looks like, only larger: sites with a switch, a firewall, power control, storage and an
uplink; zones behind gateways, every third behind two, every fifth behind another zone (two hops); hypervisors that
carry the guests; resolvers and directories of which one may be missing; databases, brokers and services that are ours,
applications and portals that are the customers'; the protocol with its gates; a pinned key for every host. The
playbooks are those of the repository.

The promise is `Counts.needs`: three for each system as the files write them (`requires`, `after`, and `runs_on` of its
hosts). A plan adds to these what follows from zones, playbooks and the protocol. A system needs only what was written
before it, so that there is no loop.

`python -m bench.estates FOLDER SYSTEMS` writes one and prints its counts.
"""

import base64
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

NAME = "generated"
LEAST = 100
NEEDS_EACH = 3

_PLAYBOOKS = Path(__file__).resolve().parents[1] / "playbooks"
_ZONE = 250  # systems
_SITE = 10  # zones
_GUESTS = 20  # hosts on a hypervisor
_MOST_NEEDS = 5
# One block of guests: kind, whose, and on which earlier one's host it stands (None: on its own).
_BLOCK = (
    *[("postgresql", "ours", None)] * 4,
    ("message-broker", "ours", None),
    ("systemd-service", "ours", None),
    ("systemd-service", "ours", None),
    ("systemd-service", "ours", 6),
    *[("java-app", "theirs", None)] * 6,
    ("nginx", "theirs", None),
    ("nginx", "theirs", None),
    ("nginx", "theirs", 14),
    ("nginx", "theirs", 15),
    ("batch", "theirs", 8),
    ("systemd-service", "theirs", 9),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written."""

    systems: int
    needs: int
    hosts: int
    zones: int
    customers: int
    services: int


@dataclass(slots=True)
class _System:
    id: str
    kind: str
    hosts: list[str]
    owner: str | None = None
    any_of: list[list[str]] = field(default_factory=list)
    requires: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    vars: dict[str, str] = field(default_factory=dict)


def write_estate(root: Path, systems: int) -> Counts:
    """Write a workspace with so many systems (at least `LEAST`) into the empty or missing folder `root`."""
    if systems < LEAST:
        raise ValueError(f"an estate has at least {LEAST} systems")
    return _Estate(systems).write(root)


class _Estate:
    def __init__(self, size: int) -> None:
        self.size = size
        self.random = Random(size)
        self.zones = max(5, size // _ZONE)  # one with two gateways, one behind another
        self.sites = -(-self.zones // _SITE)
        self.customers = [f"bkk-{n:03}" for n in range(max(4, min(80, size // 100)))]
        self.hosts: dict[str, str] = {}  # id -> the rest of its line
        self.host_files: dict[str, list[str]] = {}
        self.systems: list[_System] = []
        self.files: dict[str, list[_System]] = {}
        self.needs = 0
        self.ours: list[list[str]] = [[] for _ in range(self.zones)]
        self.portals: dict[str, list[str]] = {customer: [] for customer in self.customers}
        self._base()
        self._guests()

    # --- what it consists of --------------------------------------------------------------------------

    def _base(self) -> None:
        for s in range(self.sites):
            for kind, name in (("power-control", "power"), ("switch", "sw"), ("firewall", "fw")):
                self._base_system(f"{name}-{s:02}", kind, vars={"trunk": "swp49"} if kind == "switch" else {})
            line = {"firewall": f"fw-{s:02}", "interface": "wan0", "peer": f"10.255.{s}.1"}
            self._base_system(f"uplink-{s:02}", "uplink", requires=[f"fw-{s:02}"], vars=line)
            self._base_system(
                f"san-{s:02}", "storage", requires=[f"sw-{s:02}"], host=", platform: appliance, receipts: false"
            )
        self._base_system("ntp", "ntp")
        for letter in "ab":
            self._base_system(f"dns-{letter}", "dns", after=["ntp"], vars={"name": f"ns-{letter}.rz.example"})
        for letter in "ab":
            carrier = f", runs_on: {self._hypervisor(0)}"  # the playbook acts on what carries the directory
            self._base_system(f"ldap-{letter}", "ldap", host=carrier, runs_on=1, vars={"suffix": "dc=rz,dc=example"})
        for z in range(self.zones):
            self._base_system(f"bastion-{z:03}", "bastion", zone=self._stands_in(z), any_of=[["dns-a", "dns-b"]])

    def _stands_in(self, zone: int) -> str:
        """Where the gateway of `zone` stands: every fifth one in another zone, so that its way has two hops."""
        return f"zone-{zone - 1:03}" if zone % 5 == 4 else "mgmt"

    def _gateways(self, zone: int) -> list[str]:
        """Every third zone can be entered by its neighbour's gateway as well."""
        other = [f"bastion-{zone - 1:03}-h"] if zone % 3 == 2 and zone % 5 != 4 else []
        return [f"bastion-{zone:03}-h", *other]

    def _guests(self) -> None:
        n = 0
        carriers: dict[int, str] = {}
        room: dict[int, int] = {}
        while len(self.systems) < self.size:
            zone = n // len(_BLOCK) % self.zones
            block: list[str] = []
            owner = self.customers[n // len(_BLOCK) % len(self.customers)]
            theirs: list[str] = []
            for kind, whose, shares in _BLOCK:
                if room.get(zone, 0) < 2:
                    if self.size - len(self.systems) < 2:
                        break
                    carriers[zone], room[zone] = self._hypervisor(zone), _GUESTS
                n += 1
                names = [block[shares]] if shares is not None else []
                for copy in range(0 if names else 2 if kind == "message-broker" else 1):
                    names.append(f"h{n:05}-{copy + 1}")
                    self._host(names[-1], zone=f"zone-{zone:03}", more=f", runs_on: {carriers[zone]}")
                    room[zone] -= 1
                block.append(names[0])
                self._guest(n, kind, names, zone, owner if whose == "theirs" else None, theirs)
                if len(self.systems) == self.size:
                    break
            else:
                continue
            while len(self.systems) < self.size:  # too few are left for a hypervisor and its guest
                n += 1
                self._guest(n, "systemd-service", [block[-1]], zone, None, [])

    def _guest(self, n: int, kind: str, hosts: list[str], zone: int, owner: str | None, theirs: list[str]) -> None:
        name = {"postgresql": "db", "message-broker": "mq", "java-app": "app", "nginx": "web", "batch": "batch"}
        system = _System(f"{name.get(kind, 'svc')}-{n:05}", kind, hosts, owner)
        match kind:
            case "java-app" | "systemd-service":
                system.vars = {"unit": system.id, "port": str(8000 + n % 1000)}
            case "nginx":
                system.vars = {"name": f"{system.id}.rz.example"}
            case "batch":
                system.vars = {"unit": "batchd"}
        # Three for each system so far; who came before could not always have as many.
        wanted = NEEDS_EACH * (len(self.systems) + 1) - self.needs - len(hosts)
        targets = self._targets(min(wanted, _MOST_NEEDS), zone, theirs if owner else [])
        if targets and n % 4 == 0:
            first = targets.pop(0)
            spare = next((id for id in self._targets(2, zone, []) if id not in {first, *targets}), None)
            system.any_of.append([first, spare] if spare else [first])
        if len(targets) > 1 and n % 5 == 0:
            system.after.append(targets.pop())
        system.requires = targets
        self._add(system, f"zone-{zone:03}", runs_on=len(hosts))
        if owner is None:
            self.ours[zone].append(system.id)
        else:
            theirs.append(system.id)
            if kind == "nginx":
                self.portals[owner].append(system.id)

    def _targets(self, wanted: int, zone: int, theirs: list[str]) -> list[str]:
        """Different systems that are already there: of the same customer, of the zone, of another one, of the base."""
        found: dict[str, None] = {}
        for _ in range(4 * _MOST_NEEDS):
            if len(found) >= wanted:
                break
            choice = self.random.randrange(10)
            if choice < 3 and theirs:
                pool = theirs
            elif choice < 7:
                pool = self.ours[zone][-40:]
            elif choice < 9:
                pool = self.ours[self.random.randrange(self.zones)]
            else:
                pool = ["dns-a", "dns-b", "ldap-a", "ldap-b", "ntp"]
            if pool:
                found[pool[self.random.randrange(len(pool))]] = None
        return list(found)

    def _hypervisor(self, zone: int) -> str:
        site = zone // _SITE
        number = sum(one.kind == "hypervisor" for one in self.files.get("base", ()))
        id = f"hv-{number:04}"
        vars = {"power": f"power-{site:02}", "switch": f"sw-{site:02}", "port": f"swp{number % 48 + 1}"}
        self._base_system(id, "hypervisor", requires=[f"san-{site:02}"], after=["ntp"], vars=vars)
        return id

    def _base_system(
        self,
        id: str,
        kind: str,
        *,
        zone: str = "mgmt",
        host: str = "",
        requires: list[str] | None = None,
        after: list[str] | None = None,
        any_of: list[list[str]] | None = None,
        vars: dict[str, str] | None = None,
        runs_on: int = 0,
    ) -> None:
        """A system that others stand on, with its host, mostly on bare metal."""
        self._host(f"{id}-h", zone=zone, more=host, file="base")
        system = _System(id, kind, [f"{id}-h"], None, any_of or [], requires or [], after or [], vars or {})
        self._add(system, "base", runs_on)

    def _host(self, id: str, *, zone: str, more: str, file: str | None = None) -> None:
        number = len(self.hosts) + 1
        address = f"10.{number >> 14}.{number >> 7 & 127}.{number & 127}"
        self.hosts[id] = f"  {id}: {{address: {address}, zone: {zone}{more}}}\n"
        self.host_files.setdefault(file or zone, []).append(id)

    def _add(self, system: _System, file: str, runs_on: int = 0) -> None:
        self.systems.append(system)
        self.files.setdefault(file, []).append(system)
        self.needs += len(system.requires) + len(system.after) + len(system.any_of) + runs_on

    # --- how it is written ----------------------------------------------------------------------------

    def write(self, root: Path) -> Counts:
        folder = root / "inventories" / NAME
        folder.mkdir(parents=True)
        services = self._services()
        _put(
            folder / "estate.yaml", ["defaults:\n  hosts: {user: orch, port: 22}\n", "customers:\n", *self._customers()]
        )
        _put(folder / "zones.yaml", ["zones:\n", *self._zones()])
        _put(folder / "services.yaml", ["services:\n", *services])
        for file, systems in self.files.items():
            hosts = [self.hosts[id] for id in self.host_files.get(file, ())]
            parts = ["hosts:\n", *hosts] if hosts else []
            _put(folder / f"{file}.yaml", [*parts, "systems:\n", *map(_system_text, systems)])
        (root / "playbooks").mkdir()
        for kind in sorted({system.kind for system in self.systems}):
            shutil.copyfile(_PLAYBOOKS / f"{kind}.yaml", root / "playbooks" / f"{kind}.yaml")
        _put(root / "protocol.yaml", [_protocol()])
        _put(root / "known_hosts", [f"{id} {_public_key(id)}\n" for id in self.hosts])
        counts = (self.needs, len(self.hosts), self.zones + 1, len(self.customers), len(services))
        return Counts(len(self.systems), *counts)

    def _customers(self) -> Iterator[str]:
        for number, id in enumerate(self.customers):
            yield f"  {id}: {{name: BKK {number}, language: {'en' if number % 7 == 6 else 'de'}}}\n"

    def _zones(self) -> Iterator[str]:
        yield "  mgmt: {parallel: 20}\n"
        for z in range(self.zones):
            gateways = ", ".join(self._gateways(z))
            yield f"  zone-{z:03}:\n    gateway: [{gateways}]\n    parallel: {10 + z % 3 * 5}\n"

    def _services(self) -> list[str]:
        """Two for each customer that has portals, and one for all."""
        texts = []
        for customer, portals in self.portals.items():
            for number, start in enumerate((0, len(portals) // 2)):
                ids = ", ".join(portals[start : start + 3])
                if ids:
                    name = f'{{de: "Portal {number} von {customer}", en: "Portal {number} of {customer}"}}'
                    text = f"    name: {name}\n    customers: [{customer}]\n    requires: [{ids}]\n"
                    texts.append(f"  portal-{customer}-{number}:\n{text}")
        texts.append(
            f"  mail: {{name: Mail, customers: all, requires: [{self.ours[0][0]}, {{any: [dns-a, dns-b]}}]}}\n"
        )
        return texts


def _put(path: Path, parts: list[str]) -> None:
    path.write_text("".join(parts), encoding="utf-8")


def _system_text(system: _System) -> str:
    lines = [f"  {system.id}:", f"    kind: {system.kind}", f"    hosts: [{', '.join(system.hosts)}]"]
    if len(system.hosts) > 1:
        lines.append("    serial: false")
    if system.owner:
        lines.append(f"    owner: {system.owner}")
    if system.requires or system.any_of:
        lines.append("    requires:")
        lines += [f"      - {id}" for id in system.requires]
        lines += [f"      - {{any: [{', '.join(ids)}], at_least: 1}}" for ids in system.any_of]
    if system.after:
        lines.append("    after:")
        lines += [f"      - {id}" for id in system.after]
    if system.vars:
        lines.append(
            f"    vars: {{{', '.join(f'{name}: {json.dumps(value)}' for name, value in system.vars.items())}}}"
        )
    lines.append(f"    labels: {{tier: {system.kind}}}")
    return "\n".join(lines) + "\n"


def _public_key(name: str) -> str:
    """An ed25519 public key that nobody has the private half of."""
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + hashlib.sha256(name.encode()).digest()
    return f"ssh-ed25519 {base64.b64encode(blob).decode('ascii')}"


def _protocol() -> str:
    roles = {"lead": "incident-lead", "ops": "operations", "forensic": "forensics", "liaison": "customer-liaison"}
    people = [
        f'  {id}: {{name: {id}, roles: [{role}], keys: ["{_public_key(f"person {id}")}"]}}\n'
        for id, role in roles.items()
    ]
    return f"""\
organisation: rz-example
people:
{"".join(people)}\
gates:
  declare: {{before: shutdown, approvals: {{incident-lead: 1, operations: 1}}, valid: 4h}}
  customers: {{before: shutdown, of: ["owner=customer"], each: customer, approvals: {{customer-liaison: 1}}}}
  clearance: {{before: restore, each: system, approvals: {{forensics: 1}}, checks: [examined, patched], valid: 30d}}
modes:
  - {{of: ["kind=uplink"], mode: isolate}}
  - {{of: ["kind=hypervisor"], mode: poweroff}}
order:
  shutdown: [["kind=uplink"], ["owner=customer"], ["owner=internal"]]
limits: {{parallel: 50}}
evidence: {{required: true, at_most: 10m, past: go-on, cap: 64MiB}}
"""


if __name__ == "__main__":
    print(json.dumps(asdict(write_estate(Path(sys.argv[1]), int(sys.argv[2])))))

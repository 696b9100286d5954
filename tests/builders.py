"""Small estates in a line or ten, for tests of the pure rooms: no files, no loader.

    estate('''
        portal requires app                 # a plain need
        app requires db any(1) dns-a dns-b  # an `any` group: at least 1 of the rest of the line
        app after ntp                       # order only; `after(restore) ntp` only the second half
        db on db-1 db-2                     # the system's hosts
        db-1 runs-on hv                     # host -> system
        db-1 in data                        # host -> zone
        data gateway gw-1 gw-2              # zone -> gateway hosts
        data path dns-a                     # zone -> control_path
        data needs ntp                      # zone -> requires (any(N) as above)
        gw-1 way bastion                    # gateway host -> system
        vault protected the backups
        store external
        app owner bkk                       # makes the customer too
        app serves bkk                      # customers: [bkk]
        app kind java
        app priority 90
        eau service app                     # service -> requires
        operator vpn                        # operator.control_path
    ''')

A system is whatever is named on the left of a system's word, or needed by one. Every system's kind is `service`
unless it says otherwise. Sources are `estate:LINE`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from orchestrator.model.estate import Deed, Estate, SystemRecord
from orchestrator.model.inventory import After, Customer, Host, Inventory, Requirement, Service, System, Zone
from orchestrator.model.plan import Input, Plan, Request
from orchestrator.model.playbook import Argv, Match, OnCarrier, OnSystem, Playbook, Probe, Step
from orchestrator.model.protocol import NO_PROTOCOL, ModeRule, OrderGroup, Protocol
from orchestrator.model.selector import parse_selector
from orchestrator.model.source import Ref, Source
from orchestrator.model.terms import Action, EstateState, Mode
from orchestrator.model.workspace import HostKey, KnownHosts, Workspace
from orchestrator.plan.restore import plan_restore
from orchestrator.plan.shutdown import plan_shutdown

ANY = re.compile(r"any\((\d+)\)")
AFTER = re.compile(r"after(?:\((shutdown|restore)\))?\Z")
BOOK = Source("playbooks/service.yaml", 1)


@dataclass
class _Builder:
    customers: dict[str, Customer] = field(default_factory=dict)
    zones: dict[str, Zone] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    systems: dict[str, System] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    operator: list[Ref] = field(default_factory=list)

    def line(self, text: str, source: Source) -> None:
        words = text.split("#", maxsplit=1)[0].split()
        if not words:
            return
        if words[0] == "operator":
            self.operator += [Ref(self.system(word).id, source) for word in words[1:]]
            return
        subject, verb, rest = words[0], words[1] if len(words) > 1 else "", words[2:]
        if self._zone_word(subject, verb, rest, source) or self._host_word(subject, verb, rest, source):
            return
        if verb == "service":
            self.services[subject] = Service(subject, {"": subject}, source, None, self._requirements(rest, source))
            return
        self._system_word(self.system(subject), verb, rest, source)

    def _zone_word(self, subject: str, verb: str, rest: Sequence[str], source: Source) -> bool:
        if verb not in {"gateway", "path", "needs", "zone"}:
            return False
        zone = self.zones.get(subject, Zone(subject, source))
        if verb == "gateway":
            zone = replace(zone, gateways=tuple(Ref(self.host(word).id, source) for word in rest))
        elif verb == "path":
            zone = replace(zone, control_path=tuple(Ref(self.system(word).id, source) for word in rest))
        elif verb == "needs":
            zone = replace(zone, requires=(*zone.requires, *self._requirements(rest, source)))
        self.zones[subject] = zone
        return True

    def _host_word(self, subject: str, verb: str, rest: Sequence[str], source: Source) -> bool:
        if verb not in {"runs-on", "in", "way"}:
            return False
        host = self.host(subject)
        if verb == "in":
            self.zones.setdefault(rest[0], Zone(rest[0], source))
            host = replace(host, zone=Ref(rest[0], source))
        else:
            ref = Ref(self.system(rest[0]).id, source)
            host = replace(host, runs_on=ref) if verb == "runs-on" else replace(host, way=ref)
        self.hosts[subject] = host
        return True

    def _system_word(self, system: System, verb: str, rest: Sequence[str], source: Source) -> None:
        after = AFTER.match(verb)
        if verb == "requires":
            system = replace(system, requires=(*system.requires, *self._requirements(rest, source)))
        elif after is not None:
            when = None if after[1] is None else Action(after[1])
            system = replace(system, after=(*system.after, *(After(self.system(w).id, when, source) for w in rest)))
        elif verb == "on":
            system = replace(system, hosts=(*system.hosts, *(Ref(self.host(word).id, source) for word in rest)))
        elif verb == "protected":
            system = replace(system, protected=" ".join(rest) or "kept")
        elif verb == "external":
            system = replace(system, external=True)
        elif verb == "owner":
            system = replace(system, owner=self.customer(rest[0], source).id)
        elif verb == "serves":
            system = replace(system, customers=tuple(self.customer(word, source).id for word in rest))
        elif verb == "kind":
            system = replace(system, kind=rest[0])
        elif verb == "priority":
            system = replace(system, priority=int(rest[0]))
        elif verb == "vars":
            system = replace(system, vars={**system.vars, **dict(word.split("=", 1) for word in rest)})
        elif verb == "label":
            system = replace(system, labels={**system.labels, **dict(word.split("=", 1) for word in rest)})
        elif verb:
            raise ValueError(f"estate: {verb}?")
        self.systems[system.id] = system

    def _requirements(self, words: Sequence[str], source: Source) -> tuple[Requirement, ...]:
        for at, word in enumerate(words):
            if any_of := ANY.match(word):
                plain = self._requirements(words[:at], source)
                group = tuple(self.system(other).id for other in words[at + 1 :])
                return (*plain, Requirement(group, int(any_of[1]), source))
        return tuple(Requirement((self.system(word).id,), 1, source) for word in words)

    def system(self, id: str) -> System:
        return self.systems.setdefault(id, System(id, "service", Source("estate", 0)))

    def host(self, id: str) -> Host:
        return self.hosts.setdefault(id, Host(id, Source("estate", 0), id))

    def customer(self, id: str, source: Source) -> Customer:
        return self.customers.setdefault(id, Customer(id, id.upper(), "de", source))


def inventory(text: str) -> Inventory:
    """The inventory that the lines of `text` describe."""
    builder = _Builder()
    for number, line in enumerate(text.splitlines(), 1):
        builder.line(line, Source("estate", number))
    return Inventory(
        "estate",
        builder.customers,
        builder.zones,
        builder.hosts,
        builder.systems,
        builder.services,
        tuple(builder.operator),
    )


def step(name: str, *argv: str, **more: object) -> Step:
    """A step that calls a program."""
    return Step(name, Argv(argv or (name,)), BOOK, **more)  # type: ignore[arg-type]


def probe(*argv: str, **more: object) -> Probe:
    """A probe that is yes at 0 and no at 3."""
    return Probe(Argv(argv), Match(exits=(0,)), Match(exits=(3,)), BOOK, **more)  # type: ignore[arg-type]


def playbook(kind: str = "service", *, on: str | None = None, **more: object) -> Playbook:
    """A playbook with every mode; `on`: the system (or `carrier`) that isolates."""
    through = None if on is None else OnCarrier() if on == "carrier" else OnSystem(on)
    given: dict[str, object] = {
        "state": probe("state", "{system}"),
        "isolation": probe("cut?", "{system}", on=through),
        "poweroff_state": probe("power?", "{host}"),
        "shutdown": {
            Mode.STOP: (step("stop", "stop", "{system}"),),
            Mode.ISOLATE: (step("cut", "cut", "{system}", on=through),),
            Mode.POWEROFF: (step("off", "off", "{host}"),),
        },
        "restore": {
            Mode.STOP: (step("start", "start", "{system}"),),
            Mode.ISOLATE: (step("join", "join", "{system}", on=through),),
            Mode.POWEROFF: (step("wake", "wake", "{host}"),),
        },
    }
    return Playbook(kind, BOOK, **{**given, **more})  # type: ignore[arg-type]


def protocol(
    *, modes: Mapping[str, Mode] | None = None, shutdown: Sequence[str] = (), restore: Sequence[str] | None = None
) -> Protocol:
    """A protocol with mode rules and order groups; a group is its selectors, joined by spaces."""

    def groups(texts: Sequence[str], line: int) -> tuple[OrderGroup, ...]:
        return tuple(
            OrderGroup(tuple(parse_selector(one) for one in text.split()), Source("protocol.yaml", line + n))
            for n, text in enumerate(texts)
        )

    rules = tuple(
        ModeRule((parse_selector(of),), mode, Source("protocol.yaml", 1)) for of, mode in (modes or {}).items()
    )
    back = None if restore is None else groups(restore, 20)
    return replace(NO_PROTOCOL, modes=rules, order_shutdown=groups(shutdown, 10), order_restore=back)


def workspace(
    text: str, *, protocol: Protocol = NO_PROTOCOL, playbooks: Sequence[Playbook] = (), keys: bool = True
) -> Workspace:
    """A workspace of the estate in `text`; every host's key is pinned unless `keys` is False."""
    one = inventory(text)
    pins = {host: (HostKey("ssh-ed25519", f"SHA256:{host}", Source("known_hosts", 1)),) for host in one.hosts}
    books = {book.kind: book for book in (playbook(), *playbooks)}
    return Workspace(
        root="/workspace",
        inventory=one,
        playbooks=books,
        inputs=(Input(path="inventories/estate.yaml", sha256="0" * 64),),
        protocol=protocol,
        known_hosts=KnownHosts(pins if keys else {}),
    )


def taken_down(
    *systems: str, mode: Mode = Mode.STOP, run: str = "run-1", modes: Mapping[str, Sequence[Mode]] | None = None
) -> Estate:
    """An estate in which orch took `systems` down in `mode`, and those of `modes` in theirs."""
    records = {}
    for id, done in {**dict.fromkeys(systems, (mode,)), **(modes or {})}.items():
        deeds = tuple(Deed(one, (), run, "2026-03-01T02:14:00Z", True) for one in done)
        state = EstateState.ISOLATED if set(done) == {Mode.ISOLATE} else EstateState.OFFLINE
        records[id] = SystemRecord(state, deeds, last_run=run)
    return Estate(systems=records)


def down(ws: Workspace | str, *select: str, estate: Estate | None = None, **request: object) -> Plan:
    """The shutdown plan of a request."""
    asked = Request(select=select, **request)  # type: ignore[arg-type]
    ws = workspace(ws) if isinstance(ws, str) else ws
    return plan_shutdown(ws, estate or Estate(), asked, id="p", created_at="2026-03-01T02:14:00Z", author=None)


def back(ws: Workspace | str, estate: Estate, *select: str, **request: object) -> Plan:
    """The restore plan of a request."""
    asked = Request(select=select, **request)  # type: ignore[arg-type]
    ws = workspace(ws) if isinstance(ws, str) else ws
    return plan_restore(ws, estate, asked, id="p", created_at="2026-03-01T02:14:00Z", author=None)


def waits(plan: Plan) -> dict[str, set[str]]:
    """Whom each task waits for, as `OTHER reason` or `BARRIER protocol`."""
    return {task.id: {f"{need.task or need.barrier} {need.reason}" for need in task.needs} for task in plan.tasks}

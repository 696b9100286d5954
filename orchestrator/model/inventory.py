"""The inventory: customers, zones, hosts, systems, services, as read from files (section 3).

Values as written: nothing is derived here. Every reference keeps its `file:line`. All ids that a value of this module
mentions exist in the same inventory; the loader sees to that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.model.source import Ref, Source
from orchestrator.model.terms import Action, Platform

INTERNAL = "internal"
"""The owner of a system that no customer owns."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret's value is found when a command needs it: `env:NAME`. Never the value itself."""

    ref: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """At least `at_least` of the `alternatives` must be up. A plain `requires: [x]` is one alternative of one."""

    alternatives: tuple[str, ...]
    at_least: int
    source: Source

    @property
    def is_plain(self) -> bool:
        """All alternatives are needed, so there is no redundancy."""
        return self.at_least >= len(self.alternatives)


@dataclass(frozen=True, slots=True)
class After:
    """Only an order: up after `system`, down before it; `when` keeps it to the way back or the way down."""

    system: str
    when: Action | None
    source: Source


@dataclass(frozen=True, slots=True)
class Customer:
    """An insurer."""

    id: str
    name: str
    language: str
    source: Source


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the network, how SSH reaches it, and what everything in it needs."""

    id: str
    source: Source
    gateways: tuple[Ref, ...] = ()  # host ids; any of them
    control_path: tuple[Ref, ...] = ()  # system ids
    requires: tuple[Requirement, ...] = ()
    parallel: int | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """Something one logs in to over SSH."""

    id: str
    source: Source
    address: str
    user: str = "orch"
    port: int = 22
    zone: Ref | None = None
    platform: Platform = Platform.LINUX
    identity: str | None = None
    runs_on: Ref | None = None  # the system that carries it
    way: Ref | None = None  # of a gateway host: the system that keeps the way open
    receipts: bool = True


@dataclass(frozen=True, slots=True)
class System:
    """Something that is taken offline and brought back."""

    id: str
    kind: str
    source: Source
    hosts: tuple[Ref, ...] = ()
    owner: str = INTERNAL
    customers: tuple[str, ...] | None = None  # None: derived from what depends on it
    requires: tuple[Requirement, ...] = ()
    after: tuple[After, ...] = ()
    vars: Mapping[str, str | SecretRef] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 50
    protected: str | None = None  # the reason
    external: bool = False
    serial: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """What a customer notices; up when the systems it requires are up."""

    id: str
    names: Mapping[str, str]  # language -> name; a name without language stands under ""
    source: Source
    customers: tuple[str, ...] | None = None  # None: all
    requires: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything one inventory says, by id, each mapping in the order of the files."""

    name: str
    customers: Mapping[str, Customer]
    zones: Mapping[str, Zone]
    hosts: Mapping[str, Host]
    systems: Mapping[str, System]
    services: Mapping[str, Service]
    operator_control_path: tuple[Ref, ...] = ()
    ssh_config: str | None = None

"""What the files of a workspace say, together: the one value that planning starts from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.model.errors import Problem
from orchestrator.model.inventory import Inventory
from orchestrator.model.plan import Input
from orchestrator.model.playbook import Playbook
from orchestrator.model.protocol import NO_PROTOCOL, Protocol
from orchestrator.model.source import Source


@dataclass(frozen=True, slots=True)
class HostKey:
    """A pinned host key: its type and its fingerprint (`SHA256:...`, as `ssh-keygen -l` prints it)."""

    type: str
    fingerprint: str
    source: Source


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """Pinned keys by name as written: a host id, an address, or `[address]:port`. Revoked keys are in none of them."""

    pins: Mapping[str, tuple[HostKey, ...]] = field(default_factory=dict)
    revoked: frozenset[str] = frozenset()  # fingerprints

    def keys_for(self, host: str, address: str, port: int) -> tuple[HostKey, ...]:
        """The keys that may speak for a host, without duplicates, in the order of the file."""
        names = (host, f"[{address}]:{port}") if port != 22 else (host, address, f"[{address}]:22")
        found = {key.fingerprint: key for name in names for key in self.pins.get(name, ())}
        return tuple(key for key in found.values() if key.fingerprint not in self.revoked)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One inventory with everything it is planned by. `inputs` are the files that were read, with their digests.

    Only what was read despite its errors has any: `broken` are the systems that a person must do, with what is wrong;
    `beside` is what is wrong and concerns no system; through the `unfit` nothing can be done to others.
    """

    root: str
    inventory: Inventory
    playbooks: Mapping[str, Playbook]
    inputs: tuple[Input, ...]
    protocol: Protocol = NO_PROTOCOL
    protocol_path: str | None = None  # None: there is no protocol.yaml
    known_hosts: KnownHosts = field(default_factory=KnownHosts)
    broken: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    beside: tuple[Problem, ...] = ()
    unfit: frozenset[str] = frozenset()

"""`known_hosts`: the pinned host keys of a workspace (section 8).

Rules:

- A line is `NAME[,NAME...] TYPE BASE64 [comment]`; a name is a host's id, an address, or `[address]:port`.
- Hashed names (`|1|SALT|HASH`) are resolved against the names that the inventory's hosts can have.
- `@revoked` takes a key out for every name. `@cert-authority`, wildcards and negations are not supported, and told:
  a line that is passed over in silence would look like a pin.
- A line that is wrong is a problem of its own; a file that is missing pins nothing. A pin that can't be read only
  leaves its host without one; a revocation that can't be read would let a revoked key in: `entry` tells them apart.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable

from orchestrator.model.errors import Problem
from orchestrator.model.inventory import Host
from orchestrator.model.source import Source
from orchestrator.model.workspace import HostKey, KnownHosts
from orchestrator.workspace.public_key import parse_public_key
from orchestrator.workspace.reader import shorten

PIN = ("known_hosts", "pin")
"""The entry of a problem with a line that would have pinned a key, and revokes none."""
MAX_LINES = 500_000
MAX_DIGESTS = 2_000_000
"""Hashed names times names to try: some seconds of work, no more."""
_PATTERN = re.compile("[*?!]")


def names_of(hosts: Iterable[Host]) -> tuple[str, ...]:
    """Every name under which the keys of `hosts` may stand."""
    found: dict[str, None] = {}
    for host in hosts:
        for name in (host.id, host.address, f"[{host.address}]:{host.port}"):
            found[name] = None
    return tuple(found)


def parse_known_hosts(path: str, data: bytes, hosts: Iterable[Host], problems: list[Problem]) -> KnownHosts:
    """The pins of a known_hosts file; what is wrong with it is added to `problems`."""
    pins: dict[str, list[HostKey]] = {}
    revoked: set[str] = set()
    hashed: list[tuple[str, HostKey]] = []
    for number, raw in enumerate(data.split(b"\n", MAX_LINES), 1):
        source = Source(path, number)
        if number > MAX_LINES:
            problems.append(Problem(source, f"the file has more than {MAX_LINES} lines."))
            break
        try:
            line = raw.decode().strip()
            if not line or line.startswith("#"):
                continue
            marker, names, key = _parse_line(line, source)
        except UnicodeDecodeError:
            problems.append(Problem(source, "the line is not UTF-8.", "Save the file as UTF-8.", _entry(raw)))
            continue
        except ValueError as error:
            problems.append(Problem(source, f"{error}.", entry=_entry(raw)))
            continue
        if marker == "@revoked":
            revoked.add(key.fingerprint)
            continue
        for name in names:
            if name.startswith("|"):
                hashed.append((name, key))
            else:
                pins.setdefault(name, []).append(key)
    _resolve(hashed, hosts, pins, problems)
    return KnownHosts({name: tuple(keys) for name, keys in pins.items()}, frozenset(revoked))


def _entry(raw: bytes) -> tuple[str, str]:
    """Whether a line that can't be read is a pin; anything else behind an `@` might revoke a key."""
    return ("", "") if b"@" in raw.split(b"#")[0] and not raw.lstrip().startswith(b"@cert-authority") else PIN


def _parse_line(line: str, source: Source) -> tuple[str, tuple[str, ...], HostKey]:
    """Marker, names and key of a line. Raises ValueError, in words."""
    words = line.split()
    marker = words.pop(0) if words[0].startswith("@") else ""
    if marker == "@cert-authority":
        raise ValueError("@cert-authority is not supported: pin each host's own key")
    if marker not in {"", "@revoked"}:
        raise ValueError(f'"{shorten(marker)}" is no marker that is known (@revoked)')
    if len(words) < 3:
        raise ValueError("the line is no pin; expected NAME TYPE BASE64 [comment]")
    names = tuple(name for name in words[0].split(",") if name)
    for name in names:
        if _PATTERN.search(name) and not (marker and name == "*"):
            raise ValueError(f'"{shorten(name)}" is a pattern, which is not supported: name each host')
        if name.startswith("|"):
            _salt_and_hash(name)
    if words[1].isdecimal():
        raise ValueError("keys of SSH protocol 1 are not supported")
    key = parse_public_key(words[1], words[2], least_rsa_bits=1024)  # old appliances have no better
    return marker, names, HostKey(key.type, key.fingerprint, source)


def _salt_and_hash(name: str) -> tuple[bytes, bytes]:
    parts = name.split("|")
    try:
        if len(parts) != 4 or parts[1] != "1":
            raise ValueError
        return base64.b64decode(parts[2], validate=True), base64.b64decode(parts[3], validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f'"{shorten(name)}" is no hashed name (|1|SALT|HASH)') from None


def _resolve(
    hashed: list[tuple[str, HostKey]],
    hosts: Iterable[Host],
    pins: dict[str, list[HostKey]],
    problems: list[Problem],
) -> None:
    """Adds the pins of hashed names that are a name of one of `hosts`."""
    if not hashed:
        return
    names = names_of(hosts)
    if len(hashed) * len(names) > MAX_DIGESTS:
        source = hashed[0][1].source
        problems.append(Problem(source, f"{len(hashed)} hashed names are too many.", "Write the names in plain."))
        return
    encoded = [(name, name.encode()) for name in names]
    for written, key in hashed:
        salt, wanted = _salt_and_hash(written)
        for name, plain in encoded:
            if hmac.compare_digest(hmac.digest(salt, plain, "sha1"), wanted):
                pins.setdefault(name, []).append(key)

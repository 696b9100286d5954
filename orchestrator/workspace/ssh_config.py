"""What the ssh_config that an inventory names says of its hosts (section 8): the first value that is said counts.

Rules:

- It fills only what the inventory itself doesn't say, in the host's entry or in `defaults.hosts`: address (`HostName`),
  `port`, `user`, identity (`IdentityFile`, one: the first). `ProxyJump` is another question: `ssh_config_jumps.py`.
- A relative `IdentityFile` is looked for in the workspace, like `identity`.
- What would change the way and can't be done (`ProxyCommand`, `CanonicalizeHostname`, ...), and a `Match` by more than
  names, are problems where they could be said of a host of the inventory. `Match exec` is never run.
- A problem names the hosts. Said of one host it is that host's, said of several it is everybody's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.model.errors import Problem
from orchestrator.model.identifiers import is_address, is_user
from orchestrator.model.source import Source
from orchestrator.workspace.reader import shorten
from orchestrator.workspace.ssh_config_file import Block, Line
from orchestrator.workspace.ssh_config_keywords import REFUSED, TAKEN

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one host; `values` by the names of the inventory (address, port, user, identity)."""

    values: Mapping[str, str | int]
    jump: Line | None = None


class SshConfig:
    """The blocks of one file, asked host by host."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = tuple(blocks)
        self._by_name: dict[str, list[int]] = {}
        self._wide: list[int] = []
        self._told: dict[Source, _Told] = {}
        for number, block in enumerate(self._blocks):
            if block.literal is None:
                self._wide.append(number)
            else:
                for name in block.literal:
                    self._by_name.setdefault(name, []).append(number)

    def of(self, id: str, address: str | None, known: Iterable[str] = ()) -> Said:
        """What is said of the host `id`, to which the inventory gives `address` (None: it gives none).

        `known`: what the inventory says itself, by its own names; what the file says of that is not looked at.
        """
        names = (id,) if address is None else (id, address)
        numbers = {*self._wide, *(number for name in names for number in self._by_name.get(name, ()))}
        first: dict[str, Line] = {}
        for number in sorted(numbers):
            block = self._blocks[number]
            target = address or (_expanded(first["hostname"], id) if "hostname" in first else None) or id
            if not block.speaks_of(names, target):
                continue
            if block.in_doubt and block.head is not None:
                advice = "Say it by Host, or by `Match host`; what is no name is never asked, and exec never run."
                self._tell(block.head, f"Match {block.in_doubt}: nobody can tell whether it holds", advice, id)
                continue
            for line in block.lines:
                first.setdefault(line.keyword, line)
        for keyword, (harmless, advice) in REFUSED.items():
            if keyword in first and " ".join(first[keyword].values).lower() not in harmless:
                self._tell(
                    first[keyword], f"{first[keyword].written} would change the way, and orch can't do it", advice, id
                )
        taken = {word: line for word, line in first.items() if word in TAKEN and word != "proxyjump"}
        values = {
            name: value
            for keyword, name in _NAMES.items()
            if keyword in taken and name not in known and (value := self._value(taken[keyword], id)) is not None
        }
        return Said(values, first.get("proxyjump"))

    def address_of(self, name: str) -> str | None:
        """The HostName of a name that is no host of the inventory; None where none is said."""
        address = self.of(name, None).values.get("address")
        return None if address is None else str(address)

    def problems(self) -> list[Problem]:
        """What was found to be wrong, line by line, with the hosts that it is said of."""
        return [
            Problem(source, f"{told.what} (said of {_named(told.hosts)}).", told.advice, _entry(told.hosts))
            for source, told in sorted(self._told.items(), key=lambda pair: pair[0])
        ]

    def _value(self, line: Line, id: str) -> str | int | None:
        if len(line.values) != 1:
            self._tell(line, f"{line.written} has {len(line.values)} values; expected one", "", id)
            return None
        text = _expanded(line, id)
        if line.keyword == "identityfile" and text == "none":
            return None
        wrong = _WRONG[line.keyword]
        if text is None or (expected := wrong(text)):
            expected = expected if text is not None else f"no token but {', '.join(_TOKENS[line.keyword])} and %%"
            self._tell(line, f'{line.written} is "{shorten(line.values[0])}"; expected {expected}', "", id)
            return None
        return int(text) if line.keyword == "port" else text

    def _tell(self, line: Line, what: str, advice: str, host: str) -> None:
        told = self._told.setdefault(line.source, _Told(what, advice))
        if host not in told.hosts:
            told.hosts.append(host)


@dataclass(slots=True)
class _Told:
    what: str
    advice: str
    hosts: list[str] = field(default_factory=list)


_TOKENS: Mapping[str, Mapping[str, str]] = {"hostname": {"%h": ""}, "identityfile": {"%n": "", "%d": "~"}}
"""What tokens stand for in a value; "" for the host's id."""
_NAMES = {"hostname": "address", "port": "port", "user": "user", "identityfile": "identity"}


def _expanded(line: Line, id: str) -> str | None:
    """A value with its tokens filled; None where there is one that orch does not fill."""
    if line.keyword not in _TOKENS:
        return line.values[0]
    pieces = line.values[0].split("%%")
    for token, value in _TOKENS[line.keyword].items():
        pieces = [piece.replace(token, value or id) for piece in pieces]
    return None if any("%" in piece or "${" in piece for piece in pieces) else "%".join(pieces)


def _wrong_address(text: str) -> str:
    return "" if is_address(text) else "a host name or an IPv4 or IPv6 address"


def _wrong_port(text: str) -> str:
    fine = text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535
    return "" if fine else "a number from 1 to 65535"


def _wrong_user(text: str) -> str:
    return "" if is_user(text) else "a login name (letters, digits, . _ -)"


def _wrong_path(text: str) -> str:
    return "a path, which begins with no -" if text.startswith("-") or not text else ""


_WRONG = {"hostname": _wrong_address, "port": _wrong_port, "user": _wrong_user, "identityfile": _wrong_path}


def _named(hosts: list[str]) -> str:
    more = len(hosts) - _NAMED
    return ", ".join(hosts[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _entry(hosts: list[str]) -> tuple[str, str]:
    return ("hosts", hosts[0]) if len(hosts) == 1 else ("", "")

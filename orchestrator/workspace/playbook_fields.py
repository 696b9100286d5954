"""The keys of a playbook's commands, and the types that only they have: arguments, actors, answers (section 3)."""

import re
import warnings
from sys import intern

from orchestrator.model.identifiers import is_id, is_var
from orchestrator.model.playbook import Argv, Manual, Match, On, OnCarrier, OnSystem, Shell
from orchestrator.model.terms import Mode
from orchestrator.workspace import reader
from orchestrator.workspace.fields import (
    Fields,
    File,
    Reader,
    boolean,
    choice,
    duration,
    entries,
    integer,
    items,
    line_of_text,
    list_of,
    text,
)
from orchestrator.workspace.reader import Node, Scalar

BUILT_IN = frozenset({"system", "host", "address"})
"""Holes that every command knows."""
ACTING = frozenset({"on.host", "on.address"})
"""Holes of a command that acts on another system's hosts."""
MAX_REGEX = 500
MAX_EXIT = 2**32 - 1  # Windows has exit codes as large as that


def declared_vars(file: File, node: Node, key: str) -> dict[str, str | None] | None:
    """Names of vars with their defaults; null where the inventory must give one."""
    found: dict[str, str | None] = {}
    for name, value in entries(file, node, key, "a mapping of vars with their defaults").items():
        if name in BUILT_IN:
            file.problem(value.line, f'{key} has "{name}", which is built in.', "Rename it.")
        elif not is_var(name):
            file.problem(value.line, f'{key} has "{reader.shorten(name)}"; expected a name of a-z, 0-9 and _.')
        elif isinstance(value, Scalar):
            found[intern(name)] = None if value.is_null else value.text
        else:
            file.expected(value, f"{key}.{name}", "text, or null where the inventory must give it")
    return found


def _argv(file: File, node: Node, key: str) -> Argv | None:
    nodes = items(file, node, key, "a list of arguments ([systemctl, stop, x])")
    if nodes is None:
        return None
    words = []
    for item in nodes:
        word = item.text if isinstance(item, Scalar) and not item.plain else text(file, item, f"an argument of {key}")
        if word is not None:
            words.append(word)
    if not words or not words[0].strip():
        file.problem(node.line, f"{key} names no program.")
        return None
    return Argv(tuple(words))


def _shell(file: File, node: Node, key: str) -> Shell | None:
    line = text(file, node, key)
    return None if line is None else Shell(line)


def _manual(file: File, node: Node, key: str) -> Manual | None:
    said = text(file, node, key)
    return None if said is None else Manual(said)


def _on(file: File, node: Node, key: str) -> On | None:
    if isinstance(node, Scalar) and node.text == "carrier":
        return OnCarrier()
    if isinstance(node, reader.Mapping):
        got = _ON.read(file, node, key)
        return None if got is None else OnSystem(got["system"])
    file.expected(node, key, "carrier or {system: ID}")
    return None


def _on_system(file: File, node: Node, key: str) -> str | None:
    if isinstance(node, Scalar):
        if is_id(node.text) or re.fullmatch(r"\{[a-z][a-z0-9_]*\}", node.text):
            return node.text
        file.expected(node, key, 'a system\'s id, or one var ("{firewall}")')
        return None
    return text(file, node, key)  # tells what to quote


def _match(file: File, node: Node, key: str) -> Match | None:
    if isinstance(node, reader.Sequence):
        exits = _exits(file, node, key)
        return None if exits is None else Match(exits=exits)
    got = _OUTPUT.read(file, node, key) if isinstance(node, reader.Mapping) else None
    if got is not None:
        return Match(output=got["output"])
    if not isinstance(node, reader.Mapping):
        file.expected(node, key, "a list of exit codes ([0]) or {output: REGEX}")
    return None


def _regex(file: File, node: Node, key: str) -> str | None:
    pattern = text(file, node, key)
    if pattern is None:
        return None
    if len(pattern) > MAX_REGEX:
        file.problem(node.line, f"{key} is a regex of {len(pattern)} characters; {MAX_REGEX} are the most.")
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        file.problem(node.line, f"{key} is no regex: {error}.")
        return None
    return pattern


def _go_on(file: File, node: Node, key: str) -> bool | None:
    if isinstance(node, Scalar) and node.text == "continue":
        return True
    file.expected(node, key, "continue", "Leave it out where a failure ends the task's steps.")
    return None


def _stdin(file: File, node: Node, key: str) -> str | None:
    if isinstance(node, Scalar) and re.fullmatch(r"\{[a-z][a-z0-9_]*\}", node.text):
        return node.text
    if isinstance(node, Scalar):
        file.expected(node, key, 'one var ("{password}")')
        return None
    return text(file, node, key)  # tells what to quote


_exits = list_of(integer(0, MAX_EXIT), at_least=1)
_ON = Fields({"system": ("system", _on_system)}, ["system"])
_OUTPUT = Fields({"output": ("output", _regex)}, ["output"])
_COMMAND: dict[str, tuple[str, Reader]] = {
    "argv": ("argv", _argv),
    "shell": ("shell", _shell),
    "on": ("on", _on),
    "sudo": ("sudo", boolean),
    "timeout": ("timeout_s", duration()),
}
_NAMED: dict[str, tuple[str, Reader]] = {"name": ("name", line_of_text), **_COMMAND}
_PROBE: dict[str, tuple[str, Reader]] = {**_COMMAND, "within": ("within_s", duration())}
STATE_PROBE: dict[str, tuple[str, Reader]] = {**_PROBE, "online": ("yes", _match), "offline": ("no", _match)}
POWEROFF = Fields(STATE_PROBE, ["online", "offline"])
ISOLATION = Fields({**_PROBE, "isolated": ("yes", _match), "open": ("no", _match)}, ["isolated", "open"])
EVIDENCE = Fields(_NAMED, ["name"])
HEALTH = Fields(
    {
        **_NAMED,
        "within": ("within_s", duration()),
        "every": ("every_s", duration()),
        "settle": ("settle_s", duration(0)),
        "exit": ("exits", _exits),
    },
    ["name"],
)
_STEP: dict[str, tuple[str, Reader]] = {
    **_NAMED,
    "manual": ("manual", _manual),
    "expect": ("expect_s", duration(0)),
    "exit": ("exits", _exits),
    "idempotent": ("idempotent", boolean),
    "disconnects": ("disconnects", boolean),
    "on_failure": ("continue_on_failure", _go_on),
    "changes_state": ("changes_state", boolean),
    "stdin": ("stdin", _stdin),
}
PLAIN_STEP = Fields(_STEP, ["name"])
FORCE_STEP = Fields({**_STEP, "leaves": ("leaves", choice((Mode.POWEROFF, Mode.ISOLATE)))}, ["name"])

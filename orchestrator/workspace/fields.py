"""How a mapping of a file becomes values: tables of keys, and readers for the types that a key can have.

Rules:

- A reader takes a node and gives the value, or None after it has told the problem. `Wrong` nodes were told already.
- All problems are collected; a wrong key never hides the next one. A missing key is told on the line of its mapping.
- A key that a table doesn't know is a problem, with the key that was probably meant.
- What mentions an id says so with `File.mention`; `references.py` looks when everything is read whether it exists.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from sys import intern
from typing import Any, NamedTuple, TypeVar

from orchestrator.model.duration import parse_duration
from orchestrator.model.errors import Problem
from orchestrator.model.identifiers import ID_PATTERN, is_id
from orchestrator.model.selector import Selector, parse_selector
from orchestrator.model.source import Ref, Source
from orchestrator.workspace import reader
from orchestrator.workspace.reader import Node, Scalar, Wrong, kind_of, shorten

_Word = TypeVar("_Word", bound=StrEnum)
_INTEGER = re.compile(r"(0|-?[1-9][0-9]{0,17})\Z")


class Mention(NamedTuple):
    """`owner verb id`: something of a kind (`system`, `host`, ...) that has to exist."""

    target: str
    id: str
    source: Source
    owner: str
    verb: str
    entry: tuple[str, str] = ("", "")


@dataclass(slots=True)
class File:
    """The file that is being decoded: where its problems and mentions go, and whose entry is read.

    `owner` is that entry for people, `entry` its section and id, as they are written.
    """

    path: str
    problems: list[Problem]
    mentions: list[Mention] = field(default_factory=list)
    owner: str = ""
    entry: tuple[str, str] = ("", "")
    _last: Source | None = None

    def source(self, line: int) -> Source:
        """The place of a line; neighbours on a line share it."""
        last = self._last
        if last is None or last.line != line:
            last = self._last = Source(self.path, line)
        return last

    def problem(self, line: int, what: str, advice: str = "") -> None:
        """Adds a problem, said of the entry that is being read."""
        said = f"{self.owner}: {what}" if self.owner else what
        self.problems.append(Problem(Source(self.path, line), said, advice, self.entry))

    def expected(self, node: Node, key: str, expected: str, advice: str = "") -> None:
        """Adds "KEY is X; expected Y" unless the node was refused before."""
        if not isinstance(node, Wrong):
            self.problem(node.line, f"{key} is {kind_of(node)}; expected {expected}.", advice)

    def mention(self, target: str, id: str, line: int, verb: str) -> None:
        """Notes that the entry names something that must exist."""
        self.mentions.append(Mention(target, id, self.source(line), self.owner, verb, self.entry))


Reader = Callable[[File, Node, str], Any]


class Fields:
    """The keys of one kind of mapping: key -> (name in the model, reader)."""

    def __init__(self, keys: Mapping[str, tuple[str, Reader]], required: Iterable[str] = ()) -> None:
        self.keys = dict(keys)
        self.required = tuple(required)

    def read(self, file: File, node: Node, within: str = "") -> dict[str, Any] | None:
        """The values of a mapping's keys by their names in the model; None where a required one is missing or wrong."""
        got = self.read_partly(file, node, within)
        if got is None or any(self.keys[key][0] not in got for key in self.required):
            return None
        return got

    def read_partly(self, file: File, node: Node, within: str = "") -> dict[str, Any] | None:
        """The same, also where a required key is missing or wrong; None where there is no mapping."""
        if not isinstance(node, reader.Mapping):
            file.expected(node, within or "the entry", f"keys and values ({', '.join(self.keys)})")
            return None
        prefix = f"{within}." if within else ""
        got: dict[str, Any] = {}
        for key, value in node.entries.items():
            known = self.keys.get(key)
            if known is None:
                where = f" in {within}" if within else ""
                unknown_key(file, value.line, f'unknown key "{shorten(key)}"{where}.', key, self.keys)
                continue
            result = known[1](file, value, prefix + key)
            if result is not None:
                got[known[0]] = result
        for key in self.required:
            if key not in node.entries:
                file.problem(node.line, f'the key "{prefix}{key}" is missing.')
        return got


def unknown_key(file: File, line: int, what: str, key: str, known: Iterable[str]) -> None:
    """Tells of a key that is not known, with the one that was probably meant, or all there are."""
    names = list(known)
    close = difflib.get_close_matches(key[:80].lower(), names, 1, 0.6)
    file.problem(line, what, f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(names)}.")


def entries(file: File, node: Node, key: str, expected: str) -> Mapping[str, Node]:
    """The entries of a mapping whose keys are free, such as `hosts`; empty after a problem."""
    if isinstance(node, reader.Mapping):
        return node.entries
    file.expected(node, key, expected)
    return {}


def items(file: File, node: Node, key: str, expected: str = "a list ([a, b])") -> Sequence[Node] | None:
    """The items of a list, or None after a problem."""
    if isinstance(node, reader.Sequence):
        return node.items
    advice = "Put it into brackets." if isinstance(node, Scalar) and node.text else ""
    file.expected(node, key, expected, advice)
    return None


# --- readers ------------------------------------------------------------------------------------


def text(file: File, node: Node, key: str) -> str | None:
    """Any text but none at all; several lines are allowed."""
    if isinstance(node, Scalar) and node.text.strip():
        return node.text
    advice = ""
    if isinstance(node, reader.Mapping) and len(node.entries) == 1:
        name = next(iter(node.entries))
        advice = f'A text that begins with a brace is quoted: "{{{shorten(name)}}}".'
    file.expected(node, key, "text", advice)
    return None


def line_of_text(file: File, node: Node, key: str) -> str | None:
    """Text in one line."""
    got = text(file, node, key)
    if got is not None and "\n" in got:
        file.problem(node.line, f"{key} has several lines; expected one.")
        return None
    return got


def identifier(file: File, node: Node, key: str) -> str | None:
    """An id."""
    if isinstance(node, Scalar) and ID_PATTERN.match(node.text):
        return intern(node.text)
    refuse_id(file, node, key)
    return None


def refuse_id(file: File, node: Node, key: str) -> None:
    """Tells that a node is no id."""
    advice = ""
    if isinstance(node, Scalar) and is_id(node.text.lower()):
        advice = f"Ids are lower case: {node.text.lower()}."
    file.expected(node, key, "an id (lower-case letters, digits, . _ -, 63 at most)", advice)


def defined_id(file: File, key: str, line: int, what: str, places: dict[str, Source]) -> str | None:
    """The id that a key of a section defines, its place noted in `places`; None after a problem."""
    known = places.get(key) or places.get(key.lower())
    if not is_id(key):
        if known is not None:
            file.problem(line, f'{what} "{key}" differs only in case from {key.lower()} ({known}).')
        else:
            refuse_id(file, Scalar(line, key, True), f"the id of a {what}")
            places[key.lower()] = file.source(line)  # whoever mentions it has made no mistake of their own
        return None
    if known is not None:
        file.problem(line, f"{what} {key} stands twice, first in {known}.", "Rename or delete one.")
        return None
    key = intern(key)
    places[key] = file.source(line)
    return key


def boolean(file: File, node: Node, key: str) -> bool | None:
    """`true` or `false`, nothing else: what YAML 1.1 made of `no` is how switches got lost."""
    if isinstance(node, Scalar) and node.plain and node.text in {"true", "false"}:
        return node.text == "true"
    file.expected(node, key, "true or false")
    return None


def integer(low: int, high: int) -> Reader:
    """A whole number within bounds."""

    def read(file: File, node: Node, key: str) -> int | None:
        if isinstance(node, Scalar) and _INTEGER.match(node.text) and low <= int(node.text) <= high:
            return int(node.text)
        file.expected(node, key, f"a whole number from {low} to {high}")
        return None

    return read


def duration(low: int = 1) -> Reader:
    """A duration in seconds, of `low` at least."""

    def read(file: File, node: Node, key: str) -> int | None:
        expected = "a duration such as 30s, 5m, 2h or 1d"
        if isinstance(node, Scalar):
            try:
                seconds = parse_duration(node.text)
            except ValueError:
                file.expected(node, key, expected)
                return None
            if low <= seconds <= _LONGEST:
                return seconds
            expected = f"{low}s at least" if seconds < low else "3650d at most"
        file.expected(node, key, expected)
        return None

    return read


_LONGEST = 3650 * 86400


def choice(words: type[_Word] | tuple[_Word, ...]) -> Reader:
    """One of a closed list of words."""
    by_text = {word.value: word for word in words}

    def read(file: File, node: Node, key: str) -> _Word | None:
        if isinstance(node, Scalar) and node.text in by_text:
            return by_text[node.text]
        close = difflib.get_close_matches(node.text[:80], by_text, 1) if isinstance(node, Scalar) else []
        file.expected(node, key, " or ".join(by_text), f"Did you mean {close[0]}?" if close else "")
        return None

    return read


def list_of(read_item: Reader, at_least: int = 0, unique: bool = True) -> Reader:
    """A list of one type; what stands twice is a problem."""

    def read(file: File, node: Node, key: str) -> tuple[Any, ...] | None:
        nodes = items(file, node, key)
        if nodes is None:
            return None
        if len(nodes) < at_least:
            file.problem(node.line, f"{key} is empty; expected {at_least} at least.")
            return None
        got: list[Any] = []
        seen: set[Any] = set()
        where = f"an item of {key}"
        for item in nodes:
            value = read_item(file, item, where)
            if value is None:
                continue
            same = value.id if isinstance(value, Ref) else value
            if unique and same in seen:
                file.problem(item.line, f"{key} lists {same} twice.", "Delete one.")
            else:
                seen.add(same)
                got.append(value)
        return tuple(got)

    return read


def _selector(file: File, node: Node, key: str) -> Selector | None:
    written = line_of_text(file, node, key)
    if written is None:
        return None
    try:
        return parse_selector(written)
    except ValueError as error:
        file.problem(node.line, f"{error}.")
        return None


selectors = list_of(_selector, at_least=1)
"""A list of selectors, which are joined by OR."""

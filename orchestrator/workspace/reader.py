"""YAML files to nodes with line numbers: the safe subset of section 3, nothing more.

Rules (docs/decisions/0001-yaml-subset-reader.md says why it is done on libyaml's events):

- Every scalar stays text. What it means is decided by its key, in `decode*.py`: `1001`, `no` and `22:30` are words.
- Refused, each with its line: tags, anchors, aliases, merge keys, duplicate keys, keys that are no text, several
  documents, directives; text that is not UTF-8, control characters, also those written as escapes.
- Bounded: size, depth, number of nodes. Nothing recurses, so hostile nesting costs neither the stack nor the memory.
- A node stands where a person looks for it: the value of a key on the line of the key, an item of a list on its own.
- What is wrong becomes a problem in the list that is handed in; `Wrong` stands in its place and is passed over in
  silence later, so that one mistake is told once. A file that is no YAML gives one problem and no node.
- A problem says in which entry it stands: the keys of the file's first and second level. What is dropped with it (a
  key's second value, what an alias stood for) is kept as `lost`, for whoever must know what might have been said there.
"""

import re
from typing import Any

import yaml

from orchestrator.model.errors import Problem
from orchestrator.model.source import Source

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 12_000_000


class Scalar:
    """A word or text. `plain`: written without quotes, so that a plain `null` or nothing at all can be told apart."""

    __slots__ = ("line", "plain", "text")

    def __init__(self, line: int, text: str, plain: bool) -> None:
        self.line = line
        self.text = text
        self.plain = plain

    @property
    def is_null(self) -> bool:
        """Nothing was written, or a plain `null` or `~`."""
        return self.plain and self.text in _NULLS


class Sequence:
    """A list."""

    __slots__ = ("items", "line")

    def __init__(self, line: int) -> None:
        self.line = line
        self.items: list[Node] = []


class Mapping:
    """Keys and values, in the order of the file."""

    __slots__ = ("entries", "line")

    def __init__(self, line: int) -> None:
        self.line = line
        self.entries: dict[str, Node] = {}


class Wrong:
    """Stands where something was refused; the problem is told already."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        self.line = line


Node = Scalar | Sequence | Mapping | Wrong
Lost = tuple[tuple[str, str], Node]
"""A node that was refused and is in no tree, with the entry that it stood in."""

_NULLS = frozenset({"", "null", "~", "Null", "NULL"})
# What YAML allows but no editor shows or counts as a line: C0 but tab and line feed, DEL, C1, line separators, BOM.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LONE_CR = re.compile("\r(?!\n)")
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")

# libyaml's words for what goes wrong most often, and ours.
_PLAIN_WORDS = (
    ("found a tab character", "a tab stands where only spaces may indent or separate"),
    ("mapping values are not allowed", 'a ": " stands where no key can be; quote the text, or mend the indentation'),
    ("could not find expected ':'", 'a key without ":" behind it'),
    ("did not find expected key", "a key was expected here; look at the indentation and the quotes above"),
    ("did not find expected '-' indicator", 'an item "- ..." was expected here; look at the indentation'),
    ("did not find expected ',' or", "a bracket or brace is not closed, or a comma is missing"),
    ("did not find expected node content", "a bracket or brace is not closed, or something is missing between commas"),
    ("found unexpected end of stream", "a quote is not closed"),
    ("found unexpected document indicator", "a quote is not closed"),
    ("cannot start any token", "this character cannot begin a word; quote the text"),
    ("found unknown escape character", 'a "\\" in double quotes begins no escape that YAML knows; use single quotes'),
    ("found undefined tag handle", "tags (!...) are not allowed"),
    ("found duplicate %YAML directive", "directives (%...) are not allowed"),
    ("found incompatible YAML document", "directives (%...) are not allowed"),
)


def read_nodes(path: str, data: bytes, problems: list[Problem], lost: list[Lost] | None = None) -> Mapping | None:
    """The one mapping that a YAML file holds, or None; everything that is wrong with it is added to `problems`.

    What was refused and stands in no tree is added to `lost`.
    """
    told = _Told(path, problems, [] if lost is None else lost)
    if not _is_readable(data, told):
        return None
    try:
        root = _compose(data, told)
    except yaml.YAMLError as error:
        told.of_the_whole(*_syntax_problem(error, data))
        return None
    except _StopError as error:
        told.of_the_whole(error.line, error.what)
        return None
    if root is None or (isinstance(root, Scalar) and root.is_null):
        told(0, "the file is empty; expected keys and values.")
    elif isinstance(root, Mapping):
        return root
    elif not isinstance(root, Wrong):
        told(root.line, f"found {kind_of(root)}; expected keys and values (key: value).")
    return None


def kind_of(node: Node) -> str:
    """What a node is, in words for an error."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Wrong) or not node.text:
        return "nothing" if isinstance(node, Wrong) or node.plain else "an empty text"
    return f'"{shorten(node.text)}"'


def shorten(text: str) -> str:
    """`text` in one line of an error."""
    line = text.replace("\n", " ")
    return line if len(line) <= 60 else line[:57] + "..."


class _Told:
    """Adds a problem of one file, said of the entry that is open when it is told."""

    def __init__(self, path: str, problems: list[Problem], lost: list[Lost]) -> None:
        self._path = path
        self._problems = problems
        self._lost = lost
        self.stack: list[Sequence | Mapping] = []  # what is open, outermost first
        self.anchored: dict[str, Node] = {}
        self.dropped: dict[int, str] = {}  # depth -> the key that was refused there last

    def __call__(self, line: int, what: str, advice: str = "", *, key: str | None = None) -> None:
        self._problems.append(Problem(Source(self._path, line), what, advice, self.entry(key)))

    def of_the_whole(self, line: int, what: str) -> None:
        """Adds a problem after which nothing of the file can be read."""
        self.stack = []
        self(line, what)

    def lose(self, node: Node, key: str | None) -> None:
        """Keeps what stands in no tree."""
        self._lost.append((self.entry(key), node))

    def entry(self, key: str | None) -> tuple[str, str]:
        """The keys of the first and second level that are open; `key`: of the innermost, its value not yet there."""
        section = self._name(0, key)
        return (section, self._name(1, key)) if section else ("", "")

    def _name(self, depth: int, key: str | None) -> str:
        node = self.stack[depth] if depth < len(self.stack) else None
        if not isinstance(node, Mapping):
            return ""
        if depth == len(self.stack) - 1:
            return self.dropped.get(depth, "") if key is _DROPPED else key or ""
        last = next(reversed(node.entries), "")
        return last if last and node.entries[last] is self.stack[depth + 1] else self.dropped.get(depth, "")


class _StopError(Exception):
    """Reading on makes no sense, or would cost more than any honest file needs."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


def _is_readable(data: bytes, told: _Told) -> bool:
    """Whether `data` is text that people see as YAML sees it: UTF-8, nothing invisible, lines that end as usual."""
    if len(data) > MAX_BYTES:
        told(0, f"the file has {len(data)} bytes; the most that is read is {MAX_BYTES}.", "Split it into several.")
        return False
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        utf16 = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
        what = "the file is UTF-16" if utf16 else f"byte 0x{data[error.start]:02x} is not UTF-8 (Latin-1, perhaps)"
        told(1 if utf16 else line, f"{what}; expected UTF-8.", "Save the file as UTF-8.")
        return False
    start = 1 if text.startswith("\ufeff") else 0  # a byte order mark at the very beginning does no harm
    found = _INVISIBLE.search(text, start)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        told(line, f"{_name(found.group())} stands in the text, where nobody can see it.", "Delete it.")
        return False
    if "\r" in text:
        lone = _LONE_CR.search(text)
        if lone is not None:
            line = text.count("\n", 0, lone.start()) + 1
            told(line, "a line ends with a carriage return alone.", "Save the file with LF or CRLF line ends.")
            return False
    return True


def _name(char: str) -> str:
    return "a NUL byte" if char == "\0" else f"the character U+{ord(char):04X}"


def _compose(data: bytes, told: _Told) -> Node | None:  # noqa: PLR0912, PLR0915 - one loop, because calls cost
    """The tree of the events. One flat loop; the open lists and mappings lie on a list of our own."""
    next_event = yaml.CBaseLoader(data).get_event  # libyaml; its loading and resolving are never called
    scalar, mapping, sequence = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
    mapping_end, sequence_end = yaml.MappingEndEvent, yaml.SequenceEndEvent
    root: Node | None = None
    stack = told.stack
    items: list[Node] | None = None  # of the innermost open node, where that is a list
    entries: dict[str, Node] | None = None  # of the innermost open node, where that is a mapping
    key: str | None = None  # was read, its value not yet
    key_line = count = documents = 0
    node: Any
    while True:
        event: Any = next_event()
        kind = event.__class__
        if kind is mapping_end or kind is sequence_end:
            stack.pop()
            top = stack[-1] if stack else None
            items = top.items if top.__class__ is Sequence else None
            entries = top.entries if top.__class__ is Mapping else None
            continue
        line = event.start_mark.line + 1
        if kind is scalar:
            text = event.value
            plain = not event.style
            if event.anchor is not None or event.tag is not None:
                _refuse_properties(event, line, told, key or text)
            if not plain and not text.isprintable():
                _refuse_escaped(text, line, told, key or text)
            if key is None and entries is not None:
                wrong = text in entries or not text or (plain and text == "<<")
                key, key_line = _refused_key(text, line, entries, told) if wrong else text, line
                continue
            node = Scalar(line, text, plain)
        elif kind is mapping or kind is sequence:
            node = Mapping(line) if kind is mapping else Sequence(line)
            if event.anchor is not None or event.tag is not None:
                _refuse_properties(event, line, told, key)
                told.anchored[event.anchor or ""] = node
        elif kind is yaml.AliasEvent:
            told(line, f"an alias (*{event.anchor}) is not allowed.", "Write the value out.", key=key)
            node = Wrong(line)
            told.lose(told.anchored.get(event.anchor, node), key)
        elif kind is yaml.DocumentStartEvent:
            documents += 1
            if documents > 1:
                raise _StopError(line, 'a second document ("---") begins; a file holds one.')
            if event.version is not None or event.tags:
                told(line, "a directive (%...) is not allowed.", "Delete the line.")
            continue
        elif kind is yaml.StreamEndEvent:
            return root
        else:  # the stream's start, a document's end
            continue
        count += 1
        if entries is not None:
            if key is None:
                raise _StopError(line, "a key is a list, a mapping or an alias; expected a word.")
            node.line = key_line
            if key is not _DROPPED:
                entries[key] = node
            else:
                told.lose(node, key)
            key = None
        elif items is not None:
            items.append(node)
        else:
            root = node
        if kind is mapping or kind is sequence:
            if len(stack) >= MAX_DEPTH or count > MAX_NODES:
                raise _StopError(line, f"nested more than {MAX_DEPTH} deep." if count <= MAX_NODES else _TOO_MANY)
            stack.append(node)
            items = node.items if kind is sequence else None
            entries = node.entries if kind is mapping else None


_DROPPED = "(dropped)" + chr(0)
_TOO_MANY = f"the file has more than {MAX_NODES} values; split it into several."


def _refused_key(text: str, line: int, entries: dict[str, Node], told: _Told) -> str:
    """Tells why a key is refused; `_DROPPED`, under which its value is lost."""
    told.dropped[len(told.stack) - 1] = text
    if text in entries:
        what = f'the key "{shorten(text)}" stands twice here, first in line {entries[text].line}.'
        told(line, what, "Delete one.", key=text)
    elif text:
        told(line, "a merge key (<<) is not allowed.", "Write the keys out.", key=text)
    else:
        told(line, 'nothing stands before the ":"; expected a key.')
    return _DROPPED


def _refuse_properties(event: Any, line: int, told: _Told, key: str | None) -> None:
    if event.anchor is not None:
        what = f"an anchor (&{shorten(event.anchor)}) is not allowed."
        told(line, what, "Write the value out where it is needed.", key=key)
    if event.tag is not None:
        what = f"a tag ({shorten(event.tag)}) is not allowed."
        told(line, what, "Delete it, or quote a text that begins with !.", key=key)


def _refuse_escaped(text: str, line: int, told: _Told, key: str | None) -> None:
    found = _ESCAPED.search(text)
    if found is not None:
        told(line, f"an escape stands for {_name(found.group())}, which is allowed nowhere.", "Delete it.", key=key)


def _syntax_problem(error: yaml.YAMLError, data: bytes) -> tuple[int, str]:
    """libyaml's complaint as line and words."""
    mark = getattr(error, "problem_mark", None)
    start = getattr(error, "context_mark", None)
    said = str(getattr(error, "problem", None) or error)
    if mark is None:
        return 0, f"no YAML: {said}."
    if "cannot start any token" in said and _char_at(data, mark.line, mark.column) == "\t":
        said = "found a tab character"
    what = next((ours for theirs, ours in _PLAIN_WORDS if theirs in said), said)
    last = data.count(b"\n") + (not data.endswith(b"\n"))
    line = max(1, min(mark.line + 1, last))  # what is missing at the end is missing behind the last line
    since = f" (what began in line {start.line + 1})" if start is not None and start.line + 1 < line else ""
    return line, f"no YAML: {what}{since}."


def _char_at(data: bytes, line: int, column: int) -> str:
    lines = data.decode().split("\n", line + 1)
    return lines[line][column : column + 1] if line < len(lines) else ""

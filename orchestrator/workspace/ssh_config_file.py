"""An ssh_config as text: its lines, and which of its blocks speak of a host (section 8). Pure; nothing is ever run.

Rules:

- A line is `Keyword value...` or `Keyword=value`; keywords have no case, values may stand in double quotes, a word that
  begins with `#` ends the line. Lines before the first `Host` or `Match` speak of every host.
- `Host` takes patterns (`*`, `?`, `!` for not). They are tried on the host's id and on the address that the inventory
  gives it. `Match` is read as far as `all`, `host` and `originalhost` say that it is not meant; whether `exec`, `user`
  and the others hold can't be known without asking the world, so they hold in doubt.
- `Include` is not followed: one file says it all, and it alone is an input of the plan.
- A keyword that OpenSSH does not know is a problem (a mistyped `HostName` would lead elsewhere), unless `IgnoreUnknown`
  names it.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from orchestrator.model.errors import Problem
from orchestrator.model.source import Source
from orchestrator.workspace.reader import shorten
from orchestrator.workspace.ssh_config_keywords import KEYWORDS

MAX_BYTES = 1024 * 1024
_WORD = re.compile(r'"([^"]*)"|([^\s"]+)')
_LINE = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+|\Z)(.*)\Z", re.DOTALL)
_HIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_BY_NAME = frozenset({"host", "originalhost"})
_WITHOUT_VALUE = frozenset({"all", "canonical", "final"})


@dataclass(frozen=True, slots=True)
class Line:
    """One keyword with its values: in lower case, and as it is written."""

    keyword: str
    written: str
    values: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition of a block: `host`, `originalhost`, `all`, or one that only the world could answer."""

    word: str
    patterns: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that hold together, and what they are said of; without criteria: every host."""

    criteria: tuple[Criterion, ...] = ()
    head: Line | None = None
    lines: list[Line] = field(default_factory=list)

    def speaks_of(self, names: Sequence[str], target: str) -> bool:
        """Whether it could be said of the host with these `names`, which is reached at `target`."""
        for one in self.criteria:
            if one.word in _BY_NAME:
                said_of = (target,) if one.word == "host" else names
                if _listed(one.patterns, said_of) is one.negated:
                    return False
            elif one.word == "all" and one.negated:
                return False
        return True

    @property
    def in_doubt(self) -> str:
        """The condition of which only the world could tell whether it holds; "" where there is none."""
        return next((one.word for one in self.criteria if one.word not in _BY_NAME and one.word != "all"), "")

    @property
    def literal(self) -> tuple[str, ...] | None:
        """The only names it can be said of; None where there are patterns, or a `Match`."""
        if len(self.criteria) != 1 or self.criteria[0].word != "originalhost" or self.criteria[0].negated:
            return None
        patterns = self.criteria[0].patterns
        return None if any(set("*?!") & set(pattern) for pattern in patterns) else patterns


def parse_ssh_config(path: str, data: bytes, problems: list[Problem]) -> tuple[Block, ...]:
    """The blocks of a file, in its order; what is wrong with it is added to `problems`."""
    if len(data) > MAX_BYTES:
        what = f"the file has {len(data)} bytes; the most that is read is {MAX_BYTES}."
        problems.append(Problem(Source(path), what, "Write one with the hosts that orch reaches."))
        return ()
    blocks = [Block()]
    passed_over: tuple[str, ...] = ()
    for number, raw in enumerate(data.split(b"\n"), 1):
        source = Source(path, number)
        try:
            line = _line(raw, source)
            if line is None:
                continue
            if line.keyword == "ignoreunknown":
                passed_over += tuple(pattern.lower() for value in line.values for pattern in value.split(","))
            elif line.keyword not in KEYWORDS:
                if not _listed(passed_over, (line.keyword,)):
                    raise _Wrong(*_unknown(line))
            elif not line.values:
                raise _Wrong(f"{line.written} has no value.")
            elif line.keyword == "include":
                raise _Wrong("Include is not followed.", "Write the hosts that orch reaches into one file.")
            elif line.keyword in {"host", "match"}:
                blocks.append(Block(tuple(_criteria(line)), line))
            else:
                blocks[-1].lines.append(line)
        except _Wrong as wrong:
            problems.append(Problem(source, wrong.what, wrong.advice))
    return tuple(blocks)


class _Wrong(Exception):
    """A line that can't be read."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


def _line(raw: bytes, source: Source) -> Line | None:
    try:
        text = raw.decode().rstrip()
    except UnicodeDecodeError:
        raise _Wrong("the line is not UTF-8.", "Save the file as UTF-8.") from None
    if _HIDDEN.search(text):
        raise _Wrong("the line holds a control character.", "Delete it.")
    if not text.strip() or text.lstrip().startswith("#"):
        return None
    match = _LINE.match(text)
    if match is None:
        raise _Wrong(f'"{shorten(text.strip())}" is no line of an ssh_config; expected a keyword and its value.')
    return Line(match[1].lower(), match[1], tuple(_values(match[2])), source)


def _values(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        if text[at] == "#":
            return
        match = _WORD.match(text, at)
        if match is None or (match.end() < len(text) and not text[match.end()].isspace()):
            raise _Wrong("a quote stands where none can, or is not closed.")
        yield match[2] if match[1] is None else match[1]
        at = match.end()


def _unknown(line: Line) -> tuple[str, str]:
    close = difflib.get_close_matches(line.keyword, KEYWORDS, 1)
    advice = f"Did you mean {close[0]}?" if close else "Where it is meant for another program: IgnoreUnknown names it."
    return f'"{shorten(line.written)}" is no keyword of an ssh_config that is known.', advice


def _criteria(line: Line) -> Iterator[Criterion]:
    if line.keyword == "host":
        yield Criterion("originalhost", line.values)
        return
    words = iter(line.values)
    for word in words:
        name, equals, value = word.lstrip("!").partition("=")
        name = name.lower()
        patterns: tuple[str, ...] = ()
        if name not in _WITHOUT_VALUE:
            value = value if equals else next(words, "")
            if not value:
                raise _Wrong(f'Match: "{shorten(word)}" has no value.')
            patterns = tuple(value.split(","))
        yield Criterion(name, patterns, word.startswith("!"))


def _listed(patterns: Iterable[str], names: Sequence[str]) -> bool:
    """Whether one of the patterns matches one of the names, and none that begins with `!` does."""
    found = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        if any(_glob(pattern[negated:]).fullmatch(name) for name in names):
            if negated:
                return False
            found = True
    return found


@lru_cache(maxsize=16384)
def _glob(pattern: str) -> re.Pattern[str]:
    first, *more = ["".join("." if char == "?" else re.escape(char) for char in piece) for piece in pattern.split("*")]
    if not more:
        return re.compile(first, re.DOTALL)
    # What a star passes over is given up for good once the piece behind it is found: no search goes back over it.
    middle = "".join(f"(?>.*?{piece})" for piece in more[:-1] if piece)
    return re.compile(f"{first}{middle}.*{more[-1]}", re.DOTALL)

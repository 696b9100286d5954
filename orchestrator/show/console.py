"""Where characters leave: answers to stdout, messages to stderr (section 9). The only door of the room that writes;
what becomes of a stream that nobody reads, or that is full, is decided in `streams`.

Colour only on a terminal, never with `NO_COLOR`; no markup, no emoji names, no guessing of what a word may mean.
"""

import json
import os
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TextIO

from rich.console import Console

from orchestrator.show.layout import Line

WITHOUT_TERMINAL = 100
"""Columns where the output is no terminal and `COLUMNS` says nothing."""


def _console(stream: TextIO) -> Console:
    said = os.environ.get("COLUMNS", "")
    width = int(said) if said.isdecimal() and len(said) < 6 and int(said) else None
    if width is None and not stream.isatty():
        width = WITHOUT_TERMINAL
    return Console(file=stream, markup=False, emoji=False, highlight=False, soft_wrap=True, width=width)


@lru_cache(maxsize=1)
def _out_for(stream: TextIO) -> Console:
    return _console(stream)


@lru_cache(maxsize=1)
def _err_for(stream: TextIO) -> Console:
    return _console(stream)


def is_heard() -> bool:
    """Whether somebody may still read the answers."""
    return not getattr(sys.stdout, "is_gone", False)


def is_terminal_gone() -> bool:
    """Whether the terminal has gone away that messages went to, rather than a reader who had enough."""
    return bool(getattr(sys.stderr, "is_terminal_gone", False))


def out() -> Console:
    """The console of answers."""
    return _out_for(sys.stdout)


def err() -> Console:
    """The console of messages."""
    return _err_for(sys.stderr)


def width() -> int:
    """Columns that an answer has: at least 40, so that nothing breaks in a sliver of a window."""
    return max(out().width, 40)


def err_width() -> int:
    """Columns that a message has."""
    return max(err().width, 40)


def answer(lines: Iterable[Line]) -> None:
    """Lines to stdout."""
    console = out()
    for each in lines:
        console.print(each, soft_wrap=True)


def message(lines: Iterable[Line]) -> None:
    """Lines to stderr."""
    console = err()
    for each in lines:
        console.print(each, soft_wrap=True)


def document(value: Any) -> None:
    """The one JSON document of a `--json`, to stdout. ASCII only, so that nothing in it can act on a terminal."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def text(value: str) -> None:
    """A document that is no JSON (a CSV), to stdout as it is: whoever made it saw to what is in it."""
    sys.stdout.write(value)
    sys.stdout.flush()

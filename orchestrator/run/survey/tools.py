"""Which programs a command calls, as far as that can be told honestly. Pure.

- Of an `argv` the first word.
- Of a shell line the words that stand where a command stands, in a line of simple commands joined with `&&`, `;` and
  `|`. Behind `||` is what happens instead, and may be missing with good reason. A line with anything more (a loop, a
  substitution, braces, a variable as a command) tells nothing: no guess is better than a wrong one.
- On Linux alone: elsewhere there is no `command -v`.
"""

import re
import shlex
from functools import lru_cache

from orchestrator.model.plan import PlanCommand, PlanStep

_PLAIN = re.compile(r"[A-Za-z0-9_./+][A-Za-z0-9_./+-]*\Z")
_ASSIGNS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_NUMBER = re.compile(r"\d+\Z")
_KEYWORDS = frozenset(["if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac"])
_HARD = ("$(", "`", "<<", "<(", ">(", "\n", "{ ", "(")
_JOINTS = frozenset({"&&", ";", "|", "|&"})
_REDIRECTS = frozenset({">", ">>", "<", ">&", "<&", ">|", "<>", "&>", "&>>"})


def tools_of(command: PlanCommand | PlanStep) -> tuple[str, ...]:
    """The programs, each once, in the order in which they stand."""
    if command.argv is not None:
        first = command.argv[0] if command.argv else ""
        return (first,) if _PLAIN.match(first) else ()
    return () if command.shell is None else tools_of_line(command.shell)


@lru_cache(maxsize=4096)
def tools_of_line(line: str) -> tuple[str, ...]:
    """The programs that a shell line calls; () where that can't be told."""
    bare = re.sub(r"'[^']*'", "''", line)
    if any(hard in bare for hard in _HARD):
        return ()
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return ()
    found: dict[str, None] = {}
    starts, skips = True, False
    for word in words:
        if word == "||":
            break
        if skips:
            skips = False
        elif word in _JOINTS:
            starts = True
        elif word in _REDIRECTS:
            skips = True
        elif starts and not _ASSIGNS.match(word) and not _NUMBER.match(word):
            if word in _KEYWORDS or not _PLAIN.match(word):
                return ()
            found[word] = None
            starts = False
    return tuple(found)

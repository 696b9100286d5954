"""Fills the templates of a playbook for one host: `{name}` becomes the var's value (section 3).

- An item of `argv` is one argument: values stand in it as they are; whoever sends it quotes the whole.
- In a `shell` line every value is quoted for the shell of the host that acts, always.
- A secret never comes out of here: a hole for one is an error, except `stdin: "{name}"`, which becomes its reference.
"""

import shlex
from collections.abc import Callable, Mapping
from functools import lru_cache

from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.inventory import SecretRef
from orchestrator.model.source import Source
from orchestrator.model.template import Hole, parse_template
from orchestrator.model.terms import Platform

Values = Mapping[str, str | SecretRef]

_PARSED = lru_cache(maxsize=16384)(parse_template)
_POWERSHELL_QUOTES = str.maketrans({quote: quote * 2 for quote in "'\u2018\u2019\u201a\u201b"})


def quote_powershell(value: str) -> str:
    """One PowerShell argument. Within single quotes only a quote ends the string, a typographic one too."""
    return "'" + value.translate(_POWERSHELL_QUOTES) + "'"


def quote_for(platform: Platform) -> Callable[[str], str]:
    """How a value is quoted in a `shell` line of that platform."""
    return quote_powershell if platform is Platform.WINDOWS else shlex.quote


def fill(text: str, values: Values, source: Source, quote: Callable[[str], str] | None = None) -> str:
    """`text` with its holes filled. Raises FilesError for a hole that has no value, or a secret one."""
    if "{" not in text and "}" not in text:
        return text
    pieces = []
    for part in _PARSED(text):
        if isinstance(part, Hole):
            value = _value(part.name, values, source)
            pieces.append(value if quote is None else quote(value))
        else:
            pieces.append(part)
    return "".join(pieces)


def fill_stdin(text: str | None, values: Values, source: Source) -> tuple[str | None, str | None]:
    """A step's `stdin` as (text, None), or as (None, reference) where it is a secret."""
    if text is None:
        return None, None
    parts = _PARSED(text)
    if len(parts) == 1 and isinstance(parts[0], Hole):
        value = values.get(parts[0].name)
        if isinstance(value, SecretRef):
            return None, value.ref
    return fill(text, values, source), None


def _value(name: str, values: Values, source: Source) -> str:
    value = values.get(name)
    if value is None:
        raise FilesError([Problem(source, f"{{{name}}} has no value.", "Give it in the system's vars.")])
    if isinstance(value, SecretRef):
        raise FilesError(
            [Problem(source, f"{{{name}}} is a secret.", f'A secret reaches a command only by stdin: "{{{name}}}".')]
        )
    return value

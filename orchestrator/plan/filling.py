"""Fills the templates of a playbook for one host: `{name}` becomes the var's value (section 3).

- An item of `argv` is one argument: values stand in it as they are; whoever sends it quotes the whole.
- In a `shell` line every value is quoted for the shell of the host that acts, always.
- A secret never comes out of here: a hole for one is an error, except `stdin: "{name}"`, which becomes its reference.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.inventory import SecretRef
from orchestrator.model.source import Source
from orchestrator.model.template import Hole, parse_template

Values = Mapping[str, str | SecretRef]
Quote = Callable[[str], str]


class _Template(NamedTuple):
    """A text in pieces, and which of them are holes: parsed once for all the systems of a kind."""

    pieces: tuple[str, ...]
    holes: tuple[tuple[int, str], ...]  # the number of the piece, the name in it


def fill(text: str, values: Values, source: Source, quote: Quote | None = None) -> str:
    """`text` with its holes filled. Raises FilesError for a hole without value, a secret, what can't be quoted."""
    return text if "{" not in text and "}" not in text else _filled(_parsed(text), values, source, quote)


def fill_all(texts: tuple[str, ...], values: Values, source: Source) -> tuple[str, ...]:
    """`texts`, each filled like `fill` without quotes."""
    templates = _all_parsed(texts)
    if not templates:
        return texts
    filled = list(texts)
    for place, template in templates:
        filled[place] = _filled(template, values, source, None)
    return tuple(filled)


@lru_cache(maxsize=16384)
def _parsed(text: str) -> _Template:
    parts = parse_template(text)
    holes = tuple((place, part.name) for place, part in enumerate(parts) if isinstance(part, Hole))
    return _Template(tuple("" if isinstance(part, Hole) else part for part in parts), holes)


@lru_cache(maxsize=16384)
def _all_parsed(texts: tuple[str, ...]) -> tuple[tuple[int, _Template], ...]:
    return tuple((place, _parsed(text)) for place, text in enumerate(texts) if "{" in text or "}" in text)


def _filled(template: _Template, values: Values, source: Source, quote: Quote | None) -> str:
    pieces, holes = template
    filled = list(pieces)
    for place, name in holes:
        value = values.get(name)
        if not isinstance(value, str):
            raise _no_text(name, value, source)
        filled[place] = value if quote is None else _quoted(name, value, source, quote)
    return "".join(filled)


def fill_stdin(text: str | None, values: Values, source: Source) -> tuple[str | None, str | None]:
    """A step's `stdin` as (text, None), or as (None, reference) where it is a secret."""
    if text is None:
        return None, None
    pieces, holes = _parsed(text)
    if len(pieces) == len(holes) == 1:
        value = values.get(holes[0][1])
        if isinstance(value, SecretRef):
            return None, value.ref
    return fill(text, values, source), None


def _quoted(name: str, value: str, source: Source, quote: Quote) -> str:
    try:
        return quote(value)
    except ValueError as error:
        raise FilesError([Problem(source, f"{{{name}}} can't be quoted: {error}.", "Give it another value.")]) from None


def _no_text(name: str, value: SecretRef | None, source: Source) -> FilesError:
    if value is None:
        return FilesError([Problem(source, f"{{{name}}} has no value.", "Give it in the system's vars.")])
    advice = f'A secret reaches a command only by stdin: "{{{name}}}".'
    return FilesError([Problem(source, f"{{{name}}} is a secret.", advice)])

"""Fills the templates of a playbook for one host: `{name}` becomes the var's value (section 3).

- An item of `argv` is one argument: values stand in it as they are; whoever sends it quotes the whole.
- In a `shell` line every value is quoted for the shell of the host that acts, always.
- A secret never comes out of here: a hole for one is an error, except `stdin: "{name}"`, which becomes its reference.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.inventory import SecretRef
from orchestrator.model.source import Source
from orchestrator.model.template import Hole, parse_template

Values = Mapping[str, str | SecretRef]

_PARSED = lru_cache(maxsize=16384)(parse_template)


def fill(text: str, values: Values, source: Source, quote: Callable[[str], str] | None = None) -> str:
    """`text` with its holes filled. Raises FilesError for a hole without value, a secret, what can't be quoted."""
    if "{" not in text and "}" not in text:
        return text
    pieces = []
    for part in _PARSED(text):
        if isinstance(part, Hole):
            value = _value(part.name, values, source)
            pieces.append(value if quote is None else _quoted(part.name, value, source, quote))
        else:
            pieces.append(part)
    return "".join(pieces)


def fill_all(texts: tuple[str, ...], values: Values, source: Source) -> tuple[str, ...]:
    """`texts`, each filled like `fill` without quotes."""
    places = _with_braces(texts)
    if not places:
        return texts
    filled = list(texts)
    for place in places:
        filled[place] = fill(texts[place], values, source)
    return tuple(filled)


@lru_cache(maxsize=16384)
def _with_braces(texts: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(place for place, text in enumerate(texts) if "{" in text or "}" in text)


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


def _quoted(name: str, value: str, source: Source, quote: Callable[[str], str]) -> str:
    try:
        return quote(value)
    except ValueError as error:
        raise FilesError([Problem(source, f"{{{name}}} can't be quoted: {error}.", "Give it another value.")]) from None


def _value(name: str, values: Values, source: Source) -> str:
    value = values.get(name)
    if value is None:
        raise FilesError([Problem(source, f"{{{name}}} has no value.", "Give it in the system's vars.")])
    if isinstance(value, SecretRef):
        raise FilesError(
            [Problem(source, f"{{{name}}} is a secret.", f'A secret reaches a command only by stdin: "{{{name}}}".')]
        )
    return value

"""Selectors: `key=glob` joined by AND inside one argument, OR between arguments; a bare word is an id glob (section 3).

This module knows the words; `graph/selection.py` knows what they match.
"""

from dataclasses import dataclass

KEYS = ("id", "kind", "owner", "managed", "zone", "host", "platform", "customer", "service")
"""Keys of a selector, besides `label.NAME`; `state` only where a run is resolved."""


@dataclass(frozen=True, slots=True)
class Term:
    """One `key=glob`."""

    key: str
    glob: str


@dataclass(frozen=True, slots=True)
class Selector:
    """One argument: all its terms must hold. `text` is what was written."""

    text: str
    terms: tuple[Term, ...]


LONGEST = 4_096
"""Characters of one selector: reading some globs takes the square of their length."""


def parse_selector(text: str, extra_keys: tuple[str, ...] = ()) -> Selector:
    """The selector that `text` writes.

    Raises ValueError for an empty one, one that is too long, or an unknown key, naming the known keys.
    """
    if len(text) > LONGEST:
        raise ValueError(
            f'selector "{text[:40]}..." is {len(text):,} characters long, at most {LONGEST:,} can be read; '
            "several arguments select what any of them selects"
        )
    if not text.strip():
        raise ValueError(f'selector "{text}" is empty; everything is meant where no selector stands at all')
    terms = []
    for piece in text.split(","):
        word = piece.strip()
        key, sep, glob = word.partition("=")
        key, glob = (key.strip(), glob.strip()) if sep else ("id", word)
        if not glob:
            place = f"after {key}=" if sep else "between two commas"
            raise ValueError(f'selector "{text}": nothing stands {place}')
        known = key in KEYS or key in extra_keys or (key.startswith("label.") and len(key) > len("label."))
        if not known:
            words = ", ".join((*KEYS, *extra_keys, "label.NAME"))
            raise ValueError(f'selector "{text}": unknown key "{key}". Known: {words}')
        terms.append(Term(key, glob))
    return Selector(text, tuple(terms))

"""How wide a text is when nobody knows the font: as wide as in the widest of the usual sans-serif fonts."""

import unicodedata

from orchestrator.show.neutral import neutral

_NARROW = frozenset("iljtfr.,:;'|!()[]-/ ")
_WIDE = frozenset("mwMW@%&")


def text_width(text: str, size: float) -> float:
    """The room that `text` takes in letters of this size."""
    return sum(_em(char) for char in text) * size


def middle_cut(text: str, most: int) -> str:
    """`text` as one harmless line of at most `most` characters. Names differ at their ends: the middle goes."""
    shown = neutral(text)
    if len(shown) <= most:
        return shown
    head = (most - 3) // 2
    return f"{shown[:head]}...{shown[len(shown) - (most - 3 - head) :]}"


def _em(char: str) -> float:
    if char in _NARROW:
        return 0.42
    if char in _WIDE:
        return 1.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.1
    return 0.72 if char.isupper() else 0.635

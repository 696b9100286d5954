"""The one door for text that is not ours: host output, inventory names, file contents, exception texts (principle 7).

* every Unicode control, format, surrogate, private and unassigned character (C*), every line and paragraph separator
  (Zl, Zp) becomes a visible escape such as `\\x1b` or `\\u202e`; so no cursor moves, no title, clipboard, colour or
  direction changes, nothing hides between letters;
* a newline is kept only where the caller shows several lines;
* the length is bounded, and the cut is said;
* the result is handed to `rich.text.Text`, never to its markup.
"""

import unicodedata

LIMIT = 2_000
"""Characters of one value on a screen; more is of no use to a reader."""


def neutral(text: str, limit: int = LIMIT) -> str:
    """`text` as one harmless line."""
    return _bounded("".join(c if _is_harmless(c) else _escape(c) for c in text[: limit + 1]), len(text), limit)


def neutral_lines(text: str, limit: int = LIMIT) -> str:
    """`text` made harmless, its newlines kept."""
    kept = "".join(c if c == "\n" or _is_harmless(c) else _escape(c) for c in text[: limit + 1])
    return _bounded(kept, len(text), limit)


def neutral_bytes(data: bytes, limit: int = LIMIT) -> str:
    """What a host sent, as harmless lines; bytes that are no UTF-8 become `\\xNN`. A CR before a newline is dropped."""
    text = data[: 4 * (limit + 1)].decode("utf-8", errors="backslashreplace").replace("\r\n", "\n")
    return neutral_lines(text, limit)


def _is_harmless(char: str) -> bool:
    if " " <= char <= "~":
        return True
    category = unicodedata.category(char)
    return category[0] != "C" and category not in {"Zl", "Zp"}


def _escape(char: str) -> str:
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    if known is not None:
        return known
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _bounded(shown: str, length: int, limit: int) -> str:
    return shown if length <= limit else f"{shown[:limit]}... ({length - limit} more characters)"

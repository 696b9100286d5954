"""How one word is quoted for the shell of each platform (section 3): every value, always. Pure.

- POSIX: single quotes. PowerShell: single quotes too, in which it takes typographic quotes for quotes as well.
- An appliance has no shell that we know: a plain word stays bare, one with blanks stands in double quotes, and what
  can't be quoted so is refused.
"""

import re
import shlex
from functools import lru_cache

from orchestrator.model.terms import Platform

_POWERSHELL_QUOTES = str.maketrans({quote: quote * 2 for quote in "'\u2018\u2019\u201a\u201b"})
_APPLIANCE_WORD = re.compile(r"[A-Za-z0-9@%+=:,./_-]+\Z")
_APPLIANCE_QUOTED = re.compile('[^"\\\\`$\x00-\x1f\x7f]*\\Z')


@lru_cache(maxsize=16384)  # the same few words stand in many commands
def quote_for(platform: Platform, text: str) -> str:
    """`text` as one word of a line on `platform`. Raises ValueError for what can't be quoted there."""
    match platform:
        case Platform.LINUX:
            return shlex.quote(text)
        case Platform.WINDOWS:
            return quote_powershell(text)
        case Platform.APPLIANCE:
            return quote_appliance(text)


def quote_powershell(text: str) -> str:
    """One PowerShell word."""
    return "'" + text.translate(_POWERSHELL_QUOTES) + "'"


def quote_appliance(text: str) -> str:
    """One word of an appliance's plain line; ValueError for what can't be quoted there."""
    if _APPLIANCE_WORD.match(text):
        return text
    if _APPLIANCE_QUOTED.match(text):
        return f'"{text}"'
    raise ValueError("an appliance's line can't hold quotes, backslashes, dollars or control characters")

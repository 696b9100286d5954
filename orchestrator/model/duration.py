"""Durations as people write them: `30s`, `5m`, `2h`, `1d`. Everywhere else they are seconds."""

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PATTERN = re.compile(r"([0-9]{1,9})([smhd])\Z")


def parse_duration(text: str) -> int:
    """Seconds of a duration such as `90s` or `2h`. Raises ValueError when it is none."""
    match = _PATTERN.match(text)
    if match is None:
        raise ValueError(f'"{text}" is not a duration such as 30s, 5m, 2h or 1d')
    return int(match[1]) * _UNITS[match[2]]


def format_duration(seconds: float) -> str:
    """A duration for people: `0:42`, `6:12`, `1:02:03`; days as `3d 4:00:00`."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, secs = divmod(rest, 60)
    clock = f"{hours}:{minutes:02}:{secs:02}" if hours or days else f"{minutes}:{secs:02}"
    return f"{days}d {clock}" if days else clock

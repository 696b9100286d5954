"""A playbook's pauses at the twin's pace (pure): hosts that live N times faster settle in an Nth of the time.

Nothing else of a playbook is changed, not a byte: the commands are what the twin recognises, and a limit of time that
is N times shorter would be one on this machine and on SSH, which are no faster than in life.
"""

import math
import re

from orchestrator.model.duration import parse_duration

_PAUSE = re.compile(r"(?<![\w-])(settle|every):([ ]+)([0-9]{1,9}[smhd])(?=[\s,}]|$)")


def paced(text: str, speed: float) -> str:
    """A playbook's text with its health checks' pauses divided by `speed`, in whole seconds, never longer."""

    def shorter(match: re.Match[str]) -> str:
        least = 0 if match[1] == "settle" else 1
        seconds = parse_duration(match[3])
        return f"{match[1]}:{match[2]}{min(seconds, max(least, math.ceil(seconds / speed)))}s"

    return _PAUSE.sub(shorter, text) if speed > 1 else text

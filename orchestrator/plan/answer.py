"""How a host's answer is read: the one place of the rule of section 3.

A match is a regex over the whole trimmed output of exit 0, or a set of exit codes. Trimmed means without white space
at both ends; whole means that nothing may stand beside what the regex matches. Bytes that are no UTF-8 read as U+FFFD.
The three answers of a probe are `yes`, `no`, and anything else (also what both would match), which is unknown.
"""

import re

from orchestrator.model.plan import PlanMatch, PlanProbe


def reads_as(match: PlanMatch, exit_code: int, stdout: bytes | str) -> bool:
    """Whether an answer with this exit code and output is what `match` describes."""
    if match.exits:
        return exit_code in match.exits
    if match.output is None or exit_code != 0:
        return False
    text = stdout if isinstance(stdout, str) else stdout.decode("utf-8", errors="replace")
    return re.fullmatch(match.output, text.strip()) is not None


def answer_of(probe: PlanProbe, exit_code: int, stdout: bytes | str) -> bool | None:
    """True for yes, False for no, None for unknown."""
    yes = reads_as(probe.yes, exit_code, stdout)
    no = reads_as(probe.no, exit_code, stdout)
    return yes if yes != no else None

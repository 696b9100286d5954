"""What can be wrong with a simulated host; the words of `--fault HOST=FAULT` and `orch twin fault HOST FAULT`."""

from enum import StrEnum

from orchestrator.model.errors import UsageError


class Fault(StrEnum):
    """A fault of one host. Probes stay truthful under all of them, where they are answered at all."""

    NONE = "none"  # lifts a fault; what hung goes on from there
    HANG = "hang"  # accepts logins, but no command ever ends
    SLOW = "slow"  # everything takes ten times as long
    FAIL = "fail"  # steps end with 1, and nothing has changed
    DROP = "drop"  # the connection is lost in the middle of a step, which goes on to its end
    REFUSE = "refuse"  # the port is closed
    WRONG_KEY = "wrong-key"  # shows another host key
    FLOOD = "flood"  # endless output
    LIE = "lie"  # steps end with 0, and nothing has changed


def parse_fault(word: str) -> Fault:
    """The fault that `word` names. Raises UsageError, naming them all."""
    try:
        return Fault(word)
    except ValueError:
        raise UsageError(f'"{word}" is no fault', f"Known: {', '.join(Fault)}") from None

"""The typed confirmation: what is typed names what will happen, so nobody confirms by habit (contract section 9).

`--yes` answers it, for scripts. A no, anything else, or the end of the input is a refusal (3). The question goes to
stderr, so that stdout holds answers only.
"""

import sys

from orchestrator.model.errors import Refused
from orchestrator.model.plan import Plan
from orchestrator.show import console
from orchestrator.show.layout import count, line
from orchestrator.show.theme import STRONG


def phrase(plan: Plan) -> str:
    """What has to be typed for a plan: `68 systems, 8 customers`."""
    return f"{count(len(plan.tasks), 'system')}, {count(len(plan.impact.customers), 'customer')}"


def confirm(words: str, *, yes: bool) -> None:
    """Asks for `words`. Raises Refused for anything else."""
    if yes:
        console.message([line(f"Confirmed by --yes: {words}.")])
        return
    console.message([line(("Type  ", STRONG), (words, STRONG), ("  to go on, anything else to stop:", STRONG))])
    try:
        typed = sys.stdin.readline()
    except KeyboardInterrupt:
        typed = ""
    if _plain(typed) != _plain(words):
        raise Refused("That was no confirmation, so nothing was done.", "The same command asks again.")


def _plain(text: str) -> str:
    return " ".join(text.replace(",", " ").lower().split())

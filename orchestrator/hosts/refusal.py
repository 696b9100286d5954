"""Why a host could not be asked, while nothing had been sent to it (contract sections 6 and 8). Pure.

Every one names the host or gateway that refused and says what was found: an operator knows which one to look at.
"""

from collections.abc import Sequence

from orchestrator.model.terms import Found

_WORST_FIRST = (Found.KEY, Found.LOGIN, Found.SUDO, Found.UNREACHABLE)


class Refusal(Exception):
    """`found` is one of the refusals; `at` the host's or gateway's id; `silent`: its port is closed, or it is gone."""

    def __init__(
        self, found: Found, at: str, why: str, *, silent: bool = False, brief: bool = False, mute: bool = False
    ) -> None:
        super().__init__(why)
        self.found = found
        self.at = at
        self.why = why
        self.silent = silent
        self.mute = mute  # the gateway's connection stands, and nothing comes by it any more
        self.brief = brief  # closed during the handshake: a busy sshd does that, so it is tried again at once


def of_all_chains(refusals: Sequence[Refusal]) -> Refusal:
    """One refusal for a host that could be reached through none of its chains: the gravest, telling all of them."""
    worst = min(refusals, key=lambda refusal: _WORST_FIRST.index(refusal.found))
    why = "; ".join(dict.fromkeys(refusal.why for refusal in refusals))
    return Refusal(worst.found, worst.at, why, silent=any(refusal.silent for refusal in refusals))

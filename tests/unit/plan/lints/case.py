"""For each lint small workspaces that have it, with what is said, and some that nearly have it, with nothing said.

A case is the estate in lines of `tests/builders.py`, and where it needs more: playbooks, a protocol, a last touch. What
other lints say of the same estate is theirs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.model.playbook import Playbook
from orchestrator.model.protocol import NO_PROTOCOL, Protocol
from orchestrator.model.workspace import Workspace
from tests.builders import workspace


@dataclass(frozen=True)
class Case:
    """A workspace, and what one lint says of it; `about` is what the case is about."""

    lint: str
    about: str
    estate: str
    says: tuple[str, ...] = ()
    protocol: Protocol = NO_PROTOCOL
    playbooks: Sequence[Playbook] = ()
    touch: Callable[[Workspace], Workspace] = lambda ws: ws

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.touch(workspace(self.estate, protocol=self.protocol, playbooks=self.playbooks))

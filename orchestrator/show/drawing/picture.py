"""What a picture consists of, before anybody says where: nodes in boxes, and arrows between them.

All texts are one harmless line each (`neutral`), and cut to what fits their node; the writers only have to quote them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from orchestrator.model.terms import Reason


class Owner(Enum):
    """Whose it is, as far as a picture tells: never a colour for each of 80 customers."""

    INTERNAL = "internal"
    CUSTOMER = "a customer's"
    SEVERAL = "of several owners"


@dataclass(frozen=True, slots=True)
class Look:
    """What a node's shape and colour say."""

    owner: Owner = Owner.INTERNAL
    external: bool = False
    protected: bool = False
    chosen: bool = False
    is_zone: bool = False  # speaks for all systems of its box


@dataclass(frozen=True, slots=True)
class Node:
    """`name` and a smaller line below it; `tip` is what a pointer on it shows; `box`: the one it lies in."""

    id: str
    name: str
    below: str
    tip: tuple[str, ...]
    look: Look
    box: str | None
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Box:
    """A zone."""

    id: str
    name: str
    below: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """From who needs to who is needed; drawn by its first reason. `count`: so many needs (0: of one system)."""

    of: str
    needed: str
    reason: Reason
    choice: bool
    count: int
    tip: str


@dataclass(frozen=True, slots=True)
class Picture:
    """`title` and `about` say what is shown, `shows` in a few words; `notes` what is not, and how to read it."""

    title: str
    about: tuple[str, ...]
    shows: str
    notes: tuple[str, ...]
    nodes: Mapping[str, Node]
    boxes: Mapping[str, Box]
    arrows: Sequence[Arrow]

    def pulls(self) -> list[tuple[str, str]]:
        """Which node lies before which, from left to right: by the arrows, and all of a box before its own node."""
        speaker = {node.box: node.id for node in self.nodes.values() if node.look.is_zone and node.box is not None}
        inside = [
            (node.id, speaker[node.box])
            for node in self.nodes.values()
            if node.box in speaker and not node.look.is_zone
        ]
        return [*((arrow.of, arrow.needed) for arrow in self.arrows), *inside]

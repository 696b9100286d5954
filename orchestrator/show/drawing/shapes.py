"""The outlines of nodes: a rectangle, a rounded one (a customer's), a pointed one (not managed by orch), a flag that
speaks for its whole zone."""

from math import sqrt

from orchestrator.show.drawing.picture import Look, Owner
from orchestrator.show.drawing.placed import Point, Rect

POINT = 8.0  # how long the points at both ends are
ROUND = 11.0
CORNER = 1.5


def corners(look: Look, rect: Rect) -> list[Point] | None:
    """The corners of a node that has straight sides all around; None: it is a rectangle with `radius`."""
    left, right, top, bottom = rect.x, rect.right, rect.y, rect.bottom
    if look.is_zone:
        return [(left, top), (right - POINT, top), (right, rect.middle), (right - POINT, bottom), (left, bottom)]
    if look.external:
        inner = (left + POINT, right - POINT)
        return [
            (left, rect.middle), (inner[0], top), (inner[1], top),
            (right, rect.middle), (inner[1], bottom), (inner[0], bottom),
        ]  # fmt: skip
    return None


def radius(look: Look) -> float:
    """How round the corners of a rectangle are."""
    return ROUND if look.owner is Owner.CUSTOMER else CORNER


def inset(look: Look, rect: Rect, y: float) -> float:
    """How far the outline lies inside the rectangle's side at the height `y`."""
    off = abs(y - rect.middle)
    if look.is_zone or look.external:
        return POINT * off / (rect.height / 2)
    round_ = radius(look)
    into = off - (rect.height / 2 - round_)
    return round_ - sqrt(max(round_**2 - into**2, 0.0)) if into > 0 else 0.0

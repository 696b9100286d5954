"""Shapes, colours and lines, each with the words that the legend has for it. Colour only repeats shape and line.

The colours are those of Okabe and Ito, which the colour-blind tell apart, on white and with dark letters: a picture
must survive a black-and-white printer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.model.terms import Reason
from orchestrator.show.drawing.picture import Look, Owner

INK = "#1a1a1a"
QUIET = "#555555"
BOX_LINE = "#9aa0a6"
BOX_FILL = "#f7f8f9"
CHOSEN = "#000000"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line: its colour, its dashes (lengths of line and gap; () is unbroken), its width."""

    colour: str
    dashes: tuple[float, ...]
    width: float
    words: str


STROKES: dict[Reason, Stroke] = {
    Reason.REQUIRES: Stroke("#333333", (), 1.1, "requires"),
    Reason.RUNS_ON: Stroke("#00734f", (), 2.2, "runs-on (thick)"),
    Reason.CONTROL_PATH: Stroke("#0065a3", (7, 3), 1.3, "control-path (long dashes)"),
    Reason.ACTUATOR: Stroke("#a63f00", (7, 2.5, 1.5, 2.5), 1.3, "actuator (dash and dot)"),
    Reason.AFTER: Stroke("#9c4a7c", (1.5, 2.5), 1.5, "after (dots)"),
    Reason.PROTOCOL: Stroke("#777777", (3, 6), 1.1, "protocol (wide gaps)"),
}

FILLS: dict[Owner, tuple[str, str]] = {
    Owner.INTERNAL: ("#dcebf7", "#0065a3"),
    Owner.CUSTOMER: ("#fdeccb", "#9a6200"),
    Owner.SEVERAL: ("#ffffff", "#444444"),
}
"""Fill and line."""


def fill_of(look: Look) -> tuple[str, str]:
    """Fill and line of a node."""
    return ("#e9ebed", "#555555") if look.is_zone else FILLS[look.owner]


@dataclass(frozen=True, slots=True)
class Sample:
    """A node of the legend, its words, and which nodes it explains."""

    look: Look
    words: str
    explains: Callable[[Look], bool]


SAMPLES = (
    Sample(Look(), "internal: blue, corners", lambda look: look.owner is Owner.INTERNAL and not look.is_zone),
    Sample(
        Look(Owner.CUSTOMER),
        "a customer's: yellow, round",
        lambda look: look.owner is Owner.CUSTOMER and not look.is_zone,
    ),
    Sample(
        Look(Owner.SEVERAL), "of several owners: white", lambda look: look.owner is Owner.SEVERAL and not look.is_zone
    ),
    Sample(Look(external=True), "not managed by orch: pointed", lambda look: look.external),
    Sample(Look(protected=True), "protected: double line", lambda look: look.protected),
    Sample(Look(chosen=True), "asked for: thick line", lambda look: look.chosen),
    Sample(Look(is_zone=True), "all systems drawn in its box, together", lambda look: look.is_zone),
)
"""What the legend explains, in this order, each where it occurs."""

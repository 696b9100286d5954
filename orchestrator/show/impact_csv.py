"""`orch impact --csv`: one line for each customer and service, for a spreadsheet (RFC 4180: CRLF, quotes doubled).

What a spreadsheet would read as a formula gets a `'` before it: a cell that begins, perhaps after spaces, with = + - @
(also in full width), and what follows a semicolon within one, at which some split lines. Tab, CR and all else that
acts on a terminal is an escape, as on every screen, and so never begins a cell.
"""

import csv
import io
import re

from orchestrator.graph.what_if import Impact
from orchestrator.model.inventory import Inventory
from orchestrator.show.neutral import neutral
from orchestrator.show.service_names import name_in

HEAD = (
    "customer",
    "customer_name",
    "language",
    "service",
    "service_name",
    "state",
    "already",
    "because",
    "their_systems_down",
)
LONGEST = 32_000
"""Characters of a cell; a spreadsheet takes no more than 32,767."""
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def cell(text: str) -> str:
    """`text` as a cell that is text and nothing else."""
    return _FORMULA.sub(r"\1\2'", neutral(text, limit=LONGEST))


def impact_csv(inventory: Inventory, impact: Impact) -> str:
    """The whole document. A customer without a service has one line, with none."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(HEAD)
    for one in impact.customers:
        customer = inventory.customers[one.customer]
        start = (customer.id, customer.name, customer.language)
        systems = " ".join(one.systems)
        for service in one.services:
            name = name_in(inventory.services[service.service].names, customer.language, service.service)
            already = "yes" if service.already else "no"
            because = " ".join(service.because)
            row = (*start, service.service, name, service.level.value, already, because, systems)
            writer.writerow(map(cell, row))
        if not one.services:
            writer.writerow(map(cell, (*start, "", "", "", "", "", systems)))
    return made.getvalue()

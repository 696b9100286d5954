"""All that `orch check` asks of a workspace, inventory by inventory: what is wrong, and what looks dangerous."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.cli.situation import folder
from orchestrator.graph.check import loop_problems
from orchestrator.model.collector import without_collector
from orchestrator.model.errors import FilesError, Problem
from orchestrator.model.workspace import Workspace
from orchestrator.plan.check import command_problems
from orchestrator.plan.lints.catalogue import lints_of, of_all
from orchestrator.plan.lints.finding import Finding
from orchestrator.workspace.key_files import key_file_faults
from orchestrator.workspace.loader import inventory_names, load


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and in how much."""

    errors: tuple[Problem, ...]
    lints: tuple[Finding, ...]
    all_looked_at: bool  # no inventory was so wrong that lints could not be looked for
    systems: int
    hosts: int
    files: int
    seconds: float


def check_workspace(root: Path, inventory: str | None) -> Checked:
    """Look at one inventory, or at each of them."""
    start = time.monotonic()
    where = folder(root)
    there: Sequence[str | None] = inventory_names(where)
    names: Sequence[str | None] = (inventory,) if inventory else there or (None,)
    errors: dict[Problem, None] = {}
    lints = []
    systems = hosts = 0
    files: set[str] = set()
    for name in names:
        try:
            ws = load(where, name)
        except FilesError as error:
            errors.update(dict.fromkeys(error.problems))
            continue
        systems += len(ws.inventory.systems)
        hosts += len(ws.inventory.hosts)
        files.update(each.path for each in ws.inputs)
        problems, findings = _look_at(ws, key_file_faults(where, ws.inventory))
        errors.update(dict.fromkeys(problems))
        lints.append(findings)
    all_looked_at = len(lints) == len(names)
    return Checked(
        errors=_in_order(errors),
        lints=of_all(lints, all_looked_at=all_looked_at and len(names) >= len(there)),
        all_looked_at=all_looked_at,
        systems=systems,
        hosts=hosts,
        files=len(files | {error.source.path for error in errors}),
        seconds=time.monotonic() - start,
    )


def check_document(found: Checked) -> dict[str, Any]:
    """The JSON document of `orch check`."""
    return {
        "format": "orch-check/1",
        "errors": [
            {"path": p.source.path, "line": p.source.line, "what": p.what, "advice": p.advice} for p in found.errors
        ],
        "lints": [
            {
                "id": one.id,
                "path": one.source.path,
                "line": one.source.line,
                "what": one.what,
                "advice": one.advice,
                "about": list(one.about),
            }
            for one in found.lints
        ],
        "systems": found.systems,
        "hosts": found.hosts,
        "seconds": round(found.seconds, 3),
    }


@without_collector()
def _look_at(ws: Workspace, key_files: Mapping[str, str]) -> tuple[tuple[Problem, ...], tuple[Finding, ...]]:
    """What is wrong between files that are right by themselves, and what looks dangerous."""
    return (*loop_problems(ws), *command_problems(ws)), lints_of(ws, key_files)


def _in_order(errors: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(errors, key=lambda one: (one.source, one.what)))

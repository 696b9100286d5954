"""What `impact` does: reads, asks the graph, shows or writes down the answer. No rule lives here."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from orchestrator.cli import options
from orchestrator.cli.question_documents import impact_document
from orchestrator.cli.situation import situation
from orchestrator.graph.modes import modes_of
from orchestrator.graph.what_if import impact_of
from orchestrator.model.collector import without_collector
from orchestrator.model.terms import Mode
from orchestrator.plan.ground import Ground
from orchestrator.show import console
from orchestrator.show.impact_csv import impact_csv
from orchestrator.show.impact_view import impact_lines


def impact_answer(
    root: Path,
    inventory: str | None,
    selection: Sequence[str],
    asked_modes: tuple[Mode, ...] | None,
    *,
    every: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """`orch impact`."""
    now_ = situation(root, inventory)
    ground = Ground(now_.workspace)
    asked = ground.selection.asked(selection)
    modes = modes_of(now_.workspace, ground.selection, now_.workspace.inventory.systems, asked_modes)
    gone = ground.gone(now_.estate) & ground.inventory.systems.keys()
    with without_collector():
        found = impact_of(
            ground.inventory, ground.needs, asked, gone=gone, isolates=lambda one: modes[one] is Mode.ISOLATE
        )
    if as_json:
        console.document(impact_document(ground.inventory, found, selection, modes))
        return
    if as_csv:
        console.text(impact_csv(ground.inventory, found))
        return
    asked_again = shlex.join(selection)
    asked_again += f" --mode {','.join(asked_modes)}" if asked_modes else ""
    named = f" -i {shlex.quote(inventory)}" if inventory else ""
    named += options.place(root)
    allowed = ground.protected.keys().isdisjoint(found.members)
    then = [f"orch shutdown {asked_again} --dry-run{named}"] if allowed else []
    then.append(f"orch impact {asked_again} --csv{named}")
    console.answer(impact_lines(ground.inventory, found, selection, console.width(), every=every, then=then))

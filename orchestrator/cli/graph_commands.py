"""The graph: `graph` (contract section 9). Nothing here touches a host or a run."""

from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli import options
from orchestrator.model.errors import UsageError


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    app.command()(graph)


def graph(
    selection: options.Selection = None,
    depth: Annotated[int | None, typer.Option("--depth", min=0, metavar="N", help="So many needs deep.")] = None,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_json: options.Json = False,
    svg: options.Svg = None,
    dot: options.Dot = None,
) -> None:
    """Shows who needs whom, and why, as a tree.

    Without a selection the whole estate. Every system stands once, under the first that needs it.

    \b
    Examples:
      orch graph core-db
      orch graph owner=customer --depth 1
      orch graph --json
    """
    from orchestrator.cli.situation import folder
    from orchestrator.graph.digraph import digraph_of
    from orchestrator.graph.selection import select
    from orchestrator.show import console
    from orchestrator.show.graph_view import arrows_of, graph_lines, tops
    from orchestrator.workspace.loader import load

    options.not_built(svg=svg, dot=dot)
    ws = load(folder(root), inventory)
    if not ws.inventory.systems:
        raise UsageError("The inventory has no systems, so there is nothing to draw.")
    chosen = select(ws, selection or ())
    needs = [edge for _, _, edges in digraph_of(ws).edges(data="edges") for edge in edges]
    if as_json:
        document: dict[str, Any] = {
            "format": "orch-graph/1",
            "nodes": [{"id": id, "kind": ws.inventory.systems[id].kind} for id in chosen],
            "edges": [
                {"from": e.system, "to": e.other, "reason": e.reason, "source": str(e.source), "choice": e.choice}
                for e in needs
                if not selection or e.system in chosen
            ],
        }
        console.document(document)
        return
    own_way = {(ref.id, ref.source) for ref in ws.inventory.operator_control_path}
    arrows = arrows_of((e.system, e.other, e.reason, e.choice) for e in needs if (e.other, e.source) not in own_way)
    roots = chosen if selection else tops(chosen, arrows)
    console.answer(graph_lines(arrows, roots, console.width(), depth=depth, own_way=sorted(id for id, _ in own_way)))

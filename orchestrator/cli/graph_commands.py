"""The graph: `graph` (contract section 9). Nothing here touches a host or a run."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.model.errors import UsageError


class Layout(Enum):
    """Who places a picture."""

    AUTO = "auto"
    GRAPHVIZ = "graphviz"
    OWN = "own"


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    app.command()(graph)


def graph(
    selection: options.Selection = None,
    depth: Annotated[
        int | None,
        typer.Option("--depth", min=0, metavar="N", help="So many needs far, both ways (default: all it needs)."),
    ] = None,
    svg: Annotated[str | None, typer.Option("--svg", metavar="FILE", help="Draw it, for browser and paper.")] = None,
    dot: Annotated[str | None, typer.Option("--dot", metavar="FILE", help="The same in DOT, for graphviz.")] = None,
    group: Annotated[bool, typer.Option("--group", help="In a picture: together by zone and kind.")] = False,
    every: Annotated[bool, typer.Option("--every", help="In a picture: every system, however many.")] = False,
    layout: Annotated[Layout, typer.Option("--layout", help="Who places the picture.")] = Layout.AUTO,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_json: options.Json = False,
) -> None:
    """Shows who needs whom, and why: as a tree, or as a picture.

    Without a selection the whole estate; with one what it needs, and who needs it. Every system stands once.
    A picture of more than 150 systems shows them together by zone and kind, or by zone; FILE - is stdout.

    \b
    Examples:
      orch graph core-db
      orch graph owner=customer --depth 1
      orch graph --svg estate.svg
      orch graph core-db --depth 2 --svg core-db.svg
      orch graph --json
    """
    from orchestrator.cli.graph_answer import Question, answer_json, answer_tree
    from orchestrator.cli.graph_pictures import Wanted, draw
    from orchestrator.cli.situation import folder
    from orchestrator.graph.selection import select
    from orchestrator.workspace.loader import load

    if group and every:
        raise UsageError("--group and --every are opposites.", "Name one of them.")
    wanted = Wanted(svg, dot, group=group, every=every, layout=layout.value)
    if as_json and wanted.is_picture:
        raise UsageError("--json is no picture: it goes without --svg and --dot.", "Run orch graph twice.")
    ws = load(folder(root), inventory)
    if not ws.inventory.systems:
        raise UsageError("The inventory has no systems, so there is nothing to draw.")
    question = Question(ws, select(ws, selection or ()), tuple(selection or ()), depth)
    if as_json:
        answer_json(question)
    elif wanted.is_picture:
        draw(root, question, wanted)
    else:
        answer_tree(question)

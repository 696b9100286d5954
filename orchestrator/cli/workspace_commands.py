"""The files: `init`, `check` (contract section 9). Nothing here touches a host or a run."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.exit_codes import Code
from orchestrator.model.errors import FilesError, Problem


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    app.command()(init)
    app.command()(check)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; it must be new or empty.")],
) -> None:
    """Makes a new workspace with commented examples.

    \b
    Example:
      orch init night && cd night && orch check
    """
    from orchestrator.show import console
    from orchestrator.show.layout import line, para
    from orchestrator.workspace.init import write_example

    written = write_example(folder)
    lines = [line(f"A workspace in {folder}:"), *(line(f"  {path}") for path in written)]
    lines += para("Next: ", f"orch check -C {folder}", console.width())
    console.answer(lines)


def check(
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_json: options.Json = False,
    explain: options.Explain = None,
) -> None:
    """Says everything that is wrong with the files, at once.

    With several inventories each is looked at by itself. Exit code 2 where something is wrong.

    \b
    Examples:
      orch check
      orch check -C night --json
    """
    import time

    from orchestrator.cli.situation import folder
    from orchestrator.graph.check import loop_problems
    from orchestrator.plan.check import command_problems
    from orchestrator.show import console
    from orchestrator.show.check_view import problem_lines, verdict_lines
    from orchestrator.workspace.loader import inventory_names, load

    options.not_built(explain=explain)
    start = time.monotonic()
    where = folder(root)
    names: tuple[str | None, ...] = (inventory,) if inventory else inventory_names(where) or (None,)
    problems: dict[Problem, None] = {}
    systems = hosts = 0
    files: set[str] = set()
    for name in names:
        try:
            ws = load(where, name)
        except FilesError as error:
            problems.update(dict.fromkeys(error.problems))
            continue
        systems += len(ws.inventory.systems)
        hosts += len(ws.inventory.hosts)
        files.update(each.path for each in ws.inputs)
        problems.update(dict.fromkeys((*loop_problems(ws), *command_problems(ws))))
    found = sorted(problems, key=lambda problem: (problem.source, problem.what))
    seconds = time.monotonic() - start
    if as_json:
        console.document(
            {
                "format": "orch-check/1",
                "errors": [
                    {"path": p.source.path, "line": p.source.line, "what": p.what, "advice": p.advice} for p in found
                ],
                "systems": systems,
                "hosts": hosts,
                "seconds": round(seconds, 3),
            }
        )
    else:
        width = console.width()
        files |= {problem.source.path for problem in found}
        verdict = verdict_lines(
            width, errors=len(found), systems=systems, hosts=hosts, files=len(files), seconds=seconds
        )
        console.answer([*problem_lines(found, width), *verdict])
    raise typer.Exit(Code.USAGE if found else Code.DONE)

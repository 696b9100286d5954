"""The files: `init`, `check` (contract section 9). Nothing here touches a host or a run."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.exit_codes import Code


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
    from orchestrator.show.layout import line
    from orchestrator.show.next_steps import next_lines
    from orchestrator.workspace.init import write_example

    written = write_example(folder)
    lines = [line(f"A workspace in {folder}:"), *(line(f"  {path}") for path in written)]
    lines += next_lines([f"orch check -C {shlex.quote(str(folder))}"], console.width())
    console.answer(lines)


def check(
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_json: options.Json = False,
    explain: options.Explain = None,
) -> None:
    """Says everything that is wrong with the files, at once, and what looks dangerous.

    With several inventories each is looked at by itself. Exit code 2 where something is wrong; what only looks
    dangerous (a lint, each with an id) is told and leaves 0.

    \b
    Examples:
      orch check
      orch check --explain L12       what a lint means, and what to do
      orch check -C night --json
    """
    if explain is not None:
        _explain(explain, as_json=as_json)
        return
    from orchestrator.cli.checking import check_document, check_workspace
    from orchestrator.show import console
    from orchestrator.show.check_view import lint_lines, problem_lines, verdict_lines
    from orchestrator.show.layout import para

    found = check_workspace(root, inventory)
    if as_json:
        console.document(check_document(found))
    else:
        width = console.width()
        lines = [*problem_lines(found.errors, width), *lint_lines(found.lints, width)]
        lines += verdict_lines(
            width,
            errors=len(found.errors),
            lints=len(found.lints),
            all_looked_at=found.all_looked_at,
            systems=found.systems,
            hosts=found.hosts,
            files=found.files,
            seconds=found.seconds,
        )
        if found.lints:
            lines += para("Next: ", f"orch check --explain {found.lints[0].id}", width)
        console.answer(lines)
    raise typer.Exit(Code.USAGE if found.errors else Code.DONE)


def _explain(asked: str, *, as_json: bool) -> None:
    """Says what a lint means, or which there are. Looks at no file."""
    from dataclasses import asdict

    from orchestrator.plan.lints.catalogue import CATALOGUE, lint_named
    from orchestrator.show import console
    from orchestrator.show.check_view import catalogue_lines, explain_lines

    every = asked.strip().lower() == "all"
    lints = list(CATALOGUE.values()) if every else [lint_named(asked)]
    if as_json:
        texts = [{**asdict(lint), "danger": lint.danger.name.lower().replace("_", "-")} for lint in lints]
        console.document({"format": "orch-lints/1", "lints": texts})
    elif every:
        console.answer(catalogue_lines(CATALOGUE, console.width()))
    else:
        console.answer(explain_lines(lints[0], console.width()))

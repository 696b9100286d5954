"""The twin to practise on: `twin up`, `twin down`, `twin fault` (contract section 8)."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.model.errors import UsageError

twin_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Simulated hosts behind real SSH, to practise on."
)


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    twin_app.command()(up)
    twin_app.command()(down)
    twin_app.command()(fault)
    app.add_typer(twin_app, name="twin")


def up(
    write: Annotated[Path, typer.Option("--write", metavar="DIR", help="Where its workspace, pid and log go.")],
    speed: Annotated[float, typer.Option("--speed", metavar="N", help="So many times faster than life.")] = 1.0,
    faults: Annotated[
        list[str] | None, typer.Option("--fault", metavar="HOST=FAULT", help="A fault from the start on.")
    ] = None,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
) -> None:
    """Starts a simulated SSH host for every host.

    Returns when all of them answer. DIR is a workspace that points at them, for -C.

    \b
    Examples:
      orch twin up --write /tmp/twin --speed 20
      orch twin up --write /tmp/twin --fault muc-db-01=fail
      orch shutdown --dry-run -C /tmp/twin
    """
    from orchestrator.cli.situation import folder
    from orchestrator.show import console
    from orchestrator.show.layout import count, line, para
    from orchestrator.show.next_steps import next_lines
    from orchestrator.twin.control import up as start
    from orchestrator.workspace.loader import load

    where = folder(root)
    twin = start(load(where, inventory), where, write, speed, dict(_fault(text) for text in faults or ()))
    width = console.width()
    lines = para(
        "", f"{count(len(twin.state.hosts), 'simulated host')} answer, {speed:g} times faster than life", width
    )
    lines += [line(f"  {host}: {word}") for host, word in sorted(twin.faults.items())]
    for problem in twin.state.problems:
        lines += para("! ", problem, width)
    console.answer([*lines, *next_lines([f"orch shutdown --dry-run -C {shlex.quote(str(write))}"], width)])


def down(root: options.Root = Path()) -> None:
    """Ends the twin whose folder is named with -C.

    \b
    Example:
      orch twin down -C /tmp/twin
    """
    from orchestrator.cli.situation import folder
    from orchestrator.show import console
    from orchestrator.show.layout import line
    from orchestrator.twin.control import down as end

    where = folder(root)
    end(where)
    console.answer([line(f"The twin in {where} has ended. Its folder stays.")])


def fault(
    host: Annotated[str, typer.Argument(metavar="HOST", help="A host of the twin.")],
    word: Annotated[
        str, typer.Argument(metavar="FAULT", help="none, hang, slow, fail, drop, refuse, wrong-key, flood or lie.")
    ],
    root: options.Root = Path(),
) -> None:
    """Gives a host a fault; none lifts it.

    \b
    Examples:
      orch twin fault muc-db-01 hang -C /tmp/twin
      orch twin fault muc-db-01 none -C /tmp/twin
    """
    from orchestrator.cli.situation import folder
    from orchestrator.show import console
    from orchestrator.show.layout import line
    from orchestrator.twin.control import fault as give

    twin = give(folder(root), host, word)
    said = ", ".join(f"{each} {what}" for each, what in sorted(twin.faults.items())) or "none"
    console.answer([line(f"Faults now: {said}")])


def _fault(text: str) -> tuple[str, str]:
    host, sep, word = text.partition("=")
    if not sep or not host or not word:
        raise UsageError(f'--fault {text}: "{text}" is not HOST=FAULT.', "Such as: --fault muc-db-01=fail")
    return host, word

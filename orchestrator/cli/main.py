"""The command `orch`: hands over to the families of commands, and turns every ending into words and an exit code.

Nothing heavy is imported here or at the head of a family: `orch --help` must be there at once. No traceback ever
reaches a screen; a mistake of orch's own leaves one in a file.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from orchestrator import __version__
from orchestrator.cli import (
    graph_commands,
    not_built,
    options,
    plan_commands,
    plan_file_commands,
    probe_commands,
    question_commands,
    review_commands,
    run_commands,
    twin_commands,
    workspace_commands,
)
from orchestrator.cli.exit_codes import Code, of_error
from orchestrator.model.errors import OrchError
from orchestrator.show import streams

app = typer.Typer(
    name="orch",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"orch {__version__}")
        raise typer.Exit(Code.DONE)


@app.callback()
def orch(
    workspace: Annotated[
        Path | None,
        typer.Option("-C", parser=options.folder_named, metavar="DIR", help="The workspace (default: this folder)."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Takes systems off the network in a controlled way, and brings them back.

    \b
    First steps, in a folder with inventories/ and playbooks/:
      orch check                        is everything right with the files?
      orch probe                        can we get in everywhere, and is all as believed?
      orch shutdown --dry-run           what would go down, in which order, who is hit
      orch shutdown --as YOU            the same, then asks, then does it
      orch status                       what is known of every system
      orch restore --dry-run            the way back

    \b
    Exit codes: 0 done or nothing to do, 1 something failed or is unknown, 2 wrong usage or files,
    3 refused, 4 paused or waiting for people, 5 integrity broken, 130 interrupted.
    """
    if workspace is not None:
        os.environ["ORCH_WORKSPACE"] = str(workspace)


workspace_commands.add_to(app)
graph_commands.add_to(app)
probe_commands.add_to(app)
question_commands.add_to(app)
plan_commands.add_to(app)
plan_file_commands.add_to(app)
run_commands.add_to(app)
review_commands.add_to(app)
twin_commands.add_to(app)
not_built.add_to(app)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs a command line and leaves with its exit code."""
    streams.all_there()
    leave(run(sys.argv[1:] if arguments is None else arguments))


def leave(code: int) -> NoReturn:
    """Ends the process once all that was said has been written.

    At once: otherwise the interpreter first takes apart, value by value, a plan that nobody needs any more (a second
    for 100,000 systems). What must be durable was made so when it was written; nothing waits for the end of a process.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OrchError as error:
            _tell(error)
            code = code or of_error(error)
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs a command line; the exit code."""
    try:
        typer.main.get_command(app).main(list(arguments), prog_name="orch")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else Code.DONE if left.code is None else Code.FAILED
    except OrchError as error:
        _tell(error)
        return of_error(error)
    except KeyboardInterrupt:
        return Code.INTERRUPTED
    except Exception as error:
        return _mistake(error)
    return Code.DONE


def _tell(error: OrchError) -> None:
    from orchestrator.show import console
    from orchestrator.show.errors import error_lines

    console.message(error_lines(error, console.err_width(), place=options.place_now()))


def _mistake(error: Exception) -> int:
    """Says that orch itself is wrong, and leaves the traceback in a file. What the error says may hold a secret."""
    from orchestrator.cli.details import leave_details, place_of
    from orchestrator.show import console
    from orchestrator.show.errors import mistake_lines

    where = leave_details(error)
    console.message(mistake_lines(type(error).__name__, place_of(error), where, console.err_width()))
    return Code.FAILED


if __name__ == "__main__":
    main()

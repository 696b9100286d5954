"""The options that many commands share, each declared once (contract section 9).

They stand on every command, so that they may be typed after it. What a later version brings is accepted by name and
refused in plain words, rather than called unknown.
"""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.model.errors import UsageError

Root = Annotated[
    Path,
    typer.Option(
        "-C",
        envvar="ORCH_WORKSPACE",
        metavar="DIR",
        show_default=False,
        help="The workspace (default: this folder).",
    ),
]
Inventory = Annotated[
    str | None, typer.Option("-i", metavar="NAME", help="The inventory, where inventories/ holds several.")
]
As = Annotated[
    str | None,
    typer.Option("--as", envvar="ORCH_AS", metavar="PERSON", help="Who you are: needed by what changes something."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, messages on stderr.")]
Yes = Annotated[bool, typer.Option("--yes", help="Answers the typed confirmation (for scripts); never an approval.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Also leave the plan in this file.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan, touch nothing, open no connection.")]
EverySystem = Annotated[bool, typer.Option("--all", help="Show every system.")]
Commands = Annotated[bool, typer.Option("--commands", help="Show every command, exactly, with probes.")]
Selection = Annotated[
    list[str] | None,
    typer.Argument(metavar="SEL", help="Which systems: an id, a glob, or key=glob,..."),
]
Except = Annotated[list[str] | None, typer.Option("--except", metavar="SEL", help="But not these.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; it goes into the log.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run: its id, a unique beginning of it, or last.")]

# accepted by name, refused in words
DespiteErrors = Annotated[bool, typer.Option("--despite-errors", hidden=True)]
Revoked = Annotated[bool, typer.Option("--revoked", hidden=True)]
TakeOver = Annotated[str | None, typer.Option("--take-over", hidden=True)]
Probe = Annotated[bool, typer.Option("--probe", hidden=True)]
To = Annotated[str | None, typer.Option("--to", hidden=True)]
Next = Annotated[bool, typer.Option("--next", hidden=True)]
BreakGlass = Annotated[bool, typer.Option("--break-glass", hidden=True)]
PastLimit = Annotated[bool, typer.Option("--past-limit", hidden=True)]
Svg = Annotated[str | None, typer.Option("--svg", hidden=True)]
Dot = Annotated[str | None, typer.Option("--dot", hidden=True)]
Explain = Annotated[str | None, typer.Option("--explain", hidden=True)]


def not_built(**options: object) -> None:
    """Refuses options that this version does not have, whichever was given. `take_over` is `--take-over`."""
    for name, value in options.items():
        if value not in (None, False):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"{option} is not built yet.", "Nothing was done. The same without it works as its --help says."
            )


_AT_START = os.environ.get("ORCH_WORKSPACE")


def place(root: Path) -> str:
    """The ` -C DIR` that a command needs to mean the same workspace in the same shell."""
    if root == Path() or str(root) == _AT_START:
        return ""
    return f" -C {shlex.quote(str(root))}"


def person(name: str | None, what: str) -> str:
    """Who acts. Raises UsageError where nobody is named."""
    if name is None or not name.strip():
        raise UsageError(f"{what} changes something, so it must say who does it.", "Add: --as YOU   (or set ORCH_AS)")
    return name.strip()


def reason(text: str | None, what: str) -> str:
    """Why somebody acts. Raises UsageError where nothing is said."""
    if text is None or not text.strip():
        raise UsageError(f"{what} goes into the log with a reason, and none was given.", 'Add: --reason "..."')
    return text.strip()

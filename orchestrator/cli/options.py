"""The options that many commands share, each declared once (contract section 9).

They stand on every command, so that they may be typed after it. What a later version brings is accepted by name and
refused in plain words, rather than called unknown.
"""

import os
import shlex
import unicodedata
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.model.errors import UsageError
from orchestrator.model.terms import Mode

LONGEST_NAME = 64
LONGEST_REASON = 2_000


def folder_named(text: str | Path) -> Path:
    """What `-C` names. An empty name is a variable that was not set, and never means this folder."""
    if not str(text):
        raise UsageError("-C names no folder: nothing stands there.", "Name the workspace: -C DIR   (this one: -C .)")
    _named.set(Path(text))
    return Path(text)


_named: ContextVar[Path] = ContextVar("workspace", default=Path())
"""The workspace of the command line that is being carried out."""


def place_now() -> str:
    """`place` of the workspace that was named last, for advice that knows nothing of it."""
    return place(_named.get())


def name_given(text: str) -> str:
    """What `--as` says. It goes into the log, and beside other names: one short line that shows all it holds."""
    name = text.strip()
    if len(name) > LONGEST_NAME or _hidden(name):
        raise UsageError(
            f'--as "{name[:LONGEST_NAME]}" is no name: one line of at most {LONGEST_NAME} characters that can be seen.',
            "Such as: --as o.lang   (or ORCH_AS)",
        )
    return name


def _hidden(text: str) -> bool:
    """Whether a character of it can't be seen, acts on a terminal, or is half of one (Cc, Cf, Cs, Co, Cn, Zl, Zp)."""
    return any(unicodedata.category(char)[0] == "C" or unicodedata.category(char) in {"Zl", "Zp"} for char in text)


Root = Annotated[
    Path,
    typer.Option(
        "-C",
        parser=folder_named,
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
    typer.Option(
        "--as",
        parser=name_given,
        envvar="ORCH_AS",
        metavar="PERSON",
        help="Who you are: needed by what changes something.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, messages on stderr.")]
Yes = Annotated[bool, typer.Option("--yes", help="Answers the typed confirmation (for scripts); never an approval.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Also leave the plan in this file.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan, touch nothing, open no connection.")]
Explain = Annotated[
    str | None, typer.Option("--explain", metavar="LINT", help="What a lint means and what to do; all: every one.")
]
DespiteErrors = Annotated[
    bool, typer.Option("--despite-errors", help="Go on with the rest; what has wrong files is done by a person.")
]
Probe = Annotated[bool, typer.Option("--probe", help="With --dry-run: log in, reading only, and compare.")]
EverySystem = Annotated[bool, typer.Option("--all", help="Show every system.")]
Commands = Annotated[bool, typer.Option("--commands", help="Show every command, exactly, with probes.")]
Selection = Annotated[
    list[str] | None,
    typer.Argument(metavar="SEL", help="Which systems: an id, a glob, or key=glob,..."),
]
Except = Annotated[list[str] | None, typer.Option("--except", metavar="SEL", help="But not these.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; it goes into the log.")]
PlanFile = Annotated[Path, typer.Argument(metavar="FILE", help="A plan file.")]
PastLimit = Annotated[bool, typer.Option("--past-limit", help="Count spent budgets anew, with a --reason, and go on.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run: its id, a unique beginning of it, or last.")]

# accepted by name, refused in words
Revoked = Annotated[bool, typer.Option("--revoked", hidden=True)]
TakeOver = Annotated[str | None, typer.Option("--take-over", hidden=True)]
To = Annotated[str | None, typer.Option("--to", hidden=True)]
Next = Annotated[bool, typer.Option("--next", hidden=True)]
BreakGlass = Annotated[bool, typer.Option("--break-glass", hidden=True)]


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
    why = text.strip()
    if len(why) > LONGEST_REASON or _hidden(why):
        raise UsageError(
            f'--reason "{why[:80]}" can\'t be kept: one line of visible characters, at most {LONGEST_REASON:,}.',
            'Such as: --reason "service restarted by hand, ticket 4711"',
        )
    return why


def modes(text: str | None) -> tuple[Mode, ...] | None:
    """What `--mode` lists; None where it is not given."""
    if text is None:
        return None
    try:
        return tuple(Mode(word.strip()) for word in text.split(","))
    except ValueError:
        raise UsageError(
            f'--mode {text}: "{text}" is no list of modes.', f"Modes: {', '.join(Mode)}; several with a comma."
        ) from None

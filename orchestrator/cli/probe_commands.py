"""Looking before the night: `probe` (contract section 9). It logs in everywhere, and changes nothing anywhere."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.model.errors import UsageError

SHORTEST_S = 5


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    app.command()(probe)


def probe(
    selection: options.Selection = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on asking what must be down (and SEL); tell each change.")
    ] = False,
    every: Annotated[
        str | None, typer.Option("--every", metavar="T", help="With --watch: how often (default: 30s).")
    ] = None,
    every_one: Annotated[bool, typer.Option("--all", help="Show every host and every system.")] = False,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_json: options.Json = False,
) -> None:
    """Logs in everywhere, reading only, and says what would fail.

    Every host of the selection (without SEL: all of them), the gateways to it and whatever acts for it: host key,
    login, sudo, the tools that its playbooks call, clock, receipts. Then every system's state, against what is
    believed of it. Nothing is changed anywhere.

    Takes at most two minutes for as many hosts as may be asked at once (limits.parallel of the protocol, else 50);
    Ctrl-C ends it and shows what is known by then (130).

    Exit code 1: a host could not be asked, or lacks sudo or a tool; or a system is not as the estate believes (up
    though it must be down, down though no run took it down, known again though the estate does not know), or nobody
    can say how it is. A wrong clock, an odd login shell or missing receipts are told and fail nothing; so is what is
    out of reach because a run left it so. With --watch: 1 if something that must be down came up, else 0.

    \b
    Examples:
      orch probe
      orch probe zone=muc-data --all
      orch probe --watch --every 1m
    """
    from orchestrator.cli.probing import look_at, watch_over
    from orchestrator.model.duration import parse_duration

    if every is not None and not watch:
        raise UsageError("--every goes with --watch.", "Such as: orch probe --watch --every 30s")
    if watch and (as_json or every_one):
        raise UsageError(
            "--watch tells changes as they come; it has no --json and no --all.", "Once: orch probe --json"
        )
    if not watch:
        raise typer.Exit(look_at(root, inventory, tuple(selection or ()), every=every_one, as_json=as_json))
    try:
        seconds = parse_duration(every or "30s")
    except ValueError:
        raise UsageError(f'--every {every}: "{every}" is no duration.', "Such as 30s, 5m, 1h.") from None
    if seconds < SHORTEST_S:
        raise UsageError(f"--every {every} is too often: hosts would do little else.", f"At least {SHORTEST_S}s.")
    raise typer.Exit(watch_over(root, inventory, tuple(selection or ()), every_s=seconds))

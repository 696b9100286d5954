"""Plans: `shutdown`, `restore`, `apply` (contract sections 4, 9): plan, show, confirm, run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import options
from orchestrator.model.terms import Action

if TYPE_CHECKING:
    from orchestrator.model.plan import Request


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    app.command()(shutdown)
    app.command()(restore)
    app.command()(apply)


def shutdown(
    selection: options.Selection = None,
    but: options.Except = None,
    only: Annotated[bool, typer.Option("--only", help="Leave what depends on them online.")] = False,
    mode: Annotated[
        str | None, typer.Option("--mode", metavar="M,..", help="isolate, stop, poweroff; the first a playbook has.")
    ] = None,
    despite_errors: options.DespiteErrors = False,
    dry_run: options.DryRun = False,
    out: options.Out = None,
    every_system: options.EverySystem = False,
    commands: options.Commands = False,
    yes: options.Yes = False,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_person: options.As = None,
    as_json: options.Json = False,
    revoked: options.Revoked = False,
    take_over: options.TakeOver = None,
    probe: options.Probe = False,
) -> None:
    """Takes systems off the network.

    Plans, shows the plan, asks, runs it. Without SEL it means everything that is not protected. What would
    break or become unreachable comes along, and the plan says why.

    \b
    Examples:
      orch shutdown --dry-run
      orch shutdown zone=muc-dmz kind=uplink --mode isolate --as o.lang
      orch shutdown --except core-db --only --dry-run --commands
      orch shutdown customer=bkk-nord --as o.lang --out night.json
      orch shutdown --despite-errors --dry-run
    """
    from orchestrator.cli.planning import Wish, go
    from orchestrator.model.plan import Request

    options.not_built(revoked=revoked, take_over=take_over)
    asked = {"select": tuple(selection or ()), "exclude": tuple(but or ()), "mode": options.modes(mode), "only": only}
    request = Request.model_validate({**asked, "inventory": inventory, "despite_errors": despite_errors})
    wish = Wish(
        action=Action.SHUTDOWN,
        request=request,
        again=_again(Action.SHUTDOWN, request, root),
        place=options.place(root),
        dry_run=dry_run,
        out=out,
        every_system=every_system,
        commands=commands,
        yes=yes,
        as_person=as_person,
        as_json=as_json,
        probe=probe,
        past_errors=_again(Action.SHUTDOWN, request.model_copy(update={"despite_errors": True}), root),
    )
    raise typer.Exit(go(root, wish))


def restore(
    selection: options.Selection = None,
    from_run: Annotated[str | None, typer.Option("--from", metavar="RUN", help="What this run took offline.")] = None,
    but: options.Except = None,
    dry_run: options.DryRun = False,
    out: options.Out = None,
    every_system: options.EverySystem = False,
    commands: options.Commands = False,
    yes: options.Yes = False,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_person: options.As = None,
    as_json: options.Json = False,
    to: options.To = None,
    take_over: options.TakeOver = None,
    probe: options.Probe = False,
) -> None:
    """Brings back what orch took offline.

    Plans, shows the plan, asks, runs it. Every system comes back as it was found. What the selection needs and
    is offline comes along; what was found offline stays so.

    \b
    Examples:
      orch restore --dry-run
      orch restore core-db --as o.lang
      orch restore --from 20260301-0214-shutdown-7f3a --as o.lang
    """
    from orchestrator.cli.planning import Wish, go
    from orchestrator.cli.situation import run_named
    from orchestrator.model.plan import Request

    options.not_built(to=to, take_over=take_over)
    run = run_named(root, from_run).run_id if from_run else None
    asked = {"select": tuple(selection or ()), "exclude": tuple(but or ()), "from_run": run}
    request = Request.model_validate({**asked, "inventory": inventory})
    wish = Wish(
        action=Action.RESTORE,
        request=request,
        again=_again(Action.RESTORE, request, root),
        place=options.place(root),
        dry_run=dry_run,
        out=out,
        every_system=every_system,
        commands=commands,
        yes=yes,
        as_person=as_person,
        as_json=as_json,
        probe=probe,
    )
    raise typer.Exit(go(root, wish))


def apply(
    file: options.PlanFile,
    yes: options.Yes = False,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_person: options.As = None,
    every_system: options.EverySystem = False,
    commands: options.Commands = False,
    break_glass: options.BreakGlass = False,
    reason: Annotated[str | None, typer.Option("--reason", hidden=True)] = None,
) -> None:
    """Executes a plan file.

    Only if planning it again still gives the same, and if it has never run.

    \b
    Example:
      orch apply night.json --as o.lang
    """
    from orchestrator.cli.planning import apply_file

    options.not_built(break_glass=break_glass, reason=reason)
    by = options.person(as_person, "orch apply")
    raise typer.Exit(apply_file(root, file, inventory, by=by, yes=yes, every_system=every_system, commands=commands))


def _again(action: Action, request: "Request", root: Path) -> str:
    """The same wish as a line to type, without `--dry-run`."""
    from orchestrator.cli.asked_line import asked_line

    return asked_line(action, request) + options.place(root)

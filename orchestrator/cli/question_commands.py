"""Questions: `explain`, `impact` (contract section 9). They read; nothing here touches a host or a run."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.model.errors import UsageError

EveryOne = Annotated[bool, typer.Option("--all", help="Shorten nothing.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    app.command()(explain)
    app.command()(impact)


def explain(
    system: Annotated[str, typer.Argument(metavar="A", help="A system.")],
    other: Annotated[str | None, typer.Argument(metavar="B", help="Another: what lies between them.")] = None,
    plan_file: Annotated[Path | None, typer.Option("--plan", metavar="FILE", help="In this plan file.")] = None,
    within: Annotated[
        list[str] | None, typer.Option("--in", metavar="SEL", help="In a plan of this selection (default: everything).")
    ] = None,
    restore: Annotated[bool, typer.Option("--restore", help="In the plan of the way back, as it is now.")] = False,
    everyone: EveryOne = False,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_json: options.Json = False,
) -> None:
    """Says why a system goes down when it does.

    Its stage, what goes before and after it and why, what it waits for longest, and why it is in the plan that orch
    shutdown would make now. With B: the path between the two, or that there is none.

    \b
    Examples:
      orch explain core-db
      orch explain core-db portal-nord
      orch explain core-db --in zone=muc-data
      orch explain core-db --plan night.json
    """
    from orchestrator.cli.explain_answer import Question, explain_one, explain_two

    if plan_file is not None and (within or restore):
        raise UsageError("--plan names a plan, and --in and --restore ask for another.", "Leave one of them out.")
    question = Question(root, inventory, plan_file, tuple(within or ()), restore, everyone, as_json)
    if other is None:
        explain_one(question, system)
    elif other == system:
        raise UsageError(f"{system} twice: between a system and itself there is nothing.", question.again(system))
    else:
        explain_two(question, system, other)


def impact(
    selection: Annotated[list[str], typer.Argument(metavar="SEL", help="Which systems: an id, a glob, key=glob,...")],
    mode: Annotated[
        str | None, typer.Option("--mode", metavar="M,..", help="isolate, stop, poweroff; the first a playbook has.")
    ] = None,
    everyone: EveryOne = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A line for each customer and service, on stdout.")] = False,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_json: options.Json = False,
) -> None:
    """Says who is hit if systems go down, and how.

    Counted is what a shutdown of them would take along, and what is offline already. A service is down when
    something that it needs can't be had any more, degraded when it has only lost its reserve.

    \b
    Examples:
      orch impact core-db
      orch impact zone=muc-data --mode isolate
      orch impact kind=hypervisor --csv > impact.csv
    """
    from orchestrator.cli.impact_answer import impact_answer

    if as_csv and as_json:
        raise UsageError("--csv and --json are two answers on one stdout.", "Ask twice.")
    impact_answer(root, inventory, selection, options.modes(mode), every=everyone, as_csv=as_csv, as_json=as_json)

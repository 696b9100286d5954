"""Looking back: `status`, `runs`, `show`, `log`, `verify` (contract section 9). They read, and never touch a host."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.exit_codes import Code
from orchestrator.model.errors import Broken, UsageError

MaybeRun = Annotated[
    str | None, typer.Argument(metavar="RUN", help="A run: its id, a unique beginning of it, or last.")
]


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    for command in (status, runs, show, log, verify):
        app.command()(command)


def status(
    selection: options.Selection = None,
    every_system: Annotated[bool, typer.Option("--all", help="Also list what is simply online.")] = False,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_json: options.Json = False,
    following: options.Next = False,
) -> None:
    """Says what is known of every system.

    Across all runs: its state, since when, by which run, what was done to it; and whom it hits.

    \b
    Examples:
      orch status
      orch status zone=muc-data
      orch status --json
    """
    from orchestrator.cli.estate_now import hits_now, status_document
    from orchestrator.cli.situation import situation
    from orchestrator.graph.selection import select
    from orchestrator.show import console
    from orchestrator.show.status_view import status_lines

    options.not_built(next=following)
    now = situation(root, inventory)
    systems = select(now.workspace, selection or ())
    hits = hits_now(now.workspace.inventory, now.estate)
    if as_json:
        console.document(status_document(now.workspace.inventory, now.estate, systems, hits))
        return
    every = every_system or bool(selection)
    console.answer(
        status_lines(
            now.workspace.inventory, now.estate, systems, hits, console.width(), every=every, place=options.place(root)
        )
    )


def runs(root: options.Root = Path(), as_json: options.Json = False) -> None:
    """Lists all runs, and how each stands.

    One that does not verify is named, and the exit code is 5.

    \b
    Example:
      orch runs
    """
    from orchestrator.cli.pages import page_of, summary_document
    from orchestrator.cli.situation import folder
    from orchestrator.run.folder import RunFolder
    from orchestrator.show import console
    from orchestrator.show.errors import error_lines
    from orchestrator.show.run_view import RunPage, runs_lines

    pages: list[RunPage] = []
    broken: dict[str, Broken] = {}
    for each in RunFolder.list_runs(folder(root)):
        try:
            pages.append(page_of(each))
        except Broken as error:
            broken[each.run_id] = error
    if as_json:
        wrong = [{"run": run, "what": error.what} for run, error in broken.items()]
        console.document({"format": "orch-runs/1", "runs": [summary_document(page) for page in pages], "broken": wrong})
    else:
        if pages or not broken:
            console.answer(runs_lines(pages, console.width(), place=options.place(root)))
        for wrong_one in broken.values():
            console.message(error_lines(wrong_one, console.err_width()))
    raise typer.Exit(Code.BROKEN if broken else Code.DONE)


def show(run: options.RunName, root: options.Root = Path(), as_json: options.Json = False) -> None:
    """Says how a run stands, and what now.

    \b
    Examples:
      orch show last
      orch show 20260301-0214 --json
    """
    from orchestrator.cli.pages import page_of, run_document
    from orchestrator.cli.situation import run_named, short_name
    from orchestrator.run.inbox import refusals
    from orchestrator.show import console
    from orchestrator.show.layout import para
    from orchestrator.show.run_view import run_lines

    where = run_named(root, run)
    page = page_of(where)
    if as_json:
        console.document(run_document(page))
        return
    for refusal in refusals(where):
        text = f"in the run's inbox, not believed: {refusal.name} ({refusal.why})"
        console.message(para("! ", text, console.err_width()))
    console.answer(run_lines(page, console.width(), name=short_name(root, page.summary.run), place=options.place(root)))


def log(
    run: options.RunName,
    task: Annotated[list[str] | None, typer.Option("--task", metavar="T", help="Only this task.")] = None,
    system: Annotated[list[str] | None, typer.Option("--system", metavar="S", help="Only this system.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="T", help="From then on: 02:31, 2026-03-01T02:31 (UTC), or 10m (ago)."),
    ] = None,
    output: Annotated[bool, typer.Option("--output", help="Also what the hosts said, made harmless.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on while a process executes the run.")] = False,
    root: options.Root = Path(),
    as_json: options.Json = False,
) -> None:
    """Says what happened in a run, in order.

    Who, what, where, how it ended. --json gives the journal's own entries.

    \b
    Examples:
      orch log last --task core-db
      orch log last --since 10m --output
      orch log last --follow
    """
    from orchestrator.cli.log_of import LogWish, say_log
    from orchestrator.cli.situation import run_named

    wish = LogWish(tasks=(*(task or ()), *(system or ())), since=since, output=output, follow=follow, as_json=as_json)
    say_log(run_named(root, run), wish)


def verify(
    run: MaybeRun = None,
    every_run: Annotated[bool, typer.Option("--all", help="Every run, and what they say of each other.")] = False,
    root: options.Root = Path(),
    as_json: options.Json = False,
) -> None:
    """Verifies that a run's log is whole.

    And that its plan and outputs are those that the log names; exit code 5 where they are not. Says anchored,
    internal-only or broken: a log that fits together could still have been cut or written anew by whoever can
    write the folder, until something outside it names its head.

    \b
    Examples:
      orch verify last
      orch verify --all
    """
    from orchestrator.cli.situation import folder, run_named
    from orchestrator.cli.verifying import verify_document
    from orchestrator.run.integrity import Verdict, VerifyAll, verify_all
    from orchestrator.show import console
    from orchestrator.show.verify_view import verify_lines

    if (run is None) != every_run:
        raise UsageError("Name a run, or say --all.", "Such as: orch verify last")
    found = verify_all(folder(root)) if run is None else VerifyAll((run_named(root, run).verify(),))
    if as_json:
        console.document(verify_document(found))
    else:
        console.answer(verify_lines(found, console.width()))
    raise typer.Exit(Code.BROKEN if found.verdict is Verdict.BROKEN else Code.DONE)

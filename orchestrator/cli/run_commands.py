"""Runs that go on, and people who decide: `resume`, `resolve` (contract sections 6, 9)."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.exit_codes import Code
from orchestrator.model.errors import UsageError


class Word(StrEnum):
    """What a person may say about a task."""

    DONE = "done"
    RETRY = "retry"
    SKIP = "skip"
    HOLD = "hold"
    WAIVE_EVIDENCE = "waive-evidence"


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    app.command()(resume)
    app.command()(resolve)


def resume(
    run: options.RunName,
    root: options.Root = Path(),
    as_person: options.As = None,
    past_limit: options.PastLimit = False,
) -> None:
    """Goes on with a run, where its log ends.

    After a crash, a pause, or a decision. Nothing is done twice.

    \b
    Examples:
      orch resume last --as o.lang
      orch resume 20260301-0214 --as o.lang
    """
    from orchestrator.cli.executing import carry_out
    from orchestrator.cli.situation import run_named
    from orchestrator.model.events import Sealed
    from orchestrator.show import console
    from orchestrator.show.layout import line

    options.not_built(past_limit=past_limit)
    by = options.person(as_person, "orch resume")
    folder = run_named(root, run, to_change=True)
    events = folder.read().events
    if events and isinstance(events[-1], Sealed):
        console.answer([line(f"{folder.run_id} is over ({events[-1].result}): nothing is left to do.")])
        raise typer.Exit(Code.DONE)
    raise typer.Exit(carry_out(root, folder, by))


def resolve(
    run: options.RunName,
    word: Annotated[Word, typer.Argument(metavar="done|retry|skip|hold|waive-evidence", help="What you decide.")],
    tasks: Annotated[
        list[str] | None, typer.Argument(metavar="TASK-OR-SEL...", help="Tasks: ids, globs, or state=unknown and such.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is not over; wants their number typed.")] = False,
    why: options.Reason = None,
    yes: options.Yes = False,
    root: options.Root = Path(),
    as_person: options.As = None,
) -> None:
    """Decides about tasks that need a person.

    With your name and a reason, which go into the log. Where a process executes the run the decision is handed
    to it, otherwise it is written, and `orch resume` goes on.

    \b
    Examples:
      orch resolve last retry app-sued --reason "service restarted by hand" --as o.lang
      orch resolve last done epa-store --reason "called them, it is off" --as o.lang
      orch resolve last skip state=unknown --reason "hosts are gone" --as o.lang
    """
    from orchestrator.cli.deciding import decide_about
    from orchestrator.cli.situation import run_named

    by = options.person(as_person, "orch resolve")
    reason = options.reason(why, "orch resolve")
    if bool(tasks) == everything:
        raise UsageError(
            "Say which tasks, or --all." if not tasks else "Name tasks or say --all, not both.",
            f"See: orch show {run}",
        )
    folder = run_named(root, run, to_change=True)
    decide_about(folder, word.value, tuple(tasks or ()), by=by, reason=reason, yes=yes, place=options.place(root))

"""Runs that go on, and people who decide about them from any terminal: `resume`, `resolve`, `escalate`, `pause`,
`abort` (contract sections 6, 9)."""

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


Tasks = Annotated[
    list[str] | None, typer.Argument(metavar="TASK-OR-SEL...", help="Tasks: ids, globs, or state=unknown and such.")
]
Everything = Annotated[bool, typer.Option("--all", help="All that is not over; wants their number typed.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    for command in (resume, pause, abort, resolve, escalate):
        app.command()(command)


def resume(
    run: options.RunName,
    past_limit: options.PastLimit = False,
    why: options.Reason = None,
    root: options.Root = Path(),
    as_person: options.As = None,
) -> None:
    """Goes on with a run, where its log ends.

    After a crash, a pause, or a decision. Nothing is done twice. Where a budget of a restore is spent it stays
    paused, until somebody says with a reason that it counts anew: --past-limit.

    \b
    Examples:
      orch resume last --as o.lang
      orch resume 20260301-0214 --as o.lang
      orch resume last --past-limit --reason "the rack is being mended" --as o.lang
    """
    from orchestrator.cli.executing import carry_out
    from orchestrator.cli.situation import run_named
    from orchestrator.model.events import OperatorDid, Sealed
    from orchestrator.show import console
    from orchestrator.show.layout import line

    by = options.person(as_person, "orch resume")
    if why is not None and not past_limit:
        raise UsageError("--reason goes with --past-limit here; a plain resume needs none.", "Leave it out.")
    reason = options.reason(why, "orch resume --past-limit") if past_limit else ""
    folder = run_named(root, run, to_change=True)
    if folder.looks_over():  # verified only then: otherwise whoever takes the run up verifies it
        last = folder.read().events[-1]
        if isinstance(last, Sealed):
            console.answer([line(f"{folder.run_id} is over ({last.result}): nothing is left to do.")])
            raise typer.Exit(Code.DONE)
    anew = OperatorDid(did="past-limit", by=by, reason=reason) if past_limit else None
    raise typer.Exit(carry_out(root, folder, by, resumes=True, past_limit=anew))


def pause(
    run: options.RunName,
    why: options.Reason = None,
    root: options.Root = Path(),
    as_person: options.As = None,
) -> None:
    """Pauses a run, from any terminal.

    The process that executes it starts nothing new, finishes what runs, and leaves with exit code 4. orch resume
    goes on. Where no process executes the run there is nothing to pause, and that is said.

    \b
    Examples:
      orch pause last --as o.lang
      orch pause last --reason "the authority wants to see the firewall first" --as o.lang
    """
    from orchestrator.cli.deciding import Voice, pause_run
    from orchestrator.cli.situation import run_named

    by = options.person(as_person, "orch pause")
    reason = options.reason(why, "orch pause") if why is not None else ""
    pause_run(run_named(root, run, to_change=True), Voice(by, reason, place=options.place(root)))


def abort(
    run: options.RunName,
    why: options.Reason = None,
    yes: options.Yes = False,
    root: options.Root = Path(),
    as_person: options.As = None,
) -> None:
    """Ends a run for good, from any terminal.

    What runs is finished, nothing new starts, and what was not done stays as it is. The run can't be taken up
    again; its systems are free for another plan. Wants the number of systems typed that are given up.

    \b
    Example:
      orch abort last --reason "false alarm, ticket 4711" --as o.lang
    """
    from orchestrator.cli.deciding import Voice, abort_run
    from orchestrator.cli.situation import run_named

    by = options.person(as_person, "orch abort")
    reason = options.reason(why, "orch abort")
    abort_run(run_named(root, run, to_change=True), Voice(by, reason, yes, options.place(root)))


def resolve(
    run: options.RunName,
    word: Annotated[Word, typer.Argument(metavar="done|retry|skip|hold|waive-evidence", help="What you decide.")],
    tasks: Tasks = None,
    everything: Everything = False,
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
    from orchestrator.cli.deciding import Voice, resolve_tasks
    from orchestrator.cli.situation import run_named

    by = options.person(as_person, "orch resolve")
    reason = options.reason(why, "orch resolve")
    _which(run, tasks, everything)
    folder = run_named(root, run, to_change=True)
    resolve_tasks(folder, word.value, tuple(tasks or ()), Voice(by, reason, yes, options.place(root)))


def escalate(
    run: options.RunName,
    tasks: Tasks = None,
    everything: Everything = False,
    why: options.Reason = None,
    yes: options.Yes = False,
    root: options.Root = Path(),
    as_person: options.As = None,
) -> None:
    """Goes from graceful to force.

    In the middle of a run: what still runs of a task is stopped, and the force steps of its playbook follow, with
    needs and gates as they stand. Where a playbook has no force steps, that is said.

    \b
    Examples:
      orch escalate last app-sued --reason "drains for ever" --as o.lang
      orch escalate last state=unknown zone=muc-dmz --reason "attacker is in there" --as o.lang
      orch escalate last --all --reason "no more time" --as o.lang
    """
    from orchestrator.cli.deciding import Voice, escalate_tasks
    from orchestrator.cli.situation import run_named

    by = options.person(as_person, "orch escalate")
    reason = options.reason(why, "orch escalate")
    _which(run, tasks, everything)
    folder = run_named(root, run, to_change=True)
    escalate_tasks(folder, tuple(tasks or ()), Voice(by, reason, yes, options.place(root)))


def _which(run: str, tasks: list[str] | None, everything: bool) -> None:
    """Raises UsageError unless either tasks are named or all are meant."""
    if bool(tasks) == everything:
        raise UsageError(
            "Say which tasks, or --all." if not tasks else "Name tasks or say --all, not both.",
            f"See: orch show {run}",
        )

"""Plan files: `plan show`, `plan diff` (contract section 9). They read; nothing here touches a host or a run."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import options
from orchestrator.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.model.plan import Plan, PlanTask

plan_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Reads a plan file, or compares two.")

Tasks = Annotated[
    list[str] | None,
    typer.Option("--task", metavar="ID", help="One task whole (an id or a glob; may be given several times)."),
]
Other = Annotated[Path | None, typer.Argument(metavar="OTHER", help="The plan to compare with.")]
Now = Annotated[bool, typer.Option("--now", help="Compare with what planning the same again gives now.")]
EveryLine = Annotated[bool, typer.Option("--all", help="Show every difference, however many.")]
EveryNeed = Annotated[bool, typer.Option("--all", help="Show every system; with --task, every need.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    plan_app.command("show")(show_plan)
    plan_app.command("diff")(diff_plans)
    app.add_typer(plan_app, name="plan")


def show_plan(
    file: options.PlanFile,
    task: Tasks = None,
    every_system: EveryNeed = False,
    commands: options.Commands = False,
    root: options.Root = Path(),
    as_json: options.Json = False,
) -> None:
    """Reads a plan: what it does, to whom, in which order; or one task of it, whole.

    \b
    Examples:
      orch plan show night.json
      orch plan show night.json --commands
      orch plan show night.json --task core-db
    """
    import json

    from orchestrator.graph.plan_waits import PlanWaits
    from orchestrator.plan.file import digest, read_plan
    from orchestrator.show import console
    from orchestrator.show.layout import BLANK, para
    from orchestrator.show.next_steps import next_lines
    from orchestrator.show.plan_documents import task_document
    from orchestrator.show.plan_task_view import task_lines
    from orchestrator.show.plan_view import LABEL, plan_lines
    from orchestrator.show.theme import STRONG

    plan, data = read_plan(file)
    tasks = _tasks(plan, file, task or ())
    if as_json:
        console.document(task_document(plan, digest(data), tasks) if task else json.loads(data))
        return
    width = console.width()
    if task:
        waits = PlanWaits(plan)
        for at, one in enumerate(tasks):
            console.answer([*([BLANK] if at else []), *task_lines(waits, one, width, every=every_system)])
        return
    lines = plan_lines(plan, width, untouched=False, every_system=every_system, commands=commands)
    lines += para("Digest", f"sha256 {digest(data)}", width, indent=LABEL, label_style=STRONG)
    lines += next_lines([f"orch apply {shlex.quote(str(file))}{options.place(root)} --as YOU"], width)
    console.answer(lines)


def diff_plans(
    file: options.PlanFile,
    other: Other = None,
    now: Now = False,
    every: EveryLine = False,
    root: options.Root = Path(),
    inventory: options.Inventory = None,
    as_json: options.Json = False,
) -> None:
    """Compares a plan with another, or with what planning it again gives now.

    What decides whether a plan is fresh comes first: tasks, needs, commands, gates, hosts, host keys, protocol.
    The exit code is 0 whether there is a difference or not ("fresh" in --json says it), and 3 where the same can
    no longer be planned at all.

    \b
    Examples:
      orch plan diff night.json --now
      orch plan diff night.json morning.json
      orch plan diff night.json --now --all
    """
    from orchestrator.cli import plan_difference

    if now == (other is not None):
        raise UsageError(
            "orch plan diff compares a plan with one thing: another plan, or now.",
            "Such as: orch plan diff night.json --now   or: orch plan diff night.json morning.json",
        )
    if other is not None:
        plan_difference.show_two(file, other, every=every, as_json=as_json)
    else:
        plan_difference.show_now(root, file, inventory, every=every, as_json=as_json)


def _tasks(plan: "Plan", file: Path, names: "Sequence[str]") -> "list[PlanTask]":
    """The tasks that were named, in the plan's order. Raises UsageError for a name that no task has."""
    import difflib
    from fnmatch import fnmatchcase

    found: set[str] = set()
    for name in names:
        meant = {task.id for task in plan.tasks if task.id == name or fnmatchcase(task.id, name)}
        if not meant:
            near = difflib.get_close_matches(name, [task.id for task in plan.tasks], n=2)
            raise UsageError(
                f'--task {name}: "{name}" is no task of {plan.id}.',
                f"Did you mean {' or '.join(near)}?"
                if near
                else f"All of them:\norch plan show {shlex.quote(str(file))} --all",
            )
        found |= meant
    return [task for task in plan.tasks if task.id in found]

"""Plan files: `plan show`, `plan diff` (contract section 9). They read; nothing here touches a host or a run."""

import shlex

import typer

from orchestrator.cli import not_built, options

plan_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Reads a plan file.")


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this family."""
    plan_app.command("show")(show_plan)
    not_built.add_refusal(plan_app, "diff", "orch plan diff", "orch plan show reads one; --json gives all of it.")
    app.add_typer(plan_app, name="plan")


def show_plan(
    file: options.PlanFile,
    every_system: options.EverySystem = False,
    commands: options.Commands = False,
    as_json: options.Json = False,
) -> None:
    """Reads a plan: what it does, to whom, in which order.

    \b
    Examples:
      orch plan show night.json
      orch plan show night.json --commands
    """
    import json

    from orchestrator.plan.file import digest, read_plan
    from orchestrator.show import console
    from orchestrator.show.layout import para
    from orchestrator.show.plan_view import LABEL, plan_lines
    from orchestrator.show.theme import STRONG

    plan, data = read_plan(file)
    if as_json:
        console.document(json.loads(data))
        return
    width = console.width()
    lines = plan_lines(plan, width, untouched=False, every_system=every_system, commands=commands)
    lines += para("Digest", f"sha256 {digest(data)}", width, indent=LABEL, label_style=STRONG)
    lines += [*para("Next: ", f"orch apply {shlex.quote(str(file))} --as YOU", width, label_style=STRONG)]
    console.answer(lines)

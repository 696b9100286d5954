"""Every command of a plan, exactly as the host's shell shall run it, with its probes: nothing is cut, only folded.

The line comes from the same function that the carrier uses (`hosts/command_line`), so what is read here is what is
sent; only the wrapping that makes it survive a lost connection is left away. A secret shows as its reference.
"""

from collections.abc import Iterable, Sequence

from orchestrator.hosts.command_line import inner_line
from orchestrator.model.duration import format_duration
from orchestrator.model.plan import (
    NO_HOST,
    Plan,
    PlanCommand,
    PlanEvidence,
    PlanHealth,
    PlanMatch,
    PlanProbe,
    PlanStep,
    PlanTask,
)
from orchestrator.model.terms import Platform
from orchestrator.show import words
from orchestrator.show.layout import BLANK, Line, count, fold, line, para
from orchestrator.show.theme import QUIET, STRONG

INDENT = 4


def command_lines(plan: Plan, width: int) -> list[Line]:
    """All tasks in the plan's order, each with all it would do."""
    lines: list[Line] = []
    for task in plan.tasks:
        lines += [*_task(plan, task, width), BLANK]
    return lines[:-1]


def _task(plan: Plan, task: PlanTask, width: int) -> list[Line]:
    head = f"   {words.how(task)}, stage {task.stage}, {task.kind}, about {words.about(task.estimate_s)}"
    lines = [line((task.id, STRONG), head)]
    if task.came_along:
        lines += para("", f"comes along: {task.came_along.reason} {task.came_along.of}", width, indent=INDENT)
    for reason, needs in _needs(task).items():
        lines += para("", f"after ({reason})  {', '.join(needs)}", width, indent=INDENT, style=QUIET)
    probes = (("state", task.probe.state), ("isolation", task.probe.isolation), ("poweroff", task.probe.poweroff))
    for kind, asked in probes:
        lines += [each for probe in asked for each in _probe(plan, kind, probe, width)]
    lines += [each for item in task.evidence for each in _evidence(plan, item, width)]
    lines += [each for step in task.steps for each in _step(plan, step, width)]
    lines += [each for step in task.force for each in _step(plan, step, width)]
    return lines + [each for item in task.health for each in _health(plan, item, width)]


def _needs(task: PlanTask) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for need in task.needs:
        reasons.setdefault(need.reason.value, []).append(f"{need.task or need.barrier} [{need.source}]")
    return reasons


def _probe(plan: Plan, kind: str, probe: PlanProbe, width: int) -> list[Line]:
    yes, no = ("isolated", "open") if kind == "isolation" else ("online", "offline")
    answers = f"{yes}: {_match(probe.yes)}; {no}: {_match(probe.no)}"
    return _command(plan, f"probe {kind}", probe, [answers], width)


def _evidence(plan: Plan, item: PlanEvidence, width: int) -> list[Line]:
    return _command(plan, f"evidence {item.name}", item, [], width)


def _health(plan: Plan, item: PlanHealth, width: int) -> list[Line]:
    notes = [f"within {format_duration(item.within_s)}", f"every {item.every_s} s", *_exits(item.exits)]
    if item.settle_s:
        notes.append(f"first after {item.settle_s} s")
    return _command(plan, f"health {item.name}", item, notes, width)


def _step(plan: Plan, step: PlanStep, width: int) -> list[Line]:
    label = f"{step.id} {step.name}"
    if step.manual is not None:
        where = "" if step.host == NO_HOST else f" for {step.host}"
        return _block(f"{label}, by a person{where}", [step.manual], "", width)
    notes = [f"at most {format_duration(step.timeout_s)}", *_exits(step.exits)]
    notes += ["may be repeated"] if step.idempotent else []
    notes += ["the connection will be lost"] if step.disconnects else []
    notes += ["goes on if it fails"] if step.continue_on_failure else []
    notes += [f"leaves {step.leaves}"] if step.leaves else []
    stdin = step.stdin_secret or step.stdin
    notes += [f"on its input: {'the secret ' if step.stdin_secret else ''}{stdin}"] if stdin else []
    return _block(_at(label, step), _shown(plan, step), ", ".join(notes), width)


def _command(plan: Plan, label: str, command: PlanCommand, notes: Sequence[str], width: int) -> list[Line]:
    limits = [f"at most {format_duration(command.timeout_s)}", *notes]
    return _block(_at(label, command), _shown(plan, command), ", ".join(limits), width)


def _at(label: str, command: PlanCommand | PlanStep) -> str:
    where = command.acting if command.on_host is None else f"{command.acting} for {command.host}"
    return f"{label} on {where}"


def _shown(plan: Plan, command: PlanCommand | PlanStep) -> list[str]:
    host = plan.hosts.get(command.acting)
    platform = host.platform if host else Platform.LINUX
    try:
        return inner_line(platform, command.argv, command.shell, command.sudo).split("\n")
    except ValueError as error:  # of a plan file that no planner wrote
        return [f"{' '.join(command.argv or ()) or command.shell or ''}   (would not be sent: {error})"]


def _block(head: str, commands: Iterable[str], notes: str, width: int) -> list[Line]:
    lines = [
        line(
            " " * INDENT,
            head,
            (f"   [{notes}]" if notes and len(head) + len(notes) + 9 + INDENT <= width else "", QUIET),
        )
    ]
    if notes and len(head) + len(notes) + 9 + INDENT > width:
        lines += para("", f"[{notes}]", width, indent=2 * INDENT, style=QUIET)
    for command in commands:
        for at, piece in enumerate(fold(command, width - 2 * INDENT - 2)):
            lines.append(line(" " * (2 * INDENT), "$ " if at == 0 else "  ", (piece, STRONG)))
    return lines


def _match(match: PlanMatch) -> str:
    if match.output is not None:
        return f"exit 0 and output /{match.output}/"
    return f"exit {' or '.join(str(code) for code in match.exits)}" if match.exits else "never"


def _exits(exits: tuple[int, ...]) -> list[str]:
    return [] if exits == (0,) else [f"{count(len(exits), 'good exit code')}: {', '.join(map(str, exits))}"]

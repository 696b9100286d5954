"""Every command of a plan, exactly as the host's shell shall run it, with its probes: nothing is cut, only folded.

The line comes from the same function that the carrier uses (`hosts/command_line`), so what is read here is what is
sent; only the wrapping that makes it survive a lost connection is left away. A secret shows as its reference. What is
sent to several hosts in the same words stands once, with all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rich.cells import cell_len

from orchestrator.hosts.command_line import inner_line
from orchestrator.model.duration import format_duration
from orchestrator.model.plan import (
    NO_HOST,
    Plan,
    PlanEvidence,
    PlanHealth,
    PlanMatch,
    PlanProbe,
    PlanStep,
    PlanTask,
)
from orchestrator.model.terms import Platform
from orchestrator.plan.diff_commands import Item, parts_of
from orchestrator.show import words
from orchestrator.show.layout import BLANK, Line, count, fold, line, para
from orchestrator.show.neutral import neutral
from orchestrator.show.theme import QUIET, STRONG

INDENT = 4
PATIENCE_S = 30
"""How long a probe is asked again where its playbook says nothing."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as it is read: what it is (`stop.1 stop`), where it is sent, its lines, and what binds it. What a
    person does has `by_hand` and stands in words."""

    label: str
    where: tuple[str, ...]
    commands: tuple[str, ...]
    notes: str
    by_hand: bool = False

    @property
    def head(self) -> str:
        """`stop.1 stop on muc-db-01, muc-db-02`."""
        names = ", ".join(self.where)
        if self.by_hand:
            return f"{self.label}, by a person{f' for {names}' if names else ''}"
        return f"{self.label} on {names}"


def command_lines(plan: Plan, width: int) -> list[Line]:
    """All tasks in the plan's order, each with all it would do."""
    lines: list[Line] = []
    for task in plan.tasks:
        lines += [*_task(plan, task, width), BLANK]
    return lines[:-1]


def task_commands(plan: Plan, task: PlanTask, width: int, *, indent: int = INDENT) -> list[Line]:
    """All that one task would send, in the order in which it would."""
    return [each for one in shown_of(plan, task) for each in block(one, width, indent=indent)]


def shown_of(plan: Plan, task: PlanTask) -> list[Shown]:
    """The commands of a task, those that are the same on several hosts together."""
    found: dict[tuple[str, str, Shown], tuple[str, ...]] = {}
    for part, items in parts_of(task):
        for item in items:
            one = shown(plan, part, item)
            key = (part, one.label, replace(one, where=()))
            found[key] = (*found.get(key, ()), *one.where)
    return [replace(one, where=where) for (_, _, one), where in found.items()]


def shown(plan: Plan, part: str, item: Item) -> Shown:
    """One command. `part`: where it stands in the plan file, such as `steps` or `probe.state`."""
    if isinstance(item, PlanStep) and item.manual is not None:
        where = () if item.host == NO_HOST else (item.host,)
        return Shown(f"{item.id} {item.name}", where, (item.manual,), "", by_hand=True)
    acting = item.acting if item.on_host is None else f"{item.acting} for {item.host}"
    limits = [f"at most {format_duration(item.timeout_s)}", *_notes(part, item)]
    return Shown(_label(part, item), (acting,), tuple(_lines(plan, item)), ", ".join(limits))


def block(one: Shown, width: int, *, indent: int = INDENT) -> list[Line]:
    """A command with its head; its notes beside it where there is room."""
    lines = para("", one.head, width - indent)
    beside = len(lines) == 1 and indent + cell_len(lines[0].plain) + cell_len(neutral(one.notes)) + 5 <= width
    lines = [line(" " * indent, each.plain) for each in lines]
    if one.notes and beside:
        lines[0].append_text(line((f"   [{one.notes}]", QUIET)))
    elif one.notes:
        lines += para(" " * (indent + 4), f"[{one.notes}]", width, style=QUIET)
    for command in one.commands:
        lines += command_line("" if one.by_hand else "$ ", command, width, indent=indent + 4, style=STRONG)
    return lines


def command_line(mark: str, command: str, width: int, *, indent: int, style: str) -> list[Line]:
    """One line of a command, folded, with a mark before it."""
    pieces = fold(command, width - indent - len(mark))
    return [
        line(" " * indent, (mark if at == 0 else " " * len(mark), style), (piece, style))
        for at, piece in enumerate(pieces)
    ]


def _task(plan: Plan, task: PlanTask, width: int) -> list[Line]:
    head = f"   {words.how(task)}, stage {task.stage}, {task.kind}, about {words.about(task.estimate_s)}"
    lines = [line((task.id, STRONG), head)]
    if task.came_along:
        lines += para("", f"comes along: {task.came_along.reason} {task.came_along.of}", width, indent=INDENT)
    for reason, needs in _needs(task).items():
        lines += para("", f"after ({reason})  {', '.join(needs)}", width, indent=INDENT, style=QUIET)
    return lines + task_commands(plan, task, width)


def _needs(task: PlanTask) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for need in task.needs:
        reasons.setdefault(need.reason.value, []).append(f"{need.task or need.barrier} [{need.source}]")
    return reasons


def _label(part: str, item: Item) -> str:
    match item:
        case PlanStep():
            return f"{item.id} {item.name}"
        case PlanEvidence() | PlanHealth():
            return f"{part} {item.name}"
        case _:
            return part.replace(".", " ")


def _notes(part: str, item: Item) -> Iterable[str]:
    match item:
        case PlanProbe():
            yes, no = ("isolated", "open") if part == "probe.isolation" else ("online", "offline")
            yield f"{yes}: {_match(item.yes)}; {no}: {_match(item.no)}"
            if item.within_s != PATIENCE_S:
                yield f"asked again for {format_duration(item.within_s)}"
        case PlanHealth():
            yield from (f"within {format_duration(item.within_s)}", f"every {item.every_s} s", *_exits(item.exits))
            if item.settle_s:
                yield f"first after {item.settle_s} s"
        case PlanStep():
            yield from _step_notes(item)


def _step_notes(step: PlanStep) -> Iterable[str]:
    yield from _exits(step.exits)
    if step.idempotent:
        yield "may be repeated"
    if step.disconnects:
        yield "the connection will be lost"
    if step.continue_on_failure:
        yield "goes on if it fails"
    if step.changes_state:
        yield "changes the state"
    if step.leaves:
        yield f"leaves {step.leaves}"
    if step.stdin_secret or step.stdin:
        yield f"on its input: {f'the secret {step.stdin_secret}' if step.stdin_secret else step.stdin}"


def _lines(plan: Plan, item: Item) -> list[str]:
    host = plan.hosts.get(item.acting)
    platform = host.platform if host else Platform.LINUX
    try:
        return inner_line(platform, item.argv, item.shell, item.sudo).split("\n")
    except ValueError as error:  # of a plan file that no planner wrote
        return [f"{' '.join(item.argv or ()) or item.shell or ''}   (would not be sent: {error})"]


def _match(match: PlanMatch) -> str:
    if match.output is not None:
        return f"exit 0 and output /{match.output}/"
    return f"exit {' or '.join(str(code) for code in match.exits)}" if match.exits else "never"


def _exits(exits: tuple[int, ...]) -> list[str]:
    return [] if exits == (0,) else [f"{count(len(exits), 'good exit code')}: {', '.join(map(str, exits))}"]

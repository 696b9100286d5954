"""A run while it goes: is it going, what is stuck, what does it want from me. One `RunView` in, one screen out.

The screen always fits the terminal's height. Room is given in this order: the headline, what needs a decision (with the
line to type), what runs, what waits; whatever is not shown is counted. So nothing that needs a decision scrolls away.
"""

from orchestrator.model.duration import format_duration
from orchestrator.model.terms import TaskState
from orchestrator.run.view import NeedsYou, Running, RunView
from orchestrator.show import words
from orchestrator.show.layout import BLANK, Cell, Column, Line, Part, count, cut, line, pad, para, some, table
from orchestrator.show.theme import BAD, BUSY, DOUBT, GOOD, QUIET, STRONG, TASK_STYLE

LEAST_RUNNING = 3
LEAST_NEEDS = 5
"""The title, one need with its line to type, and how many more there are."""
WIDE = 120


def live_lines(view: RunView, width: int, height: int) -> list[Line]:
    """The screen for a terminal of `width` by `height`."""
    room = max(height - 1, 6)
    lines = _headline(view, width)
    waiting = _waiting(view, width, max(1, height // 8))
    if view.needs_you:
        spare = room - len(lines) - len(waiting) - min(len(view.running), LEAST_RUNNING) - 2
        lines += _needs_you(view, width, max(spare, LEAST_NEEDS))
    spare = room - len(lines) - len(waiting)
    airy = len(lines) + len(view.running) + len(waiting) + 4 <= room
    if spare > 1 and any(number for state, number in view.counts.items() if state.is_busy):
        lines += [*([BLANK] if airy else []), *_running(view, width, spare)]
    return [*lines, *([BLANK] if airy and waiting else []), *waiting][:room]


def _headline(view: RunView, width: int) -> list[Line]:
    done = view.counts.get(TaskState.DONE, 0) + view.counts.get(TaskState.ALREADY, 0)
    time = format_duration(view.now - view.started)
    if view.left_s is not None:
        time += f", {words.about(view.left_s)} left"
    going = f"{done} of {view.total} {words.DOWN_OR_UP[view.action]}"
    name = f"{words.VERB[view.action]} {view.run}"
    first = line((name, STRONG), "   ", (going, STRONG), f"   {time}   {view.by}")
    if first.cell_len > width:
        first = line(
            (words.VERB[view.action], STRONG), f" {cut(view.run, max(width - 60, 12))}  ", (going, STRONG), f"  {time}"
        )
    lines = [first, _bar(view, done, width), *_budgets(view, width)]
    if view.pausing:
        lines += _stopping(view, width)
    return lines


def _stopping(view: RunView, width: int) -> list[Line]:
    """Why nothing new starts, who said so, and how to leave without waiting."""
    word = "ABORTING" if view.stopped.abort else "PAUSING"
    leave = "Ctrl-C again: gives up on it" if view.stop_asked else "Ctrl-C twice: gives up on it"
    first = line((cut(f"{word}: starts nothing new, finishes what runs. {leave}", width), DOUBT))
    said = words.standstill(view.stopped)
    return [first, *([line((cut(f"  {said}", width), DOUBT))] if said else [])]


def _bar(view: RunView, done: int, width: int) -> Line:
    size = min(40, max(10, width // 2 - 4))
    filled = size * done // max(view.total, 1)
    parts: list[Part] = ["[", ("#" * filled, GOOD), ("-" * (size - filled), QUIET), "]"]
    tell = (
        (TaskState.FAILED, "failed"),
        (TaskState.UNKNOWN, "unknown"),
        (TaskState.HELD, "held for you"),
        (TaskState.SKIPPED, "skipped"),
    )
    for state, word in tell:
        if number := view.counts.get(state, 0):
            parts += ["  ", (f"{number} {word}", TASK_STYLE[state])]
    if view.forced:
        parts += ["  ", (f"{view.forced} forced", DOUBT)]
    return line(*parts)


def _budgets(view: RunView, width: int) -> list[Line]:
    """How much of a restore's budgets is spent."""
    if not view.budgets:
        return []
    near = any(2 * budget.count >= budget.limit for budget in view.budgets)
    return [line((cut(f"budget: {words.budgets(view.budgets)}", width), DOUBT if near else QUIET))]


def _needs_you(view: RunView, width: int, room: int) -> list[Line]:
    """What only a person can move; each with why, what it holds up and the line to type.

    In full where there is room, in two lines each where there is little; what does not fit is counted.
    """
    head = [BLANK, line((" NEEDS YOU", BAD))]
    full = [_in_full(view, need, width) for need in view.needs_you]
    if sum(map(len, full)) <= room - len(head):
        return [*head, *(each for block in full for each in block)]
    lines = head
    left = room - len(head)
    for at, need in enumerate(view.needs_you):
        rest = len(view.needs_you) - at
        if left < 2 + (rest > 1):
            return [*lines, line((f"  and {rest} more: orch show {view.run}", STRONG))]
        lines += [_in_short(view, need, width), *_to_type(view, need, width, short=True)]
        left -= 2
    return lines


def _in_full(view: RunView, need: NeedsYou, width: int) -> list[Line]:
    label = f"  {need.state.value:<9}"
    holds = ""
    if need.holds:
        start = f", holds {len(need.holds)}: "
        holds = start + some(need.holds, max(width - len(label) - len(need.task) - len(start) - 14, 14))
    first = line(
        (label, TASK_STYLE[need.state]), (need.task, STRONG), f"   {format_duration(view.now - need.since)} ago", holds
    )
    why = para("", need.why, width, indent=len(label)) if need.why else []
    return [first, *(line(" " * len(label), each.plain.strip()) for each in why), *_to_type(view, need, width)]


def _in_short(view: RunView, need: NeedsYou, width: int) -> Line:
    name = 16 if width < WIDE else 28
    holds = f"   holds {len(need.holds)}" if need.holds else ""
    why = cut(need.why, max(width - 11 - name - 2 - len(holds), 12))
    return line("  ", (f"{need.state.value:<9}", TASK_STYLE[need.state]), f"{pad(need.task, name)}  {why}", holds)


def _to_type(view: RunView, need: NeedsYou, width: int, *, short: bool = False) -> list[Line]:
    """The lines to type; in one line where it is `short`, with the word `escalate` where that could be said too."""
    room = width - 11
    if view.stopped.abort is not None or not need.words:
        return []  # nothing that is said of it now would start anything, or it has been said
    for run in (view.run, "last"):
        commands = _commands(run, need)
        if len("   or   ".join(commands)) <= room:
            return [line(" " * 11, "   or   ".join(commands))]
    resolve, *escalate = _commands("last", need)
    if short:
        return [line(" " * 11, cut(f"{resolve}   or: escalate" if escalate else resolve, room))]
    return [line(" " * 11, cut(command, room)) for command in (resolve, *escalate)]


def _commands(run: str, need: NeedsYou) -> list[str]:
    resolve = f"orch resolve {run} {'|'.join(need.words)} {need.task} --reason ..."
    return [resolve, f"orch escalate {run} {need.task} --reason ..."] if need.may_force else [resolve]


def _running(view: RunView, width: int, room: int) -> list[Line]:
    """What is asked or done now, the longest first; and what is between two checks."""
    busy = sum(number for state, number in view.counts.items() if state.is_busy)
    between = busy - len({one.task for one in view.running})
    lines = [line((f" RUNNING ({busy} of {view.slots} slots)", STRONG))]
    room -= 1 + (between > 0)
    oldest = sorted(view.running, key=lambda one: (one.since, one.task))
    shown = oldest if len(oldest) <= room else oldest[: max(room - 1, 0)]
    columns = [
        Column("task", least=12, greed=2),
        Column("what", least=8, greed=2),
        Column("host", least=10, greed=1),
        Column("time", most=28),
    ]
    cells: list[list[Cell]] = [[one.task, one.what, one.host, _time(view, one)] for one in shown]
    lines += table(columns, cells, width, indent=2, head=False)
    if len(shown) < len(oldest):
        lines.append(line((f"  and {len(oldest) - len(shown)} more", QUIET)))
    if between > 0:
        lines.append(line((f"  {count(between, 'task')} between two checks of whether it is as wanted", QUIET)))
    return lines


def _time(view: RunView, one: Running) -> tuple[str, str]:
    """`0:12 of about 0:20`; past the usual time `1:48 of at most 10:00`."""
    gone = view.now - one.since
    if gone <= one.expect_s:
        return f"{format_duration(gone)} of about {format_duration(one.expect_s)}", ""
    return (
        f"{format_duration(gone)} of at most {format_duration(one.timeout_s)}",
        DOUBT if gone > one.timeout_s / 2 else BUSY,
    )


def _waiting(view: RunView, width: int, rows: int) -> list[Line]:
    """The first of what waits, and for what, in at most `rows` lines; the rest is counted."""
    if not view.waiting:
        return []
    label = " WAITING  "
    room = (width - len(label) - 12) * rows
    total = view.counts.get(TaskState.WAITING, len(view.waiting))
    reasons: dict[str, list[str]] = {}
    for one in view.waiting:
        reasons.setdefault(one.waits_for[0] if one.waits_for else "the others", []).append(one.task)
    said: list[str] = []
    shown = 0
    for need, tasks in reasons.items():
        entry = f"{some(tasks, 34)} for {need}"
        if said and len(" · ".join([*said, entry])) > room:
            break
        said.append(entry)
        shown += len(tasks)
    if total > shown:
        said.append(f"{total - shown} more")
    lines = para(label, " · ".join(said), width, label_style=STRONG)
    return lines[:rows]

"""A run after it, or looked at from outside: what is down, what is not, what now.

The first line is the answer; then whatever a person has to look at, by name, the worst first; every system that was
found offline is listed, because coming back will leave it so; last the next command.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.model.duration import format_duration
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Action, TaskState
from orchestrator.plan.phrases import names
from orchestrator.run.summary import RunSummary, TaskNote
from orchestrator.run.timeline import person_text, seconds_between
from orchestrator.show import words
from orchestrator.show.affected import affected_text
from orchestrator.show.layout import BLANK, Cell, Column, Line, count, line, para, table
from orchestrator.show.next_steps import next_lines
from orchestrator.show.theme import DOUBT, GOOD, QUIET, STRONG, TASK_STYLE

LABEL = 12
NAMED = 20
EACH = 8
"""So many reasons of a state are told before the rest is counted."""
DISK = (
    "what must be kept could not be written, so nothing more was started; what was sent runs on where it is, and "
    "resume finds out. Free space, or look at the disk (dmesg), before you go on."
)
_STOPPED = {
    "paused": "PAUSED",
    "waiting": "WAITING for people",
    "ended": "STOPPED",
    "interrupted": "INTERRUPTED",
    "durability": "STOPPED by a disk that failed or is full",
}


@dataclass(frozen=True, slots=True)
class RunPage:
    """What there is to say of one run. `busy`: a process executes it now."""

    plan: Plan
    summary: RunSummary
    notes: Mapping[str, TaskNote]
    head: str
    busy: bool

    def of(self, state: TaskState) -> list[TaskNote]:
        """The tasks in `state`, in the plan's order."""
        return [note for note in self.notes.values() if note.state is state]


def run_lines(page: RunPage, width: int, *, name: str = "last", place: str = "") -> list[Line]:
    """The page of a run. `name`: what to call it in the commands to type, `place`: the ` -C DIR` that they need."""
    lines = para("", _headline(page), width, style=_headline_style(page))
    lines += [*_stopped(page, width), *_stuck(page, width), *_also(page, width)]
    lines += [BLANK, *_hit(page, width), *_papers(page, width)]
    return [*lines, BLANK, *next_lines(_next(page, name), width, place)]


def _headline(page: RunPage) -> str:
    words_ = ((TaskState.FAILED, "failed"), (TaskState.UNKNOWN, "unknown"))
    bad = [f"{len(page.of(state))} {word}" for state, word in words_ if page.of(state)]
    return f"{_word(page)}{' with ' + ' and '.join(bad) if bad else ''}: {tally(page)}"


def _word(page: RunPage) -> str:
    result, stopped = page.summary.result, page.summary.stopped
    if result is not None:
        return "DONE" if result == "done" else "ABORTED"
    if page.busy:
        return "ABORTING" if stopped.abort else "PAUSING" if stopped else "RUNNING"
    if stopped.spent and page.summary.left == "paused":
        return "PAUSED by a spent budget"
    return _STOPPED.get(page.summary.left or "", "BROKEN OFF (its process is gone)")


def _headline_style(page: RunPage) -> str:
    if page.summary.result == "done":
        return f"bold {GOOD}"
    return STRONG if page.busy and not page.summary.stopped else DOUBT


def _stopped(page: RunPage, width: int) -> list[Line]:
    """What stopped it: a disk, or who and why; and what of a restore's budgets is spent."""
    summary, stopped = page.summary, page.summary.stopped
    lines: list[Line] = []
    if summary.left == "durability" and not page.busy:
        lines += para("  disk", DISK, width, indent=LABEL, label_style=DOUBT)
    if (abort := stopped.abort) is not None and summary.result != "done":
        lines += para("  aborted", f"by {person_text(abort)}", width, indent=LABEL, label_style=DOUBT)
    if (pause := stopped.pause) is not None and summary.is_open:
        lines += para("  paused", f"by {person_text(pause)}", width, indent=LABEL, label_style=DOUBT)
    if summary.budgets and summary.is_open:
        text, style = words.budgets(summary.budgets), DOUBT if stopped.spent else ""
        lines += para("  budgets", text, width, indent=LABEL, label_style=style)
    return lines


def tally(page: RunPage) -> str:
    """`66 down (64 proven, 2 unproven), 1 found offline, 1 failed`."""
    summary = page.summary
    parts = words.state_counts(summary.counts, summary.action, executing=page.busy, over=not summary.is_open)
    done = summary.counts.get(TaskState.DONE, 0)
    unproven = sum(note.state is TaskState.DONE for note in summary.unproven)
    by_person = len(summary.by_person)
    known = ((done - unproven - by_person, "proven"), (unproven, "unproven"), (by_person, "confirmed by a person"))
    if done:
        parts[0] += f" ({words.numbered(known)})"
    if summary.forced:
        parts.append(f"{len(summary.forced)} forced")
    return ", ".join(parts) or "nothing was to be done"


def _stuck(page: RunPage, width: int) -> list[Line]:
    """Failed, unknown and held systems; those with the same reason together, the most first."""
    lines: list[Line] = []
    for state in (TaskState.FAILED, TaskState.UNKNOWN, TaskState.HELD):
        reasons: dict[str, list[str]] = {}
        for note in page.of(state):
            reasons.setdefault(note.why, []).append(note.task)
        ordered = sorted(reasons.items(), key=lambda one: -len(one[1]))
        for why, tasks in ordered[:EACH]:
            text = f"{names(tasks, NAMED)}   {why}" if why else names(tasks, NAMED)
            lines += para(f"  {state.value}", text, width, indent=LABEL, label_style=TASK_STYLE[state])
        if rest := sum(len(tasks) for _, tasks in ordered[EACH:]):
            lines.append(line(f"  and {rest} more {state.value}; --json has them all"))
    return lines


def _also(page: RunPage, width: int) -> list[Line]:
    summary = page.summary
    lists: list[tuple[str, Sequence[TaskNote], str]] = [
        ("unproven", summary.unproven, _reasons(summary.unproven)),
        ("by hand", summary.by_person, _reasons(summary.by_person)),
        ("as found", summary.found_offline, "found offline; nothing was sent to them"),
        ("settled", summary.settled, "as wanted when asked again, after a step whose outcome was in doubt"),
        ("skipped", summary.skipped, _reasons(summary.skipped)),
    ]
    lines: list[Line] = _forced(summary.forced, width)
    for label, notes, why in lists:
        if notes:
            tasks = ", ".join(note.task for note in notes)
            lines += para(f"  {label}", f"{tasks}   {why}" if why else tasks, width, indent=LABEL)
    midway = [note.task for note in page.notes.values() if note.state.is_busy]
    if midway:
        then = "resume finds out what became of them" if summary.is_open else "nobody asked what became of them"
        text = names(midway, NAMED) if page.busy else f"{names(midway, NAMED)}   {then}"
        lines += para("  running" if page.busy else "  midway", text, width, indent=LABEL)
    waiting = page.of(TaskState.WAITING)
    if waiting:
        label = "  waiting" if summary.is_open else "  not begun"
        lines += para(label, names([note.task for note in waiting], NAMED), width, indent=LABEL, style=QUIET)
    return lines


def _forced(notes: Sequence[TaskNote], width: int) -> list[Line]:
    """What was forced and why, those with the same reason together; and what may still have been running then."""
    reasons: dict[str, list[str]] = {}
    for note in notes:
        reasons.setdefault(note.forced, []).append(note.task)
    lines: list[Line] = []
    for why, tasks in sorted(reasons.items(), key=lambda one: -len(one[1])):
        lines += para("  forced", f"{names(tasks, NAMED)}   {why}", width, indent=LABEL, label_style=DOUBT)
    superseded = [f"{note.task} ({', '.join(note.superseded)})" for note in notes if note.superseded]
    if superseded:
        text = f"{names(superseded, EACH)}   may still have been running when force followed"
        lines += para("  beside it", text, width, indent=LABEL, label_style=DOUBT)
    return lines


def _reasons(notes: Iterable[TaskNote]) -> str:
    return "; ".join(dict.fromkeys(note.why for note in notes if note.why))


def _hit(page: RunPage, width: int) -> list[Line]:
    """Services that require something which this run took down, or not everything which it brings back."""
    services = page.plan.impact.services
    ended = {note.task for state in (TaskState.DONE, TaskState.ALREADY) for note in page.of(state)}
    if page.plan.action is Action.SHUTDOWN:
        hit = [service for service in services if ended.intersection(service.because)]
        label, text = "Down for", "no service that a customer notices"
    else:
        hit = [service for service in services if not ended.issuperset(service.because)]
        label, text = "Still down", "no service of this plan"
    if hit:
        named = [(words.service_name(service.names, service.id), service.customers) for service in hit]
        text = affected_text(named, len(page.plan.impact.customers))
    return para(label, text, width, indent=LABEL, label_style=STRONG)


def _papers(page: RunPage, width: int) -> list[Line]:
    summary = page.summary
    entries = count(summary.entries, "entry", "entries")
    journal = f"{words.short_head(page.head)} ({entries}, not anchored outside this machine)"
    took = seconds_between(summary.opened_at, summary.last_at) or 0.0
    run = f"{summary.run}, opened by {summary.opened_by or '-'} {words.moment(summary.opened_at)} UTC"
    run += f", last entry {format_duration(took)} later"
    lines = para("Journal", journal, width, indent=LABEL, label_style=STRONG)
    return lines + para("Run", run, width, indent=LABEL, label_style=STRONG)


def _next(page: RunPage, name: str) -> list[str]:
    """The next commands, the first of them what gets the run on."""
    if not page.summary.is_open:
        then = "orch restore --dry-run" if page.plan.action is Action.SHUTDOWN else "orch status"
        return [f"orch verify {name}", f"orch log {name}", then]
    steps: list[str] = []
    stopped = page.summary.stopped
    first: dict[tuple[str, ...], str] = {}
    if stopped.abort is None:
        for note in page.summary.needs_you:
            if note.words:
                first.setdefault(note.words, note.task)
        steps += [f"orch resolve {name} {'|'.join(words)} {task} --reason ..." for words, task in first.items()]
        forceable = next((note.task for note in page.summary.needs_you if note.may_force), None)
        steps += [f"orch escalate {name} {forceable} --reason ..."] if forceable else []
    if first:
        steps.append(f"orch log {name} --task {next(iter(first.values()))}")
    elif page.busy:
        steps.append(f"orch log {name} --follow")
    if not page.busy:
        steps.append(f"orch resume {name}{' --past-limit --reason ...' if stopped.spent else ''}")
    return steps


def runs_lines(pages: Sequence[RunPage], width: int, *, place: str = "") -> list[Line]:
    """All runs, the latest last, with how each stands."""
    if not pages:
        return [line("There is no run yet."), *next_lines(["orch shutdown --dry-run"], width, place)]
    open_ = sum(page.summary.is_open for page in pages)
    lines = [line((f"{count(len(pages), 'run')}, {open_ or 'none'} open", STRONG))]
    wide = width >= 110
    columns = [
        Column("run", most=40),
        Column("stands", most=14),
        Column("tasks", least=16, greed=3),
        Column("by", most=16),
        *([Column("opened (UTC)", most=16), Column("took", right=True)] if wide else []),
    ]
    cells: list[list[Cell]] = []
    for page in pages:
        summary = page.summary
        word = summary.result or (_word(page).lower() if page.busy else summary.left or "broken off")
        if word == "paused" and summary.stopped.spent:
            word = "budget spent"
        took = format_duration(seconds_between(summary.opened_at, summary.last_at) or 0.0)
        more: list[Cell] = [words.moment(summary.opened_at), took] if wide else []
        states = words.state_counts(summary.counts, summary.action, executing=page.busy, over=not summary.is_open)
        tasks = ", ".join([*states, *([f"{len(summary.forced)} forced"] if summary.forced else [])])
        cells.append([summary.run, word, tasks, summary.opened_by, *more])
    return [*lines, *table(columns, cells, width), BLANK, *next_lines(["orch show RUN", "orch log RUN"], width, place)]

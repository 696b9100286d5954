"""What an abort means for a run, before it is confirmed: what stays done, what is finished first, what is given up."""

from orchestrator.model.terms import Action, TaskState
from orchestrator.plan.phrases import names
from orchestrator.show.layout import Line, count, para
from orchestrator.show.run_view import LABEL, NAMED, RunPage
from orchestrator.show.theme import DOUBT, STRONG


def abort_lines(page: RunPage, width: int) -> list[Line]:
    """The page over the question."""
    done = [*page.of(TaskState.DONE), *page.of(TaskState.ALREADY), *page.of(TaskState.SKIPPED)]
    midway = names([note.task for note in page.notes.values() if note.state.is_busy], NAMED)
    waiting = names([note.task for note in page.of(TaskState.WAITING)], NAMED)
    here = "up" if page.plan.action is Action.SHUTDOWN else "down"
    lines = para("", f"ABORT of {page.summary.run}: it can't be taken up again.", width, style=STRONG)
    lines += para("  stays", f"{count(len(done), 'system')} as this run left them", width, indent=LABEL)
    if midway and page.busy:
        lines += para("  finished", f"{midway}   under way, and waited for", width, indent=LABEL)
    elif midway:
        text = f"{midway}   left by a process that is gone: unknown from here on, unless orch resume finds out first"
        lines += para("  midway", text, width, indent=LABEL, label_style=DOUBT)
    for state in (TaskState.FAILED, TaskState.UNKNOWN, TaskState.HELD):
        if tasks := names([note.task for note in page.of(state)], NAMED):
            lines += para(f"  {state.value}", f"{tasks}   given up as it stands", width, indent=LABEL)
    if waiting:
        lines += para(f"  left {here}", f"{waiting}   never begun", width, indent=LABEL)
    return lines

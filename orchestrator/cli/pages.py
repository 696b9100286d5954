"""A run on disk as the value that `show/run_view` draws, and as the JSON document of `orch show --json`."""

from typing import Any

from orchestrator.run.folder import RunFolder
from orchestrator.run.summary import RunSummary, TaskNote, summarise, task_notes
from orchestrator.show.run_view import RunPage


def page_of(folder: RunFolder) -> RunPage:
    """What there is to say of a run now."""
    plan, _ = folder.plan()
    journal = folder.read()
    return RunPage(
        plan=plan,
        summary=summarise(plan, journal.events),
        notes=task_notes(plan, journal.events),
        head=journal.head,
        busy=folder.is_locked(),
    )


def run_document(page: RunPage) -> dict[str, Any]:
    """Everything of a page, for scripts."""
    return {"format": "orch-run-summary/1", **summary_document(page), "tasks": [_note(n) for n in page.notes.values()]}


def summary_document(page: RunPage) -> dict[str, Any]:
    """A run in a few figures."""
    summary: RunSummary = page.summary
    return {
        "run": summary.run,
        "action": summary.action.value,
        "summary": summary.summary,
        "opened_at": summary.opened_at,
        "opened_by": summary.opened_by,
        "last_at": summary.last_at,
        "entries": summary.entries,
        "head": page.head,
        "result": summary.result,
        "left": summary.left,
        "open": summary.is_open,
        "executing": page.busy,
        "counts": {state.value: number for state, number in summary.counts.items()},
        "needs_you": [note.task for note in summary.needs_you],
        "found_offline": [note.task for note in summary.found_offline],
        "settled": [note.task for note in summary.settled],
        "unproven": [note.task for note in summary.unproven],
        "by_person": [note.task for note in summary.by_person],
        "skipped": [note.task for note in summary.skipped],
    }


def _note(note: TaskNote) -> dict[str, Any]:
    proof = note.proof.value if note.proof else None
    return {
        "task": note.task,
        "system": note.system,
        "state": note.state.value,
        "proof": proof,
        "why": note.why,
        "since": note.at,
    }

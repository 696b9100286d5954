"""A run on disk as the value that `show/run_view` draws, and as the JSON document of `orch show --json`."""

from typing import Any

from orchestrator.model.plan import Plan
from orchestrator.run.folder import RunFolder
from orchestrator.run.summary import RunSummary, TaskNote, summarise, task_notes
from orchestrator.show.run_view import RunPage


def page_of(folder: RunFolder, plan: Plan | None = None) -> RunPage:
    """What there is to say of a run now. `plan`: what `folder.plan()` gave, where that is known."""
    plan = folder.plan()[0] if plan is None else plan
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
        "stopped": _stopped(summary),
        "budgets": {budget.which: {"count": budget.count, "limit": budget.limit} for budget in summary.budgets},
        "open": summary.is_open,
        "executing": page.busy,
        "counts": {state.value: number for state, number in summary.counts.items()},
        "needs_you": [note.task for note in summary.needs_you],
        "found_offline": [note.task for note in summary.found_offline],
        "settled": [note.task for note in summary.settled],
        "unproven": [note.task for note in summary.unproven],
        "by_person": [note.task for note in summary.by_person],
        "skipped": [note.task for note in summary.skipped],
        "forced": [note.task for note in summary.forced],
    }


def _stopped(summary: RunSummary) -> dict[str, Any]:
    """What stops the run now: each with who said so, or which budget it is."""
    stopped = summary.stopped
    people = {"paused": stopped.pause, "aborted": stopped.abort}
    said: dict[str, Any] = {
        word: {"by": did.by, "reason": did.reason, "at": did.at} for word, did in people.items() if did is not None
    }
    if stopped.spent:
        said["budget"] = [{"which": one.which, "count": one.count, "limit": one.limit} for one in stopped.spent]
    return said


def _note(note: TaskNote) -> dict[str, Any]:
    proof = note.proof.value if note.proof else None
    return {
        "task": note.task,
        "system": note.system,
        "state": note.state.value,
        "proof": proof,
        "why": note.why,
        "since": note.at,
        "words": [*note.words, *(["escalate"] if note.may_force else [])],
        "forced": note.forced or None,
        "superseded": list(note.superseded),
    }

"""A person's decision on its way into a run: through its inbox where a process executes it, else into its journal."""

from collections.abc import Sequence
from typing import Literal

from orchestrator import __version__
from orchestrator.cli.confirm import confirm
from orchestrator.model.errors import UsageError
from orchestrator.model.events import OperatorDid
from orchestrator.run import inbox
from orchestrator.run.choosing import chosen, unfinished
from orchestrator.run.execute import decide
from orchestrator.run.folder import RunFolder
from orchestrator.run.summary import task_notes
from orchestrator.show import console
from orchestrator.show.layout import count, para
from orchestrator.show.next_steps import next_lines

Word = Literal["done", "retry", "skip", "hold", "waive-evidence"]


def decide_about(
    folder: RunFolder, word: str, arguments: Sequence[str], *, by: str, reason: str, yes: bool, place: str = ""
) -> None:
    """Writes or hands over one decision for each task that is meant; without arguments for all that are not over."""
    plan, _ = folder.plan()
    states = {task: note.state for task, note in task_notes(plan, folder.read().events).items()}
    if arguments:
        tasks = chosen(plan, states, arguments)
    else:
        tasks = unfinished(plan, states)
        if not tasks:
            raise UsageError(f"Every task of {folder.run_id} is over: nothing is left to decide.")
        confirm(count(len(tasks), "task"), yes=yes)
    decisions = [
        OperatorDid.model_validate({"did": "resolve", "task": task, "as": word, "by": by, "reason": reason})
        for task in tasks
    ]
    said = f"{word}: {', '.join(tasks[:12])}" + (f" and {len(tasks) - 12} more" if len(tasks) > 12 else "")
    width = console.width()
    if (holder := folder.holder()) is not None:
        for decision in decisions:
            inbox.drop(folder, decision)
        text = f"Handed to the process that executes the run ({holder}). {said}"
        then = f"orch log {folder.run_id} --follow"
    else:
        decide(folder, decisions, by=by, version=__version__)
        text = f"Written into the log. {said}"
        then = f"orch resume {folder.run_id} --as {by}"
    console.answer([*para("", text, width), *next_lines([then], width, place)])

"""A person's word on its way into a run, and what became of it: `resolve`, `escalate`, `pause`, `abort`.

What can't be taken is refused before anybody types a confirmation, as far as the run's log tells; the process that
executes the run judges anew. Nothing is decided here: which tasks are meant, and what a word does, belongs to `run`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator import __version__
from orchestrator.cli.confirm import confirm
from orchestrator.cli.pages import page_of
from orchestrator.model.errors import Refused, UsageError
from orchestrator.model.events import OperatorDid, Sealed
from orchestrator.model.plan import Plan
from orchestrator.model.terms import TaskState
from orchestrator.plan.phrases import names
from orchestrator.run.choosing import chosen, unfinished
from orchestrator.run.execute import replayed
from orchestrator.run.folder import RunFolder
from orchestrator.run.handing import Handed, hand_over
from orchestrator.run.objections import objection_to
from orchestrator.run.people import words_for
from orchestrator.run.scheduler import Scheduler
from orchestrator.run.stopped_by import StoppedBy, stopped_by
from orchestrator.show import console
from orchestrator.show.abort_view import abort_lines
from orchestrator.show.layout import Line, count, para
from orchestrator.show.next_steps import next_lines
from orchestrator.show.theme import DOUBT

NAMED = 12


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, why, whether `--yes` was said, and the ` -C DIR` for the next command."""

    by: str
    reason: str
    yes: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its log tells it now."""

    folder: RunFolder
    plan: Plan
    scheduler: Scheduler
    stopped: StoppedBy

    @property
    def states(self) -> dict[str, TaskState]:
        """Where its tasks stand."""
        return {task: run.state for task, run in self.scheduler.runs.items()}

    def objections(self, decisions: Iterable[OperatorDid]) -> dict[str, str]:
        """Why some of them can't be taken, by task."""
        found = ((each.task or "", objection_to(self.scheduler.runs, self.stopped, each)) for each in decisions)
        return {task: why for task, why in found if why is not None}


def resolve_tasks(folder: RunFolder, word: str, arguments: Sequence[str], voice: Voice) -> None:
    """`orch resolve`: one decision for each task that is meant; without arguments for all that are not over."""
    run = _read(folder)
    tasks = chosen(run.plan, run.states, arguments) if arguments else _all_of(run)
    values = {"did": "resolve", "as": word, "by": voice.by, "reason": voice.reason}
    decisions = [OperatorDid.model_validate(values | {"task": task}) for task in tasks]
    if objections := run.objections(decisions):
        raise Refused(
            f"{'; '.join(objections.values())}.", f"Nothing was decided. See: orch show {folder.run_id}{voice.place}"
        )
    if not arguments:
        confirm(count(len(tasks), "task"), yes=voice.yes)
    _hand(folder, decisions, f"{word}: {names(tasks, NAMED)}", voice)


def escalate_tasks(folder: RunFolder, arguments: Sequence[str], voice: Voice) -> None:
    """`orch escalate`: what is meant goes on to its force steps; without arguments everything that can.

    Whatever was named by its id must be able to; of what a selector means, that goes on which can, and the rest is
    said.
    """
    run = _read(folder)
    tasks = chosen(run.plan, run.states, arguments) if arguments else _all_of(run)
    wishes = [OperatorDid(did="escalate", task=task, by=voice.by, reason=voice.reason) for task in tasks]
    objections = run.objections(wishes)
    decisions = [wish for wish in wishes if wish.task not in objections]
    if not decisions or not objections.keys().isdisjoint(arguments):
        raise Refused(f"{_why_not(objections)}.", _instead(run, next(iter(objections)), voice))
    if not arguments:
        confirm(count(len(decisions), "system"), yes=voice.yes)
    forced = [wish.task or "" for wish in decisions]
    _hand(folder, decisions, f"force: {names(forced, NAMED)}", voice)
    if objections:
        text = f"Left as they are: {_why_not(objections)}."
        console.answer([*para("", text, console.width(), style=DOUBT)])


def pause_run(folder: RunFolder, voice: Voice) -> None:
    """`orch pause`: the process that executes the run starts nothing new, and leaves when what runs has ended."""
    width, run = console.width(), folder.run_id
    if over := _over(folder):
        console.answer(para("", f"{run} is over ({over}): there is nothing to pause.", width))
        return
    handed = hand_over(
        folder, [OperatorDid(did="pause", by=voice.by, reason=voice.reason)], by=voice.by, version=__version__
    )
    if handed.holder is None:
        text = f"No process executes {run}: nothing new starts in it. Nothing was written."
        then = f"orch resume {run} --as {voice.by}"
    elif handed.waits:
        text = f"Handed to the process that executes the run ({handed.holder}); it has not looked at it yet. It pauses "
        text += "when it does; should it end before, nothing new is started either."
        then = f"orch log {run} --follow"
    else:
        _refused(handed)
        text = f"{_whom(handed)} It starts nothing new, finishes what runs, and leaves."
        then = f"orch log {run} --follow"
    console.answer([*para("", text, width), *next_lines([then, f"orch show {run}"], width, voice.place)])


def abort_run(folder: RunFolder, voice: Voice) -> None:
    """`orch abort`: what runs is finished, then the run is over for good; what is not done stays as it is."""
    run = _read(folder)
    left = unfinished(run.plan, run.states)
    if not left:
        raise UsageError(
            f"Every task of {folder.run_id} is over: nothing is left to give up.",
            f"It is ended by: orch resume {folder.run_id} --as {voice.by}{voice.place}",
        )
    abort = OperatorDid(did="abort", by=voice.by, reason=voice.reason)
    busy = folder.is_locked()
    if busy and (objections := run.objections([abort])):
        raise Refused(f"{objections['']}.", f"Watch: orch log {folder.run_id} --follow{voice.place}")
    width = console.width()
    console.message(abort_lines(page_of(folder), console.err_width()))
    confirm(count(len(left), "system"), yes=voice.yes)
    handed = hand_over(folder, [abort], by=voice.by, version=__version__)
    _refused(handed)
    if handed.holder is None:
        text = f"{folder.run_id} is over: aborted. Its systems are free for another plan."
        then = [f"orch show {folder.run_id}", "orch status"]
    else:
        text = f"{_whom(handed)} It starts nothing new and finishes what runs; then the run is over."
        then = [f"orch log {folder.run_id} --follow", f"orch show {folder.run_id}"]
    console.answer([*para("", text, width), *next_lines(then, width, voice.place)])


def _hand(folder: RunFolder, decisions: Sequence[OperatorDid], said: str, voice: Voice) -> None:
    """Brings decisions about tasks into the run, and says what became of them."""
    handed = hand_over(folder, decisions, by=voice.by, version=__version__)
    width, lines = console.width(), list[Line]()
    if handed.holder is None:
        text, then = f"Written into the log. {said}", f"orch resume {folder.run_id} --as {voice.by}"
        if _over(folder):
            text, then = f"{text}. With that every task is over, and the run is done.", f"orch show {folder.run_id}"
    else:
        text, then = f"{_whom(handed, len(decisions))} {said}", f"orch log {folder.run_id} --follow"
    if len(handed.refused) < len(decisions):
        lines = [*para("", text, width), *next_lines([then], width, voice.place)]
    console.answer(lines)
    _refused(handed)


def _whom(handed: Handed, of: int = 1) -> str:
    """To whom it was handed, and whether it was taken."""
    if not handed.waits:
        return f"Taken by the process that executes the run ({handed.holder})."
    looked = of - handed.waits
    so_far = f"it has looked at {looked:,} of {of:,} so far" if looked else "it has not looked at it yet"
    return (
        f"Handed to the process that executes the run ({handed.holder}); {so_far}. What it has not looked at it takes "
        "when it does, and if it is gone, the next orch resume does."
    )


def _refused(handed: Handed) -> None:
    if handed.refused:
        raise Refused(
            f"the process that executes the run did not take it: {'; '.join(dict.fromkeys(handed.refused))}.",
            "Nothing was decided there.",
        )


def _why_not(objections: dict[str, str]) -> str:
    """The objections, those of the same kind together: `no force steps: a, b`."""
    kinds: dict[str, list[str]] = {}
    for task, why in objections.items():
        kinds.setdefault(why.removeprefix(task).lstrip(": "), []).append(task)
    return "; ".join(f"{names(tasks, NAMED)} {why}" for why, tasks in kinds.items())


def _instead(run: Run, task: str, voice: Voice) -> str:
    """What else can be said about a task that can't be forced."""
    name, there = run.folder.run_id, run.scheduler.runs[task]
    if there.state.is_busy or there.state.is_end:
        return f"Nothing was decided. See:\norch show {name}{voice.place}"
    words = "done|skip" if there.state is TaskState.WAITING else "|".join(words_for(there.state, there.held_from))
    tail = f"--reason ... --as {voice.by}{voice.place}"
    return f"Nothing was decided. What can be said of it:\norch resolve {name} {words} {task} {tail}"


def _read(folder: RunFolder) -> Run:
    plan, _ = folder.plan()
    events = folder.read().events
    return Run(folder, plan, replayed(folder.run_id, plan, events), stopped_by(events))


def _all_of(run: Run) -> tuple[str, ...]:
    tasks = unfinished(run.plan, run.states)
    if not tasks:
        raise UsageError(f"Every task of {run.folder.run_id} is over: nothing is left to decide.")
    return tasks


def _over(folder: RunFolder) -> str:
    events = folder.read().events
    return events[-1].result if events and isinstance(events[-1], Sealed) else ""

"""Asking whether a task came out as wanted (contract section 6, `verifying`).

Asked again every 2 s until patience ends; what is neither yes nor no by then is no answer. A stop that still says
online has failed at once, whatever it returned; other modes, the way back and a step in doubt, which may still run,
get their patience. A probe may settle the unknown step that changes the state as ok, never as failed.
"""

from collections.abc import Mapping

from orchestrator.model.plan import PlanHealth, PlanProbe, PlanTask
from orchestrator.model.terms import Found, ProbeKind, Proof, StepState
from orchestrator.run.coming_back import powered_on_until, starts_unseen
from orchestrator.run.forcing import ask_superseded, begin_force, may_force
from orchestrator.run.probing import ask_question
from orchestrator.run.questions import (
    MODE_OF,
    Answer,
    Answers,
    Command,
    Question,
    as_wanted,
    health_questions,
    proof_of,
    questions,
    right_places,
    wanted_places,
)
from orchestrator.run.steps import doubtful_steps, due_steps, mode_of
from orchestrator.run.task_run import TaskRun, place_of
from orchestrator.run.transitions import Happened
from orchestrator.run.turn import Flight, Turn

PATIENCE_S = 30.0
"""How long the SSH port is asked again; a probe says so itself (`within`)."""

EVERY_S = 2.0
"""How often."""


def verify(turn: Turn, run: TaskRun, flight: Flight) -> None:
    """Move a task that is `verifying`."""
    asked = questions(run.task, left=run.left, port_too=True)
    if run.escalated and may_force(turn, run) and _verdict(run.task, asked, run.answers)[0] is not True:
        begin_force(turn, run, flight, None)
        return
    if not _all_answered(turn, run, flight, asked):
        return
    _settle(turn, run)
    verdict, why = _verdict(run.task, asked, run.answers)
    if verdict is False and may_force(turn, run):
        begin_force(turn, run, flight, why)
        return
    if ask_superseded(turn, run, flight):
        return
    if doubtful_steps(run) == () and due_steps(run) and not run.untouched:
        turn.move(run, Happened.SETTLED)
    elif unasked := _doubt_unasked(run, asked):
        turn.move(run, Happened.NO_ANSWER, why=unasked)
    elif verdict is True:
        _health(turn, run, flight)
    elif verdict is False and not doubtful_steps(run):
        turn.move(run, Happened.NOT_AS_WANTED, why=why)
    else:
        turn.move(run, Happened.NO_ANSWER, why=why)


def _all_answered(turn: Turn, run: TaskRun, flight: Flight, asked: Mapping[Question, Command]) -> bool:
    """Ask what is not asked, and again what is not as wanted while there is patience; whether all is said."""
    said = True
    for question, command in asked.items():
        if question in flight.keys:
            said = False
            continue
        answer = run.answers.get(question)
        if answer is None:
            ask_question(turn, run, flight, question, command)
            said = False
        elif turn.now < _until(run, question, command) and not _is_last_word(run, question, answer, asked):
            said = False
            if turn.now >= answer.at + EVERY_S:
                ask_question(turn, run, flight, question, command)
            else:
                turn.wake(run, answer.at + EVERY_S)
    return said


def _until(run: TaskRun, question: Question, command: Command) -> float:
    """How long it is asked again. What starts unseen, still isolated, has the time of its power-on, too."""
    until = run.since + (command.within_s if isinstance(command, PlanProbe) else PATIENCE_S)
    return max(until, powered_on_until(run, question.host)) if starts_unseen(run) else until


def _is_last_word(run: TaskRun, question: Question, answer: Answer, asked: Mapping[Question, Command]) -> bool:
    """Whether asking again is of no use."""
    wanted = as_wanted(run.task, answer.found)
    if wanted is True:
        return True
    verdict, _ = _verdict(run.task, asked, run.answers)
    stopped = run.task.mode is not None and question.kind is ProbeKind.STATE
    return verdict is True or (wanted is False and stopped and not run.is_in_doubt())


def _verdict(task: PlanTask, asked: Mapping[Question, Command], answers: Answers) -> tuple[bool | None, str | None]:
    """As wanted, definitely not, or no answer; with a text for the last two.

    A silent port stands in for a `poweroff` probe that gave no answer; an answer of that probe overrules the port.
    """
    silent = {q.host for q, a in answers.items() if q.kind is ProbeKind.PORT and a.found is Found.SILENT}
    with_probe = {q.host for q in asked if q.kind is ProbeKind.POWEROFF}
    verdict: bool | None = True
    text: str | None = None
    for question in asked:
        if question.kind is ProbeKind.PORT and question.host in with_probe:
            continue
        answer = answers.get(question)
        if answer is None:
            verdict = None if verdict is True else verdict
            continue
        wanted = as_wanted(task, answer.found)
        if wanted is None and question.kind is ProbeKind.POWEROFF and task.mode and question.host in silent:
            continue
        if wanted is False or (wanted is None and verdict is True):
            verdict, text = wanted, _still_text(question, answer)
    return verdict, text


def _doubt_unasked(run: TaskRun, asked: Mapping[Question, Command]) -> str | None:
    """Why a step in doubt stays in doubt: nothing is asked about the mode that its host is to be in.

    A port says nothing of a power-off that was never begun: it is silent for a moment, too, when a host restarts.
    """
    changing = {place_of(step) for step in run.every_step if step.changes_state or step.leaves is not None}
    by_port = {place[1] for place, _ in run.begun if place in changing}
    known = {
        (question.host, MODE_OF[question.kind])
        for question in asked
        if question.kind is not ProbeKind.PORT or run.task.mode is None or question.host in by_port
    }
    unasked = {host: mode for host, mode in wanted_places(run.task, run.left) if (host, mode) not in known}
    for step in doubtful_steps(run):
        if step.host in unasked:
            why = run.attempts[place_of(step)].why or "its outcome is unknown"
            return f"{step.name} on {step.acting}: {why}; no probe says whether {unasked[step.host]} came out"
    return None


def _settle(turn: Turn, run: TaskRun) -> None:
    """Let the probes settle unknown steps that change the state, where the host is as wanted."""
    right = right_places(run.task, run.answers, run.left)
    for step in doubtful_steps(run):
        mode = mode_of(run.task, step)
        if step.changes_state and mode is not None and (step.host, mode) in right:
            turn.step(run, place_of(step), StepState.OK, why="settled by the probe: the host is as wanted")


def _health(turn: Turn, run: TaskRun, flight: Flight) -> None:
    """After a restore: done when all checks hold; each is asked until its time is over."""
    checks = health_questions(run.task)
    failed: tuple[Question, Answer] | None = None
    waiting = False
    for question, check in checks.items():
        if question in flight.keys:
            waiting = True
            continue
        answer = run.answers.get(question)
        if answer is not None and answer.found is Found.HEALTHY:
            continue
        if answer is not None and turn.now >= run.since + check.settle_s + check.within_s:
            failed = failed or (question, answer)
            continue
        waiting = True
        _ask_health(turn, run, flight, question, check, answer)
    if waiting:
        return
    if failed is None:
        proof = proof_of(run.task, run.answers, run.by_person, run.left)
        _finish(turn, run, proof)
    elif failed[1].found is Found.UNHEALTHY:
        turn.move(run, Happened.NOT_AS_WANTED, why=_still_text(*failed))
    else:
        turn.move(run, Happened.NO_ANSWER, why=_still_text(*failed))


def _ask_health(
    turn: Turn, run: TaskRun, flight: Flight, question: Question, check: PlanHealth, answer: Answer | None
) -> None:
    due = run.since + check.settle_s if answer is None else answer.at + check.every_s
    if turn.now >= due:
        ask_question(turn, run, flight, question, check)
    else:
        turn.wake(run, due)


def _finish(turn: Turn, run: TaskRun, proof: Proof) -> None:
    if run.untouched:
        turn.move(run, Happened.AS_WANTED_UNTOUCHED)
    else:
        turn.move(run, Happened.AS_WANTED, proof=proof)


def _still_text(question: Question, answer: Answer) -> str:
    host = question.on_host or question.host
    what = f"health {question.name}" if question.kind is ProbeKind.HEALTH else f"{question.kind} probe"
    return f"{what} on {host} says {answer.found}" + (f": {answer.why}" if answer.why else "")

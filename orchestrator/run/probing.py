"""Asking a task's hosts, before anything is done to them and after it (contract section 6).

Questions change nothing: they are asked anew after a resume, and a lost one is an answer of its own (`unknown`).
"""

from orchestrator.hosts.port import Outcome, OutcomeState
from orchestrator.model.events import Probed
from orchestrator.model.plan import PlanEvidence
from orchestrator.model.terms import Action, Found, ProbeKind, Proof
from orchestrator.run.forcing import may_force
from orchestrator.run.questions import (
    Answer,
    Command,
    Question,
    found_by,
    is_all_right,
    proof_of,
    questions,
    refusal,
    right_places,
)
from orchestrator.run.specs import question_key
from orchestrator.run.steps import is_work_owed
from orchestrator.run.task_run import TaskRun
from orchestrator.run.transitions import Happened
from orchestrator.run.turn import Flight, Heard, Turn


def ask_question(turn: Turn, run: TaskRun, flight: Flight, question: Question, command: Command) -> None:
    """Put one question under way."""
    spec = turn.specs.port(run.task.id, question.host) if command is None else turn.specs.read(run.task.id, command)
    name, nth = question.name or "", turn.number()
    key = question_key(turn.run, run.task.id, question.kind, name, question.host, question.on_host, nth)
    turn.submit(run, flight, question, key, spec)


def hear_answer(turn: Turn, run: TaskRun, question: Question, command: Command, heard: Heard) -> None:
    """Write what a question found."""
    outcome = heard.outcome
    why: str | None = outcome.why or None
    found = found_in(question.kind, command, outcome)
    plain = found not in {Found.UNKNOWN, Found.UNHEALTHY}
    turn.write(
        Probed(
            task=run.task.id,
            host=question.host,
            on_host=question.on_host,
            probe=question.kind,
            name=question.name,
            found=found,
            exit=outcome.result.exit if outcome.result else None,
            generation=outcome.generation,
            output=None if plain else heard.output,
            why=why,
        )
    )


def found_in(kind: ProbeKind, command: Command, outcome: Outcome) -> Found:
    """What an outcome says to a question; what did not come back whole says nothing."""
    match outcome.state:
        case OutcomeState.DONE if outcome.port is not None:
            return outcome.port
        case OutcomeState.DONE if outcome.result is not None:
            return found_by(kind, command, outcome.result.exit, outcome.result.stdout)
        case OutcomeState.UNREACHABLE:
            return outcome.refusal or Found.UNREACHABLE
        case _:
            return Found.UNKNOWN


def probe(turn: Turn, run: TaskRun, flight: Flight, action: Action) -> None:
    """Move a task that is `probing`: ask what is not asked yet; with all answers there, go on."""
    asked = questions(run.task, left=run.left)
    for question, command in asked.items():
        if question not in run.answers and question not in flight.keys:
            ask_question(turn, run, flight, question, command)
    if any(question not in run.answers for question in asked):
        return
    refused = refusal(run.task, run.answers)
    if refused is not None and may_force(turn, run):
        _force_instead(turn, run, refusal_text(*refused))
    elif refused is not None:
        turn.move(run, Happened.REFUSED, why=refusal_text(*refused))
    elif is_all_right(run.task, right_places(run.task, run.answers, run.left), run.left) and not is_work_owed(run):
        _found_as_wanted(turn, run, action)
    elif turn.pausing:
        return
    elif action is Action.SHUTDOWN and evidence_due(run):
        turn.move(run, Happened.FOUND_EVIDENCE_DUE)
    else:
        turn.move(run, Happened.FOUND_WORK)


def _found_as_wanted(turn: Turn, run: TaskRun, action: Action) -> None:
    """Nothing is to be done. That only a port is silent proves little, and is said."""
    if action is Action.RESTORE:
        turn.move(run, Happened.FOUND_UP)
        return
    proof = proof_of(run.task, run.answers, run.by_person, run.left)
    turn.move(run, Happened.FOUND_DOWN, proof=None if proof is Proof.PROVEN else Proof.UNPROVEN)


def _force_instead(turn: Turn, run: TaskRun, why: str) -> None:
    """The force rung, of a host that refuses; what evidence other hosts have of it is kept first."""
    if not turn.pausing:
        happened = Happened.FORCED_EVIDENCE_DUE if evidence_due(run) else Happened.FORCED
        turn.move(run, happened, why=f"force: {why}", rung="force")


def evidence_due(run: TaskRun) -> tuple[PlanEvidence, ...]:
    """Evidence that has not been tried since the last probing, of hosts that are not yet as wanted."""
    right = right_places(run.task, run.answers, run.left) if run.answers else run.right
    settled = {host for host, mode in right if mode is run.task.mode}
    return tuple(
        piece
        for piece in run.task.evidence
        if piece.host not in settled and (piece.host, piece.on_host, piece.name) not in run.evidence
    )


def refusal_text(question: Question, answer: Answer) -> str:
    """Why a host could not be asked, for the operator."""
    host = question.on_host or question.host
    words = {
        Found.UNREACHABLE: "can't be reached",
        Found.KEY: "is refused for a host key that is not pinned",
        Found.LOGIN: "refuses the login",
        Found.SUDO: "refuses sudo",
    }
    detail = f": {answer.why}" if answer.why else ""
    what = "SSH port" if question.kind is ProbeKind.PORT else f"{question.kind} probe"
    return f"{host} {words.get(answer.found, str(answer.found))} ({what}){detail}. Nothing was sent."

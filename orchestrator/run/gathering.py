"""Keeping evidence before anything changes: in the playbook's order on each host, hosts side by side (section 6).

It begins with the run, while tasks still wait for needs, gates and slots: reading changes nothing. A task waits only
for its own evidence; what could not be kept early is tried once more in its turn. What is required and could not be
kept holds the task until a person waives it; past `at_most` the protocol says whether the task goes on (the gap is in
the journal) or is held. Before force, what the silent host alone could say is written as a gap.
"""

from collections.abc import Sequence

from orchestrator.hosts.port import OutcomeState
from orchestrator.model.events import EvidenceKept
from orchestrator.model.plan import EvidencePolicy, PlanEvidence
from orchestrator.model.terms import TaskState
from orchestrator.run.probing import evidence_due
from orchestrator.run.specs import question_key
from orchestrator.run.task_run import TaskRun
from orchestrator.run.transitions import Happened
from orchestrator.run.turn import EvidencePiece, Flight, Heard, Turn

_BEFORE_CHANGE = {TaskState.WAITING, TaskState.PROBING, TaskState.EVIDENCE, TaskState.HELD}


def gather(turn: Turn, run: TaskRun, flight: Flight, policy: EvidencePolicy) -> None:
    """Move a task that is in `evidence`."""
    due = evidence_due(run)
    deadline = (run.since if flight.gathers_since is None else flight.gathers_since) + policy.at_most_s
    if turn.pausing:
        return  # what is under way comes home; nothing new is asked, and nothing is done
    if due and turn.now >= deadline:
        for piece in due:
            _missed(turn, run, piece, f"not kept within {policy.at_most_s} s")
        fine = policy.past == "go-on" or not policy.required or run.waived or run.forced
        happened = Happened.EVIDENCE_KEPT if fine else Happened.EVIDENCE_MISSING
        turn.move(run, happened, why=f"evidence not kept within {policy.at_most_s} s")
        return
    if run.forced:
        _cannot_be_had(turn, run, due)
        due = evidence_due(run)
    _ask_for(turn, run, flight, due, policy.cap)
    if due:
        turn.wake(run, deadline)
        return
    missing = [name for (_, _, name), kept in run.evidence.items() if not kept]
    if missing and policy.required and not run.waived and not run.forced:
        turn.move(run, Happened.EVIDENCE_MISSING, why=f"evidence could not be kept: {', '.join(missing)}")
    else:
        turn.move(run, Happened.EVIDENCE_KEPT)


def gather_early(turn: Turn, run: TaskRun, flight: Flight, policy: EvidencePolicy) -> bool:
    """Keep evidence of a task that still waits; whether some of it is under way.

    On a host where a piece could not be kept the rest is left for the task's own turn.
    """
    if not turn.pausing:
        troubled = {host for (host, _, _), kept in run.evidence.items() if not kept}
        tried = run.evidence.keys()
        due = [p for p in run.task.evidence if p.host not in troubled and (p.host, p.on_host, p.name) not in tried]
        if flight.gathers_since is None:
            flight.gathers_since = turn.now
        _ask_for(turn, run, flight, due, policy.cap)
    return any(isinstance(errand, EvidencePiece) for errand in flight.keys)


def _ask_for(turn: Turn, run: TaskRun, flight: Flight, due: Sequence[PlanEvidence], cap: int) -> None:
    """Ask each host for its next piece, but for those that are being asked."""
    busy = {errand.host for errand in flight.keys if isinstance(errand, EvidencePiece)}
    for piece in due:
        if piece.host not in busy:
            busy.add(piece.host)
            errand = EvidencePiece(piece.host, piece.on_host, piece.name)
            key = question_key(turn.run, run.task.id, "evidence", piece.name, piece.host, piece.on_host, turn.number())
            turn.submit(run, flight, errand, key, turn.specs.read(run.task.id, piece, cap, bulk=True))


def hear_evidence(turn: Turn, run: TaskRun, piece: EvidencePiece, heard: Heard) -> None:
    """Write what became of a piece of evidence. Kept is what came back whole with exit code 0."""
    outcome = heard.outcome
    whole = outcome.state is OutcomeState.DONE and outcome.result is not None
    exit_code = outcome.result.exit if outcome.result is not None else None
    why = None if whole and exit_code == 0 else (outcome.why or f"exit {exit_code}")
    if run.state not in _BEFORE_CHANGE:
        why = "it came after the task had gone on" + (f": {why}" if why else "")
    turn.write(
        EvidenceKept(
            task=run.task.id,
            host=piece.host,
            on_host=piece.on_host,
            name=piece.name,
            exit=exit_code,
            output=heard.output,
            why=why,
        )
    )


def _cannot_be_had(turn: Turn, run: TaskRun, due: Sequence[PlanEvidence]) -> None:
    """Pieces of hosts that could not be asked, before force: the gap is written, and nothing waits for them."""
    silent = {question.on_host or question.host for question, answer in run.answers.items() if answer.found.is_refusal}
    for piece in due:
        if piece.acting in silent:
            _missed(turn, run, piece, "its host can't be reached, and force follows")


def _missed(turn: Turn, run: TaskRun, piece: PlanEvidence, why: str) -> None:
    turn.write(EvidenceKept(task=run.task.id, host=piece.host, on_host=piece.on_host, name=piece.name, why=why))

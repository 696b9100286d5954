"""Keeping evidence before anything changes: in the playbook's order on each host, hosts side by side (section 6).

A task waits only for its own evidence. What is required and could not be kept holds the task until a person waives it;
past `at_most` the protocol says whether the task goes on (the gap is in the journal) or is held.
"""

from orchestrator.hosts.port import OutcomeState
from orchestrator.model.events import EvidenceKept
from orchestrator.model.plan import EvidencePolicy, PlanEvidence
from orchestrator.run.probing import evidence_due
from orchestrator.run.specs import question_key
from orchestrator.run.task_run import TaskRun
from orchestrator.run.transitions import Happened
from orchestrator.run.turn import EvidencePiece, Flight, Heard, Turn


def gather(turn: Turn, run: TaskRun, flight: Flight, policy: EvidencePolicy) -> None:
    """Move a task that is in `evidence`."""
    due = evidence_due(run)
    deadline = run.since + policy.at_most_s
    if turn.pausing:
        return  # what is under way comes home; nothing new is asked, and nothing is done
    if due and turn.now >= deadline:
        for piece in due:
            _missed(turn, run, piece, f"not kept within {policy.at_most_s} s")
        fine = policy.past == "go-on" or not policy.required or run.waived
        happened = Happened.EVIDENCE_KEPT if fine else Happened.EVIDENCE_MISSING
        turn.move(run, happened, why=f"evidence not kept within {policy.at_most_s} s")
        return
    busy = {errand.host for errand in flight.keys if isinstance(errand, EvidencePiece)}
    for piece in due:
        if piece.host not in busy:
            busy.add(piece.host)
            errand = EvidencePiece(piece.host, piece.on_host, piece.name)
            key = question_key(turn.run, run.task.id, "evidence", piece.name, piece.host, piece.on_host, turn.number())
            turn.submit(run, flight, errand, key, turn.specs.read(run.task.id, piece, policy.cap))
    if due:
        turn.wake(run, deadline)
        return
    missing = [name for (_, _, name), kept in run.evidence.items() if not kept]
    if missing and policy.required and not run.waived:
        turn.move(run, Happened.EVIDENCE_MISSING, why=f"evidence could not be kept: {', '.join(missing)}")
    else:
        turn.move(run, Happened.EVIDENCE_KEPT)


def hear_evidence(turn: Turn, run: TaskRun, piece: EvidencePiece, heard: Heard) -> None:
    """Write what became of a piece of evidence. Kept is what came back whole with exit code 0."""
    outcome = heard.outcome
    whole = outcome.state is OutcomeState.DONE and outcome.result is not None
    exit_code = outcome.result.exit if outcome.result is not None else None
    why = None if whole and exit_code == 0 else (outcome.why or f"exit {exit_code}")
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


def _missed(turn: Turn, run: TaskRun, piece: PlanEvidence, why: str) -> None:
    turn.write(EvidenceKept(task=run.task.id, host=piece.host, on_host=piece.on_host, name=piece.name, why=why))

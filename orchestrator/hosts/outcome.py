"""What came back -> what is known (contract sections 6 and 11). Pure.

- Done only with the exit code and the whole output. Anything less is unknown, whatever it looks like.
- A receipt's word counts if it is about this very command: its digest is compared.
- "Not begun" proves something only in a receipt folder whose generation was known before the command was sent.
- A refused sudo has run nothing: that is a refusal, not an exit code.
"""

from dataclasses import dataclass, replace

from orchestrator.hosts import sudo
from orchestrator.hosts.port import Outcome, OutcomeState, Partial, Result, Spec
from orchestrator.hosts.receipt import REFUSALS, ReceiptAnswer, parse_answer
from orchestrator.hosts.refusal import Refusal
from orchestrator.hosts.session import Answer
from orchestrator.model.terms import Found

STALE = "the receipt folder is not the one seen before (has the host been restarted?)"
PUT_AWAY = "it was begun long ago, and its receipt has been put away since"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a receipt was asked about: the spec, the receipt's id, the generation known beforehand."""

    spec: Spec
    id: str
    generation: str | None


def of_refusal(refusal: Refusal) -> Outcome:
    """Nothing was sent."""
    return Outcome(OutcomeState.UNREACHABLE, why=refusal.why, refusal=refusal.found)


def of_nothing_sent(why: str) -> Outcome:
    """Nothing was sent, and it is not the host's doing."""
    return Outcome(OutcomeState.UNREACHABLE, why=why, refusal=Found.UNREACHABLE)


def of_answer(spec: Spec, answer: Answer, generation: str | None) -> Outcome:
    """Of a command sent without a receipt. Of a large answer it holds only the beginnings (`whole` has the rest)."""
    if answer.exit is None:
        return _unknown(spec, answer, generation)
    out, err = answer.stdout, answer.stderr
    result = Result(answer.exit, bytes(out.data), bytes(err.data), (out.sent, err.sent), (out.is_cut, err.is_cut))
    return _done(spec, result, generation, by_receipt=False)


def whole(outcome: Outcome, answer: Answer) -> Outcome:
    """`outcome`, made of `answer`, with all that was kept of it."""
    stdout, stderr = answer.stdout.whole(), answer.stderr.whole()
    if outcome.result is not None:
        return replace(outcome, result=replace(outcome.result, stdout=stdout, stderr=stderr))
    if outcome.partial is not None:
        return replace(outcome, partial=replace(outcome.partial, stdout=stdout, stderr=stderr))
    return outcome


def of_run(asked: Asked, answer: Answer) -> Outcome:
    """Of a command sent with a receipt."""
    if answer.exit is None:
        # What came of a receipt's answer is no output of the command; that is kept on the host.
        return replace(_unknown(asked.spec, answer, asked.generation), partial=None)
    parsed = parse_answer(asked.id, answer.stdout.whole())
    if parsed is None:
        why = f"the host's answer was cut or is none (exit {answer.exit})"
        return Outcome(OutcomeState.UNKNOWN, why=why, generation=asked.generation)
    if parsed[0].state == "stale" and parsed[0].generation != asked.generation:
        # What answers is the command itself: it has not begun, and is over.
        return Outcome(OutcomeState.NEVER, why=STALE, generation=parsed[0].generation, by_receipt=True)
    return _of_receipt(asked, *parsed)


def of_question(asked: Asked, answer: Answer) -> Outcome:
    """Of a question to the receipt."""
    parsed = None if answer.exit is None else parse_answer(asked.id, answer.stdout.whole())
    if parsed is None:
        why = answer.why or f"the host's answer was cut or is none (exit {answer.exit})"
        return Outcome(OutcomeState.NO_ANSWER, why=why)
    if parsed[0].state == "refused":
        return Outcome(OutcomeState.NO_ANSWER, why=REFUSALS.get(parsed[0].exit or 0, "refused"), by_receipt=True)
    return _of_receipt(asked, *parsed)


def _of_receipt(asked: Asked, answer: ReceiptAnswer, stdout: bytes, stderr: bytes) -> Outcome:
    seen = answer.generation

    def by_receipt(state: OutcomeState, why: str = "", refusal: Found | None = None) -> Outcome:
        return Outcome(state, why=why, refusal=refusal, generation=seen, by_receipt=True)

    if answer.state in {"done", "lost", "fenced"} and answer.spec != asked.spec.digest():
        return by_receipt(OutcomeState.STALE, "the receipt there is of another command")
    match answer.state:
        case "done" if answer.exit is not None:
            sent = (answer.sizes[0] + answer.dropped[0], answer.sizes[1] + answer.dropped[1])
            cut = (answer.dropped[0] > 0, answer.dropped[1] > 0)
            return _done(asked.spec, Result(answer.exit, stdout, stderr, sent, cut), seen, by_receipt=True)
        case "running":
            return by_receipt(OutcomeState.RUNNING)
        case "lost":
            partial = Partial(stdout, stderr, answer.sizes) if stdout or stderr else None
            lost = by_receipt(OutcomeState.LOST, "it began, and what ran it is gone without a result")
            return replace(lost, partial=partial)
        case "fenced" if asked.generation is None:
            return by_receipt(OutcomeState.STALE, "no receipt, in a folder not known before: that proves nothing")
        case "fenced":
            return by_receipt(OutcomeState.NEVER, "it never began, and can't begin any more")
        case "stale":
            return by_receipt(OutcomeState.STALE, PUT_AWAY if seen and seen == asked.generation else STALE)
        case "refused":
            return by_receipt(OutcomeState.UNREACHABLE, REFUSALS.get(answer.exit or 0, "refused"), Found.UNREACHABLE)
        case _:
            return by_receipt(OutcomeState.UNKNOWN, f"the host's answer makes no sense ({answer.state})")


def _done(spec: Spec, result: Result, generation: str | None, *, by_receipt: bool) -> Outcome:
    said = sudo.refused(result.exit, result.stdout, result.stderr) if spec.sudo else None
    if said is not None:
        why = f"{spec.host.id}: sudo refuses {spec.host.user}: {said}"
        return Outcome(OutcomeState.UNREACHABLE, why=why, refusal=Found.SUDO, generation=generation)
    return Outcome(OutcomeState.DONE, result=result, generation=generation, by_receipt=by_receipt)


def _unknown(spec: Spec, answer: Answer, generation: str | None) -> Outcome:
    gone = spec.disconnects and not answer.timed_out and answer.why.startswith("connection lost")
    out, err = answer.stdout, answer.stderr
    partial = Partial(bytes(out.data), bytes(err.data), (out.sent, err.sent)) if out.sent or err.sent else None
    why = "disconnected" if gone else answer.why
    return Outcome(OutcomeState.UNKNOWN, why=why, generation=generation, partial=partial)

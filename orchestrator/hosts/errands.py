"""What one job does at its host: a command, a login, a look at the port, a question to a receipt (contract section 6).

It blocks, on a thread of the carrier's. Nothing is sent before everything that can be known beforehand is in order.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from orchestrator.hosts.command_line import armour, inner_line, read_line
from orchestrator.hosts.gateways import Gateways
from orchestrator.hosts.kept_links import KeptLinks
from orchestrator.hosts.knock import knock
from orchestrator.hosts.links import Link
from orchestrator.hosts.outcome import Asked, of_answer, of_nothing_sent, of_question, of_run
from orchestrator.hosts.port import Outcome, OutcomeState, Spec, SpecKind
from orchestrator.hosts.receipt import Mode, ReceiptCall, call_line, receipt_id
from orchestrator.hosts.refusal import Refusal
from orchestrator.hosts.session import Answer
from orchestrator.hosts.stdin import NoInput, Secrets, input_of
from orchestrator.hosts.waiting import QUESTION_ROOM
from orchestrator.model.terms import Platform

_NOISE = 64 * 1024  # room for a receipt's header, and for what a login shell's start-up files print before it
_ASK_S = 30.0


@dataclass(frozen=True, slots=True)
class Brought:
    """An outcome, and the answer behind it where not all of that is in memory."""

    outcome: Outcome
    answer: Answer | None = None


class Errands:
    """Does them, by the carrier's gateways and links."""

    def __init__(self, gateways: Gateways, links: KeptLinks, secrets: Secrets, connect_timeout_s: float) -> None:
        self._gateways = gateways
        self._links = links
        self._secrets = secrets
        self._connect_timeout_s = connect_timeout_s

    def carry(self, key: str, spec: Spec, learnt: Callable[[str], None]) -> Brought:
        """Carry `spec`; `learnt` is told the generation of the host's receipt folder before anything is sent.

        Raises Refusal while nothing was sent.
        """
        if spec.kind is SpecKind.PORT:
            return Brought(knock(self._gateways, spec.host, min(self._connect_timeout_s, spec.timeout_s)))
        if spec.kind is SpecKind.LOGIN:
            with self._links.link(key, spec) as link:
                return Brought(Outcome(OutcomeState.DONE, times=link.login()))
        try:
            inner = inner_line(spec.host.platform, spec.argv, spec.shell, spec.sudo)
            stdin = input_of(spec, self._secrets)
        except (ValueError, NoInput) as error:
            return Brought(of_nothing_sent(str(error)))
        with self._links.link(key, spec) as link:
            if not keeps_receipts(spec):
                return _plain(link, spec, inner, stdin)
            if spec.kind is SpecKind.READ:
                return self._read(link, spec, inner, stdin)
            generation = spec.generation or link.generation(spec.timeout_s)
            if generation is None:
                return _plain(link, spec, inner, stdin)
            learnt(generation)
            return _with_receipt(link, key, replace(spec, generation=generation), inner, stdin)

    def _read(self, link: Link, spec: Spec, inner: str, stdin: str | None) -> Brought:
        asks = spec.task and spec.generation is None  # outside a task nothing follows that could need it
        if asks:
            link.generation(spec.timeout_s)
        brought = _plain(link, spec, inner, stdin)
        outcome = brought.outcome
        if asks and outcome.state is OutcomeState.DONE and outcome.generation is None:
            # It may have gone by a new connection: perhaps the host was restarted, and this is how it is seen.
            with suppress(Refusal):
                outcome = replace(outcome, generation=link.generation(spec.timeout_s))
        return replace(brought, outcome=outcome)

    def question(self, key: str, spec: Spec, mode: Mode, generation: str | None) -> Brought:
        """Ask the receipt of `key`, or have it stopped; `generation`: of the folder, as far as it is known."""
        if not keeps_receipts(spec) or spec.kind is not SpecKind.STEP:
            return Brought(Outcome(OutcomeState.NO_ANSWER, why=f"{spec.host.id} keeps no receipts"))
        asked = Asked(spec, receipt_id(key), generation)
        call = ReceiptCall(mode, asked.id, spec.digest(), "", spec.cap, spec.host.user, generation)
        try:
            with self._links.link(key, spec) as link:
                answer = link.carry(call_line(call), None, 2 * spec.cap + _NOISE, _ASK_S, spare=QUESTION_ROOM)
        except Refusal as refusal:
            return Brought(Outcome(OutcomeState.NO_ANSWER, why=refusal.why, refusal=refusal.found))
        return Brought(of_question(asked, answer))


def keeps_receipts(spec: Spec) -> bool:
    """Whether the host of `spec` is one that keeps receipts."""
    return spec.host.platform is Platform.LINUX and spec.host.receipts


def _plain(link: Link, spec: Spec, inner: str, stdin: str | None) -> Brought:
    line = read_line(spec.host.platform, inner)
    data = None if stdin is None else f"{stdin}\n".encode()
    answer = link.carry(line, data, spec.cap, spec.timeout_s)
    outcome = replace(of_answer(spec, answer, link.known_generation), times=answer.times)
    return Brought(outcome, answer if answer.stdout.is_large or answer.stderr.is_large else None)


def _with_receipt(link: Link, key: str, spec: Spec, inner: str, stdin: str | None) -> Brought:
    asked = Asked(spec, receipt_id(key), spec.generation)
    mode: Mode = "run" if stdin is None else "runs"
    call = ReceiptCall(mode, asked.id, spec.digest(), inner, spec.cap, spec.host.user, spec.generation)
    data = None if stdin is None else f"{armour(stdin)}\n".encode()
    answer = link.carry(call_line(call), data, 2 * spec.cap + _NOISE, spec.timeout_s)
    return Brought(of_run(asked, answer))

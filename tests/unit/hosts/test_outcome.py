"""What came back -> what is known, as a table: done only if whole, and never what it was not."""

from dataclasses import replace

import pytest

from orchestrator.hosts.outcome import Asked, of_answer, of_question, of_refusal, of_run
from orchestrator.hosts.port import HostSpec, OutcomeState, Spec, SpecKind
from orchestrator.hosts.receipt import ReceiptAnswer, answer_header
from orchestrator.hosts.refusal import Refusal, of_all_chains
from orchestrator.hosts.session import Answer, Kept
from orchestrator.model.terms import Found, Platform

HOST = HostSpec("db", "10.0.0.1", 22, "orch", Platform.LINUX, ("SHA256:x",))
SPEC = Spec(SpecKind.STEP, HOST, 60, argv=("true",), sudo=True)
ASKED = Asked(SPEC, "id", "g1")
S = OutcomeState


def answer(exit: int | None, out: bytes = b"", err: bytes = b"", why: str = "", *, timed_out: bool = False) -> Answer:
    kept = Kept(100), Kept(100)
    kept[0].add(out)
    kept[1].add(err)
    return Answer(exit, *kept, why, timed_out)


def receipt(state: str, exit: int | None = None, out: bytes = b"", spec: str | None = None) -> Answer:
    header = ReceiptAnswer(state, exit, spec or SPEC.digest(), "g2", (len(out), 0), (3, 0))  # type: ignore[arg-type]
    kept = Kept(10_000)
    kept.add(answer_header(header, "id") + out)
    return Answer(0, kept, Kept(10))


def test_a_whole_answer_is_done() -> None:
    outcome = of_answer(SPEC, answer(3, b"x" * 150, b"e"), "g")
    assert (outcome.state, outcome.generation, outcome.by_receipt) == (S.DONE, "g", False)
    assert outcome.result is not None
    assert (outcome.result.exit, len(outcome.result.stdout), outcome.result.sent) == (3, 100, (150, 1))
    assert outcome.result.truncated == (True, False)


@pytest.mark.parametrize(
    ("disconnects", "answer", "why"),
    [
        (False, answer(None, b"x", why="connection lost after 0:41"), "connection lost after 0:41"),
        (True, answer(None, b"x", why="connection lost after 0:41"), "disconnected"),
        (True, answer(None, why="no end within 60 s", timed_out=True), "no end within 60 s"),
        (True, answer(None, why="the host would not run it"), "the host would not run it"),
    ],
)
def test_half_an_answer_is_unknown(disconnects: bool, answer: Answer, why: str) -> None:
    spec = replace(SPEC, disconnects=disconnects)
    for outcome in (of_answer(spec, answer, "g1"), of_run(replace(ASKED, spec=spec), answer)):
        assert (outcome.state, outcome.why, outcome.result, outcome.generation) == (S.UNKNOWN, why, None, "g1")


@pytest.mark.parametrize(
    ("state", "exit", "known", "told", "asked"),
    [
        ("done", 4, "g1", S.DONE, S.DONE),
        ("done", 4, None, S.DONE, S.DONE),
        ("lost", None, "g1", S.LOST, S.LOST),
        ("stale", None, "g1", S.NEVER, S.STALE),
        ("running", None, "g1", S.RUNNING, S.RUNNING),
        ("fenced", None, "g1", S.NEVER, S.NEVER),
        ("fenced", None, None, S.STALE, S.STALE),
        ("refused", 97, "g1", S.UNREACHABLE, S.NO_ANSWER),
        ("gen", None, "g1", S.UNKNOWN, S.UNKNOWN),
    ],
)
def test_the_receipt_s_word(
    state: str, exit: int | None, known: str | None, told: OutcomeState, asked: OutcomeState
) -> None:
    what = replace(ASKED, generation=known)
    outcome = of_run(what, receipt(state, exit))
    assert (outcome.state, outcome.by_receipt, outcome.generation) == (told, True, "g2")
    assert of_question(what, receipt(state, exit)).state is asked
    if told is S.DONE:
        assert outcome.result is not None
        assert (outcome.result.exit, outcome.result.sent, outcome.result.truncated) == (4, (3, 0), (True, False))


@pytest.mark.parametrize("state", ["done", "lost", "fenced"])
def test_a_receipt_of_another_command_proves_nothing(state: str) -> None:
    other = receipt(state, 0 if state == "done" else None, spec="other")
    assert of_run(ASKED, other).state is S.STALE
    assert of_question(ASKED, other).state is S.STALE


def test_what_is_no_answer_of_the_script() -> None:
    assert of_run(ASKED, answer(127, b"sh: not found")).state is S.UNKNOWN
    assert of_question(ASKED, answer(127, b"sh: not found")).state is S.NO_ANSWER
    assert of_question(ASKED, answer(None, why="connection lost after 0:01")).why == "connection lost after 0:01"


@pytest.mark.parametrize(
    ("sudo", "exit", "out", "err", "refused"),
    [
        (True, 1, b"", b"sudo: a password is required\n", True),
        (
            True,
            1,
            b"",
            b"sudo: unable to resolve host db: Name unknown\nsudo: a password is required\n",
            True,
        ),
        (True, 1, b"", b"sudo: a terminal is required to read the password; either use the -S option\n", True),
        (True, 1, b"", b"sudo: sorry, you must have a tty to run sudo\r\n", True),
        (True, 1, b"", b"Sorry, user orch is not allowed to execute '/bin/true' as root on db.\n", True),
        (True, 1, b"", b"Sorry, user orch may not run sudo on db.\n", True),
        (
            True,
            1,
            b"",
            b"orch is not in the sudoers file.\nThis incident has been reported.\n",
            True,
        ),
        (True, 1, b"", b"sudo: nft: command not found\n", True),
        (True, 127, b"", b"/bin/sh: 1: sudo: not found\n", True),
        (True, 127, b"", b"/bin/sh: line 1: sudo: command not found\n", True),
        (True, 127, b"", b"/bin/sh: 1: nft: not found\n", False),
        (True, 1, b"", b"", False),
        (True, 1, b"", b"sudo: unable to resolve host db: Name or service not known\n", False),
        (True, 1, b"x", b"sudo: a password is required\n", False),
        (True, 2, b"", b"sudo: a password is required\n", False),
        (False, 1, b"", b"sudo: a password is required\n", False),
    ],
)
def test_a_refused_sudo_has_run_nothing(sudo: bool, exit: int, out: bytes, err: bytes, refused: bool) -> None:
    outcome = of_answer(replace(SPEC, sudo=sudo), answer(exit, out, err), None)
    assert (outcome.refusal is Found.SUDO) == refused
    assert outcome.state is (S.UNREACHABLE if refused else S.DONE)


def test_the_gravest_refusal_speaks_for_all_chains() -> None:
    silent = Refusal(Found.UNREACHABLE, "db", "db: does not answer", silent=True)
    key = Refusal(Found.KEY, "gw", "gateway gw shows another key")
    both = of_all_chains([silent, key, silent])
    assert (both.found, both.at, both.silent) == (Found.KEY, "gw", True)
    assert both.why == "db: does not answer; gateway gw shows another key"
    assert of_refusal(both).state is S.UNREACHABLE

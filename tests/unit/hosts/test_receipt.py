"""The receipt's call and answer: what is made can be read back, and half an answer is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.hosts.receipt import (
    TEXT,
    ReceiptAnswer,
    ReceiptCall,
    answer_header,
    call_line,
    one_line,
    parse_answer,
    parse_call,
    receipt_id,
)

ID = receipt_id("run/task/step/host/host/1")
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
calls = st.builds(
    ReceiptCall,
    mode=st.sampled_from(["run", "runs", "ask", "stop", "gen"]),
    id=names,
    spec=names,
    inner=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.text("'\\!\n0134 "),
    cap=st.integers(0, 2**32),
    login=names,
    generation=st.none() | names,
)
answers = st.builds(
    ReceiptAnswer,
    state=st.sampled_from(["running", "lost", "fenced", "stale", "refused", "gen"]),
    exit=st.none() | st.integers(0, 255),
    spec=st.none() | names,
    generation=st.none() | names,
    dropped=st.tuples(st.integers(0, 10**15), st.integers(0, 10**15)),
) | st.builds(ReceiptAnswer, state=st.just("done"), exit=st.integers(0, 255))


@given(calls)
def test_a_call_reads_back_as_what_it_was(call: ReceiptCall) -> None:
    line = call_line(call)
    assert parse_call(line) == call
    assert "\n" not in line


@given(answers, st.binary(max_size=50), st.binary(max_size=50))
def test_an_answer_reads_back_as_what_it_was(answer: ReceiptAnswer, out: bytes, err: bytes) -> None:
    from dataclasses import replace

    answer = replace(answer, sizes=(len(out), len(err)))
    data = answer_header(answer, ID) + out + err
    assert parse_answer(ID, data) == (answer, out, err)
    assert parse_answer(ID, b"Welcome!\nno newline at the end of a banner\n" + data) == (answer, out, err)
    assert parse_answer(ID, data + b"x") is None
    assert parse_answer(ID, data[:-1]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"orch/1",
        b"orch/1 " + b"0" * 64 + b" done 0 s g 0 0 0 0\n",
        b"x orch/1 " + ID.encode() + b" done 0 s g 0 0 0 0\n",
        b"orch/1 " + ID.encode() + b" done - s g 0 0 0 0\n",
        b"orch/1 " + ID.encode() + b" perhaps 0 s g 0 0 0 0\n",
        b"orch/1 " + ID.encode() + b" done 0 s g 0 0\n",
        b"orch/1 " + ID.encode() + b" done 0 s g -1 0 0 0\n",
        b"orch/1 " + ID.encode() + b" done 0 s g 5 0 0 0\nabc",
    ],
)
def test_anything_else_is_no_answer(data: bytes) -> None:
    assert parse_answer(ID, data) is None


@pytest.mark.parametrize(
    ("id", "login", "generation"),
    [("a b", "orch", None), ("$(id)", "orch", None), ("a", "orch;id", None), ("a", "orch", "*"), ("", "orch", None)],
)
def test_a_word_that_is_more_than_a_word_is_refused(id: str, login: str, generation: str | None) -> None:
    with pytest.raises(ValueError, match="no such receipt call"):
        call_line(ReceiptCall("run", id, "spec", "true", 1, login, generation))


@pytest.mark.parametrize(
    "change", [("umask 077", "umask 000"), (" orch ", " other "), (" run ", " walk "), ("\\0041", "!")]
)
def test_a_line_that_differs_is_not_ours(change: tuple[str, str]) -> None:
    line = call_line(ReceiptCall("run", ID, "spec", "echo hi!", 1, "orch", None))
    assert parse_call(line.replace(*change)) is None


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("# a\n\na\nb\n", "a; b"),
        ("if a; then\nb\nelse\nc\nfi\n", "if a; then b; else c; fi"),
        ("for a in 1; do\nb &\ndone\n", "for a in 1; do b & done"),
        ("a &&\nb ||\nc |\nd\n", "a && b || c | d"),
        ("f() {\na\n}\n", "f() { a; }"),
    ],
)
def test_one_line(script: str, line: str) -> None:
    assert one_line(script) == line


def test_what_is_sent_is_constant_and_short() -> None:
    assert len(TEXT) < 6000
    assert call_line(ReceiptCall("run", ID, "spec", "true", 1, "orch", None)) == (
        f"exec /bin/sh -c '{TEXT}' orch {ID} run spec 'true' 1 orch -"
    )

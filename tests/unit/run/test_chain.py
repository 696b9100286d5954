"""The hash chain, as properties over bytes: what is caught, at which line, and what only an anchor can show."""

import hashlib
import random
from datetime import UTC, datetime, timedelta, timezone

import pytest

from orchestrator.model.events import Event, Left, Opened, Sealed, TaskChanged
from orchestrator.model.terms import Proof, TaskState
from orchestrator.run.chain import ZERO, line_of, numbered, payload_of, read_lines, short_head, stamp

AT = "2026-03-01T02:14:00.000000Z"
EVENTS: tuple[Event, ...] = (
    Opened(run="r", plan_sha256="a" * 64, by="o.lang", version="0.1.0"),
    TaskChanged(task="core-db", state=TaskState.PROBING),
    TaskChanged(task="core-db", state=TaskState.FAILED, why="exit 1: Zeitüberschreitung"),
    TaskChanged(task="core-db", state=TaskState.DONE, proof=Proof.PERSON),
    Left(reason="ended"),
    Sealed(result="done", tasks={"done": 1}),
)


def written(events: tuple[Event, ...] = EVENTS) -> list[bytes]:
    """The lines of a journal that holds `events`."""
    head, lines = ZERO, []
    for n, event in enumerate(events, 1):
        head, line = line_of(head, payload_of(numbered(event, n, AT)))
        lines.append(line)
    return lines


def test_a_line_is_what_the_contract_says_and_sha256sum_can_check_it() -> None:
    first, second = written()[:2]
    sha, _, json = second.rstrip(b"\n").partition(b" ")
    assert hashlib.sha256(first[:64] + json).hexdigest().encode() == sha
    assert hashlib.sha256(b"0" * 64 + first[65:-1]).hexdigest().encode() == first[:64]
    assert json == b'{"n":2,"at":"2026-03-01T02:14:00.000000Z","type":"task","task":"core-db","state":"probing"}'


def test_what_was_written_is_read() -> None:
    lines = written()
    reading = read_lines(b"".join(lines))
    assert reading.bad is None
    assert reading.torn_bytes == 0
    assert reading.head.encode() == lines[-1][:64]
    assert [numbered(event, 0, "") for event in reading.events] == list(EVENTS)
    assert [event.n for event in reading.events] == [1, 2, 3, 4, 5, 6]


def test_every_prefix_is_readable_and_tears_off_only_what_follows_the_last_newline() -> None:
    data = b"".join(written())
    for cut in range(len(data) + 1):
        reading = read_lines(data[:cut])
        whole = data[:cut].count(b"\n")
        assert reading.bad is None
        assert len(reading.events) == whole
        assert reading.good_bytes + reading.torn_bytes == cut
        assert reading.torn_bytes == cut - (data[:cut].rfind(b"\n") + 1)


def test_a_cut_at_a_lines_end_verifies_which_is_why_heads_are_anchored_elsewhere() -> None:
    lines = written()
    assert read_lines(b"".join(lines[:-1])).bad is None


def test_every_bit_flip_in_a_complete_line_is_caught_at_its_line_or_before() -> None:
    lines = written()
    data = b"".join(lines)
    ends = [sum(map(len, lines[: i + 1])) for i in range(len(lines))]
    rng = random.Random(4)
    for place in rng.sample(range(len(data) * 8), 1500):
        byte, bit = divmod(place, 8)
        flipped = bytearray(data)
        flipped[byte] ^= 1 << bit
        reading = read_lines(bytes(flipped))
        line = next(i for i, end in enumerate(ends, 1) if byte < end)
        if byte == len(data) - 1:  # the last newline itself: what it ended is torn, and that is reported
            assert reading.torn_bytes
        else:
            assert reading.bad is not None, f"bit {bit} of byte {byte}"
            assert reading.bad.line == line


A, B, C = written()[:3]
TAMPERED = {
    "a line removed": (A + C, 2, "its hash does not fit"),
    "the first line removed": (B + C, 1, "its hash does not fit"),
    "two lines swapped": (A + C + B, 2, "its hash does not fit"),
    "a line doubled": (A + B + B, 3, "its hash does not fit"),
    "an empty line": (A + b"\n" + B, 2, "no line of a journal"),
    "upper case hash": (A + B[:64].upper() + B[64:], 2, "no line of a journal"),
    "a tab for the space": (A + B[:64] + b"\t" + B[65:], 2, "no line of a journal"),
    "a carriage return": (A + B[:-1] + b"\r\n", 2, "its hash does not fit"),
    "a hash and nothing": (A + B[:64] + b"\n", 2, "no line of a journal"),
    "binary": (bytes(range(10, 256)) + b"\n", 1, "no line of a journal"),
}


@pytest.mark.parametrize(("data", "line", "what"), TAMPERED.values(), ids=TAMPERED)
def test_says_the_line_and_what_is_wrong(data: bytes, line: int, what: str) -> None:
    bad = read_lines(data).bad
    assert bad is not None
    assert bad.line == line
    assert what in bad.what


def rehashed(*payloads: bytes) -> bytes:
    """A journal whose hashes are right, whatever it says: what somebody can write who knows the format."""
    head, data = ZERO, b""
    for payload in payloads:
        head, line = line_of(head, payload)
        data += line
    return data


OPENED = payload_of(numbered(EVENTS[0], 1, AT))
REWRITTEN = {
    "a gap in n": (OPENED, payload_of(numbered(EVENTS[1], 3, AT)), "numbered 3"),
    "n from 0": (OPENED, payload_of(numbered(EVENTS[1], 0, AT)), "numbered 0"),
    "no time": (OPENED, payload_of(numbered(EVENTS[1], 2, "")), "no time"),
    "opened twice": (OPENED, payload_of(numbered(EVENTS[0], 2, AT)), 'a second "opened"'),
    "an unknown type": (OPENED, b'{"n":2,"at":"x","type":"party"}', "can't read it"),
    "an unknown key": (OPENED, b'{"n":2,"at":"x","type":"left","reason":"ended","x":1}', "can't read it"),
    "no JSON": (OPENED, b"{", "can't read it"),
    "not UTF-8": (OPENED, b'{"n":2,"at":"\xff","type":"left","reason":"ended"}', "can't read it"),
}


@pytest.mark.parametrize(("first", "second", "what"), REWRITTEN.values(), ids=REWRITTEN)
def test_right_hashes_do_not_make_a_wrong_event_right(first: bytes, second: bytes, what: str) -> None:
    bad = read_lines(rehashed(first, second)).bad
    assert bad is not None
    assert bad.line == 2
    assert what in bad.what


def test_the_first_event_is_opened_and_nothing_follows_sealed() -> None:
    left, sealed = EVENTS[4], EVENTS[5]
    first = read_lines(rehashed(payload_of(numbered(left, 1, AT)))).bad
    after = read_lines(rehashed(OPENED, payload_of(numbered(sealed, 2, AT)), payload_of(numbered(left, 3, AT)))).bad
    assert first is not None
    assert first.what == 'the first event must be "opened"'
    assert after is not None
    assert after.what.startswith("something follows the seal")


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    bad = read_lines(rehashed(b"[" * 100_000)).bad
    assert bad is not None


def test_finds_wanted_heads_among_the_hashes_of_good_lines() -> None:
    wanted = [A[:64].decode(), C[:64].decode(), "f" * 64]
    assert read_lines(A + B, wanted).found == {A[:64].decode()}


def test_times_are_utc_and_heads_are_short() -> None:
    berlin = datetime(2026, 3, 1, 3, 14, 0, 123456, timezone(timedelta(hours=1)))
    assert stamp(berlin) == "2026-03-01T02:14:00.123456Z"
    assert stamp(datetime(2026, 3, 1, 2, 14, tzinfo=UTC)) == AT
    assert short_head("51be7c20d1a409ef" + "0" * 48) == "51be-7c20-d1a4-09ef"

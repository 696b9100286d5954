"""The hash chain of a journal (contract section 7), pure: bytes in, events out, or the first line that is wrong.

* A line is `<sha256-hex> <json>\\n`; the hash covers the previous line's hash as 64 hex characters (zeros before the
  first line), then the JSON bytes as they stand: stored bytes are hashed, never a re-serialisation.
* `n` counts from 1 without a gap; the first event is `opened`, and only that; nothing follows `sealed`.
* Only what follows the last newline is torn. A complete line that does not verify is never torn: it is wrong.
* A cut at the end of a line verifies. Only an anchor outside the file (a signed approval or checkpoint, a later run
  that names the head) shows it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import BaseModel, ValidationError

from orchestrator.model.events import EVENT, Event, Opened, Sealed

ZERO = "0" * 64
"""What stands for the hash before the first line, and for the head of a journal without a line."""

HASH_END = 64
JSON_START = 65


@dataclass(frozen=True, slots=True)
class BadLine:
    """The first line that does not verify, counted from 1, and what is wrong with it."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a journal's bytes hold: the events before the first bad line, and where they end.

    `head` is the hash of the last good line, `good_bytes` what the good lines measure, `torn_bytes` what follows the
    last newline, `found` those of the wanted heads that are the hash of a good line.
    """

    events: tuple[Event, ...]
    head: str
    good_bytes: int
    torn_bytes: int
    bad: BadLine | None
    found: frozenset[str] = frozenset()


def line_of(previous: str, payload: bytes) -> tuple[str, bytes]:
    """The line that holds `payload` after the line whose hash is `previous`: its hash, and its bytes."""
    head = hashlib.sha256(previous.encode("ascii") + payload).hexdigest()
    return head, head.encode("ascii") + b" " + payload + b"\n"


def payload_of(event: Event) -> bytes:
    """An event as JSON; what it does not have is left out."""
    if isinstance(event, BaseModel):
        return event.model_dump_json(exclude_none=True).encode("utf-8")
    return EVENT.dump_json(event, exclude_none=True)


def payload_in(line: bytes) -> bytes:
    """The JSON of a line."""
    return line[JSON_START:]


def stamp(at: datetime) -> str:
    """A time as the journal writes it: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def numbered(event: Event, n: int, at: str) -> Event:
    """The event as it goes into the journal: with its number and time."""
    if isinstance(event, BaseModel):
        return event.model_copy(update={"n": n, "at": at})
    return replace(event, n=n, at=at)


def order_fault(event: Event, n: int, after_seal: bool) -> str | None:
    """What is wrong with `event` as the `n`th of a run; None: nothing."""
    if after_seal:
        return "something follows the seal, which ends a run"
    if isinstance(event, Opened) != (n == 1):
        return 'the first event must be "opened"' if n == 1 else 'a second "opened"'
    return None


def read_lines(data: bytes, wanted: Iterable[str] = ()) -> Reading:
    """Verifies a journal line by line, up to the first that is wrong. Never raises."""
    asked = frozenset(wanted)
    found: set[str] = set()
    events: list[Event] = []
    head, start, sealed = ZERO, 0, False
    bad: BadLine | None = None
    while (end := data.find(b"\n", start)) >= 0:
        n = len(events) + 1
        result = _line(head, data[start:end], n, sealed)
        if isinstance(result, str):
            bad = BadLine(n, result)
            break
        head, event = result
        events.append(event)
        if head in asked:
            found.add(head)
        sealed = isinstance(event, Sealed)
        start = end + 1
    torn = 0 if bad else len(data) - start
    return Reading(tuple(events), head, start, torn, bad, frozenset(found))


def _line(previous: str, line: bytes, n: int, sealed: bool) -> tuple[str, Event] | str:
    """The hash and event of one line (without its newline), or what is wrong with it."""
    payload = line[JSON_START:]
    head = hashlib.sha256(previous.encode("ascii") + payload).hexdigest()
    if line[:JSON_START] != head.encode("ascii") + b" ":
        return _hash_fault(line)
    try:
        event = EVENT.validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return (
            f"its hash is right, but this version of orch can't read it: {place + ': ' if place else ''}{first['msg']}"
        )
    if event.n != n:
        return f"it is numbered {event.n}, but it is the {n}. entry"
    if not event.at:
        return "it has no time"
    if not _is_time(event.at):
        return f'its time is "{event.at[:40]}", not one in UTC as orch writes it'
    fault = order_fault(event, n, sealed)
    return fault or (head, event)


def _is_time(text: str) -> bool:
    try:
        return text.endswith("Z") and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _hash_fault(line: bytes) -> str:
    text = line[:HASH_END]
    if len(line) <= JSON_START or line[HASH_END:JSON_START] != b" " or text.strip(b"0123456789abcdef"):
        return "this is no line of a journal (64 hex characters, a space, JSON)"
    return "its hash does not fit: this line, or one before it, was changed, removed or put in"


def short_head(head: str) -> str:
    """A head as people compare it: the first 16 characters in four groups, `51be-7c20-d1a4-09ef`."""
    return "-".join(head[i : i + 4] for i in range(0, 16, 4))

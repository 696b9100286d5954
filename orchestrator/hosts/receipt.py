"""The receipt that a Linux host keeps of each attempt, seen from here (contract sections 6, 8 and 11). Pure.

`receipt.sh` is the other half, and says how it works. The rules on this side:
- What is sent is constant text with arguments behind it, so that the twin, a golden and an administrator recognise it.
- An answer counts only if its header names our id and exactly the announced bytes follow; anything else is no answer.
- A receipt's id is the SHA-256 of the attempt's key.
- Not finding an id proves something only in a folder whose generation was known before: the generation goes along.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, get_args

from orchestrator.hosts.command_line import armour, unarmour

Mode = Literal["run", "runs", "ask", "stop", "gen"]
State = Literal["done", "running", "lost", "fenced", "stale", "refused", "gen"]

GENERATION_ID = "generation"  # the id under which `gen` is asked
REFUSALS = {
    95: "no room for a receipt (disk full?)",
    96: "the line for its standard input did not arrive",
    97: "no receipt folder is writable",
    98: "flock, mkfifo or head is missing there, so no receipt can be kept",
}

_OPENERS = re.compile(r"(?:\b(?:then|do|else|in)|[{(;&|])\Z")
_WORD = re.compile(r"[A-Za-z0-9._-]+\Z")
_HEADER = re.compile(
    rb"orch/1 (?P<id>[A-Za-z0-9._-]+) (?P<state>[a-z]+) (?P<exit>-|\d{1,3}) (?P<spec>[A-Za-z0-9._-]+)"
    rb" (?P<generation>[A-Za-z0-9._-]+) (\d{1,12}) (\d{1,12}) (\d{1,18}) (\d{1,18})\n"
)


def one_line(script: str) -> str:
    """A shell script on one line: no comment lines, no empty ones, `;` where a newline ended a command."""
    text = ""
    for line in script.splitlines():
        if line and not line.startswith("#"):
            text += line if not text or text.endswith(" ") else f"; {line}"
            text += " " if _OPENERS.search(line) else ""
    return text.strip()


TEXT = one_line((files("orchestrator.hosts") / "receipt.sh").read_text(encoding="utf-8"))
_CALL = re.compile(
    re.escape(f"exec /bin/sh -c '{TEXT}' orch ")
    + r"(\S+) (run|runs|ask|stop|gen) (\S+) '([^']*)' (\d+) (\S+) (\S+)\Z"
)  # fmt: skip


def receipt_id(key: str) -> str:
    """The id under which the attempt `key` leaves its receipt."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ReceiptCall:
    """One thing told to, or asked of, the receipt script. `ask`, `stop` and `gen` need no `inner`."""

    mode: Mode
    id: str
    spec: str
    inner: str
    cap: int
    login: str
    generation: str | None

    @classmethod
    def for_generation(cls, login: str) -> "ReceiptCall":
        """The question which generation the host's receipt folder is of."""
        return cls("gen", GENERATION_ID, "-", "", 0, login, None)


@dataclass(frozen=True, slots=True)
class ReceiptAnswer:
    """The header of an answer.

    `exit` is the command's where `state` is done, the script's own where it is refused; `spec` and `generation` are
    None where the host has none; `sizes` are the bytes that follow, `dropped` what there was beyond the cap (1 also
    where that could not be counted).
    """

    state: State
    exit: int | None = None
    spec: str | None = None
    generation: str | None = None
    sizes: tuple[int, int] = (0, 0)
    dropped: tuple[int, int] = (0, 0)


def call_line(call: ReceiptCall) -> str:
    """What is sent for `call`. Raises ValueError for a word that could be taken for more than a word."""
    words = (call.id, call.spec, call.login, call.generation or "-")
    if not all(map(_WORD.match, words)) or call.cap < 0 or "\0" in call.inner:
        raise ValueError("no such receipt call")
    tail = (call.id, call.mode, call.spec, f"'{armour(call.inner)}'", str(call.cap), call.login, call.generation or "-")
    return f"exec /bin/sh -c '{TEXT}' orch {' '.join(tail)}"


def parse_call(line: str) -> ReceiptCall | None:
    """The call that `call_line` made `line` of; None for any other line."""
    match = _CALL.match(line)
    if match is None:
        return None
    id_, mode, spec, armoured, cap, login, generation = match.groups()
    inner = unarmour(armoured)
    if inner is None:
        return None
    modes: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}
    call = ReceiptCall(modes[mode], id_, spec, inner, int(cap), login, None if generation == "-" else generation)
    try:
        return call if call_line(call) == line else None
    except ValueError:
        return None


def answer_header(answer: ReceiptAnswer, id: str) -> bytes:
    """The first line of an answer, as the script writes it."""
    exit_ = "-" if answer.exit is None else answer.exit
    sizes = " ".join(map(str, answer.sizes + answer.dropped))
    return f"orch/1 {id} {answer.state} {exit_} {answer.spec or '-'} {answer.generation or '-'} {sizes}\n".encode(
        "ascii"
    )


def parse_answer(id: str, data: bytes) -> tuple[ReceiptAnswer, bytes, bytes] | None:
    """The header and both streams, where all of it came back; else None.

    What a login shell's start-up files print may stand before the header; nothing may follow the announced bytes.
    """
    for match in _HEADER.finditer(data):
        if match["id"] != id.encode("ascii") or (match.start() and data[match.start() - 1] != ord("\n")):
            continue
        out, err, more_out, more_err = map(int, match.groups()[-4:])
        body = data[match.end() :]
        if match["state"].decode() not in get_args(State) or len(body) != out + err:
            return None
        states: dict[str, State] = {state: state for state in get_args(State)}
        answer = ReceiptAnswer(
            state=states[match["state"].decode()],
            exit=None if match["exit"] == b"-" else int(match["exit"]),
            spec=_unless_dash(match["spec"]),
            generation=_unless_dash(match["generation"]),
            sizes=(out, err),
            dropped=(more_out, more_err),
        )
        if answer.state == "done" and answer.exit is None:
            return None
        return answer, body[:out], body[out:]
    return None


def _unless_dash(word: bytes) -> str | None:
    return None if word == b"-" else word.decode("ascii")

r"""What `orch probe` asks of a host in one command, and what came back (contract section 9). Pure.

`look.sh` is the other half on Linux. The rules on this side:
- One command a host, of constant text with arguments behind it, so that the twin and an administrator recognise it.
- It changes nothing. Where receipts would go is only looked at; `receipt.sh` makes that folder when it is needed.
- Only lines that begin with our own word count, between the last `begin` and the `end` after it; each is bounded. An
  answer without its end is none.
- Windows tells its clock. An appliance has no shell that we know: there nothing is sent, a login is all.
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from orchestrator.model.terms import Platform

LONGEST = 300
"""Characters kept of one value."""

_SH = "/bin/sh"
_NAME = "orch-look"
_LINES = (files("orchestrator.hosts") / "look.sh").read_text(encoding="utf-8").splitlines()
TEXT = "\n".join(line for line in _LINES if line and not line.startswith("#"))
POWERSHELL = (
    '"orch-look begin 1"; "orch-look clock " + '
    "([DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds() / 1000).ToString([Globalization.CultureInfo]::InvariantCulture)"
    '; "orch-look end"'
)
_LINE = re.compile(r"orch-look ([a-z]+)(?: (.*))?\Z")
_CLOCK = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class LookCall:
    """What one host is asked: `tools` are looked for as commands find them, `root_tools` as sudo finds them."""

    login: str
    sudo: bool = False
    tools: tuple[str, ...] = ()
    root_tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptPlace:
    """Where the host would keep receipts; `folder` None: nowhere. `state`: new, ours, foreign, none."""

    folder: str | None
    state: str
    generation: str | None = None
    lacks: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        """Whether the host can keep a receipt."""
        return self.folder is not None and self.state in {"new", "ours"} and not self.lacks


@dataclass(frozen=True, slots=True)
class ToolLook:
    """A tool as the host knows it: `path` None, not found; `beside` is where it lies outside of the PATH."""

    name: str
    sudo: bool
    path: str | None
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """A whole answer. `clock`: seconds since 1970 at its beginning and end, `resolution` how coarse they are."""

    clock: tuple[float, float] | None = None
    resolution: float = 0.0
    shell: str | None = None
    receipts: ReceiptPlace | None = None
    sudo: tuple[int, str] | None = None  # exit code and words of `sudo -n true`
    tools: tuple[ToolLook, ...] = field(default=())  # those that could be looked for


def look_command(platform: Platform, call: LookCall) -> tuple[tuple[str, ...] | None, str | None]:
    """`argv` and `shell` of the question; both None where nothing can be asked."""
    match platform:
        case Platform.LINUX:
            words = (call.login, "sudo" if call.sudo else "-", str(len(call.tools)))
            return (_SH, "-c", TEXT, _NAME, *words, *call.tools, *call.root_tools), None
        case Platform.WINDOWS:
            return None, POWERSHELL
        case Platform.APPLIANCE:
            return None, None


def parse_call(inner: str) -> LookCall | None:
    """The question that an inner line is; None for any other line. Windows is always asked the same."""
    if inner == POWERSHELL:
        return LookCall("")
    if not inner.startswith(f"{_SH} -c "):
        return None
    try:
        words = shlex.split(inner)
    except ValueError:
        return None
    if len(words) < 7 or words[:4] != [_SH, "-c", TEXT, _NAME] or not words[6].isdecimal():
        return None
    count = 7 + int(words[6])
    return LookCall(words[4], words[5] == "sudo", tuple(words[7:count]), tuple(words[count:]))


def parse_look(call: LookCall, stdout: bytes) -> Looked | None:
    """What the host said; None where its answer is not whole."""
    body = _body(stdout.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"))
    if body is None:
        return None
    said = _said(body)
    clocks = [at for word, text in said if word == "clock" and (at := _clock(text)) is not None]
    words = dict(reversed(said))  # the first of each
    return Looked(
        clock=(clocks[0][0], clocks[-1][0]) if clocks else None,
        resolution=max((coarse for _, coarse in clocks), default=0.0),
        shell=None if words.get("shell", "-") == "-" else words["shell"],
        receipts=_receipts(words.get("receipts", "")),
        sudo=_sudo(words.get("sudo", "")),
        tools=tuple(_tools(call, said)),
    )


def _body(lines: Sequence[str]) -> list[str] | None:
    """What stands between the last `begin` that has an `end`, and that."""
    body: list[str] | None = None
    found: list[str] | None = None
    for line in lines:
        if line == f"{_NAME} begin 1":
            body = []
        elif line == f"{_NAME} end":
            found, body = body if body is not None else found, None
        elif body is not None:
            body.append(line)
    return found


def _said(body: Sequence[str]) -> list[tuple[str, str]]:
    """Our own lines; what follows `sudo` without our word are the next lines of its words."""
    said: list[tuple[str, str]] = []
    for line in body:
        match = _LINE.match(line[: LONGEST + 40])
        if match is not None:
            said.append((match[1], (match[2] or "").strip()[:LONGEST]))
        elif said and said[-1][0] == "sudo" and len(said[-1][1]) < LONGEST:
            said[-1] = ("sudo", f"{said[-1][1]}\n{line}"[:LONGEST])
    return said


def _clock(text: str) -> tuple[float, float] | None:
    match = _CLOCK.match(text)
    if match is None:
        return None
    whole, part = match.groups()
    return float(f"{whole}.{part or 0}"), 1.0 if part is None else 10.0 ** -len(part)


def _receipts(text: str) -> ReceiptPlace | None:
    words = text.split()
    if len(words) < 3:
        return None
    place, state, generation, *lacks = words
    return ReceiptPlace(None if place == "-" else place, state, None if generation == "-" else generation, tuple(lacks))


def _sudo(text: str) -> tuple[int, str] | None:
    code, _, words = text.partition(" ")
    return (int(code), words.strip()) if code.isdecimal() and len(code) < 4 else None


def _tools(call: LookCall, said: Sequence[tuple[str, str]]) -> list[ToolLook]:
    found: dict[tuple[str, bool], ToolLook] = {}
    for word, text in said:
        number, _, path = text.partition(" ")
        names = call.root_tools if word == "root" else call.tools
        if word not in {"tool", "missing", "root"} or not number.isdecimal() or not 0 < int(number) <= len(names):
            continue
        name, is_missing = names[int(number) - 1], word == "missing" or not path
        one = ToolLook(name, word == "root", None if is_missing else path, path if is_missing and path else None)
        found.setdefault((name, word == "root"), one)
    return list(found.values())

"""Secrets taken out of all that an outcome holds: the one place, where outcomes leave a carrier (section 7). Pure.

- What is looked for: each value as it is, and as hosts print it: quoted for a shell, PowerShell, JSON, XML, a URL,
  armoured as we send it; in UTF-8, UTF-16 and, beyond ASCII, the code pages of Windows. Of 8 characters and more also
  in hex and in base64, wherever in a longer text it stands. Every place is found before any is replaced, so that two
  secrets that overlap leave nothing of either.
- A stream that was cut may end in the middle of one: an end that is a beginning of one goes too, be it one character.
- A value of fewer than 4 characters goes where it stands alone, with no letter or digit beside it: anywhere else it
  would be chance, and every number would be in pieces.
- Sizes stay as the host sent them, exit codes too. What decides about an outcome sees it redacted, like everybody: a
  secret that is an ordinary word ("running") makes answers unreadable, which is unknown, never wrong.
- Where a step was handed a secret that is not known here (a run that is taken up without it), nothing can be looked
  for: its whole output is withheld.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote, quote_plus

from orchestrator.hosts.command_line import armour
from orchestrator.hosts.port import Outcome, OutcomeState, Partial, Result
from orchestrator.hosts.stdin import SHORT, Secrets
from orchestrator.plan.quoting import quote_powershell

Came = TypeVar("Came", Result, Partial)

LONG = 8
"""From so many characters on a value is also looked for in hex and base64."""
MOST = 65_536
"""An output that holds more secrets than this holds little else, and is withheld whole."""
_MARKS = ("[secret]", "[hidden]", "[-]")
_TEXT_END = 4  # of our own texts only so long a beginning counts: they are rarely cut, and end in all sorts of words
_SHELL_SPECIAL = re.compile(r"([^A-Za-z0-9_@%+=:,./-])")
_ESCAPES = dict(zip("abfnrtv\\", "\a\b\f\n\r\t\v\\", strict=True))
_HEX = re.compile("%[0-9A-F]{2}")


class Redactor:
    """Takes the values of `secrets` out of bytes, texts and outcomes."""

    def __init__(self, secrets: Secrets) -> None:
        self._lacking = secrets.lacking
        forms = {form for value in secrets.values if len(value) >= SHORT for form in forms_of(value)}
        self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
        short = [re.escape(value.encode()) for value in secrets.values if len(value) < SHORT]
        self._short = re.compile(rb"(?<![A-Za-z0-9])(?:" + b"|".join(short) + rb")(?![A-Za-z0-9])") if short else None
        # A mark must not hold what it stands for: a value may be "secret".
        self.mark = next(mark for mark in _MARKS if not any(form in mark.encode() for form in forms))

    def outcome(self, outcome: Outcome, secret: str | None = None) -> Outcome:
        """`outcome` without any secret. `secret`: the reference that its command was handed."""
        result = outcome.result
        if result is not None and secret in self._lacking:
            result = self._withheld(result, f"withheld: {self._lacking[secret]} here")
        elif result is not None:
            whole = outcome.state is OutcomeState.DONE
            cut = tuple(at_end or not whole for at_end in result.truncated)
            result = replace(
                result, stdout=self.data(result.stdout, cut=cut[0]), stderr=self.data(result.stderr, cut=cut[1])
            )
        partial = outcome.partial
        if partial is not None and secret in self._lacking:
            partial = self._withheld(partial, f"withheld: {self._lacking[secret]} here")
        elif partial is not None:
            stdout, stderr = (self.data(stream, cut=True) for stream in (partial.stdout, partial.stderr))
            partial = replace(partial, stdout=stdout, stderr=stderr)
        return replace(outcome, result=result, partial=partial, why=self.text(outcome.why))

    def text(self, text: str) -> str:
        """`text` without any secret."""
        data = text.encode("utf-8", "surrogatepass")
        clean = self._clean(data, _TEXT_END)
        return text if clean is data else clean.decode("utf-8", "replace")

    def data(self, data: bytes, *, cut: bool = False) -> bytes:
        """`data` without any secret. `cut`: there was more of it, so that it may end within one."""
        return self._clean(data, 1 if cut else 0)

    def _withheld(self, result: Came, why: str) -> Came:
        stdout, stderr = (f"[{why}]\n".encode() if stream else b"" for stream in (result.stdout, result.stderr))
        return replace(result, stdout=stdout, stderr=stderr)

    def _clean(self, data: bytes, least_end: int) -> bytes:
        there = [form for form in self._forms if form in data]
        if sum(data.count(form) for form in there) > MOST:
            return f"[withheld: it holds more than {MOST} secrets]\n".encode()
        places = [(at, at + len(form)) for form in there for at in _places(data, form)]
        if self._short is not None:
            places += [match.span() for match in self._short.finditer(data)]
        if least_end and (length := self._beginning_at_the_end(data)) >= least_end:
            places.append((len(data) - length, len(data)))
        if not places:
            return data
        clean = bytearray()
        done = 0
        for start, end in _together(places):
            clean += data[done:start]
            clean += self.mark.encode()
            done = end
        return bytes(clean + data[done:])

    def _beginning_at_the_end(self, data: bytes) -> int:
        """How long an end of `data` is a beginning of a secret, and no whole one."""
        longest = 0
        for form in self._forms:
            for length in range(min(len(form) - 1, len(data)), longest, -1):
                if data.endswith(form[:length]):
                    longest = length
                    break
        return longest


def _places(data: bytes, form: bytes) -> Iterator[int]:
    at = data.find(form)
    while at >= 0:
        yield at
        at = data.find(form, at + len(form))


def _together(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Places in order, those that overlap or touch as one."""
    start, end = -1, -1
    for first, last in sorted(places):
        if first > end:
            if end >= 0:
                yield start, end
            start, end = first, last
        else:
            end = max(end, last)
    yield start, end


def forms_of(value: str) -> Iterator[bytes]:
    """A value as hosts print it."""
    for text in {value, *_texts(value)}:
        if len(text.strip()) < SHORT:
            continue
        for encoding in ("utf-8", "utf-16-le", "cp1252", "cp850"):
            try:
                yield text.encode(encoding)
            except UnicodeEncodeError:
                continue
    if len(value) >= LONG:
        for encoding in ("utf-8", "utf-16-le"):
            data = value.encode(encoding, "surrogatepass")
            yield data.hex().encode()
            yield data.hex().upper().encode()
            yield from _base64(data)


def _texts(value: str) -> Iterator[str]:
    """A value quoted in every way that is usual, without the quotes around it."""
    yield value.strip()  # `read` of a shell
    yield re.sub(r"\\(.)", r"\1", value)  # the same without -r
    yield re.sub(r"\\([abfnrtv\\])", lambda match: _ESCAPES[match[1]], value)  # `echo` of dash, printf %b
    yield value.replace("'", "'\\''")
    yield value.replace("'", "'\"'\"'")
    yield _SHELL_SPECIAL.sub(r"\\\1", value)
    yield re.sub(r'(["\\$`])', r"\\\1", value)
    yield re.sub(r"(['\\])", r"\\\1", value)
    yield quote_powershell(value)[1:-1]
    yield armour(value)
    yield repr(value)[1:-1]
    for ascii_only in (True, False):
        coded = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield coded
        yield coded.replace("/", "\\/")
    for url in (
        quote(value, "", errors="replace"),
        quote(value, errors="replace"),
        quote_plus(value, errors="replace"),
    ):
        yield url
        yield _HEX.sub(lambda match: match[0].lower(), url)
    yield html.escape(value)
    yield html.escape(value, quote=False)
    yield html.escape(value).replace("&#x27;", "&apos;")


def _base64(data: bytes) -> Iterator[bytes]:
    """By itself, and what of it is the same wherever in a longer text it begins."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(data)
        for lead in range(3):
            first, last = -(-lead * 8 // 6), (lead + len(data)) * 8 // 6
            yield encode(bytes(lead) + data)[first:last]

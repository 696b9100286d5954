"""Standard streams as the shell left them: closed, full, read by nobody, in another alphabet. None of it is a mistake.

* A stream that is closed takes what is written and drops it (`all_there`).
* A character that the terminal's encoding lacks is shown as an escape.
* Whoever read stdout and is gone (`orch log last | head -1`) wants no more: the rest is dropped, the command goes on to
  its end and its exit code is its own. A disk that is full under `orch log last > file` is said, and is 4.
* Messages and the display of a run are dropped where they can't be written. The log is the record, not the screen; a
  run never ends because nobody looks at it.
"""

import errno
import os
import sys
from typing import Any, TextIO, cast

from orchestrator.model.errors import MustWait

_NOBODY_READS = {errno.EPIPE, errno.EIO, errno.ECONNRESET}


def all_there() -> None:
    """Sees to it that all three streams can be used."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started us; opened again in this order, it gets its own number back
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.stdout = cast(TextIO, Patient(sys.stdout, answers=True))
    sys.stderr = cast(TextIO, Patient(sys.stderr, answers=False))


class Patient:
    """A stream to write to that outlives its reader. `answers`: what is written must arrive, or it is said."""

    def __init__(self, stream: TextIO, *, answers: bool) -> None:
        self._stream = stream
        self._answers = answers
        self.is_gone = False
        """Whether nobody reads any more."""
        self._was_terminal = stream.isatty()

    @property
    def is_terminal_gone(self) -> bool:
        """Whether it was a terminal, and that is gone: a closed window, a lost login."""
        return self._was_terminal and not self._stream.isatty()

    def write(self, text: str) -> int:
        """Writes, unless nobody reads. Raises MustWait for an answer that could not be written."""
        if not self.is_gone:
            try:
                self._stream.write(text)
            except OSError as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """The same for what waits to be written."""
        if not self.is_gone:
            try:
                self._stream.flush()
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.is_gone = True
        _drop(self._stream)
        if self._answers and error.errno not in _NOBODY_READS:
            raise MustWait(
                f"stdout could not be written: {error.strerror or error}.", "Free space, or write it somewhere else."
            ) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _drop(stream: TextIO) -> None:
    """From now on the stream's number leads nowhere, so that what is left in its buffer troubles nobody."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return  # not a stream of the system's
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, number)
    os.close(sink)

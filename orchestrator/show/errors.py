"""Errors as people read them: what happened, then what to do; all problems of the files in one go.

Every text passes through `neutral`, since it may quote files, people or hosts. The exit code is not chosen here.
"""

from orchestrator.model.errors import FilesError, OrchError
from orchestrator.show.check_view import problem_lines
from orchestrator.show.layout import Line, line, para
from orchestrator.show.theme import BAD

WORDS = {"UsageError": "", "Refused": "REFUSED: ", "MustWait": "", "Broken": "BROKEN: ", "Interrupted": ""}


def error_lines(error: OrchError, width: int, *, place: str = "") -> list[Line]:
    """An error that orch raised on purpose. `place`: the ` -C DIR` that commands in its advice need."""
    lines = _said(error, width)
    if place and "orch " in error.advice and place not in error.advice and "-C DIR" not in error.advice:
        lines += para("", f"(Add{place} to that command.)", width)
    return lines


def _said(error: OrchError, width: int) -> list[Line]:
    if isinstance(error, FilesError):
        pieces = f"{error.what}. {error.advice}".split("\n")
        return [*problem_lines(error.problems, width), *(each for piece in pieces for each in para("", piece, width))]
    lines: list[Line] = []
    for at, piece in enumerate(error.what.split("\n")):
        lines += para(WORDS.get(type(error).__name__, "") if at == 0 else "", piece, width, label_style=BAD)
    for piece in error.advice.split("\n") if error.advice else ():
        is_command = piece.startswith("orch ")  # half of a command is another one: it is never folded
        lines += [line(piece)] if is_command else para("", piece, width)
    return lines


def mistake_lines(kind: str, place: str, where: str, width: int) -> list[Line]:
    """An error that nobody meant: orch's own. `where` is the file that holds the details."""
    return [
        line(("This is a mistake in orch itself, not in your files:", BAD)),
        *para("  ", f"{kind} in {place}" if place else kind, width),
        *para("", f"The details are in {where}. Please send that file to whoever looks after orch.", width),
        *para(
            "",
            "A run that was going on can be looked at with: orch show last, and taken up with: orch resume last",
            width,
        ),
    ]

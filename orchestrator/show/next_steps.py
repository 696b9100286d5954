"""What to type next: the last thing on a page, one command a line, so that each can be pasted.

A command is never folded: half of one is another command, without its `--dry-run` perhaps. The terminal wraps it.
"""

from collections.abc import Collection, Sequence

from orchestrator.show.layout import Line, line, para
from orchestrator.show.theme import STRONG


def next_lines(commands: Sequence[str], width: int, place: str = "") -> list[Line]:
    """The commands, the most useful first; `place` is the ` -C DIR` that each needs to mean this workspace."""
    lines: list[Line] = []
    for at, command in enumerate(commands):
        label, text = "Next: " if at == 0 else "      ", command + place
        if command.startswith("orch "):
            lines.append(line((label, STRONG), text))
        else:
            lines += para(label, text, width, label_style=STRONG)
    return lines


def short_run(run: str, runs: Collection[str]) -> str:
    """The shortest beginning of a run's id, up to a dash, that means no other run."""
    parts = run.split("-")
    for length in range(2, len(parts)):
        beginning = "-".join(parts[:length])
        if sum(other.startswith(beginning) for other in runs) == 1:
            return beginning
    return run

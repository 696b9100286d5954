"""The journal for people: what happened, in order, one line a thing (SCREENS, "Review of a run").

The rows come from `run/timeline`; here they only get their places on the line. Commands and answers are folded, never
cut. What a host said is shown on request, neutralised, from the run's own store.
"""

from collections.abc import Callable, Sequence

from orchestrator.model.events import OutputRef
from orchestrator.run.timeline import Row
from orchestrator.show import words
from orchestrator.show.layout import Line, cut, fold, line, pad, para
from orchestrator.show.neutral import neutral_bytes
from orchestrator.show.theme import BAD, DOUBT, GOOD, QUIET, STRONG

WHEN = 14
OUTPUT_LIMIT = 4_000
THE_RUN = "the run"
ROOM = 60
"""With less room than this beside the label, what is folded hangs under it."""
LEAST = 12
"""With less than this, all of it stands under it."""
_STYLES = (
    ("failed", BAD),
    ("unknown", DOUBT),
    ("no outcome", DOUBT),
    ("not kept", DOUBT),
    ("held", DOUBT),
    ("done", GOOD),
    ("already", GOOD),
    ("ok", GOOD),
    ("gone", GOOD),
    ("waited for", QUIET),
    ("FORCE", DOUBT),
    ("superseded", DOUBT),
    ("pause", DOUBT),
    ("abort", DOUBT),
    ("budget", DOUBT),
)
Reader = Callable[[str], bytes]


def log_lines(rows: Sequence[Row], width: int, *, one_task: bool = False, output: Reader | None = None) -> list[Line]:
    """The lines of `rows`. `one_task` leaves the task's name out of each line."""
    if not rows:
        return [line("Nothing of that kind is in the log.")]
    wide = width >= 120
    what_width = min(max(len(row.what) for row in rows), 30 if wide else 18)
    task_width = 0 if one_task else min(max(len(row.task or THE_RUN) for row in rows), 28 if wide else 16)
    lines: list[Line] = []
    day = ""
    for row in rows:
        if row.at[:10] != day:
            day = row.at[:10]
            lines.append(line((f"{day} (UTC)", QUIET)))
        lines += _row(row, task_width, what_width, width)
        if output is not None:
            lines += [each for ref in row.outputs for each in _output(ref, output, width)]
    return lines


def _row(row: Row, task_width: int, what_width: int, width: int) -> list[Line]:
    """`02:39:51.377  core-db  stop.1 stop  muc-db-01  systemctl stop ...  ok 4.2 s`."""
    label = f"{words.clock(row.at):<{WHEN}}"
    label += f"{pad(row.task or THE_RUN, task_width)}  " if task_width else ""
    label += f"{pad(row.what, what_width)}  "
    took = f" {row.seconds:.1f} s" if row.seconds is not None else ""
    rest = "  ".join(part for part in (row.host, row.command, row.result + took) if part)
    indent = len(label) if width - len(label) >= ROOM else WHEN + 2
    if width - len(label) < LEAST:
        under = para(" " * indent, rest, width, style=_style(row)) if rest else []
        return [line(cut(label.rstrip(), width)), *under]
    return para(label, rest, width, indent=indent, style=_style(row))


def _style(row: Row) -> str:
    for word, style in _STYLES:
        if row.what.startswith(word) or row.result.startswith(word):
            return style
    return "" if row.task else STRONG


def _output(ref: OutputRef, read: Reader, width: int) -> list[Line]:
    lines: list[Line] = []
    streams = zip(("out", "err"), (ref.stdout, ref.stderr), ref.bytes, ref.truncated, strict=True)
    for stream, sha, sent, cut_off in streams:
        if not sent:
            continue
        text = neutral_bytes(read(sha), OUTPUT_LIMIT).rstrip("\n")
        pieces = (piece for raw in text.split("\n") for piece in fold(raw, width - WHEN - 5))
        lines += [line(" " * WHEN, (f"{stream}| ", QUIET), piece) for piece in pieces]
        if cut_off:
            lines.append(line(" " * WHEN, (f"{stream}| cut at the cap; the host sent {sent} bytes", DOUBT)))
    return lines

"""What moves while `orch probe` asks: a line of progress on a terminal; with `--watch` each change with its time."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live

from orchestrator.plan.phrases import names
from orchestrator.run.survey.drive import Progress
from orchestrator.run.survey.watch import Change, Round
from orchestrator.show.layout import Line, count, cut, line, para
from orchestrator.show.probe_view import headline
from orchestrator.show.theme import BAD, GOOD, STRONG

_TIME = 10
_LABEL = 25
MOST = 25
"""So many changes of one round are told by name."""


def progress_text(progress: Progress) -> str:
    """`asked 34 of 54 hosts, 60 of 83 systems, 12 s; not yet: muc-db-01, ...`."""
    (hosts, all_hosts), (systems, all_systems) = progress.hosts, progress.systems
    text = f"asked {hosts} of {count(all_hosts, 'host')}, {systems} of {count(all_systems, 'system')}"
    waits = f"; not yet: {', '.join(progress.open_hosts)}" if progress.open_hosts else ""
    return f"{text}, {progress.seconds:.0f} s{waits}"


class ProgressLine:
    """One line at the bottom of a terminal, gone when it is over; elsewhere nothing."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stderr=False)

    def tell(self, progress: Progress) -> None:
        """Draw how far it is."""
        if self._live is not None:
            self._live.update(line(cut(progress_text(progress), self._console.size.width - 1)), refresh=True)

    def rest(self, text: str) -> None:
        """Draw what is waited for."""
        if self._live is not None:
            self._live.update(line(cut(text, self._console.size.width - 1)), refresh=True)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()


def round_lines(found: Round, at: str, width: int) -> list[Line]:
    """What a round has to tell, `at` the time of day: in the first how all of them are, then only changes."""
    lines: list[Line] = []
    if found.nth == 1:
        lines += para(f"{at}  ", headline(found.survey), width, indent=_TIME, style=STRONG)
    for change in found.changes[:MOST]:
        lines += _change(change, at, width)
    if found.gone:
        text = f"{names(found.gone, MOST)}: no longer watched; no run keeps it down any more"
        lines += para(f"{at}  brought back", text, width, indent=_LABEL, label_style=GOOD)
    if len(found.changes) > MOST:
        lines += para(f"{at}  ", f"and {len(found.changes) - MOST} more changes: orch probe", width, indent=_TIME)
    return lines


def _change(change: Change, at: str, width: int) -> list[Line]:
    finding = change.finding
    label = f"{at}  {finding.state.value}"
    text = f"{change.system}: {finding.seen}"
    if not change.better:
        text += f" (believed {finding.believed.value})"
    style = BAD if change.alarm else GOOD if change.better else ""
    return para(label, text, width, indent=_LABEL, label_style=style)

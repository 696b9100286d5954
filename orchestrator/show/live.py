"""What listens to a run and shows it: a live screen on a terminal, plain lines elsewhere.

Both get every event after it is durable, and a view of the run about four times a second. They only show; an error of
theirs would be an error of orch, never of the run.
"""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from orchestrator.model.events import Event
from orchestrator.run.view import RunView
from orchestrator.show.layout import line
from orchestrator.show.live_view import live_lines
from orchestrator.show.plain_lines import plain_line


class LiveScreen:
    """Redraws one screen in place; leaves the last one standing."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop", redirect_stderr=False)

    def on_event(self, event: Event) -> None:
        """Nothing: the next tick shows what it changed."""

    def on_tick(self, view: RunView) -> None:
        """Draw."""
        size = self._console.size
        screen = Text("\n", no_wrap=True).join(live_lines(view, size.width, size.height))
        self._live.update(screen, refresh=True)

    def on_notice(self, text: str) -> None:
        """Say it above the screen, where it stays."""
        self._console.print(line(text))

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


class PlainLines:
    """One line an event, for pipes, log files and screen readers."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def on_event(self, event: Event) -> None:
        """Write the event's line, if it has one."""
        said = plain_line(event)
        if said is not None:
            self._console.print(said, soft_wrap=True)

    def on_tick(self, view: RunView) -> None:
        """Nothing: a log file needs no progress bar."""

    def on_notice(self, text: str) -> None:
        """Say it."""
        self._console.print(line(text), soft_wrap=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def listener(console: Console) -> LiveScreen | PlainLines:
    """The one that fits where `console` writes."""
    return LiveScreen(console) if console.is_terminal and not console.is_dumb_terminal else PlainLines(console)

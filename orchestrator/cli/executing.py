"""One process executes one run: signals in, the display out, the last page and the exit code at the end.

Ctrl-C, SIGTERM, SIGHUP and a terminal that is gone ask to pause: nothing new is started, what runs is finished. After a
second Ctrl-C orch gives up waiting, and what runs becomes unknown. Under nohup the terminal does not matter. What is
decided, is decided in `run`.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from orchestrator import __version__
from orchestrator.cli.exit_codes import Code, of_end, worst
from orchestrator.cli.options import place
from orchestrator.cli.pages import page_of
from orchestrator.cli.required_secrets import require_secrets, secrets_of
from orchestrator.cli.situation import short_name
from orchestrator.hosts.ssh import SshCarrier
from orchestrator.model.errors import MustWait
from orchestrator.model.events import Event, OperatorDid
from orchestrator.run.execute import RunEnd, Stop, execute
from orchestrator.run.folder import RunFolder
from orchestrator.run.summary import refused_by_keys
from orchestrator.run.view import RunView
from orchestrator.show import console
from orchestrator.show.errors import error_lines
from orchestrator.show.layout import BLANK
from orchestrator.show.live import LiveScreen, PlainLines, listener
from orchestrator.show.run_view import run_lines


def carry_out(
    root: Path, folder: RunFolder, by: str, *, resumes: bool = False, past_limit: OperatorDid | None = None
) -> Code:
    """Executes the run in `folder`, or takes it up (`resumes`), and shows how it ended.

    `past_limit`: spent budgets count anew.
    """
    plan = folder.plan()[0]  # and not its bytes, as long as the run goes on
    if resumes:
        require_secrets(plan, resumes=True)
    carrier = SshCarrier(root=root, parallel=plan.policy.parallel, secrets=secrets_of(plan))
    stop = Stop()
    try:
        with listener(console.err()) as display, asked_to_stop(stop):
            end = execute(
                folder,
                by=by,
                version=__version__,
                carrier=carrier,
                listener=_Attentive(display, stop),
                stop=stop,
                wait_for_people=console.err().is_terminal,
                past_limit=past_limit,
                plan=plan,
            )
    finally:
        carrier.close()
    refused = end is RunEnd.FAILED and refused_by_keys(folder.read().events)
    code = Code.REFUSED if refused else of_end(end)
    page = page_of(folder, plan)
    if end is RunEnd.DURABILITY:  # its journal may not say so: there was no room for that either
        page = replace(page, summary=replace(page.summary, left=end.value))
    lines = run_lines(page, console.width(), name=short_name(root, folder.run_id), place=place(root))
    try:
        console.answer([BLANK, *lines])
    except MustWait as full:
        console.message(error_lines(full, console.err_width()))
        return worst((code, Code.WAITS))
    return code


@contextmanager
def asked_to_stop(stop: Stop) -> Iterator[None]:
    """Signals reach `stop` for the life of the block."""
    asking: dict[signal.Signals, Callable[[], None]] = {
        signal.SIGINT: lambda: stop.request("Ctrl-C"),
        signal.SIGTERM: lambda: stop.pause("SIGTERM"),
        signal.SIGHUP: lambda: stop.pause("SIGHUP: its terminal went away"),
    }
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        del asking[signal.SIGHUP]  # started by nohup: it shall outlive its terminal
    before = {number: signal.getsignal(number) for number in asking}
    for number, ask in asking.items():
        signal.signal(number, _calling(ask))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Attentive:
    """Shows a run, and notices when the terminal that it is shown on is gone."""

    def __init__(self, display: LiveScreen | PlainLines, stop: Stop) -> None:
        self._display = display
        self._stop = stop

    def on_event(self, event: Event) -> None:
        """Show it."""
        self._display.on_event(event)
        self._look()

    def on_tick(self, view: RunView) -> None:
        """Show it."""
        self._display.on_tick(view)
        self._look()

    def on_notice(self, text: str) -> None:
        """Show it."""
        self._display.on_notice(text)

    def _look(self) -> None:
        if console.is_terminal_gone():
            self._stop.pause("its terminal is gone")


def _calling(ask: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    return lambda _number, _frame: ask()

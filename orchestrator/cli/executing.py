"""One process executes one run: signals in, the display out, the last page and the exit code at the end.

Ctrl-C, SIGTERM and SIGHUP ask to pause: nothing new is started, what runs is finished. After a second Ctrl-C orch gives
up waiting, and what runs becomes unknown. What is decided, is decided in `run`.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from orchestrator import __version__
from orchestrator.cli.exit_codes import Code, of_end, worst
from orchestrator.cli.options import place
from orchestrator.cli.pages import page_of
from orchestrator.cli.situation import short_name
from orchestrator.hosts.ssh import SshCarrier
from orchestrator.model.errors import MustWait
from orchestrator.run.execute import RunEnd, Stop, execute
from orchestrator.run.folder import RunFolder
from orchestrator.run.summary import refused_by_keys
from orchestrator.show import console
from orchestrator.show.errors import error_lines
from orchestrator.show.layout import BLANK
from orchestrator.show.live import listener
from orchestrator.show.run_view import run_lines


def carry_out(root: Path, folder: RunFolder, by: str) -> Code:
    """Executes, or takes up, the run in `folder`, and shows how it ended."""
    plan, _ = folder.plan()
    carrier = SshCarrier(root=root, parallel=plan.policy.parallel)
    stop = Stop()
    try:
        with listener(console.err()) as display, asked_to_stop(stop):
            end = execute(
                folder,
                by=by,
                version=__version__,
                carrier=carrier,
                listener=display,
                stop=stop,
                wait_for_people=console.err().is_terminal,
            )
    finally:
        carrier.close()
    refused = end is RunEnd.FAILED and refused_by_keys(folder.read().events)
    code = Code.REFUSED if refused else of_end(end)
    page = run_lines(page_of(folder), console.width(), name=short_name(root, folder.run_id), place=place(root))
    try:
        console.answer([BLANK, *page])
    except MustWait as full:
        console.message(error_lines(full, console.err_width()))
        return worst((code, Code.WAITS))
    return code


@contextmanager
def asked_to_stop(stop: Stop) -> Iterator[None]:
    """Signals reach `stop` for the life of the block."""
    asking: dict[signal.Signals, Callable[[], None]] = {
        signal.SIGINT: stop.request,
        signal.SIGTERM: stop.pause,
        signal.SIGHUP: stop.pause,
    }
    before = {number: signal.getsignal(number) for number in asking}
    for number, ask in asking.items():
        signal.signal(number, _calling(ask))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _calling(ask: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    return lambda _number, _frame: ask()

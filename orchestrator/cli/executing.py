"""One process executes one run: signals in, the display out, the last page and the exit code at the end.

Ctrl-C, SIGTERM and SIGHUP ask once to pause: nothing new is started, what runs is finished; asked again, orch gives up
waiting, and what runs becomes unknown. What is decided, is decided in `run`.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator import __version__
from orchestrator.cli.exit_codes import Code, of_end
from orchestrator.cli.options import place
from orchestrator.cli.pages import page_of
from orchestrator.cli.situation import short_name
from orchestrator.hosts.ssh import SshCarrier
from orchestrator.run.execute import Stop, execute
from orchestrator.run.folder import RunFolder
from orchestrator.show import console
from orchestrator.show.layout import BLANK
from orchestrator.show.live import listener
from orchestrator.show.run_view import run_lines

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def carry_out(root: Path, folder: RunFolder, by: str) -> Code:
    """Executes, or takes up, the run in `folder`, and shows how it ended."""
    plan, _ = folder.plan()
    carrier = SshCarrier(root=root, parallel=plan.policy.parallel)
    stop = Stop()
    try:
        with listener(console.err()) as display, _asked_to_stop(stop.request):
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
    console.answer(
        [BLANK, *run_lines(page_of(folder), console.width(), name=short_name(root, folder.run_id), place=place(root))]
    )
    return of_end(end)


@contextmanager
def _asked_to_stop(request: Callable[[], None]) -> Iterator[None]:
    """Signals call `request` for the life of the block."""
    before = {number: signal.getsignal(number) for number in _ASKING}
    for number in _ASKING:
        signal.signal(number, lambda _number, _frame: request())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

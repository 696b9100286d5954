"""A run while something happens to the world, and how an operator brings it to its end."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.e2e.orch import Ran
from tests.netns import records
from tests.netns.world import World, until

LIMIT_S = 300
Moment = tuple[Callable[[], object], Callable[[], object]]
"""When it holds, and what happens then."""


def meanwhile(site: World, words: tuple[str, ...], *moments: Moment) -> Ran:
    """Run orch; at each moment, in their order, something happens."""
    process = site.orch.start(*words)
    try:
        for ready, act in moments:
            _until_either(ready, process, words)
            assert process.poll() is None, f"it was over too early: {process.communicate()}"
            act()
        out, err = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
        process.communicate()
    assert "Traceback" not in out + err
    return Ran(process.returncode, out, err)


def _until_either(ready: Callable[[], object], process: "subprocess.Popen[str]", words: tuple[str, ...]) -> None:
    until(lambda: ready() or process.poll() is not None, f"a moment of {words}", LIMIT_S)


def began(site: World, system: str, step: str) -> Callable[[], bool]:
    """The moment in which a step has begun on its machine."""
    return lambda: records.has_begun(site, system, step)


def ended(site: World, system: str, step: str) -> Callable[[], bool]:
    """The moment in which a step has ended on its machine."""
    return lambda: records.has_ended(site, system, step)


def is_sealed(folder: Path) -> bool:
    """Whether a run has come to its end."""
    return bool(records.journal(folder)[-1]["type"] == "sealed")


def see_it_through(site: World, tries: int = 6) -> int:
    """Resume the last run until it is sealed; what a plain resume does not bring on is tried again by a person's word.

    Returns how often a person had to say so.
    """
    folder = records.run_folders(site)[-1]
    words = 0
    for _ in range(tries):
        if is_sealed(folder):
            break
        before = records.ends(folder)
        site.orch("resume", "last", code=None)
        if before == records.ends(folder):
            stuck = [task for task, state in before.items() if state in {"failed", "unknown", "held"}]
            site.orch("resolve", "last", "retry", *stuck, "--reason", "looked at it: it may be tried again")
            words += 1
    assert is_sealed(folder), records.ends(folder)
    return words


def learnt_by_receipt(site: World) -> set[tuple[str, str]]:
    """The (task, step) whose outcome came from the receipt on the host, in the last run."""
    events = records.journal(records.run_folders(site)[-1])
    return {(event["task"], event["step"]) for event in events if event["type"] == "step" and event.get("by_receipt")}

"""Network namespaces by name: made, talked to, and ended with all that lives in them.

Every name begins with this process's id, so that several test processes work side by side; what a killed one left
behind is swept away by the next, by its exact names.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

_PREFIX = "orchtest"
_NAME = re.compile(rf"{_PREFIX}-(\d+)-\d+-[a-z0-9-]+\Z")
_WORLDS = count(1)


def run(*words: str, check: bool = True, input: str | None = None) -> "subprocess.CompletedProcess[str]":
    """A command of ours, with what it said where it failed."""
    done = subprocess.run(words, check=False, capture_output=True, text=True, input=input, timeout=60)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}: exit {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def new_prefix() -> str:
    """The beginning of the names of one world's namespaces."""
    return f"{_PREFIX}-{os.getpid()}-{next(_WORLDS)}-"


def can_make_namespaces() -> str:
    """Why no namespace with a cable, a bridge and a filter can be made here; "" where it can."""
    name = f"{new_prefix()}try"
    try:
        make(name)
        run("ip", "-n", name, "link", "add", "br0", "type", "bridge")
        run("ip", "-n", name, "link", "add", "one", "type", "veth", "peer", "name", "two")
        run(
            *inside(
                name,
                "nft",
                "add table bridge cut; add chain bridge cut forward { type filter hook forward priority 0; }",
            )
        )
        run(*inside(name, "unshare", "--mount", "--pid", "--fork", "--mount-proc", "mount", "-t", "tmpfs", "x", "/srv"))
    except (RuntimeError, OSError) as error:
        return str(error)
    finally:
        end((name,))
    return ""


def make(name: str) -> None:
    """A new namespace, whose loopback is up."""
    run("ip", "netns", "add", name)
    run("ip", "-n", name, "link", "set", "lo", "up")


def inside(name: str, *words: str) -> tuple[str, ...]:
    """The words that run a command in a namespace."""
    return ("ip", "netns", "exec", name, *words)


def pids(name: str) -> tuple[int, ...]:
    """The processes in a namespace."""
    done = run("ip", "netns", "pids", name, check=False)
    return tuple(int(word) for word in done.stdout.split())


def end(names: Iterable[str]) -> None:
    """End all processes in these namespaces, and the namespaces. Those that are not there are no mistake."""
    names = [name for name in names if Path("/run/netns", name).exists()]
    until = time.monotonic() + 20
    while (left := [pid for name in names for pid in pids(name)]) and time.monotonic() < until:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    for name in names:
        run("ip", "netns", "del", name, check=False)
    if left:
        raise RuntimeError(f"processes that do not end: {left}")


def sweep() -> None:
    """End what test processes left behind that are not there any more."""
    for path in Path("/run/netns").glob(f"{_PREFIX}-*"):
        match = _NAME.match(path.name)
        if match and not Path("/proc", match[1]).exists():
            end((path.name,))

"""An environment of their own for the tools that orch is measured beside: `.venv-bench`, made when first needed.

What goes into it is pinned by hash in `bench/requirements-peers.lock` (docs/decisions/0002-hash-pinned-locks.md), and
pip alone installs it. Where that is not possible, as without a network, `NotThere` says why and the rest is measured.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench.measure import ROOT

PLACE = ROOT / ".venv-bench"
LOCK = ROOT / "bench" / "requirements-peers.lock"
_MADE_OF = "made-of"  # the SHA-256 of the lock that it was made of, and the Python
_LIMIT_S = 600.0


class NotThere(Exception):
    """The environment can't be had; the text says why."""


def peers(*, make: bool) -> Path:
    """The folder of the environment's programs. `make`: make it where it is missing or of another lock."""
    wanted = f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {sys.version}"
    programs = PLACE / "bin"
    stamp = PLACE / _MADE_OF
    if stamp.is_file() and stamp.read_text() == wanted:
        return programs
    if not make:
        raise NotThere(f"{PLACE.name} is not made yet (a run without --quick makes it)")
    shutil.rmtree(PLACE, ignore_errors=True)
    _call([sys.executable, "-m", "venv", str(PLACE)])
    pip = [str(programs / "python"), "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input", "install"]
    _call([*pip, "--require-hashes", "-r", str(LOCK)])
    stamp.write_text(wanted)
    return programs


def _call(command: list[str]) -> None:
    try:
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotThere(f"{PLACE.name} could not be made: {error}") from error
    if ran.returncode:
        said = (ran.stderr or ran.stdout).decode(errors="replace").strip().splitlines()[-1:]
        raise NotThere(f"{PLACE.name} could not be made: {' '.join(said)[:200] or f'exit {ran.returncode}'}")

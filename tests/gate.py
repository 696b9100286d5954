"""A shell line that waits for a file, and not for ever: a test that fails leaves nothing running behind."""

from pathlib import Path


def waits_for(gate: Path) -> str:
    """For sh: goes on when `gate` is there, or after a minute and a half."""
    return f"n=0; until [ -e {gate} ] || [ $n = 900 ]; do sleep 0.1; n=$((n+1)); done"

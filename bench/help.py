"""Row `help`: `orch --help` beside `python -c "import typer"`: how long one waits for nothing at all."""

import sys
from collections.abc import Callable
from pathlib import Path

from bench.measure import by_turns, median, python, run, spread
from bench.table import Figure

MOST = 2.0


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The figure, and no notes."""
    times = 5 if quick else 15
    say(f"orch --help, {times} times")
    script = Path(sys.executable).parent / "orch"
    call = [str(script)] if script.exists() else python("-c", "from orchestrator.cli.main import main; main()")
    commands = {"orch": [*call, "--help"], "typer": python("-c", "import typer")}
    for command in commands.values():  # once for the compiled modules
        run(command, parse=False)
    found = by_turns(commands, times, parse=False)
    orch, typer = (median(found[name], lambda one: one.wall_s) for name in commands)
    cpu, typer_cpu = (median(found[name], lambda one: one.cpu_s) for name in commands)
    raw = {"wall_s": orch, "wall_spread_s": spread(found["orch"], lambda one: one.wall_s), "typer_wall_s": typer}
    beside = f"python -c 'import typer', {1000 * typer:.0f} ms"
    text = f"{1000 * orch:.0f} ms wall, {1000 * cpu:.0f} ms CPU"
    more = {**raw, "cpu_s": cpu, "typer_cpu_s": typer_cpu, "cpu_ratio": cpu / typer_cpu}
    return [Figure("orch --help", text, f"{MOST:.1f} x", orch / typer, beside, orch / typer <= MOST, more)], []

"""Row `reuse`: 20 commands, one after the other, on a connection that is open; orch beside bare fabric and asyncssh.

What a task does on its host. By turns, each time in a fresh process (`bench/reuse_client.py`), on one loopback host.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.fanout import cpu_of, forget_receipts, ratio_of, wall_of
from bench.fanout_variants import write_files
from bench.measure import Run, median, python, run, spread
from bench.ssh_hosts import Hosts, ssh_hosts
from bench.table import Figure, columns

COMMANDS = 20
TURNS = 15
QUICK_TURNS = 1
TEXTS = {
    "orch-read": "orch, a read",
    "orch-step": "orch, a step with receipt",
    "fabric": "bare fabric",
    "asyncssh": "asyncssh",
}


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """A figure for CPU and one for wall time, and every way in a table."""
    turns = QUICK_TURNS if quick else TURNS
    with ssh_hosts(1) as hosts, tempfile.TemporaryDirectory(prefix="orch-bench-") as folder:
        names = [name for name in TEXTS if hosts.runs_commands or name != "orch-step"]
        say(f"{COMMANDS} commands on one connection, {len(names)} ways, {turns} turns")
        found = _by_turns(hosts, Path(folder), names, range(int(quick), turns + 1))
    fabric = found["fabric"]
    figures = []
    for name in names:
        if name.startswith("orch"):
            figures += [
                _figure(f"{TEXTS[name]}, on an open connection: client CPU", found[name], fabric, cpu_of),
                _figure(f"{TEXTS[name]}, on an open connection: wall", found[name], fabric, wall_of),
            ]
    return figures, [_table(found), f"{COMMANDS} commands after the first; server side: {hosts.server}."]


def _by_turns(hosts: Hosts, folder: Path, names: list[str], turns: range) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {name: [] for name in names}
    for turn in turns:  # turn 0 warms up and does not count
        job = write_files(folder, hosts, parallel=1, tag=f"{folder.name}-{turn}")
        try:
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                one = run(python("-m", "bench.reuse_client", name, str(COMMANDS), str(folder / "job.json")))
                if turn:
                    found[name].append(one)
        finally:
            keys = [f"bench/{job.tag}/{job.addresses[0]}/{n}" for n in range(COMMANDS + 1)]
            forget_receipts(keys, job.user)
    return found


def _figure(text: str, runs: list[Run], fabric: list[Run], value: Callable[[Run], float]) -> Figure:
    return Figure(
        text,
        _each(runs, value),
        "",
        ratio_of(runs, fabric, value),
        f"bare fabric, {_each(fabric, value)}",
        None,
        {"s": median(runs, value), "spread_s": spread(runs, value)},
    )


def _table(found: dict[str, list[Run]]) -> str:
    fabric = found["fabric"]
    rows = [["a command", "client CPU", "ratio", "wall", "ratio"]]
    for name, runs in found.items():
        cells = [_each(runs, cpu_of), f"{ratio_of(runs, fabric, cpu_of):.2f}"]
        cells += [_each(runs, wall_of), f"{ratio_of(runs, fabric, wall_of):.2f}"]
        rows.append([TEXTS[name], *cells])
    return columns(rows)


def _each(runs: list[Run], value: Callable[[Run], float]) -> str:
    return f"{1000 * median(runs, value) / COMMANDS:.2f} ms"

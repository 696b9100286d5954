"""Row `fanout`: one command on each of 200 and of 1,000 SSH hosts, 50 at once; orch beside others who can do that.

All ways in one run, by turns, each time in a fresh process (`bench/fanout_variants.py` names them). The hosts are
processes of their own (`bench/ssh_hosts.py`), so that CPU is the client's alone; wall time holds theirs too, on the
same cores. What can't be measured here is named with the reason, and the rest goes on.
"""

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.fanout_variants import Variant, variants, write_files
from bench.measure import Run, median, run, spread
from bench.ssh_hosts import Hosts, ssh_hosts
from bench.table import Figure, columns
from orchestrator.hosts.receipt import receipt_id

MOST = 1.3
PARALLEL = 50
SIZES = {200: 3, 1_000: 1}  # hosts -> turns
QUICK_SIZES = {40: 1}
_RECEIPTS = ("/run/orch", "/run/lock")

Found = dict[Variant, list[Run]]


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The figures for each number of hosts, and every way in a table."""
    figures: list[Figure] = []
    notes: list[str] = []
    server = ""
    for number, turns in (QUICK_SIZES if quick else SIZES).items():
        with ssh_hosts(number) as hosts, tempfile.TemporaryDirectory(prefix="orch-bench-") as folder:
            ways, missing = variants(Path(folder), runs_commands=hosts.runs_commands, make=not quick)
            say(f"one command on {number:,} hosts, {len(ways)} ways, {turns} turns")
            server = hosts.server
            # The first turn warms up and does not count; the larger number is warm from the smaller one.
            first = 1 if quick or figures else 0
            found = _by_turns(hosts, Path(folder), ways, range(first, turns + 1), say)
        figures += _figures(number, {way.name: runs for way, runs in found.items()}, asks=not quick)
        notes.append(_table(number, found))
        notes += [f"{number:,} hosts, not measured: {why}" for why in missing]
    notes.append(f"{PARALLEL} at once; server side: {server}. Ratios: the median of each turn's own.")
    return figures, notes


def _by_turns(hosts: Hosts, folder: Path, ways: list[Variant], turns: range, say: Callable[[str], None]) -> Found:
    found: Found = {way: [] for way in ways}
    for turn in turns:
        job = write_files(folder, hosts, parallel=PARALLEL, tag=f"{folder.name}-{turn}")
        try:
            first = turn % len(ways)  # nobody always follows the same one
            for way in ways[first:] + ways[:first]:
                one = run(way.command, limit_s=300, parse=way.clocked)
                if turn:
                    found[way].append(one)
        finally:
            forget_receipts([f"bench/{job.tag}/{address}" for address in job.addresses], job.user)
        say(f"  turn {turn} of {turns[-1]}")
    return found


def forget_receipts(keys: list[str], user: str) -> None:
    """The hosts are this machine: what the steps left on it goes again, by its exact names."""
    ids = {receipt_id(key) for key in keys}
    for place in _RECEIPTS:
        for file in Path(place, f"orch-{user}").glob("*.*"):
            if file.name.partition(".")[0] in ids:
                file.unlink(missing_ok=True)


def _figures(number: int, found: dict[str, list[Run]], *, asks: bool) -> list[Figure]:
    """What is asked, and the step beside it; everybody else stands in the table."""
    fabric = found["fabric"]
    beside = f"bare fabric, {1000 * median(fabric, cpu_of) / number:.1f} ms/host"
    figures = []
    for name, text in (("orch-read", "one read a host"), ("orch-step", "one step with receipt a host")):
        if name not in found:
            continue
        judged = asks and name == "orch-read"
        ratio = ratio_of(found[name], fabric, cpu_of)
        figures.append(
            Figure(
                f"fan-out to {number:,}, {text}: client CPU",
                f"{1000 * median(found[name], cpu_of) / number:.1f} ms/host",
                f"{MOST} x" if judged else "",
                ratio,
                beside,
                ratio <= MOST if judged else None,
                {"cpu_s": median(found[name], cpu_of), "cpu_spread_s": spread(found[name], cpu_of)},
            )
        )
    figures.append(_wall(number, found, asks=asks))
    return figures


def _wall(number: int, found: dict[str, list[Run]], *, asks: bool) -> Figure:
    text, runs = f"fan-out to {number:,}, one read a host: wall", found["orch-read"]
    other, name = ("pyinfra", "pyinfra") if "pyinfra" in found else ("fabric", "bare fabric")
    ratio = ratio_of(runs, found[other], wall_of)
    judged = asks and other == "pyinfra"
    return Figure(
        text,
        f"{median(runs, wall_of):.2f} s",
        "below pyinfra's" if asks else "",
        ratio,
        f"{name}, {median(found[other], wall_of):.2f} s",
        ratio < 1 if judged else None,
        {"wall_s": median(runs, wall_of), "wall_spread_s": spread(runs, wall_of)},
    )


def _table(number: int, found: Found) -> str:
    fabric = next(runs for way, runs in found.items() if way.name == "fabric")
    rows = [[f"{number:,} hosts", "client CPU ms/host", "ratio", "wall s", "ratio", "whole process CPU s", "wall s"]]
    for way, runs in sorted(found.items(), key=lambda pair: median(pair[1], cpu_of)):
        rows.append(
            [
                f"orch, {way.text}" if way.name.startswith("orch-") else way.text,
                f"{1000 * median(runs, cpu_of) / number:.1f}",
                f"{ratio_of(runs, fabric, cpu_of):.2f}",
                f"{median(runs, wall_of):.2f}",
                f"{ratio_of(runs, fabric, wall_of):.2f}",
                f"{median(runs, lambda one: one.cpu_s):.2f}",
                f"{median(runs, lambda one: one.wall_s):.2f}",
            ]
        )
    return columns(rows)


def ratio_of(runs: list[Run], base: list[Run], value: Callable[[Run], float]) -> float:
    """Of each turn its own ratio: a slow moment hits neighbours alike."""
    return statistics.median(value(one) / value(other) for one, other in zip(runs, base, strict=True))


def cpu_of(one: Run) -> float:
    """From after the imports on, where the process says so itself; else all of it, its children included."""
    return float(one.said.get("cpu", one.cpu_s))


def wall_of(one: Run) -> float:
    """As `cpu_of`."""
    return float(one.said.get("wall", one.wall_s))

"""Row `planning`: from the files of a generated estate to a plan file, beside parsing the same YAML and nothing else.

Time and memory are those of whole processes, interpreter and imports included. The growth exponent is of the work alone
(all phases, without the start), since a fixed start would flatter it; n log n between 1,000 and 10,000 is 1.12.
"""

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.estates import Counts, write_estate
from bench.measure import Run, by_turns, median, python, run, spread
from bench.table import Figure

SIZES = (1_000, 10_000)
QUICK_SIZES = (300, 3_000)
MOST_S, MOST_MB = 3.0, 400.0  # for 10,000 systems
PHASES = ("read", "estate", "plan", "bytes", "write")


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The figures, and notes to them."""
    figures: list[Figure] = []
    notes: list[str] = []
    work: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as folder:
        for size in QUICK_SIZES if quick else SIZES:
            root = Path(folder) / str(size)
            counts = write_estate(root, size)
            times = 3 if quick or size > 3_000 else 5
            say(f"planning {size:,} systems, {times} times")
            worker = ("-m", "bench.planning_worker")
            commands = {what: python(*worker, what, str(root)) for what in ("plan", "yaml", "events")}
            if not work:
                run(commands["plan"])  # once for the compiled modules
            found = by_turns(commands, times)
            figures += _figures(counts, found["plan"], found["yaml"], found["events"])
            notes.append(_note(counts, found["plan"]))
            work[size] = median(found["plan"], lambda one: sum(one.said["cpu"][phase] for phase in PHASES))
    figures.append(_growth(work))
    return figures, notes


def _figures(counts: Counts, plans: Sequence[Run], yamls: Sequence[Run], events: Sequence[Run]) -> list[Figure]:
    asks = counts.systems == 10_000
    name = f"plan {counts.systems:,} systems"
    wall = median(plans, lambda one: one.wall_s)
    cpu = median(plans, lambda one: one.cpu_s)
    peak = median(plans, lambda one: one.peak_mb)
    yaml_cpu = median(yamls, lambda one: one.cpu_s)
    yaml_peak = median(yamls, lambda one: one.peak_mb)
    reading = median(plans, lambda one: one.said["cpu"]["read"])
    parsing = median(events, lambda one: one.said["cpu"]["parse"])
    raw = {"wall_s": wall, "wall_spread_s": spread(plans, lambda one: one.wall_s), "cpu_s": cpu, "yaml_cpu_s": yaml_cpu}
    return [
        Figure(
            f"{name}, files to plan file",
            f"{wall:.2f} s wall, {cpu:.2f} s CPU",
            f"{MOST_S:g} s" if asks else "",
            cpu / yaml_cpu,
            f"yaml.load(CSafeLoader), {yaml_cpu:.2f} s CPU",
            wall <= MOST_S if asks else None,
            raw,
        ),
        Figure(
            f"{name}, peak memory",
            f"{peak:.0f} MB",
            f"{MOST_MB:g} MB" if asks else "",
            peak / yaml_peak,
            f"yaml.load(CSafeLoader), {yaml_peak:.0f} MB",
            peak <= MOST_MB if asks else None,
            {"peak_mb": peak, "yaml_peak_mb": yaml_peak},
        ),
        Figure(
            f"read and check {counts.systems:,} systems",
            f"{reading:.2f} s CPU",
            "",
            reading / parsing,
            f"libyaml's events alone, {parsing:.2f} s CPU",
            None,
            {"read_cpu_s": reading, "events_cpu_s": parsing},
        ),
    ]


def _note(counts: Counts, plans: Sequence[Run]) -> str:
    def of(what: str, phase: str) -> float:
        return median(plans, lambda one: one.said[what][phase])

    phases = ", ".join(f"{phase} {of('wall', phase):.2f}" for phase in ("start", *PHASES))
    end = median(plans, lambda one: one.wall_s - sum(one.said["wall"].values()))
    peaks = ", ".join(f"{phase} {of('peak', phase):.0f}" for phase in PHASES)
    said = plans[0].said
    size = f"{said['tasks']:,} tasks, {said['needs']:,} needs, {said['bytes'] / 1e6:.0f} MB"
    return (
        f"{counts.systems:,} systems on {counts.hosts:,} hosts in {counts.zones} zones, {counts.needs:,} needs written;"
        f"\nplan: {size}; wall in s: {phases}, end {end:.2f};"
        f"\npeak memory in MB at the end of: {peaks}"
    )


def _growth(work: dict[int, float]) -> Figure:
    (small, low), (large, high) = sorted(work.items())
    exponent = math.log(high / low) / math.log(large / small)
    most = math.log(large * math.log(large) / (small * math.log(small))) / math.log(large / small)
    return Figure(
        f"growth, {small:,} to {large:,} systems",
        f"n^{exponent:.2f}",
        f"n log n: n^{most:.2f}",
        None,
        "",
        exponent <= most,
        {"exponent": exponent},
    )

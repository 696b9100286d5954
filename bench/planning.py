"""Row `planning`: from the files of a generated estate to a plan file, beside parsing the same YAML and nothing else.

Time and memory are those of whole processes, interpreter and imports included. The growth exponent is of the work alone
(all phases, without the start), since a fixed start would flatter it; n log n between 1,000 and 10,000 is 1.12.
`--large` adds 100,000 systems, measured once.
"""

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from bench.estates import Counts, write_estate
from bench.measure import Run, by_turns, median, python, run, spread
from bench.table import Figure

SIZES = (1_000, 10_000)
QUICK_SIZES = (300, 3_000)
LARGE = 100_000
MOST = {10_000: (3.0, 400.0), LARGE: (30.0, 3_000.0)}  # systems -> seconds, MB
PHASES = ("read", "estate", "plan", "bytes", "write")


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The figures, and notes to them."""
    return _measure(QUICK_SIZES if quick else SIZES, say)


def measure_large(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The same with 100,000 systems as well."""
    return _measure((*QUICK_SIZES, LARGE) if quick else (*SIZES, LARGE), say)


def _measure(sizes: Sequence[int], say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    figures: list[Figure] = []
    notes: list[str] = []
    work: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as folder:
        for size in sizes:
            root = Path(folder) / str(size)
            counts = write_estate(root, size)
            times = 1 if size == LARGE else 3 if size in {*QUICK_SIZES, SIZES[-1]} else 5
            say(f"planning {size:,} systems, {times} times" if times > 1 else f"planning {size:,} systems, once")
            worker = ("-m", "bench.planning_worker")
            commands = {what: python(*worker, what, str(root)) for what in ("plan", "yaml", "events")}
            if not work:
                run(commands["plan"])  # once for the compiled modules
            found = by_turns(commands, times, limit_s=600)
            figures += _figures(counts, found["plan"], found["yaml"], found["events"])
            notes.append(_note(counts, found["plan"]))
            work[size] = median(found["plan"], lambda one: sum(one.said["cpu"][phase] for phase in PHASES))
    figures += [_growth(small, large, work) for small, large in pairwise(sizes)]
    return figures, notes


def _figures(counts: Counts, plans: Sequence[Run], yamls: Sequence[Run], events: Sequence[Run]) -> list[Figure]:
    most_s, most_mb = MOST.get(counts.systems, (None, None))
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
            "" if most_s is None else f"{most_s:g} s",
            cpu / yaml_cpu,
            f"yaml.load(CSafeLoader), {yaml_cpu:.2f} s CPU",
            None if most_s is None else wall <= most_s,
            raw,
        ),
        Figure(
            f"{name}, peak memory",
            f"{peak:.0f} MB",
            "" if most_mb is None else f"{most_mb:g} MB",
            peak / yaml_peak,
            f"yaml.load(CSafeLoader), {yaml_peak:.0f} MB",
            None if most_mb is None else peak <= most_mb,
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


def _growth(small: int, large: int, work: Mapping[int, float]) -> Figure:
    exponent = math.log(work[large] / work[small]) / math.log(large / small)
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

"""What the measured processes of the row `planning` say: figures, and two tables behind them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.estates import Counts
from bench.measure import Run, median, spread
from bench.table import Figure, columns

MOST = {10_000: (3.0, 400.0), 100_000: (30.0, 3_000.0)}  # systems -> seconds, MB
PLANNING = ("read", "estate", "plan", "write")
GRAPH = ("needs", "order", "falling")
BARE = ("build", "order", "falling")


@dataclass(frozen=True, slots=True)
class Measured:
    """An estate, and the runs of every kind of process on it."""

    counts: Counts
    runs: Mapping[str, Sequence[Run]]

    def value(self, what: str, of: Callable[[Run], float]) -> float:
        """The median of one value."""
        return median(self.runs[what], of)

    def cpu(self, what: str, *phases: str) -> float:
        """CPU seconds of some phases; without any, of the whole process."""
        return self.value(what, (lambda one: sum(one.said["cpu"][each] for each in phases)) if phases else _cpu)

    def planning(self, of: str, phase: str) -> float:
        """`wall` or `peak` of one phase of planning."""
        return self.value("plan", lambda one: one.said[of][phase])

    def added(self, what: str, first: str, last: str) -> float:
        """Megabytes that were added between the ends of two phases."""
        return self.value(what, lambda one: one.said["peak"][last] - one.said["peak"][first])


def _cpu(one: Run) -> float:
    return one.cpu_s


def figures_of(one: Measured) -> list[Figure]:
    """What is asked of an estate of this size, and what the parts cost."""
    size = f"{one.counts.systems:,} systems"
    most_s, most_mb = MOST.get(one.counts.systems, (None, None))
    wall, peak = one.value("plan", lambda run: run.wall_s), one.value("plan", lambda run: run.peak_mb)
    yaml_cpu, yaml_peak = one.cpu("yaml"), one.value("yaml", lambda run: run.peak_mb)
    graph, reading = one.cpu("graph", *GRAPH), one.cpu("plan", "read")
    added = one.added("graph", "read", "falling")
    return [
        Figure(
            f"plan {size}, files to plan file",
            f"{wall:.2f} s wall, {one.cpu('plan'):.2f} s CPU",
            "" if most_s is None else f"{most_s:g} s",
            one.cpu("plan") / yaml_cpu,
            f"yaml.load(CSafeLoader), {yaml_cpu:.2f} s CPU",
            None if most_s is None else wall <= most_s,
            {"wall_s": wall, "wall_spread_s": spread(one.runs["plan"], lambda run: run.wall_s)},
        ),
        Figure(
            f"plan {size}, peak memory",
            f"{peak:.0f} MB",
            "" if most_mb is None else f"{most_mb:g} MB",
            peak / yaml_peak,
            f"yaml.load(CSafeLoader), {yaml_peak:.0f} MB",
            None if most_mb is None else peak <= most_mb,
            {"peak_mb": peak, "yaml_peak_mb": yaml_peak},
        ),
        _beside(f"read and check {size}", reading, "libyaml's events alone", one.cpu("events", "parse")),
        *(
            _beside(f"graph of {size}: needs, order, what falls", graph, f"bare {library}", one.cpu(library, *BARE))
            for library in ("networkx", "rustworkx")
        ),
        Figure(
            f"graph of {size}, memory",
            f"{added:.0f} MB",
            "",
            added / max(1, one.added("networkx", "start", "falling")),
            f"bare networkx, {one.added('networkx', 'start', 'falling'):.0f} MB",
        ),
        _beside(f"orch check, {size}", one.cpu("check"), "reading them", reading),
        _beside(f"orch impact of a zone, {size}", one.cpu("impact"), "reading them", reading),
    ]


def _beside(what: str, cpu: float, beside: str, other: float) -> Figure:
    raw = {"cpu_s": cpu, "beside_cpu_s": other}
    return Figure(what, f"{cpu:.3g} s CPU", "", cpu / other, f"{beside}, {other:.3g} s CPU", None, raw)


def growth_of(small: Measured, large: Measured) -> list[Figure]:
    """How the work grows, as a power of the number of systems."""
    sizes = small.counts.systems, large.counts.systems
    most = math.log(sizes[1] * math.log(sizes[1]) / (sizes[0] * math.log(sizes[0]))) / math.log(sizes[1] / sizes[0])
    exponent = _exponent(small, large, "plan", PLANNING)
    what = f"growth of planning, {sizes[0]:,} to {sizes[1]:,} systems"
    return [Figure(what, f"n^{exponent:.2f}", f"n log n, here n^{most:.2f}", None, "", exponent <= most)]


def _exponent(small: Measured, large: Measured, what: str, phases: Sequence[str]) -> float:
    ratio = large.cpu(what, *phases) / small.cpu(what, *phases)
    return math.log(ratio) / math.log(large.counts.systems / small.counts.systems)


PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "reading": ("plan", ("read",)),
    "graph": ("graph", GRAPH),
    "planning": ("plan", ("plan",)),
    "writing": ("plan", ("write",)),
    "check": ("check", ("check",)),
    "impact": ("impact", ("impact",)),
    "networkx": ("networkx", BARE),
    "rustworkx": ("rustworkx", BARE),
}
"""Name of a part -> the process and the phases that are it. `planning` holds the graph, `check` holds reading."""


def notes_of(found: Sequence[Measured]) -> list[str]:
    """The estates; CPU seconds and growth of every part; time and memory of planning, phase by phase."""
    return [*map(_estate, found), _parts(found), _phases(found)]


def _estate(one: Measured) -> str:
    counts, plan, graph, check = one.counts, *(one.runs[what][0].said for what in ("plan", "graph", "check"))
    return (
        f"{counts.systems:,} systems: {counts.hosts:,} hosts in {counts.zones} zones, {counts.needs:,} needs written.\n"
        f"A plan of {plan['needs']:,} needs and {plan['bytes'] / 1e6:.0f} MB; a graph of {graph['edges']:,} edges, in "
        f"which {graph['down']:,} systems\nfall with one zone; {check['lints']:,} lints."
    )


def _parts(found: Sequence[Measured]) -> str:
    head = ["CPU seconds", *(f"{one.counts.systems:,}" for one in found)]
    head += [f"{a.counts.systems:,} to {b.counts.systems:,}" for a, b in pairwise(found)]
    rows = [head]
    for name, (what, phases) in PARTS.items():
        seconds = [f"{one.cpu(what, *phases):.3g}" for one in found]
        rows.append([name, *seconds, *(f"n^{_exponent(a, b, what, phases):.2f}" for a, b in pairwise(found))])
    return columns(rows)


def _phases(found: Sequence[Measured]) -> str:
    rows = [["wall s, peak MB after it", "start", "reading", "planning", "writing", "end"]]
    for one in found:
        end = one.value("plan", lambda run: run.wall_s - sum(run.said["wall"].values()))
        phases = ("start", "read", "plan", "write")
        cells = [f"{one.planning('wall', phase):.2f}, {one.planning('peak', phase):.0f} MB" for phase in phases]
        rows.append([f"{one.counts.systems:,} systems", *cells, f"{end:.2f}"])
    return columns(rows)

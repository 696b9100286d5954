"""Row `planning`: from the files of a generated estate to a plan file, `check` and `impact`, beside doing less.

Beside parsing the same YAML and nothing else, and beside the same graph in bare networkx and rustworkx. Time and memory
are those of whole processes, interpreter and imports included, unless a figure names a phase. Growth is that of the
work alone, without the start, since a fixed start would flatter it. `--large` adds 100,000 systems, measured once.
"""

import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from bench.estates import Counts
from bench.measure import by_turns, python, run
from bench.planning_figures import Measured, figures_of, growth_of, notes_of
from bench.planning_worker import EDGES
from bench.table import Figure

SIZES = (1_000, 10_000)
QUICK_SIZES = (300, 3_000)
LARGE = 100_000
TIMES = {1_000: 5, LARGE: 1}  # the others three times


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The figures, and notes to them."""
    return _measure(QUICK_SIZES if quick else SIZES, say)


def measure_large(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The same with 100,000 systems as well."""
    return _measure((*QUICK_SIZES, LARGE) if quick else (*SIZES, LARGE), say)


def _measure(sizes: Sequence[int], say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as folder:
        for size in sizes:
            root = Path(folder) / str(size)
            # In a process of its own: what this one has ever had in memory would count as that of its children.
            counts = Counts(**run(python("-m", "bench.estates", str(root), str(size))).said)
            times = TIMES.get(size, 3)
            say(f"planning {size:,} systems, {times} times" if times > 1 else f"planning {size:,} systems, once")
            works = ("plan", "yaml", "events", "graph", "check", "impact")
            commands = {what: python("-m", "bench.planning_worker", what, str(root)) for what in works}
            for library in ("networkx", "rustworkx"):
                commands[library] = python("-m", "bench.graph_worker", library, str(root / EDGES))
            if not found:
                for command in commands.values():
                    run(command)  # once for the compiled modules
            found.append(Measured(counts, by_turns(commands, times, limit_s=600)))
    figures = [figure for one in found for figure in figures_of(one)]
    figures += [figure for small, large in pairwise(found) for figure in growth_of(small, large)]
    return figures, notes_of(found)

"""Row `engine`: what execution itself costs: a step, a run of 10,000 systems, taking one up again at 100,000 events.

A generated estate goes down by the real engine, its journal and its outputs on disk; only the hosts answer at once
(`bench/engine_worker.py`). What a step costs by itself is what a run costs more whose tasks have all their steps four
times, for each step more. The large run's journal, cut off in the middle, is what `orch resume` then takes up
(`bench/resume_worker.py`). Each time in a process of its own, by turns.
"""

import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.measure import Run, median, python, run, spread
from bench.table import Figure, columns

SIZES = (1_000, 10_000)
QUICK_SIZES = (120, 250)
EVENTS = 100_000
QUICK_EVENTS = 2_000
AGAIN = 4
TURNS = 2
MOST_MS = 2.0
MOST_S = 3.0
MOST_MB = 400
NEWS = {"one": "news by news", "all": "all news at once"}

Found = dict[str, list[Run]]


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """A step's cost; a large run, and its memory; the resume of its journal."""
    (small, large), cut = (QUICK_SIZES, QUICK_EVENTS) if quick else (SIZES, EVENTS)
    turns = 1 if quick else TURNS
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as name:
        folder = Path(name)
        plans = {times: _plan(folder, small, times) for times in (1, AGAIN)}
        ways = {
            f"{small:,} systems, steps x {n}, {NEWS[how]}": (how, plan) for n, plan in plans.items() for how in NEWS
        }
        say(f"{small:,} systems go down, {turns} times {len(ways)} ways")
        found: Found = {way: [] for way in ways}
        for _ in range(turns):
            for way, (how, plan) in ways.items():
                found[way].append(_run(how, plan, folder / "run"))
        say(f"{large:,} systems go down, once")
        plan = _plan(folder, large, 1)
        found[f"{large:,} systems, {NEWS['one']}"] = [_run("one", plan, folder / "run")]
        say(f"{cut:,} events are taken up again, {turns} times")
        resumed, events = _resumed(folder / "run", cut, turns)
    figures = [*_steps(small, found), *_large(large, found), *_resume(resumed, events, asks=cut == EVENTS)]
    return figures, [_runs(found), _parts(resumed["parts"])]


def _plan(folder: Path, size: int, times: int) -> Path:
    root, plan = folder / f"estate-{size}", folder / f"plan-{size}-{times}.json"
    if not root.exists():
        run(python("-m", "bench.estates", str(root), str(size)))
    run(python("-m", "bench.plans", str(root), str(plan), str(times)))
    return plan


def _run(how: str, plan: Path, root: Path) -> Run:
    """The last run is left there."""
    shutil.rmtree(root, ignore_errors=True)
    return run(python("-m", "bench.engine_worker", how, str(plan), str(root)), limit_s=600)


def _resumed(root: Path, cut: int, times: int) -> tuple[dict[str, list[Run]], int]:
    """Take the journal up again from its first `cut` events, both ways by turns; anew each time."""
    [folder] = (root / "runs").iterdir()
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)[:cut]
    found: dict[str, list[Run]] = {"command": [], "parts": []}
    for _ in range(times):
        for what, runs in found.items():
            journal.write_bytes(b"".join(lines))
            runs.append(run(python("-m", "bench.resume_worker", what, str(root), folder.name), limit_s=300))
    return found, len(lines)


def _steps(size: int, found: Found) -> Iterator[Figure]:
    for news in NEWS.values():
        once, again = (found[f"{size:,} systems, steps x {n}, {news}"] for n in (1, AGAIN))
        more = [
            1000 * (_cpu(many) - _cpu(few)) / (int(many.said["steps"]) - int(few.said["steps"]))
            for few, many in zip(once, again, strict=True)
        ]
        cost = statistics.median(more)
        yield Figure(
            f"own cost of a step, {news}",
            f"{cost:.2f} ms CPU",
            f"{MOST_MS:g} ms",
            met=cost <= MOST_MS,
            raw={"ms": cost, "ms_spread": (min(more), max(more))},
        )


def _large(size: int, found: Found) -> Iterator[Figure]:
    asks = size == SIZES[-1]
    runs = found[f"{size:,} systems, {NEWS['one']}"]
    peak = median(runs, lambda one: one.peak_mb)
    each = median(runs, lambda one: 1000 * _cpu(one) / int(one.said["steps"]))
    yield Figure(f"a run of {size:,} systems: all of it, for each step", f"{each:.2f} ms CPU")
    yield Figure(
        f"a run of {size:,} systems: peak memory",
        f"{peak:.0f} MB",
        f"{MOST_MB} MB" if asks else "",
        met=peak <= MOST_MB if asks else None,
    )


def _cpu(one: Run) -> float:
    return float(one.said["run_cpu"])


def _resume(found: dict[str, list[Run]], events: int, *, asks: bool) -> list[Figure]:
    wall, cpu, peak = (
        median(found["command"], value)
        for value in (lambda one: one.wall_s, lambda one: one.cpu_s, lambda one: one.peak_mb)
    )
    once = median(found["parts"], lambda one: one.cpu_s)
    text = f"orch resume of {events:,} events, to its first decision"
    return [
        Figure(
            text,
            f"{wall:.2f} s wall, {cpu:.2f} s CPU",
            f"{MOST_S:g} s" if asks else "",
            cpu / once,
            f"each part of it once, {once:.2f} s CPU",
            wall <= MOST_S if asks else None,
            {"wall_s": wall, "cpu_s": cpu, "wall_spread_s": spread(found["command"], lambda one: one.wall_s)},
        ),
        Figure(f"{text}, peak memory", f"{peak:.0f} MB"),
    ]


def _runs(found: Found) -> str:
    head = ["runs", "steps", "commands", "events", "journal", "outputs", "CPU s", "of it system", "wall s", "peak MB"]
    rows = [head]
    for way, runs in found.items():
        said = runs[0].said
        cells = [f"{said[what]:,}" for what in ("steps", "commands", "events")]
        cells += [f"{said['bytes'] / 1e6:.1f} MB", f"{said['outputs']:,}", f"{median(runs, _cpu):.1f}"]
        cells += [f"{median(runs, lambda one: float(one.said[what])):.1f}" for what in ("system", "run_wall")]  # noqa: B023
        rows.append([way, *cells, f"{median(runs, lambda one: one.peak_mb):.0f}"])
    return columns(rows)


def _parts(runs: list[Run]) -> str:
    names = {
        "start": "start",
        "plan": "the plan",
        "core": "the core",
        "journal": "journal read, verified",
        "replay": "replay",
        "decide": "first decision",
    }
    cells = [f"{median(runs, lambda one: float(one.said['cpu'][name])):.2f}" for name in names]  # noqa: B023
    return columns([["resume, CPU s once", *names.values()], ["", *cells]])

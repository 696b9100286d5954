"""`python -m bench [ROW...] [--quick] [--large] [--json FILE] [--figures FILE]`: measures, then prints a table a row.

Exit code 0 whatever the numbers say; 1 where a row could not be measured.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import engine, fanout, help, makespan, makespan_ssh, planning, reuse
from bench.figures_file import fill
from bench.measure import Broken, machine
from bench.table import Figure, document, table

Measure = Callable[[bool, Callable[[str], None]], tuple[list[Figure], list[str]]]

ROWS: dict[str, Measure] = {
    "planning": planning.measure,
    "makespan": makespan.measure,
    "makespan-ssh": makespan_ssh.measure,
    "engine": engine.measure,
    "fanout": fanout.measure,
    "reuse": reuse.measure,
    "help": help.measure,
}


def main() -> int:
    """Measure the rows that are asked for, all by default."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What orch costs, beside the same work without it."
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"{', '.join(ROWS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer: to see that it runs, not for figures")
    parser.add_argument("--large", action="store_true", help="planning: 100,000 systems as well (minutes, 3 GB)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--figures", type=Path, metavar="FILE", help="put the tables into their places there, too")
    asked = parser.parse_args()
    unknown = [name for name in asked.rows if name not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)} (there are {', '.join(ROWS)})")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    where = machine()
    print(where + (" (--quick: not for figures)" if asked.quick else ""), flush=True)
    figures: list[Figure] = []
    notes: list[str] = []
    broken: list[str] = []
    texts: dict[str, str] = {}
    for name in dict.fromkeys(asked.rows or ROWS):
        began = time.perf_counter()
        here = machine()
        try:
            measure = planning.measure_large if asked.large and name == "planning" else ROWS[name]
            more_figures, more_notes = measure(asked.quick, _say)
        except Broken as error:
            broken.append(f"{name}: {error}")
            continue
        figures += more_figures
        notes += more_notes
        texts[name] = "\n\n".join([f"{here}.", table(more_figures), *more_notes])
        _say(f"{name}: {time.perf_counter() - began:.0f} s")
    for text in (*texts.values(), *(f"not measured: {why}" for why in broken)):
        print(f"\n{text}")
    if asked.figures:
        fill(asked.figures, texts)
    if asked.json:
        value = {
            "format": "orch-bench/1",
            "machine": where,
            "quick": asked.quick,
            "notes": notes,
            "not_measured": broken,
        }
        asked.json.write_text(json.dumps({**value, "figures": [document(one) for one in figures]}, indent=1) + "\n")
    return 1 if broken else 0


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

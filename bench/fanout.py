"""Row `fanout`: one command on 200 SSH hosts, 50 at once; orch's carrier beside bare fabric in a thread pool.

All variants in one run, by turns, each time in a fresh process (`bench/fanout_client.py` says what each does). The
hosts are processes of their own (`bench/ssh_hosts.py`), so that CPU is the client's alone; wall time holds theirs too,
on the same cores.
"""

import json
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.fanout_client import Job
from bench.measure import Run, median, python, run, spread
from bench.ssh_hosts import Hosts, ssh_hosts
from bench.table import Figure
from orchestrator.hosts.receipt import receipt_id

MOST = 1.3
PARALLEL = 50
_RECEIPTS = ("/run/orch", "/run/lock")


def measure(quick: bool, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The figures, and what they were measured against."""
    number, times = (40, 3) if quick else (200, 5)
    with ssh_hosts(number) as hosts:
        variants = ["orch-read", "fabric", "fabric-plain"]
        if hosts.runs_commands:
            variants.insert(1, "orch-step")
        say(f"one command on {number} hosts, {times} times {len(variants)} ways")
        found = _by_turns(hosts, variants, times)
    return _figures(number, found), [
        f"{number} hosts, {PARALLEL} at once; server side: {hosts.server}. Bare fabric checks no host key.\n"
        "ratios: the median of each turn's own, so that a slow moment hits both sides",
    ]


def _by_turns(hosts: Hosts, variants: list[str], times: int) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {variant: [] for variant in variants}
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as folder:
        path = Path(folder) / "job.json"
        for turn in range(times + 1):  # the first turn warms up and does not count
            tag = f"{Path(folder).name}-{turn}"
            job = Job(list(hosts.addresses), hosts.port, hosts.user, str(hosts.key), hosts.fingerprint, PARALLEL, tag)
            path.write_text(json.dumps(asdict(job)))
            try:
                first = turn % len(variants)  # nobody always follows the same one
                for variant in variants[first:] + variants[:first]:
                    one = run(python("-m", "bench.fanout_client", variant, str(path)), limit_s=90)
                    if turn:
                        found[variant].append(one)
            finally:
                _forget_receipts(job)
    return found


def _forget_receipts(job: Job) -> None:
    """The hosts are this machine: what the steps left on it goes again, by its exact names."""
    for address in job.addresses:
        id = receipt_id(f"bench/{job.tag}/{address}")
        for place in _RECEIPTS:
            for file in Path(place, f"orch-{job.user}").glob(f"{id}.*"):
                file.unlink(missing_ok=True)


def _figures(number: int, found: dict[str, list[Run]]) -> list[Figure]:
    asks = number == 200
    cpu = {name: 1000 * median(runs, _cpu) / number for name, runs in found.items()}
    wall = {name: median(runs, _wall) for name, runs in found.items()}
    # Of each turn its own ratio: a slow moment hits neighbours alike.
    ratio = {name: _ratio(runs, found["fabric"], _cpu) for name, runs in found.items()}
    wall_ratio = {name: _ratio(runs, found["fabric"], _wall) for name, runs in found.items()}
    texts = {
        "orch-read": "fan-out, one read a host",
        "orch-step": "fan-out, one step with receipt a host",
        "fabric-plain": "fan-out, fabric as it comes",
    }
    figures = []
    for name, text in texts.items():
        if name not in found:
            continue
        judged = asks and name == "orch-read"
        figures += [
            Figure(
                f"{text}: client CPU",
                f"{cpu[name]:.1f} ms/host",
                f"{MOST} x" if judged else "",
                ratio[name],
                f"bare fabric, {cpu['fabric']:.1f} ms/host",
                ratio[name] <= MOST if judged else None,
                _raw("cpu", found[name], _cpu),
            ),
            Figure(
                f"{text}: wall",
                f"{wall[name]:.2f} s",
                "",
                wall_ratio[name],
                f"bare fabric, {wall['fabric']:.2f} s",
                None,
                _raw("wall", found[name], _wall),
            ),
        ]
    return figures


def _ratio(runs: list[Run], base: list[Run], value: Callable[[Run], float]) -> float:
    return statistics.median(value(one) / value(other) for one, other in zip(runs, base, strict=True))


def _raw(what: str, runs: list[Run], value: Callable[[Run], float]) -> dict[str, Any]:
    return {f"{what}_s": median(runs, value), f"{what}_spread_s": spread(runs, value)}


def _cpu(one: Run) -> float:
    return float(one.said["cpu"])


def _wall(one: Run) -> float:
    return float(one.said["wall"])

"""Fuzzes one target after the other: first the corpus, then mutations of it. `python -m tests.fuzz --help` says how.

An input that breaks a promise is written into the corpus, shrunk, as `broke-...`: mend what it found, give it a name,
and keep it. Time and memory are bounded: an input takes at most `--seconds` of the processor, the process holds at
most 2 GiB.
"""

import argparse
import gc
import hashlib
import resource
import signal
import sys
from collections.abc import Callable
from types import FrameType

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded

from tests.fuzz.mutations import corpus_of, mutated
from tests.fuzz.targets import CORPUS, TARGETS

MEMORY = 2 << 30


class TooLong(Exception):
    """An input took more of the processor than it may."""


def main() -> int:
    """0: all promises were kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one (may be repeated)")
    parser.add_argument("--examples", type=int, default=1_000, help="mutations for each target (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other mutations")
    parser.add_argument("--seconds", type=int, default=20, help="of the processor, at most for one input")
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, _too_long)
    how = {"examples": asked.examples, "seed": asked.seed, "seconds": asked.seconds}
    broken = [name for name in asked.target or TARGETS if not fuzz(name, **how)]
    print(f"fuzz: {'all well' if not broken else 'broken: ' + ', '.join(broken)}")
    return 1 if broken else 0


def fuzz(name: str, *, examples: int, seed: int, seconds: int) -> bool:
    """Whether one target kept all its promises; what broke one is kept in its corpus."""
    corpus = corpus_of(CORPUS / name)
    bounded = _bounded(TARGETS[name], seconds)
    last = b""
    counted = 0

    @seeded(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(mutated(corpus))
    def search(data: bytes) -> None:
        nonlocal last, counted
        last, counted = data, counted + 1
        bounded(data)

    try:
        for last in corpus:
            bounded(last)
        search()
    except Exception as error:
        kept = CORPUS / name / f"broke-{hashlib.sha256(last).hexdigest()[:12]}"
        kept.write_bytes(last)
        causes = error.exceptions if isinstance(error, ExceptionGroup) else (error,)
        said = "; ".join(f"{type(each).__name__}: {str(each)[:300]}" for each in causes)
        print(f"{name}: {said}\n  the input is kept: {kept}", file=sys.stderr)
        return False
    print(f"{name}: {len(corpus)} kept inputs and {counted} mutations, seed {seed}")
    return True


def _bounded(target: Callable[[bytes], None], seconds: int) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            target(data)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            gc.unfreeze()  # the loader freezes what it read, for a process that reads once

    return run


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TooLong("this input took more of the processor than it may")


if __name__ == "__main__":
    sys.exit(main())

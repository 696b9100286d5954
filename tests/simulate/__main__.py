"""Runs nights: `python -m tests.simulate SEED` one, and what happened in it; with `--seeds N` a whole campaign.

A campaign runs in several processes, tells how far it is, and at the end how much of what there was, and each seed
that brought something to light, with the line that runs it again.
"""

import argparse
import gc
import os
import sys
import time
import traceback
from collections import Counter
from multiprocessing import get_context

from tests.simulate.campaign import one_night
from tests.simulate.night import Found

BLOCK = 100
COLLECTED = 25
SHOWN = 20
EVERY_S = 10.0


def block(first: int, last: int) -> tuple[int, Counter[str], list[str]]:
    """The nights from `first` up to `last`: how many, what happened in them, and what went wrong."""
    tally, wrong = Counter[str](), []
    gc.disable()  # a fifth of the time, for next to nothing
    for seed in range(first, last):
        if seed % COLLECTED == 0:
            gc.unfreeze()  # replaying freezes what it made, for a process that does so once
            gc.collect()
        try:
            tally += one_night(seed).tally
        except Exception as error:  # whatever it is, the seed is what counts
            what = str(error) if isinstance(error, Found) else f"{type(error).__name__}: {error}"
            wrong.append(f"seed {seed}: {what[:500]}" + ("" if "again:" in what else f"\n  again: {again(seed)}"))
    gc.enable()
    return last - first, tally, wrong


def again(seed: int) -> str:
    """The line that runs a seed again."""
    return f"python -m tests.simulate {seed}"


def _of_pair(pair: tuple[int, int]) -> tuple[int, Counter[str], list[str]]:
    return block(*pair)


def campaign(first: int, count: int, jobs: int) -> int:
    """All seeds from `first` on, in `jobs` processes; 1 where one of them failed."""
    blocks = [(at, min(at + BLOCK, first + count)) for at in range(first, first + count, BLOCK)]
    began = told = time.monotonic()
    done, tally, wrong = 0, Counter[str](), list[str]()
    with get_context("fork").Pool(jobs, maxtasksperchild=50) as pool:
        for nights, happened, found in pool.imap_unordered(_of_pair, blocks):
            done, tally = done + nights, tally + happened
            for text in found[: max(0, SHOWN - len(wrong))]:
                print(text, flush=True)
            wrong += found
            if time.monotonic() - told > EVERY_S:
                told = time.monotonic()
                pace = done / (told - began)
                print(f"{done} of {count} nights, {pace * 60:.0f} a minute, {len(wrong)} wrong", flush=True)
    took = time.monotonic() - began
    print(f"{done} nights from seed {first} in {took:.0f} s, {done / took * 60:.0f} a minute, {jobs} processes")
    print(", ".join(f"{n} {what}" for what, n in tally.most_common()))
    print("nothing lost, doubled, untrue or out of order" if not wrong else f"{len(wrong)} seeds failed")
    return 1 if wrong else 0


def one(seed: int) -> int:
    """One night, with all there is to say of it."""
    try:
        ended = one_night(seed)
    except Exception:
        traceback.print_exc()
        return 1
    print(f"journal {ended.digest}")
    print(", ".join(f"{n} {what}" for what, n in ended.tally.most_common()))
    return 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", help="run this night alone")
    parser.add_argument("--seeds", type=int, default=1000, help="how many nights")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes")
    parser.add_argument("--digests", action="store_true", help="only the SHA-256 of each night's journal")
    args = parser.parse_args()
    if args.seed is not None:
        return one(args.seed)
    if args.digests:
        print("\n".join(one_night(seed).digest for seed in range(args.first, args.first + args.seeds)))
        return 0
    return campaign(args.first, args.seeds, max(1, args.jobs))


if __name__ == "__main__":
    sys.exit(main())

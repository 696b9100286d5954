"""Nights in which several things go wrong, at moments drawn from a seed: nothing is lost, nothing is done twice.

A failing seed is repeated by `make netns SEED=<seed> SEEDS=1`; moments are counted in what the machines were told, so a
seed gives the same troubles at about the same steps, though never the same packets.
"""

import os
import random
import time
from collections.abc import Callable, Iterator

import pytest

from tests.netns import outside, records
from tests.netns.layout import HOST_OF
from tests.netns.troubles import LIMIT_S, see_it_through
from tests.netns.world import World

FIRST = int(os.environ.get("SEED", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("SEEDS", "4")))
GATEWAYS = ("gw-app", "gw-data", "gw-deep")
STEADY = ("web-1", "app-1", "db-1", "cache-1", "hv-1")

Trouble = tuple[str, Callable[[], object], Callable[[], object]]
"""What it is called, how it begins, and how it ends."""


def draw(dice: random.Random, site: World) -> Trouble:
    """Some trouble."""
    host = dice.choice(STEADY + GATEWAYS)
    machine, gateway = site[host], site[dice.choice(GATEWAYS)]
    loss = f"add rule inet trouble in meta iifname eth0 numgen random mod 100 < {dice.randint(5, 30)} drop"

    def lossy() -> None:
        site.in_operators_place(
            "nft", "add table inet trouble; add chain inet trouble in { type filter hook input priority 0; }"
        )
        site.in_operators_place("nft", loss)

    def back_on() -> None:
        gateway.power_on()
        site.wait_for_sshd(gateway.plug.name)

    troubles: list[Trouble] = [
        (f"cable of {host}", lambda: machine.cable(up=False), lambda: machine.cable(up=True)),
        ("the operator's cable", lambda: site.operators_cable(up=False), lambda: site.operators_cable(up=True)),
        (f"sshd of {host}", machine.kill_sshd, machine.start_sshd),
        (f"power of {gateway.plug.name}", gateway.power_cut, back_on),
        ("lost packets", lossy, lambda: site.in_operators_place("nft", "delete table inet trouble")),
        ("connections reset", lambda: site.in_operators_place("ss", "-HKtn", "dport = :22", check=False), lambda: None),
    ]
    return dice.choice(troubles)


def troubled(site: World, dice: random.Random, *words: str) -> Iterator[str]:
    """Run orch, with trouble; yields what happened, as it happens. Now and then orch itself is killed, and resumed."""
    told = len(records.lines(site))
    before = len(records.run_folders(site))
    moments = sorted(dice.sample(range(told + 1, told + 45), 5))
    process = site.orch.start(*words)
    end = time.monotonic() + LIMIT_S
    try:
        for moment in moments:
            while len(records.lines(site)) < moment and process.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            if process.poll() is not None:
                break
            if dice.random() < 0.2:
                process.kill()
                process.communicate()
                yield f"line {moment}: kill -9 of orch"
                has_begun = len(records.run_folders(site)) > before
                process = site.orch.start(*(("resume", "last") if has_begun else words))
                continue
            name, begin, finish = draw(dice, site)
            seconds = dice.uniform(0.2, 6)
            begin()
            time.sleep(seconds)
            finish()
            yield f"line {moment}: {name}, {seconds:.1f} s"
        _, err = process.communicate(timeout=LIMIT_S)
        assert "Traceback" not in err
    finally:
        process.kill()
        process.communicate()


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_a_night_with_troubles(site: World, seed: int) -> None:
    dice = random.Random(seed)
    for system in HOST_OF:
        site.set_var(system, "drain", f"{dice.uniform(0, 1.5):.1f}")
    story: list[str] = []
    for words, up in ((("shutdown", "--yes"), frozenset[str]()), (("restore", "--yes"), outside.ALL)):
        story += troubled(site, dice, *words)
        story.append(f"{see_it_through(site)} words of a person")
        print(f"seed {seed}, {words[0]}: {'; '.join(story)}")  # shown where it fails
        story.clear()
        assert outside.running(site) == up
        assert records.problems(site) == []

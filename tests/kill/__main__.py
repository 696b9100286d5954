"""`make kill`: a campaign on the twin and one on real sshd, side by side; or one trial again, as a failure printed it.

It fails where anything was lost or doubled, and where there is a failpoint at which no process died: a name that is
never hit proves nothing.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.kill.campaign import Campaign, Sites, Tally
from tests.kill.failpoints import NAMES, UNLISTED
from tests.kill.on_sshd import on_sshd
from tests.kill.on_twin import on_twin
from tests.kill.trial import Trial

SITES: dict[str, Sites] = {"twin": on_twin, "sshd": on_sshd}
NEVER_PASSED = {"twin": ("dispatch.stop", "wire.stop"), "sshd": ("dispatch.submit-port",)}
"""Beginnings of failpoints that a site does not have: nothing overruns there, or no host can be powered off."""
FULL = 1000
"""From so many kills on a campaign is a full one: each failpoint has been aimed at several times by then."""
EVERY = 500
WRONGS = ("lost", "doubled", "overtaken", "order", "broken")
"""What the judge calls what it finds; anything else that went wrong is told in its own words."""


def main() -> int:
    """The exit code: 1 where anything was lost, doubled or never reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill")
    parser.add_argument("--count", type=int, default=10_000, help="so many kills in all, half of them on each site")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--site", choices=SITES)
    parser.add_argument("--trial", help="this one only, as a failure printed it")
    parser.add_argument("--times", type=int, default=1, help="so often")
    parser.add_argument("--mutant", default="", help="with this mistake built in")
    options = parser.parse_args()
    if options.site is None:
        return _both(options.count // len(SITES), options.seed)
    with tempfile.TemporaryDirectory(prefix="orch-kill-") as folder:
        began = time.monotonic()
        with Campaign(SITES[options.site], Path(folder), seed=options.seed, mutant=options.mutant) as campaign:
            if options.trial:
                for _ in range(options.times):
                    campaign.one(Trial.of(options.trial))
            else:
                while campaign.tally.kills < options.count and not campaign.tally.is_enough_wrong:
                    campaign.run(min(campaign.tally.kills + EVERY, options.count))
                    sys.stderr.write(f"{options.site}: {campaign.tally.kills} of {options.count} kills\n")
    points = [point for point in NAMES if not point.startswith(NEVER_PASSED[options.site])]
    hit = [point for point in points if campaign.tally.hit[point]]
    is_full = not options.trial and options.count >= FULL
    never = campaign.tally.never_hit(points) if is_full else []
    _say(options.site, campaign.tally, f"{len(hit)} of {len(points)}", never, time.monotonic() - began)
    return int(bool(campaign.tally.wrong or never))


def _both(count: int, seed: int) -> int:
    """The campaigns of all sites at once, each in a process of its own."""
    command = [sys.executable, "-m", "tests.kill", "--count", str(count), "--seed", str(seed), "--site"]
    campaigns = [subprocess.Popen([*command, site]) for site in SITES]
    return max(campaign.wait() for campaign in campaigns)


def _say(name: str, tally: Tally, hit: str, never: list[str], took: float) -> None:
    lines = [
        f"{name}: {tally.kills} kills ({tally.at_random} at random moments, {tally.by_power} with a loss of power) in "
        f"{tally.nights} runs, {tally.lives} processes, {tally.executed} steps executed on hosts, {took:.0f} s",
        f"  failpoints hit: {hit}",
        *(f"  NEVER HIT: {one} (passed {tally.reached[one]} times)" for one in never),
        *(
            [f"  WITHOUT A NAME: {tally.reached[UNLISTED]} deeds on the files of runs"]
            if tally.reached[UNLISTED]
            else []
        ),
        *(f"  {word}: {sum(one.startswith(word) for one in tally.wrong)}" for word in WRONGS),
        f"  otherwise wrong: {sum(not one.startswith(WRONGS) for one in tally.wrong)}",
        *(f"  ! {one}" for one in tally.wrong),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""Deals kills out until there were enough of them, and judges each night by itself.

The same estate goes down and comes back again and again. What an uninterrupted run ends with is found out first, and
every other one must end with the same: the tasks' states by `orch show`, the systems' by `orch status`, a journal that
`orch verify` finds whole. After a night that went wrong the estate is made anew.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.kill.child import Life
from tests.kill.estate import BY_PERSON
from tests.kill.failpoints import NAMES, UNLISTED
from tests.kill.forks import Forks
from tests.kill.judge import problems
from tests.kill.nights import Night
from tests.kill.site import Site
from tests.kill.trial import Kind, Trial, trials

ENOUGH_WRONG = 5
Sites = Callable[[Path], AbstractContextManager[Site]]


@dataclass
class Tally:
    """What a campaign has found."""

    kills: int = 0
    nights: int = 0
    lives: int = 0
    by_power: int = 0
    at_random: int = 0
    executed: int = 0
    reached: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_enough_wrong(self) -> bool:
        """Whether it is no use to go on."""
        return len(self.wrong) >= ENOUGH_WRONG

    def never_hit(self, names: Iterable[str] = NAMES) -> list[str]:
        """The failpoints at which no process died."""
        return [name for name in names if not self.hit[name]]

    def take(self, night: Night, wrong: Iterable[str], reproduce: str) -> None:
        """Count one night."""
        self.nights += 1
        self.lives += night.lives
        self.kills += len(night.killed)
        self.by_power += sum(kill.power for kill in night.killed)
        self.at_random += sum(kill.after_s is not None for kill in night.killed)
        self.hit.update(kill.point for kill in night.killed if kill.point)
        self.reached.update(night.passed)
        self.wrong += [f"{what}\n    {reproduce}" for what in wrong]


class Campaign:
    """Nights on one estate, made by `sites` in a folder of its own."""

    def __init__(self, sites: Sites, folder: Path, *, mutant: str = "", seed: int = 0) -> None:
        self._sites = sites
        self._folder = folder
        self._mutant = mutant
        self._seed = seed
        self._stack = ExitStack()
        self._estates = count(1)
        self._forks: Forks | None = None
        self._site: Site | None = None
        self._is_down = False
        self._expected: dict[str, dict[str, Any]] = {}
        self.most: dict[str, dict[str, int]] = {}
        self.tally = Tally()
        self._trials: Iterator[Trial] | None = None

    def __enter__(self) -> "Campaign":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def run(self, kills: int) -> Tally:
        """Until so many processes were killed in all, or too much went wrong."""
        self._learn()
        if self._trials is None:
            self._trials = trials(self._seed, self.most)
        while self.tally.kills < kills and not self.tally.is_enough_wrong:
            self.one(next(self._trials))
        return self.tally

    def one(self, trial: Trial, *, mutant: str = "", fresh: bool = False) -> list[str]:
        """One trial; what is wrong. `fresh`: each process is a new interpreter; `mutant`: each has that mistake."""
        self._learn()
        self._bring_to(trial.action)
        night, wrong = self._night(trial, mutant=mutant or self._mutant, fresh=fresh)
        reproduce = f'python -m tests.kill --site {self.site.name} --trial "{trial}"  (seed {self._seed})'
        self.tally.take(night, wrong, reproduce)
        if wrong:
            self._new_estate()
        return wrong

    @property
    def site(self) -> Site:
        """The estate as it is now."""
        assert self._site is not None
        return self._site

    def _new_estate(self) -> None:
        self._stack.close()
        self._forks = self._stack.enter_context(Forks())
        folder = self._folder / f"estate-{next(self._estates)}"
        folder.mkdir(parents=True)
        self._site = self._stack.enter_context(self._sites(folder))
        self._is_down = False

    def _learn(self) -> None:
        """What runs that nobody disturbs pass, and end with."""
        if self._expected:
            return
        self._new_estate()
        for action in ("shutdown", "restore"):
            night, wrong = self._night(Trial(action, Kind.PLAIN, ()))
            if wrong:
                raise AssertionError(f"undisturbed, the {action} goes wrong: {wrong}\n{night.say()}")
            self.most[action] = night.passed

    def _bring_to(self, action: str) -> None:
        """Down before a restore, up before a shutdown."""
        if self._is_down == (action == "shutdown"):
            other = "restore" if action == "shutdown" else "shutdown"
            _, wrong = self._night(Trial(other, Kind.PLAIN, ()))
            assert not wrong, wrong

    def _night(self, trial: Trial, *, mutant: str = "", fresh: bool = False) -> tuple[Night, list[str]]:
        site = self.site
        assert self._forks is not None
        if trial.action == "shutdown":
            site.clean()
        else:
            site.forget()
        night = Night(site, self._forks, trial, mutant, fresh)
        run = night.go()
        wrong = list(night.wrong)
        if UNLISTED in night.passed:
            wrong.append("something is done to a run's files that has no failpoint")
        if run is not None:
            plan = json.loads((run / "plan.json").read_bytes())
            deeds = site.deeds()
            self.tally.executed += len(deeds)
            wrong += problems(plan, night.journal(), deeds)
            wrong += self._ends(trial, night)
        if wrong:
            wrong[-1] += "\n    it said last: " + " | ".join(night.say().strip().splitlines()[-4:])
        self._is_down = trial.action == "shutdown"
        night._file("out").unlink(missing_ok=True)
        return night, wrong

    def _ends(self, trial: Trial, night: Night) -> Iterator[str]:
        """How what people are shown differs from what an undisturbed run ends with."""
        shown = {
            "show": self._shown(night, "show", "last"),
            "status": self._shown(night, "status"),
            "verify": self._shown(night, "verify", "last"),
        }
        ends = {
            "tasks": {one["task"]: one["state"] for one in shown["show"]["tasks"] if one["task"] != BY_PERSON},
            "systems": {one["id"]: one["state"] for one in shown["status"]["systems"] if one["id"] != BY_PERSON},
            "hosts": self.site.states(),
        }
        if shown["verify"]["verdict"] != "internal-only":
            yield f"broken: orch verify says {shown['verify']['verdict']}: {shown['verify']['problems']}"
        expected = self._expected.setdefault(trial.action, ends)
        for what, end in ends.items():
            if end != expected[what]:
                yield f"lost: {what} end as {end}, undisturbed as {expected[what]}"

    def _shown(self, night: Night, *words: str) -> Any:
        assert self._forks is not None
        out = self.site.folder / "shown"
        out.unlink(missing_ok=True)
        self._forks.run(
            Life((*words, "--json"), str(self.site.workspace), str(self.site.folder / "unused"), out=str(out))
        )
        text = out.read_text(encoding="utf-8")
        (self.site.folder / "unused").unlink(missing_ok=True)
        try:
            return json.loads(text)
        except ValueError:
            night.wrong.append(f"orch {' '.join(words)} says {text[-500:]}")
            return {"tasks": [], "systems": [], "verdict": text[-300:], "problems": []}

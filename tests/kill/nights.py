"""How a trial goes: the command is killed and taken up again until its run is over.

Whoever runs `orch` here does what an operator would: the same command again where no run was opened, else `resume`;
`resolve retry` for what only a person can settle (the step of a host without receipts), `resolve done` for the partner.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.model.identifiers import is_id
from tests.e2e.orch import lines_of
from tests.kill.child import Life
from tests.kill.estate import BY_PERSON, IN_DOUBT
from tests.kill.failpoints import Passages
from tests.kill.forks import HANGS, Forks, Fresh
from tests.kill.power import lose
from tests.kill.site import Site
from tests.kill.trial import Kill, Kind, Trial

KILLED = -9
TAKEN_UP = 6
"""So often a run is taken up without being killed; then it is lost."""
WAIT_S = 20.0


@dataclass
class Night:
    """One trial on one site. `wrong` is what no kill may lead to."""

    site: Site
    forks: Forks
    trial: Trial
    mutant: str = ""
    fresh: bool = False
    wrong: list[str] = field(default_factory=list)
    passed: dict[str, int] = field(default_factory=dict)
    killed: list[Kill] = field(default_factory=list)
    lives: int = 0
    _before: frozenset[str] = frozenset()

    def go(self) -> Path | None:
        """Through the trial to its end; the run's folder."""
        self._before = frozenset(self._runs())
        kills = list(self.trial.kills)
        if self.trial.kind is Kind.PERSON:
            self._with_a_person(kills)
        while kills and not self._is_over():
            self._live(self._words(), kills.pop(0))
        if self.trial.kind is Kind.RIVALS and not self._is_over() and self.run is not None:
            self._rivals()
        for _ in range(TAKEN_UP):
            if self._is_over() or self.wrong:
                break
            self._settle()
            self._check(self._words(), self._live(self._words()))
        if not self._is_over() and not self.wrong:
            self.wrong.append(f"lost: the run does not come to its end: {self._states()}")
        return self.run

    @property
    def run(self) -> Path | None:
        """The folder of the run that this trial opened."""
        new = sorted(set(self._runs()) - self._before)
        if len(new) > 1:
            self.wrong.append(f"doubled: {len(new)} runs were opened: {', '.join(new)}")
        return self.site.runs / new[0] if new else None

    def journal(self) -> list[dict[str, Any]]:
        """What its journal says."""
        return lines_of(self.run / "journal.jsonl") if self.run else []

    def say(self) -> str:
        """What the processes of this trial said last."""
        path = self._file("out")
        return path.read_text(encoding="utf-8", errors="replace")[-3000:] if path.exists() else ""

    # --- one process

    def _runs(self) -> list[str]:
        return [path.name for path in self.site.runs.iterdir() if is_id(path.name)] if self.site.runs.exists() else []

    def _file(self, name: str) -> Path:
        return self.site.folder / f"{name}"

    def _words(self) -> tuple[str, ...]:
        if self.run is not None:
            return ("resume", "last")
        everybody = self.trial.kind is Kind.PERSON
        return (self.trial.action, "--yes", *(() if everybody else ("--except", BY_PERSON)))

    def _life(self, words: tuple[str, ...], kill: Kill | None) -> Life:
        self.lives += 1
        kill = kill or Kill()
        return Life(
            words=words,
            workspace=str(self.site.workspace),
            passages=str(self._file(f"passages-{self.lives}")),
            point=kill.point,
            nth=kill.nth,
            diary=str(self._file(f"diary-{self.lives}")),
            mutant=self.mutant,
            out=str(self._file("out")),
        )

    def _live(self, words: tuple[str, ...], kill: Kill | None = None) -> int:
        life = self._life(words, kill)
        runner = Fresh() if self.fresh else self.forks
        return self._ended(life, kill, runner.run(life, after_s=kill.after_s if kill else None))

    def _ended(self, life: Life, kill: Kill | None, code: int) -> int:
        """Counts what it passed, and takes from the disk what a loss of power would have taken."""
        passages, diary = Path(life.passages), Path(life.diary)
        if passages.exists():
            for name, times in Passages(passages).counts().items():
                self.passed[name] = self.passed.get(name, 0) + times
            passages.unlink()
        if kill is not None and code == KILLED:
            self.killed.append(kill)
            if kill.power:
                lose(diary)
        elif code == KILLED:
            self.wrong.append(f"{' '.join(life.words)} was killed, and nobody had asked for it")
        diary.unlink(missing_ok=True)
        if code == HANGS:
            self.wrong.append(f"{' '.join(life.words)} hangs")
        return code

    def _check(self, words: tuple[str, ...], code: int) -> None:
        stuck = self._stuck()
        fine = code == 0 or (code == 1 and stuck <= set(IN_DOUBT)) or (code == 4 and self.trial.kind is Kind.PERSON)
        if not fine:
            self.wrong.append(f"{' '.join(words)} ended with {code}: {self._states()}")

    # --- what it stands at

    def _states(self) -> dict[str, str]:
        return {event["task"]: event["state"] for event in self.journal() if event["type"] == "task"}

    def _stuck(self) -> set[str]:
        return {task for task, state in self._states().items() if state in {"failed", "unknown"}}

    def _is_over(self) -> bool:
        return self.journal()[-1:] != [] and self.journal()[-1]["type"] == "sealed"

    def _settle(self) -> None:
        """A person says what only a person can say."""
        for system in self._stuck().intersection(IN_DOUBT):
            self._live(("resolve", "last", "retry", system, "--reason", "looked at it"))
        if self._states().get(BY_PERSON) == "held":
            self._live(self._person())

    def _person(self) -> tuple[str, ...]:
        return ("resolve", "last", "done", BY_PERSON, "--reason", "called their hotline")

    # --- with others

    def _with_a_person(self, kills: list[Kill]) -> None:
        """The run goes on, and a person says in another terminal that the partner is off; one of both is killed."""
        kill = kills.pop(0)
        life = self._life(self._words(), None if kill.by_resolve else kill)
        runner = self.forks.start(life)
        if self._wait_for_held():
            assert self.run is not None
            (self.run / "inbox" / "0-junk.json").write_text("{}")
            self._live(self._person(), kill if kill.by_resolve else None)
        code = self.forks.wait(runner)
        self._ended(life, None if kill.by_resolve else kill, code)
        if code != KILLED:
            self._check(life.words, code)

    def _wait_for_held(self) -> bool:
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            states = self._states()
            if states.get(BY_PERSON) == "held":
                return True
            if self._is_over():
                return False
            time.sleep(0.002)
        self.wrong.append("the partner was never held")
        return False

    def _rivals(self) -> None:
        """Two processes want the run at once: one is refused, or comes when all is over."""
        lives = [self._life(self._words(), None) for _ in range(2)]
        numbers = [self.forks.start(life) for life in lives]
        codes = [self._ended(life, None, self.forks.wait(number)) for life, number in zip(lives, numbers, strict=True)]
        for code in codes:
            if code != 3 and not (code == 2 and self._is_over()):
                self._check(self._words(), code)
        if codes == [3, 3]:
            self.wrong.append("two processes refused each other")

"""One trial: an action, in what way, and the kills that hit it, one process after the other; its own reproduction.

As text: `shutdown plain journal.write.after:12 random:0.210 wire.ask.before:1+power`. A kill hits the process that
executes the run then; `resolve/` before it means the one that leaves a person's word. `+power`: what that process had
not fsynced is lost, too.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.kill.failpoints import NAMES

RANDOM = "random"
BY_RESOLVE = "resolve/"


class Kind(StrEnum):
    """What else goes on: nothing, a person's word from elsewhere, or two processes that take the run up at once."""

    PLAIN = "plain"
    PERSON = "person"
    RIVALS = "rivals"


@dataclass(frozen=True)
class Kill:
    """At the `nth` passage of `point`, or after `after_s`."""

    point: str = ""
    nth: int = 1
    after_s: float | None = None
    power: bool = False
    by_resolve: bool = False

    def __str__(self) -> str:
        where = f"{RANDOM}:{self.after_s:.3f}" if self.after_s is not None else f"{self.point}:{self.nth}"
        return f"{BY_RESOLVE if self.by_resolve else ''}{where}{'+power' if self.power else ''}"

    @classmethod
    def of(cls, text: str) -> "Kill":
        """The kill that `str` made the text of."""
        word = text.removeprefix(BY_RESOLVE)
        where, _, number = word.removesuffix("+power").partition(":")
        power, by_resolve = text.endswith("+power"), word != text
        if where == RANDOM:
            return cls(after_s=float(number), power=power, by_resolve=by_resolve)
        if where not in NAMES:
            raise ValueError(f"there is no failpoint {where}")
        return cls(where, int(number), None, power, by_resolve)


@dataclass(frozen=True)
class Trial:
    """What is done, and where it is killed."""

    action: str
    kind: Kind
    kills: tuple[Kill, ...]

    def __str__(self) -> str:
        return " ".join((self.action, self.kind, *map(str, self.kills)))

    @classmethod
    def of(cls, text: str) -> "Trial":
        """The trial that `str` made the text of."""
        action, kind, *kills = text.split()
        return cls(action, Kind(kind), tuple(map(Kill.of, kills)))


INBOX_BY_RESOLVE = ("inbox.write", "inbox.fsync", "inbox.rename", "inbox-folder.mkdir")
BY_PEOPLE = (*INBOX_BY_RESOLVE, "inbox-folder.fsync", "inbox.unlink", "refused")
ASKING = ("wire.ask", "dispatch.ask")
OPENING = ("paper", "run-folder.rename", "run-folder.mkdir", "runs-folder", "approvals-folder", "inbox-folder.mkdir")


def trials(seed: int, most: Mapping[str, Mapping[str, int]]) -> Iterator[Trial]:
    """Trials without end: shutdown and restore in turn, every failpoint that an action passes as often as any other.

    `most` says of each action how often an uninterrupted run of it passes each failpoint.
    """
    rng = random.Random(seed)
    decks: dict[str, list[str]] = {"shutdown": [], "restore": []}
    while True:
        for action, deck in decks.items():
            if not deck:
                deck += [name for name in NAMES if _is_for(name, action, most[action])]
                rng.shuffle(deck)
            yield _trial(rng, action, deck.pop(), most[action])


def _is_for(name: str, action: str, passed: Mapping[str, int]) -> bool:
    if name.startswith(BY_PEOPLE) and not name.startswith("inbox-folder.mkdir"):
        return action == "shutdown"  # nobody is asked to bring the partner back
    return name in passed or name.startswith((*ASKING, "journal.truncate"))


def _trial(rng: random.Random, action: str, point: str, most: Mapping[str, int]) -> Trial:
    """A trial whose point is `point`; other kills may come before or after it."""
    power = rng.random() < 0.25
    if point.startswith(BY_PEOPLE) and action == "shutdown" and (not point.startswith("inbox-folder.mkdir") or power):
        by_resolve = point.startswith(INBOX_BY_RESOLVE) or (point.startswith("inbox-folder") and rng.random() < 0.5)
        return Trial(action, Kind.PERSON, (Kill(point, 1, power=power, by_resolve=by_resolve), *_more(rng, most)))
    kind = Kind.RIVALS if rng.random() < 0.15 else Kind.PLAIN
    if point.startswith(ASKING):
        first = Kill("wire.step.after", rng.randint(1, most["wire.step.after"]))
        return Trial(action, kind, (first, Kill(point, 1, power=power), *_more(rng, most)))
    if point.startswith("journal.truncate"):
        first = Kill("journal.write.half", rng.randint(2, most["journal.write.half"]))
        return Trial(action, kind, (first, Kill(point, 1, power=power), *_more(rng, most)))
    return Trial(action, kind, (Kill(point, rng.randint(1, most[point]), power=power), *_more(rng, most)))


def _more(rng: random.Random, most: Mapping[str, int]) -> Iterator[Kill]:
    """Further kills of those who take the run up, at any moment or wherever a resume may come by."""
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        power = rng.random() < 0.25
        if rng.random() < 0.4:
            yield Kill(after_s=rng.uniform(0.02, 0.35), power=power)
        else:
            point = rng.choice([name for name in most if not name.startswith(OPENING)])
            yield Kill(point, 1 + int(most[point] * rng.random() ** 2), power=power)

"""A disk that really fills up: the real command on the twin, its `runs/` on a file system that is too small.

Wherever the room ends, orch stops with 4 and says what to do; with room again the run ends as an undisturbed one, by
the hosts' own log. Mounting wants root.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.orch import lines_of
from tests.e2e.test_real_sshd import small_disk
from tests.kill.child import Life
from tests.kill.estate import BY_PERSON, IN_DOUBT
from tests.kill.forks import Forks
from tests.kill.judge import problems
from tests.kill.on_twin import OnTwin, on_twin

SHARES = (0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9)
"""Of the room that the whole run takes."""
ENOUGH_KIB = 4096
PAGE_KIB = 4
SHUTDOWN = ("shutdown", "--yes", "--except", BY_PERSON)


class Desk:
    """Somebody who types commands of orch in the twin's workspace."""

    def __init__(self, site: OnTwin, forks: Forks) -> None:
        self.site = site
        self._forks = forks

    def type(self, *words: str) -> tuple[int, str]:
        """The exit code, and all that was said."""
        out = self.site.folder / "said"
        out.unlink(missing_ok=True)
        code = self._forks.run(Life(words, str(self.site.workspace), str(self.site.folder / "passages"), out=str(out)))
        return code, out.read_text(encoding="utf-8")

    def run(self) -> Path | None:
        """The run's folder, if there is one."""
        return next(iter(sorted(self.site.runs.glob("2*"))), None)

    def stuck(self) -> list[str]:
        """What only a person can settle; nothing else may be stuck."""
        found = [task["task"] for task in json.loads(self.type("show", "last", "--json")[1])["tasks"] if task["words"]]
        assert set(found) <= set(IN_DOUBT), found
        return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with on_twin(tmp_path_factory.mktemp("full")) as site, Forks() as forks:
        yield Desk(site, forks)


@pytest.fixture(scope="module")
def room(desk: Desk) -> int:
    """How many KiB an undisturbed run takes."""
    desk.site.clean()
    with small_disk(desk.site.runs, ENOUGH_KIB):
        assert desk.type(*SHUTDOWN)[0] == 0
        disk = os.statvfs(desk.site.runs)
        assert desk.type("restore", "--yes")[0] == 0
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize // 1024


def part(room: int, share: float) -> int:
    """So much of the room, in whole pages."""
    return max(1, int(room * share) // PAGE_KIB) * PAGE_KIB


@pytest.mark.parametrize("share", SHARES)
def test_wherever_the_room_ends_nothing_is_lost_or_doubled(desk: Desk, room: int, share: float) -> None:
    desk.site.clean()
    with small_disk(desk.site.runs, part(room, share)) as grow:
        code, said = desk.type(*SHUTDOWN)
        assert code == 4, said
        assert_it_says_what_to_do(said, opened=desk.run() is not None)
        grow(ENOUGH_KIB)
        code, said = desk.type(*(("resume", "last") if desk.run() else SHUTDOWN))
        if code == 1:  # a step that its receipt does not outlive, or of a host without receipts: for a person
            assert desk.type("resolve", "last", "retry", *desk.stuck(), "--reason", "looked at it")[0] == 0
            code, said = desk.type("resume", "last")
        assert code == 0, said
        run = desk.run()
        assert run is not None
        plan, events = json.loads((run / "plan.json").read_bytes()), lines_of(run / "journal.jsonl")
        assert problems(plan, events, desk.site.deeds()) == []
        assert desk.type("verify", "--all")[0] == 0
        assert desk.type("restore", "--yes")[0] == 0


def assert_it_says_what_to_do(said: str, *, opened: bool) -> None:
    text = " ".join(said.split())
    assert "disk full" in text, said
    assert "Free space" in text, said
    assert "Traceback" not in text, said
    assert "BROKEN OFF" not in text, said
    if opened:
        assert "orch resume" in text, said
        assert "STOPPED by a disk that failed or is full" in text or "nothing more was started" in text, said


def test_it_is_met_before_the_run_and_in_its_middle(desk: Desk, room: int) -> None:
    opened = []
    for share in (SHARES[0], SHARES[-1]):
        desk.site.clean()
        with small_disk(desk.site.runs, part(room, share)):
            code, said = desk.type(*SHUTDOWN)
            assert code == 4, said
            opened.append(desk.run() is not None)
            if opened[-1]:
                assert "STOPPED by a disk that failed or is full" in " ".join(said.split()), said
                assert "Traceback" not in desk.type("show", "last")[1]
    assert opened == [False, True]

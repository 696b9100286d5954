"""The campaign's own parts: a trial is its text, power takes what was not fsynced, a deck leaves no failpoint out."""

import os
from itertools import islice
from pathlib import Path

import pytest

from tests.kill.failpoints import NAMES, Passages
from tests.kill.power import Diary, lose
from tests.kill.trial import Kill, Trial, trials
from tests.kill.wrapping import Failpoints

MOST = {action: dict.fromkeys(NAMES, 5) for action in ("shutdown", "restore")}


def test_a_trial_is_its_own_reproduction() -> None:
    for trial in islice(trials(7, MOST), 500):
        again = Trial.of(str(trial))
        assert str(again) == str(trial)
        assert [kill.point for kill in again.kills] == [kill.point for kill in trial.kills]


def test_a_failpoint_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no failpoint"):
        Kill.of("journal.write.sideways:1")


def test_every_failpoint_is_aimed_at_in_turn() -> None:
    aimed = {kill.point for trial in islice(trials(3, MOST), 2 * len(NAMES)) for kill in trial.kills}

    assert set(NAMES) - aimed == set()


def test_passages_are_counted_in_a_file_that_stays(tmp_path: Path) -> None:
    first = Passages(tmp_path / "counts")
    assert (first.add(NAMES[0]), first.add(NAMES[0]), first.add(NAMES[3])) == (1, 2, 1)
    assert Passages(tmp_path / "counts").counts() == {NAMES[0]: 2, NAMES[3]: 1}


# --- the loss of power


def test_power_takes_bytes_that_were_not_synced(tmp_path: Path) -> None:
    diary, path = Diary(tmp_path / "diary"), tmp_path / "journal"
    path.write_bytes(b"one")
    diary.writes(str(path))
    path.write_bytes(b"one two")
    diary.synced(str(path))
    diary.writes(str(path))
    path.write_bytes(b"one two three")

    assert lose(tmp_path / "diary") == 1
    assert path.read_bytes() == b"one two"


def test_power_takes_names_whose_folder_was_not_synced(tmp_path: Path) -> None:
    diary = Diary(tmp_path / "diary")
    kept, new, gone = (tmp_path / name for name in ("kept", "new", "gone"))
    gone.write_text("a word")
    (tmp_path / ".1").touch()
    diary.renames(str(tmp_path / ".1"), str(kept))
    os.rename(tmp_path / ".1", kept)
    diary.synced(str(tmp_path))
    (tmp_path / ".2").touch()
    diary.renames(str(tmp_path / ".2"), str(new))
    os.rename(tmp_path / ".2", new)
    diary.removes(str(gone))
    gone.unlink()

    assert lose(tmp_path / "diary") == 2
    assert (kept.exists(), new.exists(), gone.read_text()) == (True, False, "a word")


def test_nothing_is_lost_where_all_was_synced(tmp_path: Path) -> None:
    assert lose(tmp_path / "no diary") == 0


# --- which file is what


@pytest.mark.parametrize(
    ("path", "operation", "target"),
    [
        ("", "fsync", "runs-folder"),
        ("/r1", "rename", "run-folder"),
        ("/.new-r1-abc", "mkdir", "run-folder"),
        ("/r1/journal.jsonl", "write", "journal"),
        ("/r1/lock", "truncate", "lock"),
        ("/r1/output", "fsync", "output-folder"),
        ("/r1/output/.new-1", "write", "output"),
        ("/r1/inbox/1.json", "unlink", "inbox"),
        ("/r1/inbox/refused", "mkdir", "refused-folder"),
        ("/r1/inbox/refused/x.why", "rename", "refused"),
        ("/r1/plan.json", "write", "paper"),
        ("/r1/approvals", "mkdir", "approvals-folder"),
        ("/../elsewhere", "write", None),
    ],
)
def test_which_file_is_what(tmp_path: Path, path: str, operation: str, target: str | None) -> None:
    points = Failpoints(tmp_path / "runs", Passages(tmp_path / "counts"))
    where = os.path.abspath(f"{tmp_path}/runs{path}")

    assert points._target(where, operation) == target


def test_a_deed_without_a_name_is_counted(tmp_path: Path) -> None:
    passages = Passages(tmp_path / "counts")
    assert Failpoints(tmp_path / "runs", passages)._target(f"{tmp_path}/runs/r1/lock", "unlink") is None
    assert passages.counts() == {"unlisted": 1}

"""Each row of execution runs from end to end, with the smallest numbers; what it measured is not judged here."""

import json
import tempfile
from pathlib import Path

import pytest

from bench import engine, fanout, makespan, makespan_ssh, peers, reuse
from bench.ssh_hosts import SSH_KEYGEN, SSHD
from bench.table import Figure, document, table

needs_sshd = pytest.mark.skipif(
    SSHD is None or SSH_KEYGEN is None, reason="needs OpenSSH's sshd (Debian: apt-get install openssh-server)"
)


def judged(figures: list[Figure], notes: list[str]) -> list[str]:
    """What was measured, if all of it can be shown and written."""
    assert all(note.strip() for note in notes)
    assert table(figures)
    json.dumps([document(figure) for figure in figures])
    return [figure.what for figure in figures]


def said(text: str) -> None:
    """Progress is not looked at."""


def test_makespan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(makespan, "QUICK_SYSTEMS", 100)
    figures, notes = makespan.measure(True, said)
    assert len(judged(figures, notes)) == 2
    assert all(figure.met for figure in figures)  # simulated seconds: no machine is too slow for them


def test_makespan_over_ssh() -> None:
    assert judged(*makespan_ssh.measure(True, said)) == ["makespan over SSH, the shipped estate, shutdown"]


def test_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "QUICK_SIZES", (100, 101))
    monkeypatch.setattr(engine, "QUICK_EVENTS", 500)
    monkeypatch.setattr(engine, "AGAIN", 2)
    if Path("/dev/shm").is_dir():  # where nothing waits for a disk
        monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")
    what = judged(*engine.measure(True, said))
    assert sum(text.startswith("own cost of a step") for text in what) == 2
    assert sum(text.endswith("peak memory") for text in what) == 2
    assert any("resume of 500 events" in text for text in what)


@needs_sshd
def test_fanout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "QUICK_SIZES", {3: 1})
    what = judged(*fanout.measure(True, said))
    assert what[0] == "fan-out to 3, one read a host: client CPU"


@needs_sshd
def test_reuse() -> None:
    assert len(judged(*reuse.measure(True, said))) == 4


def test_peers_that_can_not_be_had_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "PLACE", tmp_path / "nobody")
    with pytest.raises(peers.NotThere, match="not made yet"):
        peers.peers(make=False)

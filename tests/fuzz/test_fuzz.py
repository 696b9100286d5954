"""A short slice of the fuzzing on every test run: the whole corpus, and some mutations (`make fuzz` does more)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import __main__ as fuzz
from tests.fuzz.mutations import corpus_of
from tests.fuzz.targets import CORPUS, TARGETS

HANGS_S = 600


def test_every_target_has_a_corpus_and_no_corpus_is_without_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == TARGETS.keys()
    for name in TARGETS:
        assert len(corpus_of(CORPUS / name)) >= 8
        assert not list((CORPUS / name).glob("broke-*")), "mend what it found, and give it a name"


@pytest.mark.parametrize("target", TARGETS)
def test_a_slice(target: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--target", target, "--examples", "150"],
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert f"{target}: " in done.stdout


def test_a_broken_promise_is_seen_and_its_input_kept_shrunk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def breaks(data: bytes) -> None:
        if b"[[" in data:
            raise RecursionError("too deep")

    shutil.copytree(CORPUS / "selector", tmp_path / "selector")
    monkeypatch.setattr(fuzz, "CORPUS", tmp_path)
    monkeypatch.setattr(fuzz, "TARGETS", {"selector": breaks})
    assert fuzz.fuzz("selector", examples=3_000, seed=1, seconds=5) is False
    (kept,) = (tmp_path / "selector").glob("broke-*")
    assert b"[[" in kept.read_bytes()
    assert "RecursionError: too deep" in capsys.readouterr().err

"""No bytes in any file make the loader do anything but load or raise FilesError; sources name lines that exist."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.model.errors import FilesError
from orchestrator.workspace.loader import load
from tests.unit.workspace.test_loader import GOOD
from tests.unit.workspace.workspaces import write

quick = settings(
    derandomize=True, max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

PATHS = sorted(GOOD)
PIECES = (
    "systems hosts kind svc a requires any at_least on {unit} { }} carrier null ~ -1 0 10% env:X 1s &a *a !t << true "
    "' \" \t \0 ü \u2028 A |1| @revoked"
)
WORDS = st.sampled_from(PIECES.split(" "))
TREES = st.recursive(
    WORDS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)


def flow(tree: object) -> str:
    """A tree as YAML that may or may not be valid."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {flow(value)}" for key, value in tree.items()) + "}"
    return "[" + ", ".join(map(flow, tree)) + "]" if isinstance(tree, list) else str(tree)


def survives(files: dict[str, str | bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = write(Path(folder), {**GOOD, **files})
        (root / "inventories/i.yaml").unlink()
        try:
            load(root)
        except FilesError as error:
            found = error.problems
        else:
            return
        assert found
        for problem in found:
            assert problem.what
            if problem.source.line:
                assert 1 <= problem.source.line <= (root / problem.source.path).read_bytes().count(b"\n") + 1


@quick
@given(st.sampled_from(PATHS), st.binary(max_size=200))
def test_any_bytes(path: str, data: bytes) -> None:
    survives({path: data})


@quick
@given(st.sampled_from(PATHS), st.text(alphabet="ab:-? \n\t[]{},&*!|>'\"%@`#~\\", max_size=80))
def test_any_marks_of_yaml(path: str, text: str) -> None:
    survives({path: text})


@quick
@given(st.sampled_from(PATHS), st.data())
def test_good_files_with_a_piece_cut_out_or_put_in(path: str, data: st.DataObject) -> None:
    content = GOOD[path]
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    survives({path: content[:start] + data.draw(WORDS) + content[end:]})


@quick
@given(st.sampled_from(PATHS), st.data())
def test_good_files_with_another_value_for_a_key(path: str, data: st.DataObject) -> None:
    lines = GOOD[path].splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    key = lines[number].split(":")[0]
    lines[number] = f"{key}: {flow(data.draw(TREES))}"
    survives({path: "\n".join(lines)})


@pytest.mark.parametrize("path", PATHS)
def test_files_cut_anywhere(path: str) -> None:
    content = GOOD[path]
    for end in range(0, len(content), 37):
        survives({path: content[:end]})

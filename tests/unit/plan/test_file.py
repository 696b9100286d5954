"""The plan file: its bytes, and what is no plan."""

import hashlib
import json
from pathlib import Path

import pytest

from orchestrator.model.errors import UsageError
from orchestrator.plan.file import digest, parse_plan, plan_bytes, plan_pieces, read_plan, write_plan
from tests.builders import down, protocol, workspace


def test_a_plan_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    plan = down(workspace("a requires b\nb on h\nc external", protocol=protocol(shutdown=["a", "b"])), exclude=("c",))
    data = plan_bytes(plan)
    write_plan(tmp_path / "night.json", plan_pieces(plan))
    assert read_plan(tmp_path / "night.json") == (plan, data)
    assert digest(data) == hashlib.sha256(data).hexdigest()
    assert b'"except":[' in data
    assert (tmp_path / "night.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["night.json"]


def test_writing_replaces_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "night.json"
    path.write_bytes(b"x" * 10_000)
    path.chmod(0o644)
    write_plan(path, [b"{", b"}\n"])
    assert path.read_bytes() == b"{}\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_field_a_host_a_task_stand_on_a_line_each() -> None:
    lines = plan_bytes(down("a requires b\nb on h")).decode().splitlines()
    starts = [line.split(":")[0] for line in lines]
    assert starts[:3] == ["{", '"format"', '"id"']
    assert starts[starts.index('"hosts"') : starts.index('"tasks"') + 4] == [
        '"hosts"', '"h"', "},", '"gates"', '"barriers"', '"tasks"', '{"id"', '{"id"', "],",
    ]  # fmt: skip
    assert json.loads("\n".join(lines))["tasks"][0]["id"] == "a"


def test_a_plan_without_tasks_and_hosts_comes_back_too() -> None:
    plan = down("a external").model_copy(update={"tasks": (), "hosts": {}})
    assert parse_plan(plan_bytes(plan), "night.json") == plan


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "its format is null"),
        (b'{"format": "orch-plan/9"}', 'its format is "orch-plan/9"'),
        (b'{"format": "orch-plan/1"}', "id: Field required"),
    ],
)
def test_what_is_no_plan(data: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "night.json"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=complaint):
        read_plan(path)


@pytest.mark.parametrize("before", ["author", "address", "stage", "reason", "timeout_s"])
def test_an_unknown_key_is_no_plan(before: str, tmp_path: Path) -> None:
    path = tmp_path / "night.json"
    data = plan_bytes(down("a requires b\nb on h"))
    changed = data.replace(f'"{before}"'.encode(), f'"autor":1,"{before}"'.encode(), 1)
    assert changed != data
    path.write_bytes(changed)
    with pytest.raises(UsageError, match=r"autor: (Extra inputs|Unexpected keyword)"):
        read_plan(path)


@pytest.mark.parametrize("name", ["missing.json", "folder"])
def test_what_can_not_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError):
        read_plan(tmp_path / name)


def test_where_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for place in (tmp_path / "folder", tmp_path / "link", tmp_path / "no" / "where.json"):
        with pytest.raises(UsageError):
            write_plan(place, [b"{}"])
    assert not (tmp_path / "elsewhere").exists()

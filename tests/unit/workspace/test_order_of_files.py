"""The same inventory, its keys in another order and its entries in other files: the same plan but for hashes and lines.

Contract section 4, *Deterministic*. The shipped estate is shuffled as a person might: whole entries move to other
files, keys within an entry change places, lists stay as they are (their order means something).
"""

import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.model.estate import Estate
from orchestrator.model.plan import Plan, Request
from orchestrator.plan.file import plan_bytes
from orchestrator.plan.freshness import differences, other_inputs
from orchestrator.plan.restore import plan_restore
from orchestrator.plan.shutdown import plan_shutdown
from orchestrator.workspace.loader import load
from tests.builders import taken_down

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "inventories" / "krankenkassen"
AT = "2026-03-01T02:14:00Z"


def copied(folder: Path) -> Path:
    for name in ("playbooks", "inventories"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("protocol.yaml", "known_hosts"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, list):
        return [shuffled(item, rng) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    rng.shuffle(keys)
    return {key: shuffled(value[key], rng) for key in keys}


def in_other_files(folder: Path, rng: random.Random) -> None:
    """Every entry of every section into a file chosen by chance."""
    files: list[dict[str, Any]] = [{} for _ in range(5)]
    for path in sorted(SHIPPED.glob("*.yaml")):
        for section, entries in yaml.load(path.read_text(), Loader=yaml.BaseLoader).items():
            if section in {"defaults", "operator"}:
                files[0][section] = entries
                continue
            for id, entry in entries.items():
                rng.choice(files).setdefault(section, {})[id] = entry
    shutil.rmtree(folder)
    folder.mkdir()
    for number, content in enumerate(files):
        text = yaml.dump(shuffled(content, rng), sort_keys=False, allow_unicode=True)
        (folder / f"part-{number}.yaml").write_text(re.sub(r"'(true|false|null|\d+)'", r"\1", text))


def both_ways(root: Path) -> tuple[Plan, Plan]:
    ws = load(root)
    going = plan_shutdown(ws, Estate(), Request(), id="p", created_at=AT, author=None)
    estate = taken_down(modes={task.id: (task.mode,) for task in going.tasks if task.mode})
    return going, plan_restore(ws, estate, Request(), id="p", created_at=AT, author=None)


def without_places(plan: Plan) -> str:
    """The plan file without hashes of inputs and without any `file:line` of the inventory."""
    text = plan_bytes(plan.model_copy(update={"inputs": ()})).decode()
    return re.sub(r"inventories/[a-z0-9./-]+\.yaml:\d+", "PLACE", text)


@pytest.mark.parametrize("seed", range(3))
def test_another_order_the_same_plan(tmp_path: Path, seed: int) -> None:
    (tmp_path / "as-shipped").mkdir()
    (tmp_path / "otherwise").mkdir()
    as_shipped, otherwise = copied(tmp_path / "as-shipped"), copied(tmp_path / "otherwise")
    in_other_files(otherwise / "inventories" / "krankenkassen", random.Random(seed))
    for one, other in zip(both_ways(as_shipped), both_ways(otherwise), strict=True):
        assert without_places(one) == without_places(other)
        assert differences(one, other) == ()
        assert all("inventories/" in path for path in other_inputs(one, other))

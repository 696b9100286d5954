"""What is fuzzed, and what must hold whatever the bytes are.

- A file of a workspace is loaded, or refused with FilesError whose every problem has a line that exists. What loads is
  checked and planned, both ways; nothing but an error of orch's own family comes of it; the plan file reads back equal.
- A selector selects, or is refused with UsageError; what is said of it fits on a screen and holds no control character.
"""

import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

from orchestrator.graph.check import loop_problems
from orchestrator.graph.selection import select
from orchestrator.model.errors import FilesError, OrchError
from orchestrator.model.estate import Estate
from orchestrator.model.plan import Request
from orchestrator.model.workspace import Workspace
from orchestrator.plan.check import command_problems
from orchestrator.plan.file import plan_bytes, read_plan
from orchestrator.plan.restore import plan_restore
from orchestrator.plan.shutdown import plan_shutdown
from orchestrator.show.errors import error_lines
from orchestrator.workspace.loader import load
from tests.builders import taken_down, workspace
from tests.unit.workspace.test_loader import GOOD

CORPUS = Path(__file__).parent / "corpus"
WIDTH = 80
AT = "2026-03-01T02:14:00Z"

SITE = workspace("""
    portal requires app
    app requires db any(1) dns-a dns-b
    app on app-1
    app-1 in data
    data gateway gw
    bastion on gw
    db owner bkk-nord
    db label tier=data
    eau service app
""")


def shown(error: OrchError) -> None:
    """What a person would read of an error: every line fits, and none can act on the terminal."""
    for line in error_lines(error, WIDTH, place=""):
        assert line.cell_len <= WIDTH, line.plain
        hidden = [char for char in line.plain if unicodedata.category(char)[0] == "C" or char in "\u2028\u2029"]
        assert not hidden, repr(line.plain)


def in_workspace(path: str, data: bytes) -> None:
    """`data` as the file `path` of a workspace that is good otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        files: dict[str, str | bytes] = {**GOOD, path: data}
        for name, content in files.items():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        try:
            ws = load(root)
        except FilesError as error:
            shown(error)
            _lines_exist(root, error)
        else:
            _plans(root, ws)


def _lines_exist(root: Path, error: FilesError) -> None:
    assert error.problems
    lines: dict[str, int] = {}
    for path, line in {(problem.source.path, problem.source.line) for problem in error.problems}:
        if line and path not in lines:
            lines[path] = (root / path).read_bytes().count(b"\n") + 1
        assert 0 <= line <= lines.get(path, 0), f"{path}:{line}"


def _plans(root: Path, ws: Workspace) -> None:
    loop_problems(ws)
    command_problems(ws)
    for estate in (Estate(), taken_down(*ws.inventory.systems)):
        planner = plan_restore if estate.systems else plan_shutdown
        try:
            plan = planner(ws, estate, Request(), id="fuzz", created_at=AT, author=None)
        except OrchError as error:
            shown(error)
            continue
        file = root / "plan.json"
        file.write_bytes(plan_bytes(plan))
        assert read_plan(file)[0] == plan


def selector(data: bytes) -> None:
    """`data` as an argument of the command line."""
    text = data.decode(errors="surrogateescape")
    try:
        found = select(SITE, [text])
    except OrchError as error:
        shown(error)
    else:
        assert found
        assert set(found) <= SITE.inventory.systems.keys()


def _file(path: str) -> Callable[[bytes], None]:
    return lambda data: in_workspace(path, data)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "inventory": _file("inventories/rz/systems.yaml"),
    "playbook": _file("playbooks/svc.yaml"),
    "protocol": _file("protocol.yaml"),
    "known_hosts": _file("known_hosts"),
    "ssh_config": _file("ssh/config"),
    "selector": selector,
}

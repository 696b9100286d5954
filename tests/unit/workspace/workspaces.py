"""Writes small workspaces for the tables of this folder, and says what the loader says of them."""

from collections.abc import Mapping
from pathlib import Path

from orchestrator.model.errors import FilesError
from orchestrator.model.workspace import Workspace
from orchestrator.workspace.loader import load

PLAYBOOK = """\
kind: svc
vars: {unit: null, port: "80"}
state:
  argv: [systemctl, is-active, "{unit}"]
  online: [0]
  offline: [3]
shutdown:
  stop:
    - {name: stop, argv: [systemctl, stop, "{unit}"]}
"""

INVENTORY = """\
hosts:
  h1: {address: 10.0.0.1}
systems:
  a: {kind: svc, hosts: [h1], vars: {unit: a}}
"""


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Writes `files`, with the inventory `i.yaml` and the playbook `svc` where they are not given."""
    for path, content in {"inventories/i.yaml": INVENTORY, "playbooks/svc.yaml": PLAYBOOK, **files}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def loaded(root: Path, files: Mapping[str, str | bytes]) -> Workspace:
    """The workspace of `files`."""
    return load(write(root, files))


def problems(root: Path, files: Mapping[str, str | bytes]) -> list[str]:
    """Every problem of `files` as a line; none where they are good."""
    return check(write(root, files))


def check(root: Path, inventory: str | None = None) -> list[str]:
    """Every problem of a workspace as a line."""
    try:
        load(root, inventory)
    except FilesError as error:
        return [str(problem) for problem in error.problems]
    return []

"""Writes the twin's folder: a workspace that points at the simulated hosts and at nothing else (section 8).

* Inventory: from the values (`twin/emit.py`). Playbooks: byte for byte but for the pauses of
  health checks (`twin/pace.py`). Protocol: disguised (`twin/disguise.py`), with
  throw-away keys under `keys/PERSON`.
* A folder that is there already is refused, unless it is empty or an earlier twin's that no longer runs. The runs of an
  earlier rehearsal are kept aside as `runs.1`, `runs.2` and so on: they are about hosts that are no more.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import asyncssh

from orchestrator.model.errors import Refused
from orchestrator.model.workspace import Workspace
from orchestrator.twin.address import addresses
from orchestrator.twin.disguise import disguised
from orchestrator.twin.emit import inventory_text
from orchestrator.twin.folder import CLIENT_KEY, HOST_KEYS, LOG, STATE, TwinState, write_state
from orchestrator.twin.log import NAME as JSONL
from orchestrator.twin.pace import paced

_OURS = ("inventories", "playbooks", "keys", "protocol.yaml", "known_hosts", JSONL, LOG, HOST_KEYS, "twin.sock")


def prepare(folder: Path) -> None:
    """An empty folder, or one that is emptied of an earlier twin. Raises Refused for anything else."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Refused(f"{folder} is there already, and is no folder", "Name another.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / STATE).is_file():
        raise Refused(
            f"{folder} is there already, and is not a twin's folder; nothing was written", "Name a new or empty one."
        )
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in _OURS:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    runs = folder / "runs"
    if runs.is_dir():
        runs.rename(next(aside for n in range(1, 100000) if not (aside := folder / f"runs.{n}").exists()))


def write_workspace(ws: Workspace, root: Path, folder: Path, port: int, speed: float) -> TwinState:
    """Writes everything but the process: returns the state as it then stands in `twin.json`, without a pid."""
    where = addresses(ws.inventory.hosts)
    state = TwinState(str(root.resolve()), ws.inventory.name, speed, port, dict(where))
    write_state(folder, state)
    for name in ("inventories", "playbooks"):
        (folder / name).mkdir()
    (folder / "keys").mkdir(mode=0o700)
    for path in sorted((root / "playbooks").glob("*.yaml")):
        text = paced(path.read_bytes().decode("utf-8"), speed)
        (folder / "playbooks" / path.name).write_bytes(text.encode("utf-8"))
    _write_key(folder / CLIENT_KEY, "orch-twin login")
    if ws.protocol_path is not None:
        _write_protocol(ws, root / ws.protocol_path, folder)
    write_hosts(ws, folder, where, _write_host_keys(ws, folder), port)
    return state


def write_hosts(ws: Workspace, folder: Path, where: Mapping[str, str], public: Mapping[str, str], port: int) -> None:
    """What depends on the port: the inventory and `known_hosts`."""
    text = inventory_text(ws.inventory, where, port, CLIENT_KEY, ws.protocol.organisation or "this workspace")
    (folder / "inventories" / f"{ws.inventory.name}.yaml").write_text(text, encoding="utf-8")
    lines = [f"[{where[host]}]:{port} {key}\n" for host, key in public.items()]
    (folder / "known_hosts").write_text("".join(lines), encoding="utf-8")


def _write_host_keys(ws: Workspace, folder: Path) -> Mapping[str, str]:
    private, public = {}, {}
    for host in ws.inventory.hosts:
        key = asyncssh.generate_private_key("ssh-ed25519")
        private[host] = key.export_private_key().decode("ascii")
        public[host] = key.export_public_key().decode("ascii").strip()
    _write_private(folder / HOST_KEYS, json.dumps(private).encode())
    return public


def _write_protocol(ws: Workspace, source: Path, folder: Path) -> None:
    keys = {}
    for person in ws.protocol.people.values():
        for n, real in enumerate(person.keys):
            path = folder / "keys" / (person.id if n == 0 else f"{person.id}.{n + 1}")
            keys[real] = _write_key(path, f"{person.id} REHEARSAL")
    organisation = ws.protocol.organisation or ws.inventory.name
    text = disguised(source.read_text(encoding="utf-8"), organisation, keys)
    (folder / "protocol.yaml").write_text(text, encoding="utf-8")


def _write_key(path: Path, comment: str) -> str:
    """A new key pair at `path`; returns the public one as one line."""
    key = asyncssh.generate_private_key("ssh-ed25519", comment=comment)
    _write_private(path, key.export_private_key())
    public = key.export_public_key().decode("ascii").strip()
    path.with_name(path.name + ".pub").write_text(public + "\n", encoding="ascii")
    return public


def _write_private(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)

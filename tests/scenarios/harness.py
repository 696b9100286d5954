"""Runs a golden scenario: a folder with an inventory and a request, beside the page of the plan that must come of it.

    NAME/about.txt        what this scenario is about, one line
    NAME/inventory.yaml   NAME/protocol.yaml (optional)   NAME/playbooks/*.yaml (optional, over those of _playbooks/)
    NAME/request.yaml     action, select, except, only, mode, from, estate, commands
    NAME/expected.txt     the page; `python -m tests.scenarios.regenerate` writes it

`estate` says what orch did before: `{core-db: [stop]}`, with more words `{core-db: [{mode: stop, run: r1,
hosts: [db-1], complete: false}]}`, or `{core-db: found-offline}`; or `all down`: whatever a shutdown of everything
takes. Every host's key is pinned unless the folder holds a `known_hosts`. A file or key that nobody reads is an error.
"""

import base64
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestrator.model.errors import OrchError
from orchestrator.model.estate import Deed, Estate, SystemRecord
from orchestrator.model.plan import Plan, Request
from orchestrator.model.terms import EstateState, Mode
from orchestrator.model.workspace import Workspace
from orchestrator.plan.restore import plan_restore
from orchestrator.plan.shutdown import plan_shutdown
from orchestrator.workspace.loader import load
from tests.scenarios.page import plan_page, refusal_page

ROOT = Path(__file__).parent
FILES = {"about.txt", "inventory.yaml", "protocol.yaml", "playbooks", "request.yaml", "expected.txt", "known_hosts"}
KEYS = {"action", "select", "except", "only", "mode", "from", "estate", "commands"}
AT = "2026-03-01T02:14:00Z"
KEY = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))).decode()


class BadScenario(AssertionError):
    """The scenario itself is wrong."""


@dataclass(frozen=True)
class Scenario:
    """One folder."""

    folder: Path

    @property
    def expected(self) -> Path:
        """The golden page."""
        return self.folder / "expected.txt"

    def page(self, scratch: Path) -> str:
        """The page that comes of it now. `scratch`: an empty folder for its workspace."""
        request = self._request()
        try:
            ws = self._workspace(scratch)
            return plan_page(self._plan(ws, request), commands=bool(request.get("commands")))
        except OrchError as error:
            return refusal_page(error)

    def check(self) -> None:
        """Raises BadScenario for a folder that is not as it should be."""
        found = {path.name for path in self.folder.iterdir()}
        for missing in {"about.txt", "inventory.yaml", "request.yaml"} - found:
            raise BadScenario(f"{self.folder.name}: {missing} is missing")
        for unknown in sorted(found - FILES):
            raise BadScenario(f"{self.folder.name}: nobody reads {unknown}")
        about = (self.folder / "about.txt").read_text()
        if not re.fullmatch(r"[^\n]{20,}\n", about):
            raise BadScenario(f"{self.folder.name}: about.txt is one line that says what this is about")
        self._request()

    def _request(self) -> dict[str, Any]:
        request = yaml.safe_load((self.folder / "request.yaml").read_text())
        if not isinstance(request, dict) or request.get("action") not in {"shutdown", "restore"}:
            raise BadScenario(f"{self.folder.name}: request.yaml needs an action")
        for unknown in sorted(request.keys() - KEYS):
            raise BadScenario(f"{self.folder.name}: request.yaml: unknown key {unknown}")
        return request

    def _workspace(self, root: Path) -> Workspace:
        (root / "inventories").mkdir()
        shutil.copy(self.folder / "inventory.yaml", root / "inventories" / "estate.yaml")
        shutil.copytree(ROOT / "_playbooks", root / "playbooks")
        if (self.folder / "playbooks").is_dir():
            shutil.copytree(self.folder / "playbooks", root / "playbooks", dirs_exist_ok=True)
        if (self.folder / "protocol.yaml").exists():
            shutil.copy(self.folder / "protocol.yaml", root / "protocol.yaml")
        if (self.folder / "known_hosts").exists():
            shutil.copy(self.folder / "known_hosts", root / "known_hosts")
            return load(root)
        hosts = (yaml.safe_load((self.folder / "inventory.yaml").read_text()) or {}).get("hosts") or {}
        (root / "known_hosts").write_text("".join(f"{host} ssh-ed25519 {KEY}\n" for host in hosts))
        return load(root)

    def _plan(self, ws: Workspace, request: dict[str, Any]) -> Plan:
        words = {"select": "select", "except": "except", "mode": "mode", "only": "only", "from": "from_run"}
        asked = Request.model_validate({name: request[key] for key, name in words.items() if key in request})
        estate = _estate(ws, request.get("estate"))
        plan = plan_shutdown if request["action"] == "shutdown" else plan_restore
        return plan(ws, estate, asked, id="scenario", created_at=AT, author=None)


def scenarios() -> list[Scenario]:
    """Every scenario there is."""
    return [Scenario(path) for path in sorted(ROOT.iterdir()) if path.is_dir() and not path.name.startswith(("_", "."))]


def _estate(ws: Workspace, said: object) -> Estate:
    if said is None:
        return Estate()
    if said == "all down":
        plan = plan_shutdown(ws, Estate(), Request(), id="down", created_at=AT, author=None)
        said = {task.system: [task.mode] for task in plan.tasks}
    if not isinstance(said, dict):
        raise BadScenario(f"estate: {said!r}?")
    return Estate(systems={str(id): _record(done) for id, done in said.items()})


def _record(done: object) -> SystemRecord:
    if done == "found-offline":
        return SystemRecord(EstateState.OFFLINE, found_offline=True)
    if not isinstance(done, list):
        raise BadScenario(f"estate: {done!r}?")
    deeds = []
    for one in done:
        words = one if isinstance(one, dict) else {"mode": one}
        if words.keys() - {"mode", "run", "hosts", "complete"}:
            raise BadScenario(f"estate: {one!r}?")
        hosts = tuple(words.get("hosts", ()))
        deeds.append(Deed(Mode(words["mode"]), hosts, words.get("run", "run-1"), AT, words.get("complete", True)))
    isolated = all(deed.mode is Mode.ISOLATE for deed in deeds)
    return SystemRecord(EstateState.ISOLATED if isolated else EstateState.OFFLINE, tuple(deeds))

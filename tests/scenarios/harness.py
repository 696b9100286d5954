"""Runs a golden scenario: a folder with an inventory and a request, beside the page of the plan that must come of it.

    NAME/about.txt        what this scenario is about, one line
    NAME/inventory.yaml   NAME/protocol.yaml (optional)   NAME/playbooks/*.yaml (optional, over those of _playbooks/)
    NAME/ssh_config       (optional) for an inventory whose defaults.hosts names it
    NAME/request.yaml     action, select, except, only, mode, from, despite_errors, estate, commands; explain, impact,
                          lints (tests/scenarios/question_pages.py)
    NAME/expected.txt     the plan's page (tests/scenarios/page.py)
    NAME/graph.txt        every need of its estate (tests/scenarios/graph_page.py)
    NAME/explain.txt, NAME/impact.txt, NAME/lints.txt     the answers to what else the request asks

`python -m tests.scenarios.regenerate` writes the pages.

`estate` says what orch did before: `{core-db: [stop]}`, with more words `{core-db: [{mode: stop, run: r1,
hosts: [db-1], complete: false}]}`; that a system was `found-offline`, alone or before what was done to it; that it is
`unknown`; or `all down`: whatever a shutdown of everything takes. Every host's key is pinned unless the folder holds a
`known_hosts`. A golden that is missing or that nothing comes of, a file or a key that nobody reads is an error.
"""

import base64
import re
import shutil
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

import yaml

from orchestrator.estate.deeds import state_of
from orchestrator.model.errors import OrchError
from orchestrator.model.estate import Deed, Estate, SystemRecord
from orchestrator.model.plan import Request
from orchestrator.model.terms import EstateState, Mode
from orchestrator.model.workspace import Workspace
from orchestrator.plan.restore import plan_restore
from orchestrator.plan.shutdown import plan_shutdown
from orchestrator.workspace.loader import load
from tests.scenarios.graph_page import graph_page
from tests.scenarios.page import plan_page, refusal_page
from tests.scenarios.question_pages import explain_page, impact_page, lints_page

ROOT = Path(__file__).parent
PAGES = ("expected.txt", "graph.txt", "explain.txt", "impact.txt", "lints.txt")
FILES = {
    "about.txt",
    "inventory.yaml",
    "protocol.yaml",
    "playbooks",
    "request.yaml",
    "known_hosts",
    "ssh_config",
    *PAGES,
}
NO_SCENARIOS = {"_playbooks", "__pycache__"}
KEYS = {"action", "select", "except", "only", "mode", "from", "estate", "commands", "despite_errors"}
QUESTIONS = {"explain", "impact", "lints"}
PLANNERS = {"shutdown": plan_shutdown, "restore": plan_restore}
AT = "2026-03-01T02:14:00Z"
HEADER: Any = {"id": "scenario", "created_at": AT, "author": None}
KEY = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))).decode()


class BadScenario(AssertionError):
    """The scenario itself is wrong."""


@dataclass(frozen=True)
class Scenario:
    """One folder."""

    folder: Path

    def pages(self, scratch: Path) -> dict[str, str]:
        """The pages that come of it now, by the golden's name. `scratch`: an empty folder for its workspace."""
        request = self._request()
        try:
            ws = load(self._workspace(scratch), despite_errors=bool(request.get("despite_errors")))
        except OrchError as error:
            return {"expected.txt": refusal_page(error), "graph.txt": "no graph: the files are wrong\n"}
        estate, asked = _estate(ws, request.get("estate")), _request_of(request)
        pages = {"graph.txt": graph_page(ws)}
        if "impact" in request:
            pages["impact.txt"] = impact_page(ws, estate, asked.mode, request["impact"])
        if "lints" in request:
            pages["lints.txt"] = lints_page(ws, request["lints"])
        try:
            plan = PLANNERS[request["action"]](ws, estate, asked, **HEADER)
        except OrchError as error:
            if "explain" in request:
                raise BadScenario(f"{self.folder.name}: explains a plan that is refused: {error}") from error
            return pages | {"expected.txt": refusal_page(error)}
        if "explain" in request:
            pages["explain.txt"] = explain_page(ws, estate, plan, request["explain"])
        return pages | {"expected.txt": plan_page(plan, commands=bool(request.get("commands")))}

    def goldens(self) -> dict[str, str]:
        """The golden pages that there are."""
        return {name: path.read_text() for name in PAGES if (path := self.folder / name).exists()}

    def wrong(self, scratch: Path) -> list[str]:
        """What differs between the pages that come of it now and the goldens; [] where nothing does."""
        pages, goldens = self.pages(scratch), self.goldens()
        missing = [f"{name}: no golden. Write it with make golden, then read it" for name in pages.keys() - goldens]
        too_many = [f"{name}: nothing comes of it any more" for name in goldens.keys() - pages]
        return sorted(missing + too_many) + [
            "".join(unified_diff(goldens[name].splitlines(True), page.splitlines(True), f"golden {name}", "now"))
            for name, page in pages.items()
            if goldens.get(name, page) != page
        ]

    def check(self) -> None:
        """Raises BadScenario for a folder that is not as it should be, but for its goldens."""
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
        request = _read(self.folder / "request.yaml")
        if not isinstance(request, dict) or request.get("action") not in PLANNERS:
            raise BadScenario(f"{self.folder.name}: request.yaml needs an action")
        for unknown in sorted(request.keys() - KEYS - QUESTIONS):
            raise BadScenario(f"{self.folder.name}: request.yaml: unknown key {unknown}")
        return request

    def _workspace(self, root: Path) -> Path:
        (root / "inventories").mkdir()
        shutil.copy(self.folder / "inventory.yaml", root / "inventories" / "estate.yaml")
        shutil.copytree(ROOT / "_playbooks", root / "playbooks")
        if (self.folder / "playbooks").is_dir():
            shutil.copytree(self.folder / "playbooks", root / "playbooks", dirs_exist_ok=True)
        for name in ("protocol.yaml", "ssh_config"):
            if (self.folder / name).exists():
                shutil.copy(self.folder / name, root / name)
        if (self.folder / "known_hosts").exists():
            shutil.copy(self.folder / "known_hosts", root / "known_hosts")
            return root
        hosts = (_read(self.folder / "inventory.yaml") or {}).get("hosts") or {}
        (root / "known_hosts").write_text("".join(f"{host} ssh-ed25519 {KEY}\n" for host in hosts))
        return root


def scenarios() -> list[Scenario]:
    """Every scenario there is."""
    return [Scenario(path) for path in sorted(ROOT.iterdir()) if path.is_dir() and path.name not in NO_SCENARIOS]


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _request_of(said: dict[str, Any]) -> Request:
    words = {name: name for name in ("select", "except", "mode", "only", "despite_errors")} | {"from": "from_run"}
    return Request.model_validate({name: said[key] for key, name in words.items() if key in said})


def _estate(ws: Workspace, said: object) -> Estate:
    if said is None:
        return Estate()
    if said == "all down":
        plan = plan_shutdown(ws, Estate(), Request(), **HEADER)
        said = {task.system: [task.mode] for task in plan.tasks}
    if not isinstance(said, dict):
        raise BadScenario(f"estate: {said!r}?")
    return Estate(systems={str(id): _record(done) for id, done in said.items()})


def _record(said: object) -> SystemRecord:
    words = [said] if isinstance(said, str) else said
    if words == ["unknown"]:
        return SystemRecord(EstateState.UNKNOWN)
    if not isinstance(words, list):
        raise BadScenario(f"estate: {said!r}?")
    deeds = tuple(_deed(word) for word in words if word != "found-offline")
    found_offline = "found-offline" in words
    return SystemRecord(state_of(deeds, found_offline), deeds, found_offline)


def _deed(said: object) -> Deed:
    words: dict[str, Any] = said if isinstance(said, dict) else {"mode": said}
    if words.keys() - {"mode", "run", "hosts", "complete"} or words.get("mode") not in set(Mode):
        raise BadScenario(f"estate: {said!r}?")
    hosts = tuple(words.get("hosts", ()))
    return Deed(Mode(words["mode"]), hosts, words.get("run", "run-1"), AT, words.get("complete", True))

"""A workspace's files to one value (sections 3, 4 "Inventory" and "Plan file": inputs).

Rules:

- An inventory is `inventories/NAME.yaml`, or the folder `inventories/NAME/` with all `*.yaml` in it, in the order of
  their paths. With one inventory that one is meant; with several it has to be named.
- All playbooks are read and checked, used or not; `inputs` are the files that a plan depends on: the inventory's,
  the playbooks used, the protocol, `known_hosts`, and the ssh_config where the inventory names one: what it says of
  hosts (`ssh_config.py`) is as if the inventory said it.
- All problems of all files are reported in one go. Where a file of the inventory can't be read at all, nothing is said
  of ids that would stand in it.
- `despite_errors`: what is wrong with single systems is gone past, and handed on with the workspace; what others stand
  on still refuses, and then only that is told (`broken.py`).
"""

from dataclasses import replace
from pathlib import Path

from orchestrator.model.collector import without_collector
from orchestrator.model.errors import CANT_GO_PAST, FilesError, Problem, UsageError
from orchestrator.model.inventory import Inventory
from orchestrator.model.playbook import Playbook
from orchestrator.model.protocol import NO_PROTOCOL, Protocol
from orchestrator.model.workspace import KnownHosts, Workspace
from orchestrator.workspace.broken import blame
from orchestrator.workspace.decode_inventory import Draft, add_inventory_file
from orchestrator.workspace.decode_playbook import decode_playbook
from orchestrator.workspace.decode_protocol import decode_protocol
from orchestrator.workspace.fields import File, Mention
from orchestrator.workspace.files import Files
from orchestrator.workspace.known_hosts import parse_known_hosts
from orchestrator.workspace.reader import Lost, Mapping, read_nodes
from orchestrator.workspace.references import Suggestions, inventory_problems, mention_problems, system_problems
from orchestrator.workspace.salvage import salvaged, unfit
from orchestrator.workspace.ssh_config import SshConfig
from orchestrator.workspace.ssh_config_file import parse_ssh_config
from orchestrator.workspace.ssh_config_jumps import with_jumps

INVENTORIES = "inventories"
PLAYBOOKS = "playbooks"
PROTOCOL = "protocol.yaml"
KNOWN_HOSTS = "known_hosts"


def load(root: Path, inventory: str | None = None, *, despite_errors: bool = False) -> Workspace:
    """The workspace with one of its inventories. Raises FilesError with all problems, UsageError if none is meant."""
    name = _chosen(root, inventory)
    problems: list[Problem] = []
    with without_collector():
        loading = _Loading(root, problems)
        workspace = loading.workspace(name)
        if problems and despite_errors:
            return loading.despite_errors(workspace)
    if problems:
        raise FilesError(problems)
    return workspace


def inventory_names(root: Path) -> tuple[str, ...]:
    """The names of the workspace's inventories, sorted. Raises FilesError where the folder can't be read."""
    problems: list[Problem] = []
    names = Files(root, problems).inventory_names(INVENTORIES)
    if problems:
        raise FilesError(problems)
    return names


def _chosen(root: Path, asked: str | None) -> str:
    if not root.is_dir():
        raise UsageError(f"{root} is no folder, so no workspace.", "Name one with -C DIR, or make one: orch init DIR")
    names = inventory_names(root)
    if not names:
        raise UsageError(
            f"{root} has no inventory in {INVENTORIES}/.", "Name a workspace with -C DIR, or make one: orch init DIR"
        )
    listed = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    if asked is None:
        if len(names) > 1:
            raise UsageError(f"{root} has {len(names)} inventories: {listed}.", "Choose one with -i NAME")
        return names[0]
    if asked not in names:
        meant = Suggestions().meant(asked, names)
        raise UsageError(
            f'{root} has no inventory "{asked}".', f"Did you mean {meant}?" if meant else f"There are: {listed}."
        )
    return asked


def _and_others(number: int) -> str:
    """How many errors would be gone past."""
    if number == 0:
        return ""
    return f"\nIt would go past {number} other{'' if number == 1 else 's'}; to see all: orch check"


class _Loading:
    """One reading of a workspace, all its problems in one list."""

    def __init__(self, root: Path, problems: list[Problem]) -> None:
        self._problems = problems
        self._files = Files(root, problems)
        self._root = root
        self._several = len(self._files.inventory_names(INVENTORIES)) > 1
        self._mentions: list[Mention] = []
        self._read: Draft | None = None

    def workspace(self, name: str) -> Workspace:
        """As much of the workspace as could be read."""
        suggestions = Suggestions()
        playbooks, kinds = self._playbooks()
        draft = self._read = self._draft(name)
        inventory = self._inventory(draft)
        protocol, protocol_path = self._protocol()
        known_hosts = self._known_hosts(inventory)
        self._problems += mention_problems(self._mentions, draft.places, suggestions, whole=draft.whole)
        self._problems += inventory_problems(draft, inventory)
        self._problems += system_problems(draft, inventory, playbooks, kinds, suggestions)
        used = {kinds[system.kind] for system in inventory.systems.values() if system.kind in kinds}
        unused = frozenset(kinds.values()) - used
        return Workspace(
            root=str(self._root),
            inventory=inventory,
            playbooks=playbooks,
            inputs=self._files.inputs(without=unused),
            protocol=protocol,
            protocol_path=protocol_path,
            known_hosts=known_hosts,
        )

    def despite_errors(self, ws: Workspace) -> Workspace:
        """What is left of `ws`, which was read with problems. Raises FilesError for those that can't be gone past."""
        assert self._read is not None
        found = blame(self._problems, self._read, ws.inventory, ws.protocol)
        if found.refusing:
            others = len({*self._problems} - {*found.refusing})
            raise FilesError(found.refusing, CANT_GO_PAST + _and_others(others))
        return replace(
            ws,
            inventory=salvaged(self._read, ws.inventory, found),
            playbooks={kind: book for kind, book in ws.playbooks.items() if kind not in found.kinds},
            broken=found.systems,
            beside=found.beside,
            unfit=unfit(self._read, ws.inventory, found),
        )

    def _nodes(self, path: str, lost: list[Lost] | None = None) -> Mapping | None:
        data = self._files.read(path)
        return None if data is None else read_nodes(path, data, self._problems, lost)

    def _draft(self, name: str) -> Draft:
        paths = self._files.inventory_files(INVENTORIES, name)
        draft = Draft(name, path=paths[0] if len(paths) == 1 else f"{INVENTORIES}/{name}", whole=bool(paths))
        for path in paths:
            lost: list[Lost] = []
            root = self._nodes(path, lost)
            if root is None:
                draft.whole = False
            else:
                add_inventory_file(draft, File(path, self._problems, self._mentions), root, lost)
        return draft

    def _inventory(self, draft: Draft) -> Inventory:
        """The inventory, with what the ssh_config that it names says of its hosts."""
        config = self._ssh_config(draft)
        if config is None:
            return draft.finish()
        said = {id: config.of(id, got.get("address"), draft.known_of(id)) for id, got in draft.host_values.items()}
        inventory = draft.finish({id: one.values for id, one in said.items()})
        jumps = {id: one.jump for id, one in said.items() if one.jump is not None}
        if (
            draft.whole and inventory.hosts.keys() == draft.places["hosts"].keys()
        ):  # else it may be a hop that is missing
            inventory = with_jumps(inventory, jumps, config.address_of, self._problems)
        self._problems += config.problems()
        return inventory

    def _ssh_config(self, draft: Draft) -> SshConfig | None:
        named = draft.ssh_config
        if named is None:
            return None
        data = self._files.read_named(named)
        return None if data is None else SshConfig(parse_ssh_config(named.id, data, self._problems))

    def _playbooks(self) -> tuple[dict[str, Playbook], dict[str, str]]:
        """The playbooks that could be read, and the paths of all there are, by kind."""
        found: dict[str, Playbook] = {}
        kinds: dict[str, str] = {}
        for path in self._files.yaml_files(PLAYBOOKS, deep=False):
            kind = path.removeprefix(f"{PLAYBOOKS}/").removesuffix(".yaml")
            kinds[kind] = path
            root = self._nodes(path)
            if root is not None:
                playbook = decode_playbook(File(path, self._problems), root, kind)
                if playbook is not None:
                    found[kind] = playbook
        return found, kinds

    def _protocol(self) -> tuple[Protocol, str | None]:
        if not self._files.exists(PROTOCOL):
            return NO_PROTOCOL, None
        root = self._nodes(PROTOCOL)
        if root is None:
            return NO_PROTOCOL, PROTOCOL
        file = File(PROTOCOL, self._problems)
        protocol = decode_protocol(file, root)
        if not self._several:
            self._mentions += file.mentions
        return protocol or NO_PROTOCOL, PROTOCOL

    def _known_hosts(self, inventory: Inventory) -> KnownHosts:
        if not self._files.exists(KNOWN_HOSTS):
            return KnownHosts()
        data = self._files.read(KNOWN_HOSTS)
        if data is None:
            return KnownHosts()
        return parse_known_hosts(KNOWN_HOSTS, data, inventory.hosts.values(), self._problems)

"""Reading the files of a workspace: each once, none from outside of it, the digest of exactly the bytes that were read.

Rules: what lies outside is read only where a file of it names it so (`~/.ssh/config`); a link may lead to another place
of the workspace, never out of it; only plain files are read, up to a size; what can't be read is a problem with the
reason. Hidden files are passed over; a `*.yml` is told, because it would be missed.
"""

import hashlib
import os
import stat
from pathlib import Path

from orchestrator.model.errors import Problem
from orchestrator.model.plan import Input
from orchestrator.model.source import Ref, Source
from orchestrator.workspace.reader import MAX_BYTES

_MAX_DEPTH = 16


class Files:
    """The files below one root. Paths are relative to it, with `/`."""

    def __init__(self, root: Path, problems: list[Problem]) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._problems = problems
        self._digests: dict[str, str] = {}

    def exists(self, path: str) -> bool:
        """Whether anything has that name, be it a link that leads nowhere."""
        return os.path.lexists(self._root / path)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None after a problem."""
        try:
            real = self._inside(path)
            if real is None:
                self._problem(path, "the link leads out of the workspace.", "Copy the file into it.")
                return None
            return self._read(path, real)
        except OSError as error:
            self._problem(path, f"the file can't be read: {error.strerror}.")
            return None

    def read_named(self, named: Ref) -> bytes | None:
        """The bytes of a file that an entry names: of the workspace, or beside it where it begins with `~` or `/`."""
        path = named.id
        if not path.startswith(("~", "/")):
            if not self.exists(path):
                self._problems.append(Problem(named.source, f'"{path}" is not there.'))
                return None
            return self.read(path)
        try:
            return self._read(path, os.path.realpath(Path(path).expanduser()))
        except (OSError, RuntimeError) as error:  # RuntimeError: no home of that name
            why = getattr(error, "strerror", None) or error
            self._problems.append(Problem(named.source, f'"{path}" can\'t be read: {why}.'))
            return None

    def _read(self, path: str, real: str) -> bytes | None:
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                self._problem(path, "this is no plain file.")
                return None
            expected = min(found.st_size, MAX_BYTES) + 1  # room for as much as may be read is dear, file by file
            data = stream.read(expected)
            if len(data) == expected:
                data += stream.read(MAX_BYTES + 1 - expected)
        self._digests[path] = hashlib.sha256(data).hexdigest()
        return data

    def inputs(self, without: frozenset[str]) -> tuple[Input, ...]:
        """The files that were read, with their digests, sorted by path."""
        return tuple(Input(path=path, sha256=sha) for path, sha in sorted(self._digests.items()) if path not in without)

    def inventory_names(self, folder: str) -> tuple[str, ...]:
        """Names of files `NAME.yaml` and of folders."""
        names = set()
        for entry in self._entries(folder):
            path = f"{folder}/{entry}"
            if (self._root / path).is_dir():
                names.add(entry)
            elif entry.endswith(".yaml"):
                names.add(entry.removesuffix(".yaml"))
        return tuple(sorted(names))

    def inventory_files(self, folder: str, name: str) -> tuple[str, ...]:
        """The files that make up an inventory."""
        single, several = f"{folder}/{name}.yaml", f"{folder}/{name}"
        if not self.exists(several):
            return (single,)
        if self.exists(single):
            self._problem(single, f"{single} and {several}/ are two inventories of one name.", "Rename one.")
        before = len(self._problems)
        found = self.yaml_files(several)
        if not found and len(self._problems) == before:
            self._problem(several, "the folder has no *.yaml file.")
        return found

    def yaml_files(self, folder: str, deep: bool = True) -> tuple[str, ...]:
        """The `*.yaml` files of a folder, and of folders in it, sorted by path."""
        found = []
        folders = [folder]
        while folders:
            here = folders.pop()
            if self._inside(here) is None:
                self._problem(here, "the link leads out of the workspace.", "Copy the folder into it.")
                continue
            for entry in self._entries(here):
                path = f"{here}/{entry}"
                if (self._root / path).is_dir():
                    if not deep:
                        continue
                    if path.count("/") > _MAX_DEPTH or (self._root / path).is_symlink():
                        self._problem(path, "the folder is a link, or lies too deep; its files would be missed.")
                    else:
                        folders.append(path)
                elif entry.endswith(".yaml"):
                    found.append(path)
                elif entry.endswith(".yml"):
                    self._problem(path, "a *.yml is not read.", "Rename it to *.yaml.")
        return tuple(sorted(found))

    def _entries(self, folder: str) -> list[str]:
        """The names in a folder but hidden ones, sorted; none where there is no such folder."""
        try:
            return sorted(name for name in os.listdir(self._root / folder) if not name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            self._problem(folder, f"the folder can't be read: {error.strerror}.")
            return []

    def _inside(self, path: str) -> str | None:
        """Where a path really leads, if that is inside the workspace."""
        real = os.path.realpath(self._root / path)
        inside = real == self._real_root or real.startswith(self._real_root.rstrip("/") + "/")
        return real if inside else None

    def _problem(self, path: str, what: str, advice: str = "") -> None:
        self._problems.append(Problem(Source(path), what, advice))

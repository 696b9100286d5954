"""Output of commands, kept as bytes under its SHA-256 (contract section 7): `output/<sha256>`.

* A file appears whole or not at all, and is durable before its hash is given out: the journal never names what is not
  there. The same bytes are kept once. A file whose bytes do not fit its name is replaced by the right ones.
* Reading checks the hash: what does not fit is `Broken`.
* Any number of threads may keep output at once.
"""

import hashlib
import re
from pathlib import Path

from orchestrator.model.errors import Broken, OrchError
from orchestrator.run.disk import make_folder, not_durable, put, read_file, require_folder, sync_folder
from orchestrator.run.layout import resume_line

_SHA = re.compile(r"[0-9a-f]{64}\Z")


class OutputStore:
    """The output folder of one run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: set[str] = set()
        self._is_synced = False  # every name that was there when this process began
        self._made = False  # once it is durable, it is only looked at: an fsync for each output costs more than that

    def keep(self, data: bytes) -> str:
        """Keeps `data` and gives its SHA-256. Raises DurabilityError."""
        sha = hashlib.sha256(data).hexdigest()
        if sha in self._kept:
            return sha
        resume = resume_line(self._path.parent.name)
        if self._made:
            require_folder(self._path)
        else:
            make_folder(self._path, resume)
            self._made = True
        if not self._holds(sha, data):
            put(self._path / sha, data, resume)
        elif not self._is_synced:
            self._sync(resume)
        self._is_synced = True
        self._kept.add(sha)
        return sha

    def read(self, sha: str) -> bytes:
        """The bytes whose SHA-256 is `sha`. Raises Broken where they are missing or do not fit."""
        if _SHA.match(sha) is None:
            raise Broken(f'"{sha}" is no SHA-256: the journal names an output that can\'t exist.')
        data = read_file(self._path / sha)
        if hashlib.sha256(data).hexdigest() != sha:
            raise Broken(
                f"{self._path / sha} was changed: its content does not fit its name.",
                "Keep the folder as it is: it is evidence. Compare with a copy.",
            )
        return data

    def _sync(self, resume: str) -> None:
        """Who renamed it here may have been killed before it fsynced the folder."""
        try:
            sync_folder(self._path)
        except OSError as error:
            raise not_durable(error, self._path, resume) from error

    def _holds(self, sha: str, data: bytes) -> bool:
        try:
            return read_file(self._path / sha, len(data)) == data
        except OrchError:
            return False

"""An estate that can be killed, wherever it lives: its workspace, and what its hosts themselves say was done."""

import shutil
from pathlib import Path

from tests.kill.estate import Deed


class Site:
    """One workspace with its hosts."""

    name = ""
    places: frozenset[str] = frozenset()

    def __init__(self, workspace: Path, folder: Path) -> None:
        self.workspace = workspace
        self.folder = folder
        self.seen = 0  # bytes of the hosts' log

    @property
    def runs(self) -> Path:
        """Where the workspace's runs are."""
        return self.workspace / "runs"

    def deeds(self) -> list[Deed]:
        """What the hosts say was done since `forget`, in the order of their log."""
        raise NotImplementedError

    def forget(self) -> None:
        """What was done so far counts no more."""
        raise NotImplementedError

    def states(self) -> dict[str, str]:
        """What the hosts say of themselves now, where they can be looked at past orch; {}: nowhere."""
        return {}

    def new_lines(self, log: Path) -> list[str]:
        """The whole lines of the hosts' log since `forget`."""
        with log.open("rb") as file:
            file.seek(self.seen)
            return file.read().decode("utf-8").split("\n")[:-1]

    def clean(self) -> None:
        """No run is left; the hosts are as they are."""
        if self.runs.exists():
            shutil.rmtree(self.runs)
        self.forget()

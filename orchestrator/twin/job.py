"""One command on one simulated host, from when it was told to its end."""

from dataclasses import dataclass

from orchestrator.hosts.look import LookCall
from orchestrator.twin.meaning import Meaning


@dataclass(slots=True, eq=False)
class Job:
    """A command that runs or has ended. Times are the world's. It outlives the connection that it came by."""

    number: int
    host: str
    line: str
    meanings: tuple[Meaning, ...]
    meant: Meaning | None  # None: an unknown command
    started: float
    takes_s: float
    ends: float | None  # None: never, as things stand
    drops: float | None = None  # when the connection is lost
    floods: bool = False
    done: bool = False
    exit: int | None = None  # None with `done`: killed, its host went down
    stdout: bytes = b""
    stderr: bytes = b""
    look: LookCall | None = None  # the question of `orch probe`, which asks the host itself

    @property
    def system(self) -> str | None:
        """The system that it was most likely meant for."""
        return None if self.meant is None else self.meant.system

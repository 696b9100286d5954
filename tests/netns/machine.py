"""One machine of the world: power, cable, sshd, and what it keeps on its disk (its folder)."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.netns.layout import Plug
from tests.netns.namespaces import inside, pids, run


@dataclass
class Machine:
    """A machine, on or off. `folder` is its disk: what is in it outlives the power."""

    plug: Plug
    prefix: str
    folder: Path
    _supply: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def netns(self) -> str:
        """The name of its network namespace."""
        return self.prefix + self.plug.name

    @property
    def at(self) -> str:
        """The namespace in which the other end of its cable is."""
        return self.prefix + self.plug.at

    @property
    def power_words(self) -> tuple[str, ...]:
        """What `machine.sh` is told after the machine's name."""
        return (self.netns, f"{self.plug.address}/24", self.plug.router, str(self.folder), self.at)

    def power_on(self) -> None:
        """Plug it in; returns at once. Guests are started by their hypervisor."""
        words = ("/bin/sh", str(self.folder / "machine.sh"), self.plug.name, *self.power_words)
        with (self.folder / "supply.log").open("ab") as log:
            self._supply = subprocess.Popen(
                ("setpriv", "--pdeathsig", "KILL", *words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def power_cut(self) -> None:
        """Off at once, without a word to anybody: the cable first, then every process."""
        run("ip", "-n", self.at, "link", "del", f"p-{self.plug.name}", check=False)
        _kill(self.processes())
        self.forget()

    def forget(self) -> None:
        """Wait for the end of its power supply, after its processes were ended."""
        if self._supply is not None:
            self._supply.kill()
            self._supply.wait(timeout=20)
            self._supply = None

    def cable(self, *, up: bool) -> None:
        """Pull its cable, or put it in again."""
        run("ip", "-n", self.at, "link", "set", f"p-{self.plug.name}", "up" if up else "down")

    def processes(self) -> tuple[int, ...]:
        """The ids of all its processes."""
        return pids(self.netns)

    def run(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """A command in its network, not in its file system: to look at it from outside orch and outside its sshd."""
        return run(*inside(self.netns, *words), check=check)

    def kill_sshd(self) -> int:
        """Kill its listener and all of its sessions; the commands they run are left alone. How many that were."""
        return _kill(tuple(pid for pid in self.processes() if _name(pid) == "sshd"))

    def start_sshd(self) -> None:
        """Start its listener again."""
        first = next(pid for pid in self.processes() if _is_first(pid, self.folder))
        words = ("nsenter", "--target", str(first), "--mount", "--uts", "--ipc", "--net", "--pid")
        run(*words, "/usr/sbin/sshd", "-f", "/srv/sshd_config", "-E", "/srv/sshd.log")

    def listens(self, port: int) -> bool:
        """Whether anything listens on a port."""
        return bool(self.run("ss", "-Hltn", f"sport = :{port}", check=False).stdout)


def _is_first(pid: int, folder: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[:2] == [b"/bin/sh", f"{folder}/init.sh".encode()]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _kill(victims: tuple[int, ...]) -> int:
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(victims)

"""A real OpenSSH server on loopback, for tests: its own keys, its own port, its own logs; ended by its process id.

`with Sshd(folder) as host: host.spec("web-01")` runs one sshd on an address of 127/8 and an unprivileged port, which
lets the current user in by one key. `sessions()` are the process ids of its sessions, `kill_sessions()` cuts them off.
"""

import base64
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType

import pytest

from orchestrator.hosts.pins import fingerprint
from orchestrator.hosts.port import HostSpec
from orchestrator.model.terms import Platform

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
SSH_KEYGEN = shutil.which("ssh-keygen")
_ADDRESSES = count(2)


def need_sshd() -> None:
    """Skip the test where no sshd can be had."""
    if SSHD is None or SSH_KEYGEN is None:
        pytest.skip("needs OpenSSH's sshd and ssh-keygen (Debian: apt-get install openssh-server)")


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A new key pair at `path`."""
    assert SSH_KEYGEN is not None
    command = [SSH_KEYGEN, "-q", "-t", kind, "-N", passphrase, "-C", "orch-test", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def key_fingerprint(public: Path) -> str:
    """The fingerprint of the public key in `public`."""
    return fingerprint(base64.b64decode(public.read_text().split()[1]))


class Sshd:
    """One sshd. `options` are further lines of its configuration; `key` a private key that may log in, as `user`."""

    def __init__(self, folder: Path, *, options: tuple[str, ...] = (), key: Path | None = None, user: str = "") -> None:
        number = next(_ADDRESSES)
        self.address = f"127.{77 + os.getpid() % 100}.{number // 250}.{1 + number % 250}"
        self.folder = folder
        self.options = options
        self.user = user or getpass.getuser()
        folder.mkdir(parents=True, exist_ok=True)
        self.key = key or make_key(folder / "login")
        self.host_key = make_key(folder / "host")
        self.log = folder / "sshd.log"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Sshd":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the listening sshd."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, on the port that it had, and return when it answers."""
        assert SSHD is not None
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # sessions of before a restart may go on
            taken.bind((self.address, self.port))
            self.port = taken.getsockname()[1]
        # Beside the temporary folder, which another login may not enter.
        self._keys = Path(tempfile.gettempdir()) / f"orch-sshd-{os.getpid()}-{self.address}.keys"
        self._keys.write_text(self.key.with_suffix(".pub").read_text())
        self._keys.chmod(0o644)
        configuration = self.folder / "sshd_config"
        defaults = (
            f"ListenAddress {self.address}",
            f"Port {self.port}",
            f"HostKey {self.host_key}",
            f"AuthorizedKeysFile {self._keys}",
            f"PidFile {self.folder}/sshd.pid",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UsePAM no",
            "StrictModes no",
            "PermitRootLogin prohibit-password",
            "LogLevel VERBOSE",
            "SetEnv SHLVL=9",  # else bash takes the current user's .bashrc for its own, with all that may be in it
        )
        configuration.write_text("\n".join((*self.options, *defaults)) + "\n")  # the first word of sshd_config counts
        command = [SSHD, "-D", "-f", str(configuration), "-E", str(self.log)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex((self.address, self.port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"sshd did not start: {self.log.read_text() if self.log.exists() else ''}")

    def stop(self) -> None:
        """End it and its sessions."""
        process, self._process = self._process, None
        if process is None:
            return
        self._keys.unlink(missing_ok=True)
        sessions = _descendants(process.pid)
        process.terminate()
        process.wait(timeout=10)
        _kill(sessions)

    def stop_listening(self) -> None:
        """End it as a restart does: the sessions go on."""
        process, self._process = self._process, None
        assert process is not None
        process.terminate()
        process.wait(timeout=10)

    def sessions(self) -> tuple[int, ...]:
        """The process ids of its sessions' sshd processes (not of the commands that they run)."""
        return tuple(pid for pid in _descendants(self.pid) if _name(pid).startswith("sshd"))

    def connections(self) -> tuple[int, ...]:
        """The process ids of the processes that hold its connections, one for each."""
        return tuple(pid for pid in _children().get(self.pid, ()) if _name(pid).startswith("sshd"))

    def kill_sessions(self) -> int:
        """Cut all connections off; the commands that run are left alone. Returns how many processes that were."""
        sessions = self.sessions()
        _kill(sessions)
        return len(sessions)

    def spec(self, id: str = "host", *, via: tuple[tuple[HostSpec, ...], ...] = (), **other: object) -> HostSpec:
        """How a carrier reaches it."""
        values: dict[str, object] = {
            "id": id,
            "address": self.address,
            "port": self.port,
            "user": self.user,
            "platform": Platform.LINUX,
            "keys": (key_fingerprint(self.host_key.with_suffix(".pub")),),
            "key_types": ("ssh-ed25519",),
            "identity": str(self.key),
            "via": via,
        }
        return HostSpec(**{**values, **other})  # type: ignore[arg-type]


@contextmanager
def black_hole() -> Iterator[tuple[str, int]]:
    """An address and port where connections are neither taken nor refused: a listener whose queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        where = listener.getsockname()
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(where)
            fillers.append(filler)
        time.sleep(0.1)
        try:
            yield where[0], where[1]
        finally:
            for filler in fillers:
                filler.close()


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    return children


def _descendants(pid: int) -> tuple[int, ...]:
    every = _children()
    found: list[int] = []
    queue = [pid]
    while queue:
        children = every.get(queue.pop(), [])
        found += children
        queue += children
    return tuple(found)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _kill(pids: tuple[int, ...]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue

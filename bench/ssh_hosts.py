"""Loopback SSH hosts to log in to: real sshd where there is one, otherwise asyncssh; always in processes of their own.

Each host is an address of 127/8 on one unprivileged port. One sshd can listen on 16 addresses, so there are several.
They let the current user in by one key made for the purpose, and end by their process ids, with all their sessions.
"""

import getpass
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Broken, python

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
SSH_KEYGEN = shutil.which("ssh-keygen")
_LISTENERS = 16  # MAX_LISTEN_SOCKS of OpenSSH
_START_S = 20.0


@dataclass(frozen=True, slots=True)
class Hosts:
    """What a client has to know, and what stands behind it."""

    addresses: tuple[str, ...]
    port: int
    user: str
    key: Path
    fingerprint: str
    host_key: str  # as it stands in known_hosts, after the name
    runs_commands: bool  # False: every command is answered with exit code 0
    server: str


@contextmanager
def ssh_hosts(number: int) -> Iterator[Hosts]:
    """So many hosts, until the block ends."""
    net = 40 + os.getpid() % 80
    addresses = tuple(f"127.{net}.{n // 250}.{1 + n % 250}" for n in range(number))
    with tempfile.TemporaryDirectory(prefix="orch-bench-ssh-") as name, ExitStack() as stack:
        folder = Path(name)
        _make_keys(folder)
        port = _free_port(addresses)
        host_key = " ".join((folder / "host.pub").read_text().split()[:2])
        digest = hashlib.sha256(b64decode(host_key.split()[1])).digest()
        fingerprint = "SHA256:" + b64encode(digest).decode("ascii").rstrip("=")
        if SSHD:
            groups = [addresses[n : n + _LISTENERS] for n in range(0, number, _LISTENERS)]
            commands = [_sshd(folder, f"sshd-{n}", group, port) for n, group in enumerate(groups)]
            server = f"{len(groups)} process{'es' * (len(groups) > 1)} of OpenSSH's sshd"
        else:
            commands = [python("-m", "bench.asyncssh_server", str(folder), str(port), *addresses)]
            server = "asyncssh, which runs nothing"
        for number_of, command in enumerate(commands):
            stack.enter_context(_process(command, folder / f"log-{number_of}"))
        _wait_for(addresses, port, folder)
        yield Hosts(addresses, port, getpass.getuser(), folder / "login", fingerprint, host_key, bool(SSHD), server)


def _make_keys(folder: Path) -> None:
    if SSH_KEYGEN is None:
        raise Broken("needs ssh-keygen (Debian: apt-get install openssh-client)")
    for name in ("login", "host"):
        command = [SSH_KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", "orch-bench", "-f", str(folder / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=30)


def _free_port(addresses: Sequence[str]) -> int:
    """A port that is free on the first address; the net is ours alone, so it is on the others."""
    with socket.socket() as taken:
        taken.bind((addresses[0], 0))
        port: int = taken.getsockname()[1]
        return port


def _sshd(folder: Path, name: str, addresses: Sequence[str], port: int) -> list[str]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    lines = [
        *(f"ListenAddress {address}" for address in addresses),
        f"Port {port}",
        f"HostKey {folder}/host",
        f"AuthorizedKeysFile {folder}/login.pub",
        "PidFile none",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "UsePAM no",
        "UseDNS no",
        "StrictModes no",
        "PermitRootLogin prohibit-password",
        "MaxStartups 1000",
        "PrintLastLog no",
        "SetEnv SHLVL=1",  # so that bash reads no ~/.bashrc: a slow one would drown everything
        "LogLevel ERROR",
    ]
    config = folder / f"{name}.conf"
    config.write_text("\n".join(lines) + "\n")
    return [str(SSHD), "-D", "-e", "-f", str(config)]


@contextmanager
def _process(command: Sequence[str], log: Path) -> Iterator[None]:
    with log.open("wb") as file:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True)
    try:
        yield
    finally:
        sessions = _children(child.pid)
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(timeout=10)
        for pid in sessions:  # what a client that was cut off left behind
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _wait_for(addresses: Sequence[str], port: int, folder: Path) -> None:
    until = time.monotonic() + _START_S
    for address in addresses:
        while True:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex((address, port)) == 0:
                    break
            if time.monotonic() > until:
                logs = " ".join(log.read_text(errors="replace").strip() for log in sorted(folder.glob("log-*")))
                raise Broken(f"the SSH hosts did not start: {logs[:300]}")
            time.sleep(0.05)

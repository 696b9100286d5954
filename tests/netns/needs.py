"""What these tests need of the machine: root, programs, and a kernel that lets them make networks."""

import os
import shutil
from functools import cache
from pathlib import Path

import pytest

from tests.netns.namespaces import can_make_namespaces

PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
_PROGRAMS = {
    "ip": "iproute2",
    "ss": "iproute2",
    "nft": "nftables",
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "nginx": "nginx-light",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "psql": "postgresql-client",
    "curl": "curl",
    "ping": "iputils-ping",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "runuser": "util-linux",
}


def postgresql() -> Path | None:
    """The folder of PostgreSQL's server programs, of the newest version that is here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


@cache
def missing() -> str:
    """Why these tests can't be run here; "" where they can."""
    if os.geteuid() != 0:
        return "they need root"
    packages = {package for program, package in _PROGRAMS.items() if not shutil.which(program, path=PATH)}
    if postgresql() is None:
        packages.add("postgresql")
    if packages:
        return f"not installed: {', '.join(sorted(packages))}"
    return can_make_namespaces()


def need_namespaces() -> None:
    """Skip the test where it can't be run."""
    if missing():
        pytest.skip(f"no networks of their own for the tests: {missing()}")

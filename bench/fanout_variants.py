"""The command line of every way that the row `fanout` measures: a process of its own, which ends well only if all
hosts answered with exit code 0.

A way that can't be gone here is left out with the reason: the server side answers but runs nothing, a tool is missing.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.fanout_job import Job
from bench.measure import python
from bench.peers import NotThere, peers
from bench.ssh_hosts import Hosts

TEXTS = {
    "orch-read": "one read a host",
    "orch-step": "one step with receipt a host",
    "fabric": "bare fabric",
    "fabric-plain": "fabric as it comes",
    "asyncssh": "asyncssh",
    "openssh": "OpenSSH, xargs -P",
    "pyinfra": "pyinfra",
    "ansible": "ansible-core, raw",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way. `clocked`: the process says itself what counts, from after its imports on; else all of it counts."""

    name: str
    command: tuple[str, ...]
    clocked: bool = True

    @property
    def text(self) -> str:
        """As it stands in the table."""
        return TEXTS[self.name]


def variants(folder: Path, *, runs_commands: bool, make: bool) -> tuple[list[Variant], list[str]]:
    """Every way that can be gone, the job in `folder`; and why the others can't. `make`: install what is missing."""
    job = str(folder / "job.json")
    found = [Variant(name, tuple(python("-m", "bench.fanout_client", name, job))) for name in ("orch-read", "fabric")]
    missing = []
    if runs_commands:
        found.append(Variant("orch-step", tuple(python("-m", "bench.fanout_client", "orch-step", job))))
    else:
        missing.append(f"{TEXTS['orch-step']}: nothing runs commands here (no sshd)")
    found += [
        Variant(name, tuple(python("-m", "bench.fanout_client", name, job))) for name in ("fabric-plain", "asyncssh")
    ]
    if shutil.which("ssh") and shutil.which("xargs"):
        found.append(Variant("openssh", ("sh", str(folder / "openssh.sh")), clocked=False))
    else:
        missing.append(f"{TEXTS['openssh']}: needs ssh and xargs (Debian: apt-get install openssh-client)")
    try:
        programs = peers(make=make)
    except NotThere as why:
        missing += [f"{TEXTS[name]}: {why}" for name in ("pyinfra", "ansible")]
    else:
        found.append(Variant("pyinfra", (str(programs / "python"), "-m", "bench.fanout_pyinfra", job)))
        found.append(Variant("ansible", ("sh", str(folder / "ansible.sh"), str(programs)), clocked=False))
    return found, missing


def write_files(folder: Path, hosts: Hosts, *, parallel: int, tag: str) -> Job:
    """What the commands read: the job, known_hosts, and for the tools without a client of ours their own words."""
    job = Job(
        list(hosts.addresses),
        hosts.port,
        hosts.user,
        str(hosts.key),
        hosts.fingerprint,
        known_hosts=str(folder / "known_hosts"),
        any_host=str(folder / "any_host"),
        parallel=parallel,
        tag=tag,
    )
    (folder / "job.json").write_text(json.dumps(asdict(job)))
    Path(job.any_host).write_text(f"* {hosts.host_key}\n")
    Path(job.known_hosts).write_text("".join(f"[{address}]:{job.port} {hosts.host_key}\n" for address in job.addresses))
    (folder / "addresses").write_text("".join(f"{address}\n" for address in job.addresses))
    options = " ".join(("-F none", f"-i {job.key}", *(f"-o {one}" for one in _options(job))))
    (folder / "openssh.sh").write_text(
        f"exec xargs -a {folder}/addresses -P {parallel} -I ADDRESS "
        f"ssh {options} -p {job.port} -l {job.user} -- ADDRESS true\n"
    )
    home = folder / "ansible"
    home.mkdir(exist_ok=True)
    defaults = {
        "inventory": f"{folder}/addresses",
        "forks": parallel,
        "remote_user": job.user,
        "remote_port": job.port,
        "private_key_file": job.key,
        "local_tmp": home,
        "home": home,
    }
    lines = ["[defaults]", *(f"{name} = {value}" for name, value in defaults.items())]
    lines += ["[ssh_connection]", f"ssh_args = {options}"]
    (home / "ansible.cfg").write_text("\n".join(lines) + "\n")
    (folder / "ansible.sh").write_text(
        f'export ANSIBLE_CONFIG={home}/ansible.cfg HOME={home}\nexec "$1/ansible" all -o -m raw -a true >/dev/null\n'
    )
    return job


def _options(job: Job) -> tuple[str, ...]:
    """OpenSSH as orch has it: its own key alone, pinned host keys, nothing of the user's configuration.

    And the key exchange that paramiko has: OpenSSH's own first choice, which stands a quantum computer, takes 70 ms.
    """
    return (
        "KexAlgorithms=curve25519-sha256",
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={job.any_host}",
        "GlobalKnownHostsFile=none",
        "ControlMaster=no",
        "LogLevel=ERROR",
    )

"""The main job against real OpenSSH: a bastion and the hosts behind it, each an sshd of its own on loopback.

The systems are files that the playbook's commands change, and a log that each step appends to: so the world says for
itself what was done to it, how often and in which order, and neither orch nor the twin is asked.
"""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.orch import Orch, lines_of
from tests.e2e.sshd import Sshd, make_key, need_sshd

HOSTS = ("gate", "web", "app", "db-1", "db-2")

PLAYBOOK = """\
kind: file
vars: {{world: {world}}}
state:
  argv: [cat, "{{world}}/{{system}}.{{host}}"]
  online: {{output: up}}
  offline: {{output: down}}
evidence:
  - {{name: listing, argv: [ls, -l, "{{world}}"]}}
shutdown:
  stop:
    - {{name: drain, shell: "echo drain {{system}} {{host}} >> {{world}}/log; sleep 0.4", timeout: 20s}}
    - name: stop
      shell: "sleep 0.3; echo down > {{world}}/{{system}}.{{host}}; echo stop {{system}} {{host}} >> {{world}}/log"
      timeout: 20s
restore:
  stop:
    - name: start
      shell: "echo up > {{world}}/{{system}}.{{host}}; echo start {{system}} {{host}} >> {{world}}/log"
      timeout: 20s
      idempotent: true
health:
  - {{name: is up, argv: [grep, -q, up, "{{world}}/{{system}}.{{host}}"], within: 10s, every: 1s}}
"""

SYSTEMS = """\
systems:
  bastion: {kind: file, hosts: [gate]}
  portal: {kind: file, hosts: [web], requires: [app]}
  app: {kind: file, hosts: [app], requires: [db]}
  db: {kind: file, hosts: [db-1, db-2]}
"""


@dataclass(frozen=True)
class Site:
    """A workspace whose hosts are real sshds, and the folder that is their world."""

    orch: Orch
    world: Path
    sshds: dict[str, Sshd]

    def log(self) -> list[str]:
        path = self.world / "log"
        return path.read_text().splitlines() if path.exists() else []

    def states(self) -> dict[str, str]:
        return {path.name: path.read_text().strip() for path in sorted(self.world.iterdir()) if path.name != "log"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    need_sshd()
    world, workspace = tmp_path / "world", tmp_path / "site"
    for folder in (world, workspace / "inventories", workspace / "playbooks"):
        folder.mkdir(parents=True)
    key = make_key(tmp_path / "login")
    with ExitStack() as stack:
        sshds = {name: stack.enter_context(Sshd(tmp_path / name, key=key)) for name in HOSTS}
        hosts = "".join(
            f"  {name}: {{address: {sshd.address}, port: {sshd.port}, zone: {'edge' if name == 'gate' else 'inner'}}}\n"
            for name, sshd in sshds.items()
        )
        (workspace / "inventories" / "site.yaml").write_text(
            f"defaults: {{hosts: {{user: {sshds['gate'].user}, identity: {key}}}}}\n"
            f"zones:\n  edge: {{}}\n  inner: {{gateway: gate}}\nhosts:\n{hosts}{SYSTEMS}"
        )
        (workspace / "playbooks" / "file.yaml").write_text(PLAYBOOK.format(world=world))
        pins = [
            f"[{sshd.address}]:{sshd.port} {sshd.host_key.with_suffix('.pub').read_text()}" for sshd in sshds.values()
        ]
        (workspace / "known_hosts").write_text("".join(pins))
        for place in ("bastion.gate", "portal.web", "app.app", "db.db-1", "db.db-2"):
            (world / place).write_text("up\n")
        yield Site(Orch(workspace), world, sshds)


DOWN = [
    "drain portal web",
    "stop portal web",
    "drain app app",
    "stop app app",
    "drain db db-1",
    "drain db db-2",
    "stop db db-1",
    "stop db db-2",
    "drain bastion gate",
    "stop bastion gate",
]


def test_down_in_order_through_the_bastion_and_back(site: Site) -> None:
    site.orch("shutdown", "--yes")
    assert site.log() == DOWN, "each step once, in the order of the needs"
    assert set(site.states().values()) == {"down"}
    site.orch("restore", "--yes")
    assert site.log()[len(DOWN) :] == [
        "start bastion gate",
        "start db db-1",
        "start db db-2",
        "start app app",
        "start portal web",
    ]
    assert set(site.states().values()) == {"up"}


@pytest.mark.parametrize("moment", [1, 2, 4, 6, 7])
def test_killed_in_the_middle_nothing_is_lost_or_doubled(site: Site, moment: int) -> None:
    killed = site.orch.killed_when(lambda: len(site.log()) >= moment, "shutdown", "--yes")
    assert killed.code == -signal.SIGKILL
    site.orch("resume", "last")
    assert site.log() == DOWN
    assert set(site.states().values()) == {"down"}


def test_connections_cut_mid_command_are_picked_up_again(site: Site) -> None:
    process = site.orch.start("shutdown", "--yes")
    cut = 0
    try:
        while process.poll() is None and cut < 2:
            if len(site.log()) >= 1 + 3 * cut:
                cut += 1
                for sshd in site.sshds.values():
                    sshd.kill_sessions()
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    # A task whose host could not be asked fails with nothing sent; a plain resume tries it again.
    for _ in range(3):
        if site.orch("show", "last", "--json").json()["result"] == "done":
            break
        site.orch("resume", "last", code=None)
    assert site.log() == DOWN, out + err
    assert set(site.states().values()) == {"down"}


def test_ctrl_c_pauses_and_resume_goes_on(site: Site) -> None:
    paused = site.orch.killed_when(lambda: len(site.log()) >= 1, "shutdown", "--yes", by=signal.SIGINT)
    assert paused.code == 4
    assert site.log() == DOWN[:2], "what runs is finished, nothing new is started"
    run = next((site.orch.workspace / "runs").iterdir())
    assert lines_of(run / "journal.jsonl")[-1]["reason"] == "paused"
    site.orch("resume", "last")
    assert site.log() == DOWN


def test_a_host_key_that_is_not_pinned_is_refused_and_nothing_is_sent(site: Site) -> None:
    known = site.orch.workspace / "known_hosts"
    other = make_key(site.world.parent / "other").with_suffix(".pub").read_text()
    lines = [line for line in known.read_text().splitlines() if site.sshds["app"].address not in line]
    known.write_text("\n".join([*lines, f"[{site.sshds['app'].address}]:{site.sshds['app'].port} {other}"]))
    ran = site.orch("shutdown", "--yes", code=1)
    assert "key" in ran.out
    assert site.log() == DOWN[:2]
    assert site.states()["app.app"] == "up"


def test_a_refused_sudo_is_told_apart(site: Site) -> None:
    playbook = site.orch.workspace / "playbooks" / "file.yaml"
    fake = site.world.parent / "bin"
    fake.mkdir()
    (fake / "sudo").write_text("#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    (fake / "sudo").chmod(0o755)
    for sshd in site.sshds.values():
        sshd.stop()
        sshd.options = (*sshd.options, f"SetEnv PATH={fake}:/usr/bin:/bin SHLVL=9")
        sshd.start()
    playbook.write_text(playbook.read_text().replace("state:\n", "state:\n  sudo: true\n"))
    ran = site.orch("shutdown", "portal", "--yes", code=1)
    assert "sudo" in ran.out
    assert site.log() == []


def test_every_step_has_its_intent_before_its_outcome(site: Site) -> None:
    site.orch("shutdown", "portal", "--yes")
    run = next((site.orch.workspace / "runs").iterdir())
    steps = [event["state"] for event in lines_of(run / "journal.jsonl") if event["type"] == "step"]
    assert steps == ["intent", "ok", "intent", "ok"]


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[Callable[[int], None]]:
    """A file system of `kib` KiB at `folder`, which can be made larger."""

    def mount(*words: str) -> bool:
        return subprocess.run(["mount", *words], check=False, capture_output=True).returncode == 0

    folder.mkdir(mode=0o700)
    if not mount("-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "tmpfs", str(folder)):
        pytest.skip("needs to mount a tmpfs (root)")

    def grow(larger: int) -> None:
        assert mount("-o", f"remount,size={larger}k", str(folder))

    try:
        yield grow
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("kib", [28, 36, 40])
def test_a_full_disk_starts_nothing_more_and_loses_nothing(site: Site, kib: int) -> None:
    with small_disk(site.orch.workspace / "runs", kib) as grow:
        full = site.orch("shutdown", "--yes", code=4)
        assert "disk" in full.out + full.err
        done = site.log()
        assert done == DOWN[: len(done)]
        assert len(done) < len(DOWN)
        grow(4096)
        if done or any((site.orch.workspace / "runs").glob("2*")):
            site.orch("resume", "last")
        else:
            site.orch("shutdown", "--yes")
        assert site.log() == DOWN
        assert site.orch("verify", "last", "--json").json()["verdict"] == "internal-only"

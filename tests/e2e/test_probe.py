"""`orch probe` against real OpenSSH, and against every fault of the twin: what it finds, and that it changes nothing.

The hosts are sshds on loopback; what is wrong with one is made by the command that it forces on whoever logs in. The
systems are files: a state is changed by hand by writing one.
"""

import getpass
import json
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.twin.control import fault as give
from tests.e2e.orch import Orch, lines_of
from tests.e2e.sshd import Sshd, make_key, need_sshd
from tests.e2e.test_faults import FAULTS
from tests.e2e.test_faults import write_site as write_faults

HOSTS = ("gate", "web", "db")
RECEIPTS = tuple(Path(place, f"orch-{getpass.getuser()}") for place in ("/run/orch", "/run/lock"))
PLAYBOOK = """\
kind: file
vars: {{world: {world}}}
state:
  argv: [cat, "{{world}}/{{system}}"]
  timeout: 3s
  online: {{output: up}}
  offline: {{output: down}}
shutdown:
  stop: [{{name: stop, shell: "echo down > {{world}}/{{system}}", sudo: true, timeout: 20s}}]
restore:
  stop: [{{name: start, shell: "echo up > {{world}}/{{system}}", sudo: true, timeout: 20s, idempotent: true}}]
health:
  - {{name: is up, argv: [grep, -q, up, "{{world}}/{{system}}"], within: 10s, every: 1s}}
"""
SUDO = """\
#!/bin/sh
[ "$1 $2" = "-n --" ] && shift 2
exec "$@"
"""


@dataclass(frozen=True)
class Site:
    """A workspace on real sshds: a bastion and two hosts behind it."""

    orch: Orch
    world: Path
    sshds: dict[str, Sshd]
    forced: Path

    def say(self, system: str, state: str) -> None:
        """Somebody does something by hand."""
        (self.world / system).write_text(f"{state}\n")

    def force(self, host: str, *lines: str) -> None:
        """What runs on `host` from now on, whatever it is told."""
        script = "\n".join(("#!/bin/sh", f"PATH={self.forced}:$PATH; export PATH", *lines, ""))
        (self.forced / f"{host}.sh").write_text(script)

    def heal(self, host: str) -> None:
        """`host` does what it is told, with a `sudo` that lets everything pass."""
        self.force(host, 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"')

    def probe(self, *words: str, code: int | None = None) -> dict[str, Any]:
        """The document of a probe: hosts and systems by id."""
        document = self.orch("probe", *words, "--json", code=code).json()
        return {part: {each["id"]: each for each in document[part]} for part in ("hosts", "systems")} | {
            "document": document
        }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    need_sshd()
    root = tmp_path_factory.mktemp("probe")
    world, workspace, forced = root / "world", root / "site", root / "forced"
    for folder in (world, workspace / "inventories", workspace / "playbooks", forced):
        folder.mkdir(parents=True)
    (forced / "sudo").write_text(SUDO)
    (forced / "sudo").chmod(0o755)
    key = make_key(root / "login")
    with ExitStack() as stack:
        sshds = {
            name: stack.enter_context(Sshd(root / name, key=key, options=(f"ForceCommand /bin/sh {forced}/{name}.sh",)))
            for name in HOSTS
        }
        hosts = "".join(
            f"  {name}: {{address: {sshd.address}, port: {sshd.port}, zone: {'edge' if name == 'gate' else 'inner'}}}\n"
            for name, sshd in sshds.items()
        )
        (workspace / "inventories" / "site.yaml").write_text(
            f"defaults: {{hosts: {{user: {sshds['gate'].user}, identity: {key}}}}}\n"
            f"zones:\n  edge: {{}}\n  inner: {{gateway: gate}}\nhosts:\n{hosts}"
            "systems:\n  portal: {kind: file, hosts: [web], requires: [base]}\n  base: {kind: file, hosts: [db]}\n"
        )
        (workspace / "playbooks" / "file.yaml").write_text(PLAYBOOK.format(world=world))
        yield Site(Orch(workspace), world, sshds, forced)


@pytest.fixture
def site(built: Site) -> Site:
    """All well: everything up, every host pinned, nothing ever run."""
    pins = (
        f"[{sshd.address}]:{sshd.port} {sshd.host_key.with_suffix('.pub').read_text()}" for sshd in built.sshds.values()
    )
    (built.orch.workspace / "known_hosts").write_text("".join(pins))
    for system in ("portal", "base"):
        built.say(system, "up")
    for host in HOSTS:
        built.heal(host)
    runs = built.orch.workspace / "runs"
    if runs.exists():
        runs.rename(built.orch.workspace.parent / f"runs-{time.time_ns()}")
    return built


def test_a_site_that_is_fine(site: Site) -> None:
    there = {folder: folder.exists() and sorted(folder.iterdir()) for folder in RECEIPTS}

    found = site.probe(code=0)

    assert found["document"]["format"] == "orch-probe/1"
    assert {host["state"] for host in found["hosts"].values()} == {"fine"}
    assert {system["state"] for system in found["systems"].values()} == {"as believed"}
    web = found["hosts"]["web"]
    assert web["via"] == [["gate"]]
    assert 0 < web["login_s"] < 10
    assert web["clock"]["least_s"] <= 0.01
    assert web["clock"]["most_s"] >= -0.01
    assert web["shell"]
    assert web["sudo"] is True
    assert {(tool["name"], tool["sudo"], bool(tool["path"])) for tool in web["tools"]} == {
        ("cat", False, True),
        ("grep", False, True),
        ("echo", True, True),
    }
    assert {folder: folder.exists() and sorted(folder.iterdir()) for folder in RECEIPTS} == there, "no receipt is left"
    assert not (site.orch.workspace / "runs").exists()


def test_the_page_answers_in_its_first_line(site: Site) -> None:
    assert site.orch("probe").out.startswith("3 hosts: 3 fine; 2 systems: 2 as believed\nNothing was changed anywhere.")


def test_a_selection_asks_its_hosts_and_the_gateways_to_them(site: Site) -> None:
    assert set(site.probe("portal", code=0)["hosts"]) == {"gate", "web"}


def test_against_what_is_believed_down_and_up(site: Site) -> None:
    site.say("base", "down")
    assert site.probe(code=1)["systems"]["base"]["state"] == "found offline"

    site.say("base", "up")
    site.orch("shutdown", "portal", "--only", "--yes")
    assert site.probe(code=0)["systems"]["portal"]["believed"] == "offline"

    site.say("portal", "up")
    found = site.orch("probe", code=1)
    assert "up again       portal: online on web (believed offline, by run" in found.out
    assert "orch shutdown portal --dry-run" in found.out


def _no_pin(site: Site) -> None:
    pins = site.orch.workspace / "known_hosts"
    pins.write_text(
        "".join(line for line in pins.read_text().splitlines(True) if site.sshds["web"].address not in line)
    )


def _other_pin(site: Site) -> None:
    pins = site.orch.workspace / "known_hosts"
    other = site.sshds["db"].host_key.with_suffix(".pub").read_text()
    _no_pin(site)
    with pins.open("a") as file:
        file.write(f"[{site.sshds['web'].address}]:{site.sshds['web'].port} {other}")


def _forced(*lines: str) -> Callable[[Site], None]:
    return lambda site: site.force("web", *lines)


BANNER = "echo 'Welcome! orch-look begin 1'; printf 'orch-look end\\n\\033[31m\\033]0;x\\007\\n'"
HONEST = 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'


def _shadowed(program: str, body: str) -> tuple[str, ...]:
    """All is well but for one program."""
    write = f"printf '%s\\n' '#!/bin/sh' {shlex.quote(body)} >$0.d/{program}"
    return ("mkdir -p $0.d; rm -f $0.d/*", write, f"chmod +x $0.d/{program}", "PATH=$0.d:$PATH", HONEST)


@pytest.mark.parametrize(
    ("wrong", "state", "said"),
    [
        (_no_pin, "host key", ["known_hosts has no key for it, so it was not contacted", "TYPE KEY"]),
        (_other_pin, "host key", ["shows the host key SHA256:", "ssh-keygen -lf"]),
        (_forced("echo This account is not available.; exit 1"), "no answer", ["is not available.", "By hand:"]),
        (_forced("kill -9 $PPID"), "no answer", ["connection lost", "By hand:"]),
        (
            _forced(*_shadowed("sudo", "echo sudo: a password is required >&2; exit 1")),
            "without sudo",
            ["sudo -n refuses", "sudo: a password is required", "visudo -f", "NOPASSWD: ALL"],
        ),
        (_forced("PATH=/nowhere; export PATH", HONEST), "without sudo", ["sudo", "cat is not found"]),
    ],
    ids=["no pin", "other pin", "nologin", "dies", "no sudo", "no tools"],
)
def test_what_is_wrong_with_a_host(site: Site, wrong: Callable[[Site], None], state: str, said: list[str]) -> None:
    wrong(site)

    page = site.orch("probe", code=1).out
    found = site.probe(code=1)

    assert {id: host["state"] for id, host in found["hosts"].items()} == {"gate": "fine", "web": state, "db": "fine"}
    flat = " ".join(page.split())
    assert all(words in flat for words in said), flat
    assert "1 fine" not in flat
    assert f"2 fine, 1 {state}" in flat


@pytest.mark.parametrize(
    ("lines", "code", "measure"),
    [
        ((BANNER, HONEST), "", ""),
        (("SHELL=/usr/bin/tcsh; export SHELL", HONEST), "shell", "login shell is /usr/bin/tcsh"),
        (_shadowed("date", "echo $(($(/bin/date +%s) + 3600))"), "clock", "60 min ahead of ours"),
        (_shadowed("date", "printf '\\033[2J 12\\n'"), "clock", "tells no time"),
        (_shadowed("date", "/bin/date +%s; yes | head -c 20000"), "", ""),
    ],
    ids=["banner", "tcsh", "clock ahead", "clock says ESC", "clock says much"],
)
def test_what_is_told_and_fails_nothing(site: Site, lines: tuple[str, ...], code: str, measure: str) -> None:
    site.force("gate", *lines)

    found = site.probe()
    page = site.orch("probe", code=None)

    gate = found["hosts"]["gate"]
    assert gate["state"] == "fine"
    assert [trouble["code"] for trouble in gate["troubles"]] == ([code] if code else [])
    assert measure in " ".join(page.out.split())
    assert "\x1b" not in page.out
    assert page.code == 0


def test_a_gateway_that_is_gone_is_told_once_with_all_behind_it(site: Site) -> None:
    site.sshds["gate"].stop()
    try:
        page = site.orch("probe", code=1)
    finally:
        site.sshds["gate"].start()

    flat = " ".join(page.out.split())
    assert flat.startswith("3 hosts: 3 unreachable; 2 systems: 2 unknown")
    assert "web, db: gateway gate:" in flat or "db, web: gateway gate:" in flat
    assert "base, portal: can't be asked, because of the hosts above" in flat
    assert f"nc -vz {site.sshds['gate'].address} {site.sshds['gate'].port}" in flat


def test_a_flood_and_a_hang_are_bounded_and_ctrl_c_shows_what_is_known(site: Site) -> None:
    site.force("web", "yes \"$(printf '\\033[31morch-look begin 1')\"")
    site.force("db", "sleep 300")
    began = time.monotonic()
    process = site.orch.start("probe")
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert time.monotonic() - began < 20
    assert out.startswith("INTERRUPTED  3 hosts: 1 fine, 2 not asked; 2 systems: 2 not asked")
    assert "\x1b" not in out
    assert "Traceback" not in out + err


def test_a_flood_left_alone_ends_at_the_time_of_one_answer(site: Site) -> None:
    site.force("web", "cat /dev/zero")
    began = time.monotonic()

    found = site.probe("portal", code=1)

    assert time.monotonic() - began < 60
    assert found["hosts"]["web"]["state"] == "no answer"
    assert found["systems"]["portal"]["state"] == "unknown"


def test_watching_tells_a_change_with_its_time(site: Site) -> None:
    site.orch("shutdown", "portal", "--only", "--yes")
    process = site.orch.start("probe", "--watch", "--every", "5s")
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline(), process.stdout.readline()]
        site.say("portal", "up")
        lines.append(process.stdout.readline())
        site.say("portal", "down")
        lines.append(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert lines[0].startswith("WATCHING 1 system, every 5 s")
    assert "1 system: 1 as believed" in lines[1]
    assert "up again" in lines[2]
    assert "portal: online on web" in lines[2]
    assert "as believed" in lines[3]
    assert "CAME UP" in out
    assert process.returncode == 1


def test_watching_what_stays_down_ends_well(site: Site) -> None:
    site.orch("shutdown", "portal", "--only", "--yes")
    process = site.orch.start("probe", "--watch", "--every", "5s")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert "nothing that must be down was seen up" in out
    assert process.returncode == 0


def test_nothing_to_watch_is_said(site: Site) -> None:
    assert site.orch("probe", "--watch").out.startswith("NOTHING to watch")


def test_beside_a_plan(site: Site) -> None:
    site.say("base", "down")

    page = site.orch("shutdown", "base", "--only", "--dry-run", "--probe", code=1).out
    both = site.orch("shutdown", "base", "--only", "--dry-run", "--probe", "--json", code=1).json()
    back = site.orch("restore", "--dry-run", "--probe", code=0).out

    assert page.startswith("SHUTDOWN of 1 system")
    assert "PROBED  2 hosts: 2 fine; 1 system: 1 found offline" in page
    assert "Already so      1 system: base" in page
    assert page.index("PROBED") < page.index("Next: orch shutdown base")
    assert (both["format"], both["plan"]["format"], both["probe"]["format"]) == (
        "orch-dry-run/1",
        "orch-plan/1",
        "orch-probe/1",
    )
    assert back.startswith("NOTHING to do")


def test_a_dry_run_without_it_still_opens_no_connection(site: Site) -> None:
    before = {name: sshd.log.read_text().count("Connection from") for name, sshd in site.sshds.items()}
    site.orch("shutdown", "--dry-run")
    site.orch("check")
    assert {name: sshd.log.read_text().count("Connection from") for name, sshd in site.sshds.items()} == before


# --- every fault of the twin


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orch]:
    root = tmp_path_factory.mktemp("twin")
    here = Orch(root / "twin")
    here("twin", "up", "-C", str(write_faults(root / "site")), "--write", str(here.workspace), "--speed", "100")
    try:
        yield here
    finally:
        here("twin", "down")


def test_every_fault_of_the_twin(twin: Orch) -> None:
    for fault in FAULTS:
        give(twin.workspace, f"on-{fault.word}", fault.word)
    found = json.loads(twin("probe", "--json", code=1).out)

    states = {host["id"].removeprefix("on-"): host["state"] for host in found["hosts"]}
    assert states == {
        "fine": "fine",
        "refuse": "unreachable",
        "wrong-key": "host key",
        "hang": "no answer",
        "flood": "no answer",
        **dict.fromkeys(("fail", "lie", "drop", "slow"), "fine"),  # only their steps are wrong
    }
    unknown = {system["id"] for system in found["systems"] if system["state"] != "as believed"}
    assert unknown == {"refuse", "wrong-key", "hang", "flood"}
    assert {line["action"] for line in lines_of(twin.workspace / "twin.jsonl")} == {"probe"}, "nothing is changed"

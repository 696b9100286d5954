"""A host that tells every secret that it is handed, in every way it can, and a run that keeps none of it.

Real sshd. The steps echo their standard input, quoted, coded, cut in two, on both streams and as the last line of a
failure; evidence finds it on the host. Then everything that orch wrote or said is searched for it.
"""

import base64
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.hosts.stdin import Secrets
from orchestrator.run.specs import OUTPUT_CAP
from tests.e2e.orch import Orch, Ran
from tests.e2e.sshd import Sshd, make_key, need_sshd

NAME = "ORCH_TEST_PASSWORD"
VALUE = "c0rrect h'rse/b4ttery"
TELLS = (VALUE.encode(), b"c0rrect", b"b4ttery", VALUE.encode().hex().encode(), base64.b64encode(VALUE.encode())[:20])

PLAYBOOK = """\
kind: teller
vars: {{password: null, world: {world}}}
state:
  argv: [cat, "{{world}}/{{system}}"]
  online: {{output: up}}
  offline: {{output: down}}
evidence:
  - {{name: at rest, shell: "cat {{world}}/leak; base64 {{world}}/leak; od -An -v -tx1 {{world}}/leak | tr -d ' '"}}
  - {{name: never ends, shell: "cat {{world}}/leak; head -c 12 {{world}}/leak; sleep 20", timeout: 1s}}
shutdown:
  stop:
    - name: every way
      shell: >-
        IFS= read -r x; echo "it is $x"; echo "it is $x" >&2; printf %s "$x" | base64;
        printf %s "user:$x" | base64 -w0; printf %s "$x" | od -An -v -tx1 | tr -d ' ';
        set -x; : "$x"; {python} -c 'import json, sys, urllib.parse as u; t = sys.argv[1];
        print(repr(t), json.dumps(t), u.quote(t, ""), u.quote_plus(t))' "$x"
      stdin: "{{password}}"
      timeout: 20s
    - name: cut in two
      shell: 'IFS= read -r x; ps -eo args > {{world}}/ps; head -c {most} /dev/zero | tr "\\0" .; printf %s "$x"'
      stdin: "{{password}}"
      timeout: 20s
    - name: fails with it
      shell: >-
        IFS= read -r x; echo "$x" > {{world}}/leak; echo begun >> {{world}}/log; sleep 0.5;
        echo "wrong: $x" >&2; exit 7
      stdin: "{{password}}"
      timeout: 20s
      on_failure: continue
    - {{name: stop, shell: "echo down > {{world}}/{{system}}", timeout: 20s}}
restore:
  stop:
    - {{name: start, shell: "IFS= read -r x; echo up > {{world}}/{{system}}", stdin: "{{password}}", timeout: 20s}}
health:
  - {{name: says it, argv: [cat, "{{world}}/leak"], within: 10s, every: 1s}}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Orch, Path]]:
    """A workspace with one system on one sshd, and the folder that is its world."""
    need_sshd()
    world, workspace = tmp_path / "world", tmp_path / "site"
    for folder in (world, workspace / "inventories", workspace / "playbooks"):
        folder.mkdir(parents=True)
    (world / "vault").write_text("up\n")
    (world / "leak").write_text(f"{VALUE}\n")
    text = PLAYBOOK.format(world=world, python=sys.executable, most=OUTPUT_CAP - 9)
    (workspace / "playbooks" / "teller.yaml").write_text(text)
    monkeypatch.setenv(NAME, VALUE)
    with Sshd(tmp_path / "host", key=make_key(tmp_path / "login")) as sshd:
        (workspace / "inventories" / "site.yaml").write_text(
            f"defaults: {{hosts: {{user: {sshd.user}, identity: {sshd.key}}}}}\n"
            f"hosts: {{box: {{address: {sshd.address}, port: {sshd.port}}}}}\n"
            f"systems: {{vault: {{kind: teller, hosts: [box], vars: {{password: {{secret: env:{NAME}}}}}}}}}\n"
        )
        pin = f"[{sshd.address}]:{sshd.port} {sshd.host_key.with_suffix('.pub').read_text()}"
        (workspace / "known_hosts").write_text(pin)
        yield Orch(workspace), world


def tells(data: bytes) -> list[bytes]:
    return [one for one in TELLS if one in data]


def told_anywhere(orch: Orch, *said: Ran) -> list[str]:
    """Where the value stands in what orch has written or said."""
    found = [str(path) for path in orch.workspace.rglob("*") if path.is_file() and tells(path.read_bytes())]
    return found + [f"said: {one.out + one.err}" for one in said if tells((one.out + one.err).encode())]


def every_view(orch: Orch) -> list[Ran]:
    """All that can be asked about a run."""
    return [
        orch(*words, code=None)
        for words in (
            ("log", "last", "--output"),
            ("log", "last", "--output", "--json"),
            ("show", "last"),
            ("show", "last", "--json"),
            ("status",),
            ("status", "--json"),
            ("verify", "--all", "--json"),
            ("plan", "show", "last"),
        )
    ]


def test_a_host_that_tells_everything(site: tuple[Orch, Path]) -> None:
    orch, world = site
    dry = orch("shutdown", "--dry-run", "--commands", "--out", str(orch.workspace / "plan.json"))
    down = orch("shutdown", "--yes", code=None)
    views = every_view(orch)
    back = orch("restore", "--yes")

    assert (world / "vault").read_text() == "up\n", "the way back was handed it"
    assert told_anywhere(orch, dry, down, back, *views, *every_view(orch)) == []
    log = views[0].out
    assert "it is [secret]" in log
    assert "wrong: [secret]" in log
    assert log.count("[secret]") >= 12
    assert f"the secret env:{NAME}" in dry.out
    assert not tells((world / "ps").read_bytes()), "nor did it stand in any command line of the host"


def test_a_probe_shows_none_either(site: tuple[Orch, Path]) -> None:
    orch, world = site
    (world / "vault").write_text(f"broken: {VALUE}\n")
    said = [
        orch("probe", code=None),
        orch("probe", "--json", code=None),
        orch("shutdown", "--dry-run", "--probe", code=None),
    ]
    assert told_anywhere(orch, *said) == []
    assert "[secret]" in said[0].out + said[1].out


def test_a_run_that_is_taken_up_without_it_keeps_nothing_of_what_it_can_not_redact(
    site: tuple[Orch, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    orch, world = site
    killed = orch.killed_when((world / "log").exists, "shutdown", "--yes")
    assert killed.code == -signal.SIGKILL
    (world / "leak").write_text("nothing\n")  # what is left is what its receipt keeps
    monkeypatch.delenv(NAME)
    resumed = orch("resume", "last", code=None)

    assert f"secret env:{NAME} is not set" in resumed.err
    assert re.search(r"withheld: secret env:\S+ is not set here", orch("log", "last", "--output").out)
    assert told_anywhere(orch, killed, resumed, *every_view(orch)) == []
    assert (world / "log").read_text() == "begun\n", "once"


def test_the_way_back_waits_for_it(site: tuple[Orch, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    orch, world = site
    orch("shutdown", "--yes", code=None)
    monkeypatch.delenv(NAME)
    for said in ("", "set it to nothing"):
        if said:
            monkeypatch.setenv(NAME, "")
        refused = orch("restore", "--yes", code=2)
        assert f"secret env:{NAME} is {'empty' if said else 'not set'}" in refused.err
    assert (world / "vault").read_text() == "down\n"


def test_a_mistake_of_orch_itself_tells_nothing(
    site: tuple[Orch, Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    orch, _ = site

    def broken(*_: object, **__: object) -> None:
        password = os.environ[NAME]
        raise RuntimeError(f"no such thing: {password}")

    monkeypatch.setattr(Secrets, "value", broken)  # in a thread of the carrier
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("ORCH_WORKSPACE", str(orch.workspace))
    assert main.run(["shutdown", "--yes", "--as", "o.lang"]) == 1
    monkeypatch.setattr("orchestrator.run.engine.Engine.run", broken)  # in the middle of a run
    assert main.run(["resume", "last", "--as", "o.lang"]) == 1

    said = capfd.readouterr()
    left = [path.read_bytes() for path in (tmp_path / "tmp").iterdir()]
    assert len(left) == 1
    assert b"RuntimeError" in left[0]
    assert "RuntimeError" in said.err
    assert not any(map(tells, [*left, said.out.encode(), said.err.encode()]))
    assert told_anywhere(orch) == []

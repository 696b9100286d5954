"""The estate on real OpenSSH: six sshds on loopback, whose world are files and one log that every step appends to.

The log says for itself what was done, how often and in which order; neither orch nor the twin is asked.
"""

import getpass
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from orchestrator.hosts.receipt import receipt_id
from orchestrator.run.specs import attempt_key
from tests.e2e.orch import lines_of
from tests.e2e.sshd import Sshd, make_key
from tests.kill.estate import HOSTS, PLACES, STUBBORN, Deed, inventory
from tests.kill.site import Site

RECEIPTS = tuple(Path(place) / f"orch-{getpass.getuser()}" for place in ("/run/orch", "/run/lock"))
"""Where the hosts, which are all this machine, keep receipts."""
SUFFIXES = "lsr1234oenpk"
"""Of a receipt's files (`hosts/receipt.sh`)."""
SCRIPT = """\
#!/bin/sh
# ACTION STEP SYSTEM HOST [STATE] [SECONDS]: one line when it begins, one when it ends, also where it is made to end;
# the state is changed in between.
trap 'echo "e $1 $2 $3 $4 $(date +%s.%N)" >>{world}/log; exit 143' TERM
echo "b $1 $2 $3 $4 $(date +%s.%N)" >>{world}/log
sleep ${{6:-0.0$(($$ % 4))}} & wait
[ -z "$5" ] || echo "$5" >{world}/$3.$4
echo "e $1 $2 $3 $4 $(date +%s.%N)" >>{world}/log
"""
PLAYBOOK = """\
kind: {kind}
vars: {{world: {world}}}
state:
  argv: [cat, "{{world}}/{{system}}.{{host}}"]
  online: {{output: up}}
  offline: {{output: down}}
  within: 1s
evidence:
  - {{name: listing, argv: [ls, "{{world}}", "{{system}}.{{host}}"]}}
shutdown:
  stop:
    - {{name: drain, argv: ["{{world}}/do", shutdown, stop.1, "{{system}}", "{{host}}"], idempotent: {idempotent}}}
    - {{name: stop, argv: ["{{world}}/do", shutdown, stop.2, "{{system}}", "{{host}}", down]}}
restore:
  stop:
    - {{name: start, argv: ["{{world}}/do", restore, stop.1, "{{system}}", "{{host}}", up]}}
"""


STUBBORN_PLAYBOOK = """\
kind: stubborn
vars: {{world: {world}}}
state:
  argv: [cat, "{{world}}/{{system}}.{{host}}"]
  online: {{output: up}}
  offline: {{output: down}}
  within: 1s
shutdown:
  stop:
    - {{name: ask it, argv: ["{{world}}/do", shutdown, stop.1, "{{system}}", "{{host}}", "", "3"], timeout: 1s}}
  force:
    - {{name: kill, argv: ["{{world}}/do", shutdown, force.1, "{{system}}", "{{host}}", down]}}
restore:
  stop:
    - {{name: start, argv: ["{{world}}/do", restore, stop.1, "{{system}}", "{{host}}", up]}}
"""
PROTOCOL = "organisation: kill\non_failure: {shutdown: force}\n"


class OnSshd(Site):
    """The workspace whose hosts are real sshds, and the folder that is their world."""

    name = "sshd"
    places = frozenset(PLACES | {"stubborn.web"})

    def __init__(self, workspace: Path, folder: Path, world: Path) -> None:
        super().__init__(workspace, folder)
        self._world = world

    def deeds(self) -> list[Deed]:
        """From the log's lines `b` and `e`: what began, and what ended."""
        begun: list[Deed] = []
        for n, line in enumerate(self.new_lines(self._world / "log")):
            word, action, step, system, host, at = line.split()
            if word == "b":
                begun.append(Deed(system, host, action, step, n, None, float(at)))
                continue
            for index, deed in enumerate(begun):
                if (deed.place, deed.action, deed.ended) == ((system, host, step), action, None):
                    begun[index] = Deed(system, host, action, step, deed.began, n, float(at))
                    break
        return begun

    def forget(self) -> None:
        """What was done so far counts no more."""
        self.seen = (self._world / "log").stat().st_size

    def states(self) -> dict[str, str]:
        """The files that are the systems' states."""
        return {place: (self._world / place).read_text().strip() for place in sorted(self.places)}

    def clean(self) -> None:
        """No run is left, nor any receipt of one: /run/lock is small, and a campaign leaves thousands."""
        for journal in self.runs.glob("*/journal.jsonl"):
            for event in lines_of(journal):
                if event["type"] == "step" and event["state"] == "intent":
                    place = (event["task"], event["step"], event["host"], event.get("on_host"), event["attempt"])
                    _forget_receipt(receipt_id(attempt_key(journal.parent.name, *place)))
        super().clean()


def _forget_receipt(id: str) -> None:
    """Nobody asks for it any more."""
    for folder in RECEIPTS:
        for suffix in SUFFIXES:
            (folder / f"{id}.{suffix}").unlink(missing_ok=True)


@contextmanager
def on_sshd(folder: Path) -> Iterator[OnSshd]:
    """The sshds, started."""
    world, workspace = folder / "world", folder / "site"
    for path in (world, workspace / "inventories", workspace / "playbooks"):
        path.mkdir(parents=True)
    key = make_key(folder / "login")
    with ExitStack() as stack:
        sshds = {name: stack.enter_context(Sshd(folder / name, key=key)) for name in HOSTS}
        places = {name: f"address: {sshd.address}, port: {sshd.port}" for name, sshd in sshds.items()}
        defaults = f"user: {sshds['gate'].user}, identity: {key}"
        (workspace / "inventories" / "kill.yaml").write_text(inventory(places, defaults, STUBBORN))
        for kind, idempotent in (("service", "false"), ("old-service", "true")):
            text = PLAYBOOK.format(kind=kind, world=world, idempotent=idempotent)
            (workspace / "playbooks" / f"{kind}.yaml").write_text(text)
        (workspace / "playbooks" / "stubborn.yaml").write_text(STUBBORN_PLAYBOOK.format(world=world))
        (workspace / "protocol.yaml").write_text(PROTOCOL)
        pins = [f"[{one.address}]:{one.port} {one.host_key.with_suffix('.pub').read_text()}" for one in sshds.values()]
        (workspace / "known_hosts").write_text("".join(pins))
        (world / "log").write_text("")
        (world / "do").write_text(SCRIPT.format(world=world))
        (world / "do").chmod(0o755)
        site = OnSshd(workspace, folder, world)
        for place in site.places:
            (world / place).write_text("up\n")
        try:
            yield site
        finally:
            site.clean()

"""The estate on the twin: hosts simulated behind real SSH, which say in `twin.jsonl` what they were told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from orchestrator.twin import control
from orchestrator.workspace.loader import load
from tests.kill.estate import BLADE, HOSTS, PLACES, Deed, inventory
from tests.kill.site import Site

SPEED = 300.0
STATE = """\
state:
  argv: [systemctl, show, -p, LoadState, -p, ActiveState, --value, "{system}"]
  online: {output: 'loaded\\s+active'}
  offline: {output: 'loaded\\s+inactive'}
  within: 1s
"""
PLAYBOOKS = {
    "service": f"""\
kind: service
{STATE}evidence:
  - {{name: sockets, argv: [ss, -tnap, "{{system}}"]}}
shutdown:
  stop:
    - {{name: drain, argv: [drain, "{{system}}"], expect: 4s}}
    - {{name: stop, argv: [systemctl, stop, "{{system}}"], expect: 4s}}
restore:
  stop:
    - {{name: allow, argv: [allow, "{{system}}"], expect: 4s}}
    - {{name: start, argv: [systemctl, start, "{{system}}"], expect: 4s}}
""",
    "old-service": f"""\
kind: old-service
{STATE}shutdown:
  stop:
    - {{name: drain, argv: [drain, "{{system}}"], expect: 4s, idempotent: true}}
    - {{name: stop, argv: [systemctl, stop, "{{system}}"], expect: 4s}}
restore:
  stop:
    - {{name: start, argv: [systemctl, start, "{{system}}"], expect: 4s}}
""",
    "blade": f"""\
kind: blade
{STATE}shutdown:
  poweroff:
    - {{name: power off, argv: [systemctl, poweroff], expect: 3s, timeout: 3s, disconnects: true}}
restore:
  poweroff:
    - {{name: wake, on: {{system: bastion}}, argv: [wake, "{{host}}"], expect: 4s}}
""",
}
PROTOCOL = """\
organisation: kill
modes:
  - {of: ["kind=blade"], mode: poweroff}
"""


def write(root: Path) -> Path:
    """The workspace that the twin is a copy of."""
    (root / "inventories").mkdir(parents=True)
    (root / "playbooks").mkdir()
    places = {host: f"address: 10.0.0.{n}" for n, host in enumerate((*HOSTS, "box"), 1)}
    (root / "inventories" / "kill.yaml").write_text(inventory(places, "user: orch", BLADE), encoding="utf-8")
    (root / "protocol.yaml").write_text(PROTOCOL, encoding="utf-8")
    for kind, text in PLAYBOOKS.items():
        (root / "playbooks" / f"{kind}.yaml").write_text(text, encoding="utf-8")
    return root


class OnTwin(Site):
    """The workspace on its twin."""

    name = "twin"
    places = frozenset(PLACES | {"blade.box"})

    def deeds(self) -> list[Deed]:
        """One line for each command, written when it ends; so a deed's place in the log is that of its end."""
        found = []
        for n, text in enumerate(self.new_lines(self.workspace / "twin.jsonl")):
            line = json.loads(text)
            if line["action"] in {"shutdown", "restore"}:
                at = datetime.fromisoformat(line["at"]).timestamp()
                found.append(Deed(line["system"], line["host"], line["action"], line["step"], n, n, at))
        return found

    def forget(self) -> None:
        """What was told so far counts no more."""
        self.seen = (self.workspace / "twin.jsonl").stat().st_size


@contextmanager
def on_twin(folder: Path) -> Iterator[OnTwin]:
    """The twin, up."""
    root = write(folder / "site")
    control.up(load(root), root, folder / "twin", SPEED, {})
    try:
        yield OnTwin(folder / "twin", folder)
    finally:
        control.down(folder / "twin")

"""A data centre that fits on a page: every platform, a gateway, a hypervisor with two guests, a firewall."""

from pathlib import Path

from orchestrator.model.workspace import Workspace
from orchestrator.workspace.loader import load

INVENTORY = """\
defaults:
  hosts: {user: orch, port: 22, identity: ~/.ssh/id_real}
customers:
  bkk-nord: {name: BKK Nord, language: de}
zones:
  dmz: {}
  data: {gateway: gate, parallel: 5}
hosts:
  gate: {address: 10.1.0.1, zone: dmz}
  fw: {address: 10.1.0.2, zone: dmz, platform: appliance}
  app: {address: 10.1.0.3, zone: dmz}
  win: {address: 10.1.0.4, zone: dmz, platform: windows}
  hv: {address: 10.2.0.1, zone: data}
  db-1: {address: 10.2.0.11, zone: data, runs_on: hyper}
  db-2: {address: 10.2.0.12, zone: data, runs_on: hyper, receipts: false}
systems:
  bastion: {kind: service, hosts: [gate], vars: {unit: sshd}}
  firewall: {kind: firewall, hosts: [fw]}
  hyper: {kind: hypervisor, hosts: [hv]}
  db:
    kind: database
    hosts: [db-1, db-2]
    requires: [hyper]
    vars: {unit: "no", password: {secret: "env:DB_PW"}}
  app:
    kind: service
    hosts: [app]
    owner: bkk-nord
    requires: [{any: [db, mail], at_least: 1}]
    after: [{system: mail, when: restore}]
    vars: {unit: app, firewall: firewall}
    labels: {tier: "1"}
    priority: 70
  mail: {kind: windows, hosts: [win], protected: "kept for the auditors", customers: []}
  store: {kind: store, managed: external}
services:
  portal: {name: {de: Portal, en: Portal}, customers: all, requires: [app]}
"""

PLAYBOOKS = {
    "service": """\
kind: service
vars: {unit: null, firewall: firewall}
state:
  argv: [systemctl, show, -p, LoadState, -p, ActiveState, --value, "{unit}"]
  online: {output: 'loaded\\s+(active|reloading)'}
  offline: {output: '(loaded|masked)\\s+(inactive|failed)'}
isolation:
  {on: {system: "{firewall}"}, argv: [show, cut, "{system}"], isolated: {output: "cut: yes"}, open: {output: "cut: no"}}
evidence:
  - {name: sockets, argv: [ss, -tnap]}
shutdown:
  stop:
    - {name: drain, shell: "systemctl reload {unit} && sleep 5", expect: 6s, on_failure: continue}
    - {name: stop, argv: [systemctl, stop, "{unit}"], sudo: true, expect: 10s, idempotent: true, changes_state: true}
    - {name: stay down, argv: [systemctl, mask, "{unit}"], sudo: true, expect: 1s}
  isolate:
    - {name: cut, on: {system: "{firewall}"}, argv: [cut, "{system}"], expect: 2s}
  poweroff:
    - {name: stop first, argv: [systemctl, stop, "{unit}"], sudo: true, expect: 10s}
    - {name: power off, argv: [systemctl, poweroff], sudo: true, expect: 4s, disconnects: true}
  force:
    - {name: kill, argv: [systemctl, kill, -s, KILL, "{unit}"], sudo: true, expect: 1s}
restore:
  stop:
    - {name: may run, argv: [systemctl, unmask, "{unit}"], sudo: true, expect: 1s}
    - {name: start, argv: [systemctl, start, "{unit}"], sudo: true, expect: 10s}
  isolate:
    - {name: join, on: {system: "{firewall}"}, argv: [join, "{system}"], expect: 2s}
health:
  - {name: answers, argv: [curl, -fsS, "http://127.0.0.1/health"]}
""",
    "firewall": """\
kind: firewall
state: {argv: [show, version], online: [0], offline: [9]}
shutdown:
  poweroff: [{name: halt, argv: [halt], disconnects: true}]
""",
    "hypervisor": """\
kind: hypervisor
state: {argv: [virsh, uri], sudo: true, online: {output: 'qemu:.*'}, offline: [1]}
shutdown:
  stop: [{name: stop, argv: [systemctl, stop, libvirtd], sudo: true, expect: 5s}]
  poweroff: [{name: power off, argv: [systemctl, poweroff], sudo: true, expect: 4s, disconnects: true}]
restore:
  stop: [{name: start, argv: [systemctl, start, libvirtd], sudo: true, expect: 5s}]
  poweroff: [{name: wake, on: {system: firewall}, argv: [wake, "{host}"], expect: 1s}]
health:
  - {name: guests, argv: [virsh, list, --all], sudo: true}
""",
    "database": """\
kind: database
vars: {unit: null, password: null}
state:
  argv: [pg_ctlcluster, "15", "{unit}", status]
  online: [0]
  offline: [3]
  poweroff:
    {on: carrier, argv: [virsh, domstate, "{host}"], sudo: true, online: {output: running}, offline: {output: shut off}}
evidence:
  - {name: sockets, argv: [ss, -tnap]}
shutdown:
  stop: [{name: stop, shell: "read -r pw; pg_stop {unit}", stdin: "{password}", expect: 10s}]
  poweroff: [{name: power off, on: carrier, argv: [virsh, shutdown, "{host}"], sudo: true, expect: 5s}]
  force: [{name: destroy, on: carrier, argv: [virsh, destroy, "{host}"], sudo: true, expect: 1s, leaves: poweroff}]
restore:
  stop: [{name: start, argv: [pg_ctlcluster, "15", "{unit}", start], expect: 10s}]
  poweroff: [{name: power on, on: carrier, argv: [virsh, start, "{host}"], sudo: true, expect: 5s}]
health:
  - {name: answers, argv: [pg_isready, -q]}
""",
    "windows": """\
kind: windows
state:
  shell: "(Get-Service Mail).Status"
  online: {output: Running}
  offline: {output: Stopped}
shutdown:
  stop: [{name: stop, shell: "Stop-Service Mail", expect: 3s}]
restore:
  stop: [{name: start, shell: "Start-Service Mail", expect: 3s}]
""",
    "store": """\
kind: store
shutdown:
  stop: [{name: call, manual: "call them"}]
""",
}

PERSON_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJvSoQaL8KYXHnrqLuXLU+fqnQb3cKzJXNq0ZE8xPbXk a.brandt@real"

PROTOCOL = f"""\
# who decides
organisation: rz-example   # ours
people:
  a.brandt: {{name: A. Brandt, roles: [incident-lead], keys: ["{PERSON_KEY}"]}}
"""


def write_site(root: Path, *, protocol: bool = False, playbooks: dict[str, str] | None = None) -> Path:
    """The workspace's files."""
    (root / "inventories").mkdir(parents=True)
    (root / "playbooks").mkdir()
    (root / "inventories" / "small.yaml").write_text(INVENTORY, encoding="utf-8")
    for kind, text in {**PLAYBOOKS, **(playbooks or {})}.items():
        (root / "playbooks" / f"{kind}.yaml").write_text(text, encoding="utf-8")
    if protocol:
        (root / "protocol.yaml").write_text(PROTOCOL, encoding="utf-8")
    return root


def load_site(root: Path, **kwargs: object) -> Workspace:
    """The workspace, written to `root` and read."""
    return load(write_site(root, **kwargs))  # type: ignore[arg-type]

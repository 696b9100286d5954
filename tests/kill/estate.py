"""The small estate that is killed: a bastion, a chain of systems behind it, a host that keeps no receipts, a partner.

`legacy` lives on the host without receipts, so a step of it that was under way when orch died can only be settled by
the probe or by a person; `blade` (on the twin only) is powered off, which its receipt does not outlive, and woken by
the bastion. `stubborn` (on real sshd only) does not stop in time: its step is ended through its receipt, and forced.
`partner` is done by a person; nights that are not about people leave it out.
"""

from dataclasses import dataclass

BY_PERSON = "partner"
IN_DOUBT = ("legacy", "blade")
"""Systems of which a step may stay in doubt, so that a person has to say `retry`."""
PLACES = {"bastion.gate", "portal.web", "app.app", "db.db-1", "db.db-2", "legacy.old"}
"""system.host, each of which has a state of its own."""

SYSTEMS = """\
systems:
  bastion: {kind: service, hosts: [gate]}
  portal: {kind: service, hosts: [web], requires: [app]}
  app: {kind: service, hosts: [app], requires: [db]}
  db: {kind: service, hosts: [db-1, db-2]}
  legacy: {kind: old-service, hosts: [old]}
  partner: {kind: partner, managed: external}
"""
BLADE = "  blade: {kind: blade, hosts: [box], requires: [bastion]}\n"
STUBBORN = "  stubborn: {kind: stubborn, hosts: [web]}\n"
HOSTS = ("gate", "web", "app", "db-1", "db-2", "old")


def inventory(places: dict[str, str], defaults: str, more: str = "") -> str:
    """The inventory; `places` says of each host how it is reached."""
    lines = ["defaults: {hosts: {" + defaults + "}}", "zones:", "  edge: {}", "  inner: {gateway: gate}", "hosts:"]
    for host, where in places.items():
        zone = "edge" if host == "gate" else "inner"
        receipts = ", receipts: false" if host == "old" else ""
        lines.append(f"  {host}: {{{where}, zone: {zone}{receipts}}}")
    return "\n".join(lines) + "\n" + SYSTEMS + more


@dataclass(frozen=True)
class Deed:
    """Something a host says it was told: one step of one system, from its begin to its end (if that came).

    `began` and `ended` only order: they are positions in the one log that all hosts write. `at` is when it ended, or
    when it began where no end came (epoch seconds).
    """

    system: str
    host: str
    action: str
    step: str
    began: int
    ended: int | None
    at: float

    @property
    def place(self) -> tuple[str, str, str]:
        """What was done, and where."""
        return (self.system, self.host, self.step)

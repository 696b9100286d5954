"""A host that goes down under another system on it (section 2: three different ways of being offline).

A mode takes the whole host along where it powers it off, or where isolating tells another system to cut `{host}` or
`{address}` off; what rules on the host itself still let through nobody here can know. That hurts whoever else lives
there: a protected system, and one that has steps to run on that host and is not surely down before.
"""

from collections.abc import Iterator

from orchestrator.model.playbook import Manual, Step
from orchestrator.model.template import holes
from orchestrator.model.terms import Mode
from orchestrator.plan.lints.finding import Danger, Finding, Lint, named, verb
from orchestrator.plan.lints.whole import Whole, texts_of

HOST_UNDER_ANOTHER = Lint(
    id="L02",
    title="A host that goes down under another system",
    danger=Danger.LOST,
    means="Two systems live on one host. Taking the one offline powers off, or cuts off, that host, and the other is "
    "not surely down by then, or is never to go down at all.",
    night="The console server is powered off, as the protocol says of its kind. It lives on the machine of the second "
    "bastion: forty systems in Munich lose their way in, and none of them asked for it.",
    do="Give the one a mode that leaves the host alone (stop), or say that the other goes first (requires, after), or "
    "give each a host of its own.",
    wrong="""\
hosts:
  muc-bst-02: {address: 10.20.0.12, zone: mgmt, way: bastion-muc-2}
systems:
  bastion-muc-2: {kind: bastion, hosts: [muc-bst-02]}
  console-muc: {kind: console-server, hosts: [muc-bst-02]}
# protocol.yaml
modes: [{of: ["kind=console-server"], mode: poweroff}]
""",
    right="""\
# protocol.yaml: stopped, while the machine goes on carrying the bastion
modes: [{of: ["kind=console-server"], mode: stop}]
""",
)


def host_under_another(whole: Whole) -> Iterator[Finding]:
    """Hosts that one of their systems takes down under the others."""
    for host in sorted(host for host, ids in whole.on_host.items() if len(ids) > 1):
        for system in whole.on_host[host]:
            if system not in whole.kept:
                yield from _taken_along(whole, host, system)


def _taken_along(whole: Whole, host: str, system: str) -> Iterator[Finding]:
    others = [id for id in whole.on_host[host] if id != system]
    given = whole.modes[system]
    for mode in (given, *(mode for mode in Mode if mode is not given)):
        if not _takes_host(whole, system, mode):
            continue
        hurt = [id for id in others if id in whole.ground.protected]
        if mode is given:
            hurt += [id for id in others if id not in hurt and _is_hurt(whole, id, system)]
        if hurt:
            who = system if mode is given else f"with --mode {mode.value}, {system}"
            done = "powered off" if mode is Mode.POWEROFF else "isolated"
            lives = verb(hurt, "lives", "live")
            what = (
                f"{who} is {done} with its whole host {host}, and {named([_said(whole, id) for id in hurt])} "
                f"{lives} there too."
            )
            advice = f"Stop {system} instead, or let the other go down first (requires, after)."
            yield HOST_UNDER_ANOTHER.at(whole.inventory.systems[system].source, what, advice, (system, *hurt))
            return


def _said(whole: Whole, id: str) -> str:
    if id in whole.ground.protected:
        return f"{id} (protected)"
    return f"{id} (stays up)" if id in whole.kept else f"{id} (not surely down by then)"


def _takes_host(whole: Whole, system: str, mode: Mode) -> bool:
    book = whole.playbook(system)
    steps = () if book is None else book.shutdown.get(mode, ())
    if mode is Mode.POWEROFF:
        return bool(steps)
    return mode is Mode.ISOLATE and any(_cuts_host(step) for step in steps if step.changes_state)


def _cuts_host(step: Step) -> bool:
    if isinstance(step.do, Manual):
        return False
    names = frozenset().union(*(holes(text) for text in texts_of(step)))
    return step.on is not None and not names.isdisjoint({"host", "address"})


def _is_hurt(whole: Whole, other: str, system: str) -> bool:
    """Whether `other` may still have something to do on that host. Powered off itself, it has got what it wants."""
    if other in whole.kept:
        return True
    mode = whole.modes[other]
    if mode is Mode.POWEROFF or whole.order.surely_before(other, system):
        return False
    book = whole.playbook(other)
    steps = () if book is None else book.shutdown.get(mode, ())
    return any(step.on is None and not isinstance(step.do, Manual) for step in steps)

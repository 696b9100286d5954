"""The protocol, protection, customers, and what nothing uses: L17 to L24."""

from dataclasses import replace

from orchestrator.model.protocol import GateRule
from orchestrator.model.selector import parse_selector
from orchestrator.model.source import Source
from orchestrator.model.terms import Action, Mode
from orchestrator.model.workspace import Workspace
from tests.builders import playbook, protocol
from tests.unit.plan.lints.case import Case


def _nobody_served(ws: Workspace) -> Workspace:
    services = {id: replace(service, customers=()) for id, service in ws.inventory.services.items()}
    return replace(ws, inventory=replace(ws.inventory, services=services))


def _gate(of: str) -> GateRule:
    return GateRule("declare", Action.SHUTDOWN, {"lead": 1}, Source("protocol.yaml", 7), (parse_selector(of),))


CASES = (
    # --- L17, L18 ----------------------------------------------------------------------------------
    Case(
        "L17",
        "a mode, a group and a gate for nobody",
        "a on h1",
        (
            'modes (isolate): "kind=servce" matches no system.',
            'gate declare: "owner=customer" matches no system.',
            'order.shutdown, group 2: "label.tier=x" matches no system.',
        ),
        replace(
            protocol(modes={"kind=servce": Mode.ISOLATE}, shutdown=["a", "label.tier=x"]),
            gates=(_gate("owner=customer"),),
        ),
    ),
    Case(
        "L17",
        "all of them match",
        "a on h1\na owner bkk\na label tier=x",
        (),
        replace(
            protocol(modes={"kind=serv*": Mode.ISOLATE}, shutdown=["a", "label.tier=x"]),
            gates=(_gate("owner=customer"),),
        ),
    ),
    Case(
        "L18",
        "a vault and what it needs",
        "vault protected the backups\nvault requires san any(1) dns-a dns-b\nfree on h1",
        ("vault stays up in a shutdown of everything and keeps up dns-a and san. Protected: the backups",),
    ),
    Case(
        "L18",
        "a vault by itself",
        "vault protected the backups\nfree on h1",
        ("vault stays up in a shutdown of everything, and nothing else for its sake. Protected: the backups",),
    ),
    Case("L18", "nothing is protected", "vault requires san"),
    # --- L19 to L21 --------------------------------------------------------------------------------
    Case(
        "L19",
        "one customer's portal asks another's",
        "portal owner sued\nportal requires app\napp owner nord",
        ("portal, of sued, requires app, of nord: who hits the one hits both.",),
    ),
    Case("L19", "its own", "portal owner sued\nportal requires app\napp owner sued"),
    Case("L19", "ours", "portal owner sued\nportal requires app"),
    Case("L19", "ours requires theirs", "portal requires app\napp owner nord"),
    Case("L19", "only an order", "portal owner sued\nportal after app\napp owner nord"),
    Case(
        "L20",
        "nobody has it",
        "eau service app\napp owner nord",
        ("service eau is for no customer: nobody is told when it is hit.",),
        touch=_nobody_served,
    ),
    Case(
        "L20",
        "it needs nothing",
        "eau service\napp owner nord",
        ("service eau requires nothing: no plan will ever show it as hit.",),
    ),
    Case("L20", "for all", "eau service app\napp owner nord"),
    Case(
        "L21",
        "a customer with systems and no service",
        "app owner nord",
        ("customer nord has no service, so no plan says what they would notice; theirs is 1 system (app).",),
    ),
    Case("L21", "a customer with a service", "app owner nord\neau service app"),
    # --- L22 to L24 --------------------------------------------------------------------------------
    Case(
        "L22",
        "a playbook of no system",
        "a on h1",
        ("no system is of kind postgres.",),
        playbooks=(playbook("postgres"),),
    ),
    Case(
        "L22",
        "a playbook of what others run",
        "a external\na kind postgres\nb on h1",
        playbooks=(playbook("postgres"),),
    ),
    Case(
        "L23",
        "a host of no system",
        "a on h1\nh2 in data",
        ("no system lives on host h2, so no plan ever touches it.",),
    ),
    Case("L23", "a gateway of no system", "a on h1\nh1 in data\ndata gateway h2"),
    Case("L24", "a zone of no host", "a on h1\ndata zone", ("no host is in zone data.",)),
    Case("L24", "a zone with a host", "a on h1\nh1 in data"),
)

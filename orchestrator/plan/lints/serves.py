"""Who is served by what: needs across customers, services and customers that nothing connects (sections 2, 3)."""

from collections.abc import Iterator

from orchestrator.graph.serves import customers_of_service
from orchestrator.model.inventory import INTERNAL
from orchestrator.plan.lints.finding import Danger, Finding, Lint, counted
from orchestrator.plan.lints.whole import Whole

ACROSS = Lint(
    id="L19",
    title="A system that requires another customer's",
    danger=Danger.KNOW,
    means="A system of one customer requires a system of another: what is done for the one hits the other, and has "
    "to be agreed with both. Often it is a line copied from the neighbour.",
    night="BKK Nord has its systems taken offline and signs for it. BKK Sued's portal comes along, since it asks "
    "Nord's broker. Nobody has signed for Sued.",
    do="Mend the line. If it is so, let the one that both need be internal, or tell both customers now.",
    wrong="""\
systems:
  portal-sued: {kind: nginx, owner: bkk-sued, requires: [app-nord]}
""",
    right="""\
systems:
  portal-sued: {kind: nginx, owner: bkk-sued, requires: [app-sued]}
""",
)
UNNOTICED = Lint(
    id="L20",
    title="A service that no plan can show as hit",
    danger=Danger.TIDY,
    means="The service has no customers, or requires no system: whatever goes down, it is never among what is hit.",
    night='"Which of our services are affected?" asks a customer. The list that goes out leaves out the one that they '
    "will notice first.",
    do="Say whom it is for (customers: all, or a list) and what it needs (requires).",
    wrong="""\
services:
  eau: {name: {en: eAU data exchange}, customers: all}
""",
    right="""\
services:
  eau: {name: {en: eAU data exchange}, requires: [eau-gateway]}
""",
)
NO_SERVICE = Lint(
    id="L21",
    title="A customer without a service",
    danger=Danger.TIDY,
    means="No service is for this customer, so no plan says what they would notice.",
    night="Everything is down, and the list of who is hit has nine names. The tenth customer hears of it from the "
    "press.",
    do="Name the customer in the services they have, or take out one who has left.",
    wrong="""\
customers: {bkk-nord: {name: BKK Nord}, bkk-sued: {name: BKK Sued}}
services:
  eau: {name: eAU, customers: [bkk-nord], requires: [eau-gateway]}
""",
    right="""\
services:
  eau: {name: eAU, customers: all, requires: [eau-gateway]}
""",
)


def across(whole: Whole) -> Iterator[Finding]:
    """Needs of one customer's systems for another's."""
    systems = whole.inventory.systems
    for system in systems.values():
        if system.owner == INTERNAL:
            continue
        for requirement in system.requires:
            for id in requirement.alternatives:
                owner = systems[id].owner
                if owner not in {INTERNAL, system.owner}:
                    what = f"{system.id}, of {system.owner}, requires {id}, of {owner}: who hits the one hits both."
                    advice = "Is it meant? Then both have to agree to what is done to it."
                    yield ACROSS.at(requirement.source, what, advice, (system.id, id))


def unnoticed(whole: Whole) -> Iterator[Finding]:
    """Services that can never be shown as hit."""
    for id, service in whole.inventory.services.items():
        if not service.requires:
            what = f"service {id} requires nothing: no plan will ever show it as hit."
            yield UNNOTICED.at(service.source, what, "Say what it requires.", (id,))
        if not customers_of_service(whole.inventory, service):
            what = f"service {id} is for no customer: nobody is told when it is hit."
            yield UNNOTICED.at(service.source, what, "customers: all, or a list.", (id,))


def no_service(whole: Whole) -> Iterator[Finding]:
    """Customers that have none."""
    inventory = whole.inventory
    served = {id for service in inventory.services.values() for id in customers_of_service(inventory, service)}
    for id, customer in inventory.customers.items():
        if id not in served:
            own = sorted(
                system.id
                for system in inventory.systems.values()
                if system.owner == id or id in (system.customers or ())
            )
            more = f"; theirs {'is' if len(own) == 1 else 'are'} {counted(own)}" if own else ""
            what = f"customer {id} has no service, so no plan says what they would notice{more}."
            yield NO_SERVICE.at(customer.source, what, "Name them in the services they have.", (id,))

"""What it would mean if some systems went down, and all that a shutdown takes along (section 9, `orch impact`).

- A system no longer works when it is offline, or when what it requires or runs on leaves it fewer than it needs.
- A service is *down* when a requirement of it can no longer be met; *degraded* when it is not down, but a system that
  it needs, directly or through what that needs, no longer works: its redundancy is lost; else *untouched*.
- What is offline now can't stand in. A service that is down or degraded by that alone is so *already*. What is asked
  about is never taken for granted: of what is offline it is looked at anew.
- Nothing refuses a question: protected systems, and loops, are asked about like any others.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.graph.closure import Membership, falling, path_to
from orchestrator.graph.impact import BREAKS, broken_by, systems_of_customers
from orchestrator.graph.needs import Needs
from orchestrator.graph.serves import customers_of_service
from orchestrator.model.inventory import Inventory, Service


class Level(StrEnum):
    """How a service is, after systems went down."""

    DOWN = "down"
    DEGRADED = "degraded"
    UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """One service: how it is, whether it was so already, and why.

    `lost`: what it requires directly and does not work (of a degraded one: or has itself lost something that it needs).
    `because`: the systems asked about that lie behind that.
    """

    service: str
    level: Level
    already: bool
    customers: tuple[str, ...]
    lost: tuple[str, ...]
    because: tuple[str, ...]

    @property
    def is_hit(self) -> bool:
        """Whether somebody would notice a difference."""
        return self.level is not Level.UNTOUCHED and not self.already


@dataclass(frozen=True, slots=True)
class CustomerLevel:
    """One customer: their services, and the systems of theirs that would be offline."""

    customer: str
    services: tuple[ServiceLevel, ...]
    systems: tuple[str, ...]

    def at(self, level: Level) -> tuple[ServiceLevel, ...]:
        """Their services that are so."""
        return tuple(one for one in self.services if one.level is level)

    @property
    def is_hit(self) -> bool:
        """Whether they would notice."""
        return bool(self.systems) or any(one.is_hit for one in self.services)


@dataclass(frozen=True, slots=True)
class Impact:
    """What it would mean if systems went down: everything by id."""

    members: Membership  # what would be offline: None of those asked about, else why it comes along
    already: frozenset[str]  # of these, what is offline now
    cut_off: tuple[str, ...]  # what keeps running without what it needs
    services: tuple[ServiceLevel, ...]
    customers: tuple[CustomerLevel, ...]


def impact_of(
    inventory: Inventory,
    needs: Needs,
    asked: Collection[str],
    *,
    gone: Collection[str] = (),
    isolates: Callable[[str], bool] = lambda _: False,
) -> Impact:
    """What it would mean if `asked` went down, with all that a shutdown would take along. `gone`: offline already."""
    members = falling(needs, asked, gone=gone, isolates=isolates)
    before, broken = broken_by(needs, members, gone)
    behind = _Behind(needs, members, broken, broken.keys() - before)
    weak = _weakened(needs, before | broken.keys())
    services = tuple(
        _level(inventory, service, before, before | broken.keys(), weak, behind)
        for _, service in sorted(inventory.services.items())
    )
    of_customer: dict[str, list[ServiceLevel]] = {id: [] for id in sorted(inventory.customers)}
    for one in services:
        for customer in one.customers:
            of_customer[customer].append(one)
    own = systems_of_customers(inventory, broken)
    return Impact(
        members=members,
        already=frozenset(gone) & members.keys(),
        cut_off=tuple(sorted(broken.keys() - members.keys())),
        services=services,
        customers=tuple(CustomerLevel(id, tuple(has), own.get(id, ())) for id, has in of_customer.items()),
    )


class _Behind:
    """Which of the systems asked about lie behind a weakened one."""

    def __init__(self, needs: Needs, members: Membership, broken: Membership, news: Collection[str]) -> None:
        self._members = members
        self._broken = broken
        self._through = _weakened(needs, news)

    def of(self, systems: Iterable[str]) -> tuple[str, ...]:
        """One for each of `systems` that is weaker than before, each once."""
        return tuple(sorted({self._root(id) for id in systems if id in self._through}))

    def _root(self, system: str) -> str:
        while (through := self._through[system]) is not None:
            system = through
        return path_to(self._members, path_to(self._broken, system)[0])[0]


def _weakened(needs: Needs, systems: Iterable[str]) -> Mapping[str, str | None]:
    """`systems` and all that need one of them, directly or not, to work; each with the one that it needs (None)."""
    found: dict[str, str | None] = dict.fromkeys(sorted(systems))
    queue = list(found)
    for system in queue:
        for user in needs.users.get(system, ()):
            if user.system not in found and needs.of[user.system][user.group].reason in BREAKS:
                found[user.system] = system
                queue.append(user.system)
    return found


def _level(
    inventory: Inventory,
    service: Service,
    before: Collection[str],
    dead: Collection[str],
    weak: Collection[str],
    behind: _Behind,
) -> ServiceLevel:
    customers = customers_of_service(inventory, service)
    required = sorted({id for requirement in service.requires for id in requirement.alternatives})
    if _is_unmet(service, dead):
        lost = [id for id in required if id in dead]
        already = _is_unmet(service, before)
        because = () if already else behind.of(id for id in lost if id not in before)
        return ServiceLevel(service.id, Level.DOWN, already, customers, tuple(lost), because)
    lost = [id for id in required if id in weak]
    because = behind.of(lost)
    level = Level.DEGRADED if lost else Level.UNTOUCHED
    return ServiceLevel(service.id, level, bool(lost) and not because, customers, tuple(lost), because)


def _is_unmet(service: Service, dead: Collection[str]) -> bool:
    return any(
        sum(id not in dead for id in requirement.alternatives) < requirement.at_least
        for requirement in service.requires
    )

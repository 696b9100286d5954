"""What planning stands on: one workspace's needs, selectors, customers and actuators, each worked out once."""

from collections.abc import Mapping
from functools import cached_property

from orchestrator.graph.actuators import Actuators
from orchestrator.graph.needs import Needs, needs_of
from orchestrator.graph.selection import Selection
from orchestrator.graph.serves import customers_of
from orchestrator.model.estate import Estate
from orchestrator.model.terms import EstateState
from orchestrator.model.workspace import Workspace


class Ground:
    """The questions that both actions ask of a workspace."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.inventory = ws.inventory
        self.protocol = ws.protocol
        self.actuators = Actuators(ws)
        self.selection = Selection(ws.inventory, lambda: self.customers)

    @cached_property
    def needs(self) -> Needs:
        """All needs of all systems."""
        return needs_of(self.inventory)

    @cached_property
    def customers(self) -> Mapping[str, tuple[str, ...]]:
        """Whom each system serves."""
        return customers_of(self.inventory, self.needs)

    @cached_property
    def protected(self) -> Mapping[str, str]:
        """The protected systems, with the reason given."""
        systems = self.inventory.systems
        return {id: systems[id].protected or "" for id in sorted(systems) if systems[id].protected is not None}

    def gone(self, estate: Estate) -> frozenset[str]:
        """What the estate believes to be off the network or offline, whoever did it."""
        return frozenset(
            id
            for id, record in estate.systems.items()
            if record.deeds or record.state in {EstateState.OFFLINE, EstateState.ISOLATED}
        )

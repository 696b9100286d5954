"""Which systems a selector means (section 3, *Selectors*): AND inside one argument, OR between arguments.

`owner=customer` is any customer, `customer=ID` whom a system serves, `service=ID` what the service requires
directly, `managed` is `external` or `ssh`. Globs know `*`, `?` and `[...]`; they match the whole word, upper and
lower case told apart, in time linear in the word. On the command line an argument that matches nothing is an error
with a suggestion.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import translate
from functools import lru_cache

from orchestrator.graph.needs import needs_of
from orchestrator.graph.serves import customers_of
from orchestrator.model.errors import UsageError
from orchestrator.model.inventory import INTERNAL, Inventory, System
from orchestrator.model.selector import Selector, Term, parse_selector
from orchestrator.model.workspace import Workspace

Customers = Mapping[str, tuple[str, ...]]


class Selection:
    """Selectors over one inventory; what a term matches is worked out once."""

    def __init__(self, inventory: Inventory, customers: Callable[[], Customers]) -> None:
        """`customers`: called when a selector first asks whom systems serve."""
        self._inventory = inventory
        self._customers = customers
        self._known: dict[Term, frozenset[str]] = {}

    def matching(self, selectors: Iterable[Selector]) -> frozenset[str]:
        """All systems that any of the selectors matches."""
        return frozenset().union(*(self._all_terms(selector) for selector in selectors))

    def asked(self, arguments: Iterable[str]) -> frozenset[str]:
        """The same for arguments of a command line. Raises UsageError for one that is none, or matches nothing."""
        found: set[str] = set()
        for text in arguments:
            try:
                selector = parse_selector(text)
            except ValueError as error:
                raise UsageError(str(error)) from error
            one = self._all_terms(selector)
            if not one:
                raise UsageError(
                    f'"{text}" matches no system.', self._meant(selector) or "All of them: orch status --all"
                )
            found |= one
        return frozenset(found)

    def _all_terms(self, selector: Selector) -> frozenset[str]:
        first, *others = (self._matching(term) for term in selector.terms)
        return first.intersection(*others)

    def _matching(self, term: Term) -> frozenset[str]:
        known = self._known.get(term)
        if known is None:
            known = self._known[term] = frozenset(self._search(term))
        return known

    def _search(self, term: Term) -> Iterable[str]:
        inventory = self._inventory
        if term.key == "id" and not _is_glob(term.glob):
            return (term.glob,) if term.glob in inventory.systems else ()
        fits = _matcher(term.glob)
        if term.key == "service":
            services = (service for id, service in inventory.services.items() if fits(id))
            return (id for one in services for requirement in one.requires for id in requirement.alternatives)
        if term.key == "customer":
            serves = self._customers()
            return (id for id in inventory.systems if any(fits(customer) for customer in serves[id]))
        words = _words_of(inventory, term.key)
        return (id for id, system in inventory.systems.items() if any(fits(word) for word in words(system)))

    def _meant(self, selector: Selector) -> str:
        for term in selector.terms:
            if not self._matching(term):
                near = difflib.get_close_matches(term.glob, sorted(self._choices(term.key)), n=3)
                if near:
                    return f"Did you mean {' or '.join(near)}?"
        return "Each word matches something, but no system matches all of them." if len(selector.terms) > 1 else ""

    def _choices(self, key: str) -> set[str]:
        inventory = self._inventory
        if key == "service":
            return set(inventory.services)
        if key == "customer":
            return set(inventory.customers)
        words = _words_of(inventory, key)
        return {word for system in inventory.systems.values() for word in words(system)}


def select(ws: Workspace, selectors: Iterable[str]) -> tuple[str, ...]:
    """The systems that the arguments of a command line mean, sorted; without any, all systems."""
    arguments = tuple(selectors)
    if not arguments:
        return tuple(sorted(ws.inventory.systems))
    inventory = ws.inventory
    return tuple(sorted(Selection(inventory, lambda: customers_of(inventory, needs_of(inventory))).asked(arguments)))


def _words_of(inventory: Inventory, key: str) -> Callable[[System], Iterable[str]]:
    hosts = inventory.hosts
    if key.startswith("label."):
        name = key.removeprefix("label.")
        return lambda system: (system.labels[name],) if name in system.labels else ()
    readers: Mapping[str, Callable[[System], Iterable[str]]] = {
        "id": lambda system: (system.id,),
        "kind": lambda system: (system.kind,),
        "owner": lambda system: (system.owner,) if system.owner == INTERNAL else (system.owner, "customer"),
        "managed": lambda system: ("external" if system.external else "ssh",),
        "host": lambda system: (ref.id for ref in system.hosts),
        "platform": lambda system: (hosts[ref.id].platform.value for ref in system.hosts),
        "zone": lambda system: (zone.id for ref in system.hosts if (zone := hosts[ref.id].zone) is not None),
    }
    return readers[key]


def _is_glob(text: str) -> bool:
    return any(sign in text for sign in "*?[")


@lru_cache(maxsize=1024)
def _matcher(glob: str) -> Callable[[str], bool]:
    if not _is_glob(glob):
        return lambda word: word == glob
    pattern = re.compile(translate(glob))
    return lambda word: pattern.match(word) is not None

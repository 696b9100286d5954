"""From an overview of the graph to a picture: what each node is called, how it looks, what a pointer on it shows.

A picture says what it shows, of which inventory, as its files were (their digest), and what it leaves out. It bears no
time: equal files give equal pictures.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from orchestrator.graph.folding import Knot, Zones, zones_of
from orchestrator.graph.overview import Fold, Link, Overview
from orchestrator.model.inventory import INTERNAL, Inventory, System
from orchestrator.model.plan import Input
from orchestrator.model.workspace import Workspace
from orchestrator.show.drawing.lettering import middle_cut, text_width
from orchestrator.show.drawing.picture import Arrow, Box, Look, Node, Owner, Picture
from orchestrator.show.layout import count, some
from orchestrator.show.neutral import neutral
from orchestrator.show.words import short_head

NAME, BELOW = 11.0, 8.0
"""Sizes of the letters of a node."""
HEIGHT = 30.0
PORT = 9.0
"""From one arrow at a node's side to the next, where a number stands at each."""
_NAME_MOST, _BELOW_MOST, _TIP_MOST, _NAMED = 34, 44, 110, 12


def compose(
    ws: Workspace, shown: Overview, *, about: Sequence[str], chosen: Collection[str] = (), own_way: Sequence[str] = ()
) -> Picture:
    """The picture of an overview. `about`: what it shows, for the title; `own_way`: what everything needs besides."""
    inventory = ws.inventory
    links = _by_end(shown.links)
    nodes = {
        id: _node(inventory, knot, shown.fold, links.get(id, ([], [])), not set(chosen).isdisjoint(knot.systems))
        for id, knot in shown.knots.items()
    }
    systems = sum(len(knot.systems) for knot in shown.knots.values() if not nodes[knot.id].look.is_zone)
    used = list(shown.knots.values())
    boxes = {} if shown.fold is Fold.ZONE else _boxes(inventory, used, nodes)
    where = f"inventory {neutral(inventory.name)}, as of files {_digest(ws.inputs)}"
    zones = len({knot.zones for knot in used if knot.zones})
    what = f"{count(systems, 'system')} in {count(zones, 'zone')}"
    if shown.fold is not Fold.EVERY:
        what += f", together by {shown.fold.value}"
    return Picture(
        title=middle_cut(about[0], 120),
        about=(*(middle_cut(line, 160) for line in about[1:]), f"{what}; {where}"),
        shows=what,
        notes=_notes(shown, own_way),
        nodes=nodes,
        boxes=boxes,
        arrows=tuple(_arrow(link, nodes, counted=shown.fold is not Fold.EVERY) for link in shown.links),
    )


def _notes(shown: Overview, own_way: Sequence[str]) -> tuple[str, ...]:
    notes = ["An arrow goes from who needs to what is needed: what it points at goes down later and comes up earlier."]
    if any(len(link.reasons) > 1 for link in shown.links):
        notes.append("A need with several reasons is drawn by the first of this list; a pointer on it shows them all.")
    if shown.left_out:
        notes.append(
            f"Not drawn: {count(shown.left_out, 'need')} that another, or one of the whole zone, brings along."
        )
    if own_way:
        notes.append(f"Everything needs {some(list(own_way), 60)} besides (control-path): the operator's own way in.")
    if shown.fold is not Fold.EVERY:
        notes.append("An arrow's number and width say how many needs it stands for; those within a node are not drawn.")
    if shown.lightest:
        notes.append(f"{count(shown.lightest, 'arrow')} left out, each for at most {count(shown.at_most, 'need')}.")
    return tuple(notes)


def _by_end(links: Iterable[Link]) -> dict[str, tuple[list[Link], list[Link]]]:
    """The links that leave a knot, and those that arrive."""
    ends: dict[str, tuple[list[Link], list[Link]]] = {}
    for link in links:
        ends.setdefault(link.of, ([], []))[0].append(link)
        ends.setdefault(link.needed, ([], []))[1].append(link)
    return ends


def _node(inventory: Inventory, knot: Knot, fold: Fold, links: tuple[list[Link], list[Link]], chosen: bool) -> Node:
    systems = [inventory.systems[id] for id in knot.systems]
    first = systems[0]
    if knot.is_zone:
        name = "all of these" if fold is Fold.EVERY else _zone_name(knot.zones)
        kinds = Counter(system.kind for system in systems)
        below = "as a whole" if fold is Fold.KIND else count(len(systems), "system")
        if fold is Fold.ZONE:
            kind, number = kinds.most_common(1)[0]
            below += f": {number} x {middle_cut(kind, 20)}" + (", ..." if len(kinds) > 1 else "")
    elif len(systems) > 1:
        name, below = f"{len(systems)} x {first.kind}", _owners(systems)
    else:
        name = first.id
        below = first.kind if first.owner == INTERNAL else f"{first.kind}, {first.owner}"
    name, below = middle_cut(name, _NAME_MOST), middle_cut(below, _BELOW_MOST)
    tag = knot.is_zone and fold is not Fold.ZONE
    owners = {Owner.INTERNAL if system.owner == INTERNAL else Owner.CUSTOMER for system in systems}
    look = Look(
        owner=owners.pop() if len(owners) == 1 else Owner.SEVERAL,
        external=not tag and any(system.external for system in systems),
        protected=not tag and any(system.protected is not None for system in systems),
        chosen=not tag and chosen,
        is_zone=tag,
    )
    width = max(text_width(name, NAME), text_width(below, BELOW)) + 22
    box = None if fold is Fold.ZONE else f"zone {' '.join(knot.zones)}"
    tip = tuple(middle_cut(line, _TIP_MOST) for line in _tip(inventory, knot, systems, links))
    height = HEIGHT if fold is Fold.EVERY else max(HEIGHT, 10 + PORT * max(map(len, links)))
    return Node(knot.id, name, below, tip, look, box, width, height)


def _owners(systems: Sequence[System]) -> str:
    owners = {system.owner for system in systems}
    if owners == {INTERNAL}:
        return "internal"
    return f"of {next(iter(owners))}" if len(owners) == 1 else f"of {len(owners)} customers"


def _tip(
    inventory: Inventory, knot: Knot, systems: Sequence[System], links: tuple[list[Link], list[Link]]
) -> Iterable[str]:
    """What there is to say of a node, a line each."""
    if len(systems) == 1 and not knot.is_zone:
        system = systems[0]
        owner = "internal" if system.owner == INTERNAL else f"owner {system.owner}"
        customer = inventory.customers.get(system.owner)
        owner += f" ({customer.name})" if customer else ""
        yield f"{system.id}: {system.kind}, {owner}, {_zone_name(knot.zones)}"
        if system.hosts:
            yield f"hosts: {_few([ref.id for ref in system.hosts])}"
        if system.external:
            yield "not managed by orch: a person does it"
        if system.protected is not None:
            yield f"protected: {system.protected}"
        yield f"written in {system.source}"
    else:
        yield f"{count(len(systems), 'system')} in {_zone_name(knot.zones)}: {_few(list(knot.systems))}"
        if knot.within:
            yield f"{count(knot.within, 'need')} among themselves"
    for label, ends in (
        ("needs", [f"{link.needed} ({_why(link)})" for link in links[0]]),
        ("needed by", [f"{link.of} ({_why(link)})" for link in links[1]]),
    ):
        for at, end in enumerate(ends[:_NAMED]):
            yield f"{label if at == 0 else ' ' * len(label)} {end}"
        if len(ends) > _NAMED:
            yield f"{' ' * len(label)} and {len(ends) - _NAMED} more"


def _why(link: Link) -> str:
    first, *others = link.reasons
    why = ", ".join([f"{first} (or another)" if link.choice else str(first), *others])
    return f"{why}, {link.count} times" if link.count > 1 else why


def _arrow(link: Link, nodes: Mapping[str, Node], *, counted: bool) -> Arrow:
    tip = f"{nodes[link.of].name} needs {nodes[link.needed].name}: {_why(link)}"
    return Arrow(link.of, link.needed, link.reasons[0], link.choice, link.count if counted else 0, tip)


def _boxes(inventory: Inventory, knots: Iterable[Knot], nodes: Mapping[str, Node]) -> dict[str, Box]:
    all_there = Counter(zones_of(inventory, system) for system in inventory.systems.values())
    drawn: Counter[str] = Counter()
    zones: dict[str, Zones] = {}
    for knot in knots:
        box = nodes[knot.id].box
        if box is not None:
            zones[box] = knot.zones
            drawn[box] += 0 if nodes[knot.id].look.is_zone else len(knot.systems)
    found = {}
    for id, where in sorted(zones.items()):
        some_of = f"{drawn[id]:,} of " if drawn[id] < all_there[where] else ""
        found[id] = Box(id, middle_cut(_zone_name(where), _NAME_MOST), some_of + count(all_there[where], "system"))
    return found


def _zone_name(zones: Sequence[str]) -> str:
    return " + ".join(zones) if zones else "in no zone"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _digest(inputs: Sequence[Input]) -> str:
    """One short digest of all files that were read."""
    whole = "".join(f"{each.path}\0{each.sha256}\n" for each in inputs)
    return short_head(hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest())

"""`orch impact`: who is hit if some systems go down, and how, in one screen.

The customers and services in the first line; what is protected before the rest; then services, in the operator's
English, those that fail the same customers together; then customers, those hit alike in one row, with the names of
their services in their own language. `every` gives each customer a paragraph of their own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from orchestrator.graph.what_if import CustomerLevel, Impact, Level, ServiceLevel
from orchestrator.model.inventory import Inventory
from orchestrator.show import words
from orchestrator.show.affected import affected_text
from orchestrator.show.layout import BLANK, Cell, Column, Line, count, para, some, table
from orchestrator.show.next_steps import next_lines
from orchestrator.show.service_names import name_in
from orchestrator.show.theme import BAD, DOUBT, STRONG

LABEL = 12
ROWS = 12
WARNED = 3
WIDE = 120


def impact_lines(
    inventory: Inventory,
    impact: Impact,
    asked: Sequence[str],
    width: int,
    *,
    every: bool = False,
    then: Sequence[str] = (),
) -> list[Line]:
    """The page. `asked`: the selection as it was typed; `then`: what to type next."""
    hit = [one for one in impact.customers if one.is_hit]
    services = [one for one in impact.services if one.is_hit]
    lines = para("", _headline(inventory, impact, asked, len(hit), services), width, style=STRONG)
    lines += para("", f"Nothing was touched. {_systems_text(impact)}", width)
    lines += [BLANK, *_protected(inventory, impact, width)] if _of_protected(inventory, impact) else []
    services_and_systems = [*_services(inventory, impact, width), *_systems(impact, width)]
    lines += [BLANK, *services_and_systems] if services_and_systems else []
    if hit:
        page = _each(inventory, hit, width) if every else _alike(inventory, hit, width)
        lines += [BLANK, *page]
    if others := [one.customer for one in impact.customers if not one.is_hit]:
        said = others if every else [some(others, width - LABEL - 14)]
        text = f"{count(len(others), 'customer')}: {', '.join(said)}"
        lines += para("Not hit", text, width, indent=LABEL, label_style=STRONG)
    return [*lines, BLANK, *next_lines(then, width)] if then else lines


def _headline(
    inventory: Inventory, impact: Impact, asked: Sequence[str], hit: int, services: Sequence[ServiceLevel]
) -> str:
    levels = Counter(one.level for one in services)
    said = [f"{levels[level]} {level.value}" for level in (Level.DOWN, Level.DEGRADED) if levels[level]]
    of = f"{hit} of {count(len(inventory.customers), 'customer')} hit"
    if not hit and not said:
        return f"IMPACT of {' '.join(asked)}: no customer would notice"
    what = f"{', '.join(said)} of {count(len(impact.services), 'service')}" if said else "no service"
    return f"IMPACT of {' '.join(asked)}: {of}; {what}"


def _systems_text(impact: Impact) -> str:
    along = sum(joined is not None for joined in impact.members.values())
    text = f"{count(len(impact.members), 'system')} would be offline"
    text += (
        f": {len(impact.members) - along:,} asked for, {along:,} that {'comes' if along == 1 else 'come'} along"
        if along
        else ""
    )
    if impact.cut_off:
        they = "it requires" if len(impact.cut_off) == 1 else "they require"
        text += f"; {len(impact.cut_off):,} more would stay up without something {they}"
    already = len(impact.already)
    text += f". {already} of them {'is' if already == 1 else 'are'} offline already" if already else ""
    return f"{text}."


def _of_protected(inventory: Inventory, impact: Impact) -> list[str]:
    """The protected systems that would be offline, those asked for first."""
    found = [id for id in impact.members if inventory.systems[id].protected is not None]
    return sorted(found, key=lambda id: (impact.members[id] is not None, id))


def _protected(inventory: Inventory, impact: Impact, width: int) -> list[Line]:
    found = _of_protected(inventory, impact)
    lines: list[Line] = []
    for id in found[:WARNED]:
        along = " and would come along" if impact.members[id] is not None else ""
        text = f"{id} is protected ({inventory.systems[id].protected}){along}: no plan takes it down."
        lines += para("! ", text, width, label_style=DOUBT)
    if len(found) > WARNED:
        lines += para("! ", f"{len(found) - WARNED} more are protected; --json has them all.", width, label_style=DOUBT)
    return lines


def _services(inventory: Inventory, impact: Impact, width: int) -> list[Line]:
    lines: list[Line] = []
    for label, style, services in (
        ("Down", BAD, [one for one in impact.services if one.is_hit and one.level is Level.DOWN]),
        ("Degraded", DOUBT, [one for one in impact.services if one.is_hit and one.level is Level.DEGRADED]),
        ("Already", STRONG, [one for one in impact.services if one.already]),
    ):
        named = [(words.service_name(inventory.services[one.service].names, one.service), one) for one in services]
        if label == "Already":
            tally = Counter(one.level for one in services)
            text = words.numbered((tally[level], level.value) for level in (Level.DOWN, Level.DEGRADED))
            shown = some([name for name, _ in named], width)
            text += f" before this, by what is offline now (counted below too): {shown}"
        else:
            text = affected_text(((name, one.customers) for name, one in named), len(inventory.customers))
        if services:
            lines += para(label, text, width, indent=LABEL, label_style=style)
    return lines


def _systems(impact: Impact, width: int) -> list[Line]:
    lines: list[Line] = []
    along = sorted(id for id, joined in impact.members.items() if joined is not None)
    for label, systems in (("Come along", along), ("Left alone", impact.cut_off)):
        if systems:
            lines += para(label, some(systems, width - LABEL), width, indent=LABEL, label_style=STRONG)
    return lines


# --- customers


_Alike = tuple[tuple[str, ...], int, tuple[str, ...], int, int]
"""Names of what is down and shared with others, how much of their own is; degraded likewise; untouched."""


def _alike(inventory: Inventory, hit: Sequence[CustomerLevel], width: int) -> list[Line]:
    """Customers hit alike in one row, those with the most services down first."""
    groups: dict[_Alike, list[CustomerLevel]] = {}
    for one in hit:
        groups.setdefault(_likeness(inventory, one), []).append(one)
    ordered = sorted(groups.items(), key=lambda group: (-_down(group[1][0]), -len(group[1]), group[1][0].customer))
    wide = width >= WIDE
    columns = [
        Column("customers hit", least=17, greed=2, noun="customers"),
        Column("down", right=True),
        Column("degraded", right=True),
        Column("untouched", right=True),
        *([Column("their systems down", least=12, greed=1, noun="systems")] if wide else []),
        Column("in their language", least=20, greed=4, noun="services"),
    ]
    cells: list[list[Cell]] = []
    for _, group in ordered[:ROWS]:
        own_systems = list(dict.fromkeys(id for one in group for id in one.systems))
        cells.append(
            [
                [one.customer for one in group],
                *(str(len(group[0].at(level))) for level in Level),
                *([own_systems or "-"] if wide else []),
                _names(inventory, group, Level.DOWN) or _names(inventory, group, Level.DEGRADED) or "only systems",
            ]
        )
    lines = table(columns, cells, width)
    if len(ordered) > ROWS:
        rest = sum(len(group) for _, group in ordered[ROWS:])
        lines += para(" ... ", f"and {count(rest, 'more customer')} hit; --all shows every one", width)
    return lines


def _likeness(inventory: Inventory, one: CustomerLevel) -> _Alike:
    down, own_down = _shared(inventory, one, Level.DOWN)
    degraded, own_degraded = _shared(inventory, one, Level.DEGRADED)
    return tuple(down), own_down, tuple(degraded), own_degraded, len(one.at(Level.UNTOUCHED))


def _shared(inventory: Inventory, one: CustomerLevel, level: Level) -> tuple[list[str], int]:
    """The names of a customer's services that others have too, and how many they have of their own."""
    services = one.at(level)
    shared = [_name(inventory, one.customer, each) for each in services if len(each.customers) > 1]
    return shared, len(services) - len(shared)


def _down(one: CustomerLevel) -> int:
    return len(one.at(Level.DOWN))


def _names(inventory: Inventory, group: Sequence[CustomerLevel], level: Level) -> list[str]:
    """The services of customers hit alike; where there are several, what each has of their own is only counted."""
    first = group[0]
    if len(group) == 1:
        return [_name(inventory, first.customer, each) for each in first.at(level)]
    shared, own = _shared(inventory, first, level)
    return [*shared, *([f"{own} of their own"] if own else [])]


def _name(inventory: Inventory, customer: str, one: ServiceLevel) -> str:
    names: Mapping[str, str] = inventory.services[one.service].names
    return name_in(names, inventory.customers[customer].language, one.service)


def _each(inventory: Inventory, hit: Sequence[CustomerLevel], width: int) -> list[Line]:
    lines: list[Line] = []
    for one in sorted(hit, key=lambda one: (-_down(one), one.customer)):
        customer = inventory.customers[one.customer]
        lines += para(one.customer, f"  {customer.name} ({customer.language})", width, label_style=STRONG)
        for level, style in ((Level.DOWN, BAD), (Level.DEGRADED, DOUBT), (Level.UNTOUCHED, "")):
            names = [
                f"{_name(inventory, one.customer, each)}{' (already)' if each.already else ''}"
                for each in one.at(level)
            ]
            if names:
                lines += para(f"  {level.value}", ", ".join(names), width, indent=LABEL, label_style=style)
        if one.systems:
            lines += para("  offline", ", ".join(one.systems), width, indent=LABEL)
    return lines

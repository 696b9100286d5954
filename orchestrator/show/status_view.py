"""The estate: what is known of every system across all runs, the doubtful first.

Counts, then who notices now, then the systems that are not simply online, worst first, each with since when, by which
run and what was done to it; last the runs that are still open and what they hold.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.model.estate import Estate, OpenRun, SystemRecord
from orchestrator.model.inventory import Inventory
from orchestrator.model.terms import EstateState
from orchestrator.plan.phrases import names
from orchestrator.show import words
from orchestrator.show.affected import affected_text
from orchestrator.show.layout import BLANK, Cell, Column, Line, count, para, table
from orchestrator.show.next_steps import next_lines, short_run
from orchestrator.show.theme import DOUBT, ESTATE_STYLE, STRONG

LABEL = 12
DOUBTS = 5
WIDE = 120
ORDER = (EstateState.UNKNOWN, EstateState.OFFLINE, EstateState.ISOLATED, EstateState.ONLINE)


@dataclass(frozen=True, slots=True)
class Hit:
    """A service that does not work now, the customers it fails, and which of the systems it needs are not online."""

    service: str
    customers: tuple[str, ...]
    because: tuple[str, ...]


def status_lines(
    inventory: Inventory,
    estate: Estate,
    systems: Sequence[str],
    hits: Sequence[Hit],
    width: int,
    *,
    every: bool,
    place: str = "",
) -> list[Line]:
    """The page. `systems` are those asked about; `every` lists the online ones too."""
    records = {system: estate.record(system) for system in systems}
    counts = Counter(record.state for record in records.values())
    said = ", ".join(f"{counts[state]} {state.value}" for state in ORDER if counts[state])
    lines = para("", f"{count(len(systems), 'system')}: {said or 'none'}", width, style=STRONG)
    lines += [*_hits(inventory, hits, width), *_doubts(records, width)]
    shown = [s for state in ORDER for s in systems if records[s].state is state and (every or _tells(records[s]))]
    if shown:
        listed = _table(inventory, records, shown, width) if every else _together(records, shown, width)
        lines += [BLANK, *listed]
    gone = sorted(set(estate.systems) - set(inventory.systems))
    if gone:
        text = f"{', '.join(gone)}: known from earlier runs, but no longer in the inventory"
        lines += para("! ", text, width, label_style=DOUBT)
    lines += _open_runs(estate.open_runs, width)
    return [*lines, BLANK, *next_lines(_next(estate, counts), width, place)]


def _tells(record: SystemRecord) -> bool:
    return record.state is not EstateState.ONLINE or bool(record.deeds)


def _hits(inventory: Inventory, hits: Sequence[Hit], width: int) -> list[Line]:
    services = [(words.service_name(inventory.services[h.service].names, h.service), h.customers) for h in hits]
    text = affected_text(services, len(inventory.customers)) or "no service that a customer notices"
    return para("Affected", text, width, indent=LABEL, label_style=STRONG)


def _doubts(records: Mapping[str, SystemRecord], width: int) -> list[Line]:
    """Why something is unknown, those with the same reason together, the most first."""
    reasons: dict[str, list[str]] = {}
    for system, record in records.items():
        if record.state is EstateState.UNKNOWN:
            reasons.setdefault(record.why or "nobody knows why", []).append(system)
    ordered = sorted(reasons.items(), key=lambda one: -len(one[1]))
    lines: list[Line] = []
    for why, systems in ordered[:DOUBTS]:
        lines += para("Unknown", f"{names(systems)}: {why}", width, indent=LABEL, label_style=DOUBT)
    if rest := sum(len(systems) for _, systems in ordered[DOUBTS:]):
        lines += para("", f"and {rest} more for other reasons; --json has them all", width, indent=LABEL)
    return lines


def _table(inventory: Inventory, records: Mapping[str, SystemRecord], shown: Sequence[str], width: int) -> list[Line]:
    wide = width >= WIDE
    columns = [
        Column("system", least=16, greed=2),
        Column("state", most=9),
        Column("what was done", least=12, greed=1),
        *([Column("kind", most=24), Column("owner", most=20)] if wide else []),
        Column("since (UTC)", most=16),
        Column("by run", most=40),
        *([Column("why", least=10, greed=4)] if wide else []),
    ]
    runs = {record.last_run for record in records.values() if record.last_run}
    cells: list[list[Cell]] = []
    for system in shown:
        record = records[system]
        known = inventory.systems.get(system)
        owner: list[Cell] = [known.kind if known else "-", known.owner if known else "-"] if wide else []
        why: list[Cell] = [record.why] if wide else []
        state: Cell = (record.state.value, ESTATE_STYLE[record.state])
        run = short_run(record.last_run, runs) if record.last_run else "-"
        cells.append([system, state, _deeds(record), *owner, words.moment(record.last_at or "") or "-", run, *why])
    return table(columns, cells, width)


def _together(records: Mapping[str, SystemRecord], shown: Sequence[str], width: int) -> list[Line]:
    """All that is alike in one paragraph, every system by name."""
    groups: dict[tuple[EstateState, str, str], list[str]] = {}
    for system in shown:
        record = records[system]
        groups.setdefault((record.state, _deeds(record), record.last_run or ""), []).append(system)
    runs = {record.last_run for record in records.values() if record.last_run}
    lines: list[Line] = []
    for (state, deeds, run), systems in groups.items():
        times = sorted(filter(None, (records[system].last_at for system in systems)))
        since = f", since {words.moment(times[0])} UTC" if times else ""
        by = f", by {short_run(run, runs)}" if run else ""
        text = f"{count(len(systems), 'system')}: {deeds}{by}{since}"
        lines += para(f" {state.value}", text, width, indent=LABEL, label_style=ESTATE_STYLE[state])
        lines += para("", ", ".join(systems), width, indent=LABEL)
    return lines


def _deeds(record: SystemRecord) -> str:
    """`isolate + poweroff`; `stop (not all of it)`; `found so`."""
    if record.found_offline and not record.deeds:
        return "found so"
    return " + ".join(f"{deed.mode.value}{'' if deed.complete else ' (not all of it)'}" for deed in record.deeds) or "-"


def _open_runs(runs: Sequence[OpenRun], width: int) -> list[Line]:
    lines: list[Line] = []
    for run in runs:
        held = names(sorted(run.holds)) or "nothing"
        lines += para("Open run", f"{run.run} holds {held}", width, indent=LABEL, label_style=DOUBT)
    return [BLANK, *lines] if lines else []


def _next(estate: Estate, counts: Counter[EstateState]) -> list[str]:
    if estate.open_runs:
        run = estate.open_runs[-1].run
        return [f"orch show {run}", f"orch resume {run}"]
    if counts[EstateState.OFFLINE] + counts[EstateState.ISOLATED]:
        return ["orch restore --dry-run", "orch runs"]
    return ["orch shutdown --dry-run"]

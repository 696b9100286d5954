"""`orch explain`: one question, one answer. Where a system stands in a plan and why; or what lies between two.

The first line answers; then the reasons, each with the place where it is written. Needs that are written in one place
stand together in one line, a long list keeps the nearest and is counted (`every` shows all).
"""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from orchestrator.graph.explain import Absence, Explanation, Relation
from orchestrator.graph.loops import WAYS
from orchestrator.graph.needs import phrase
from orchestrator.graph.plan_waits import Hop, Rule
from orchestrator.model.estate import SystemRecord
from orchestrator.model.plan import NO_HOST, Plan
from orchestrator.model.terms import Action, EstateState, Reason
from orchestrator.show import words
from orchestrator.show.layout import BLANK, Cell, Column, Line, count, line, para, table
from orchestrator.show.next_steps import next_lines
from orchestrator.show.path_view import GOES, hop_lines, said_of, shared_folder, within
from orchestrator.show.theme import DOUBT, QUIET, STRONG

LABEL = 14
ONLINE = SystemRecord()
ROWS = 6
CHAIN = 9


def explanation_lines(
    plan: Plan,
    one: Explanation,
    width: int,
    *,
    record: SystemRecord = ONLINE,
    every: bool = False,
    then: Sequence[str] = (),
) -> list[Line]:
    """A system of a plan. `record`: what is known of it; `then`: what to type next."""
    task, goes = one.task, GOES[one.action]
    where = ", ".join(host for host in task.hosts if host != NO_HOST)
    on = f" on {where}" if where else ""
    head = f"{task.id} {goes} in stage {task.stage} of {one.stages}: {words.how(task)}, {task.kind}{on}"
    lines = para("", head, width, style=STRONG)
    sources = [hop.source for hop in (*one.after, *one.before, *one.along)]
    shared = shared_folder(sources) if max(map(cell_len, sources), default=0) > width // 3 else ""
    if one.action is Action.SHUTDOWN and record.state is not EstateState.ONLINE:
        lines += para("Now", _believed(record), width, indent=LABEL, style=DOUBT)
    lines += _in_the_plan(plan, one, width, shared)
    lines += _longest(one, width)
    after, before = _text_of_rules(one.held_by, "earlier"), _text_of_rules((one.holds,) if one.holds else (), "later")
    lines += [BLANK, *_needs("after", one.action, one.after, after, task.id, width, shared, every=every)]
    lines += [BLANK, *_needs("before", one.action, one.before, before, task.id, width, shared, every=every)]
    lines += said_of(shared, width)
    return [*lines, BLANK, *next_lines(then, width)] if then else lines


def _believed(record: SystemRecord) -> str:
    since = f", since {words.moment(record.last_at)} UTC" if record.last_at else ""
    by = f", by {record.last_run}" if record.last_run else ""
    return f"believed {record.state} already{since}{by}: it is asked anew, and left as it is if it is as wanted"


def absence_lines(
    plan: Plan, one: Absence, path: Sequence[Hop], record: SystemRecord, width: int, *, then: Sequence[str] = ()
) -> list[Line]:
    """A system that is not in a plan. `path`: what keeps it up, hop by hop; `record`: what is known of it."""
    text = f"{one.system} is not in the plan: {absence_text(plan, one, record)}"
    lines = [*para("", text, width, style=STRONG), *hop_lines(path, plan.action, width)]
    return [*lines, BLANK, *next_lines(then, width)] if then else lines


def absence_text(plan: Plan, one: Absence, record: SystemRecord) -> str:
    """Why a system is not in a plan."""
    if one.left_out is not None:
        return one.left_out.why
    if one.left_online:
        return "it stays online, though what it needs goes: --only and an isolation take along nobody for that."
    if plan.action is Action.SHUTDOWN:
        return "it was not asked for, and keeps all that it needs to stay up."
    if not record.deeds:
        return f"orch did not take it offline (it is believed {record.state}), so there is nothing to undo."
    return "it was not asked for, and nothing that comes back needs it."


def relation_lines(
    names: tuple[str, str],
    plan: Plan,
    relation: Relation,
    width: int,
    *,
    back: Relation | None = None,
    same_back: bool = False,
    no_back: str = "",
    apart: str | None = None,
) -> list[Line]:
    """What orders two systems of a plan. Of a shutdown also the way back: `back` the relation there (of what comes
    back), `same_back` where the same path orders it, `no_back` why there is none. `apart`: a limit, as a zone or ""."""
    one, other = names
    action = plan.action
    if relation.place is None:
        lines = _unordered(names, action, back, width, apart)
    else:
        text = f"{one} {GOES[action]} {relation.place} {other}"
        if same_back:
            turned = {"after": "before", "before": "after"}[relation.place]
            text += f", and comes back {turned} it"
        lines = [*para("", f"{text}{_by_rule(relation.path)}:", width, style=STRONG)]
        lines += hop_lines(relation.path, action, width)
    if back is not None and not same_back:
        lines += _way_back(names, relation, back, width)
    for at, piece in enumerate(no_back.split("\n") if no_back else ()):  # a loop has several lines
        lines += para("On the way back: " if at == 0 else "", piece, width, indent=0)
    if relation.place is not None and (same_back or back is None or back.place is not None):
        lines += [line("They never run at once.")]
    return lines


def _by_rule(path: Sequence[Hop]) -> str:
    rules = sum(hop.reason is Reason.PROTOCOL for hop in path)
    if rules == len(path):
        return ", by the protocol's order rule alone"
    return ", by needs and the protocol's order rule" if rules else ""


def _unordered(
    names: tuple[str, str], action: Action, back: Relation | None, width: int, apart: str | None
) -> list[Line]:
    one, other = names
    both_ways = back is not None and back.place is None
    when = "" if both_ways or back is None else f" {WAYS[action]}"
    if apart is None:
        may = "they may run at once"
    elif apart:
        may = f"either may go first, but not at once, as zone {apart} takes one task at a time"
    else:
        may = "either may go first, but not at once, as the protocol's limit is one task at a time"
    way = ", down and back" if both_ways else ""
    return para("", f"No path between {one} and {other}{when}: {may}{way}.", width, style=STRONG)


def _way_back(names: tuple[str, str], down: Relation, back: Relation, width: int) -> list[Line]:
    one, other = names
    if back.place is None:
        if down.place is None:
            return []
        return para("", "On the way back no path is between them: they may come back at once.", width)
    reversed_ = {down.place, back.place} == {"after", "before"}
    but = "" if reversed_ or down.place is None else " too"
    text = f"On the way back {one} comes back {back.place} {other}{but}{_by_rule(back.path)}:"
    return [*para("", text, width, style=STRONG), *hop_lines(back.path, Action.RESTORE, width)]


def _in_the_plan(plan: Plan, one: Explanation, width: int, shared: str) -> list[Line]:
    if one.along:
        root = one.along[-1].other if one.action is Action.SHUTDOWN else one.along[-1].system
        text = f"comes along because of {root}:"
        hops = hop_lines(one.along, one.action, width, shared=shared)
        return [*para("In the plan", text, width, indent=LABEL), *hops]
    return para("In the plan", words.asked_for(plan), width, indent=LABEL)


def _longest(one: Explanation, width: int) -> list[Line]:
    takes = f"it takes about {words.about(one.task.estimate_s)} itself"
    if not one.chain:
        return para("Waits longest", f"it waits for nothing; {takes}", width, indent=LABEL)
    said = [f"{task} {words.about(seconds)}" for task, seconds in one.chain]
    text = f"{words.chain(said, CHAIN)}: begins after about {words.about(one.starts_s)}; {takes}"
    return para("Waits longest", text, width, indent=LABEL)


def _text_of_rules(rules: Iterable[Rule], which: str) -> list[str]:
    return [
        f"{count(rule.systems, 'system')} of {which} groups, by the order rule {rule.barrier} ({rule.source})"
        for rule in rules
    ]


def _needs(
    place: str,
    action: Action,
    hops: Sequence[Hop],
    rules: Sequence[str],
    system: str,
    width: int,
    shared: str,
    *,
    every: bool,
) -> list[Line]:
    """What goes before or after a system: what is written in one place in one line, the nearest first."""
    label = f"{GOES[action]} {place}"
    others = {hop.other if hop.system == system else hop.system for hop in hops}
    if not others and not rules:
        return para("", f"{label} nothing else", width, style=STRONG)
    they = "needs" if len(others) == 1 else "need"
    which = "that it needs" if any(hop.system == system for hop in hops) else f"that {they} it"
    said = f" {count(len(others), 'system')} {which}" if others else ""
    lines = para("", f"{label}{said}:", width, style=STRONG)
    rows: dict[tuple[str, str], list[str]] = {}
    for hop in hops:
        needer = hop.system == system
        says = f"it {phrase(hop.reason, action)}" if needer else f"{phrase(hop.reason, action)} it"
        source = within(shared, hop.source)
        key = (says, source) if not every else (says, f"{source}\0{len(rows)}")
        rows.setdefault(key, []).append(hop.other if needer else hop.system)
    cells: list[list[Cell]] = [[who, says, (source.partition("\0")[0], QUIET)] for (says, source), who in rows.items()]
    shown = cells if every or len(cells) <= ROWS + 1 else cells[:ROWS]
    columns = [
        Column("who", least=14, greed=3, noun="systems"),
        Column("says"),
        Column("place", most=200),
    ]
    lines += table(columns, shown, width, indent=4, head=False)
    if left := [who for row in list(rows.values())[len(shown) :] for who in row]:
        lines += para("    ", f"and {count(len(set(left)), 'more system')}; --all shows every one", width)
    for rule in rules:
        lines += para("    ", rule, width)
    return lines

"""One task of a plan, whole: what and why, where, after whom and before whom, by whose consent, and every command.

The page answers in the order in which one asks: what is done, why this system at all, on which hosts and by which way,
what it waits for and why, who waits for it, who must agree, what becomes of the rest if it fails, and then each command
exactly as it is sent (`plan_commands`), from the first probe to the last check.
"""

from rich.cells import cell_len

from orchestrator.graph.plan_waits import PlanWaits
from orchestrator.model.plan import NO_HOST, Plan, PlanGate, PlanTask
from orchestrator.model.terms import Action, OnFailure
from orchestrator.plan.diff_commands import parts_of
from orchestrator.plan.gates import gate_name
from orchestrator.plan.phrases import names
from orchestrator.show import words
from orchestrator.show.layout import BLANK, Line, count, line, para
from orchestrator.show.neutral import neutral
from orchestrator.show.plan_commands import task_commands
from orchestrator.show.theme import BAD, QUIET, STRONG

LABEL = 12
NAMED = 8
MOST_NEEDS = 12
"""So many rows of needs stand on the page; the rest is counted, and `--all` shows them."""


def task_lines(waits: PlanWaits, task: PlanTask, width: int, *, every: bool = False) -> list[Line]:
    """The page of one task of a plan. `every`: all its needs, however many."""
    plan = waits.plan
    what = words.how(task) if plan.action is Action.SHUTDOWN or task.is_manual else f"restore, {words.how(task)}"
    head = f": {what}, stage {task.stage} of {_stages(plan)}, about {words.about(task.estimate_s)}"
    lines = para("", f"{task.id}{head}; {task.kind}, owner {task.owner}", width, style=STRONG)
    lines += _labelled("In the plan", _why(plan, task), width)
    if task.customers:
        lines += _labelled("Serves", f"{count(len(task.customers), 'customer')}: {names(task.customers, 4)}", width)
    lines += _hosts(plan, task, width)
    lines += _waits_for(waits, task, width, every=every)
    lines += _labelled("Holds back", _waited_for(waits, task), width)
    lines += _consent(plan, task, width)
    lines += _labelled("If it fails", _failure(plan, task), width)
    if plan.action is Action.SHUTDOWN and task.evidence:
        lines += _labelled("Evidence", _evidence(plan), width)
    return [*lines, BLANK, *task_commands(plan, task, width, indent=1)]


def _labelled(label: str, text: str, width: int) -> list[Line]:
    return para(label, text, width, indent=LABEL, label_style=STRONG)


def _stages(plan: Plan) -> int:
    return max(task.stage for task in plan.tasks)


def _why(plan: Plan, task: PlanTask) -> str:
    if task.came_along is not None:
        return f"comes along because of {task.came_along.of} ({task.came_along.reason})"
    return words.asked_for(plan)


def _hosts(plan: Plan, task: PlanTask, width: int) -> list[Line]:
    """Each host with its address, the ways to it, and its pins: the task's own, then others that it acts on."""
    own = [id for id in task.hosts if id != NO_HOST]
    acting = {item.acting for _, items in parts_of(task) for item in items}
    others = sorted(acting - {*own, NO_HOST})
    lines = [] if own else _labelled("Hosts", "none that orch logs in to", width)
    for label, ids in (("Hosts", own), ("Acts on", others)):
        for at, id in enumerate(ids):
            lines += _labelled(label if at == 0 else "", _host(plan, id), width)
            lines += _keys(plan, id, width)
        if len(ids) > 1 and ids is own:
            how = "on one host after the other" if task.serial else "on all hosts at once"
            lines += para("", f"each step {how}", width, indent=LABEL, style=QUIET)
    return lines


def _keys(plan: Plan, id: str, width: int) -> list[Line]:
    host = plan.hosts.get(id)
    if host is None:
        return []
    if not host.keys:
        return para("", "! no key of it is pinned in known_hosts: it will be refused", width, indent=LABEL, style=BAD)
    return [each for key in host.keys for each in para("", f"key {key}", width, indent=LABEL, style=QUIET)]


def _host(plan: Plan, id: str) -> str:
    host = plan.hosts.get(id)
    if host is None:
        return f"{id} (it does not stand in the plan)"
    zone = f", zone {host.zone}" if host.zone else ""
    receipts = "" if host.receipts else ", without receipts"
    ways = " or ".join(" > ".join(_place(plan, gateway) for gateway in chain) for chain in host.via)
    way = f"through {ways}" if ways else "directly"
    return f"{id} {host.address}:{host.port} as {host.user}, {host.platform}{zone}{receipts}, {way}"


def _place(plan: Plan, gateway: str) -> str:
    host = plan.hosts.get(gateway)
    return f"{gateway} ({host.address})" if host else gateway


def _waits_for(waits: PlanWaits, task: PlanTask, width: int, *, every: bool) -> list[Line]:
    """Each need with its reason and the place where it is written, nearest first; a barrier with what is before it."""
    if not task.needs:
        return _labelled("Waits for", "nothing", width)
    needs = sorted(waits.needs_of(task.id), key=lambda need: (-waits.stage(need), need.task or "", need.reason))
    shown = needs if every else needs[:MOST_NEEDS]
    what = [count(len(needs), "need")] if needs else []
    barriers = {need.barrier: need for need in task.needs if need.barrier}
    what += [count(len(barriers), "barrier")] if barriers else []
    lines = _labelled("Waits for", f"{' and '.join(what)} (stage, system, why, where written)", width)
    widest = max((len(need.task or "") for need in shown), default=0)
    reasons = max((len(need.reason) for need in shown), default=0)
    for need in shown:
        head = f"{waits.stage(need):6}  {(need.task or '').ljust(widest)}  {need.reason.ljust(reasons)}  "
        lines += _beside(head, need.source, width)
    if left := len(needs) - len(shown):
        lines += para("        ", f"and {count(left, 'more need')} (--all shows them)", width, style=QUIET)
    for barrier in waits.plan.barriers:
        if barrier.id in barriers:
            text = f"all {count(len(barrier.needs), 'task')} before it: {names(barrier.needs, 4)}"
            head = f"        {barrier.id}  {barriers[barrier.id].reason}  {barrier.source}"
            lines += [*_beside("", head, width), *para(" " * 10, text, width)]
    return lines


def _beside(head: str, text: str, width: int) -> list[Line]:
    """`text` after `head` where it fits; else below it, whole: a place in a file is never cut."""
    head, text = neutral(head), neutral(text)
    if cell_len(head) + cell_len(text) <= width:
        return [line(head, text)]
    return [*para("", head.rstrip(), width), *para(" " * 10, text, width)]


def _waited_for(waits: PlanWaits, task: PlanTask) -> str:
    """Who waits for it, in the order of the plan, and behind which barriers."""
    found: dict[str, list[str]] = {}
    for hop in waits.thens(task.id):
        found.setdefault(waits.ends(hop)[0], []).append(hop.reason.value)
    said = [f"{id} ({', '.join(reasons)})" for id, reasons in found.items()]
    said += [f"{rule.barrier} ({count(rule.systems, 'task')} behind it)" for rule in waits.rules_after(task.id)]
    if not said:
        return "nothing waits for it"
    shown = said[:NAMED]
    return ", ".join(shown) + (f" and {len(said) - len(shown)} more" if len(said) > len(shown) else "")


def _consent(plan: Plan, task: PlanTask, width: int) -> list[Line]:
    gates = [gate for gate in plan.gates if gate_name(gate.id, gate.scope) in task.gates]
    if not gates:
        return _labelled("Consent", "no gate holds it", width)
    lines: list[Line] = []
    for at, gate in enumerate(gates):
        lines += _labelled("Consent" if at == 0 else "", _gate(gate), width)
    return lines


def _gate(gate: PlanGate) -> str:
    who = ", ".join(f"{number} {role}" for role, number in gate.approvals.items())
    scope = "" if gate.scope == "all" else f" for {gate.scope}"
    checks = f", checked: {', '.join(gate.checks)}" if gate.checks else ""
    return f"{gate.id}{scope}: {who}{checks}, good for {words.about(gate.valid_s)}"


def _failure(plan: Plan, task: PlanTask) -> str:
    down = plan.action is Action.SHUTDOWN
    rest = "what waits for it waits on, the rest goes on"
    match plan.policy.on_failure:
        case OnFailure.CONTINUE:
            return "what waits for it goes on without it, and the log says so (continue)"
        case OnFailure.FORCE if task.force:
            return (
                f"its {count(len(task.force), 'force command')} run, on hosts that answer; after that, {rest} (force)"
            )
        case OnFailure.FORCE:
            return f"it has no force commands, so {rest} (force)"
        case _:
            forced = "; its force commands run only when a person escalates" if down and task.force else ""
            return f"{rest}{forced} (hold)"


def _evidence(plan: Plan) -> str:
    rule = plan.policy.evidence
    must = "required" if rule.required else "not required"
    past = "it waits for a person" if rule.past == "hold" else "it goes on without"
    return f"{must}; within {words.about(rule.at_most_s)}, after that {past}"

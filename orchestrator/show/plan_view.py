"""A plan for the person who has to say yes: what happens, to whom, in which order, and what should frighten them.

Order of the page (SCREENS): the answer in the first line, how long, what is dangerous, the stages, who notices, what is
left out, whose consent, and last the next command. `--all` shows every system, `--commands` every command exactly.
"""

from collections.abc import Sequence

from orchestrator.model.plan import Plan
from orchestrator.model.terms import Action, OnFailure
from orchestrator.plan.phrases import names
from orchestrator.show import words
from orchestrator.show.affected import affected_text
from orchestrator.show.layout import BLANK, Line, count, line, para
from orchestrator.show.next_steps import next_lines
from orchestrator.show.plan_commands import command_lines
from orchestrator.show.plan_table import stage_table, system_table
from orchestrator.show.theme import BAD, DOUBT, QUIET, STRONG

LABEL = 12
NAMED = 12
"""So many names of a list stand on a page before the rest is counted."""
ERRORS = 8
"""So many errors that a plan goes past stand on a page, before it says where the others are; with `--all` every one."""


def plan_lines(
    plan: Plan, width: int, *, untouched: bool, every_system: bool, commands: bool, then: Sequence[str] = ()
) -> list[Line]:
    """The whole page. `untouched` says that nothing was touched (a dry run); `then` are the next commands."""
    lines = headline(plan, width, untouched=untouched)
    if plan.tasks:
        lines += warnings(plan, width, every=every_system)
        lines += [BLANK, *(system_table(plan, width) if every_system else stage_table(plan, width))]
        if commands:
            lines += [BLANK, *command_lines(plan, width)]
    lines += [BLANK, *whom(plan, width)]
    if then:
        lines += [BLANK, *next_lines(then, width)]
    return lines


def headline(plan: Plan, width: int, *, untouched: bool) -> list[Line]:
    """What the plan does to how many, and how long it takes."""
    if not plan.tasks:
        nothing = (
            f"NOTHING to do: no system is left to {'take down' if plan.action is Action.SHUTDOWN else 'bring back'}."
        )
        return [line((nothing, STRONG)), line("Nothing was touched.")]
    systems, customers = len(plan.tasks), len(plan.impact.customers)
    first = (
        f"{words.VERB[plan.action]} of {count(systems, 'system')} ({words.modes(plan)}) on "
        f"{count(words.hosts(plan), 'host')}, {count(customers, 'customer')}"
    )
    time = f"About {words.about(plan.estimate.seconds)}"
    path = plan.estimate.critical_path
    if len(path) > 1:
        time += f"; the longest chain is {words.about(plan.estimate.critical_path_s)}: {words.chain(path)}"
    lines = para("", first, width, style=STRONG)
    if plan.organisation.startswith("REHEARSAL"):
        lines += para("", f"{plan.organisation}: simulated hosts, nothing real is touched.", width, style=DOUBT)
    return lines + para("", ("Nothing was touched. " if untouched else "") + time, width)


def warnings(plan: Plan, width: int, *, every: bool) -> list[Line]:
    """What must be known before a yes, one paragraph each; the planner wrote them in the order of their weight.

    `every`: also each error that the plan goes past, however many.
    """
    lines: list[Line] = []
    errors = sum(warn.code == "despite-errors" for warn in plan.warnings) - 1  # the first says how many there are
    for at, warn in enumerate(plan.warnings):
        if every or not ERRORS < at <= errors:
            first, *loop = warn.text.split("\n")  # a loop keeps its lines
            lines += para("! ", first, width, label_style=BAD)
            lines += (each for row in loop for each in para("    ", row.strip(), width))
        elif at == errors:
            more = f"... and {errors - ERRORS} more; --all shows every one."
            lines += para("! ", more, width, label_style=BAD)
    return [BLANK, *lines] if lines else []


def whom(plan: Plan, width: int) -> list[Line]:
    """Who notices, what comes along, what stays, and whose consent is needed."""
    label = "Affected" if plan.action is Action.SHUTDOWN else "Comes back"
    lines = para(label, _affected(plan), width, indent=LABEL, label_style=STRONG)
    if along := [f"{t.id} ({t.came_along.reason} {t.came_along.of})" for t in plan.tasks if t.came_along]:
        text = f"{count(len(along), 'system')} nobody selected: {names(along, NAMED)}"
        lines += para("Comes along", text, width, indent=LABEL, label_style=STRONG)
    if plan.impact.dependents_left_online:
        text = f"{names(plan.impact.dependents_left_online, NAMED)}: still up, without something they require"
        lines += para("Left alone", text, width, indent=LABEL, label_style=STRONG)
    if plan.left_out:
        lines += para("Left out", _left_out(plan), width, indent=LABEL, label_style=STRONG)
    if failure := _failure(plan):
        lines += para("If it fails", failure, width, indent=LABEL, label_style=STRONG)
    lines += para("Consent", _consent(plan), width, indent=LABEL, label_style=STRONG)
    made = f"{plan.id}, {words.moment(plan.created_at)} UTC, author {plan.author or '-'}"
    return lines + para("Plan", made, width, indent=LABEL, label_style=STRONG, style=QUIET)


def _affected(plan: Plan) -> str:
    hit = [(words.service_name(s.names, s.id), s.customers) for s in plan.impact.services]
    said = [affected_text(hit, len(plan.impact.customers))] if hit else []
    if rest := [customer.id for customer in plan.impact.customers if not customer.services]:
        said.append(f"systems of {names(rest, NAMED)}, by no service")
    return " · ".join(said) or "no service that a customer notices"


def _left_out(plan: Plan) -> str:
    """`vault-ess (protected: ...); san-ess, dns-ess (vault-ess needs them)`."""
    themselves = [f"{left.system} ({left.why})" for left in plan.left_out if len(left.path) < 2]
    for_others: dict[str, list[str]] = {}
    for left in plan.left_out:
        if len(left.path) >= 2:
            other = left.path[0] if left.path[0] != left.system else left.path[-1]
            for_others.setdefault(other, []).append(left.system)
    needed = [
        f"{names(kept, NAMED)} ({other} needs {'it' if len(kept) == 1 else 'them'})"
        for other, kept in for_others.items()
    ]
    return "; ".join([*themselves, *needed])


def _failure(plan: Plan) -> str:
    """What follows a failure, where that is more than that what waits for it waits on."""
    said = []
    rule = plan.policy.on_failure
    if rule is OnFailure.FORCE and plan.action is Action.SHUTDOWN:
        forced = sum(bool(task.force) for task in plan.tasks)
        said.append(f"force: {forced} of {count(len(plan.tasks), 'task')} have force commands")
    elif rule is OnFailure.CONTINUE:
        said.append("what waits for it goes on without it (continue)")
    limits = [
        f"{count(limit, 'host')} that {what}"
        for limit, what in ((plan.policy.failed_limit, "failed"), (plan.policy.unreachable_limit, "can't be reached"))
        if limit is not None
    ]
    if limits:
        said.append(f"the run pauses at {' or '.join(limits)}")
    return "; ".join(said)


def _consent(plan: Plan) -> str:
    """Gates with who must agree; one entry for a gate that has many scopes."""
    if not plan.gates:
        return "no approval asked for by the protocol; the typed confirmation is the only gate"
    scopes: dict[str, list[str]] = {}
    needed: dict[str, str] = {}
    for gate in plan.gates:
        scopes.setdefault(gate.id, []).append(gate.scope)
        needed[gate.id] = ", ".join(f"{number} {role}" for role, number in gate.approvals.items())
    return " · ".join(
        f"{gate}: {needed[gate]}" + ("" if scopes[gate] == ["all"] else f" each for {names(scopes[gate], 4)}")
        for gate in scopes
    )

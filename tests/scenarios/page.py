"""A plan as one page that an operator can read: the golden of a scenario. No ids, times or digests, no internals.

With commands it has each of them written out; in brackets behind one stands only what is not the default (section 3).
"""

from collections.abc import Iterator

from orchestrator.model.duration import format_duration
from orchestrator.model.errors import FilesError, OrchError, Refused
from orchestrator.model.plan import Plan, PlanCommand, PlanHealth, PlanHost, PlanProbe, PlanStep, PlanTask
from orchestrator.model.terms import OnFailure, Platform


def refusal_page(error: OrchError) -> str:
    """What is said instead of a plan."""
    code = "refused (3)" if isinstance(error, Refused) else "wrong (2)"
    lines = [f"{code}: {error.what}"]
    if isinstance(error, FilesError):
        lines += [str(problem) for problem in error.problems]
    if error.advice:
        lines.append(error.advice)
    return "\n".join(lines) + "\n"


def plan_page(plan: Plan, *, commands: bool) -> str:
    """The plan's page."""
    lines = [f"{plan.summary}; about {format_duration(plan.estimate.seconds)}"]
    if plan.estimate.critical_path:
        lines.append(f"longest chain {format_duration(plan.estimate.critical_path_s)}: ")
        lines[-1] += " > ".join(plan.estimate.critical_path)
    lines += [f"! {warn.text}" for warn in plan.warnings]
    stage = 0
    for task in plan.tasks:
        if task.stage != stage:
            stage = task.stage
            lines += ["", f"stage {stage}"]
        lines += _task(task, commands=commands)
    lines += _after(plan)
    if commands:
        lines += _logins(plan)
    return "\n".join(lines) + "\n"


def _task(task: PlanTask, *, commands: bool) -> Iterator[str]:
    how = task.mode.value if task.mode else "undo " + ", ".join(task.undoes or ())
    where = "" if task.hosts == ("-",) else f" on {', '.join(task.hosts)}"
    along = f"   [comes along: {task.came_along.reason} of {task.came_along.of}]" if task.came_along else ""
    yield f"  {task.id}  {how}{where}{along}"
    for need in task.needs:
        source = need.source.removeprefix("inventories/")
        yield f"      after {need.task or need.barrier}   {need.reason} {source}"
    if task.gates:
        yield f"      gates {', '.join(task.gates)}"
    if commands:
        yield from (f"      {line}" for line in _commands(task))


def _commands(task: PlanTask) -> Iterator[str]:
    probes = {"state": task.probe.state, "isolation": task.probe.isolation, "poweroff": task.probe.poweroff}
    for name, found in probes.items():
        yield from (f"ask {name} {_where(one)}: {_command(one)}{_asked(one)}" for one in found)
    for kept in task.evidence:
        yield f"keep {kept.name} {_where(kept)}: {_command(kept)}{_in_brackets(*_limit(kept.timeout_s, 60))}"
    last = {step.phase: step.id for step in (*task.steps, *task.force)}
    for step in (*task.steps, *task.force):
        words = _step_words(step, is_last=last[step.phase] == step.id)
        yield f"{step.id} {step.name} {_where(step)}: {_step(step)}{_in_brackets(*words)}"
    for check in task.health:
        yield f"health {check.name} {_where(check)}: {_command(check)}{_checked(check)}"


def _step(step: PlanStep) -> str:
    if step.manual is not None:
        return f"BY HAND {step.manual}"
    given = f" < {step.stdin_secret or step.stdin}" if step.stdin_secret or step.stdin else ""
    return _command(step) + given


def _step_words(step: PlanStep, *, is_last: bool) -> Iterator[str]:
    if step.manual is not None:
        return
    yield from _limit(step.timeout_s, 60)
    if step.expect_s != step.timeout_s / 10:
        yield f"usually {format_duration(step.expect_s)}"
    if step.exits != (0,):
        yield f"exit {' or '.join(map(str, step.exits))}"
    if step.continue_on_failure:
        yield "its failure does not stop the next"
    if step.changes_state and not is_last:
        yield "changes the state"
    if step.idempotent:
        yield "idempotent"
    if step.disconnects:
        yield "disconnects"
    if step.leaves is not None:
        yield f"leaves {step.leaves.value}"


def _asked(probe: PlanProbe) -> str:
    within = [] if probe.within_s == 30 else [f"within {format_duration(probe.within_s)}"]
    return _in_brackets(*_limit(probe.timeout_s, 15), *within)


def _checked(check: PlanHealth) -> str:
    usual = {"within": (check.within_s, 120), "every": (check.every_s, 5), "settle": (check.settle_s, 0)}
    words = [f"{word} {format_duration(is_)}" for word, (is_, default) in usual.items() if is_ != default]
    exits = [] if check.exits == (0,) else [f"exit {' or '.join(map(str, check.exits))}"]
    return _in_brackets(*_limit(check.timeout_s, 15), *words, *exits)


def _limit(seconds: int, usual: int) -> Iterator[str]:
    if seconds != usual:
        yield f"at most {format_duration(seconds)}"


def _in_brackets(*words: str) -> str:
    return f"   [{', '.join(words)}]" if words else ""


def _command(one: PlanCommand | PlanStep) -> str:
    said = " ".join(one.argv) if one.argv is not None else f"$ {one.shell}"
    return f"sudo {said}" if one.sudo else said


def _where(one: PlanCommand | PlanStep) -> str:
    return one.host if one.on_host is None else f"{one.host} (on {one.on_host})"


def _after(plan: Plan) -> Iterator[str]:
    rules = [
        "on failure force" if plan.policy.on_failure is OnFailure.FORCE else "",
        f"pauses at {plan.policy.failed_limit} failed hosts" if plan.policy.failed_limit else "",
        f"pauses at {plan.policy.unreachable_limit} unreachable hosts" if plan.policy.unreachable_limit else "",
    ]
    if any(rules):
        yield from ("", *filter(None, rules))
    yield from _held_and_hit(plan)


def _held_and_hit(plan: Plan) -> Iterator[str]:
    if plan.gates:
        yield from ("", "gates")
        for gate in plan.gates:
            need = ", ".join(f"{count} {role}" for role, count in gate.approvals.items())
            yield f"  {gate.id} of {gate.scope}: {need}; holds {', '.join(gate.tasks)}"
    if plan.barriers:
        yield from ("", "barriers")
        for barrier in plan.barriers:
            yield f"  {barrier.id} waits for {', '.join(barrier.needs)}   {barrier.source}"
    if plan.left_out:
        yield from ("", "left out")
        for one in plan.left_out:
            path = f"   {' > '.join(one.path)}" if one.path else ""
            yield f"  {one.system}: {one.why}{path}"
    if plan.impact.dependents_left_online:
        yield from ("", "left online without what they need", f"  {', '.join(plan.impact.dependents_left_online)}")
    if plan.impact.services or plan.impact.customers:
        yield from ("", "hit")
        for service in plan.impact.services:
            yield f"  {service.id} because of {', '.join(service.because)}: {', '.join(service.customers)}"
        for customer in plan.impact.customers:
            untouched = f"; untouched: {', '.join(customer.untouched)}" if customer.untouched else ""
            yield f"  {customer.name}: {', '.join(customer.services) or 'systems only'}{untouched}"
    chains = {id: host.via for id, host in plan.hosts.items() if host.via}
    if chains:
        yield from ("", "ways in")
        for id, via in chains.items():
            yield f"  {id}: {' or '.join(' > '.join(chain) for chain in via)}"


def _logins(plan: Plan) -> Iterator[str]:
    """How hosts are logged in to, where that is not as `orch` at port 22 of the id."""
    special = {id: host for id, host in plan.hosts.items() if not _is_plain(id, host)}
    if special:
        yield from ("", "logins")
        for id, host in special.items():
            words = [*([f"with {host.identity}"] if host.identity else []), *([] if host.receipts else ["no receipts"])]
            yield f"  {id}: {host.user}@{host.address} port {host.port}, {host.platform.value}{_in_brackets(*words)}"


def _is_plain(id: str, host: PlanHost) -> bool:
    plain = (host.user, host.address, host.port, host.identity, host.receipts) == ("orch", id, 22, None, True)
    return plain and host.platform is Platform.LINUX

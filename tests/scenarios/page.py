"""A plan as one page that an operator can read: the golden of a scenario. No ids, times or digests, no internals."""

from collections.abc import Iterator

from orchestrator.model.duration import format_duration
from orchestrator.model.errors import FilesError, OrchError, Refused
from orchestrator.model.plan import Plan, PlanStep, PlanTask


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
        yield from (f"ask {name} {_where(one.host, one.on_host)}: {_said(one.argv, one.shell)}" for one in found)
    for kept in task.evidence:
        yield f"keep {kept.name} {_where(kept.host, kept.on_host)}: {_said(kept.argv, kept.shell)}"
    for step in (*task.steps, *task.force):
        yield f"{step.id} {step.name} {_where(step.host, step.on_host)}: {_step(step)}"
    for check in task.health:
        yield f"health {check.name} {_where(check.host, check.on_host)}: {_said(check.argv, check.shell)}"


def _step(step: PlanStep) -> str:
    if step.manual is not None:
        return f"BY HAND {step.manual}"
    secret = f" < {step.stdin_secret}" if step.stdin_secret else ""
    return ("sudo " if step.sudo else "") + _said(step.argv, step.shell) + secret


def _said(argv: tuple[str, ...] | None, shell: str | None) -> str:
    return f"$ {shell}" if argv is None else " ".join(argv)


def _where(host: str, on_host: str | None) -> str:
    return host if on_host is None else f"{host} (on {on_host})"


def _after(plan: Plan) -> Iterator[str]:
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

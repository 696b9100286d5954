"""Puts a plan together from drafted tasks: order, barriers, gates, hosts, policy, estimate, impact (section 4).

Everything that both actions share is here, so that a plan back looks like a plan down. Nothing depends on the order
in which sets or files happen to be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from orchestrator.graph.impact import hits_of
from orchestrator.model.estate import Estate
from orchestrator.model.plan import (
    NO_HOST,
    CameAlong,
    CustomerImpact,
    Impact,
    Input,
    LeftOut,
    Need,
    Plan,
    PlanTask,
    Request,
    ServiceImpact,
    Warn,
)
from orchestrator.model.terms import Action
from orchestrator.plan.drafts import Draft
from orchestrator.plan.estimate import Job, estimate
from orchestrator.plan.gates import Gates, gates_of
from orchestrator.plan.ground import Ground
from orchestrator.plan.ordering import Ordered, barriers_of, loops_back, ordered
from orchestrator.plan.policy import policy_of
from orchestrator.plan.reach import hosts_of
from orchestrator.plan.summary import summary_of
from orchestrator.plan.warnings import by_weight, warnings_of


@dataclass(frozen=True, slots=True)
class Header:
    """What a plan is given from outside."""

    id: str
    created_at: str
    author: str | None
    request: Request


def assemble(
    ground: Ground,
    estate: Estate,
    header: Header,
    action: Action,
    drafts: Mapping[str, Draft],
    *,
    left_out: Sequence[LeftOut] = (),
    left_online: Sequence[str] = (),
    warnings: Sequence[Warn] = (),
) -> Plan:
    """The plan of `drafts`. `warnings`: those beside what follows from the tasks themselves."""
    protocol, inventory = ground.protocol, ground.inventory
    modes = {id: draft.modes for id, draft in drafts.items()}
    gone = ground.gone(estate) - drafts.keys()
    wrong = frozenset(id for id, draft in drafts.items() if draft.wrong)
    at_console = frozenset(id for id, draft in drafts.items() if draft.at_console)
    order = ordered(ground, action, modes, gone, first=wrong, at_console=at_console)
    gates = gates_of(protocol, ground.selection, inventory, action, tuple(drafts), wrong)
    if action is Action.SHUTDOWN:
        reversible = not wrong and not at_console
        warnings = (*warnings, *loops_back(ground, modes, order, gone, reversible=reversible))
    held, barriers = barriers_of(ground, action, order.ranks)
    tasks = _tasks(ground, action, drafts, order, gates, held)
    zones = {id: zone.parallel for id, zone in sorted(inventory.zones.items()) if zone.parallel is not None}
    used = {host for draft in drafts.values() for host in chain(draft.hosts, draft.other_hosts())}
    hosts = hosts_of(ground.ws, ground.needs.ways, used)
    in_use = {host.zone for host in hosts.values()}
    zones = {id: most for id, most in zones.items() if id in in_use}
    hits = hits_of(inventory, ground.needs, drafts.keys(), gone)
    own = {host for draft in drafts.values() for host in draft.hosts if host != NO_HOST}
    return Plan(
        id=header.id,
        created_at=header.created_at,
        author=header.author,
        action=action,
        organisation=protocol.organisation,
        request=header.request,
        inputs=_inputs(ground, drafts),
        estate_head=estate.head,
        summary=summary_of(action, tasks, len(hits.customers)),
        policy=policy_of(protocol, action, zones, len(own)),
        hosts=hosts,
        gates=gates.gates,
        barriers=barriers,
        tasks=tasks,
        left_out=tuple(left_out),
        estimate=estimate(_jobs(ground, drafts, order, zones), protocol.parallel, zones),
        impact=Impact(
            services=tuple(
                ServiceImpact(
                    id=hit.service,
                    names=dict(sorted(inventory.services[hit.service].names.items())),
                    customers=hit.customers,
                    because=hit.because,
                )
                for hit in hits.services
            ),
            customers=tuple(
                CustomerImpact(
                    id=hit.customer,
                    name=inventory.customers[hit.customer].name,
                    services=hit.services,
                    untouched=hit.untouched,
                )
                for hit in hits.customers
            ),
            dependents_left_online=tuple(left_online),
        ),
        warnings=by_weight((*warnings_of(ground, action, drafts, order, gates, hosts), *warnings)),
    )


def _tasks(
    ground: Ground,
    action: Action,
    drafts: Mapping[str, Draft],
    order: Ordered,
    gates: Gates,
    held: Mapping[str, Need],
) -> tuple[PlanTask, ...]:
    stages, customers = order.ranks.stages, ground.customers
    down = action is Action.SHUTDOWN
    tasks = []
    for id, draft in drafts.items():  # as they lie in memory, which many of them make dear to jump about in
        needs = [
            Need(task=wait.task, reason=wait.reason, source=str(wait.source))
            for wait in sorted(order.waits[id])  # by task, then reason: together they stand once
        ]
        if id in held:
            needs.append(held[id])
        joined = draft.joined
        tasks.append(
            PlanTask(
                id=id,
                system=id,
                kind=draft.system.kind,
                owner=draft.system.owner,
                mode=draft.modes[0] if down else None,
                undoes=None if down else draft.modes,
                stage=stages[id],
                hosts=draft.hosts,
                customers=customers[id],
                came_along=None if joined is None else CameAlong(reason=joined.reason, of=joined.of),
                needs=tuple(needs),
                gates=gates.of_task.get(id, ()),
                estimate_s=draft.seconds,
                priority=draft.system.priority,
                serial=draft.system.serial,
                probe=draft.probe,
                evidence=draft.evidence,
                steps=draft.steps,
                force=draft.force,
                health=draft.health,
            )
        )
    tasks.sort(key=lambda task: (task.stage, not drafts[task.id].wrong, -task.priority, task.id))
    return tuple(tasks)


def _jobs(ground: Ground, drafts: Mapping[str, Draft], order: Ordered, zones: Mapping[str, int]) -> list[Job]:
    hosts = ground.inventory.hosts
    zone_of = {id: host.zone.id for id, host in hosts.items() if host.zone is not None and host.zone.id in zones}
    return [
        Job(
            id=id,
            seconds=drafts[id].seconds,
            priority=drafts[id].system.priority,
            waits=before,
            group=order.ranks.groups.get(id, 0),
            zones=tuple(sorted({zone_of[host] for host in drafts[id].hosts if host in zone_of})),
        )
        for id, before in zip(order.ranks.order, order.ranks.before, strict=True)
    ]


def _inputs(ground: Ground, drafts: Mapping[str, Draft]) -> tuple[Input, ...]:
    """The inventory's files, the playbooks used, the protocol and `known_hosts`."""
    used = {draft.system.kind for draft in drafts.values()}
    unused = {book.source.path for kind, book in ground.ws.playbooks.items() if kind not in used}
    return tuple(sorted((one for one in ground.ws.inputs if one.path not in unused), key=lambda one: one.path))

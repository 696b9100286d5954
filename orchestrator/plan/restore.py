"""Plans the way back: what orch took offline, as found (section 4, *Restore*, *Modes add up*).

- Without a selection all that any run took offline; `--from RUN`: by that run. Deeds that a run left unfinished
  count.
- Everything done to a system is undone, last first, each mode on the hosts that it was done to and no others.
- What these need and is offline comes along: by `requires`, `control-path`, `runs-on`, `actuator` and the
  operator's own way; of an `any` group in the order listed, as many as it takes. An alternative that is protected or
  left out by `--except` counts only where no other is left: then it refuses.
- What was found offline stays offline, with a warning where something that comes back needs it; also where it was
  isolated since, and only that is undone.
- A protected system is refused where it is asked for or needed, and left out with a warning otherwise.
"""

from collections.abc import Iterable, Mapping

from orchestrator.graph.closure import Membership, path_to, standing
from orchestrator.graph.needs import PHRASES, Group, plain
from orchestrator.model.collector import without_collector
from orchestrator.model.errors import Refused
from orchestrator.model.estate import Estate
from orchestrator.model.plan import NO_HOST, LeftOut, Plan, Request, Warn
from orchestrator.model.terms import Action, Mode, Reason
from orchestrator.model.workspace import Workspace
from orchestrator.plan.assemble import Header, assemble
from orchestrator.plan.commands import CommandWriter
from orchestrator.plan.drafts import Draft, draft_restore
from orchestrator.plan.ground import Ground
from orchestrator.plan.phrases import names


@without_collector()
def plan_restore(
    ws: Workspace, estate: Estate, request: Request, *, id: str, created_at: str, author: str | None
) -> Plan:
    """The plan that brings back what `request` asks for. Raises UsageError, FilesError (2) or Refused (3)."""
    ground = Ground(ws)
    taken = {one for one, record in estate.systems.items() if record.deeds and one in ws.inventory.systems}
    asked = ground.selection.asked(request.select) if request.select else frozenset(ws.inventory.systems)
    excluded = ground.selection.asked(request.exclude)
    asked = asked - excluded
    start = {one for one in asked & taken if _by_run(estate, one, request.from_run)}
    protected = sorted(start & ground.protected.keys())
    if protected and request.select:
        why = ground.protected[protected[0]]
        raise Refused(f"{protected[0]} is protected ({why}): no plan touches it.")
    start -= set(protected)
    members: Membership = dict.fromkeys(sorted(start))
    if not request.only:
        members = _with_needs(ground, estate, start, taken, excluded)
    coming = {one: joined for one, joined in members.items() if one in taken}
    _refuse(ground, excluded, members, coming)
    drafts = {one: _draft(ws, estate, one, members) for one in sorted(coming)}
    return assemble(
        ground,
        estate,
        Header(id, created_at, author, request),
        Action.RESTORE,
        drafts,
        left_out=_left_out(ground, estate, asked - coming.keys(), chosen=bool(request.select)),
        warnings=[
            *_stays_offline(ground, estate, drafts),
            *_gone(ground, estate),
            *(
                Warn(
                    code="protected", text=f"{one} stays as it is (protected: {ground.protected[one]}).", systems=(one,)
                )
                for one in protected
            ),
        ],
    )


def _by_run(estate: Estate, system: str, run: str | None) -> bool:
    return run is None or any(deed.run == run for deed in estate.record(system).deeds)


def _with_needs(
    ground: Ground, estate: Estate, start: set[str], taken: set[str], excluded: frozenset[str]
) -> Membership:
    systems = ground.inventory.systems
    own_way = [ref for ref in ground.inventory.operator_control_path if ref.id in taken]
    gone = ground.gone(estate)

    def groups_of(one: str) -> tuple[Group, ...]:
        groups = ground.needs.of[one]
        if one not in taken:
            return groups
        acting = ground.actuators.of(systems[one], Action.RESTORE, _undone(estate, one))
        extra = [plain(other, Reason.ACTUATOR, source) for other, source in acting]
        if one in start:
            extra += [plain(ref.id, Reason.CONTROL_PATH, ref.source) for ref in own_way if ref.id != one]
        return (*groups, *extra)

    back = taken - _stay_so(estate, taken) - excluded - ground.protected.keys()
    return standing(start, groups_of, up=lambda one: one not in gone, able=lambda one: one not in gone or one in back)


def _stay_so(estate: Estate, systems: Iterable[str]) -> set[str]:
    """Those found offline to which nothing was done but an isolation: undoing that leaves them offline."""
    records = ((one, estate.record(one)) for one in systems)
    return {one for one, is_ in records if is_.found_offline and all(deed.mode is Mode.ISOLATE for deed in is_.deeds)}


def _undone(estate: Estate, system: str) -> tuple[Mode, ...]:
    return tuple(dict.fromkeys(deed.mode for deed in reversed(estate.record(system).deeds)))


def _draft(ws: Workspace, estate: Estate, system: str, members: Membership) -> Draft:
    hosts: dict[Mode, frozenset[str]] = {}
    for deed in estate.record(system).deeds:
        hosts[deed.mode] = hosts.get(deed.mode, frozenset()) | frozenset(deed.hosts)
    own = frozenset(CommandWriter(ws, system).hosts)  # what a person took down as a whole is down on all of them
    known = {mode: found & own or own for mode, found in hosts.items()}
    stays = bool(_stay_so(estate, (system,)))
    return draft_restore(ws, system, _undone(estate, system), known, members[system], stays_offline=stays)


def _refuse(ground: Ground, excluded: frozenset[str], members: Membership, coming: Membership) -> None:
    for one in sorted(coming):
        joined = coming[one]
        if joined is None or (one not in ground.protected and one not in excluded):
            continue
        what = "is protected" if one in ground.protected else "is left out by --except"
        path = " > ".join(path_to(members, one))
        raise Refused(
            f"{one} {what}, but it is offline and would come along: {path} ({joined.of} {PHRASES[joined.reason]} {one},"
            f" {joined.source})",
            "Bring back less, or only what you named with --only.",
        )


def _left_out(ground: Ground, estate: Estate, systems: frozenset[str], *, chosen: bool) -> list[LeftOut]:
    found = []
    for one in sorted(systems):
        record = estate.record(one)
        if record.found_offline and not record.deeds:
            found.append(LeftOut(system=one, why="found offline: it stays so"))
        elif one in ground.protected and record.deeds and not chosen:
            found.append(LeftOut(system=one, why=f"protected: {ground.protected[one]}"))
    return found


def _stays_offline(ground: Ground, estate: Estate, drafts: Mapping[str, Draft]) -> list[Warn]:
    """Needs that will not be met: a group with too few alternatives that are up or come back."""
    gone = ground.gone(estate) - (drafts.keys() - _stay_so(estate, drafts))
    wanting: dict[str, list[str]] = {}
    for one in sorted(drafts):
        for group in ground.needs.of[one]:
            left = sum(1 for alternative in group.alternatives if not gone.intersection(alternative))
            if left < group.at_least:
                for other in gone.intersection(group.members):
                    wanting.setdefault(other, []).append(one)
    return [
        Warn(
            code="stays-offline",
            text=f"{other} stays offline ({'found so' if estate.record(other).found_offline else 'not brought back'}), "
            f"and {names(sorted(set(needers)))} needs it.",
            systems=(other,),
        )
        for other, needers in sorted(wanting.items())
    ]


def _gone(ground: Ground, estate: Estate) -> list[Warn]:
    found = []
    for one, record in sorted(estate.systems.items()):
        if not record.deeds:
            continue
        if one not in ground.inventory.systems:
            text = f"{one} was taken offline by {record.deeds[-1].run}, and the inventory no longer has it: by hand."
            found.append(Warn(code="not-in-inventory", text=text, systems=(one,)))
            continue
        own = {ref.id for ref in ground.inventory.systems[one].hosts} | {NO_HOST}
        missing = sorted({host for deed in record.deeds for host in deed.hosts} - own)
        if missing:
            text = f"{one} was taken offline on {names(missing)} too, which the inventory no longer gives it: by hand."
            found.append(Warn(code="not-in-inventory", text=text, systems=(one,)))
    return found

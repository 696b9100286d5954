"""Plans a shutdown: what is asked for, what comes along, what stays out, what refuses (section 4).

- A selection takes along all that would break or become unreachable; `--only` takes nobody along and lists them.
- A selection that holds or would take along a protected system is refused with the path.
- Without a selection everything goes but the protected and what they need: both stand in `left_out`, with the path.
- `--except` of something that would come along again is refused with the path, unless `--only`.
- A loop among the tasks is refused; one on the way back is a warning.
- With `--despite-errors` what is wrong with single systems refuses nothing (`plan/despite_errors.py`).
"""

from collections.abc import Mapping

from orchestrator.graph.closure import Membership, falling, path_to, standing
from orchestrator.graph.modes import modes_of
from orchestrator.graph.needs import PHRASES
from orchestrator.model.collector import without_collector
from orchestrator.model.errors import FilesError, Refused, UsageError
from orchestrator.model.estate import Estate
from orchestrator.model.plan import LeftOut, Plan, Request, Warn
from orchestrator.model.terms import Action, Mode
from orchestrator.model.workspace import Workspace
from orchestrator.plan.assemble import Header, assemble
from orchestrator.plan.despite_errors import drafted, warnings_of_errors, without_loops
from orchestrator.plan.drafts import draft_shutdown
from orchestrator.plan.ground import Ground
from orchestrator.plan.phrases import names


@without_collector()
def plan_shutdown(
    ws: Workspace, estate: Estate, request: Request, *, id: str, created_at: str, author: str | None
) -> Plan:
    """The plan that takes what `request` asks for offline. Raises UsageError, FilesError (2) or Refused (3)."""
    if (ws.broken or ws.beside) and not request.despite_errors:
        raise FilesError([*ws.beside, *{one: None for found in ws.broken.values() for one in found}])
    ground = Ground(ws)
    gone = ground.gone(estate)
    modes = modes_of(ws, ground.selection, ws.inventory.systems, request.mode)
    excluded = ground.selection.asked(request.exclude)
    kept = {} if request.select else _kept_up(ground, gone)
    asked = (
        ground.selection.asked(request.select) if request.select else frozenset(ws.inventory.systems)
    ) - kept.keys()
    start = asked - excluded
    if asked and not start:
        raise UsageError("nothing is left: --except takes out everything that was asked for.")
    members: Membership = dict.fromkeys(sorted(start))
    if not request.only:
        members = falling(
            ground.needs, start, gone=gone, isolates=lambda one: modes[one] is Mode.ISOLATE, immovable=kept
        )
    _refuse(ground, members, excluded)
    left_online = _left_online(ground, members, gone, modes, only=request.only)
    if request.despite_errors:
        done = drafted(ground, members, modes)
        drafts, cut = without_loops(ground, done.drafts, gone)
        gone_past = [*warnings_of_errors(done.wrong, ws.beside, drafts, lambda one: one in ground.protected), *cut]
    else:
        drafts = {one: draft_shutdown(ws, one, modes[one], joined) for one, joined in members.items()}
        gone_past = []
    return assemble(
        ground,
        estate,
        Header(id, created_at, author, request),
        Action.SHUTDOWN,
        drafts,
        left_out=[*_left_out(ground, kept), *_excepted(asked & excluded)],
        left_online=left_online,
        warnings=[
            *gone_past,
            *_cut_off(ground, left_online),
            *_stays_up(ground, kept),
            *_left_online_warning(left_online, only=request.only),
        ],
    )


def _kept_up(ground: Ground, gone: frozenset[str]) -> Membership:
    """The protected systems and everything they need to stay up."""
    needs = ground.needs
    return standing(ground.protected, lambda one: needs.of[one], up=lambda _: False, able=lambda one: one not in gone)


def _refuse(ground: Ground, members: Membership, excluded: frozenset[str]) -> None:
    protected = [one for one in sorted(members) if one in ground.protected]
    if protected:
        first = next((one for one in protected if members[one] is None), protected[0])
        why = ground.protected[first]
        if members[first] is None:
            raise Refused(f"{first} is protected ({why}): no plan touches it.", "Leave it out: --except " + first)
        out = "Leave what it needs out as well" if first in excluded else "Leave that out with --except"
        raise Refused(
            f"{first} is protected ({why}) and would come along:\n{_path_text(members, first)}",
            f"{out}, or take only what you named with --only.",
        )
    again = [one for one in sorted(members) if one in excluded]
    if again:
        raise Refused(
            f"--except {again[0]}, but it would come along again:\n{_path_text(members, again[0])}",
            "Leave what it needs out as well, or take only what you named with --only.",
        )


def _path_text(members: Membership, system: str) -> str:
    lines = []
    for one in path_to(members, system)[1:]:
        joined = members[one]
        if joined is not None:
            lines.append(f"    {one} {PHRASES[joined.reason]} {joined.of}  {joined.source}")
    return "\n".join(reversed(lines))


def _left_out(ground: Ground, kept: Membership) -> list[LeftOut]:
    found = []
    for one in sorted(kept):
        joined = kept[one]
        if joined is None:
            found.append(LeftOut(system=one, why=f"protected: {ground.protected[one]}"))
        else:
            path = path_to(kept, one)
            why = f"{path[0]} is protected and stays up: {joined.of} {PHRASES[joined.reason]} {one}"
            found.append(LeftOut(system=one, why=why, path=path))
    return found


def _excepted(systems: frozenset[str]) -> list[LeftOut]:
    return [LeftOut(system=one, why="--except") for one in sorted(systems)]


def _stays_up(ground: Ground, kept: Membership) -> list[Warn]:
    by_root: dict[str, list[str]] = {}
    for one in sorted(kept):
        if kept[one] is not None:
            by_root.setdefault(path_to(kept, one)[0], []).append(one)
    found = []
    for one, why in ground.protected.items():
        if one in kept:
            others = by_root.get(one, [])
            more = f"; it keeps {names(others)} up" if others else ""
            found.append(
                Warn(code="protected", text=f"{one} stays up (protected: {why}){more}.", systems=(one, *others))
            )
    return found


def _left_online(
    ground: Ground, members: Membership, gone: frozenset[str], modes: Mapping[str, Mode], *, only: bool
) -> tuple[str, ...]:
    """What stays online without what it needs: by `--only`, or behind an isolated system."""
    if not only and not any(modes[one] is Mode.ISOLATE for one in members):
        return ()
    return tuple(sorted(falling(ground.needs, members, gone=gone).keys() - members.keys() - gone))


def _left_online_warning(left_online: tuple[str, ...], *, only: bool) -> list[Warn]:
    if not only or not left_online:
        return []
    says = (
        "system stays online without what it needs"
        if len(left_online) == 1
        else "systems stay online without what they need"
    )
    text = f"{len(left_online)} {says} (--only): {names(left_online)}."
    return [Warn(code="left-online", text=text, systems=left_online)]


def _cut_off(ground: Ground, left_online: tuple[str, ...]) -> list[Warn]:
    cut = [ref.id for ref in ground.inventory.operator_control_path if ref.id in left_online]
    return [
        Warn(code="own-way", text=f"{one}, your own way in, loses what it needs: you may be cut off.", systems=(one,))
        for one in cut
    ]

"""What one task of one run means for the record of its system (contract sections 2, 4, 6), pure.

Going down, by the task's last state:
* done: a deed on the hosts that were touched (a host found as wanted gets none); complete. A person's `done` counts as
  done, and stands for every host that was not found as wanted.
* already: nothing of ours: found offline, unless an earlier deed of this mode explains it, which is then complete.
* anything else that was touched (failed, unknown, in flight, given up): a deed that is not complete, on the touched
  hosts that the last probe does not show plainly as before; state unknown. Plainly as before on every host: no deed.
  Nothing is plain on a host where an attempt may still run.
* failed or unknown and not touched: unknown, where nothing better was known before. Skipped and not touched: as it was.

Coming back:
* done or already: the deeds it undid are gone, on its hosts.
* anything else: the deeds stay; if it was touched, the state is what the last probes plainly say, else unknown.
"""

from collections.abc import Iterable
from dataclasses import replace

from orchestrator.estate.digest import TaskDigest, hosts_of
from orchestrator.model.estate import Deed, SystemRecord
from orchestrator.model.plan import PlanTask
from orchestrator.model.terms import EstateState, Found, Mode, ProbeKind, Proof, TaskState

_KINDS = {
    Mode.ISOLATE: (ProbeKind.ISOLATION,),
    Mode.STOP: (ProbeKind.STATE,),
    Mode.POWEROFF: (ProbeKind.POWEROFF, ProbeKind.PORT, ProbeKind.STATE),
}
_BEFORE = {Found.ONLINE, Found.OPEN, Found.ANSWERS}
_WANTED = {Found.OFFLINE, Found.ISOLATED, Found.SILENT}
_ENDED = {TaskState.DONE, TaskState.ALREADY}


def after_task(
    record: SystemRecord, task: PlanTask, digest: TaskDigest, run: str, *, over: bool = False
) -> SystemRecord:
    """The record of a system after what `digest` says of `task` in `run`. `over`: the run is sealed."""
    if task.undoes is None:
        changed = _after_shutdown(record, task, digest, run)
    else:
        changed = _after_restore(record, task, digest)
    if changed is None:
        return record
    return replace(changed, last_run=run, last_at=digest.at, why=_why(task, digest, run, over))


def state_of(deeds: Iterable[Deed], found_offline: bool) -> EstateState:
    """The state that follows from what is not undone."""
    deeds = tuple(deeds)
    if any(not deed.complete for deed in deeds):
        return EstateState.UNKNOWN
    if found_offline or any(deed.mode is not Mode.ISOLATE for deed in deeds):
        return EstateState.OFFLINE
    return EstateState.ISOLATED if deeds else EstateState.ONLINE


# --- going down


def _after_shutdown(record: SystemRecord, task: PlanTask, digest: TaskDigest, run: str) -> SystemRecord | None:
    mode = task.mode or Mode.STOP
    by_mode = digest.hosts_by_mode(task)
    if digest.state in _ENDED:
        return _went_down(record, task, digest, run, by_mode)
    if by_mode:
        return _in_between(record, task, digest, run, by_mode)
    if digest.state not in {TaskState.FAILED, TaskState.UNKNOWN}:
        return None
    found = digest.found(_KINDS[mode], hosts_of(task))
    plainly_up = len(found) == len(hosts_of(task)) and set(found.values()) <= _BEFORE
    known = bool(record.deeds) or record.found_offline or plainly_up
    return replace(record, state=record.state if known else EstateState.UNKNOWN)


def _went_down(
    record: SystemRecord, task: PlanTask, digest: TaskDigest, run: str, by_mode: dict[Mode, set[str]]
) -> SystemRecord:
    mode = task.mode or Mode.STOP
    if digest.state is TaskState.DONE and digest.proof is Proof.PERSON:
        found = digest.found(_KINDS[mode], hosts_of(task))
        rest = {host for host in hosts_of(task) if found.get(host) not in _WANTED}
        by_mode = by_mode | {mode: by_mode.get(mode, set()) | rest}
    by_mode = {m: hosts for m, hosts in by_mode.items() if hosts}
    earlier = tuple(replace(deed, complete=True) if deed.mode is mode else deed for deed in record.deeds)
    if not by_mode:
        found_offline = record.found_offline or not any(deed.mode is mode for deed in earlier)
        state = EstateState.ISOLATED if mode is Mode.ISOLATE and not earlier else state_of(earlier, found_offline)
        return replace(record, deeds=earlier, found_offline=found_offline, state=state)
    deeds = earlier + _deeds(task, digest, run, by_mode, complete=True)
    found_offline = record.found_offline and not _was_running(digest, by_mode)
    return replace(record, deeds=deeds, found_offline=found_offline, state=state_of(deeds, found_offline))


def _in_between(
    record: SystemRecord, task: PlanTask, digest: TaskDigest, run: str, by_mode: dict[Mode, set[str]]
) -> SystemRecord:
    deeds = record.deeds
    left: dict[Mode, set[str]] = {}
    for mode in sorted({*by_mode, task.mode or Mode.STOP}):
        found = digest.found(_KINDS[mode], hosts_of(task))
        as_before = {host for host, what in found.items() if what in _BEFORE} - digest.in_doubt()
        deeds = _without(deeds, {mode}, as_before)
        left[mode] = by_mode.get(mode, set()) - as_before
    deeds += _deeds(task, digest, run, left, complete=False)
    found = digest.found(_KINDS[task.mode or Mode.STOP], hosts_of(task))
    plain = not any(left.values()) and all(found.get(host) in _BEFORE for host in hosts_of(task))
    found_offline = record.found_offline and not _was_running(digest, by_mode)
    state = state_of(deeds, found_offline) if plain else EstateState.UNKNOWN
    return replace(record, deeds=deeds, found_offline=found_offline, state=state)


def _deeds(
    task: PlanTask, digest: TaskDigest, run: str, by_mode: dict[Mode, set[str]], *, complete: bool
) -> tuple[Deed, ...]:
    """One deed for each mode, the task's own first, hosts in the task's order."""
    own = task.mode or Mode.STOP
    made = []
    for mode in sorted(by_mode, key=lambda m: (m is not own, m)):
        hosts = tuple(host for host in hosts_of(task) if host in by_mode[mode])
        if hosts:
            made.append(Deed(mode, hosts, run, digest.at, complete))
    return tuple(made)


def _was_running(digest: TaskDigest, by_mode: dict[Mode, set[str]]) -> bool:
    """Whether the system, once found offline, was running again when this task began."""
    first = [found for (kind, _), found in digest.first_found.items() if kind is ProbeKind.STATE]
    return Mode.STOP in by_mode or (bool(first) and set(first) == {Found.ONLINE})


# --- coming back


def _after_restore(record: SystemRecord, task: PlanTask, digest: TaskDigest) -> SystemRecord | None:
    undone = set(task.undoes or ())
    if digest.state in _ENDED:
        deeds = _without(record.deeds, undone, set(hosts_of(task)))
        found_offline = record.found_offline and not undone & {Mode.STOP, Mode.POWEROFF}
        return replace(record, deeds=deeds, found_offline=found_offline, state=state_of(deeds, found_offline))
    if digest.touched():
        return replace(record, state=_seen(task, digest))
    return record if digest.state in {TaskState.FAILED, TaskState.UNKNOWN} else None


def _seen(task: PlanTask, digest: TaskDigest) -> EstateState:
    """What the last probes plainly say, on every host alike."""
    hosts = hosts_of(task)
    state = digest.found((ProbeKind.STATE,), hosts)
    isolation = set(digest.found((ProbeKind.ISOLATION,), hosts).values())
    if len(state) != len(hosts) or len(set(state.values())) != 1:
        return EstateState.UNKNOWN
    found = next(iter(state.values()))
    if found is Found.OFFLINE:
        return EstateState.UNKNOWN if digest.in_doubt() else EstateState.OFFLINE
    if found is not Found.ONLINE:
        return EstateState.UNKNOWN
    if isolation == {Found.ISOLATED}:
        return EstateState.ISOLATED
    open_again = isolation == {Found.OPEN} or Mode.ISOLATE not in (task.undoes or ())
    return EstateState.ONLINE if open_again else EstateState.UNKNOWN


# --- both


def _without(deeds: tuple[Deed, ...], modes: set[Mode], hosts: set[str]) -> tuple[Deed, ...]:
    """The deeds without those of `modes` on `hosts`; what is left on no host is gone."""
    left = []
    for deed in deeds:
        rest = tuple(host for host in deed.hosts if host not in hosts) if deed.mode in modes else deed.hosts
        if rest:
            left.append(replace(deed, hosts=rest))
    return tuple(left)


def _why(task: PlanTask, digest: TaskDigest, run: str, over: bool) -> str:
    what = task.mode or "restore"
    match digest.state:
        case TaskState.DONE:
            return f"{what} by {run}" + (", as a person says" if digest.proof is Proof.PERSON else "")
        case TaskState.ALREADY:
            return f"found so by {run}"
        case TaskState.FAILED | TaskState.UNKNOWN:
            return f"{what} {digest.state} in {run}" + (f": {digest.why}" if digest.why else "")
        case TaskState.SKIPPED:
            return f"{what} begun, then skipped in {run}"
        case _:
            return f"{what} begun, then given up with {run}" if over else f"{what} under way in {run}"

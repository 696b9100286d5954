"""Who comes along, and why (section 4, *Shutdown*, *Isolate*, *Protected*, *Restore*).

- `falling`: what would break or become unreachable when some systems go down. A group breaks when fewer than
  `at_least` of its alternatives are left; what is down already is not left, but takes nobody along by itself. An
  isolated system takes nobody along but what we would lose the way to (`control-path`).
- `standing`: what some systems need to be up, through everything in between. Plain needs first; then, group by
  group (systems by id, groups as listed), what is up anyway counts, and then the order listed decides, for as many
  as it takes.
"""

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from orchestrator.graph.needs import Group, Needs
from orchestrator.model.source import Source
from orchestrator.model.terms import Reason


class Joined(NamedTuple):
    """Why a system is there: by `reason` because of the system `of`."""

    reason: Reason
    of: str
    source: Source


Membership = Mapping[str, Joined | None]
"""Every system that is there; None: it was asked for."""


def path_to(members: Membership, system: str) -> tuple[str, ...]:
    """How `system` got there: from the one that was asked for to itself."""
    path = [system]
    while (joined := members[path[-1]]) is not None:
        path.append(joined.of)
    return tuple(reversed(path))


def falling(
    needs: Needs,
    seeds: Iterable[str],
    *,
    gone: Collection[str] = (),
    isolates: Callable[[str], bool] = lambda _: False,
    reasons: Collection[Reason] = (Reason.REQUIRES, Reason.CONTROL_PATH, Reason.RUNS_ON),
    immovable: Collection[str] = (),
) -> Membership:
    """`seeds` and all that falls with them. `gone`: down already. `immovable`: stays, whatever falls."""
    members: dict[str, Joined | None] = dict.fromkeys(sorted(seeds))
    if all(system in members or system in immovable for system in needs.of):
        return members
    lost: dict[tuple[str, int], set[int]] = {}
    cause: dict[tuple[str, int], str] = {}
    for system in gone:
        for user in needs.users.get(system, ()):
            if needs.of[user.system][user.group].slack:
                lost.setdefault((user.system, user.group), set()).add(user.alternative)
    queue = deque(members)
    while queue:
        system = queue.popleft()
        cuts = isolates(system)
        for user in needs.users.get(system, ()):
            if user.system in members or user.system in immovable:
                continue
            group = needs.of[user.system][user.group]
            if group.reason not in reasons:
                continue
            carries = not cuts or group.reason is Reason.CONTROL_PATH
            of = system
            if group.slack:
                key = (user.system, user.group)
                if carries:
                    cause.setdefault(key, system)
                broken = lost.setdefault(key, set())
                broken.add(user.alternative)
                carries = key in cause and len(broken) > group.slack
                of = cause.get(key, system)
            if carries:
                members[user.system] = Joined(group.reason, of, group.source)
                queue.append(user.system)
    return members


def standing(
    start: Iterable[str],
    groups_of: Callable[[str], Iterable[Group]],
    *,
    up: Callable[[str], bool],
    able: Callable[[str], bool],
) -> Membership:
    """`start` and all that must be up for them. `up`: is up anyway; `able`: can be counted on when a choice is made."""
    members: dict[str, Joined | None] = dict.fromkeys(sorted(start))
    queue = deque(members)
    choices: list[tuple[str, int, Group]] = []

    def take(group: Group, alternative: tuple[str, ...], needer: str) -> None:
        for system in alternative:
            if system not in members:
                members[system] = Joined(group.reason, needer, group.source)
                queue.append(system)

    while queue or choices:
        while queue:
            system = queue.popleft()
            for number, group in enumerate(groups_of(system)):
                if group.slack:
                    heapq.heappush(choices, (system, number, group))
                    continue
                for alternative in group.alternatives:
                    take(group, alternative, system)
        if choices:
            system, _, group = heapq.heappop(choices)
            for alternative in _chosen(group, members, up, able):
                take(group, alternative, system)
    return members


def _chosen(
    group: Group, members: Membership, up: Callable[[str], bool], able: Callable[[str], bool]
) -> list[tuple[str, ...]]:
    def rank(alternative: tuple[str, ...]) -> int:
        if all((id in members or up(id)) and able(id) for id in alternative):
            return 0
        return 1 if all(able(id) for id in alternative) else 2

    return sorted(group.alternatives, key=rank)[: group.at_least]

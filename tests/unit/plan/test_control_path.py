"""At every moment of a run there is a way to what comes next, down and back (section 1, principle 6; section 4).

Small random estates with zones behind zones, several gateways, gateways on hypervisors, systems that keep a zone's way
open, shared hosts. Tasks are done in whatever order needs and barriers allow; before each of them its hosts must be
reachable by the plainest reading of the files.
"""

import random
from collections.abc import Collection

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchestrator.model.errors import FilesError
from orchestrator.model.plan import Plan
from orchestrator.model.terms import Mode
from orchestrator.model.workspace import Workspace
from tests.builders import back, down, protocol, taken_down, workspace
from tests.unit.plan.test_properties import run_anyhow

IDS = [f"s{n}" for n in range(9)]


@st.composite
def estates(draw: st.DrawFn) -> tuple[str, dict[str, Mode]]:
    """s0 to s3 in the zones or outside; s4, s5 keep the inner zone's gateways, s6, s7 the outer one's; s8 carries."""
    flag = st.booleans()
    lines = [f"{id} on h{n}" for n, id in enumerate(IDS)]
    for n in range(4):
        zone = draw(st.sampled_from(["inner", "outer", ""]))
        lines += [f"h{n} in {zone}"] if zone else []
        lines += [f"h{n} runs-on {draw(st.sampled_from(IDS[4:]))}"] if draw(flag) else []
    for n in (4, 5):
        lines += [f"h{n} in {draw(st.sampled_from(['outer', 'inner']))}"] if draw(flag) else []
        lines += [f"h{n} runs-on {draw(st.sampled_from(IDS[6:]))}"] if draw(flag) else []
    lines += [f"h{n} runs-on s8" for n in (6, 7) if draw(flag)]
    lines.append(f"inner gateway {draw(st.sampled_from(['h4', 'h5', 'h4 h5', 'h5 h4', 'bare']))}")
    lines.append(f"outer gateway {draw(st.sampled_from(['h6', 'h7', 'h6 h7']))}")
    lines += ["bare runs-on s5"] if draw(flag) else []
    lines += ["bare in outer"] if draw(flag) else []
    lines += [f"inner path {draw(st.sampled_from(IDS[4:]))}"] if draw(flag) else []
    lines += [f"outer path {draw(st.sampled_from(IDS[6:]))}"] if draw(flag) else []
    lines += ["s3 on h4"] if draw(flag) else []
    lines += ["h4 way s4"] if draw(flag) else []
    lines += [f"s0 requires any(1) {draw(st.sampled_from(['s1 s2', 's2 s5', 's4 s7']))}"] if draw(flag) else []
    modes = {id: draw(st.sampled_from(Mode)) for id in draw(st.lists(st.sampled_from(IDS), max_size=4))}
    return "\n".join(lines), modes


class Files:
    """What the files say of reaching hosts, read as plainly as can be."""

    def __init__(self, ws: Workspace) -> None:
        self.inventory = ws.inventory

    def reaches(self, system: str, host: str, down: Collection[str], passed: tuple[str, ...] = ()) -> bool:
        """Whether we get to `host`, for the sake of `system` (the listed systems of a way don't bind each other)."""
        one = self.inventory.hosts[host]
        if not self.is_carried(host, down, {system}):
            return False
        if one.zone is None:
            return True
        zone = self.inventory.zones[one.zone.id]
        gateways = [ref.id for ref in zone.gateways]
        path = [ref.id for ref in zone.control_path]
        direct = host in gateways
        if system not in path:
            inside = {id for id in path if direct and any(self.zone_of(h) == one.zone.id for h in self.hosts(id))}
            if any(id in down for id in path if id not in inside):
                return False
        return direct or any(
            self.is_open(gateway, down, system) and self.reaches(system, gateway, down, (*passed, gateway))
            for gateway in gateways
            if gateway not in passed
        )

    def is_open(self, gateway: str, down: Collection[str], system: str) -> bool:
        way = self.inventory.hosts[gateway].way
        keeps = [way.id] if way is not None else [id for id in self.inventory.systems if gateway in self.hosts(id)]
        return not any(id in down for id in keeps if id != system)

    def is_carried(self, host: str, down: Collection[str], seen: set[str]) -> bool:
        carrier = self.inventory.hosts[host].runs_on
        if carrier is None or carrier.id in seen:
            return True
        return carrier.id not in down and all(
            self.is_carried(other, down, seen | {carrier.id}) for other in self.hosts(carrier.id)
        )

    def hosts(self, system: str) -> list[str]:
        return [ref.id for ref in self.inventory.systems[system].hosts]

    def zone_of(self, host: str) -> str | None:
        zone = self.inventory.hosts[host].zone
        return None if zone is None else zone.id


def never_cut(files: Files, plan: Plan, order: list[str], down: set[str], *, goes_down: bool) -> None:
    for id in order:
        for host in files.hosts(id):
            assert files.reaches(id, host, down - {id}), f"{id} on {host}, when {sorted(down)} are down"
        (down.add if goes_down else down.discard)(id)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(estates(), st.lists(st.sampled_from(IDS), max_size=5, unique=True), st.booleans(), st.integers(0, 99))
def test_there_is_always_a_way(estate: tuple[str, dict[str, Mode]], asked: list[str], only: bool, seed: int) -> None:
    ws = workspace(estate[0], protocol=protocol(modes=estate[1]))
    files = Files(ws)
    try:
        plan = down(ws, *asked, only=only)
    except FilesError:
        assume(False)
    rng = random.Random(seed)
    never_cut(files, plan, run_anyhow(plan, rng.randrange(99)), set(), goes_down=True)
    modes = {task.id: (task.mode or Mode.STOP,) for task in plan.tasks}
    again = back(ws, taken_down(modes=modes))
    never_cut(files, again, run_anyhow(again, rng.randrange(99)), set(modes), goes_down=False)

"""Random small estates and their pictures, for tests of whatever draws them."""

from hypothesis import strategies as st

from orchestrator.graph.digraph import digraph_of
from orchestrator.graph.overview import Fold, by_pair, overview
from orchestrator.model.workspace import Workspace
from orchestrator.show.drawing.compose import compose
from orchestrator.show.drawing.picture import Picture
from tests.builders import workspace

NAMES = tuple(f"s{n}{'-wide' * (n % 4)}" for n in range(14))


@st.composite
def estates(draw: st.DrawFn) -> Workspace:
    """Systems in zones or in none, with needs of most reasons, also in circles."""
    lines = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        lines.append(f"{name} on {name}-h")
        if zone := draw(st.sampled_from(["", "one", "two", "three-with-a-long-name"])):
            lines.append(f"{name}-h in {zone}")
        others = st.lists(st.sampled_from([other for other in NAMES if other != name]), max_size=3, unique=True)
        if needed := draw(others):
            verb = draw(st.sampled_from(["requires", "after", "requires any(1)"]))
            lines.append(f"{name} {verb} {' '.join(needed)}")
        if draw(st.booleans()):
            lines.append(f"{name} {draw(st.sampled_from(['owner bkk', 'owner ikk', 'external', 'protected why']))}")
    return workspace("\n".join(lines))


def picture(ws: Workspace, fold: Fold = Fold.EVERY, chosen: tuple[str, ...] = ()) -> Picture:
    """The picture of all systems."""
    needs = by_pair(edge for _, _, edges in digraph_of(ws).edges(data="edges") for edge in edges)
    shown = overview(ws.inventory, needs, ws.inventory.systems, fold)
    return compose(ws, shown, about=["What needs what"], chosen=chosen)

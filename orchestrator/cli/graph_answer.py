"""What `orch graph` is asked, and its answers as a tree and as JSON.

Around a selection the tree shows all that it needs and who needs it directly, or both `--depth N` far; JSON leaves no
need out, so that it counts the distance by every single need, and the tree by those that it draws.
"""

from dataclasses import dataclass
from functools import cached_property

from orchestrator.graph.digraph import digraph_of
from orchestrator.graph.folding import zones_of
from orchestrator.graph.neighbourhood import Around, around
from orchestrator.graph.order import Edge
from orchestrator.graph.overview import by_pair, essential
from orchestrator.graph.reduction import Pair
from orchestrator.model.source import Source
from orchestrator.model.workspace import Workspace
from orchestrator.show import console
from orchestrator.show.graph_view import arrows_of, graph_lines, tops, user_lines


@dataclass(frozen=True)
class Question:
    """`chosen`: the systems that the arguments `asked` mean; without any, all. `depth`: so many needs far."""

    ws: Workspace
    chosen: tuple[str, ...]
    asked: tuple[str, ...]
    depth: int | None

    @cached_property
    def edges(self) -> list[Edge]:
        """Every need of the estate, with every reason."""
        return [edge for _, _, edges in digraph_of(self.ws).edges(data="edges") for edge in edges]

    @cached_property
    def own_way(self) -> frozenset[tuple[str, Source]]:
        """What everything needs because the operator comes in by it."""
        return frozenset((ref.id, ref.source) for ref in self.ws.inventory.operator_control_path)

    @cached_property
    def needs(self) -> dict[Pair, list[Edge]]:
        """The needs of one system for another, but for those of the operator's own way."""
        return by_pair(self.edges, self.own_way)

    @cached_property
    def drawn(self) -> list[Pair]:
        """Those that no other need brings along."""
        return essential(self.needs)

    @property
    def own_way_ids(self) -> list[str]:
        """The systems by which the operator comes in."""
        return sorted({id for id, _ in self.own_way})

    def around(self, needs: list[Pair]) -> Around:
        """What lies around the selection: all that it needs, and who needs it directly, or both `depth` far."""
        return around(needs, self.chosen, down=self.depth, up=1 if self.depth is None else self.depth)


def answer_json(question: Question) -> None:
    """Every need, one edge for each reason; with a selection those among what lies around it."""
    inventory = question.ws.inventory
    if question.asked:
        near = question.around([(edge.system, edge.other) for edge in question.edges])
    else:
        near = Around(dict.fromkeys(question.chosen, 0), {})
    shown = near.systems()
    within = set(shown)
    console.document(
        {
            "format": "orch-graph/1",
            "nodes": [
                {
                    "id": id,
                    "kind": inventory.systems[id].kind,
                    "owner": inventory.systems[id].owner,
                    "zones": list(zones_of(inventory, inventory.systems[id])),
                    "needed_at": near.needed.get(id),
                    "needs_it_at": near.users.get(id),
                }
                for id in shown
            ],
            "edges": [
                {"from": e.system, "to": e.other, "reason": e.reason, "source": str(e.source), "choice": e.choice}
                for e in question.edges
                if e.system in within and e.other in within
            ],
        }
    )


def answer_tree(question: Question) -> None:
    """The tree, and around a selection who needs it."""
    width = console.width()
    arrows = arrows_of(
        (edge.system, edge.other, edge.reason, edge.choice) for pair in question.drawn for edge in question.needs[pair]
    )
    roots = question.chosen if question.asked else tops(question.chosen, arrows)
    own_way, asked = question.own_way_ids, bool(question.asked)
    lines = graph_lines(arrows, roots, width, depth=question.depth, own_way=own_way, asked=asked)
    if question.asked:
        everybody = around(question.drawn, question.chosen, down=0, up=None).users
        lines += user_lines(
            arrows,
            question.chosen,
            width,
            depth=1 if question.depth is None else question.depth,
            users=everybody,
            own_way=own_way,
        )
    console.answer(lines)

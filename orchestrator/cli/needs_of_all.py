"""All needs of an estate as plain edges, for `orch graph`: those of `graph/needs`, and `after`."""

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.graph.needs import needs_of
from orchestrator.model.workspace import Workspace
from orchestrator.show.graph_view import Arrow


def every_need(ws: Workspace) -> list[dict[str, Any]]:
    """One edge for each need and each reason, by system; `any` tells how many of how many alternatives must be up."""
    return list(_needs(ws))


def _needs(ws: Workspace) -> Iterator[dict[str, Any]]:
    needs = needs_of(ws.inventory)
    for system in sorted(ws.inventory.systems):
        for group in needs.of[system]:
            choice = group.at_least < len(group.alternatives)
            any_of = {"at_least": group.at_least, "of": [list(a) for a in group.alternatives]} if choice else None
            for member in dict.fromkeys(group.members):
                yield _edge(system, member, group.reason.value, str(group.source), any_of)
        for after in ws.inventory.systems[system].after:
            reason = f"after ({after.when})" if after.when else "after"
            yield _edge(system, after.system, reason, str(after.source), None)


def _edge(system: str, needed: str, reason: str, source: str, any_of: dict[str, Any] | None) -> dict[str, Any]:
    return {"from": system, "to": needed, "reason": reason, "source": source, "any": any_of}


def arrows_of(needs: Sequence[dict[str, Any]]) -> list[Arrow]:
    """The edges with all reasons between two systems together."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for need in needs:
        word = f"{need['reason']} (one of {len(need['any']['of'])})" if need["any"] else str(need["reason"])
        reasons.setdefault((need["from"], need["to"]), []).append(word)
    return [Arrow(of, needed, tuple(dict.fromkeys(why))) for (of, needed), why in reasons.items()]


def tops(systems: Sequence[str], arrows: Sequence[Arrow]) -> list[str]:
    """Those that nobody needs, the others after them (a loop has no top)."""
    needed = {arrow.needed for arrow in arrows}
    return [*(s for s in systems if s not in needed), *(s for s in systems if s in needed)]

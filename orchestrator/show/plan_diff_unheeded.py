"""What differs between two plans and decides nothing: one line each, for who wants to know why a file has changed.

Warnings, what was left out, who is hit and how long it takes are told in words; lines at which something is written,
and other small things of tasks, by their kind with the first few names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from orchestrator.plan.diff import PlanDiff
from orchestrator.plan.freshness import Difference
from orchestrator.plan.phrases import names
from orchestrator.show import words


def unheeded(found: PlanDiff, most: int) -> list[str]:
    """Lines on all that does not matter, warnings first; each names at most so many."""
    quiet = [one for one in found.found if not one.matters]
    plan = {one.field: one for one in quiet if one.what == "plan"}
    lines = [text for field, say in _PLAN.items() if field in plan for text in say(plan[field], most)]
    lines += _of_tasks(quiet, most)
    inputs = [f"{one.id} ({one.change})" for one in quiet if one.what == "input"]
    return [*lines, f"files: {names(inputs, most)}"] if inputs else lines


def _of_tasks(found: Sequence[Difference], most: int) -> Iterator[str]:
    kinds: dict[str, dict[str, None]] = {}
    for one in found:
        if one.what in {"task", "barrier"} and one.field in _SMALL:
            kinds.setdefault(_SMALL[one.field], {})[one.id] = None
    return (f"{says}: {names([*ids], most)}" for says, ids in kinds.items())


_SMALL = {
    "steps": "usual duration of a step",
    "force": "usual duration of a step",
    "estimate_s": "how long it takes",
    "customers": "whom it serves",
    "came_along": "why it is in the plan",
    "needs": "where a need is written",
    "source": "where an order rule is written",
}


def _warnings(one: Difference, _most: int) -> Iterator[str]:
    before, after = [warn.text for warn in one.before], [warn.text for warn in one.after]
    yield from (f"new warning: {text}" for text in after if text not in before)
    yield from (f"no longer warned: {text}" for text in before if text not in after)


def _left_out(one: Difference, most: int) -> Iterator[str]:
    before, after = ({left.system: left for left in some} for some in (one.before, one.after))
    yield from _listed(most, "left out", before, after)


def _impact(one: Difference, most: int) -> Iterator[str]:
    for what in ("services", "customers"):
        before, after = ({each.id: each for each in getattr(some, what)} for some in (one.before, one.after))
        yield from _listed(most, f"{what} hit", before, after)
    alone = [dict.fromkeys(some.dependents_left_online) for some in (one.before, one.after)]
    yield from _listed(most, "left online", alone[0], alone[1])


def _estimate(one: Difference, _most: int) -> Iterator[str]:
    before, after = words.about(one.before.seconds), words.about(one.after.seconds)
    yield f"takes about {before} -> {after}" if before != after else f"takes about {after}, as before, but for seconds"
    if one.before.critical_path != one.after.critical_path:
        yield f"the longest chain: {words.chain(one.after.critical_path)}"


def _summary(one: Difference, _most: int) -> Iterator[str]:
    yield f"in short: {one.before} -> {one.after}"


def _estate(_one: Difference, _most: int) -> Iterator[str]:
    yield "runs were made since, or went on"


def _listed(most: int, what: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    new = [id for id in after if id not in before]
    gone = [id for id in before if id not in after]
    changed = [id for id in after if id in before and before[id] != after[id]]
    parts = (("now also", new), ("no longer", gone), ("in another way", changed))
    if said := "; ".join(f"{word} {names(ids, most)}" for word, ids in parts if ids):
        yield f"{what}: {said}"


_PLAN: Mapping[str, Callable[[Difference, int], Iterator[str]]] = {
    "warnings": _warnings,
    "left_out": _left_out,
    "impact": _impact,
    "estimate": _estimate,
    "summary": _summary,
    "estate_head": _estate,
}

"""Further questions that a scenario may ask: what `orch explain`, `impact` and `check` show, at 80 columns, no colour.

`explain: [core-db, core-db portal-nord]` asks of one system, and of two; `impact: [zone=muc-data]` of selections (more
selectors of one question after a blank); `lints: [L03]` for what `check` finds of some lints. They are asked of the
scenario's own plan and estate; each answer stands under its question.
"""

from collections.abc import Sequence

from orchestrator.graph.explain import Absence, between, explain, kept_by
from orchestrator.graph.modes import modes_of
from orchestrator.graph.plan_waits import PlanWaits
from orchestrator.graph.way_back import estate_after
from orchestrator.graph.what_if import impact_of
from orchestrator.model.errors import FilesError, OrchError
from orchestrator.model.estate import Estate
from orchestrator.model.plan import Plan, Request
from orchestrator.model.terms import Action, Mode
from orchestrator.model.workspace import Workspace
from orchestrator.plan.ground import Ground
from orchestrator.plan.lints.catalogue import lint_named, lints_of
from orchestrator.plan.restore import plan_restore
from orchestrator.show.check_view import lint_lines
from orchestrator.show.explain_view import absence_lines, explanation_lines, relation_lines
from orchestrator.show.impact_view import impact_lines
from orchestrator.show.layout import Line, line

WIDTH = 80


def explain_page(ws: Workspace, estate: Estate, plan: Plan, questions: Sequence[str]) -> str:
    """Each question of one system or two, answered."""
    return _page([(f"orch explain {asked}", _explained(ws, estate, plan, asked.split())) for asked in questions])


def impact_page(ws: Workspace, estate: Estate, modes: Sequence[Mode] | None, questions: Sequence[str]) -> str:
    """Each selection's impact. `modes`: those asked for."""
    ground = Ground(ws)
    taken = modes_of(ws, ground.selection, ws.inventory.systems, modes)
    pages = []
    for asked in questions:
        found = impact_of(
            ws.inventory,
            ground.needs,
            ground.selection.asked(asked.split()),
            gone=ground.gone(estate) & ws.inventory.systems.keys(),
            isolates=lambda one: taken[one] is Mode.ISOLATE,
        )
        pages.append((f"orch impact {asked}", impact_lines(ws.inventory, found, asked.split(), WIDTH)))
    return _page(pages)


def lints_page(ws: Workspace, ids: Sequence[str]) -> str:
    """What is found of some lints."""
    asked = [lint_named(id).id for id in ids]
    found = [one for one in lints_of(ws) if one.id in asked]
    return _page([(f"orch check (of {', '.join(asked)})", lint_lines(found, WIDTH) or [line("nothing")])])


def _explained(ws: Workspace, estate: Estate, plan: Plan, names: Sequence[str]) -> list[Line]:
    waits = PlanWaits(plan)
    for name in names:
        found = explain(waits, name)
        if isinstance(found, Absence):
            path = () if found.left_out is None else kept_by(Ground(ws).needs, found.left_out.path)
            return absence_lines(plan, found, path, estate.record(name), WIDTH)
        if len(names) == 1:
            return explanation_lines(plan, found, WIDTH)
    one, other = names
    relation = between(waits, one, other)
    back, no_back = _way_back(ws, estate, plan)
    return relation_lines(
        (one, other),
        plan,
        relation,
        WIDTH,
        back=None if back is None else between(back, one, other),
        same_back=back is not None and relation.place is not None and all(back.has(hop) for hop in relation.path),
        no_back=no_back,
        apart=waits.apart(one, other),
    )


def _way_back(ws: Workspace, estate: Estate, plan: Plan) -> tuple[PlanWaits | None, str]:
    if plan.action is Action.RESTORE:
        return None, ""
    after = estate_after(estate, plan)
    try:
        return PlanWaits(plan_restore(ws, after, Request(), id="back", created_at=plan.created_at, author=None)), ""
    except OrchError as error:
        what = error.problems[0].what if isinstance(error, FilesError) else error.what
        return None, f"it can't be planned as things stand: {what}"


def _page(answers: Sequence[tuple[str, Sequence[Line]]]) -> str:
    pages = ["\n".join([f"$ {asked}", *(line.plain.rstrip() for line in lines)]) for asked, lines in answers]
    return "\n\n".join(pages) + "\n"

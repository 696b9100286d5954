"""How `plan diff` and the refusal of a stale plan come by their difference: one comparison, one page (section 4).

The plan is planned again with its own id, time and author, so that nothing differs where nothing has changed.
"""

import shlex
from pathlib import Path
from typing import Any

from orchestrator.cli import options
from orchestrator.cli.asked_line import asked_line
from orchestrator.cli.situation import Situation, situation_of
from orchestrator.model.errors import Refused, UsageError
from orchestrator.model.plan import Plan
from orchestrator.plan.diff import PlanDiff, diff
from orchestrator.plan.file import digest, plan_bytes, read_plan
from orchestrator.plan.holds import refuse_held
from orchestrator.run.folder import RunFolder
from orchestrator.show import console
from orchestrator.show.next_steps import next_lines
from orchestrator.show.plan_diff_view import SCREEN, diff_lines
from orchestrator.show.plan_documents import diff_document

STALE_SCREEN = 30
"""Lines of the difference in a refusal, which has words of its own besides."""


def planned_again(now_: Situation, plan: Plan, file: Path) -> Plan:
    """What planning the request of `plan` gives now. Raises Refused where it can no longer be planned at all."""
    try:
        return now_.plan(plan.action, plan.request, id=plan.id, created_at=plan.created_at, author=plan.author)
    except (UsageError, Refused) as error:
        what = f"{file} is stale: planning it again gives nothing, since {error.what}"
        raise Refused(what, "\n".join(said for said in (error.advice, "Plan anew.") if said)) from error


def refuse_stale(found: PlanDiff, file: Path, place: str) -> None:
    """Raises Refused with the difference where the plan is not fresh: the page of `plan diff`, as far as it matters."""
    if found.fresh:
        return
    anew = f"{_asked(found.old)}{place} --dry-run --as YOU --out new.json"
    lines = diff_lines(found, console.err_width(), room=STALE_SCREEN, quiet=False)
    raise Refused(
        "\n".join([f"{file} is no longer what planning it again gives:", *(each.plain for each in lines)]),
        f"The whole of it:\norch plan diff {shlex.quote(str(file))} --now --all{place}\n"
        f"Plan anew, read it, and apply that:\n{anew}",
    )


def show_two(file: Path, other: Path, *, every: bool, as_json: bool) -> None:
    """`orch plan diff A B`."""
    (old, old_data), (new, new_data) = read_plan(file), read_plan(other)
    found = diff(old, new)
    if as_json:
        heads = [{"file": str(path), "sha256": digest(data)} for path, data in ((file, old_data), (other, new_data))]
        console.document(diff_document(found, heads[0], heads[1]))
        return
    verdict = [f"- {_named(file, old)}", f"+ {_named(other, new)}"]
    if old.request != new.request:
        verdict.append(f"They were not asked for in the same words: {_asked(old)}, and {_asked(new)}.")
    if old_data == new_data:
        verdict.append("The two files are the same, byte for byte.")
    more = f"orch plan diff {shlex.quote(str(file))} {shlex.quote(str(other))} --all"
    _answer(found, verdict, [], more, every=every)


def show_now(root: Path, file: Path, inventory: str | None, *, every: bool, as_json: bool) -> None:
    """`orch plan diff A --now`."""
    plan, data = read_plan(file)
    now_ = situation_of(root, plan, inventory)
    again = planned_again(now_, plan, file)
    found = diff(plan, again)
    refusals = _refusals(now_, plan, found)
    if as_json:
        new: dict[str, Any] = {"now": True, "sha256": digest(plan_bytes(again))}
        document = diff_document(found, {"file": str(file), "sha256": digest(data)}, new)
        console.document({**document, "apply_is_refused": refusals})
        return
    apply = f"orch apply {shlex.quote(str(file))}"
    verdict = [f"{apply} would be refused: {why}." for why in refusals]
    if not refusals:
        verdict = [f"{apply} would not be refused: planning it again gives the same."]
    verdict.append(f"- {_named(file, plan)}")
    verdict.append(f"+ planned again now, from {root.absolute()}")
    place = options.place(root)
    anew = f"{_asked(plan)}{place} --dry-run --as YOU --out new.json"
    more = f"orch plan diff {shlex.quote(str(file))} --now --all{place}"
    _answer(found, verdict, [f"{apply}{place} --as YOU" if not refusals else anew], more, every=every)


def _refusals(now_: Situation, plan: Plan, found: PlanDiff) -> list[str]:
    """Why `orch apply` would refuse the plan now, whatever approvals say."""
    said = []
    if plan.id in {folder.run_id for folder in RunFolder.list_runs(now_.root)}:
        said.append(f"it has run already, as {plan.id}")
    if not found.fresh:
        said.append("planning it again gives something else")
    try:
        refuse_held(plan, now_.estate)
    except Refused as refused:
        said.append(refused.what.rstrip("."))
    return said


def _asked(plan: Plan) -> str:
    return asked_line(plan.action, plan.request)


def _named(file: Path, plan: Plan) -> str:
    made = f"{plan.created_at[:16].replace('T', ' ')} UTC, author {plan.author or '-'}"
    return f"{file}   {plan.id}, {made}"


def _answer(found: PlanDiff, verdict: list[str], then: list[str], more: str, *, every: bool) -> None:
    """The page, and what to type next: `more` only where something was left out."""
    width = console.width()
    lines = diff_lines(found, width, verdict=verdict, room=None if every else SCREEN)
    left_out = not every and any(each.plain.lstrip().startswith("... ") for each in lines)
    console.answer([*lines, *next_lines([more, *then] if left_out else then, width)])

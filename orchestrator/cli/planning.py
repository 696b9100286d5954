"""The one way from a wish to a run: plan, show, confirm, refuse or execute (contract sections 4, 9).

Nothing is decided here: planning, freshness, who holds what, and whether a run may be opened belong to the rooms below.
The order matters: what is refused is refused before anybody has to type a confirmation, and `--out` is written first,
so that a plan which can't be executed now can be read and sent.
"""

import hashlib
import json
import os
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator import __version__
from orchestrator.cli import options
from orchestrator.cli.confirm import confirm, phrase
from orchestrator.cli.despite_errors import with_the_way_past
from orchestrator.cli.exit_codes import Code
from orchestrator.cli.plan_difference import planned_again, refuse_stale
from orchestrator.cli.required_secrets import require_secrets
from orchestrator.cli.situation import Situation, now, situation, situation_of, stamp
from orchestrator.model.errors import FilesError, Refused, UsageError
from orchestrator.model.plan import Plan, Request
from orchestrator.model.terms import Action
from orchestrator.plan.diff import diff
from orchestrator.plan.file import looks_like_plan, plan_bytes, plan_pieces, read_plan, write_plan
from orchestrator.plan.freshness import other_inputs
from orchestrator.plan.holds import refuse_held
from orchestrator.run.folder import RunFolder
from orchestrator.show import console
from orchestrator.show.layout import Line, line, para
from orchestrator.show.plan_view import headline, plan_lines

LEFT_OUT = 20
"""So many systems that an empty plan leaves out are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a `shutdown` or `restore` was asked for. `again`: the line that asks for it without `--dry-run`,
    `past_errors`: the same with `--despite-errors`, `place`: its ` -C DIR`."""

    action: Action
    request: Request
    again: str
    place: str
    dry_run: bool
    out: Path | None
    every_system: bool
    commands: bool
    yes: bool
    as_person: str | None
    as_json: bool
    past_errors: str = ""
    probe: bool = False


def go(root: Path, wish: Wish) -> Code:
    """`orch shutdown` and `orch restore`."""
    if wish.as_json and not wish.dry_run:
        raise UsageError("--json shows a plan, so it goes with --dry-run.", "A run has: orch show last --json")
    if wish.probe and not wish.dry_run:
        raise UsageError("--probe looks before a plan is run, so it goes with --dry-run.", "A run probes by itself.")
    author = wish.as_person.strip() if wish.as_person and wish.as_person.strip() else None
    now_, plan = _planned(root, wish, author)
    if wish.out is not None and plan.tasks:
        _require_free(now_.root, wish.out)
        if plan.gates:
            options.person(wish.as_person, "A plan that others shall approve says who made it: --out with gates")
        write_plan(wish.out, plan_pieces(plan))
    if wish.as_json:
        document = json.loads(plan_bytes(plan))
        if wish.probe:
            from orchestrator.cli.probing import document_beside

            return document_beside(now_, plan, document)
        console.document(document)
        return Code.DONE
    if not plan.tasks:
        console.answer([*headline(plan, console.width(), untouched=True), *_left_out(plan)])
        if wish.out is not None:
            console.message(para("", f"{wish.out} was not written: there is nothing to plan.", console.err_width()))
        return Code.DONE
    if not wish.dry_run:
        options.person(wish.as_person, f"orch {wish.action}")
    _show(plan, wish, [] if wish.probe else _next(plan, wish))
    if wish.probe:
        _warn_of_held(now_, plan)
        from orchestrator.cli.probing import look_beside

        return look_beside(now_, plan, then=_next(plan, wish))
    if wish.dry_run:
        _warn_of_held(now_, plan)
        return Code.DONE
    return execute_plan(now_, plan, plan_bytes(plan), by=author or "", yes=wish.yes, file=wish.out)


def _planned(root: Path, wish: Wish, author: str | None) -> tuple[Situation, Plan]:
    """The plan of a wish. Raises FilesError, which says whether there is a way past it."""
    request = wish.request
    try:
        now_ = situation(root, request.inventory, despite_errors=request.despite_errors)
        at = now()
        run_id = f"{at:%Y%m%d-%H%M}-{wish.action.value}-{secrets.token_hex(2)}"
        return now_, now_.plan(wish.action, request, id=run_id, created_at=stamp(at), author=author)
    except FilesError as error:
        raise with_the_way_past(root, wish.action, request, error, wish.past_errors) from error


def apply_file(
    root: Path, file: Path, inventory: str | None, *, by: str, yes: bool, every_system: bool, commands: bool
) -> Code:
    """`orch apply`: a plan runs at most once, and only while planning it again gives the same."""
    plan, data = read_plan(file)
    now_ = situation_of(root, plan, inventory)
    if plan.id in {folder.run_id for folder in RunFolder.list_runs(now_.root)}:
        raise Refused(
            f"{file} has run already, as {plan.id}: a plan runs at most once.",
            f"Go on with it: orch resume {plan.id}   or look: orch show {plan.id}   or plan anew.",
        )
    again = planned_again(now_, plan, file)
    refuse_stale(diff(plan, again), file, options.place(root))
    width = console.width()
    if changed := other_inputs(plan, again):
        text = f"changed since it was planned, without a difference to the plan: {', '.join(changed)}"
        console.message(para("", text, width))
    console.answer(plan_lines(plan, width, untouched=False, every_system=every_system, commands=commands))
    return execute_plan(now_, plan, data, by=by, yes=yes, file=file, changed=changed)


def execute_plan(
    now_: Situation,
    plan: Plan,
    data: bytes,
    *,
    by: str,
    yes: bool,
    file: Path | None,
    changed: Sequence[str] = (),
) -> Code:
    """Refuses, or asks and executes. `file`: where the plan lies; `changed`: inputs that changed, but not the plan."""
    from orchestrator.cli.executing import carry_out
    from orchestrator.run.execute import open_run

    refuse_held(plan, now_.estate)
    if plan.gates:
        gates = ", ".join(sorted({gate.id for gate in plan.gates}))
        raise Refused(
            f"Approvals are not built yet, so a plan with gates ({gates}) can't be executed.",
            f"The plan is in {file}." if file else "Nothing was touched. With --out FILE the plan is kept.",
        )
    require_secrets(plan)
    confirm(phrase(plan), yes=yes)
    folder = open_run(
        now_.root,
        plan,
        data,
        by=by,
        version=__version__,
        protocol_bytes=_protocol(now_),
        now=now(),
        previous_heads=now_.estate.unnamed_heads,
        inputs_changed=changed,
    )
    return carry_out(now_.root, folder, by)


def _warn_of_held(now_: Situation, plan: Plan) -> None:
    try:
        refuse_held(plan, now_.estate)
    except Refused as refused:
        text = f"{refused.what} Until then this plan is refused. {refused.advice.splitlines()[0]}"
        console.message(para("! ", text, console.err_width()))


def _require_free(root: Path, file: Path) -> None:
    """`--out` writes a new file, or over a plan; never over anything else, and never into a run."""
    target, runs = Path(os.path.realpath(file)), Path(os.path.realpath(root / "runs"))
    if target.is_relative_to(runs):
        raise UsageError(f"--out {file} lies in {root / 'runs'}, where only runs are kept.", "Name another place.")
    if target.is_file() and not looks_like_plan(target):
        raise UsageError(f"--out {file} is there already, and is no plan; it was left as it is.", "Name another file.")


def _protocol(now_: Situation) -> bytes | None:
    """The protocol's bytes, as they were planned by."""
    path = now_.workspace.protocol_path
    if path is None:
        return None
    data = (now_.root / path).read_bytes()
    planned = {each.path: each.sha256 for each in now_.workspace.inputs}.get(path)
    if planned is not None and hashlib.sha256(data).hexdigest() != planned:
        raise Refused(f"{path} was changed while this plan was on the screen.", "Nothing was touched. Plan anew.")
    return data


def _show(plan: Plan, wish: Wish, then: list[str]) -> None:
    lines = plan_lines(
        plan,
        console.width(),
        untouched=True,
        every_system=wish.every_system,
        commands=wish.commands,
        then=then,
    )
    console.answer(lines)


def _next(plan: Plan, wish: Wish) -> list[str]:
    if not wish.dry_run:
        return []
    if plan.gates:
        asks = "this plan waits for approvals, which are not built yet: it can be read and kept, not executed"
        return [asks] if wish.out else [asks, f"{wish.again} --dry-run --as YOU --out night.json"]
    if wish.out is not None:
        return [f"orch apply {shlex.quote(str(wish.out))}{wish.place} --as YOU"]
    return [f"{wish.again} --as YOU"]


def _left_out(plan: Plan) -> list[Line]:
    lines = [line(f"  left out: {left.system} ({left.why})") for left in plan.left_out[:LEFT_OUT]]
    more = len(plan.left_out) - LEFT_OUT
    return [*lines, line(f"  and {more:,} more, see --dry-run --json")] if more > 0 else lines

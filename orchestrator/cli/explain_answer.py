"""What `explain` does: reads or makes a plan, asks the graph, shows or writes down the answer. No rule lives here."""

import difflib
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.cli import options
from orchestrator.cli.question_documents import explanation_document, relation_document
from orchestrator.cli.situation import Situation, now, situation, stamp
from orchestrator.graph.explain import Absence, between, explain, kept_by, known_systems
from orchestrator.graph.plan_waits import Hop, PlanWaits
from orchestrator.graph.way_back import estate_after
from orchestrator.model.errors import FilesError, OrchError, UsageError
from orchestrator.model.estate import SystemRecord
from orchestrator.model.inventory import Inventory
from orchestrator.model.plan import Plan, Request
from orchestrator.model.terms import Action
from orchestrator.plan.file import read_plan
from orchestrator.plan.ground import Ground
from orchestrator.show import console
from orchestrator.show.explain_view import absence_lines, absence_text, explanation_lines, relation_lines


@dataclass(frozen=True, slots=True)
class Question:
    """In which plan something is to be explained, and how the answer is wanted."""

    root: Path
    inventory: str | None
    plan_file: Path | None
    within: tuple[str, ...]
    restore: bool
    every: bool
    as_json: bool

    def again(self, *names: str) -> str:
        """The same question about `names`, as a line to type."""
        words = ["orch", "explain", *names]
        words += ["--plan", str(self.plan_file)] if self.plan_file else []
        words += [word for each in self.within for word in ("--in", each)]
        words += ["--restore"] if self.restore else []
        return shlex.join(words) + self.place

    @property
    def place(self) -> str:
        """The ` -i NAME -C DIR` that another command needs to mean the same systems."""
        return (f" -i {shlex.quote(self.inventory)}" if self.inventory else "") + options.place(self.root)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The plan that a question is about; `now`: what it was made from, unless it was read from a file."""

    plan: Plan
    now: Situation | None

    def record(self, system: str) -> SystemRecord:
        return self.now.estate.record(system) if self.now else SystemRecord()


def explain_one(question: Question, system: str) -> None:
    """`orch explain A`."""
    asked = _asked(question, (system,))
    waits = PlanWaits(asked.plan)
    found = explain(waits, system)
    if isinstance(found, Absence):
        path = _kept_by(asked, found)
        record = asked.record(system)
        if question.as_json:
            why = absence_text(asked.plan, found, record)
            console.document(explanation_document(asked.plan, found, path=path, why=why))
        else:
            console.answer(absence_lines(asked.plan, found, path, record, console.width()))
        return
    if question.as_json:
        console.document(explanation_document(asked.plan, found))
        return
    far = found.chain[0].task if found.chain else ""
    then = [question.again(system, far)] if far else []
    record = asked.record(system)
    console.answer(
        explanation_lines(asked.plan, found, console.width(), record=record, every=question.every, then=then)
    )


def explain_two(question: Question, one: str, other: str) -> None:
    """`orch explain A B`."""
    asked = _asked(question, (one, other))
    waits = PlanWaits(asked.plan)
    for name in (one, other):
        found = explain(waits, name) if name not in waits.tasks else None
        if isinstance(found, Absence):
            path = _kept_by(asked, found)
            if question.as_json:
                why = absence_text(asked.plan, found, asked.record(name))
                console.document(explanation_document(asked.plan, found, path=path, why=why))
            else:
                console.answer(absence_lines(asked.plan, found, path, asked.record(name), console.width()))
            return
    relation = between(waits, one, other)
    back, no_back = _way_back(asked, one, other)
    same = back is not None and relation.place is not None and all(back.has(hop) for hop in relation.path)
    relation_back = None if back is None else between(back, one, other)
    apart = waits.apart(one, other)
    if question.as_json:
        console.document(
            relation_document(asked.plan, (one, other), relation, relation_back, apart=apart, no_back=no_back)
        )
        return
    console.answer(
        relation_lines(
            (one, other),
            asked.plan,
            relation,
            console.width(),
            back=relation_back,
            same_back=same,
            no_back=no_back,
            apart=apart,
        )
    )


def _asked(question: Question, names: Sequence[str]) -> _Asked:
    """The plan that is asked about. Raises UsageError for a name that it can know nothing of."""
    if question.plan_file is not None:
        plan, _ = read_plan(question.plan_file)
        known = known_systems(plan)
        for name in names:
            if name not in known:
                raise UsageError(
                    f"{question.plan_file} says nothing of {name}.",
                    _meant(name, known, f"orch plan show {shlex.quote(str(question.plan_file))} --all"),
                )
        return _Asked(plan, None)
    now_ = situation(question.root, question.inventory)
    for name in names:
        if name not in now_.workspace.inventory.systems:
            raise _no_system(now_.workspace.inventory, name, question.place)
    request = Request(select=question.within, inventory=question.inventory)
    return _Asked(_planned(now_, Action.RESTORE if question.restore else Action.SHUTDOWN, request), now_)


def _planned(now_: Situation, action: Action, request: Request) -> Plan:
    return now_.plan(action, request, id="explained", created_at=stamp(now()), author=None)


def _way_back(asked: _Asked, one: str, other: str) -> tuple[PlanWaits | None, str]:
    """The way back of a shutdown that was planned here; or why there is none."""
    if asked.now is None or asked.plan.action is Action.RESTORE:
        return None, ""
    after = replace(asked.now, estate=estate_after(asked.now.estate, asked.plan))
    try:
        back = PlanWaits(_planned(after, Action.RESTORE, Request(inventory=asked.plan.request.inventory)))
    except OrchError as error:
        what = error.problems[0].what if isinstance(error, FilesError) else error.what
        return None, f"it can't be planned as things stand: {what}"
    for name in (one, other):
        if name not in back.tasks:
            return None, f"{name} stays as it is."
    return back, ""


def _kept_by(asked: _Asked, one: Absence) -> tuple[Hop, ...]:
    if one.left_out is None or asked.now is None:
        return ()
    return kept_by(Ground(asked.now.workspace).needs, one.left_out.path)


def _no_system(inventory: Inventory, name: str, place: str) -> UsageError:
    """What else a name may be, or which system was meant."""
    on_it = [system.id for system in inventory.systems.values() if any(ref.id == name for ref in system.hosts)]
    service = inventory.services.get(name)
    if name in inventory.hosts:
        return UsageError(f"{name} is a host.", f"The systems on it: {', '.join(on_it) or 'none'}")
    if service is not None:
        required = sorted({id for requirement in service.requires for id in requirement.alternatives})
        return UsageError(f"{name} is a service.", f"The systems that it requires: {', '.join(required) or 'none'}")
    for what, ids in (("customer", inventory.customers), ("zone", inventory.zones)):
        if name in ids:
            said = f"{name} is a {what}, and orch explain asks about a system."
            return UsageError(said, f"orch graph {what}={name}{place}")
    return UsageError(f'There is no system "{name}".', _meant(name, inventory.systems, f"orch status --all{place}"))


def _meant(name: str, known: Collection[str], lists: str) -> str:
    """What may have been meant; `lists`: the command that lists all there is."""
    near = difflib.get_close_matches(name, sorted(known), n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"All of them:\n{lists}"

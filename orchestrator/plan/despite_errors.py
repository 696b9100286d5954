"""What `--despite-errors` makes of systems whose files are wrong: tasks that a person does, first (section 4).

- A system whose own entry or playbook is wrong becomes a manual task of one step, whatever its playbook has: nothing is
  sent to its hosts. So does one whose commands can't be written out for its hosts.
- What others are reached by or run on still refuses, with all that is wrong about it.
- A loop of needs is cut by the system whose own way in is part of it: a person does it at the console, where no way in
  is needed, when all else that it waits for is done.
- Every error that is gone past is told first of all, with its `file:line` and the systems it concerns.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.graph.closure import Joined, Membership
from orchestrator.graph.needs import PHYSICAL
from orchestrator.model.errors import CANT_GO_PAST, FilesError, Problem
from orchestrator.model.plan import NO_HOST, PlanProbes, PlanStep, Warn
from orchestrator.model.terms import Mode
from orchestrator.model.workspace import Workspace
from orchestrator.plan.commands import BY_HAND_EXPECT_S, BY_HAND_TIMEOUT_S
from orchestrator.plan.drafts import Draft, draft_shutdown
from orchestrator.plan.ground import Ground
from orchestrator.plan.ordering import to_cut
from orchestrator.plan.phrases import names

MOST_TEXT = 160


@dataclass(frozen=True, slots=True)
class Drafted:
    """The drafts of a plan, and what was gone past: of each system, also of those that the plan does not have."""

    drafts: Mapping[str, Draft]
    wrong: Mapping[str, tuple[Problem, ...]]


def drafted(ground: Ground, members: Membership, modes: Mapping[str, Mode]) -> Drafted:
    """Every member as a task, those that are wrong by hand. Raises FilesError for what others stand on."""
    ws = ground.ws
    wrong = dict(ws.broken)
    drafts: dict[str, Draft] = {}
    refusing: list[Problem] = []
    for one, joined in members.items():
        if one not in wrong:
            try:
                drafts[one] = draft_shutdown(ws, one, modes[one], joined)
                continue
            except FilesError as error:
                wrong[one] = error.problems
                if carries(ground, one):
                    refusing += error.problems
        drafts[one] = by_hand(ws, one, modes[one], joined, wrong[one])
    if refusing:
        raise FilesError(
            tuple(dict.fromkeys(refusing)),
            CANT_GO_PAST,
        )
    return Drafted(drafts, wrong)


def without_loops(
    ground: Ground, drafts: Mapping[str, Draft], gone: frozenset[str]
) -> tuple[Mapping[str, Draft], list[Warn]]:
    """The drafts with their loops of needs cut, and a warning for each cut."""
    modes = {id: draft.modes for id, draft in drafts.items()}
    first = frozenset(id for id, draft in drafts.items() if draft.wrong)
    loops = to_cut(ground, modes, gone - drafts.keys(), first)
    found = []
    for id, loop in sorted(loops.items()):
        text = f"{id} is done by a person at its console (--despite-errors): the way to it is part of a {loop}"
        found.append(Warn(code="loop-cut", text=text, systems=(id,)))
    return {id: at_the_console(draft) if id in loops else draft for id, draft in drafts.items()}, found


def carries(ground: Ground, system: str) -> bool:
    """Whether others are reached by a system or run on it, or the operator comes in by it."""
    if any(ref.id == system for ref in ground.inventory.operator_control_path):
        return True
    users = ground.needs.users.get(system, ())
    return any(ground.needs.of[user.system][user.group].reason in PHYSICAL for user in users)


def by_hand(ws: Workspace, system: str, mode: Mode, joined: Joined | None, problems: Sequence[Problem]) -> Draft:
    """Taking a system offline whose files are wrong. The text has no lines: they move when a file is mended."""
    text = f"take {system} offline by hand ({mode.value}): {_why(system, problems)}"
    return Draft(
        system=ws.inventory.systems[system],
        modes=(mode,),
        hosts=(NO_HOST,),
        joined=joined,
        probe=PlanProbes(),
        evidence=(),
        steps=(_step(mode, text),),
        force=(),
        health=(),
        lacking=(),
        seconds=BY_HAND_EXPECT_S,
        wrong=tuple(problems),
    )


def at_the_console(draft: Draft) -> Draft:
    """The same task, done by a person who needs no way in."""
    mode = draft.modes[0]
    text = f"take {draft.system.id} offline by hand ({mode.value}), at its console: the way to it goes down before it"
    return replace(
        draft,
        hosts=(NO_HOST,),
        probe=PlanProbes(),
        evidence=(),
        steps=(_step(mode, text),),
        force=(),
        lacking=(),
        seconds=BY_HAND_EXPECT_S,
        at_console=True,
    )


def warnings_of_errors(
    wrong: Mapping[str, Sequence[Problem]],
    beside: Iterable[Problem],
    tasks: Collection[str],
    stays: Callable[[str], bool],
) -> list[Warn]:
    """What was gone past: first how much, then every error in the order of the files. `stays`: is protected."""
    concerned: dict[Problem, list[str]] = {}
    for id in sorted(wrong):
        for problem in wrong[id]:
            concerned.setdefault(problem, []).append(id)
    for problem in beside:
        concerned.setdefault(problem, [])
    everything = sorted(concerned.items(), key=lambda one: (one[0].source, one[0].what))
    if not everything:
        return []
    hands = tuple(id for id in sorted(wrong) if id in tasks)
    count = len(everything)
    first = f"{count} error{'' if count == 1 else 's'} in the files gone past (--despite-errors)"
    if hands:
        first += f": {len(hands)} system{' is' if len(hands) == 1 else 's are'} done by a person, first of all"
    found = [Warn(code="despite-errors", text=f"{first}.", systems=hands)]
    for problem, ids in everything:
        said = f"{problem.source}  {problem.what}" + (f" {problem.advice}" if problem.advice else "")
        follows = _follows(ids, tasks, stays) or _of_nobody(problem)
        found.append(Warn(code="despite-errors", text=f"{said} {follows}", systems=tuple(ids)))
    return found


def _follows(ids: Sequence[str], tasks: Collection[str], stays: Callable[[str], bool]) -> str:
    """What follows of an error for the systems that it concerns."""
    kept = [id for id in ids if id not in tasks and stays(id)]
    others = [id for id in ids if id not in tasks and not stays(id)]
    hands = [id for id in ids if id in tasks]
    said = [f"By hand: {names(hands)}."] if hands else []
    if kept:
        said.append(f"Protected, so left alone, but what it needs may not all be known: {names(kept)}.")
    if others:
        said.append(f"Not in this plan: {names(others)}.")
    return " ".join(said)


def _of_nobody(problem: Problem) -> str:
    if problem.source.path == "known_hosts":
        return "What it would have pinned stays without a key."
    return "It keeps no system from going down."


def _why(system: str, problems: Sequence[Problem]) -> str:
    first = problems[0]
    what = first.what.split("\n")[0].removeprefix(f"{system}: ").rstrip(".")
    what = what if len(what) <= MOST_TEXT else what[: MOST_TEXT - 3] + "..."
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"orch can't, for {first.source.path} is wrong ({what}{more})"


def _step(mode: Mode, text: str) -> PlanStep:
    return PlanStep(
        id=f"{mode.value}.1",
        name="by hand",
        host=NO_HOST,
        manual=f"{text}; then confirm",
        timeout_s=BY_HAND_TIMEOUT_S,
        expect_s=BY_HAND_EXPECT_S,
        idempotent=True,
        disconnects=False,
        changes_state=True,
    )

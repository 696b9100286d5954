"""All runs -> what is known of every system (contract section 2), pure.

* Runs are taken in the order in which they were opened, then by id; a run without an `opened` event never was.
* A system is touched by a run from its task's first event on; `deeds` says what each task means for its system.
* A run that is not sealed is open: its tasks that are not done, already or skipped hold their systems. One that was
  aborted holds nothing; what it left midway stays unknown.
* `Estate.head` is the SHA-256 of the runs' heads (hex), sorted, each followed by a newline; without runs, of nothing.
* A head is unnamed while no other run's `opened` names it. A run that went on after it was named has a new head.
"""

import hashlib
from collections.abc import Iterable, Sequence

from orchestrator.estate.deeds import after_task
from orchestrator.estate.digest import TaskDigest, digest_tasks
from orchestrator.model.estate import Estate, OpenRun, RunRecord, SystemRecord
from orchestrator.model.events import Opened, Sealed


def fold_estate(runs: Iterable[RunRecord]) -> Estate:
    """The estate after `runs`, given in any order."""
    ordered = sorted(((opened, run) for run in runs if (opened := _opened(run))), key=lambda p: (p[0].at, p[0].run))
    systems: dict[str, SystemRecord] = {}
    open_runs: list[OpenRun] = []
    for opened, run in ordered:
        digests, over = digest_tasks(run.events), isinstance(run.events[-1], Sealed)
        for task in run.plan.tasks:
            digest = digests.get(task.id)
            if digest is not None:
                before = systems.get(task.system, SystemRecord())
                after = after_task(before, task, digest, opened.run, over=over)
                if after is not before:
                    systems[task.system] = after
        if not over:
            held = (task.system for task in run.plan.tasks if not digests.get(task.id, TaskDigest()).state.is_end)
            open_runs.append(OpenRun(opened.run, run.plan.action, frozenset(held)))
    heads = tuple(run.head for _, run in ordered)
    named = {head for opened, _ in ordered for head in opened.previous_run_heads}
    return Estate(
        head=head_of(heads),
        systems=systems,
        open_runs=tuple(open_runs),
        run_heads=heads,
        unnamed_heads=tuple(head for head in heads if head not in named),
    )


def head_of(heads: Sequence[str]) -> str:
    """SHA-256 over the sorted heads of all runs, each as 64 hex characters and a newline; of none, over nothing."""
    return hashlib.sha256("".join(f"{head}\n" for head in sorted(heads)).encode("ascii")).hexdigest()


def _opened(run: RunRecord) -> Opened | None:
    first = run.events[0] if run.events else None
    return first if isinstance(first, Opened) else None

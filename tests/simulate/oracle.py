"""What must hold in every run, judged while its journal grows: entry by entry against the plan and the world.

The judge reads the journal's JSON, not orch's values, and has its own count of needs, barriers, states and attempts,
so that it shares no mistake with what it judges. The world is asked at the moment when an entry is durable.

* order: a task is probed only after all it needs; a barrier is open when what is behind it begins; nothing begins
  after a pause, an abort or a spent budget;
* at most once: an attempt is executed once, and after its intent; a step is done again only if it is idempotent or a
  person said so, and never while it still runs; a host found as wanted gets no step;
* truth: what is done and proven, or already, is so in the world at that moment; ok and failed are how it ended there,
  never is never; nothing that is unknown lies behind a done;
* none lost: every step of a task that is done was done, wherever it was due;
* evidence comes before the first step, and what is kept is not taken again;
* force follows only when nothing runs any more that is not written off;
* time never runs backwards, and a seal counts right.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from orchestrator.model.plan import EvidencePolicy, PlanStep
from orchestrator.model.terms import Action, Mode, OnFailure
from orchestrator.run.specs import attempt_key
from tests.simulate.hosts import World
from tests.simulate.told import Attempt, Place, Task
from tests.simulate.truth import can_be_seen, is_as_wanted

Entry = dict[str, Any]

LATE = "not kept within"
STUCK = {"failed", "unknown", "held"}
ENDS = {"done", "already", "skipped"}
BUSY = {"probing", "evidence", "running", "verifying"}
OPEN = {"intent", "unknown"}


class Judge:
    """Judges one run in one world; `problems` are what it has found."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plan = world.plan
        self.down = world.plan.action is Action.SHUTDOWN
        self.tasks = {task.id: Task(task) for task in world.plan.tasks}
        self.barriers = {barrier.id: barrier.needs for barrier in world.plan.barriers}
        self.steps = {
            (task.id, step.id, step.host, step.on_host): step
            for task in world.plan.tasks
            for step in (*task.steps, *task.force)
        }
        self.met = ENDS | ({"failed", "unknown"} if world.plan.policy.on_failure is OnFailure.CONTINUE else set())
        self.as_found = {
            (task.id, host)
            for task in world.plan.tasks
            for host in task.hosts
            if is_as_wanted(world, task, host) and can_be_seen(task)
        }
        self.problems: list[str] = []
        self.entries = 0
        self.at = ""
        self.stopped: set[str] = set()
        self.spoilt: dict[str, None] = {}  # hosts on which a step failed, since budgets were last counted anew
        self.inbox: Counter[str] = Counter()
        self.sealed: Entry | None = None
        self.seen: Counter[str] = Counter()

    def wrong(self, what: str) -> None:
        """Keep what is wrong."""
        self.problems.append(what)

    def states(self) -> dict[str, str]:
        """The state of every task."""
        return {name: task.state for name, task in self.tasks.items()}

    def hear(self, entry: Entry) -> None:
        """Judge the next entry."""
        self.entries += 1
        if entry["at"] < self.at:
            self.wrong(f"time: entry {self.entries} is of {entry['at']}, after one of {self.at}")
        if self.sealed:
            self.wrong(f"seal: {entry} follows it")
        self.at = entry["at"]
        self.seen[_kind_of(entry)] += 1
        task = self.tasks.get(entry.get("task") or "")
        about_tasks = {"task": self._task, "probe": self._probe, "step": self._step, "evidence": self._evidence}
        if task is not None and entry["type"] in about_tasks:
            about_tasks[entry["type"]](task, entry)
        else:
            self._about_the_run(task, entry)

    def _about_the_run(self, task: Task | None, entry: Entry) -> None:
        match entry["type"]:
            case "operator":
                self._operator(task, entry)
            case "budget":
                self.stopped.add(entry["which"])
                if entry["count"] < entry["limit"]:
                    self.wrong(f"budget: spent at {entry}")
            case "resumed":
                self._resumed()
            case "sealed":
                self._seal(entry)
            case "opened" | "left":
                pass
            case other:
                self.wrong(f"an entry of a type that nobody knows: {other}")

    # -- tasks -------------------------------------------------------------------------------------------------

    def _task(self, task: Task, entry: Entry) -> None:
        before, after = task.state, entry["state"]
        if before in ENDS:
            self.wrong(f"{task.plan.id} is {before}, and becomes {after}")
        if before == "waiting" and after == "probing":
            self._order(task)
        if entry.get("rung") == "force":
            self._force(task)
        if after == "probing":
            task.life += 1
            task.forced = False
            task.tried, task.down, task.began = {}, set(), False
        if after in {"done", "already"}:
            self._true(task, after, entry.get("proof"))
        if after == "failed":
            task.unsent = before == "probing" or not task.has_begun()
        task.state = after
        if after in {"failed", "unknown"}:
            self._spoil(task)

    def _order(self, task: Task) -> None:
        name = task.plan.id
        if self.stopped:
            self.wrong(f"order: {name} began though the run was stopped by {sorted(self.stopped)}")
        limit = self.plan.policy.failed_limit
        if limit is not None and len(self.spoilt) >= limit and "failed" not in self.stopped:
            self.wrong(f"budget: {name} began after {sorted(self.spoilt)} had failed, of {limit}")
        for need in task.plan.needs:
            if need.task is not None and self.tasks[need.task].state not in self.met:
                self.wrong(f"order: {name} began while {need.task} was {self.tasks[need.task].state}")
            if need.barrier is not None:
                closing = {one for one in self.barriers[need.barrier] if self.tasks[one].state not in self.met}
                closing -= self._immovable() if self.down and closing else set()
                if closing:
                    self.wrong(f"order: {name} began behind {need.barrier} before {sorted(closing)}")
        busy = [one for one in self.tasks.values() if one.state in BUSY]
        if len(busy) >= self.plan.policy.parallel:
            self.wrong(f"order: {name} began though {len(busy)} were under way")
        for zone, most in self.plan.policy.zone_parallel.items():
            inside = [one for one in busy if zone in self._zones(one)]
            if zone in self._zones(task) and len(inside) >= most:
                self.wrong(f"order: {name} began though {len(inside)} were under way in {zone}")

    def _zones(self, task: Task) -> set[str | None]:
        return {self.plan.hosts[host].zone for host in task.plan.hosts}

    def _immovable(self) -> set[str]:
        stuck = {name for name, task in self.tasks.items() if task.state in STUCK}
        for name, task in self.tasks.items():  # in an admissible order
            needs = (need.task for need in task.plan.needs if need.task)
            blocked = any(need in stuck and self.tasks[need].state not in self.met for need in needs)
            if task.state == "waiting" and blocked:
                stuck.add(name)
        return stuck

    def _force(self, task: Task) -> None:
        """Nothing of the graceful steps may still run that is not written off."""
        if not task.plan.force:
            self.wrong(f"force: {task.plan.id} has no such steps")
        task.forced = task.was_forced = True
        for place in self._open_ends(task):
            if not place[0].startswith("force."):
                self.wrong(f"force: {task.plan.id} goes on to it, and nobody knows of {place}")

    def _true(self, task: Task, state: str, proof: str | None) -> None:
        """What is done, or was found so, is so in the world now, unless it is said to be unproven."""
        name = task.plan.id
        if proof == "person":
            if not task.people["done"]:
                self.wrong(f"untrue: {name} is done by a person, and nobody said so")
            return
        open_ends = self._open_ends(task)
        if open_ends and (proof == "unproven" or any(self.steps[name, *p].changes_state for p in open_ends)):
            self.wrong(f"hidden: {name} is {state}, {proof}, and nobody knows of {open_ends}")
        if proof != "unproven":
            lies = self.world.false_ever
            for host in task.plan.hosts:
                if state == "already" and self._is_seen_by_port(task, host):
                    continue
                if host not in lies and not is_as_wanted(self.world, task.plan, host, forced=task.was_forced):
                    self.wrong(f"untrue: {name} is {state} on {host}")
        if state == "done" and not task.forced and not open_ends:
            self._none_lost(task)

    def _is_seen_by_port(self, task: Task, host: str) -> bool:
        """Whether nothing but a port that was silent for a moment says that the host has no power."""
        return task.plan.mode is Mode.POWEROFF and not task.plan.probe.poweroff and host in self.world.away_ever

    def under_way(self, name: str) -> list[Place]:
        """The attempts of a task that were sent, and of which nothing was heard."""
        return [place for (place, _), attempt in self.tasks[name].attempts.items() if attempt.state == "intent"]

    def _open_ends(self, task: Task) -> list[Place]:
        """Attempts of this life whose outcome is not known; a probe that said yes stands in for quiet steps."""
        latest = {place: task.last(place) for place, _ in task.attempts}
        return [p for p, one in latest.items() if one and one.life == task.life and one.state in OPEN]

    def _none_lost(self, task: Task) -> None:
        for step in task.plan.steps:
            place = (step.id, step.host, step.on_host)
            last = task.last(place)
            fine = last is not None and (
                last.state in {"ok", "gone"} or (last.state == "failed" and step.continue_on_failure)
            )
            if not fine and step.host not in task.found_right:
                self.wrong(f"lost: {task.plan.id} is done without {place}, which is {last and last.state}")

    def _spoil(self, task: Task) -> None:
        """Hosts on which a step plainly failed: the least that the budget of failed ones has to count."""
        failed = {
            place: attempt
            for (place, _), attempt in task.attempts.items()
            if attempt.life == task.life and attempt.state == "failed"
        }
        unsent = {place[1] for place, attempt in failed.items() if not attempt.sent}
        for place in failed:
            if place[1] not in unsent and not self.steps[task.plan.id, *place].continue_on_failure:
                self.spoilt[place[1]] = None

    # -- what was asked, done and said -------------------------------------------------------------------------

    def _probe(self, task: Task, entry: Entry) -> None:
        right = {"offline", "isolated", "silent"} if self.down else {"online", "open", "answers"}
        if entry["found"] in right:
            task.found_right.add(entry["host"])
        if entry["found"] in {"unknown", "unreachable"}:
            task.found_lost.add(entry["host"])
        if entry["found"] in {"offline", "silent", "isolated"}:
            task.down.add(entry["host"])

    def _step(self, task: Task, entry: Entry) -> None:
        place: Place = (entry["step"], entry["host"], entry.get("on_host"))
        n, state = entry["attempt"], entry["state"]
        key = attempt_key(self.plan.id, task.plan.id, *place, n)
        before = task.attempts.get((place, n))
        step = self.steps[task.plan.id, *place]
        if state == "intent":
            if before is not None:
                self.wrong(f"doubled: intent of {key}")
            if self.world.done[key]:
                self.wrong(f"overtaken: {key} was executed before its intent was durable")
            self._evidence_first(task)
            task.attempts[place, n] = Attempt("intent", task.life)
            return
        sent = entry.get("sent", True)
        settled = "settled" in (entry.get("why") or "")
        if before is None:
            before = task.attempts[place, n] = Attempt("", task.life)
        before.state, before.sent, before.settled = state, sent, settled
        if step.manual is None:
            self._ended_so(step, key, entry, sent=sent, settled=settled)

    def _ended_so(self, step: PlanStep, key: str, entry: Entry, *, sent: bool, settled: bool) -> None:
        state, code = entry["state"], self.world.ended.get(key)
        if (state == "never" or not sent) and self.world.done[key]:
            self.wrong(f"untrue: {key} is {state}, and was executed")
        if step.disconnects or settled:
            return
        if state == "ok" and code not in step.exits:
            self.wrong(f"untrue: {key} is ok, and ended with {code}")
        if state == "failed" and sent and (code is None or code in step.exits):
            self.wrong(f"untrue: {key} is failed, and ended with {code}")

    def _operator(self, task: Task | None, entry: Entry) -> None:
        if not entry["by"] or not (entry["reason"] or entry["did"] == "pause"):
            self.wrong(f"a decision without a name or a reason: {entry}")
        if "inbox" in entry:
            self.inbox[entry["inbox"]] += 1
        did = entry["did"]
        if did in {"pause", "abort"}:
            self.stopped.add(did)
        elif did == "past-limit":
            self.stopped -= {"failed", "unreachable"}
            self.spoilt.clear()
        if task is None:
            return
        word = str(entry.get("as", did))
        if task.state in ENDS:
            self.wrong(f"{task.plan.id} is {task.state}, and a person decides {word}")
        task.people[word] += 1
        if word == "retry" or (did == "escalate" and task.state in STUCK):
            task.state = "waiting"
            task.tried, task.down, task.began = {}, set(), False

    def _resumed(self) -> None:
        self.stopped.discard("pause")
        for task in self.tasks.values():
            if task.state == "failed" and task.unsent:
                task.state = "waiting"
            elif task.state == "evidence":
                task.state = "probing"
                task.life += 1
                task.tried, task.down, task.began = {}, set(), False

    def _seal(self, entry: Entry) -> None:
        counts = Counter(task.state for task in self.tasks.values())
        if entry["tasks"] != dict(counts):
            self.wrong(f"seal: it counts {entry['tasks']}, and there are {dict(counts)}")
        over = set(counts) <= ENDS
        if (entry["result"] == "done") != over:
            self.wrong(f"seal: {entry['result']}, with {dict(counts)}")
        self.sealed = entry

    # -- evidence ----------------------------------------------------------------------------------------------

    def _evidence(self, task: Task, entry: Entry) -> None:
        piece, why = (entry["host"], entry["name"]), entry.get("why")
        if why is None:
            if piece in task.kept:
                self.wrong(f"evidence: {piece} of {task.plan.id} was taken again")
            task.kept.add(piece)
        if LATE not in (task.tried.get(piece) or ""):
            task.tried[piece] = why

    def _evidence_first(self, task: Task) -> None:
        """Before the first step since it was probed all that was due was tried, and is kept, or may be missing."""
        if task.began:
            return
        task.began = True
        policy: EvidencePolicy = self.plan.policy.evidence
        past = policy.past == "go-on" and any(LATE in (why or "") for why in task.tried.values())
        for one in task.plan.evidence:
            piece = (one.host, one.name)
            given_up = piece in task.tried and (not policy.required or task.forced)
            let_go = task.people["waive-evidence"] or past or given_up
            if one.host not in task.down and piece not in task.kept and not let_go:
                self.wrong(f"evidence: {task.plan.id} began without {one.name} of {one.host}")

    # -- at the end --------------------------------------------------------------------------------------------

    def close(self) -> list[str]:
        """What can be said only afterwards; returns all that was found."""
        for what in (*self._doubled(), *self._overlapping(), *self._touched()):
            self.wrong(what)
        return self.problems

    def _doubled(self) -> Iterator[str]:
        known = {
            attempt_key(self.plan.id, name, *place, n): attempt
            for name, task in self.tasks.items()
            for (place, n), attempt in task.attempts.items()
        }
        executed: Counter[tuple[str, ...]] = Counter()
        for key, n in self.world.done.items():
            if n > 1:
                yield f"doubled: {key} was executed {n} times"
            if key not in known:
                yield f"never written: {key} was executed"
            elif known[key].state == "never" or not known[key].sent:
                yield f"untrue: {key} is {known[key].state}, and was executed"
            executed[tuple(key.split("/")[1:5])] += 1
        for (name, step, host, on_host), n in executed.items():
            people = self.tasks[name].people
            words = people["retry"] + people["escalate"]
            idempotent = self.steps[name, step, host, None if on_host == "-" else on_host].idempotent
            if n > 1 + words and not idempotent:
                yield f"doubled: {name} {step} on {host} was executed {n} times, and a person wanted it {words} times"

    def _overlapping(self) -> Iterable[str]:
        """Two at a time can't be helped where no receipt tells, nor is it forbidden where a step is idempotent."""
        world = self.world
        told = all(host.receipts for host in self.plan.hosts.values())
        told &= not world.forgetful_ever and not world.silent_ever
        if not told or any(step.idempotent for step in self.steps.values()):
            return ()
        return [f"doubled: {key} while another attempt still ran" for key in world.overlaps if "/poweroff." not in key]

    def _touched(self) -> Iterator[str]:
        for key in self.world.done:
            _, task, _, host, *_ = key.split("/")
            unsure = host in self.tasks[task].found_lost or host in self.world.false_ever
            if (task, host) in self.as_found and not unsure:
                yield f"touched: {key}, though its host was as wanted"


def _kind_of(entry: Entry) -> str:
    """What kind of entry it is, for the tally of a campaign."""
    match entry["type"]:
        case "task":
            return "forced" if entry.get("rung") else f"task {entry['state']}"
        case "step" if entry.get("by_receipt"):
            return f"step {entry['state']} by receipt"
        case "step":
            return f"step {entry['state']}"
        case "operator":
            return str(entry.get("as", entry["did"]))
        case "sealed":
            return f"sealed {entry['result']}"
        case other:
            return str(other)

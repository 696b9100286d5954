"""Steps that leave something to a person, or to luck (sections 3, 4, 6)."""

from collections.abc import Iterator

from orchestrator.model.inventory import Host
from orchestrator.model.playbook import Manual, Playbook, Step
from orchestrator.model.source import Source
from orchestrator.model.terms import Action, Mode, OnFailure, Platform
from orchestrator.plan.lints.finding import Danger, Finding, Lint, counted, verb
from orchestrator.plan.lints.whole import Whole, by_person

NO_RECEIPT = Lint(
    id="L13",
    title="A step that must not be repeated, on a host that keeps no receipt",
    danger=Danger.BY_HAND,
    means="Where a connection is lost in the middle, orch asks the host's receipt what became of the step. This host "
    "keeps none (receipts: false, windows, appliance), and the step is not `idempotent`: nobody can tell, so nobody "
    "repeats it. The task waits for its probe, and then for a person.",
    night="The array was told to restart both controllers, and the line went dead. Was it told? Said twice, it "
    "interrupts its own start. Somebody who knows it has to look, at 04:00.",
    do="If saying it twice does no harm, say so: idempotent: true. If it does, know beforehand who looks, and where.",
    wrong="""\
hosts:
  san-01: {address: 10.10.1.21, platform: appliance, receipts: false}
# playbooks/storage.yaml
restore: {stop: [{name: start, argv: [restart, sc, both, noprompt]}]}
""",
    right="""\
# does nothing where they are up
restore: {stop: [{name: start, argv: [start, both], idempotent: true}]}
""",
)
LACKS_MODE = Lint(
    id="L14",
    title="A mode that the playbook does not have",
    danger=Danger.BY_HAND,
    means="The protocol takes systems of this kind offline in a mode that their playbook has no steps for. orch writes "
    "one step for a person instead, and waits until somebody confirms it.",
    night="The protocol says poweroff for desktops, and somebody has added a new kind of them. Forty tasks say: take "
    "it offline by hand and confirm. There are two people in the building.",
    do="Give the playbook the mode, or the systems another one in `modes` (the first match counts).",
    wrong="""\
# protocol.yaml
modes: [{of: ["kind=thin-client"], mode: poweroff}]
# playbooks/thin-client.yaml has shutdown.stop alone
""",
    right="""\
# playbooks/thin-client.yaml
shutdown:
  poweroff:
    - {name: power off, argv: [poweroff], sudo: true, disconnects: true}
""",
)
NO_WAY_BACK = Lint(
    id="L15",
    title="A way down without a way back",
    danger=Danger.BY_HAND,
    means="The playbook takes systems offline in a mode (or by a force step that leaves it) and has nothing that "
    "undoes it. A restore becomes a step for a person, without a word on what to do.",
    night="The desktops went off in four minutes. In the third week the plan for the way back says, two hundred times: "
    "bring it back by hand. Who wrote the playbook has left the company.",
    do="Write the steps of the same name under `restore`; at least a manual one that says what a person does.",
    wrong="""\
shutdown:
  poweroff:
    - {name: power off, argv: [poweroff], sudo: true, disconnects: true}
restore: {}
""",
    right="""\
restore:
  poweroff:
    - {name: power on, manual: "Switch {host} on, wait until it answers."}
""",
)
NO_FORCE = Lint(
    id="L16",
    title="A playbook without force, where the protocol says force",
    danger=Danger.BY_HAND,
    means="The protocol says on_failure: force for a shutdown, and this playbook has no `force` steps: where the "
    "graceful ones fail there is no next rung, and the system stays up until a person decides.",
    night="The attacker has broken the service manager on a dozen machines. Eleven are killed from below by the next "
    "rung. The twelfth, the one kind without it, is still up in the morning.",
    do="Add `force` steps that need as little as possible of the host itself, or accept it and write in the playbook "
    "why nothing harsher may be done.",
    wrong="""\
# protocol.yaml
on_failure: {shutdown: force}
# playbooks/java-app.yaml has no shutdown.force
""",
    right="""\
shutdown:
  force:
    - name: switch off
      on: carrier
      argv: [virsh, destroy, "{host}"]
      sudo: true
      leaves: poweroff
""",
)


def no_receipt(whole: Whole) -> Iterator[Finding]:
    """Steps that nobody can tell the fate of after a lost connection."""
    for kind, systems in whole.by_kind.items():
        for phase, step in _steps(whole.ws.playbooks[kind]):
            if step.idempotent or step.disconnects or isinstance(step.do, Manual):
                continue
            hosts = sorted(
                {
                    host
                    for id in systems
                    for host in whole.acting_hosts(whole.ours[id], step.on)
                    if _keeps_none(whole.inventory.hosts[host])
                }
            )
            if hosts:
                what = (
                    f'{kind}: "{step.name}" ({phase}) is not idempotent, and {counted(hosts, "host")} '
                    f"{verb(hosts, 'keeps', 'keep')} no receipt: a lost connection leaves it to a person."
                )
                yield NO_RECEIPT.at(step.source, what, "idempotent: true where saying it twice does no harm.", hosts)


def _steps(book: Playbook) -> Iterator[tuple[str, Step]]:
    for action, modes in (("shutdown", book.shutdown), ("restore", book.restore)):
        for mode, steps in modes.items():
            for step in steps:
                yield f"{action}.{mode.value}", step
    for step in book.force:
        yield "shutdown.force", step


def _keeps_none(host: Host) -> bool:
    return not host.receipts or host.platform is not Platform.LINUX


def lacks_mode(whole: Whole) -> Iterator[Finding]:
    """Modes that the protocol gives and playbooks lack."""
    for kind, systems in whole.by_kind.items():
        book = whole.ws.playbooks[kind]
        for mode in Mode:
            given = [id for id in systems if whole.modes[id] is mode and id not in whole.kept]
            if not given or book.shutdown.get(mode):
                continue
            source = _mode_source(whole, given[0]) or book.source
            what = (
                f'{kind} has no "{mode.value}", by which the protocol takes {counted(given)} offline: '
                f"{verb(given, 'it becomes a task', 'they become tasks')} for a person."
            )
            yield LACKS_MODE.at(source, what, f"Add the steps to {book.source.path}, or give another mode.", given)


def _mode_source(whole: Whole, system: str) -> Source | None:
    """The protocol's rule that gives the mode; None where none does, so that it is the usual one."""
    matching = whole.ground.selection.matching
    return next((rule.source for rule in whole.protocol.modes if system in matching(rule.of)), None)


def no_way_back(whole: Whole) -> Iterator[Finding]:
    """Modes that a playbook takes and does not undo."""
    for kind, book in whole.ws.playbooks.items():
        systems = sorted(id for id, system in whole.inventory.systems.items() if system.kind == kind)
        if not systems:
            continue
        left = {mode: steps[0] for mode, steps in book.shutdown.items() if steps}
        for step in book.force:
            if step.leaves is not None:
                left.setdefault(step.leaves, step)
        for mode, step in sorted(left.items(), key=lambda one: list(Mode).index(one[0])):
            if not book.restore.get(mode):
                what = f'{kind} takes {counted(systems)} offline by "{mode.value}" and has nothing that undoes it.'
                advice = f"Add restore.{mode.value}, if only a manual step that says what to do."
                yield NO_WAY_BACK.at(step.source, what, advice, systems)


def no_force(whole: Whole) -> Iterator[Finding]:
    """Playbooks without the rung that the protocol counts on."""
    if whole.protocol.on_failure.get(Action.SHUTDOWN) is not OnFailure.FORCE:
        return
    for kind, systems in whole.by_kind.items():
        book = whole.ws.playbooks[kind]
        if not book.force and not all(by_person(steps) for steps in book.shutdown.values()):
            what = f"{kind} has no force, which the protocol counts on: {counted(systems)} without a next rung."
            yield NO_FORCE.at(book.source, what, "Add shutdown.force, or say there why there is none.", systems)

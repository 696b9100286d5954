"""What an isolated system takes along into its isolation: the step that would undo it, and the answer that proves it.

Both are asked of somebody else (`on: {system: ...}`, `on: carrier`), or they are asked of a host that no longer
answers (section 4, *Modes add up*: `check` lists what, once isolated, no step `on:` another system can reach).
"""

from collections.abc import Iterator, Sequence

from orchestrator.graph.actuators import acting_systems
from orchestrator.model.playbook import Manual, On
from orchestrator.model.terms import Mode
from orchestrator.plan.lints.finding import Danger, Finding, Lint, counted, named, verb
from orchestrator.plan.lints.whole import Whole

FOR_GOOD = Lint(
    id="L08",
    title="Isolated for good",
    danger=Danger.LOST,
    means="Isolation is undone by a step on the isolated host itself. Once it is cut off nobody can log in to run it.",
    night="It took two minutes to isolate sixty servers, and it takes four days to bring them back: somebody walks to "
    "every console, because the rule that has to go stands on the machine that nobody can reach.",
    do="Cut on something else, and open it there: on: carrier, or on: {system: ...} for a switch or a firewall. A "
    "manual step is honest too. If the host's own rules leave SSH from the gateway open, this is not for you.",
    wrong="""\
shutdown:
  isolate:
    - {name: cut, argv: [nft, -f, /etc/nftables/cut.nft], sudo: true}
restore:
  isolate:
    - {name: open, argv: [nft, -f, /etc/nftables.conf], sudo: true}
""",
    right="""\
shutdown:
  isolate:
    - {name: cut, on: {system: "{switch}"}, argv: [port, "{port}", down]}
restore:
  isolate:
    - {name: open, on: {system: "{switch}"}, argv: [port, "{port}", up]}
""",
)
ASKED_ITSELF = Lint(
    id="L09",
    title="Isolation that is asked of the isolated host",
    danger=Danger.MISLED,
    means="The probe that is to prove the isolation is asked over SSH of the very host that has been cut off. Where "
    "the cut works it can't answer, and the task ends unknown; it says isolated only where the cut leaks.",
    night="Every isolation that worked is shown as unknown, and the one that is shown as proven is the one through "
    "which the attacker is still coming in.",
    do="Ask whoever cuts: the switch, the firewall, the carrier. Without a probe the task ends done and unproven, "
    "which is at least true.",
    wrong="""\
isolation:
  argv: [nft, list, set, inet, cut, all]
  isolated: [0]
  open: [1]
""",
    right="""\
isolation:
  on: {system: "{firewall}"}
  argv: [nft, list, set, inet, cut, "{system}"]
  isolated: [0]
  open: [1]
""",
)


def for_good(whole: Whole) -> Iterator[Finding]:
    """Isolation that only the isolated host could undo, playbook by playbook."""
    for kind, systems in whole.by_kind.items():
        book = whole.ws.playbooks[kind]
        steps = book.restore.get(Mode.ISOLATE, ())
        if not book.shutdown.get(Mode.ISOLATE) or not steps or isinstance(steps[0].do, Manual):
            continue
        caught = _on_itself(whole, systems, steps[0].on)
        if caught:
            what = (
                f'{kind}: "{steps[0].name}" undoes an isolation on the isolated host itself, which nobody '
                f"can reach once it is cut off: {counted(caught)}{_when(whole, caught)}."
            )
            advice = "Let another system do it (on:), or a person (manual:)."
            yield FOR_GOOD.at(steps[0].source, what, advice, caught)


def asked_itself(whole: Whole) -> Iterator[Finding]:
    """Isolation that only the isolated host could prove, playbook by playbook."""
    for kind, systems in whole.by_kind.items():
        book = whole.ws.playbooks[kind]
        if book.isolation is None or not book.shutdown.get(Mode.ISOLATE):
            continue
        caught = _on_itself(whole, systems, book.isolation.on)
        if caught:
            what = (
                f"{kind}: isolation is asked of the isolated host itself, which can't answer where it worked: "
                f"{counted(caught)}{_when(whole, caught)}."
            )
            advice = "Ask whoever does the cutting (on:), or leave it out: unproven is then said as such."
            yield ASKED_ITSELF.at(book.isolation.source, what, advice, caught)


def _on_itself(whole: Whole, systems: Sequence[str], on: On | None) -> list[str]:
    """Those of `systems` for which a command acts on nobody else. One that shares their host may be left in reach."""
    if on is None:
        return [id for id in systems if whole.ours[id].hosts]
    return [id for id in systems if acting_systems(whole.ws, whole.ours[id], on) == (id,)]


def _when(whole: Whole, systems: Sequence[str]) -> str:
    """Whether it is so on the night, or only where somebody asks for that mode."""
    given = [id for id in systems if whole.modes[id] is Mode.ISOLATE]
    if len(given) == len(systems):
        return f", {verb(given, 'isolated', 'all isolated')} by the protocol"
    return f"; the protocol isolates {named(given)}" if given else "; with --mode isolate"

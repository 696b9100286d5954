"""What the protocol, or a protection, says and nobody may have meant (sections 3, 4)."""

from collections.abc import Iterator

from orchestrator.graph.closure import path_to
from orchestrator.model.errors import UsageError
from orchestrator.model.selector import Selector
from orchestrator.model.source import Source
from orchestrator.plan.lints.finding import Danger, Finding, Lint, named
from orchestrator.plan.lints.whole import Whole

MATCHES_NOTHING = Lint(
    id="L17",
    title="A selector of the protocol that matches nothing",
    danger=Danger.MISLED,
    means="A rule of the protocol is about systems that do not exist: a mode that nothing gets, a group of the order "
    "that nobody is in, a gate that holds nobody.",
    night='The protocol isolates "kind=uplnk" first. There is no such kind, so the uplinks are stopped as everything '
    "else is, in the last group, an hour later.",
    do="Mend the word, or take the rule out if what it was for is gone.",
    wrong="""\
modes: [{of: ["kind=uplnk"], mode: isolate}]
""",
    right="""\
modes: [{of: ["kind=uplink"], mode: isolate}]
""",
    everywhere=True,
)
STAYS_UP = Lint(
    id="L18",
    title="A protected system, and what it keeps up",
    danger=Danger.KNOW,
    means="No plan touches a protected system, and a shutdown of everything leaves up all that it needs as well. It is "
    "on this list so that everybody knows it before, not so that it goes away.",
    night='"Everything is off", says the incident lead to the authority. The backup vault is up, and so are the array '
    "and the resolver that it needs, and the attacker is on the resolver.",
    do="Protect as little as possible, and let what is protected need as little as possible. Then know this list.",
    wrong="""\
systems:
  vault:
    kind: backup-vault
    hosts: [vlt-01]
    requires: [san-ess, dns-ess, ldap-ess]
    protected: "the backups"
""",
    right="""\
systems:
  vault:
    kind: backup-vault
    hosts: [vlt-01]
    requires: [san-vault]
    protected: "the backups"
""",
)


def matches_nothing(whole: Whole) -> Iterator[Finding]:
    """Selectors of the protocol that mean no system."""
    for where, selector, source in _selectors(whole):
        try:
            whole.ground.selection.asked([selector.text])
        except UsageError as error:
            what = f'{where}: "{selector.text}" matches no system.'
            yield MATCHES_NOTHING.at(source, what, error.advice if error.advice.startswith("Did you") else "")


def _selectors(whole: Whole) -> Iterator[tuple[str, Selector, Source]]:
    protocol = whole.protocol
    for rule in protocol.modes:
        for selector in rule.of:
            yield f"modes ({rule.mode.value})", selector, rule.source
    for name, groups in (("shutdown", protocol.order_shutdown), ("restore", protocol.order_restore or ())):
        for number, group in enumerate(groups, 1):
            for selector in group.of:
                yield f"order.{name}, group {number}", selector, group.source
    for gate in protocol.gates:
        for selector in gate.of:
            yield f"gate {gate.id}", selector, gate.source


def stays_up(whole: Whole) -> Iterator[Finding]:
    """The protected systems, with all that each of them keeps up."""
    kept: dict[str, list[str]] = {id: [] for id in whole.ground.protected}
    for id in sorted(whole.kept):
        root = path_to(whole.kept, id)[0]
        if root != id:
            kept[root].append(id)
    for id, others in kept.items():
        also = f" and keeps up {named(others, 8)}" if others else ", and nothing else for its sake"
        what = f"{id} stays up in a shutdown of everything{also}. Protected: {whole.ground.protected[id]}"
        yield STAYS_UP.at(whole.inventory.systems[id].source, what, "", (id, *others))

"""`protocol.yaml` to a value (section 3, "Protocol"; section 5, "Keys").

Rules:

- People's keys are `TYPE BASE64 [comment]` without options, of a type and strength that section 5 takes; a key belongs
  to one person and stands once.
- A threshold is 1 at least and no more than the people who hold the role; a role that nobody holds is unknown.
- Selectors have known keys; whether they match anything is a lint, not an error.
- Customers that people speak for must exist, where the workspace has one inventory; with several they may stand in
  another one.
"""

import re
from typing import Any

from orchestrator.model.protocol import (
    BreakGlass,
    Budget,
    Each,
    EvidenceRule,
    GateRule,
    ModeRule,
    OrderGroup,
    PastDeadline,
    Person,
    Protocol,
)
from orchestrator.model.source import Source
from orchestrator.model.terms import Action, Mode, OnFailure
from orchestrator.workspace import reader
from orchestrator.workspace.fields import (
    Fields,
    File,
    boolean,
    choice,
    defined_id,
    duration,
    entries,
    identifier,
    integer,
    items,
    line_of_text,
    list_of,
    selectors,
)
from orchestrator.workspace.public_key import parse_public_key
from orchestrator.workspace.reader import Node, Scalar

RESERVED_GATES = {"break-glass": "break-glass has its own statement", "review": "the review of a break-glass"}
_SIZE = re.compile(r"([1-9][0-9]{0,8})(B|KiB|MiB|GiB)\Z")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%\Z")
_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_LARGEST = 4 * 1024**3


def decode_protocol(file: File, root: reader.Mapping) -> Protocol | None:
    """The protocol that a file holds."""
    got = _PROTOCOL.read(file, root)
    people: dict[str, Person] = (got or {}).get("people", {})
    if got is None:
        return None
    _check_thresholds(file, root, people, got)
    limits = got.pop("limits", {})
    order = got.pop("order", {})
    on_failure = got.pop("on_failure", {})
    return Protocol(
        order_shutdown=order.get("shutdown", ()),
        order_restore=order.get("restore"),
        on_failure={action: on_failure.get(action.value, OnFailure.HOLD) for action in Action},
        **({"parallel": limits["parallel"]} if "parallel" in limits else {}),
        budget_unreachable=limits.get("restore", {}).get("unreachable"),
        budget_failed=limits.get("restore", {}).get("failed"),
        **got,
    )


# --- people -------------------------------------------------------------------------------------


def _people(file: File, node: Node, key: str) -> dict[str, Person]:
    found: dict[str, Person] = {}
    places: dict[str, Source] = {}
    owners: dict[bytes, tuple[str, int]] = {}
    for name, entry in entries(file, node, key, "a mapping of people by their ids").items():
        file.owner = ""
        id = defined_id(file, name, entry.line, "person", places)
        file.owner = name
        got = _PERSON.read(file, entry)
        if got is not None and id is not None:
            got["keys"] = _keys(file, id, got.get("keys", ()), owners)
            found[id] = Person(id, source=file.source(entry.line), **got)
    file.owner = ""
    return found


def _keys(
    file: File, person: str, written: tuple[tuple[str, int], ...], owners: dict[bytes, tuple[str, int]]
) -> tuple[str, ...]:
    kept = []
    for line_text, line in written:
        words = line_text.split()
        try:
            key = parse_public_key(words[0], words[1] if len(words) > 1 else "")
        except ValueError as error:
            file.problem(line, f"{error}.", "Expected TYPE BASE64 [comment], without options.")
            continue
        other = owners.setdefault(key.blob, (person, line))
        if other != (person, line):
            whose = "this person" if other[0] == person else other[0]
            file.problem(
                line, f"a key stands twice, first for {whose} in line {other[1]}.", "A key speaks for one person."
            )
            continue
        kept.append(" ".join(words))
    return tuple(kept)


def _key_text(file: File, node: Node, key: str) -> tuple[str, int] | None:
    written = line_of_text(file, node, key)
    return None if written is None else (written, node.line)


def _speaks_for(file: File, node: Node, key: str) -> str | None:
    id = identifier(file, node, key)
    if id is not None:
        file.mention("customer", id, node.line, "speaks for the customer")
    return id


_PERSON = Fields(
    {
        "name": ("name", line_of_text),
        "roles": ("roles", list_of(identifier, at_least=1)),
        "keys": ("keys", list_of(_key_text, unique=False)),
        "customers": ("customers", list_of(_speaks_for, at_least=1)),
    },
    ["name", "roles"],
)


# --- gates --------------------------------------------------------------------------------------


def _gates(file: File, node: Node, key: str) -> tuple[GateRule, ...]:
    found = []
    places: dict[str, Source] = {}
    for name, entry in entries(file, node, key, "a mapping of gates by their ids").items():
        file.owner = ""
        id = defined_id(file, name, entry.line, "gate", places)
        file.owner = f"gate {name}"
        if name in RESERVED_GATES:
            file.problem(entry.line, f"the name is taken: {RESERVED_GATES[name]}.", "Rename the gate.")
        got = _GATE.read(file, entry)
        if got is not None and id is not None:
            found.append(GateRule(id, source=file.source(entry.line), **got))
    file.owner = ""
    return tuple(found)


def _approvals(file: File, node: Node, key: str) -> dict[str, int] | None:
    found: dict[str, int] = {}
    for role, value in entries(file, node, key, "a mapping of roles with how many people").items():
        count = _people_count(file, value, f"{key}.{role}")
        if identifier(file, Scalar(value.line, role, True), f"a role of {key}") is not None and count is not None:
            found[role] = count
    if isinstance(node, reader.Mapping) and not node.entries:
        file.problem(node.line, f"{key} is empty: nobody would have to agree.")
    return found or None


def _check_thresholds(file: File, root: reader.Mapping, people: dict[str, Person], got: dict[str, Any]) -> None:
    """Thresholds against the people who hold the role; told on the threshold's own line."""
    if "people" in root.entries and "people" not in got:
        return
    holders: dict[str, int] = {}
    for person in people.values():
        for role in person.roles:
            holders[role] = holders.get(role, 0) + 1
    gates = root.entries.get("gates")
    places = [("break_glass", root.entries.get("break_glass"))]
    if isinstance(gates, reader.Mapping):
        places += [(f"gate {name}", gate) for name, gate in gates.entries.items()]
    known = {gate.id: gate.approvals for gate in got.get("gates", ())}
    for owner, node in places:
        approvals = node.entries.get("approvals") if isinstance(node, reader.Mapping) else None
        if not isinstance(approvals, reader.Mapping):
            continue
        rule = got.get("break_glass")
        counts = (
            known.get(owner.removeprefix("gate "), {}) if owner != "break_glass" else rule.approvals if rule else {}
        )
        for role, count in counts.items():
            there = holders.get(role, 0)
            line = approvals.entries[role].line
            if not there:
                advice = f"Known roles: {', '.join(sorted(holders))}." if holders else "No person has a role."
                file.problem(line, f'{owner}: the role "{role}" is held by nobody.', advice)
            elif count > there:
                who = "1 person holds" if there == 1 else f"{there} people hold"
                file.problem(line, f"{owner}: asks for {count} of {role}, but only {who} that role.")


_people_count = integer(1, 10**6)
_GATE = Fields(
    {
        "before": ("before", choice(Action)),
        "of": ("of", selectors),
        "each": ("each", choice(Each)),
        "approvals": ("approvals", _approvals),
        "checks": ("checks", list_of(identifier, at_least=1)),
        "valid": ("valid_s", duration()),
    },
    ["before", "approvals"],
)


# --- modes, order, limits -----------------------------------------------------------------------


def _modes(file: File, node: Node, key: str) -> tuple[ModeRule, ...] | None:
    nodes = items(file, node, key, "a list of rules ({of: [...], mode: ...})")
    if nodes is None:
        return None
    found = []
    for number, item in enumerate(nodes, 1):
        got = _MODE_RULE.read(file, item, f"{key}.{number}")
        if got is not None:
            found.append(ModeRule(got["of"], got["mode"], file.source(item.line)))
    return tuple(found)


def _groups(file: File, node: Node, key: str) -> tuple[OrderGroup, ...] | None:
    nodes = items(file, node, key, "a list of groups, each a list of selectors")
    if nodes is None:
        return None
    found = []
    for number, item in enumerate(nodes, 1):
        of = selectors(file, item, f"{key}.{number}")
        if of is not None:
            found.append(OrderGroup(of, file.source(item.line)))
    return tuple(found)


def _budget(file: File, node: Node, key: str) -> Budget | None:
    if isinstance(node, Scalar):
        percent = _PERCENT.match(node.text)
        if percent is not None and 0 < float(percent[1]) <= 100:
            return Budget(percent=float(percent[1]))
        if node.text.isascii() and node.text.isdecimal() and 0 < len(node.text) < 10:
            return Budget(count=int(node.text))
    file.expected(node, key, "a number of hosts or a percentage such as 10%")
    return None


def _size(file: File, node: Node, key: str) -> int | None:
    match = _SIZE.match(node.text) if isinstance(node, Scalar) else None
    if match is not None and int(match[1]) * _UNITS[match[2]] <= _LARGEST:
        return int(match[1]) * _UNITS[match[2]]
    file.expected(node, key, "a size such as 256KiB or 64MiB, 4GiB at most")
    return None


def _evidence(file: File, node: Node, key: str) -> EvidenceRule | None:
    got = _EVIDENCE.read(file, node, key)
    return None if got is None else EvidenceRule(**got)


def _break_glass(file: File, node: Node, key: str) -> BreakGlass | None:
    got = _BREAK_GLASS.read(file, node, key)
    if got is None:
        return None
    review = got["review"]
    return BreakGlass(got["approvals"], review["people"], review["within"], file.source(node.line))


_MODE_RULE = Fields({"of": ("of", selectors), "mode": ("mode", choice(Mode))}, ["of", "mode"])
_ORDER = Fields({action.value: (action.value, _groups) for action in Action})
_ON_FAILURE = Fields({action.value: (action.value, choice(OnFailure)) for action in Action})
_BUDGETS = Fields({"unreachable": ("unreachable", _budget), "failed": ("failed", _budget)})
_LIMITS = Fields({"parallel": ("parallel", integer(1, 10_000)), "restore": ("restore", _BUDGETS.read)})
_EVIDENCE = Fields(
    {
        "required": ("required", boolean),
        "at_most": ("at_most_s", duration()),
        "past": ("past", choice(PastDeadline)),
        "cap": ("cap", _size),
    }
)
_REVIEW = Fields({"people": ("people", _people_count), "within": ("within", duration())}, ["people", "within"])
_BREAK_GLASS = Fields(
    {"approvals": ("approvals", _approvals), "review": ("review", _REVIEW.read)}, ["approvals", "review"]
)
_PROTOCOL = Fields(
    {
        "organisation": ("organisation", line_of_text),
        "people": ("people", _people),
        "gates": ("gates", _gates),
        "modes": ("modes", _modes),
        "order": ("order", _ORDER.read),
        "on_failure": ("on_failure", _ON_FAILURE.read),
        "limits": ("limits", _LIMITS.read),
        "evidence": ("evidence", _evidence),
        "break_glass": ("break_glass", _break_glass),
    },
    ["organisation"],
)

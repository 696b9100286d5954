# ruff: noqa: E501 - what an operator reads as one line stands here as one line
"""Every way a protocol can be wrong: people and keys, thresholds, gates, selectors, limits."""

from pathlib import Path

import pytest

from tests.unit.workspace.keys import ECDSA, ED, ED_OTHER, RSA_1024
from tests.unit.workspace.workspaces import INVENTORY, problems

Y = "protocol.yaml"
KEY_FORM = "Expected TYPE BASE64 [comment], without options."
TYPES = (
    "ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, sk-ssh-ed25519@openssh.com, "
    "sk-ecdsa-sha2-nistp256@openssh.com, ssh-rsa"
)


def person(*keys: str, more: str = "") -> str:
    """A protocol whose person's keys stand from line 5 on."""
    lines = "".join(f"        {key!r},\n" for key in keys)
    return f"organisation: o\npeople:\n  a:\n    {{name: A, roles: [lead], keys: [\n{lines}    ]}}\n{more}"


def gate(words: str) -> str:
    """A protocol with two leads and one gate, in line 6."""
    return f"organisation: o\npeople:\n  a: {{name: A, roles: [lead]}}\n  b: {{name: B, roles: [lead, ops]}}\ngates:\n  g: {words}\n"


def line(words: str) -> str:
    """A protocol with one more line, the second."""
    return f"organisation: o\n{words}\n"


TABLE = {
    "no organisation": ("modes: []\n", [f'{Y}:1  the key "organisation" is missing.']),
    "unknown key": (line("mode: []"), [f'{Y}:2  unknown key "mode". Did you mean modes?']),
    "an empty file": ("", [f"{Y}  the file is empty; expected keys and values."]),
    "good keys": (person(ED + " a comment", ECDSA), []),
    "a key with options": (
        person('namespaces="x" ' + ED),
        [f'{Y}:5  a: "namespaces="x"" is no type of key that is taken ({TYPES}). {KEY_FORM}'],
    ),
    "a type that is not taken": (
        person("ssh-dss AAAA"),
        [f'{Y}:5  a: "ssh-dss" is no type of key that is taken ({TYPES}). {KEY_FORM}'],
    ),
    "a certificate": (
        person("ssh-ed25519-cert-v01@openssh.com AAAA"),
        [f'{Y}:5  a: "ssh-ed25519-cert-v01@openssh.com" is no type of key that is taken ({TYPES}). {KEY_FORM}'],
    ),
    "a key without bytes": (person("ssh-ed25519"), [f"{Y}:5  a: the key is not whole (cut, or too long). {KEY_FORM}"]),
    "a key that is cut": (person(ED[:-4]), [f"{Y}:5  a: the key is not whole (cut, or too long). {KEY_FORM}"]),
    "a key with a typo": (
        person(ED.replace("IFU3", "IF*3")),
        [f"{Y}:5  a: the key is not whole (no base64). {KEY_FORM}"],
    ),
    "a key of another type": (
        person("ssh-rsa " + ED.split()[1]),
        [f"{Y}:5  a: the key is not whole (cut, or too long). {KEY_FORM}"],
    ),
    "a key that says another curve": (
        person(ECDSA.replace("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384")),
        [f"{Y}:5  a: the key says ecdsa-sha2-nistp384, but its bytes are of another type. {KEY_FORM}"],
    ),
    "a weak key": (person(RSA_1024), [f"{Y}:5  a: the RSA key has 1024 bits; 2048 are the least. {KEY_FORM}"]),
    "a key twice": (
        person(ED, ED + " again"),
        [f"{Y}:6  a: a key stands twice, first for this person in line 5. A key speaks for one person."],
    ),
    "a key of two people": (
        person(ED, more=f"  b:\n    {{name: B, roles: [lead], keys: ['{ED_OTHER}', '{ED} mine']}}\n"),
        [f"{Y}:8  b: a key stands twice, first for a in line 5. A key speaks for one person."],
    ),
    "keys that are no list": (
        line(f"people: {{a: {{name: A, roles: [lead], keys: '{ED}'}}}}"),
        [f'{Y}:2  a: keys is "{ED[:57]}..."; expected a list ([a, b]). Put it into brackets.'],
    ),
    "person without a role": (
        line("people: {a: {name: A, roles: []}}"),
        [f"{Y}:2  a: roles is empty; expected 1 at least."],
    ),
    "people that differ in case": (
        line("people:\n  a: {name: A, roles: [x]}\n  A: {name: A, roles: [x]}"),
        [f'{Y}:4  person "A" differs only in case from a ({Y}:3).'],
    ),
    "a customer that is not there": (
        line("people: {a: {name: A, roles: [x], customers: [bkk-nort]}}"),
        [
            f"{Y}:2  a speaks for the customer bkk-nort, which does not exist. Did you mean bkk-nord (inventories/i.yaml:6)?"
        ],
    ),
    "a good gate": (
        gate("{before: shutdown, of: ['owner=customer'], each: customer, approvals: {lead: 2, ops: 1}, valid: 4h}"),
        [],
    ),
    "a threshold of none": (
        gate("{before: shutdown, approvals: {lead: 0}}"),
        [f'{Y}:6  gate g: approvals.lead is "0"; expected a whole number from 1 to 1000000.'],
    ),
    "a threshold that nobody can reach": (
        gate("{before: shutdown, approvals: {lead: 3, ops: 2}}"),
        [
            f"{Y}:6  gate g: asks for 2 of ops, but only 1 person holds that role.",
            f"{Y}:6  gate g: asks for 3 of lead, but only 2 people hold that role.",
        ],
    ),
    "an unknown role": (
        gate("{before: shutdown, approvals: {leed: 1}}"),
        [f'{Y}:6  gate g: the role "leed" is held by nobody. Known roles: lead, ops.'],
    ),
    "roles without people": (
        line("gates: {g: {before: restore, approvals: {lead: 1}}}"),
        [f'{Y}:2  gate g: the role "lead" is held by nobody. No person has a role.'],
    ),
    "a gate for nobody to fill": (
        gate("{before: shutdown, approvals: {}}"),
        [f"{Y}:6  gate g: approvals is empty: nobody would have to agree."],
    ),
    "a gate without a time": (gate("{approvals: {lead: 1}}"), [f'{Y}:6  gate g: the key "before" is missing.']),
    "a gate of other words": (
        gate("{before: shutdwn, each: host, approvals: {lead: 1}, valid: 0s, checks: []}"),
        [
            f'{Y}:6  gate g: before is "shutdwn"; expected shutdown or restore. Did you mean shutdown?',
            f"{Y}:6  gate g: checks is empty; expected 1 at least.",
            f'{Y}:6  gate g: each is "host"; expected customer or system.',
            f'{Y}:6  gate g: valid is "0s"; expected 1s at least.',
        ],
    ),
    "a gate by a name that statements use": (
        line("people: {a: {name: A, roles: [lead]}}\ngates:\n  review: {before: shutdown, approvals: {lead: 1}}"),
        [f"{Y}:4  gate review: the name is taken: the review of a break-glass. Rename the gate."],
    ),
    "an unknown key of a selector": (
        gate("{before: shutdown, of: ['onwer=customer'], approvals: {lead: 1}}"),
        [
            f'{Y}:6  gate g: selector "onwer=customer": unknown key "onwer". Known: id, kind, owner, managed, zone, host, '
            "platform, customer, service, label.NAME."
        ],
    ),
    "an empty selector": (
        gate("{before: shutdown, of: ['kind='], approvals: {lead: 1}}"),
        [f'{Y}:6  gate g: selector "kind=": nothing stands after kind=.'],
    ),
    "modes": (
        line("modes:\n  - {of: [a], mode: off}\n  - {mode: stop}"),
        [
            f'{Y}:3  modes.1.mode is "off"; expected isolate or stop or poweroff.',
            f'{Y}:4  the key "modes.2.of" is missing.',
        ],
    ),
    "order": (
        line("order: {shutdown: [a, [b]], restore: [[]]}"),
        [
            f"{Y}:2  order.restore.1 is empty; expected 1 at least.",
            f'{Y}:2  order.shutdown.1 is "a"; expected a list ([a, b]). Put it into brackets.',
        ],
    ),
    "what happens on failure": (
        line("on_failure: {shutdown: go-on, start: hold}"),
        [
            f'{Y}:2  on_failure.shutdown is "go-on"; expected hold or force or continue.',
            f'{Y}:2  unknown key "start" in on_failure. Known here: shutdown, restore.',
        ],
    ),
    "limits": (
        line("limits: {parallel: 0, shutdown: {failed: 1}, restore: {failed: -1, unreachable: 101%}}"),
        [
            f'{Y}:2  limits.parallel is "0"; expected a whole number from 1 to 10000.',
            f'{Y}:2  limits.restore.failed is "-1"; expected a number of hosts or a percentage such as 10%.',
            f'{Y}:2  limits.restore.unreachable is "101%"; expected a number of hosts or a percentage such as 10%.',
            f'{Y}:2  unknown key "shutdown" in limits. Known here: parallel, restore.',
        ],
    ),
    "evidence": (
        line("evidence: {required: on, at_most: 10, past: wait, cap: 64MB}"),
        [
            f'{Y}:2  evidence.at_most is "10"; expected a duration such as 30s, 5m, 2h or 1d.',
            f'{Y}:2  evidence.cap is "64MB"; expected a size such as 256KiB or 64MiB, 4GiB at most.',
            f'{Y}:2  evidence.past is "wait"; expected hold or go-on.',
            f'{Y}:2  evidence.required is "on"; expected true or false.',
        ],
    ),
    "break-glass": (
        line(
            "people: {a: {name: A, roles: [lead]}}\nbreak_glass:\n  approvals: {lead: 2}\n  review: {people: 0, within: 24h}"
        ),
        [f'{Y}:5  break_glass.review.people is "0"; expected a whole number from 1 to 1000000.'],
    ),
    "break-glass that nobody can reach": (
        line(
            "people: {a: {name: A, roles: [lead]}}\nbreak_glass:\n  approvals:\n    lead: 2\n  review: {people: 1, within: 24h}"
        ),
        [f"{Y}:5  break_glass: asks for 2 of lead, but only 1 person holds that role."],
    ),
}


@pytest.mark.parametrize(("protocol", "expected"), TABLE.values(), ids=TABLE)
def test_problem(tmp_path: Path, protocol: str, expected: list[str]) -> None:
    inventory = INVENTORY + "customers:\n  bkk-nord: {name: BKK Nord}\n"
    assert problems(tmp_path, {Y: protocol, "inventories/i.yaml": inventory}) == expected

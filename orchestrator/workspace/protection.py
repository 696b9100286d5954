"""Whether an entry that is wrong was meant to say `protected`: protection is never lost through an error (section 4).

It counts however it is spelt, and wherever it slipped to: a key like it, a key below another, a word where no mapping
stands at all, a var or label of that name. A word in what other keys say (`kind: endpoint-protection`) does not count.
"""

import difflib

from orchestrator.workspace import reader
from orchestrator.workspace.inventory_fields import SYSTEM
from orchestrator.workspace.reader import Node, Scalar


def says_protected(node: Node) -> bool:
    """Whether what is written of a system says `protected`, however it is spelt and wherever it slipped to."""
    if not isinstance(node, reader.Mapping):
        return _holds_protect(node, texts=True)
    for key, value in node.entries.items():
        if _means_protected(key):
            return True
        if key in {"vars", "labels"} and isinstance(value, reader.Mapping):
            if any(map(slipped_from_protected, value.entries)):
                return True
        elif _holds_protect(value, texts=key not in SYSTEM.keys):
            return True
    return False


def _means_protected(key: str) -> bool:
    """Whether a key was probably meant as `protected`."""
    word = key[:80].lower()
    return "protect" in word or bool(difflib.get_close_matches(word, ["protected"], 1, 0.8))


def slipped_from_protected(name: str) -> bool:
    """Whether the name of a var or label probably is that key, too far to the right."""
    return bool(difflib.get_close_matches(name[:80].lower(), ["protected"], 1, 0.85))


def _holds_protect(node: Node, *, texts: bool) -> bool:
    """Whether a key in `node` says it; `texts`: or any word."""
    left = [node]
    for one in left:
        if isinstance(one, Scalar):
            if texts and "protect" in one.text.lower():
                return True
        elif isinstance(one, reader.Mapping):
            if any("protect" in key.lower() for key in one.entries):
                return True
            left.extend(one.entries.values())
        elif isinstance(one, reader.Sequence):
            left.extend(one.items)
    return False

"""Whether a wrong entry was meant to say `owner`: a customer's consent is never lost through an error (section 4).

It counts however the key is spelt, and whatever stands behind it, and where something stands that is no mapping at all.
"""

import difflib

from orchestrator.model.inventory import INTERNAL
from orchestrator.workspace import reader
from orchestrator.workspace.reader import Node, Scalar


def says_owner(node: Node) -> bool:
    """Whether what is written of a system may name a customer as its owner."""
    if isinstance(node, reader.Mapping):
        return any(_means_owner(key) and not _is_internal(key, value) for key, value in node.entries.items())
    return not (isinstance(node, Scalar) and node.is_null)


def _means_owner(key: str) -> bool:
    """Whether a key was probably meant as `owner`."""
    word = key[:80].lower()
    return "owner" in word or bool(difflib.get_close_matches(word, ["owner"], 1, 0.8))


def _is_internal(key: str, value: Node) -> bool:
    return key == "owner" and isinstance(value, Scalar) and value.text == INTERNAL

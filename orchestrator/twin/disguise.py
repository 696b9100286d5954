"""The protocol of the twin: the same text, but for whose it is and whose keys speak. Pure.

`organisation` reads `REHEARSAL of ...`, and every public key of a person is replaced by a throw-away one, so nothing
signed in a rehearsal holds in the real workspace, nor the other way round. Everything else is as written, comments too.
"""

import re
from collections.abc import Mapping

from orchestrator.model.errors import UsageError

PREFIX = "REHEARSAL of "
_ORGANISATION = re.compile(r"(?m)^organisation:[ \t]*(.*?)[ \t]*$")
_FIRST_KEY = re.compile(r"(?m)^(?=[A-Za-z_\"'{])")


def disguised(text: str, organisation: str, keys: Mapping[str, str]) -> str:
    """`text` for a rehearsal. `keys` are real public key -> throw-away public key, as they stand in the file.

    Raises UsageError where a key is not found in the text as it was read, so that none stays in it.
    """
    line = f"organisation: {_quoted(PREFIX + organisation)}"
    if _ORGANISATION.search(text):
        text = _ORGANISATION.sub(lambda _: line, text, count=1)
    else:
        text = _FIRST_KEY.sub(lambda _: line + "\n", text, count=1)
    for real, ours in sorted(keys.items(), key=lambda pair: -len(pair[0])):
        if real not in text:
            raise UsageError(
                f'protocol.yaml: the key "{real[:40]}..." is not written on one line',
                "Write each key as one plain string.",
            )
        text = text.replace(real, ours)
    return text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

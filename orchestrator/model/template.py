"""`{name}` in a playbook's strings stands for a var; `{{` is a brace. There is no other templating (section 3).

A lone `}` is itself; `}}` is one `}` only where the template also escapes (so that `{{x}}` reads `{x}`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_.]*)\}|\{")


@dataclass(frozen=True, slots=True)
class Hole:
    """A `{name}` of a template."""

    name: str


def parse_template(text: str) -> tuple[str | Hole, ...]:
    """The literal pieces and holes of `text`, in order. Raises ValueError at a brace that opens nothing."""
    parts: list[str | Hole] = []
    literal = ""
    at = 0
    for match in _TOKEN.finditer(text):
        literal += text[at : match.start()]
        at = match.end()
        token = match.group()
        if token in {"{{", "}}"}:
            literal += token[0]
        elif match[1] is None:
            raise ValueError('"{" opens no {name}; write "{{" for a brace')
        else:
            if literal:
                parts.append(literal)
            literal = ""
            parts.append(Hole(match[1]))
    literal += text[at:]
    if literal:
        parts.append(literal)
    return tuple(parts)


def holes(text: str) -> frozenset[str]:
    """The names that `text` has holes for. Raises ValueError like `parse_template`."""
    return frozenset(part.name for part in parse_template(text) if isinstance(part, Hole))


def fill(text: str, values: Mapping[str, str], quote: Callable[[str], str] = str) -> str:
    """`text` with every hole filled by its value, passed through `quote`. Raises KeyError for a hole without value."""
    return "".join(quote(values[part.name]) if isinstance(part, Hole) else part for part in parse_template(text))

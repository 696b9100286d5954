"""What goes to a command's standard input, and the secrets of a run: looked up once, when it starts (sections 3, 7).

- A secret's value lives here, in the redaction (`hosts/redaction.py`) and in a local variable on its way to the
  channel. No text, no exception, no `repr` holds it; errors name the reference.
- An empty value is none: whoever sets a variable to nothing has mistyped, and a command must not be handed nothing for
  a password. What is more than one line can't be sent as one.
"""

from collections.abc import Iterable, Mapping

from orchestrator.hosts.port import Spec
from orchestrator.model.plan import Plan

_ENV = "env:"
SHORT = 4
"""A value of fewer characters stands by chance in every second output; see `hosts/redaction.py`."""


class NoInput(Exception):
    """What should go in can't: nothing may be sent. The text names the reference, never the value."""


class Secrets:
    """The secrets that a plan refers to, and why some of them can't be sent."""

    def __init__(self, references: Iterable[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = {}
        self.lacking: dict[str, str] = {}  # reference -> why
        for reference in sorted(set(references)):
            try:
                self._values[reference] = _looked_up(reference, environment or {})
            except NoInput as error:
                self.lacking[reference] = str(error)

    def __repr__(self) -> str:
        return f"Secrets({', '.join([*self._values, *self.lacking])})"

    @property
    def values(self) -> tuple[str, ...]:
        """The values that are known, each once."""
        return tuple(dict.fromkeys(self._values.values()))

    @property
    def short(self) -> tuple[str, ...]:
        """The references whose values are so short that output can't be kept free of them without harm to it."""
        return tuple(reference for reference, value in self._values.items() if len(value) < SHORT)

    def value(self, reference: str) -> str:
        """The value of one. Raises NoInput."""
        if reference in self._values:
            return self._values[reference]
        raise NoInput(self.lacking.get(reference, f"secret {reference} is none that this run refers to"))


def references_of(plan: Plan) -> tuple[str, ...]:
    """Every secret that a step of the plan is handed, forced ones too."""
    steps = (step for task in plan.tasks for step in (*task.steps, *task.force))
    return tuple(sorted({step.stdin_secret for step in steps if step.stdin_secret}))


def input_of(spec: Spec, secrets: Secrets) -> str | None:
    """The text for the command's standard input, without its last newline; None for none."""
    return spec.stdin if spec.stdin_secret is None else secrets.value(spec.stdin_secret)


def _looked_up(reference: str, environment: Mapping[str, str]) -> str:
    if not reference.startswith(_ENV):
        raise NoInput(f"secret {reference}: only env:NAME can be looked up")
    value = environment.get(reference.removeprefix(_ENV))
    if value is None:
        raise NoInput(f"secret {reference} is not set")
    if not value.strip():
        raise NoInput(f"secret {reference} is empty")
    if "\n" in value or "\0" in value:
        raise NoInput(f"secret {reference} is more than one line")
    if not value.isprintable() and any("\ud800" <= char <= "\udfff" for char in value):
        raise NoInput(f"secret {reference} is not UTF-8")
    return value

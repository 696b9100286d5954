"""What goes to a command's standard input; a secret is looked up when it is sent (contract sections 3 and 7).

A secret's value lives in a local variable between here and the channel. No text, no exception, no outcome holds it.
"""

from collections.abc import Iterable, Mapping

from orchestrator.hosts.port import Spec

_ENV = "env:"


class NoInput(Exception):
    """What should go in can't: nothing may be sent. The text names the reference, never the value."""


def input_of(spec: Spec, environment: Mapping[str, str]) -> str | None:
    """The text for the command's standard input, without its last newline; None for none."""
    return spec.stdin if spec.stdin_secret is None else _looked_up(spec.stdin_secret, environment)


def missing(references: Iterable[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Why some of the secrets that `references` name can't be sent, one text each: to be told before a run begins."""
    texts = []
    for reference in sorted(set(references)):
        try:
            _looked_up(reference, environment)
        except NoInput as error:
            texts.append(str(error))
    return tuple(texts)


def _looked_up(reference: str, environment: Mapping[str, str]) -> str:
    if not reference.startswith(_ENV):
        raise NoInput(f"secret {reference}: only env:NAME can be looked up")
    value = environment.get(reference.removeprefix(_ENV))
    if value is None:
        raise NoInput(f"secret {reference} is not set")
    if "\n" in value or "\0" in value:
        raise NoInput(f"secret {reference} is more than one line")
    return value

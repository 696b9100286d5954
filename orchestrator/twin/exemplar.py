"""Which answer would a host give? Pure: for a probe's matches, the exit code and output that read as what is wanted.

A regex is walked as Python's own parser sees it: literals, classes, groups, branches, back references, repeats at
their minimum (but `*` and `+` once more where that is needed), anchors. Every candidate is then checked by the rule by
which orch reads answers (`plan/answer.py`), so an exemplar is right or there is none. Look-arounds are not built,
only checked.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from orchestrator.model.plan import PlanMatch, PlanProbe
from orchestrator.plan.answer import answer_of

TRIES = 2000
"""So many candidates are looked at before a regex counts as one that nothing can be said for."""

_parser = importlib.import_module("re._parser")  # the only way to the tree that `re` itself compiles
_READABLE = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_ ./:,;=+%@#!\n\t~*'\"()[]{}<>?|&^$\\`ä€"
_CATEGORY: Mapping[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_NOT_DIGIT": lambda c: not c.isdigit(),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda c: not c.isspace(),
    "CATEGORY_WORD": lambda c: c.isalnum() or c == "_",
    "CATEGORY_NOT_WORD": lambda c: not (c.isalnum() or c == "_"),
}
_FIRST = {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "1", "CATEGORY_WORD": "a"}


class NoExemplar(ValueError):
    """No answer could be found that reads as what is wanted and as nothing else."""


def exemplars(pattern: str) -> Iterator[str]:
    """Strings that `pattern` matches in full, the plainest first; bounded. Raises ValueError for what is no regex."""
    try:
        compiled = re.compile(pattern)
        tree = _parser.parse(pattern)
    except re.error as error:
        raise ValueError(f'"{pattern}" is no regex: {error}') from error
    seen = set()
    try:
        for text, _ in islice(_sequence(list(tree), {}), TRIES):
            if text not in seen and compiled.fullmatch(text):
                seen.add(text)
                yield text
    except RecursionError:  # thousands of repeats: such a probe is no probe
        return


def exemplar(pattern: str) -> str:
    """The plainest string that `pattern` matches in full. Raises NoExemplar."""
    for text in exemplars(pattern):
        return text
    raise NoExemplar(f'nothing was found that "{pattern}" matches in full')


def answer_for(probe: PlanProbe, wanted: bool | None) -> tuple[int, str]:
    """Exit code and output that orch reads as `wanted`: True yes, False no, None unknown. Raises NoExemplar."""
    for exit_code, output in _candidates(probe, wanted):
        if answer_of(probe, exit_code, output) is wanted:
            return exit_code, output
    word = {True: "yes", False: "no", None: "unknown"}[wanted]
    raise NoExemplar(f"no answer reads as {word} and as nothing else (yes: {_says(probe.yes)}, no: {_says(probe.no)})")


def _candidates(probe: PlanProbe, wanted: bool | None) -> Iterator[tuple[int, str]]:
    if wanted is None:
        yield 0, "orch-twin: neither the one nor the other"
        yield from ((code, "") for code in (4, 1, 2, 3, *range(5, 255)))
        yield 0, ""
        return
    match = probe.yes if wanted else probe.no
    if match.exits:
        for code in match.exits:
            yield code, ""
            yield code, "ok" if code == 0 else f"exit {code}"
    elif match.output is not None:
        yield from ((0, text) for text in exemplars(match.output))


def _says(match: PlanMatch) -> str:
    return f"exit {', '.join(map(str, match.exits))}" if match.exits else f'output "{match.output}"'


# --- the walk: every function yields (text, groups so far), the plainest first -----------------------------------

Groups = Mapping[int, str]
Piece = tuple[str, Groups]


def _sequence(items: list[Any], groups: Groups) -> Iterator[Piece]:
    if not items:
        yield "", groups
        return
    for head, known in _item(items[0], groups):
        for tail, all_known in _sequence(items[1:], known):
            yield head + tail, all_known


def _item(item: tuple[Any, Any], groups: Groups) -> Iterator[Piece]:  # noqa: PLR0912  one case per kind of node
    op, value = str(item[0]), item[1]
    if op == "LITERAL":
        yield chr(value), groups
    elif op in {"NOT_LITERAL", "ANY", "IN"}:
        yield from ((char, groups) for char in islice(_chars(op, value), 3))
    elif op in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        low, high, body = value
        for count in range(int(low), min(int(high), int(low) + 2) + 1):
            yield from _sequence(list(body) * count, groups)
    elif op == "SUBPATTERN":
        number, _, _, body = value
        for text, known in _sequence(list(body), groups):
            yield text, known if number is None else {**known, number: text}
    elif op == "BRANCH":
        for body in value[1]:
            yield from _sequence(list(body), groups)
    elif op == "ATOMIC_GROUP":
        yield from _sequence(list(value), groups)
    elif op == "GROUPREF":
        if value in groups:
            yield groups[value], groups
    elif op == "GROUPREF_EXISTS":
        number, there, missing = value
        yield from _sequence(list((there if number in groups else missing) or []), groups)
    else:  # anchors and look-arounds stand for no character; the final check judges them
        yield "", groups


def _chars(op: str, value: Any) -> Iterator[str]:
    if op == "ANY":
        yield from "x-0"
    elif op == "NOT_LITERAL":
        yield from (char for char in _READABLE if char != chr(value))
    else:
        negated = str(value[0][0]) == "NEGATE"
        tests = value[1:] if negated else value
        pool: Iterable[str] = _READABLE if negated else [*_named(tests), *_READABLE]
        yield from (char for char in pool if any(_is_in(char, test) for test in tests) != negated)


def _named(tests: list[Any]) -> Iterator[str]:
    """The characters that a class names itself: its literals, where its ranges begin, the plainest of a category."""
    for op, value in tests:
        if str(op) == "LITERAL":
            yield chr(value)
        elif str(op) == "RANGE":
            yield chr(value[0])
        elif str(value) in _FIRST:
            yield _FIRST[str(value)]


def _is_in(char: str, test: tuple[Any, Any]) -> bool:
    op, value = str(test[0]), test[1]
    if op == "LITERAL":
        return bool(ord(char) == value)
    if op == "RANGE":
        return bool(value[0] <= ord(char) <= value[1])
    return _CATEGORY[str(value)](char)

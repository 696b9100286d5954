"""The rules of the house that no linter knows.

`make check` sees who imports whom (import-linter) and the habits of a line (ruff). Here is what is left:

* nobody imports a private name (`_x`) from another module;
* a pure room reads no clock and opens no file: what comes from the world is an argument;
* every module says in its docstring what it is for;
* no module is longer than a person reads in one sitting;
* the rooms are those that the README draws, and every module that is held to be pure is really there.

Each rule is a function from source text to findings, and each has been seen to find something: `SEEN_TO_FAIL`.
"""

import ast
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "orchestrator"
ROOMS = {"model", "workspace", "graph", "plan", "consent", "run", "hosts", "estate", "twin", "show", "cli"}
LONGEST = 450

CLOCKS = frozenset(
    f"datetime.{name}" for name in ("datetime.now", "datetime.utcnow", "datetime.today", "date.today")
) | frozenset(
    f"time.{name}" for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "localtime", "gmtime")
)
DOORS = frozenset({"open", "print", "input", "breakpoint", "eval", "exec", "__import__"})


# --- the rules ------------------------------------------------------------------------------------


def private_imports(source: str) -> Iterator[str]:
    """Imports of a private name or out of a private module. `__future__` and its like are not private."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            parts = [part for alias in node.names for part in alias.name.split(".")]
        else:
            continue
        for part in parts:
            if part.startswith("_") and not part.endswith("__"):
                yield f"line {node.lineno}: imports the private name {part}"


def touches_of_the_world(source: str) -> Iterator[str]:
    """Reads of a clock, called or only handed on (`default_factory=datetime.now`), and doors to the outside."""
    tree = ast.parse(source)
    origins = _imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            origin = _origin(node, origins)
            if origin in CLOCKS:
                yield f"line {node.lineno}: reads the clock by {origin}; take the time as an argument"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in DOORS:
            yield f"line {node.lineno}: calls {node.func.id}(); take what it would give as an argument"


def missing_docstring(source: str) -> Iterator[str]:
    """A module that does not say what it is for."""
    if not (ast.get_docstring(ast.parse(source)) or "").strip():
        yield "line 1: no docstring; say which question this module answers, and by which rules"


def too_long(source: str) -> Iterator[str]:
    """A module that nobody reads in one sitting."""
    if (lines := len(source.splitlines())) > LONGEST:
        yield f"line {LONGEST + 1}: {lines} lines, of {LONGEST} at most; find the second question in it"


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """Local name -> where it comes from: `from datetime import datetime as dt` gives dt -> datetime.datetime."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.split(".")[0]
                names[local] = alias.name if alias.asname else local
    return names


def _origin(node: ast.expr, origins: dict[str, str]) -> str | None:
    """The dotted name behind `a.b.c`, with imports followed; None where it starts in a value of our own."""
    if isinstance(node, ast.Attribute):
        base = _origin(node.value, origins)
        return f"{base}.{node.attr}" if base else None
    return origins.get(node.id) if isinstance(node, ast.Name) else None


# --- where they hold ------------------------------------------------------------------------------


def pure_places() -> list[str]:
    """The pure modules and rooms as import-linter is told them, so that there is one list: pyproject.toml."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (one for one in config["tool"]["importlinter"]["contracts"] if one["id"] == "pure")
    return [place.removeprefix("orchestrator.") for place in contract["source_modules"]]


def modules(*folders: str) -> list[Path]:
    """Every Python file under these folders of the repository, those that exist."""
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def pure_modules() -> list[Path]:
    """All files of the pure rooms, and the pure files of the others. `plan/file.py` is the one door."""
    found: set[Path] = set()
    for place in pure_places():
        pattern = place.replace(".", "/")
        found.update(PACKAGE.glob(f"{pattern}.py"), PACKAGE.glob(f"{pattern}/**/*.py"))
    return sorted(found - {PACKAGE / "plan" / "file.py"})


RULES: list[tuple[Callable[[str], Iterator[str]], Callable[[], list[Path]]]] = [
    (private_imports, lambda: modules("orchestrator", "tests", "bench")),
    (touches_of_the_world, pure_modules),
    (missing_docstring, lambda: modules("orchestrator", "bench")),
    (too_long, lambda: modules("orchestrator")),
]


@pytest.mark.parametrize(("rule", "where"), RULES, ids=[rule.__name__ for rule, _ in RULES])
def test_the_house_keeps_its_rule(rule: Callable[[str], Iterator[str]], where: Callable[[], list[Path]]) -> None:
    files = where()
    assert files, "a rule that looks at no file proves nothing"
    found = [
        f"{file.relative_to(ROOT)}: {finding}" for file in files for finding in rule(file.read_text(encoding="utf-8"))
    ]
    assert not found, "\n" + "\n".join(found)


def test_the_rooms_are_those_on_the_drawing() -> None:
    assert {folder.parent.name for folder in PACKAGE.glob("*/__init__.py")} == ROOMS


def test_every_pure_module_is_there() -> None:
    """import-linter passes over a module that it can't find; so a renamed one would quietly stop being pure."""
    for place in pure_places():
        if not place.startswith("*."):
            assert (PACKAGE / place).is_dir(), f"the pure room {place} is gone; pyproject.toml still names it"
    for room, names in {"consent": ["quorum"], "run": ["scheduler", "transitions"]}.items():
        others = [file for file in (PACKAGE / room).glob("*.py") if file.name != "__init__.py"]
        for name in names if others else []:
            assert f"*.{name}" in pure_places(), f"pyproject.toml no longer holds {room}/{name}.py to be pure"
            assert (PACKAGE / room / f"{name}.py").is_file(), f"{room}/{name}.py is gone; it must be pure, and there"


# --- each rule has been seen to fail ---------------------------------------------------------------

SEEN_TO_FAIL = {
    "a private name": (private_imports, "from orchestrator.graph.closure import _walk"),
    "a private module": (private_imports, "from orchestrator.graph._walk import walk"),
    "a private module as a whole": (private_imports, "import orchestrator._walk.deep"),
    "a private import inside a function": (private_imports, "def f():\n    from a.b import c, _d"),
    "the clock": (touches_of_the_world, "from datetime import datetime\nx = datetime.now()"),
    "the clock with a zone": (touches_of_the_world, "from datetime import UTC, datetime\nx = datetime.now(UTC)"),
    "the clock under another name": (touches_of_the_world, "import datetime as d\nx = d.datetime.utcnow()"),
    "the clock handed on": (touches_of_the_world, "from datetime import datetime as dt\nx = field(dt.now)"),
    "the day": (touches_of_the_world, "import datetime\nx = datetime.date.today()"),
    "seconds": (touches_of_the_world, "from time import time\nx = time()"),
    "a file": (touches_of_the_world, "x = open('a').read()"),
    "no docstring": (missing_docstring, "x = 1"),
    "an empty docstring": (missing_docstring, '"""  """'),
    "one line too many": (too_long, "\n" * (LONGEST + 1)),
}

SEEN_TO_PASS = {
    "the future is not private": (private_imports, "from __future__ import annotations"),
    "a public name": (private_imports, "from orchestrator.graph.closure import closure"),
    "a time that was handed in": (touches_of_the_world, "def f(clock):\n    return clock.now()"),
    "a type": (touches_of_the_world, "from datetime import datetime\ndef f(now: datetime) -> datetime: ..."),
    "a value called open": (touches_of_the_world, "open = {g for g in gates}\nx = len(open)"),
    "a method called open": (touches_of_the_world, "x = gate.open()"),
    "a parsed time": (touches_of_the_world, "from datetime import datetime\nx = datetime.fromisoformat(y)"),
    "a docstring": (missing_docstring, '"""What is this for?"""'),
    "as long as it may be": (too_long, "\n" * LONGEST),
}


@pytest.mark.parametrize(("rule", "source"), SEEN_TO_FAIL.values(), ids=SEEN_TO_FAIL)
def test_the_rule_finds(rule: Callable[[str], Iterator[str]], source: str) -> None:
    assert len(list(rule(source))) == 1


@pytest.mark.parametrize(("rule", "source"), SEEN_TO_PASS.values(), ids=SEEN_TO_PASS)
def test_the_rule_lets_pass(rule: Callable[[str], Iterator[str]], source: str) -> None:
    assert list(rule(source)) == []

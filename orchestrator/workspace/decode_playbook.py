"""Playbook files to values (section 3, "Playbook").

Rules:

- A step is exactly one of `argv`, `shell` and `manual`; what only reads is `argv` or `shell`.
- Strings of commands are templates: every hole is a var of the playbook or built in; `{on.*}` only with `on:`.
- `on:` is `carrier`, a fixed system, or one var that names it.
- Answers are recognised by exit codes or by a regex of bounded length that `re` takes.
- Each mode has steps, and one of them changes the state: the one that says so, else the last.
- What depends on the systems that use a playbook is checked in `references.py`.
"""

from dataclasses import replace
from typing import Any

from orchestrator.model.playbook import (
    Argv,
    Evidence,
    Health,
    Manual,
    OnSystem,
    Playbook,
    Probe,
    Shell,
    Step,
)
from orchestrator.model.template import holes
from orchestrator.model.terms import Mode
from orchestrator.workspace import reader
from orchestrator.workspace.fields import Fields, File, Reader, identifier, items
from orchestrator.workspace.playbook_fields import (
    ACTING,
    BUILT_IN,
    EVIDENCE,
    FORCE_STEP,
    HEALTH,
    ISOLATION,
    PLAIN_STEP,
    POWEROFF,
    STATE_PROBE,
    declared_vars,
)
from orchestrator.workspace.reader import Node


def decode_playbook(file: File, root: reader.Mapping, kind: str) -> Playbook | None:
    """The playbook of `kind` (the file's name) that a file holds."""
    declared = root.entries.get("vars")
    known = frozenset(declared.entries) if isinstance(declared, reader.Mapping) else frozenset()
    got = _fields(_Commands(known)).read(file, root)
    if got is None:
        return None
    if got["kind"] != kind:
        line = root.entries["kind"].line
        file.problem(line, f'kind is "{got["kind"]}", but the file is named {kind}.yaml.', "Name both alike.")
    state, poweroff = got.pop("state", (None, None))
    shutdown: dict[str, tuple[Step, ...]] = got.pop("shutdown", {})
    force = shutdown.pop("force", ())
    return Playbook(
        source=file.source(root.entries["kind"].line),
        state=state,
        poweroff_state=poweroff,
        shutdown={Mode(mode): steps for mode, steps in shutdown.items()},
        force=force,
        restore={Mode(mode): steps for mode, steps in got.pop("restore", {}).items()},
        **got,
    )


def _fields(commands: "_Commands") -> Fields:
    modes = tuple(mode.value for mode in Mode)
    return Fields(
        {
            "kind": ("kind", identifier),
            "vars": ("vars", declared_vars),
            "state": ("state", commands.state),
            "isolation": ("isolation", commands.isolation),
            "evidence": ("evidence", commands.evidence),
            "shutdown": ("shutdown", commands.modes((*modes, "force"))),
            "restore": ("restore", commands.modes(modes)),
            "health": ("health", commands.health),
        },
        ["kind"],
    )


# --- commands, whose holes depend on the playbook's vars ----------------------------------------


class _Commands:
    """Readers for everything in a playbook that is a command."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known

    def state(self, file: File, node: Node, key: str) -> tuple[Probe | None, Probe | None] | None:
        """`state`, and in it `state.poweroff`."""
        table = {**STATE_PROBE, "poweroff": ("poweroff", self._poweroff)}
        got = Fields(table, ["online", "offline"]).read(file, node, key)
        if got is None:
            return None
        poweroff = got.pop("poweroff", None)
        return self._probe(file, node, key, got), poweroff

    def _poweroff(self, file: File, node: Node, key: str) -> Probe | None:
        return self._probe(file, node, key, POWEROFF.read(file, node, key))

    def isolation(self, file: File, node: Node, key: str) -> Probe | None:
        """`isolation`."""
        return self._probe(file, node, key, ISOLATION.read(file, node, key))

    def evidence(self, file: File, node: Node, key: str) -> tuple[Evidence, ...] | None:
        """`evidence`: names are ids in the journal, so each stands once."""
        found = []
        for where, item in self._each(file, node, key):
            got = self._command(file, item, where, EVIDENCE.read(file, item, where))
            if got is not None:
                found.append(Evidence(**got))
        self._refuse_twice(file, found, key)
        return tuple(found)

    def health(self, file: File, node: Node, key: str) -> tuple[Health, ...] | None:
        """`health`."""
        found = []
        for where, item in self._each(file, node, key):
            got = self._command(file, item, where, HEALTH.read(file, item, where))
            if got is not None:
                found.append(Health(**got))
        self._refuse_twice(file, found, key)
        return tuple(found)

    def modes(self, names: tuple[str, ...]) -> Reader:
        """`shutdown` or `restore`: steps by mode."""
        table = Fields({name: (name, self._steps(name == "force")) for name in names})
        return table.read

    def _steps(self, force: bool) -> Reader:
        table = FORCE_STEP if force else PLAIN_STEP

        def read(file: File, node: Node, key: str) -> tuple[Step, ...] | None:
            found = []
            for where, item in self._each(file, node, key):
                got = self._command(file, item, where, table.read(file, item, where))
                if got is not None:
                    got.setdefault("expect_s", got.get("timeout_s", 60) / 10)
                    found.append(Step(**got))
            return _one_changes_state(file, key, found)

        return read

    def _each(self, file: File, node: Node, key: str) -> list[tuple[str, Node]]:
        """The items of a list that may not be empty, named `stop.1`, `stop.2`, ..."""
        nodes = items(file, node, key, "a list of steps")
        if nodes is not None and not nodes:
            file.problem(node.line, f"{key} is empty.", "Leave it out.")
        return [(f"{key}.{number}", item) for number, item in enumerate(nodes or (), 1)]

    def _probe(self, file: File, node: Node, key: str, got: dict[str, Any] | None) -> Probe | None:
        done = self._command(file, node, key, got)
        if done is None:
            return None
        yes, no = done["yes"], done["no"]
        both = set(yes.exits) & set(no.exits)
        if both or (yes.output is not None and yes.output == no.output):
            file.problem(node.line, f"{key}: the same answer stands for both states.")
        return Probe(**done)

    def _command(self, file: File, node: Node, key: str, got: dict[str, Any] | None) -> dict[str, Any] | None:
        """What a command's keys say, `argv`, `shell` and `manual` made one; None where there is not exactly one."""
        if got is None or not isinstance(node, reader.Mapping):
            return None
        written = [name for name in ("argv", "shell", "manual") if name in node.entries]
        if len(written) != 1:
            said = " and ".join(written) if written else "no command"
            file.problem(node.line, f"{key} has {said}; expected one of argv, shell" + _or_manual(key) + ".")
            return None
        do = got.pop(written[0], None)
        if do is None:
            return None
        if isinstance(do, Manual):
            for name in ("sudo", "stdin", "exit", "disconnects"):
                if name in node.entries:
                    file.problem(node.entries[name].line, f"{key} is manual, so {name} means nothing.", "Delete it.")
        if not self._has_known_holes(file, node, key, do, got):
            return None
        return {"do": do, "source": file.source(node.line), **got}

    def _has_known_holes(
        self, file: File, node: reader.Mapping, key: str, do: Argv | Shell | Manual, got: dict[str, Any]
    ) -> bool:
        written = "argv" if isinstance(do, Argv) else "shell" if isinstance(do, Shell) else "manual"
        texts = {written: templates_of(do)}
        on = got.get("on")
        if isinstance(on, OnSystem):
            texts["on"] = (on.system,)
        if "stdin" in got:
            texts["stdin"] = (got["stdin"],)
        acting = ACTING if on is not None and written != "manual" else frozenset()
        before = len(file.problems)
        for name, templates in texts.items():
            allowed = self._known if name in {"on", "stdin"} else self._known | BUILT_IN | acting
            line = node.entries[name].line
            for template in templates:
                try:
                    unknown = holes(template) - allowed
                except ValueError as error:
                    file.problem(line, f"{key}.{name}: {error}.")
                    continue
                for hole in sorted(unknown):
                    file.problem(line, f"{key}.{name} has {{{hole}}}, {_why_unknown(hole)}")
        return len(file.problems) == before

    @staticmethod
    def _refuse_twice(file: File, found: list[Evidence] | list[Health], key: str) -> None:
        first: dict[str, int] = {}
        for one in found:
            if one.name in first:
                line = first[one.name]
                file.problem(one.source.line, f'{key} has "{one.name}" twice, first in line {line}.', "Rename one.")
            first.setdefault(one.name, one.source.line)


def _or_manual(key: str) -> str:
    return ", manual" if key.startswith(("shutdown", "restore")) else ""


def _why_unknown(hole: str) -> str:
    if hole in ACTING:
        return "which only a command with on: knows."
    built_in = ", ".join(sorted(BUILT_IN))
    return f"which is no var of this playbook (and none of {built_in}). Add it to vars, or write {{{{ for a brace."


def templates_of(do: Argv | Shell | Manual) -> tuple[str, ...]:
    """The templates of a command."""
    if isinstance(do, Argv):
        return do.items
    return (do.line,) if isinstance(do, Shell) else (do.text,)


def _one_changes_state(file: File, key: str, steps: list[Step]) -> tuple[Step, ...]:
    """The steps of a mode with exactly one that changes the state: the one that says so, else the last."""
    marked = [step for step in steps if step.changes_state]
    for step in marked[1:]:
        file.problem(
            step.source.line,
            f"{key} has two steps with changes_state, the first in line {marked[0].source.line}; expected one.",
        )
    if marked or not steps:
        return tuple(steps)
    return (*steps[:-1], replace(steps[-1], changes_state=True))

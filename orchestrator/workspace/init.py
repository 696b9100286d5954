"""`orch init DIR`: a small workspace that loads, plans and explains itself (section 9).

Its files lie in `example/` beside this module, as they are written; only `gitignore` gets its dot on the way.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from orchestrator.model.errors import Refused, UsageError


def write_example(root: Path) -> tuple[Path, ...]:
    """Writes the example into a folder that is empty or not there yet. Raises Refused where something is in it."""
    try:
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            what = f"{root} is {'not empty' if root.is_dir() else 'no folder'}; nothing was written."
            raise Refused(what, "Name a new folder: orch init DIR")
        written = []
        for name, content in sorted(_content(files("orchestrator.workspace") / "example")):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as stream:
                stream.write(content)
            written.append(path)
    except OSError as error:
        raise UsageError(
            f"{root} can't be written: {error.strerror}.", "Name a folder of your own: orch init DIR"
        ) from None
    return tuple(written)


def _content(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        name = ".gitignore" if entry.name == "gitignore" else entry.name
        if entry.is_dir():
            found += _content(entry, f"{prefix}{name}/")
        else:
            found.append((prefix + name, entry.read_bytes()))
    return found

"""Writes the pages of every scenario anew: `python -m tests.scenarios.regenerate [NAME...]`. Then read the diff."""

import sys
import tempfile
from pathlib import Path

from tests.scenarios.harness import scenarios


def main(names: list[str]) -> int:
    """Rewrite all pages, or those of the scenarios named; say which changed."""
    found = [one for one in scenarios() if not names or one.folder.name in names]
    if names and len(found) < len(set(names)):
        print("no such scenario:", *sorted(set(names) - {one.folder.name for one in found}), file=sys.stderr)
        return 2
    changed = 0
    for scenario in found:
        scenario.check()
        with tempfile.TemporaryDirectory() as scratch:
            pages = scenario.pages(Path(scratch))
        goldens = scenario.goldens()
        for name in sorted(pages.keys() | goldens.keys()):
            if name not in pages:
                (scenario.folder / name).unlink()
            elif pages[name] != goldens.get(name):
                (scenario.folder / name).write_text(pages[name])
            else:
                continue
            said = "new    " if name not in goldens else "changed" if name in pages else "removed"
            print(said, f"{scenario.folder.name}/{name}")
            changed += 1
    print(f"{len(found)} scenarios, {changed} pages written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

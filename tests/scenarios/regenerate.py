"""Writes the page of every scenario anew: `python -m tests.scenarios.regenerate [NAME...]`. Then read the diff."""

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
            page = scenario.page(Path(scratch))
        old = scenario.expected.read_text() if scenario.expected.exists() else None
        if page != old:
            scenario.expected.write_text(page)
            print("new    " if old is None else "changed", scenario.folder.name)
            changed += 1
    print(f"{len(found)} scenarios, {changed} written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

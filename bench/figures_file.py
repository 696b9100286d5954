"""`docs/figures.md` as the benchmark fills it: what stands between the marks of a row is replaced by what was measured.

A row's marks are `<!-- measured: ROW -->` and `<!-- end -->`. All around them is written by people and stays.
"""

from collections.abc import Mapping
from pathlib import Path

END = "<!-- end -->"


def fill(path: Path, measured: Mapping[str, str]) -> None:
    """Put the text of each row in its place. Raises KeyError where there is none for a row; then nothing is written."""
    text = path.read_text(encoding="utf-8")
    for row, found in measured.items():
        before, mark, rest = text.partition(f"<!-- measured: {row} -->\n")
        _, end, after = rest.partition(END)
        if not end:
            raise KeyError(row)
        text = f"{before}{mark}\n{found}\n\n{end}{after}"
    path.write_text(text, encoding="utf-8")

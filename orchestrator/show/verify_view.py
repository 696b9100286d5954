"""What can be said of a run's integrity: one word, the head to compare with, and everything that is wrong."""

from orchestrator.run.integrity import Verdict, VerifyAll, VerifyReport
from orchestrator.show import words
from orchestrator.show.layout import Line, count, line, para
from orchestrator.show.theme import BAD, GOOD

MOST = 20
_SAYS = {
    Verdict.ANCHORED: "a signed paper outside the log names its head",
    Verdict.INTERNAL_ONLY: "it fits together; nothing outside this folder confirms that it is whole",
    Verdict.BROKEN: "it does not verify",
}


def verify_lines(found: VerifyAll, width: int) -> list[Line]:
    """Every run, the broken ones with their reasons."""
    if not found.reports and not found.problems:
        return [line("There is no run to verify.")]
    lines: list[Line] = []
    for report in found.reports:
        lines += _report(report, width)
    for problem in found.problems:
        lines += para("broken  ", problem, width, label_style=BAD)
    if len(found.reports) > 1:
        lines += para("", f"{count(len(found.reports), 'run')}: {found.verdict.value}", width)
    if found.verdict is Verdict.BROKEN:
        text = "Keep the folder as it is, copy it, and have somebody look who was not there that night."
        lines += para("", text, width)
    return lines


def _report(report: VerifyReport, width: int) -> list[Line]:
    style = BAD if report.verdict is Verdict.BROKEN else GOOD
    head = words.short_head(report.head)
    lines = para("", f"{report.verdict.value}   {report.run}: {_SAYS[report.verdict]}", width, style=style)
    entries = count(report.entries, "entry", "entries")
    lines += para("    ", f"head {head}   {entries}, {count(report.outputs, 'output')} verified", width)
    if report.torn_bytes:
        text = f"{count(report.torn_bytes, 'byte')} after the last newline: a write that was cut off"
        lines += para("    ", text, width)
    for problem in report.problems[:MOST]:
        lines += para("    ", problem, width, style=BAD)
    if len(report.problems) > MOST:
        lines.append(line(f"    and {len(report.problems) - MOST} more; --json has them all"))
    return lines

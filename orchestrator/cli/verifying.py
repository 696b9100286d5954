"""What `orch verify --json` says."""

from typing import Any

from orchestrator.run.integrity import VerifyAll


def verify_document(found: VerifyAll) -> dict[str, Any]:
    """Every run with its verdict, and what is wrong between them."""
    return {
        "format": "orch-verify/1",
        "verdict": found.verdict.value,
        "problems": list(found.problems),
        "runs": [
            {
                "run": report.run,
                "verdict": report.verdict.value,
                "entries": report.entries,
                "head": report.head,
                "torn_bytes": report.torn_bytes,
                "outputs": report.outputs,
                "problems": list(report.problems),
            }
            for report in found.reports
        ],
    }

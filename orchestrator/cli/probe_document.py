"""The JSON document of `orch probe`, and of `--probe` beside a plan: every measure of every host and system."""

from typing import Any

from orchestrator.run.survey.findings import HostFinding, Survey, SystemFinding


def probe_document(survey: Survey, estate_head: str) -> dict[str, Any]:
    """All of a survey."""
    return {
        "format": "orch-probe/1",
        "estate_head": estate_head,
        "whole": survey.whole,
        "failed": survey.failed,
        "took_s": round(survey.took_s, 3),
        "hosts": [_host(host) for host in survey.hosts.values()],
        "systems": [_system(system) for system in survey.systems.values()],
    }


def _host(host: HostFinding) -> dict[str, Any]:
    clock, receipts, reached = host.clock, host.receipts, host.reached
    return {
        "id": host.host,
        "state": host.state.value,
        "address": reached.address,
        "port": reached.port,
        "user": reached.user,
        "platform": reached.platform.value,
        "via": [list(chain) for chain in reached.via],
        "pinned_keys": list(reached.keys),
        "login_s": _rounded(host.login_s),
        "answer_s": _rounded(host.answer_s),
        "shell": host.shell,
        "sudo": host.sudo,
        "clock": None if clock is None else {"least_s": _rounded(clock.least), "most_s": _rounded(clock.most)},
        "receipts": None
        if receipts is None
        else {
            "folder": receipts.folder,
            "state": receipts.state,
            "generation": receipts.generation,
            "lacks": list(receipts.lacks),
            "works": receipts.works,
        },
        "tools": [
            {"name": tool.name, "sudo": tool.sudo, "path": tool.path, "asked": tool.asked, "systems": list(tool.users)}
            for tool in host.tools
        ],
        "troubles": [
            {
                "code": trouble.code,
                "what": trouble.what,
                "mend": trouble.mend,
                "command": trouble.command,
                "fails": trouble.fails,
            }
            for trouble in host.troubles
        ],
    }


def _system(system: SystemFinding) -> dict[str, Any]:
    return {
        "id": system.system,
        "state": system.state.value,
        "believed": system.believed.value,
        "run": system.run,
        "seen": system.seen,
        "found_offline_before": system.found_before,
        "already_as_planned": system.ready,
        "answers": [
            {
                "probe": each.probe.value,
                "host": each.host,
                "on_host": each.on_host,
                "found": each.found.value,
                "why": each.why,
            }
            for each in system.answers
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)

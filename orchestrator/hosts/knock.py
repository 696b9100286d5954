"""Does a host's SSH port answer? (contract sections 3 and 6: powered off is "silent while its gateway answers")

Answers: a TCP connection, through the chain, and the banner of an SSH server. Silent: no connection, while we and at
least one gateway work. A port that opens without a banner is neither: something is still there.
"""

import time

from orchestrator.hosts.gateways import Gateways
from orchestrator.hosts.outcome import of_refusal
from orchestrator.hosts.port import HostSpec, Outcome, OutcomeState
from orchestrator.hosts.refusal import Refusal, of_all_chains
from orchestrator.hosts.sockets import Wire
from orchestrator.model.terms import Found


def knock(gateways: Gateways, spec: HostSpec, timeout_s: float) -> Outcome:
    """What the port of `spec` says within `timeout_s`."""
    refusals: list[Refusal] = []
    for chain in spec.via or ((),):
        try:
            wire = gateways.dial(spec, chain)
        except Refusal as refusal:
            refusals.append(refusal)
            continue
        try:
            if _banner_comes(wire, timeout_s):
                return Outcome(OutcomeState.DONE, port=Found.ANSWERS)
        finally:
            wire.close()
        why = f"{spec.id}: its port {spec.port} opens, but no SSH server speaks"
        return Outcome(OutcomeState.UNKNOWN, why=why)
    all_of_them = of_all_chains(refusals)
    if all_of_them.silent:
        return Outcome(OutcomeState.DONE, port=Found.SILENT, why=all_of_them.why)
    return of_refusal(all_of_them)


def _banner_comes(wire: Wire, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    data = b""
    while len(data) < 8192 and (left := deadline - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            chunk = wire.recv(256)
        except OSError:
            return False
        if not chunk:
            return False
        data += chunk
        if data.startswith(b"SSH-") or b"\nSSH-" in data:
            return True
    return False

"""One measured process of the row `reuse`: `VARIANT COMMANDS JOB.json`; so many commands on one open connection.

- `orch-read`, `orch-step`: orch's carrier, one task; a command is submitted when the one before has come back. A step
  leaves its receipt.
- `fabric`: one Connection, kept open. `asyncssh`: the same there.

The clock runs from the second command on, when the connection is open; it stops before that is closed.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.fanout_job import Job, clocked, job_in


@contextmanager
def orch(job: Job, *, step: bool) -> Iterator[Callable[[int], bool]]:
    """Orch's carrier. The keys of steps are `bench/TAG/ADDRESS/N`."""
    from orchestrator.hosts.port import HostSpec, OutcomeState, Spec, SpecKind
    from orchestrator.hosts.ssh import SshCarrier
    from orchestrator.model.terms import Platform

    address = job.addresses[0]
    host = HostSpec(
        id="bench",
        address=address,
        port=job.port,
        user=job.user,
        platform=Platform.LINUX,
        keys=(job.fingerprint,),
        key_types=("ssh-ed25519",),
        identity=job.key,
    )
    carrier = SshCarrier(root=Path.cwd(), parallel=1)

    def ask(n: int) -> bool:
        key = f"bench/{job.tag}/{address}/{n}"
        kind = SpecKind.STEP if step else SpecKind.READ
        carrier.submit(key, Spec(kind, host, timeout_s=30, argv=("true",), task="bench"))
        keys: tuple[str, ...] = ()
        while not keys:
            keys = carrier.wait(30.0)
        outcome = carrier.outcome(key)
        whole = outcome.state is OutcomeState.DONE and outcome.by_receipt is step
        return whole and outcome.result is not None and outcome.result.exit == 0

    try:
        yield ask
    finally:
        carrier.close()


@contextmanager
def fabric(job: Job) -> Iterator[Callable[[int], bool]]:
    """A connection of fabric."""
    from fabric import Config, Connection

    config = Config(lazy=True, overrides={"load_ssh_configs": False})
    login = {"key_filename": job.key, "look_for_keys": False, "allow_agent": False}
    with Connection(job.addresses[0], user=job.user, port=job.port, config=config, connect_kwargs=login) as connection:
        yield lambda _: bool(connection.run("true", hide=True, in_stream=False).ok)


@contextmanager
def asyncssh(job: Job) -> Iterator[Callable[[int], bool]]:
    """A connection of asyncssh."""
    import asyncssh

    async def connect() -> asyncssh.SSHClientConnection:
        return await asyncssh.connect(
            job.addresses[0],
            job.port,
            username=job.user,
            client_keys=[job.key],
            known_hosts=asyncssh.read_known_hosts(job.any_host),
            config=None,
            agent_path=None,
        )

    async def ask(connection: asyncssh.SSHClientConnection) -> bool:
        return (await connection.run("true")).exit_status == 0

    with asyncio.Runner() as runner:
        connection = runner.run(connect())
        yield lambda _: runner.run(ask(connection))
        connection.close()
        runner.run(connection.wait_closed())


WAYS = {
    "orch-read": lambda job: orch(job, step=False),
    "orch-step": lambda job: orch(job, step=True),
    "fabric": fabric,
    "asyncssh": asyncssh,
}


def main(variant: str, commands: int, job: Job) -> str:
    """Ask once to open the connection, then so many times by the clock."""
    with WAYS[variant](job) as ask:
        if not ask(0):
            raise SystemExit("the first command did not come back")
        return clocked(commands, lambda: sum(ask(n) for n in range(1, commands + 1)))


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), job_in(sys.argv[3])))

"""One measured process of the row `fanout`: `VARIANT JOB.json`; `true` on every host; prints one JSON object.

- `orch-read`: orch's carrier, one read for each host.
- `orch-step`: the same as a step with its receipt, in a task as a run has it: it asks for the receipt folder's
  generation first, so these are two commands a host.
- `fabric`: fabric in a thread pool as well as it goes: a Config of its own for each connection, no ssh_config, the key
  read once, no thread for standard input. It checks no host key.
- `fabric-plain`: fabric as it comes, in the same thread pool.
- `asyncssh`: as many connections at once, in one loop; the host keys are checked.

The clock starts when everything is imported, and stops when all connections are closed.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.fanout_job import Job, clocked, job_in

WITHIN_S = 120.0


def orch(job: Job, *, step: bool) -> Callable[[], int]:
    """Orch's carrier. The keys of steps are `bench/TAG/ADDRESS`."""
    from orchestrator.hosts.port import HostSpec, OutcomeState, Spec, SpecKind
    from orchestrator.hosts.ssh import SshCarrier
    from orchestrator.model.terms import Platform

    kind = SpecKind.STEP if step else SpecKind.READ

    def fan_out() -> int:
        carrier = SshCarrier(root=Path.cwd(), parallel=job.parallel)
        tasks: dict[str, str] = {}
        done = 0
        try:
            for address in job.addresses:
                key = f"bench/{job.tag}/{address}"
                tasks[key] = address if step else ""
                host = HostSpec(
                    id=f"h{address.replace('.', '-')}",
                    address=address,
                    port=job.port,
                    user=job.user,
                    platform=Platform.LINUX,
                    keys=(job.fingerprint,),
                    key_types=("ssh-ed25519",),
                    identity=job.key,
                )
                carrier.submit(key, Spec(kind, host, timeout_s=30, argv=("true",), task=tasks[key]))
            until = time.monotonic() + WITHIN_S
            while tasks and time.monotonic() < until:
                for key in carrier.wait(1.0):
                    outcome = carrier.outcome(key)
                    if not outcome.is_final:
                        continue
                    whole = outcome.state is OutcomeState.DONE and outcome.by_receipt is step
                    done += whole and outcome.result is not None and outcome.result.exit == 0
                    if not whole:
                        print(f"{key}: {outcome.state}: {outcome.why}", file=sys.stderr)
                    task = tasks.pop(key)
                    if task:
                        carrier.release(task)
        finally:
            carrier.close()
        return done

    return fan_out


def fabric(job: Job, *, plain: bool) -> Callable[[], int]:
    """Fabric in a thread pool."""
    import paramiko
    from fabric import Config, Connection

    def ask(address: str, key: paramiko.PKey | None) -> bool:
        if plain:
            connection = Connection(address, user=job.user, port=job.port, connect_kwargs={"key_filename": job.key})
            with connection:
                return bool(connection.run("true", hide=True).ok)
        login = {"pkey": key, "look_for_keys": False, "allow_agent": False}
        config = Config(lazy=True, overrides={"load_ssh_configs": False})
        with Connection(address, user=job.user, port=job.port, config=config, connect_kwargs=login) as connection:
            return bool(connection.run("true", hide=True, in_stream=False).ok)

    def fan_out() -> int:
        key = None if plain else paramiko.Ed25519Key.from_private_key_file(job.key)
        with ThreadPoolExecutor(job.parallel) as pool:
            return sum(pool.map(lambda address: ask(address, key), job.addresses))

    return fan_out


def asyncssh(job: Job) -> Callable[[], int]:
    """asyncssh in one event loop."""
    import asyncssh

    async def ask(address: str, slots: asyncio.Semaphore, known: asyncssh.SSHKnownHosts) -> bool:
        async with (
            slots,
            asyncssh.connect(
                address,
                job.port,
                username=job.user,
                client_keys=[job.key],
                known_hosts=known,
                config=None,
                agent_path=None,
            ) as connection,
        ):
            return (await connection.run("true")).exit_status == 0

    async def ask_all() -> int:
        slots, known = asyncio.Semaphore(job.parallel), asyncssh.read_known_hosts(job.any_host)
        return sum(await asyncio.gather(*(ask(address, slots, known) for address in job.addresses)))

    return lambda: asyncio.run(ask_all())


VARIANTS: dict[str, Callable[[Job], Callable[[], int]]] = {
    "orch-read": lambda job: orch(job, step=False),
    "orch-step": lambda job: orch(job, step=True),
    "fabric": lambda job: fabric(job, plain=False),
    "fabric-plain": lambda job: fabric(job, plain=True),
    "asyncssh": asyncssh,
}


if __name__ == "__main__":
    its_job = job_in(sys.argv[2])
    print(clocked(len(its_job.addresses), VARIANTS[sys.argv[1]](its_job)))

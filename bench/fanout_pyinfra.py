"""The row `fanout` by pyinfra: `JOB.json`; one `server.shell` of `true` on every host, by pyinfra's own API.

Runs in the environment of `bench/peers.py`. Like its command line it works in gevent's greenlets.
"""

from gevent import monkey  # type: ignore[import-not-found,import-untyped,unused-ignore]

monkey.patch_all()  # before anything else, as pyinfra wants it

import sys  # noqa: E402

from pyinfra.api import Config, Inventory, State  # type: ignore[import-not-found,unused-ignore]  # noqa: E402
from pyinfra.api.connect import connect_all, disconnect_all  # type: ignore[import-not-found,unused-ignore]  # noqa: E402
from pyinfra.api.operation import add_op  # type: ignore[import-not-found,unused-ignore]  # noqa: E402
from pyinfra.api.operations import run_ops  # type: ignore[import-not-found,unused-ignore]  # noqa: E402
from pyinfra.operations import server  # type: ignore[import-not-found,unused-ignore]  # noqa: E402

from bench.fanout_job import Job, clocked, job_in  # noqa: E402


def fan_out(job: Job) -> int:
    """All hosts; how many ended well."""
    login = {
        "ssh_user": job.user,
        "ssh_port": job.port,
        "ssh_key": job.key,
        "ssh_known_hosts_file": job.known_hosts,
        "ssh_strict_host_key_checking": "yes",
        "ssh_config_file": "/dev/null",
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
    }
    state = State(Inventory((job.addresses, login)), Config(PARALLEL=job.parallel))
    connect_all(state)
    add_op(state, server.shell, commands=["true"])
    run_ops(state)
    done = sum(1 for host in state.active_hosts if state.results[host].success_ops == 1)
    disconnect_all(state)
    return done


if __name__ == "__main__":
    its_job = job_in(sys.argv[1])
    print(clocked(len(its_job.addresses), lambda: fan_out(its_job)))

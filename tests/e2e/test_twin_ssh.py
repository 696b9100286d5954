"""The twin, as an SSH client sees it: OpenSSH's own, and asyncssh for what must be looked at closely."""

import asyncio
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pytest

from orchestrator.hosts.command_line import read_line
from orchestrator.hosts.receipt import ReceiptCall, call_line, parse_answer
from orchestrator.model.errors import Refused, UsageError
from orchestrator.model.terms import Platform
from orchestrator.twin import control
from orchestrator.twin.folder import read_state
from tests.small_site import load_site

SUDO = "LC_ALL=C sudo -n -- "
STATE = "systemctl show -p LoadState -p ActiveState --value app"
SPEED = 50.0
BOUND_S = 20.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A twin whose folder has a long name (a socket's path may have 108 bytes)."""
    base = tmp_path_factory.mktemp("twin")
    ws = load_site(base / "ws")
    folder = base / ("deep-" * 20) / "twin"
    started = control.up(ws, base / "ws", folder, SPEED, {})
    assert (started.running, started.down, started.state.problems) == (True, (), ())
    yield folder
    control.down(folder)
    assert _is_gone(started.state.pid)


def _is_gone(pid: int | None) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture(autouse=True)
def healed(site: Path) -> Iterator[None]:
    """Every test leaves the hosts without faults."""
    yield
    for host in control.status(site).faults:
        control.fault(site, host, "none")


T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        return await asyncio.wait_for(work, BOUND_S)

    return asyncio.run(bounded())


@contextlib.asynccontextmanager
async def connect(site: Path, host: str, **more: Any) -> AsyncIterator[asyncssh.SSHClientConnection]:
    state = read_state(site)
    async with asyncssh.connect(
        state.hosts[host],
        state.port,
        username=more.pop("username", "orch"),
        client_keys=more.pop("client_keys", [str(site / "keys" / "twin")]),
        known_hosts=str(site / "known_hosts"),
        config=None,
        agent_path=None,
        **more,
    ) as conn:
        yield conn


async def tell(site: Path, host: str, line: str, **more: Any) -> tuple[int | None, str, str]:
    async with connect(site, host, **more) as conn:
        done = await conn.run(line)
        return done.exit_status, str(done.stdout), str(done.stderr)


def linux(line: str) -> str:
    return read_line(Platform.LINUX, line)


def told(site: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (site / "twin.jsonl").read_text().splitlines()]


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + BOUND_S
    while not holds():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.02)


# --- one command ---


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client")
def test_openssh_probes_a_host_and_one_behind_a_gateway(site: Path) -> None:
    state = read_state(site)
    options = ["-F", "none", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oIdentitiesOnly=yes"]
    options += [
        f"-oUserKnownHostsFile={site / 'known_hosts'}",
        "-i",
        str(site / "keys" / "twin"),
        "-p",
        str(state.port),
    ]
    probe = ["--", state.hosts["app"], linux(STATE)]
    done = subprocess.run(["ssh", *options, "-l", "orch", *probe], capture_output=True, timeout=BOUND_S, check=False)
    assert (done.returncode, done.stdout) == (0, b"loaded active\n"), done.stderr
    jump = shlex.join(["ssh", *options, "-l", "orch", "-W", "%h:%p", state.hosts["gate"]])
    behind = ["-l", "orch", f"-oProxyCommand={jump}", "--", state.hosts["hv"], linux(SUDO + "virsh uri")]
    done = subprocess.run(["ssh", *options, *behind], capture_output=True, timeout=BOUND_S, check=False)
    assert (done.returncode, done.stdout) == (0, b"qemu:\n"), done.stderr


def test_every_platform_is_understood(site: Path) -> None:
    windows = read_line(Platform.WINDOWS, "(Get-Service Mail).Status")
    assert run(tell(site, "win", windows)) == (0, "Running\n", "")
    assert run(tell(site, "fw", read_line(Platform.APPLIANCE, "show cut app"))) == (0, "cut: no\n", "")


def test_an_unknown_command_is_127_and_written_down(site: Path) -> None:
    assert run(tell(site, "app", "rm -rf /")) == (127, "", "orch-twin: unknown command: rm -rf /\n")
    line = told(site)[-1]
    del line["at"]
    assert line == {
        "host": "app",
        "system": None,
        "action": "unknown",
        "step": None,
        "command": "rm -rf /",
        "exit": 127,
    }


def test_a_step_changes_the_state_takes_its_time_and_is_written_down(site: Path) -> None:
    assert run(tell(site, "app", linux("systemctl reload app && sleep 5")))[0] == 0
    began = time.monotonic()
    assert run(tell(site, "app", linux(SUDO + "systemctl stop app")))[0] == 0
    assert time.monotonic() - began >= 10 / SPEED
    assert run(tell(site, "app", linux(STATE))) == (0, "loaded inactive\n", "")
    assert run(tell(site, "app", linux(SUDO + "systemctl start app")))[0] == 0
    assert [(line["system"], line["action"], line["step"], line["exit"]) for line in told(site)[-3:]] == [
        ("app", "shutdown", "stop.2", 0),
        ("app", "probe", "state", 0),
        ("app", "restore", "stop.2", 0),
    ]


def test_there_is_no_shell_and_no_other_key_or_user(site: Path) -> None:
    async def shell() -> None:
        async with connect(site, "app") as conn:
            await conn.create_process()

    with pytest.raises(asyncssh.ChannelOpenError):
        run(shell())
    other = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(asyncssh.PermissionDenied):
        run(tell(site, "app", "x", client_keys=[other]))
    with pytest.raises(asyncssh.PermissionDenied):
        run(tell(site, "app", "x", username="root"))


# --- gateways ---


def test_a_host_behind_a_gateway_hangs_up_on_others_and_a_gateway_forwards_there_only(site: Path) -> None:
    with pytest.raises((OSError, asyncssh.Error)):
        run(tell(site, "hv", "x"))

    async def through(gateway: str, host: str) -> str:
        async with connect(site, gateway) as conn:
            return (await tell(site, host, linux(SUDO + "virsh uri"), tunnel=conn))[1]

    assert run(through("gate", "hv")) == "qemu:\n"
    for gateway, host in (("gate", "app"), ("app", "hv")):
        with pytest.raises(asyncssh.ChannelOpenError, match="is no gateway to"):
            run(through(gateway, host))


# --- receipts ---


def test_a_receipt_is_kept_and_asked_for(site: Path) -> None:
    async def story() -> None:
        async with connect(site, "app", encoding=None) as conn:

            async def call(
                mode: Any, id_: str, inner: str = "", generation: str | None = None, stdin: bytes = b""
            ) -> Any:
                what = ReceiptCall(mode, id_, "spec", inner, 1000, "orch", generation)
                sends: dict[str, Any] = {"input": stdin} if stdin else {"stdin": asyncssh.DEVNULL}
                done = await conn.run(call_line(what), encoding=None, **sends)
                assert isinstance(done.stdout, bytes)
                return parse_answer(id_, done.stdout)

            generation = (await call("gen", "generation"))[0].generation
            stop = SUDO + "systemctl stop app"
            first = await call("run", "i1", stop, generation)
            assert (first[0].state, first[0].exit, first[0].spec) == ("done", 0, "spec")
            count = len(told(site))
            assert await call("run", "i1", stop, generation) == first
            assert await call("ask", "i1", "", generation) == first
            assert len(told(site)) == count
            assert (await call("ask", "i2", "", generation))[0].state == "fenced"
            assert (await call("run", "i2", stop, generation))[0].state == "fenced"
            assert (await call("run", "i3", stop, "other"))[0].state == "stale"
            start = await call("runs", "i4", SUDO + "systemctl start app", generation, b"a line\n")
            assert (start[0].state, start[0].exit) == ("done", 0)
            assert (await call("runs", "i5", stop, generation))[0].exit == 96

    run(story())


@pytest.mark.parametrize("fault", ["none", "hang", "flood"])
def test_a_step_that_is_stopped_has_done_nothing(site: Path, fault: str) -> None:
    async def story() -> tuple[Any, Any, Any]:
        async with connect(site, "app", encoding=None) as conn:

            async def call(mode: Any, inner: str = "") -> Any:
                what = ReceiptCall(mode, f"stopped-{fault}", "spec", inner, 1000, "orch", None)
                done = await conn.run(call_line(what), encoding=None, stdin=asyncssh.DEVNULL)
                return parse_answer(what.id, done.stdout if isinstance(done.stdout, bytes) else b"")

            step = asyncio.create_task(call("run", SUDO + "systemctl stop app"))
            await asyncio.sleep(0.05)  # of the 0.2 s that it takes
            if fault != "none":
                await asyncio.to_thread(control.fault, site, "app", fault)
            return await call("stop"), await step, await call("stop")

    answers = run(story())
    assert {(answer.state, answer.exit) for answer, _, _ in answers} == {("done", 143)}
    line = told(site)[-1]
    assert (line["command"], line["action"], line["exit"]) == (SUDO + "systemctl stop app", "shutdown", 143)
    control.fault(site, "app", "none")
    assert run(tell(site, "app", linux(STATE)))[1] == "loaded active\n"


# --- faults ---


def test_drop_loses_the_connection_but_not_the_command(site: Path) -> None:
    control.fault(site, "app", "drop")
    before = len(told(site))
    with pytest.raises((asyncssh.Error, OSError)):
        run(_must_answer(tell(site, "app", linux(SUDO + "systemctl stop app"))))
    eventually(lambda: len(told(site)) > before)
    assert run(tell(site, "app", linux(STATE)))[1] == "loaded inactive\n"
    control.fault(site, "app", "none")
    assert run(tell(site, "app", linux(SUDO + "systemctl start app")))[0] == 0


async def _must_answer(work: Coroutine[Any, Any, tuple[int | None, str, str]]) -> None:
    """asyncssh says None as the exit code of a lost connection."""
    if (await work)[0] is None:
        raise asyncssh.ConnectionLost("no exit code")


def test_refuse_wrong_key_and_back(site: Path) -> None:
    control.fault(site, "app", "refuse")
    with pytest.raises(ConnectionRefusedError):
        run(tell(site, "app", "x"))
    control.fault(site, "app", "wrong-key")
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        run(tell(site, "app", "x"))
    assert control.fault(site, "app", "none").faults == {}
    assert run(tell(site, "app", linux(STATE)))[0] == 0


def test_hang_goes_on_when_it_is_lifted(site: Path) -> None:
    control.fault(site, "app", "hang")

    async def story() -> tuple[bool, int | None]:
        async with connect(site, "app") as conn:
            work = asyncio.create_task(conn.run(linux(STATE)))
            await asyncio.sleep(0.3)
            hung = not work.done()
            await asyncio.to_thread(control.fault, site, "app", "none")
            return hung, (await work).exit_status

    assert run(story()) == (True, 0)


def test_a_flood_does_not_end_and_the_others_go_on(site: Path) -> None:
    control.fault(site, "app", "flood")

    async def story() -> tuple[int, str]:
        async with (
            connect(site, "app", encoding=None) as conn,
            conn.create_process(linux(STATE), encoding=None) as process,
        ):
            data = b""
            while len(data) < 5_000_000:
                data += await process.stdout.read(65536)
            other = await tell(site, "win", read_line(Platform.WINDOWS, "(Get-Service Mail).Status"))
            conn.abort()
            return len(data), other[1]

    size, other = run(story())
    assert size >= 5_000_000
    assert other == "Running\n"


# --- power ---


def test_a_host_goes_off_and_comes_back_with_its_carrier(site: Path) -> None:
    async def power_off() -> int | None:
        async with connect(site, "gate") as gate:
            return (await tell(site, "hv", linux(SUDO + "systemctl poweroff"), tunnel=gate))[0]

    with contextlib.suppress(asyncssh.Error, OSError):
        assert run(power_off()) is None
    eventually(lambda: set(control.status(site).down) == {"hv", "db-1", "db-2"})

    async def knock() -> None:
        async with connect(site, "gate") as gate:
            await tell(site, "hv", "x", tunnel=gate)

    with pytest.raises(asyncssh.ChannelOpenError):
        run(knock())
    assert run(tell(site, "fw", "wake hv"))[0] == 0
    eventually(lambda: control.status(site).down == ())

    async def state() -> int | None:
        async with connect(site, "gate") as gate:
            return (await tell(site, "db-1", linux("pg_ctlcluster 15 no status"), tunnel=gate))[0]

    assert run(state()) == 0


# --- from outside ---


def test_a_second_twin_in_the_folder_is_refused_and_one_beside_it_takes_another_port(
    site: Path, tmp_path: Path
) -> None:
    ws = load_site(tmp_path / "ws")
    with pytest.raises(Refused, match="a twin runs in"):
        control.up(ws, tmp_path / "ws", site, 1.0, {})
    beside = control.up(ws, tmp_path / "ws", tmp_path / "twin", 1.0, {"app": "refuse"})
    try:
        assert beside.state.port != read_state(site).port
        assert beside.faults == {"app": "refuse"}
    finally:
        control.down(tmp_path / "twin")
    assert not control.status(tmp_path / "twin").running
    control.down(tmp_path / "twin")
    again = control.up(ws, tmp_path / "ws", tmp_path / "twin", 1.0, {})
    control.down(tmp_path / "twin")
    assert again.running


def test_a_killed_twin_is_seen_to_be_gone_and_its_folder_can_be_used_again(tmp_path: Path) -> None:
    ws = load_site(tmp_path / "ws")
    pid = control.up(ws, tmp_path / "ws", tmp_path / "twin", 1.0, {}).state.pid
    assert pid is not None
    os.kill(pid, 9)
    eventually(lambda: not control.status(tmp_path / "twin").running)
    control.down(tmp_path / "twin")


def test_a_twin_ends_when_its_folder_is_gone(tmp_path: Path) -> None:
    ws = load_site(tmp_path / "ws")
    pid = control.up(ws, tmp_path / "ws", tmp_path / "twin", 1.0, {}).state.pid
    shutil.rmtree(tmp_path / "twin")
    eventually(lambda: _is_gone(pid))


@pytest.mark.parametrize(
    ("speed", "faults", "what"),
    [
        (0.0, {}, "--speed 0"),
        (1.0, {"nobody": "hang"}, '"nobody" is no host'),
        (1.0, {"app": "explode"}, '"explode" is no fault'),
    ],
)
def test_what_makes_no_sense_writes_nothing(tmp_path: Path, speed: float, faults: dict[str, str], what: str) -> None:
    ws = load_site(tmp_path / "ws")
    with pytest.raises(UsageError, match=what):
        control.up(ws, tmp_path / "ws", tmp_path / "twin", speed, faults)
    assert not (tmp_path / "twin").exists()

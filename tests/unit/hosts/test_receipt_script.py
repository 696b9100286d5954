"""The receipt script, run here by every shell there is: at most once, fenced, whole or not at all."""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from orchestrator.hosts.command_line import armour
from orchestrator.hosts.receipt import (
    GENERATION_ID,
    TEXT,
    Mode,
    ReceiptAnswer,
    ReceiptCall,
    call_line,
    parse_answer,
    receipt_id,
)
from tests.gate import waits_for

SHELLS = {
    name: found
    for name, argv in {"sh": ["sh"], "dash": ["dash"], "bash": ["bash"], "bash-posix": ["bash", "--posix"]}.items()
    if (found := [shutil.which(argv[0]) or "", *argv[1:]])[0]
}
if shutil.which("busybox"):
    SHELLS["busybox"] = [shutil.which("busybox") or "", "ash"]
LOGIN_SHELLS = [shell for shell in ("sh", "bash", "dash", "fish", "tcsh", "csh") if shutil.which(shell)]
LOGIN = f"test-{os.getpid()}"
FOLDERS = [folder for folder in (Path("/run/orch"), Path("/run/lock")) if os.access(folder, os.W_OK)]

pytestmark = pytest.mark.skipif(
    not FOLDERS or not shutil.which("flock"), reason="needs /run/orch or /run/lock writable, and flock"
)
Answer = tuple[ReceiptAnswer, bytes, bytes]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    return SHELLS[str(request.param)]


@pytest.fixture(autouse=True)
def folder() -> Iterator[Path]:
    folder = FOLDERS[0] / f"orch-{LOGIN}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def start(
    shell: list[str], id: str, command: str = "", mode: Mode = "run", generation: str = "-", cap: int = 1000
) -> subprocess.Popen[bytes]:
    words = [id, mode, "spec", armour(command), str(cap), LOGIN, generation]
    pipe = subprocess.PIPE
    return subprocess.Popen([*shell, "-c", TEXT, "orch", *words], stdin=pipe, stdout=pipe, stderr=pipe)


def finish(process: subprocess.Popen[bytes], id: str, stdin: bytes = b"") -> Answer:
    out, err = process.communicate(stdin, timeout=20)
    answer = parse_answer(id, out)
    assert answer is not None, (out, err)
    return answer


def tell(
    shell: list[str], id: str, command: str = "", mode: Mode = "run", generation: str = "-", cap: int = 1000
) -> Answer:
    return finish(start(shell, id, command, mode, generation, cap), id)


def the_generation(shell: list[str]) -> str:
    answer, _, _ = tell(shell, GENERATION_ID, mode="gen")
    assert answer.state == "gen"
    assert answer.generation is not None
    return answer.generation


def test_the_text_holds_nothing_that_a_login_shell_would_touch() -> None:
    assert not set("!\\'\n\r\t") & set(TEXT)
    assert TEXT.isascii()


def test_the_code_and_both_streams_come_back_as_bytes(shell: list[str]) -> None:
    answer, out, err = tell(shell, "a", r"printf '\000\377 out'; echo err >&2; exit 7")
    assert (answer.state, answer.exit, answer.spec) == ("done", 7, "spec")
    assert (out, err) == (b"\0\xff out", b"err\n")
    assert answer.dropped == (0, 0)


def test_told_again_it_does_nothing_and_answers_the_same(shell: list[str], tmp_path: Path) -> None:
    first = tell(shell, "a", f"echo ran | tee -a {tmp_path}/log")
    again = tell(shell, "a", f"echo ran | tee -a {tmp_path}/log")
    assert first == again
    assert (tmp_path / "log").read_text() == "ran\n"


def test_twenty_at_once_have_one_effect_and_twenty_answers(shell: list[str], tmp_path: Path) -> None:
    running = [start(shell, "a", f"echo ran >>{tmp_path}/log; sleep 0.1; echo done") for _ in range(20)]
    answers = [finish(process, "a") for process in running]
    assert (tmp_path / "log").read_text() == "ran\n"
    assert {(answer.state, answer.exit, out) for answer, out, _ in answers} == {("done", 0, b"done\n")}


def test_asking_fences_what_has_not_begun(shell: list[str], tmp_path: Path) -> None:
    assert tell(shell, "a", mode="ask")[0].state == "fenced"
    answer, out, err = tell(shell, "a", f"echo ran >{tmp_path}/log")
    assert (answer.state, answer.exit, out, err) == ("fenced", None, b"", b"")
    assert tell(shell, "a", mode="ask")[0].state == "fenced"
    assert not (tmp_path / "log").exists()


def test_asked_while_it_runs_and_when_it_has_ended(shell: list[str]) -> None:
    process = start(shell, "a", "sleep 0.5; echo out; exit 3")
    time.sleep(0.25)
    assert tell(shell, "a", mode="ask")[0].state == "running"
    process.communicate()
    answer, out, _ = tell(shell, "a", mode="ask")
    assert (answer.state, answer.exit, out) == ("done", 3, b"out\n")


def test_a_command_outlives_the_end_of_its_connection(shell: list[str], tmp_path: Path) -> None:
    process = start(shell, "a", f"echo one; sleep 0.3; echo two; echo ran >>{tmp_path}/log")
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    process.wait(timeout=10)
    answer, out, _ = tell(shell, "a", mode="ask")
    assert (answer.state, answer.exit, out) == ("done", 0, b"one\ntwo\n")


def test_a_command_ended_by_a_signal_has_a_result_also_without_a_connection(shell: list[str], tmp_path: Path) -> None:
    process = start(shell, "a", f"{waits_for(tmp_path / 'go')}; kill -9 $$")
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    (tmp_path / "go").touch()
    process.wait(timeout=10)
    answer, _, _ = tell(shell, "a", mode="ask")
    assert (answer.state, answer.exit) == ("done", 137)


def test_a_killed_runner_is_lost_and_never_runs_again(shell: list[str], tmp_path: Path) -> None:
    process = start(shell, "a", f"echo ran >>{tmp_path}/log; sleep 1")
    while not (tmp_path / "log").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert tell(shell, "a", mode="ask")[0].state == "lost"
    assert tell(shell, "a", f"echo ran >>{tmp_path}/log")[0].state == "lost"
    assert (tmp_path / "log").read_text() == "ran\n"


def test_another_generation_proves_nothing_and_runs_nothing(shell: list[str], tmp_path: Path) -> None:
    own = the_generation(shell)
    assert tell(shell, "a", f"echo ran >{tmp_path}/log", generation="other")[0].state == "stale"
    assert tell(shell, "a", mode="ask", generation="other")[0].state == "stale"
    assert not (tmp_path / "log").exists()
    assert tell(shell, "a", f"echo ran >{tmp_path}/log", generation=own)[0].state == "done"
    assert tell(shell, "a", mode="ask", generation="other")[0].state == "done"  # a receipt that is there does prove it


def test_all_who_come_at_once_make_one_generation(shell: list[str]) -> None:
    running = [start(shell, GENERATION_ID, mode="gen") for _ in range(10)]
    assert len({finish(process, GENERATION_ID)[0].generation for process in running}) == 1


@pytest.mark.parametrize(("length", "dropped"), [(999, 0), (1000, 0), (1001, 1), (70_000, 69_000)])
def test_the_cap_is_exact_and_a_cut_shows(shell: list[str], length: int, dropped: int) -> None:
    answer, out, err = tell(shell, "a", f"head -c {length} /dev/zero; head -c {length} /dev/zero >&2")
    assert (len(out), len(err)) == (min(length, 1000), min(length, 1000))
    assert answer.dropped == (dropped, dropped)


def test_a_flood_is_drained(shell: list[str]) -> None:
    answer, out, _ = tell(shell, "a", "head -c 64000000 /dev/zero; exit 5")
    assert (answer.exit, len(out)) == (5, 1000)
    assert answer.dropped[0] > 63_000_000


def test_a_child_left_behind_does_not_hold_the_answer(shell: list[str]) -> None:
    began = time.monotonic()
    answer, out, _ = tell(shell, "a", "echo out; (sleep 3; echo late) & exit 0")
    assert time.monotonic() - began < 2.5
    assert (answer.state, answer.exit, out, answer.dropped) == ("done", 0, b"out\n", (0, 0))


def test_a_line_for_standard_input(shell: list[str]) -> None:
    process = start(shell, "a", "cat; echo end", mode="runs")
    _, out, _ = finish(process, "a", rb"se cret\0134 \0012two" + b"\n")
    assert out == b"se cret\\ \ntwo\nend\n"


def test_without_its_line_nothing_begins(shell: list[str], tmp_path: Path) -> None:
    answer, _, _ = tell(shell, "a", f"echo ran >{tmp_path}/log", mode="runs")
    assert (answer.state, answer.exit) == ("refused", 96)
    assert not (tmp_path / "log").exists()
    assert tell(shell, "a", mode="ask")[0].state == "fenced"


def test_the_command_sees_the_login_s_own_folder_and_umask(shell: list[str], tmp_path: Path) -> None:
    words = ["a", "run", "spec", armour("pwd; umask; ls /proc/self/fd | tr '\\n' ' '"), "1000", LOGIN, "-"]
    command = f'umask 027; cd {tmp_path}; exec "$@"'
    process = subprocess.run(
        ["/bin/sh", "-c", command, "sh", *shell, "-c", TEXT, "orch", *words], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=10, check=True,
    )  # fmt: skip
    answer = parse_answer("a", process.stdout)
    assert answer is not None
    path, mask, descriptors = answer[1].decode().splitlines()
    assert (path, int(mask, 8)) == (str(tmp_path), 0o027)
    assert "9" not in descriptors.split()


def test_a_folder_that_is_not_ours_alone_is_refused(shell: list[str], tmp_path: Path, folder: Path) -> None:
    folder.symlink_to(tmp_path)
    answer, _, _ = tell(shell, "a", f"echo ran >{tmp_path}/log")
    assert (answer.state, answer.exit, answer.generation) == ("refused", 97, None)
    folder.unlink()
    if os.geteuid() == 0:
        folder.mkdir()
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
        assert tell(shell, "a", f"echo ran >{tmp_path}/log")[0].state == "refused"
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_private(shell: list[str], folder: Path) -> None:
    the_generation(shell)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small tmpfs")
def test_on_a_full_disk_a_result_is_not_lost_or_nothing_begins(shell: list[str], tmp_path: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", folder], check=False).returncode:
        pytest.skip("tmpfs can't be mounted here")
    try:
        the_generation(shell)
        answer, _, _ = tell(shell, "a", f"head -c 100000 /dev/zero; echo ran >>{tmp_path}/log", cap=90_000)
        assert (answer.state, answer.exit) == ("done", 0)
        assert answer.dropped[0] > 0
        with suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):  # what the first one gave back
                continue
        answer, _, _ = tell(shell, "b", f"echo ran >>{tmp_path}/log")
        assert (answer.state, answer.exit) == ("refused", 95)
        assert (tmp_path / "log").read_text() == "ran\n"
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("login_shell", LOGIN_SHELLS)
def test_the_line_passes_through_every_login_shell(login_shell: str) -> None:
    id = receipt_id("key")
    inner = "printf '%s|' 'it'\"'\"'s' 'a\\\\b' 'hi!' \"two\nlines\" '$HOME' '`id`' '~' 'ü' \"\\$\" '%s'"
    line = call_line(ReceiptCall("run", id, "spec", inner, 1000, LOGIN, None))
    done = subprocess.run(
        [login_shell, "-c", line], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
    )
    answer = parse_answer(id, done.stdout)
    assert answer is not None, done
    assert answer[1].decode() == "it's|a\\\\b|hi!|two\nlines|$HOME|`id`|~|ü|$|%s|"


def test_threads_asking_while_one_runs_never_make_a_second(shell: list[str], tmp_path: Path) -> None:
    asked: list[str] = []
    threads = [
        threading.Thread(target=lambda: asked.append(tell(shell, "a", mode="ask")[0].state)) for _ in range(5)
    ] + [threading.Thread(target=lambda: tell(shell, "a", f"echo ran >>{tmp_path}/log")) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ran = (tmp_path / "log").read_text() if (tmp_path / "log").exists() else ""
    assert ran == ("" if "fenced" in asked else "ran\n")


# --- putting away ------------------------------------------------------------------------------------------------


def aged(folder: Path, id: str, days: float) -> None:
    for file in folder.glob(f"{id}.*"):
        os.utime(file, (time.time() - days * 86400,) * 2)


def a_day_later(shell: list[str], folder: Path, id: str) -> None:
    (folder / "swept").write_text("-100000\n")  # the uptime when it was done last
    assert tell(shell, id)[0].state == "done"
    time.sleep(0.5)


def test_old_results_are_put_away_and_never_taken_for_not_begun(shell: list[str], tmp_path: Path, folder: Path) -> None:
    own = the_generation(shell)
    for id in ("old", "young"):
        tell(shell, id, f"echo ran >>{tmp_path}/log")
    tell(shell, "fenced", mode="ask")
    for id, days in (("old", 61), ("young", 59), ("fenced", 61)):
        aged(folder, id, days)
    tell(shell, "another")
    assert (folder / "old.r").exists(), "no day has passed"
    a_day_later(shell, folder, "next")
    until = time.monotonic() + 10
    while (folder / "old.r").exists() or (folder / "fenced.r").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.2)
    assert sorted(file.name for file in folder.glob("old*")) == ["old.x"]
    assert (folder / "old.x").stat().st_size == 0
    for mode in ("ask", "run", "stop"):
        for id in ("old", "fenced"):
            answer, _, _ = tell(shell, id, f"echo ran >>{tmp_path}/log", mode, generation=own)
            assert (answer.state, answer.generation) == ("stale", own)
    assert tell(shell, "young", mode="ask")[0].state == "done"
    assert (tmp_path / "log").read_text() == "ran\nran\n"


def test_what_has_no_result_or_is_in_use_is_not_put_away(shell: list[str], folder: Path) -> None:
    process = start(shell, "lost", "sleep 5")
    while not ((folder / "lost.p").exists() and (folder / "lost.p").stat().st_size):
        time.sleep(0.01)
    process.kill()
    process.communicate()
    tell(shell, "used")
    for id in ("lost", "used"):
        aged(folder, id, 100)
    with (folder / "used.l").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        a_day_later(shell, folder, "next")
    assert (folder / "lost.s").exists()
    assert (folder / "used.r").exists()
    assert tell(shell, "lost", mode="stop")[0].state == "lost"
    assert tell(shell, "used", mode="ask")[0].state == "done"


# --- stopping ----------------------------------------------------------------------------------------------------


def running(mark: Path, shell: list[str], command: str, cap: int = 1000) -> subprocess.Popen[bytes]:
    """A runner whose command has made `mark`."""
    process = start(shell, "a", command, cap=cap)
    until = time.monotonic() + 10
    while not mark.exists():
        assert time.monotonic() < until, "it did not begin"
        time.sleep(0.01)
    return process


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("touch {mark}; sleep 30", 143),
        ("trap '' TERM; touch {mark}; while :; do sleep 0.2; done", 137),
        ("trap 'echo bye; exit 7' TERM; touch {mark}; while :; do sleep 0.1; done", 7),
        ("sleep 30 & sleep 30 | cat & touch {mark}; wait", 143),
        ("{shell} -c 'trap \"\" TERM; touch {mark}; sleep 30; true'; true", 143),
        ("bash -mc 'sleep 30 & touch {mark}; wait'; true", 143),
    ],
    ids=["sleeps", "ignores", "tidies up", "many processes", "only a child ignores", "a group of its own"],
)
def test_stopping_ends_all_that_runs_of_it(shell: list[str], tmp_path: Path, command: str, code: int) -> None:
    if command.startswith("bash") and not shutil.which("bash"):
        pytest.skip("needs bash")
    mark, held = tmp_path / "mark", tmp_path / "held"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    process = running(mark, shell, f"exec 7>{held}; {command}".format(mark=mark, shell=" ".join(shell)))
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)  # somebody holds it
    answer, out, _ = tell(shell, "a", mode="stop")
    assert (answer.state, answer.exit) == ("done", code)
    assert out == (b"bye\n" if code == 7 else b"")
    assert os.read(reader, 1) == b""  # nobody any more
    os.close(reader)
    assert finish(process, "a")[0] == answer  # who waited for its end hears the same
    assert tell(shell, "a", mode="ask")[0] == answer


def test_stopping_what_has_not_begun_fences_it(shell: list[str], tmp_path: Path) -> None:
    assert tell(shell, "a", mode="stop")[0].state == "fenced"
    assert tell(shell, "a", f"echo ran >{tmp_path}/log")[0].state == "fenced"
    assert tell(shell, "b", mode="stop", generation="other")[0].state == "stale"


def test_stopping_what_has_ended_touches_nothing(shell: list[str], tmp_path: Path) -> None:
    told = tell(shell, "a", f"(sleep 0.7; echo child >{tmp_path}/log) >/dev/null 2>&1 & echo out; exit 3")
    assert tell(shell, "a", mode="stop") == told
    time.sleep(1)
    assert (tmp_path / "log").read_text() == "child\n"


def test_what_lost_its_runner_is_ended_too_and_stays_lost(shell: list[str], tmp_path: Path) -> None:
    mark, log, gate = tmp_path / "mark", tmp_path / "log", tmp_path / "gate"
    process = running(mark, shell, f"touch {mark}; {waits_for(gate)}; echo late >{log}")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert tell(shell, "a", mode="stop")[0].state == "lost"
    gate.touch()
    time.sleep(0.5)
    assert not log.exists()


def test_a_process_that_only_has_its_number_is_left_alone(shell: list[str], tmp_path: Path, folder: Path) -> None:
    mark = tmp_path / "mark"
    process = running(mark, shell, f"touch {mark}; sleep 30")
    time.sleep(0.05)  # start times are told in hundredths
    noted = (folder / "a.p").read_text().split()
    with subprocess.Popen(["sleep", "30"], start_new_session=True) as other:
        fake = Path(f"/proc/{other.pid}/stat").read_text().split()
        fake[21] = str(int(fake[21]) - 1)  # of another start time
        for line in ([str(other.pid), *noted[1:]], fake, ["1"], []):
            (folder / "a.p").write_text(" ".join(line) + "\n")
            assert tell(shell, "a", mode="stop")[0].state == "running"
        assert other.poll() is None
        other.kill()
    assert process.poll() is None
    (folder / "a.p").write_text(" ".join(noted) + "\n")
    assert tell(shell, "a", mode="stop")[0].exit == 143
    finish(process, "a")


def test_what_went_off_in_a_session_of_its_own_is_not_called_ended(shell: list[str], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    gate = tmp_path / "gate"
    waits = f"touch {mark}; {waits_for(gate)}; echo worked on"
    process = running(mark, shell, f"setsid sh -c '{waits}' & wait")
    assert tell(shell, "a", mode="stop")[0].state == "running"
    gate.touch()
    answer, out, _ = finish(process, "a")
    assert (answer.state, answer.exit, out) == ("done", 143, b"worked on\n")


def test_all_who_stop_at_once_hear_nothing_else(shell: list[str], tmp_path: Path) -> None:
    process = running(tmp_path / "mark", shell, f"touch {tmp_path}/mark; sleep 30")
    stopping = [start(shell, "a", mode="stop") for _ in range(5)]
    told = {(answer.state, answer.exit) for answer, _, _ in (finish(stop, "a") for stop in stopping)}
    assert told <= {("done", 143), ("running", None)}  # the latter where the machine is too slow for two seconds
    assert finish(process, "a")[0].exit == 143
    assert tell(shell, "a", mode="stop")[0].exit == 143

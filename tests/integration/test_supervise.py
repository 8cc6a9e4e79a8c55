"""One command runs web and worker; nothing of it is left behind, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUPERVISE = [sys.executable, str(ROOT / "tools" / "supervise.py")]
# starts a child of its own, as gunicorn and the job worker do, and notes both process ids
FAMILY = (
    "import os,subprocess,sys,time;"
    "child=subprocess.Popen([sys.executable,'-c','import time;time.sleep(60)']);"
    "open(sys.argv[1],'w').write(f'{os.getpid()} {child.pid}');"
    "time.sleep(60)"
)


def is_alive(pid: int) -> bool:
    """True for a running process; a zombie that nobody has reaped yet counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


@pytest.fixture
def family(tmp_path):
    """A running supervisor of two programs with a child each: the process and the four process ids."""
    notes = [tmp_path / "one", tmp_path / "two"]
    commands = [f'{sys.executable} -c "{FAMILY}" {note}' for note in notes]
    env = {**os.environ, "GEBAN_STOP_SECONDS": "3"}
    process = subprocess.Popen([*SUPERVISE, *commands], env=env, stderr=subprocess.DEVNULL)
    assert wait_until(lambda: all(note.exists() and len(note.read_text().split()) == 2 for note in notes))
    pids = [int(pid) for note in notes for pid in note.read_text().split()]
    yield process, pids
    for pid in [process.pid, *pids]:
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process_and_counts_as_success(family, number):
    process, pids = family
    process.send_signal(number)
    assert process.wait(timeout=10) == 0
    assert wait_until(lambda: not any(map(is_alive, pids)))


def test_a_killed_supervisor_leaves_nothing_running(family):
    process, pids = family
    process.kill()
    process.wait()
    assert wait_until(lambda: not any(map(is_alive, pids)))


def test_the_end_of_one_program_ends_the_others_and_is_a_failure(family):
    process, pids = family
    os.kill(pids[0], signal.SIGTERM)
    assert process.wait(timeout=10) != 0
    assert wait_until(lambda: not any(map(is_alive, pids)))


def test_a_program_that_ends_well_is_still_a_failure_of_the_whole():
    done = subprocess.run([*SUPERVISE, "true", "sleep 30"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "true ended with 0" in done.stderr


def test_a_program_that_does_not_exist_is_named():
    done = subprocess.run(
        [*SUPERVISE, "sleep 30", "no-such-program"], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 1
    assert "no-such-program cannot be started" in done.stderr

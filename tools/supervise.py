"""Run several programs under one command: all live together and end together.

    python tools/supervise.py 'gunicorn -c deploy/gunicorn.conf.py run:app' 'flask --app run worker'

Rules: the programs share one process group, led by a guard. When one of them ends, the others are ended and the exit
code is not zero, so that a service manager starts the whole again. TERM or INT ends all and gives 0. When the
supervisor itself is killed, even by KILL, the guard sees its pipe close and ends the group: no worker is left running
beside the next start. First TERM, after GRACE seconds KILL; a second INT or TERM skips the wait.

Why not honcho, the usual library: its children outlive a killed supervisor, which is the case that matters here.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

GRACE = float(os.environ.get("GEBAN_STOP_SECONDS", "20"))


class Stopped(Exception):
    """TERM or INT reached the supervisor."""


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(signal.Signals(number).name)


def guard(pipe: int) -> None:
    """Lead the group; end it when the supervisor's end of the pipe closes. Ignores TERM: it has to send KILL after it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while os.read(pipe, 1):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(0, signal.SIGKILL)


Programs = dict[int, "subprocess.Popen[bytes]"]


def start(commands: list[list[str]]) -> tuple[Programs, int, int]:
    """Start guard and programs in one group; returns them by process id, the group id and our end of the guard's pipe.

    The objects are kept: `subprocess` reaps a dropped one behind our back, and its end would go unseen.
    """
    ours_read, ours = os.pipe()
    this = [sys.executable, os.path.abspath(__file__), "--guard", str(ours_read)]
    quiet = subprocess.DEVNULL  # the guard may outlive us: it must not hold the reader of our output
    leader = subprocess.Popen(this, process_group=0, pass_fds=[ours_read], stdout=quiet, stderr=quiet)
    os.close(ours_read)
    programs = {leader.pid: leader}
    for command in commands:
        try:
            child = subprocess.Popen(command, process_group=leader.pid)
        except OSError as error:
            os.close(ours)
            sys.exit(f"supervise: {command[0]} cannot be started: {error.strerror}.")
        programs[child.pid] = child
    return programs, leader.pid, ours


@contextmanager
def stoppable() -> Iterator[None]:
    """TERM and INT raise Stopped inside the block and are ignored after it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)


def end(programs: Programs, group: int) -> None:
    """End the programs that are left: TERM, up to GRACE seconds, then KILL for whatever remains of the group."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    with suppress(Stopped), stoppable():
        while programs.keys() - {group} and time.monotonic() < deadline:
            with suppress(ChildProcessError):
                pid, _ = os.waitpid(-1, os.WNOHANG)
                programs.pop(pid, None)
            time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def supervise(commands: list[list[str]]) -> int:
    """Run until something ends or a signal comes; returns the exit code."""
    programs, group, pipe = start(commands)
    try:
        with stoppable():
            pid, status = os.wait()
            while pid not in programs:  # an orphan of somebody else's, when we are process 1 of a container
                pid, status = os.wait()
            code = os.waitstatus_to_exitcode(status)
            name = os.path.basename(programs.pop(pid).args[0])
            print(f"supervise: {name} ended with {code}; ending the others", file=sys.stderr, flush=True)
            # a program that ends well is still missing from the whole
            return code if 0 < code < 256 else 1
    except Stopped as signalled:
        print(f"supervise: {signalled}, ending", file=sys.stderr, flush=True)
        return 0
    finally:
        end(programs, group)
        os.close(pipe)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--guard"]:
        guard(int(sys.argv[2]))
    elif len(sys.argv) < 2:
        sys.exit("usage: supervise.py 'command' ['command' …]")
    else:
        sys.exit(supervise([shlex.split(argument) for argument in sys.argv[1:]]))

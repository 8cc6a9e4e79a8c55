"""Commands in processes of their own, without the seconds that each of them would import for.

They are forks of one process that has imported the site (tests/support/nursery.py): each reads its settings, makes its
app and ends as ``python -m …`` does.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from config import ROOT

FLASK = ("-m", "flask", "--app", "run")
_link: socket.socket | None = None


class Command:
    """A running command. ``output`` and ``errors`` are files, ``stdout`` the lines of a command started with a pipe."""

    def __init__(self, arguments: tuple[str, ...], env: Mapping[str, str], output: int, errors: int) -> None:
        self.arguments, self.returncode = arguments, None
        heard, told = os.pipe()
        request = {"arguments": arguments, "env": dict(env), "cwd": str(ROOT)}
        socket.send_fds(_nursery(), [json.dumps(request).encode()], [output, errors, told])
        os.close(told)
        self._heard: IO[str] = os.fdopen(heard)
        self.pid = int(self._heard.readline())

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """The exit code, minus the signal that ended it; subprocess.TimeoutExpired after ``timeout`` seconds."""
        if self.returncode is None:
            if not select.select([self._heard], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.arguments, timeout)
            with self._heard:
                self.returncode = int(self._heard.readline())
        return self.returncode

    def kill(self) -> None:
        """End it if it still runs."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                self.send_signal(signal.SIGKILL)
            self.wait(20)


def _nursery() -> socket.socket:
    global _link
    if _link is None:
        _link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery", str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        atexit.register(_end, process, _link)
    return _link


def _end(process: subprocess.Popen[Any], link: socket.socket) -> None:
    link.close()
    process.wait(20)


class Started(Command):
    """A command whose output, and errors with it, is read while it runs."""

    def __init__(self, *arguments: str, env: Mapping[str, str]) -> None:
        read, write = os.pipe()
        super().__init__(arguments, env, write, write)
        os.close(write)
        self.stdout: IO[str] = os.fdopen(read)

    def kill(self) -> None:
        super().kill()
        self.stdout.close()

    def communicate(self, timeout: float) -> str:
        """What it says until it ends."""
        with self.stdout:
            said = self.stdout.read()
        self.wait(timeout)
        return said


def start(*arguments: str, env: Mapping[str, str]) -> Started:
    """``start("-m", "flask", "--app", "run", "worker", env=…)``."""
    return Started(*arguments, env=env)


def run(*arguments: str, env: Mapping[str, str], timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """As ``start``, waiting for the end: exit code, output and errors apart."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        command = Command(arguments, env, output.fileno(), errors.fileno())
        code = command.wait(timeout)
        for file in (output, errors):
            file.seek(0)
        return subprocess.CompletedProcess(arguments, code, output.read(), errors.read())

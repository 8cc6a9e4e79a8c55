"""The process that ``tests.support.commands`` forks commands from: it has imported the site and made no app.

A request is a JSON object {arguments, env, cwd} with three descriptors: output, errors, and a pipe that is told the
process id at once and the exit code at the end. ``arguments`` are the interpreter's: ``-m module …`` or ``-c code …``.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from typing import Any

# what create_app and the commands import
MODULES = (
    *("flask.cli", "alembic.command", "logging.config", "psycopg", "pysqlite3.dbapi2"),
    *("sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite"),
    *("app.cli", "app.menu", "app.startup", "app.areas.security", "app.audit.listen", "app.core.builder"),
    *("app.core.edge", "app.core.jinja", "app.core.packed", "app.site.wiring", "app.demo.command"),
)


def next_task(link: socket.socket) -> dict[str, Any] | None:
    """Fork for each request: the child returns with it, the nursery itself with None when nobody asks any more."""
    children: dict[int, int] = {}
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # Ctrl+C reaches every process of the terminal: the nursery ends when its link does
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([link, woken], [], [])
        if woken in ready:
            os.read(woken, 64)
            _tell_ended(children)
        if link not in ready:
            continue
        message, passed, *_ = socket.recv_fds(link, 1 << 20, 3)
        if not message:
            return None
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for told in (*children.values(), woken, wakes, passed[2]):
                os.close(told)
            link.close()
            return json.loads(message) | {"out": passed[0], "errors": passed[1]}
        children[pid] = passed[2]
        os.write(passed[2], f"{pid}\n".encode())
        for handed_on in passed[:2]:
            os.close(handed_on)


def _tell_ended(children: dict[int, int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        told = children.pop(pid)
        os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(told)


def run(task: dict[str, Any]) -> None:
    """Become the process that was asked for."""
    os.environ.clear()
    os.environ.update(task["env"])
    os.chdir(task["cwd"])
    for name, number in (("out", 1), ("errors", 2)):
        os.dup2(task[name], number)
        os.close(task[name])
    kind, what, *more = task["arguments"]
    sys.argv = [what if kind == "-m" else kind, *more]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102  as `python -c` does


def main() -> None:
    link = socket.socket(fileno=int(sys.argv[1]))
    gc.disable()
    for module in MODULES:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()
    task = next_task(link)
    if task is not None:
        run(task)


if __name__ == "__main__":
    main()

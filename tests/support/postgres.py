"""A PostgreSQL server of the tests' own: made in a temporary folder, gone afterwards.

PostgreSQL refuses to run as root, so under root the server gets an unprivileged account. It listens on a free port of
127.0.0.1 only, without a password: whoever can log in to this machine during a test run may connect.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

OLDEST = 15
USER = "geban"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    # nothing here outlives the run: durability would only cost time
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # as in production: psycopg prepares after five runs, and a generic plan of a scoped query may take seconds
    "plan_cache_mode": "force_custom_plan",
    "timezone": "UTC",
    "logging_collector": "off",
}


class PostgresMissing(RuntimeError):
    """No usable server programs, or the server did not start."""


def server_programs() -> Path:
    """Folder of the newest installed server that is new enough."""
    found = []
    for folder in [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *map(Path, os.environ["PATH"].split(os.pathsep)),
    ]:
        if os.access(folder / "initdb", os.X_OK) and os.access(folder / "postgres", os.X_OK):
            said = subprocess.run(
                [folder / "postgres", "--version"], capture_output=True, text=True, check=True
            ).stdout
            found.append((int(re.search(r"\d+", said)[0]), folder))
    if not found or max(found)[0] < OLDEST:
        raise PostgresMissing(
            f"PostgreSQL {OLDEST} or later is missing: run `make test`, which installs it, or install it."
        )
    return max(found)[1]


def unprivileged() -> pwd.struct_passwd | None:
    """The account that runs the server when this process is root; None when it is not."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresMissing("There is no account `postgres` or `nobody` to run the server: root may not.")


def command_as(account: pwd.struct_passwd | None, *command: str | Path) -> list[str]:
    """The command run by that account, ended by the kernel when this process dies (a killed run leaves no server)."""
    wrapper: list[str] = []
    if setpriv := shutil.which("setpriv"):
        wrapper = [setpriv, "--pdeathsig", "INT"]
        if account:
            wrapper += ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
    elif account:
        wrapper = ["runuser", "-u", account.pw_name, "--"]
    return [*wrapper, *map(str, command)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(server: subprocess.Popen, port: int, log: Path) -> bool:
    """True when the server answers; False when it ended (the port was taken meanwhile)."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            return False
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user=USER, dbname="postgres", connect_timeout=2
            ).close()
            return True
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise PostgresMissing(f"The test server did not answer: {log.read_text()[-2000:]}")


def _start(programs: Path, folder: Path, account: pwd.struct_passwd | None) -> tuple[subprocess.Popen, int]:
    log = folder / "server.log"
    for _ in range(5):
        port = free_port()
        settings = {**SETTINGS, "unix_socket_directories": str(folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log.open("w") as out:
            server = subprocess.Popen(
                command_as(account, programs / "postgres", "-D", folder / "data", "-p", str(port), *options),
                cwd=folder,
                stdout=out,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        if _wait_until_ready(server, port, log):
            return server, port
    raise PostgresMissing(f"The test server ended at start: {log.read_text()[-2000:]}")


@contextmanager
def ephemeral_postgres() -> Iterator[str]:
    """Run a server and yield the SQLAlchemy URL of its empty database `postgres` (UTF-8, locale C)."""
    programs, account = server_programs(), unprivileged()
    folder = Path(
        tempfile.mkdtemp(prefix="geban-pg-", dir="/tmp")
    )  # a socket's path may have 107 bytes at most
    try:
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        made = subprocess.run(
            command_as(account, programs / "initdb", "-D", folder / "data", "-U", USER, "-A", "trust")
            + ["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise PostgresMissing(f"initdb failed: {made.stderr[-2000:]}")
        server, port = _start(programs, folder, account)
        try:
            yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: the files are thrown away
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)

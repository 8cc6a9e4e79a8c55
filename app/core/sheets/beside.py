"""Work on a long sheet in a process beside the one that writes: two cores instead of one.

The process is a fork: it has the fields, code lists and rules as they are, and touches neither the database nor any lock.
What it hands over goes through a pipe; it waits while nobody reads, and ends when the reader goes away.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, BinaryIO

_LENGTH = struct.Struct("<Q")
_END, _FAILED = b"", b"!"
BUFFER = 1 << 20
PATIENCE = 5  # seconds until a process that was asked to go is made to


def beside(make: Callable[[], Generator[Any, None, None]]) -> Generator[Any, None, None]:
    """What ``make()`` yields, made in a process of its own; what it raises is raised here. Values are copied by pickle.

    Close the generator to end the process early.
    """
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        _work(source, target, make)  # does not return
    os.close(target)
    try:
        with os.fdopen(source, "rb", BUFFER) as pipe:
            yield from _received(pipe)
    finally:
        _end(child)


def _end(child: int) -> None:
    """Ask the process to go, so that it ends those it started itself; make it go where it does not."""
    os.kill(child, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return
        time.sleep(0.005)


def _received(pipe: BinaryIO) -> Iterator[Any]:
    while True:
        head = pipe.read(_LENGTH.size)
        size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else -1
        body = pipe.read(size) if size >= 0 else b""
        if size < 0 or len(body) < size:
            raise RuntimeError("the process that works on the sheet has died")
        if body == _END:
            return
        if body[:1] == _FAILED:
            raise pickle.loads(body[1:])  # noqa: S301 written by our own fork
        yield pickle.loads(body)  # noqa: S301 written by our own fork


def _work(source: int, target: int, make: Callable[[], Generator[Any, None, None]]) -> None:
    """The process beside: no exit handlers, and no collector, which might close what belongs to the other one."""
    code = 1
    try:
        gc.disable()
        gc.freeze()
        signal.signal(signal.SIGTERM, _go)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other one decides
        os.close(source)
        with os.fdopen(target, "wb", BUFFER) as pipe:
            try:
                with closing(make()) as values:
                    for made in values:
                        _send(pipe, pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
                _send(pipe, _END)
            except BrokenPipeError:
                raise
            except Exception as error:
                _send(pipe, _FAILED + _pickled(error))
        code = 0
    finally:
        os._exit(code)


def _go(_signal: int, _frame: Any) -> None:
    raise SystemExit


def _pickled(error: Exception) -> bytes:
    try:
        made = pickle.dumps(error)
        pickle.loads(made)  # noqa: S301 our own
    except Exception:  # its text may hold contents of the sheet
        return pickle.dumps(RuntimeError(f"the sheet could not be worked on: {type(error).__name__}"))
    return made


def _send(pipe: BinaryIO, body: bytes) -> None:
    pipe.write(_LENGTH.pack(len(body)) + body)
    pipe.flush()

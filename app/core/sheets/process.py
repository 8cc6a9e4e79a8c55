"""The parent's side of the process that opens a file: starts it, hands over the file, reads its answers, ends it.

The file goes over in anonymous memory that no other process can open; nothing of it touches a disk. The child's answers are
JSON of bounded lines, and the child waits while nobody reads: the parent's memory does not grow with the file.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from app.core.sheets.refusals import refusal

MOST_BYTES = 64 * 1024 * 1024  # 200,000 rows of 40 columns have 47 MB as .xlsx
PATIENCE = 240  # seconds without a word of the child, which has 180 of processor time
_FOLDER = str(Path(__file__).resolve().parent)
_START = "import sys; sys.path.append(sys.argv[2]); from intake.child import main; main()"
_PIECE = 1 << 18


def ask(data: bytes, question: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
    """The answers of the child one after the other; Invalid or TooLarge with a sentence when it refuses or dies.

    Close the generator to end the child early.
    """
    if len(data) > MOST_BYTES:
        raise refusal("bytes", {"most": MOST_BYTES // 1024 // 1024})
    if not data:
        raise refusal("empty")
    child = _start(data, question)
    try:
        done = False
        for line in _lines(child):
            answer = json.loads(line)
            if "refused" in answer:
                raise refusal(*answer["refused"])
            if "end" in answer:
                done = True
                break
            yield answer
        if not done:
            raise refusal("heavy" if child.wait(10) in _SPENT else "damaged")
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


# killed for time or memory; -6: a library gives up when it gets no memory
_SPENT = (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV)


def _start(data: bytes, question: dict[str, Any]) -> subprocess.Popen[bytes]:
    memory = os.memfd_create("sheet", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(memory), "wb") as file:
            file.write(data)
        os.lseek(memory, 0, os.SEEK_SET)
        child = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _START, str(memory), _FOLDER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(memory,),
            cwd="/",
            env={"LC_ALL": "C.UTF-8"},
        )
    finally:
        os.close(memory)
    assert child.stdin is not None  # noqa: S101
    try:
        child.stdin.write(json.dumps(question).encode() + b"\n")
        child.stdin.close()
    except BrokenPipeError:
        pass  # it died at once; the reader of its answers will see
    return child


def _lines(child: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Lines of the child's answer; ends with it. A child that is silent for too long is given up."""
    assert child.stdout is not None  # noqa: S101
    source, rest = child.stdout.fileno(), b""
    waiting = select.poll()  # select() knows no descriptor past 1,023
    waiting.register(source)
    while True:
        if not waiting.poll(PATIENCE * 1000):
            raise refusal("heavy")
        piece = os.read(source, _PIECE)
        if not piece:
            return
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines

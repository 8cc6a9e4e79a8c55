"""Rendering processes of a running site: a few, long-lived, each with its own pipe.

WeasyPrint is not thread-safe and takes seconds to import (paper.md, fact 5), so threads of the site share these
processes. Every process has a time limit for a paper and a memory bound; a runaway is ended and replaced without
touching the others. concurrent.futures' pool cannot do that: one lost process breaks all of it.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from app.documents.errors import PaperError, RenderCrash, RenderTimeout
from app.documents.scratch import Scratch, sweep

_PROJECT = Path(__file__).resolve().parents[2]
_WORKER = Path(__file__).with_name("worker.py")
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "HOME", "LD_LIBRARY_PATH", "XDG_CACHE_HOME")
START_SECONDS = 60.0


@dataclass(frozen=True)
class Limits:
    """``seconds`` a paper may take; a process is replaced after ``jobs`` papers or above ``memory_mb`` resident;
    ``hard_mb`` of address space is where the kernel stops it."""

    seconds: float = 30.0
    jobs: int = 500
    memory_mb: int = 250
    hard_mb: int = 2048


class _Lane:
    """One process and its pipe. Used by one thread at a time (the pool sees to that)."""

    def __init__(self, fonts_root: Path, limits: Limits, scratch_root: Path, warm: int | None) -> None:
        self._fonts_root, self._limits, self._scratch_root = fonts_root, limits, scratch_root
        self._warm = warm
        self._scratch: Scratch | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._is_ready = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def spawn(self) -> None:
        """Start a process without waiting for it."""
        ours, theirs = socket.socketpair()
        limits = {
            "jobs": self._limits.jobs,
            "memory_mb": self._limits.memory_mb,
            "hard_mb": self._limits.hard_mb,
            "warm": self._warm,
        }
        # Copies of the fonts lie here. The process takes it away when it leaves, we do when it was killed.
        self._scratch = Scratch(self._scratch_root)
        handle = theirs.detach()
        folders = [str(_PROJECT), str(self._fonts_root), str(self._scratch.path)]
        command = [sys.executable, "-I", str(_WORKER), str(handle), *folders]
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        try:
            self._process = subprocess.Popen(
                [*command, json.dumps(limits)], pass_fds=(handle,), env=environment, stdin=subprocess.DEVNULL
            )
        finally:
            os.close(handle)
        self._pipe, self._is_ready = Connection(ours.detach()), False

    def ready(self) -> None:
        """Wait for a started process; raises what kept it from starting (EngineMissing, FormFolderError)."""
        if self._process is None:
            self.spawn()
        if not self._is_ready:
            self._exchange("start", START_SECONDS)
            self._is_ready = True

    def call(self, kind: str, arguments: dict[str, Any]) -> Any:
        name = str(arguments.get("form_code", kind))
        self.ready()
        try:
            self._pipe.send((kind, arguments))  # type: ignore[union-attr]
        except OSError:  # it died while idle
            self.stop()
            self.ready()
            self._pipe.send((kind, arguments))  # type: ignore[union-attr]
        return self._exchange(name, self._limits.seconds)

    def _exchange(self, name: str, seconds: float) -> Any:
        pipe = self._pipe
        if pipe is None:
            raise RenderCrash(name, "no process")
        if not pipe.poll(seconds):
            self.stop()
            raise RenderTimeout(name, seconds)
        try:
            status, value, is_leaving = pipe.recv()
        except (EOFError, OSError):
            code = self.stop()
            raise RenderCrash(name, f"process ended with {code}") from None
        if is_leaving:
            has_worked = self._is_ready
            self.stop()
            if has_worked:  # the next paper should not wait for the start
                self.spawn()
        if status != "ok":
            raise value
        return value

    def stop(self) -> int | None:
        """End the process, at once if it must be, and answer its exit code."""
        process, pipe, scratch = self._process, self._pipe, self._scratch
        self._process = self._pipe = self._scratch = None
        self._is_ready = False
        if process is None or pipe is None or scratch is None:
            return None
        pipe.close()  # an idle process leaves by itself
        try:
            code = process.wait(0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        scratch.remove()
        return code


@dataclass
class RenderPool:
    """``size`` rendering processes for one fonts folder; safe to use from many threads.

    A process draws a sample of every form before its first paper, or of ``warm`` forms: who prints little and ends, as a
    command does, takes 1. At least one is drawn, so that missing fonts are told at the start.
    After a fork (gunicorn with preload) the child starts processes of its own.
    """

    fonts_root: Path
    size: int = 1
    limits: Limits = field(default_factory=Limits)
    scratch_root: Path = field(default_factory=lambda: Path(tempfile.gettempdir()) / f"geban-{os.getuid()}")
    warm: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _owner: int = field(default=0, repr=False)
    _all: list[_Lane] = field(default_factory=list, repr=False)
    _idle: queue.LifoQueue[_Lane] = field(default_factory=queue.LifoQueue, repr=False)

    def start(self) -> None:
        """Start all processes and wait; raises EngineMissing, FormFolderError: the start-up check of a site.

        Folders that killed processes left below ``scratch_root`` are taken away first.
        """
        sweep(Path(self.scratch_root))
        self._lanes()
        for lane in self._all:
            if lane.pid is None:
                lane.spawn()
        for lane in self._all:
            lane.ready()

    def pdf(
        self,
        form_code: str,
        context: Mapping[str, Any] | None,
        *,
        variant: str = "normal",
        watermark: str | None = None,
    ) -> bytes:
        """As ``render.render_pdf``, and RenderTimeout or RenderCrash when the process is lost."""
        arguments = {"form_code": form_code, "context": context, "variant": variant, "watermark": watermark}
        return self._run("pdf", arguments)

    def png(self, pdf: bytes, *, page: int = 1, width: int = 1080) -> bytes:
        """One page of a PDF as a picture, for phones inside WeChat."""
        return self._run("png", {"pdf": pdf, "page": page, "width": width})

    def table(self, part: Mapping[str, Any]) -> tuple[bytes, int, int]:
        """As ``tables.part_pdf``: one part of a long table, its pages and its lines."""
        return self._run("table", {"part": part})

    def numbers(self, pages: int, size: str) -> bytes:
        """As ``tables.numbers_pdf``: the page numbers of a long table."""
        return self._run("numbers", {"pages": pages, "size": size})

    def pids(self) -> list[int]:
        """Processes that are alive now (for /health and tests)."""
        return [lane.pid for lane in self._all if lane.pid is not None]

    def close(self) -> None:
        """End all processes of this owner."""
        with self._lock:
            lanes, self._all, self._idle = self._all, [], queue.LifoQueue()
            if self._owner == os.getpid():
                for lane in lanes:
                    lane.stop()
            self._owner = 0

    def _run(self, kind: str, arguments: dict[str, Any]) -> Any:
        idle = self._lanes()
        try:
            lane = idle.get(timeout=self.limits.seconds)
        except queue.Empty:
            raise RenderTimeout(str(arguments.get("form_code", kind)), self.limits.seconds) from None
        try:
            return lane.call(kind, arguments)
        finally:
            idle.put(lane)

    def _lanes(self) -> queue.LifoQueue[_Lane]:
        with self._lock:
            if self._owner != os.getpid():
                if self.size < 1:
                    raise PaperError("a pool needs at least one process")
                self._all = [
                    _Lane(Path(self.fonts_root), self.limits, Path(self.scratch_root), self.warm)
                    for _ in range(self.size)
                ]
                self._idle = queue.LifoQueue()
                for lane in self._all:
                    self._idle.put(lane)
                self._owner = os.getpid()
            return self._idle

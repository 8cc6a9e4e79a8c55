"""Requests straight into a WSGI app: what a server's worker does, without a client's own work around it."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import EnvironBuilder


@dataclass(frozen=True)
class Ask:
    """One request: a GET, or a POST of a form."""

    path: str
    form: dict[str, Any] | None = None  # a list for a field that is sent several times
    status: tuple[int, ...] = (200,)


@dataclass
class Answer:
    """Status, headers and body of one request and what it took (ms)."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    wall: float
    cpu: float


@dataclass
class Taken:
    """What one page took over all repetitions (ms)."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, answer: Answer) -> None:
        self.wall.append(answer.wall)
        self.cpu.append(answer.cpu)

    def ms(self) -> float | None:
        return round(statistics.median(self.wall), 2) if self.wall else None

    def cpu_ms(self) -> float | None:
        return round(statistics.median(self.cpu), 2) if self.cpu else None

    def worst(self) -> float | None:
        return round(max(self.wall), 2) if self.wall else None


class Browser:
    """Sends requests with one cookie; nothing of an answer is kept."""

    def __init__(self, app: Callable[..., Iterable[bytes]], cookie: str) -> None:
        self.app, self.cookie = app, cookie

    def send(self, ask: Ask) -> Answer:
        environ = self._environ(ask)
        head: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _info: Any = None) -> Any:
            head[:] = [int(status[:3]), headers]

        wall, cpu = time.perf_counter(), time.process_time()
        parts = self.app(environ, start)
        body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if head[0] not in ask.status:
            raise RuntimeError(f"{ask.path}: {head[0]}\n{body[:2000].decode(errors='replace')}")
        return Answer(head[0], head[1], body, wall * 1000, cpu * 1000)

    def _environ(self, ask: Ask) -> dict[str, Any]:
        data = urlencode(ask.form, doseq=True).encode() if ask.form is not None else None
        builder = EnvironBuilder(
            path=ask.path,
            base_url="http://127.0.0.1/",
            method="GET" if data is None else "POST",
            data=data,
            content_type=None if data is None else "application/x-www-form-urlencoded",
            headers={"Cookie": self.cookie, "User-Agent": "Mozilla/5.0 Chrome/120", "Accept": "text/html"},
        )
        return builder.get_environ()


def measured(
    makers: dict[str, tuple[Browser, Callable[[int], Ask]]], repeat: int, *, longest: float = 20.0
) -> dict[str, Taken]:
    """Open the same page of several apps by turns, so that a busy moment of the machine meets all of them.

    A page that takes long is opened less often (``longest`` seconds in all, warming up included).
    """
    found = {name: Taken() for name in makers}
    started = time.perf_counter()
    for browser, make in makers.values():
        for nth in (-1, -2):  # warm up: code lists, templates, prepared plans
            if time.perf_counter() - started < longest:
                browser.send(make(nth))
    gc.collect()
    gc.freeze()
    for nth in range(repeat):
        for name, (browser, make) in makers.items():
            found[name].add(browser.send(make(nth)))
        if time.perf_counter() - started > longest:
            break
    gc.unfreeze()
    return found

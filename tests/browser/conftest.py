"""Chromium against the probe app on a free loopback port; axe; two sizes."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.wsgi import ClosingIterator

from tests.support.probe import probe, probe_app

__all__ = ["probe", "probe_app"]

SIZES = {"pc": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, one for the session."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.fail("Chromium is missing: run `make test`, which installs it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


class Watched:
    """An app that knows its open requests: what a closing page still sends must not reach the next test's database."""

    def __init__(self, app: Any) -> None:
        self.app, self.open, self.lock = app, 0, threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> ClosingIterator:
        with self.lock:
            self.open += 1
        try:
            return ClosingIterator(self.app(environ, start_response), self._done)
        except BaseException:
            self._done()
            raise

    def _done(self) -> None:
        with self.lock:
            self.open -= 1

    def settle(self) -> None:
        """Wait until no request has been open for a fifth of a second."""
        quiet, until = 0, time.monotonic() + 15
        while quiet < 4 and time.monotonic() < until:
            quiet = 0 if self.open else quiet + 1
            time.sleep(0.05)


@pytest.fixture(scope="session")
def _watched(probe_app) -> Watched:
    return Watched(probe_app)


@pytest.fixture(scope="session")
def _server(_watched) -> Iterator[str]:
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, _watched, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def open_as(probe, probe_app, chromium, _server, _watched) -> Iterator[Callable]:
    """``open_as("worker_a", "phone")`` is a page of a signed-in user; ``page.goto("/path")`` stays on the site.

    At the end no page may have thrown a script error, broken the content policy or asked another host.
    """
    contexts, troubles = [], []

    def _page(username: str | None, size: str = "pc") -> Any:
        phone = size == "phone"
        context = chromium.new_context(
            base_url=_server, viewport=SIZES[size], is_mobile=phone, has_touch=phone, locale="zh-CN"
        )
        contexts.append(context)
        if username:
            client = probe(username)
            cookie = client.get_cookie(probe_app.config["SESSION_COOKIE_NAME"])
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": _server}])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
        page.on("console", lambda m: troubles.append(m.text) if "Content Security Policy" in m.text else None)
        page.on(
            "request", lambda r: troubles.append(r.url) if not r.url.startswith((_server, "data:")) else None
        )
        return page

    yield _page
    for context in contexts:
        context.close()
    _watched.settle()
    assert not troubles


@pytest.fixture
def axe() -> Callable[[Any], list[str]]:
    """``axe(page)`` names what axe-core finds; [] is what we want."""
    from axe_playwright_python.sync_playwright import Axe

    def _check(page: Any) -> list[str]:
        found = Axe().run(page).response["violations"]
        return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]

    return _check

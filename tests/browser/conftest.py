"""Chromium against the probe app on a free loopback port; axe; two sizes."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

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


class Answer:
    """What an app answers, closed once: werkzeug forgets to where the browser drops the connection, and a file that is
    left open is told in the middle of another test.
    """

    def __init__(self, parts: Any) -> None:
        self.parts, self.is_open = parts, True

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.parts)

    def close(self) -> None:
        if self.is_open and hasattr(self.parts, "close"):
            self.is_open = False
            self.parts.close()


class Served:
    """An app on a free loopback port that knows its open requests.

    What a closing page still sends must not reach the next test's database. A request is counted where the server
    handles it, not where the app's answer is closed: werkzeug forgets to close it when the browser drops the
    connection, and the count would never be nought again.
    """

    def __init__(self, app: Any) -> None:
        self.open, self.lock = 0, threading.Lock()

        def answering(environ: Any, start_response: Any) -> Answer:
            environ["geban.answer"] = answer = Answer(app(environ, start_response))
            return answer

        self.server = make_server("127.0.0.1", 0, answering, threaded=True, request_handler=self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def _handler(self) -> type[WSGIRequestHandler]:
        served = self

        class Handler(WSGIRequestHandler):
            def run_wsgi(self) -> None:
                with served.lock:
                    served.open += 1
                try:
                    super().run_wsgi()
                finally:
                    answer = getattr(self, "environ", {}).get("geban.answer")
                    if answer is not None:
                        answer.close()
                    with served.lock:
                        served.open -= 1

        return Handler

    def settle(self, seconds: float = 0.2) -> None:
        """Wait until no request has been open for so long."""
        busy = began = time.monotonic()
        while time.monotonic() < busy + seconds:
            assert time.monotonic() < began + 15, "a request goes on and on"
            time.sleep(0.02)
            if self.open:
                busy = time.monotonic()


@contextmanager
def serving(app: Any) -> Iterator[Served]:
    """Serve an app from a thread of this process."""
    served = Served(app)
    thread = threading.Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield served
    served.server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def _served(probe_app) -> Iterator[Served]:
    with serving(probe_app) as served:
        yield served


@pytest.fixture
def open_as(probe, probe_app, chromium, _served) -> Iterator[Callable]:
    """``open_as("worker_a", "phone")`` is a page of a signed-in user; ``page.goto("/path")`` stays on the site.

    At the end no page may have thrown a script error, broken the content policy or asked another host.
    """
    contexts, troubles = [], []

    def _page(username: str | None, size: str = "pc") -> Any:
        phone = size == "phone"
        context = chromium.new_context(
            base_url=_served.url, viewport=SIZES[size], is_mobile=phone, has_touch=phone, locale="zh-CN"
        )
        contexts.append(context)
        if username:
            client = probe(username)
            cookie = client.get_cookie(probe_app.config["SESSION_COOKIE_NAME"])
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": _served.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
        page.on("console", lambda m: troubles.append(m.text) if "Content Security Policy" in m.text else None)
        page.on(
            "request",
            # a blob of the page itself is no other host (a photo on its way to the canvas)
            lambda r: (
                troubles.append(r.url)
                if not r.url.startswith((_served.url, "data:", f"blob:{_served.url}"))
                else None
            ),
        )
        return page

    yield _page
    for context in contexts:
        context.close()
    _served.settle()
    assert not troubles


@pytest.fixture
def axe(_served) -> Callable[[Any], list[str]]:
    """``axe(page)`` names what axe-core finds once the page asks for nothing more; [] is what we want."""
    from tests.support.axe import violations

    def _check(page: Any) -> list[str]:
        # what a page fetches after its load is drawn before the look; Playwright's "networkidle" waits five times as long
        _served.settle(seconds=0.1)
        return violations(page)

    return _check

"""The site's press: its rendering processes and the public address printed into QR codes."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from app.documents.drawing import Press
from app.documents.errors import PaperError
from app.documents.pool import RenderPool
from app.documents.refusals import refusal

_OPENING = threading.Lock()


def site_press(*, forms: int | None = None) -> Press:
    """The press of the running site; its processes start with `warm` or with the first paper, and stay warm.

    ``forms`` is how many of them a process draws before its first paper (None: all), see RenderPool.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with _OPENING:
        press: Press | None = app.extensions.get("geban_press")
        if press is None:
            press = app.extensions["geban_press"] = _open(app, forms)
    return press


def warm(app: Flask, *, delay: float = 0.0) -> threading.Thread:
    """Start the rendering processes beside a web process: nobody waits for their first paper.

    ``delay`` seconds leave the machine to the first requests. What keeps the processes from starting is logged here
    and raised to whoever prints.
    """

    def start() -> None:
        time.sleep(delay)
        with app.app_context():
            try:
                site_press()
            except Exception as error:
                app.logger.error("papers cannot be printed: %s: %s", type(error).__name__, error)

    thread = threading.Thread(target=start, name="geban-press", daemon=True)
    thread.start()
    return thread


def _open(app: Flask, forms: int | None) -> Press:
    pool = RenderPool(
        Path(app.config["GEBAN_FONTS"]),
        size=app.config["GEBAN_RENDER_WORKERS"],
        scratch_root=app.config["GEBAN_HOME"] / "scratch",
        warm=forms,
    )
    pool.start()
    atexit.register(pool.close)
    app.extensions["geban_pool"] = pool

    def render(form: str, context: Mapping[str, Any] | None, variant: str, mark: str | None) -> bytes:
        return pool.pdf(form, context, variant=variant, watermark=mark)

    return Press(render, app.config["GEBAN_PUBLIC_URL"])


def table(part: Mapping[str, Any]) -> tuple[bytes, int, int]:
    """One part of a long table: PDF, number of pages, number of lines. Raises a refusal in the clerk's words."""
    site_press()
    try:
        return current_app.extensions["geban_pool"].table(part)
    except PaperError as error:
        raise refusal(error) from error


def numbers(pages: int, size: str) -> bytes:
    """The page numbers of a long table, to be laid over its pages."""
    site_press()
    try:
        return current_app.extensions["geban_pool"].numbers(pages, size)
    except PaperError as error:
        raise refusal(error) from error


def picture(pdf: bytes, page: int) -> bytes:
    """One page (1 …) as PNG: phones inside WeChat cannot open PDFs."""
    site_press()
    return current_app.extensions["geban_pool"].png(pdf, page=page)

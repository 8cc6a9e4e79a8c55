"""The program's own style sheets and scripts travel packed: a first visit over a slow phone network is half the time.

Only files that are the same for everybody are packed. Pages are not: beside a secret in the page, its packed length
would tell what an attacker's own words in it have in common with that secret (BREACH). A proxy before the site may do
the same for static files; then it finds the header set and leaves them alone.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request

KINDS = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})
WORTH_IT = 1000


@lru_cache(maxsize=64)
def _packed(path: Path, _changed: float) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


def pack(response: Response) -> Response:
    """Answer a static file packed, where the browser says it can unpack and asks for the whole of it."""
    filename = (request.view_args or {}).get("filename")
    if request.endpoint != "static" or not filename or response.mimetype not in KINDS:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    size = response.content_length or 0
    if response.status_code != 200 or size < WORTH_IT or "Content-Encoding" in response.headers:
        return response
    if request.range is not None or not request.accept_encodings["gzip"]:
        return response
    path = Path(current_app.static_folder or "") / filename
    body = _packed(path, path.stat().st_mtime)
    if request.method != "HEAD":
        response.direct_passthrough = False
        getattr(response.response, "close", bool)()
        response.set_data(body)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(body))
    tag, _weak = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)
    return response


def install(app: Flask) -> None:
    """Pack after every other step has had its say: of these steps the first to be hung on is the last to run."""
    app.after_request(pack)

"""What a form may load while it is rendered: data: addresses, and fonts below one folder. Nothing else.

WeasyPrint's own fetcher embeds any local file through a link or img tag (guards.md §4). A refusal is fatal: a form
that asks for something forbidden is a defect or an attack, and half a paper must not be issued.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from app.documents.fonts import SUFFIXES


class FetchRefused(FatalURLFetchingError):
    """Stops the rendering (WeasyPrint swallows everything that is not of this family)."""


class FormFetcher(URLFetcher):
    """Fetcher for HTML(...) and CSS(...) alike; the real path counts, so links and ``..`` lead nowhere."""

    def __init__(self, fonts_root: Path) -> None:
        super().__init__(allowed_protocols={"data", "file"}, allow_redirects=False)
        self._fonts_root = fonts_root.resolve()

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        scheme = url.partition(":")[0].lower()
        if scheme == "data":
            return super().fetch(url, headers)
        if scheme != "file":
            raise FetchRefused(url)
        path = self._font_path(url)
        return URLFetcherResponse(path.as_uri(), path.read_bytes(), {"Content-Type": "font/sfnt"})

    def _font_path(self, url: str) -> Path:
        parts = urlsplit(url)
        path = Path(url2pathname(parts.path)).resolve()
        is_inside = path.is_relative_to(self._fonts_root)
        if parts.netloc not in ("", "localhost") or not is_inside or path.suffix.lower() not in SUFFIXES:
            raise FetchRefused(url)
        if not path.is_file():
            raise FetchRefused(url)
        return path

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
        self.refused: list[
            str
        ] = []  # WeasyPrint swallows even fatal errors inside an SVG: the engine looks here

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        scheme = url.partition(":")[0].lower()
        if scheme == "data":
            return super().fetch(url, headers)
        path = self._font_path(url) if scheme == "file" else None
        if path is None:
            self.refused.append(url[:200])
            raise FetchRefused(url[:200])
        return URLFetcherResponse(path.as_uri(), path.read_bytes(), {"Content-Type": "font/sfnt"})

    def _font_path(self, url: str) -> Path | None:
        parts = urlsplit(url)
        path = Path(url2pathname(parts.path)).resolve()
        is_font = path.is_relative_to(self._fonts_root) and path.suffix.lower() in SUFFIXES and path.is_file()
        return path if is_font and parts.netloc in ("", "localhost") else None

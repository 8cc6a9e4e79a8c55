"""A few issued papers: some printed, some waiting at the print desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.demo.acting import Cast
from app.documents.service import Press
from app.proxy.models import ProxyCase
from app.registry.models import Person


def issue_papers(
    cast: Cast,
    press: Press,
    spec: dict[str, Any],
    now: datetime,
    cases: Sequence[ProxyCase],
    people: Sequence[Person],
) -> None:
    """F10 and F11 of cases, F29 of children."""

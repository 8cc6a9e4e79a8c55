"""Seeds: code lists, area levels, role schemes and the catalogue as YAML with their sources."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent


@lru_cache(maxsize=8)
def read(name: str) -> Any:
    """Content of ``<name>.yaml``; callers must not change it."""
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as f:
        return yaml.load(f, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  a safe loader


def loads(text: str | None) -> dict[str, Any]:
    """The attributes of a code (``CodeItem.extra``)."""
    return json.loads(text) if text else {}

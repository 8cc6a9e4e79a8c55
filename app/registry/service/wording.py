"""Words that become part of stored data (addresses, names of staircases and households): data, not gettext,
because a record must not depend on the language of the clerk who keyed it in.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parents[2] / "seeds" / "addresses.yaml"


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The whole file."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def numbered(key: str, name: str) -> str:
    """A bare number with its word (``3`` becomes building three); anything else stays as it was typed."""
    name = name.strip()
    return str(words()[f"numbered_{key}"]).format(number=name) if name.isdigit() else name


def household_name(head: str) -> str:
    """What a household is called after its head."""
    return str(words()["household"]).format(name=head)

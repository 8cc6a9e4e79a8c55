"""Pytest plugin of a part that two processes share: GEBAN_TEST_HALF is 1 or 2. A file belongs to one half as a whole."""

import os
import zlib
from pathlib import Path

import pytest


def half_of(path: Path) -> int:
    """1 or 2, the same in every run."""
    return 1 + zlib.crc32(path.name.encode()) % 2


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files of the other half before they are imported."""
    if collection_path.name.startswith("test_") and collection_path.suffix == ".py":
        return half_of(collection_path) != int(os.environ["GEBAN_TEST_HALF"]) or None
    return None

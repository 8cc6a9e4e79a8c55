"""Pytest plugin of the PostgreSQL part: leaves out the tests that never open the app's database.

They ran in the SQLite part, and would only do the same again.
"""

import pytest

DATABASE_FIXTURE = "_database"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept = [item for item in items if DATABASE_FIXTURE in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept

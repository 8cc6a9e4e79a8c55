"""Pytest plugin of the PostgreSQL part: leaves out what would only do the same again as in the SQLite part.

That is a test that never opens the app's database, and one marked ``any_database``.
"""

import pytest

DATABASE_FIXTURE = "_database"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept = [
        item
        for item in items
        if DATABASE_FIXTURE in getattr(item, "fixturenames", ())
        and not item.get_closest_marker("any_database")
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept

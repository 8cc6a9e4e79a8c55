"""What a site's own SQLite database is told; the databases of the tests are quicker and may be lost."""

from __future__ import annotations

import importlib

import pytest
from sqlalchemy import create_engine

from app.core import session


def test_no_library_looks_at_every_object_after_each_flush():
    """Listeners on all sessions are ours alone: SQLAlchemy-Utils, which FAB imports, has one."""
    importlib.import_module("flask_appbuilder.models.sqla.interface")
    dispatch = session.PlainGuardedSession().dispatch
    found = [*dispatch.before_flush, *dispatch.after_flush]
    assert {f.__module__ for f in found if not f.__module__.startswith(("app.", "tests."))} == set()


@pytest.mark.parametrize(
    ("pragma", "value"),
    # 2 = FULL: NORMAL lost 818 acknowledged commits in a simulated power cut (guards, section 6)
    [("synchronous", 2), ("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 30000)],
)
def test_an_acknowledged_commit_outlives_a_power_cut(tmp_path, pragma, value):
    url = f"sqlite:///{tmp_path / 'site.sqlite'}"
    engine = create_engine(url, **session.engine_options(url))
    session.prepare(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    engine.dispose()

"""A seeded database per test: SQLite restores a snapshot, PostgreSQL clones a template database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text


@dataclass
class Database:
    """The database of a test session. ``keep`` remembers the seeded state, ``restore`` brings it back."""

    url: str
    world: Any = None
    snapshot: Any = field(default=None, repr=False)

    def keep(self, app: Any) -> None:
        raise NotImplementedError

    def restore(self, app: Any) -> None:
        raise NotImplementedError

    def close(self, app: Any) -> None:
        """Forget open connections, so that nothing of this test reaches the next."""
        from app.extensions import db

        with app.app_context():
            db.engine.dispose()


class SqliteDatabase(Database):
    def keep(self, app: Any) -> None:
        import pysqlite3.dbapi2 as sqlite

        self.close(app)
        self.snapshot = sqlite.connect(":memory:", check_same_thread=False)
        source = sqlite.connect(make_url(self.url).database)
        source.backup(self.snapshot)
        source.close()

    def restore(self, app: Any) -> None:
        import pysqlite3.dbapi2 as sqlite

        target = sqlite.connect(make_url(self.url).database)
        self.snapshot.backup(target)
        target.close()


class PostgresDatabase(Database):
    """Each test works on a clone of the template: concurrent connections behave as in production."""

    def _admin(self, *statements: str) -> None:
        engine = create_engine(make_url(self.url).set(database="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def keep(self, app: Any) -> None:
        self.close(app)
        name = make_url(self.url).database
        self._admin(f'ALTER DATABASE "{name}" RENAME TO "{name}_template"')

    def restore(self, app: Any) -> None:
        name = make_url(self.url).database
        self._admin(
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{name}_template" STRATEGY FILE_COPY',
        )


@contextmanager
def sqlite_database(home: Path) -> Iterator[Database]:
    """A SQLite file in the test home."""
    database = SqliteDatabase(f"sqlite:///{home / 'test.sqlite'}")
    yield database
    if database.snapshot is not None:
        database.snapshot.close()


@contextmanager
def postgres_database(home: Path) -> Iterator[Database]:
    """A database on an own PostgreSQL server."""
    from tests.support.postgres import ephemeral_postgres

    with ephemeral_postgres() as url:
        database = PostgresDatabase(
            make_url(url).set(database="geban_test").render_as_string(hide_password=False)
        )
        database._admin('CREATE DATABASE "geban_test"')
        yield database

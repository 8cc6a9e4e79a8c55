"""A seeded database per test: SQLite writes its file anew, PostgreSQL puts written tables back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, NullPool, create_engine, event, make_url, text


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
    """The seeded file is kept as bytes and written anew; the old file goes first.

    So a connection that somebody left open goes on with a file that nobody sees any more, and ext4 has no reason to
    wait for the disk, as it has when one file replaces another.
    """

    @property
    def path(self) -> Path:
        return Path(make_url(self.url).database)

    def keep(self, app: Any) -> None:
        import pysqlite3.dbapi2 as sqlite

        from app.extensions import db

        self.close(app)
        # a test database may be lost in a power cut; test_durability looks at the setting of a real one
        event.listen(db.engine, "connect", lambda c, _record: c.execute("PRAGMA synchronous=OFF"))
        source = sqlite.connect(self.path)
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        source.close()
        self.snapshot = self.path.read_bytes()

    def restore(self, app: Any) -> None:
        self.close(app)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        self.path.write_bytes(self.snapshot)


WRITES = re.compile(
    r'(?:INSERT INTO|UPDATE(?: ONLY)?|DELETE FROM|COPY|TRUNCATE(?: TABLE)?)\s+(?:public\.)?"?(\w+)"?', re.I
)


class PostgresDatabase(Database):
    """The seeded rows stand beside the tables in a schema of their own; tables written to are put back from it.

    Transactions and connections are real ones, so concurrency behaves as in production. Work done by another
    process is not seen by the statement listener: such tests call ``touch_all``.
    """

    dirty: set[str]
    link: Any = None

    def keep(self, app: Any) -> None:
        self.close(app)
        self.dirty = set()
        event.listen(Engine, "before_cursor_execute", self._note)
        self._note_copies()
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        self.snapshot = sorted(name for (name,) in self._superuser().execute(tables))
        copies = (f'CREATE TABLE seed."{name}" AS TABLE public."{name}";' for name in self.snapshot)
        self._superuser().execute("CREATE SCHEMA seed;" + "".join(copies))

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.dirty.update(name.lower() for name in WRITES.findall(statement))

    def _note_copies(self) -> None:
        """COPY goes past the statements that SQLAlchemy tells of: note the table where rows are put that way."""
        from app.audit import rows
        from app.core import bulk, copying

        put_columns = copying.put_columns

        def noted(connection: Any, table: Any, columns: Any) -> None:
            self.dirty.add(table.name)
            put_columns(connection, table, columns)

        for module in (copying, bulk, rows):
            module.put_columns = noted

    def touch_all(self) -> None:
        """Put every table back before the next test."""
        self.dirty.update(self.snapshot)

    def _superuser(self) -> psycopg.Connection:
        """One connection for the whole session: to open one costs more than to put back what most tests write."""
        if self.link is None or self.link.closed:
            url = make_url(self.url).set(drivername="postgresql")
            self.link = psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
            # no triggers, no foreign keys while rows are put back
            self.link.execute("SET session_replication_role = replica")
        return self.link

    def restore(self, app: Any) -> None:
        # one trip and one transaction for all of them: a test that makes a row of each table writes to dozens
        statements = (
            f'DELETE FROM public."{name}"; INSERT INTO public."{name}" SELECT * FROM seed."{name}";'
            for name in self.snapshot
            if name in self.dirty
        )
        self._superuser().execute("".join(statements))
        self.dirty.clear()


@contextmanager
def sqlite_database(home: Path) -> Iterator[Database]:
    """A SQLite file in the test home."""
    yield SqliteDatabase(f"sqlite:///{home / 'test.sqlite'}")


@contextmanager
def postgres_database(home: Path) -> Iterator[Database]:
    """A database on an own PostgreSQL server."""
    from tests.support.postgres import ephemeral_postgres

    with ephemeral_postgres() as url:
        database = PostgresDatabase(
            make_url(url).set(database="geban_test").render_as_string(hide_password=False)
        )
        admin = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text('CREATE DATABASE "geban_test"'))
        yield database
        if database.link is not None:
            database.link.close()

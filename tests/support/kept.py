"""Small sites as closed issues left them, in ``tests/data``: migrations are tried on them.

``python -m tests.support.kept tests/data/site-2.json.gz`` keeps the present one: the test world and a row of every table
in both towns. The file holds {revision, tables: {name: {columns, rows}}} with plain values, bytes as {"b": base64}.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic import command
from flask import Flask
from sqlalchemy import Boolean, Date, DateTime, Engine, LargeBinary, MetaData, inspect, text

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
LEFT_OUT = ("sqlite_", "alembic_version")


def write(engine: Engine, path: Path) -> None:
    """Keep the rows of an SQLite database (its driver gives plain values)."""
    with engine.connect() as connection:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        names = [
            n for n in inspect(connection).get_table_names() if not n.startswith(LEFT_OUT) and "_fts" not in n
        ]
        tables = {}
        for name in sorted(names):
            found = connection.exec_driver_sql(f'SELECT * FROM "{name}"')
            rows = [[_packed(value) for value in row] for row in found]
            if rows:
                tables[name] = {"columns": list(found.keys()), "rows": rows}
    body = json.dumps({"revision": revision, "tables": tables}, ensure_ascii=False, sort_keys=True)
    path.write_bytes(gzip.compress(body.encode(), mtime=0))


def read(path: Path) -> dict[str, Any]:
    """The kept site."""
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def restore(app: Flask, engine: Engine, kept: dict[str, Any]) -> None:
    """Bring an empty database to the revision of that day and put the rows in."""
    config = app.extensions["migrate"].migrate.get_config(str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, kept["revision"])
        metadata = MetaData()
        metadata.reflect(connection)
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for name, table in kept["tables"].items():
            target = metadata.tables[name]
            readers = [_reader(target.c[column].type) for column in table["columns"]]
            rows = [
                {c: read(v) for c, read, v in zip(table["columns"], readers, row, strict=True)}
                for row in table["rows"]
            ]
            connection.execute(target.insert(), rows)


def _packed(value: Any) -> Any:
    return {"b": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _reader(kind: Any) -> Any:
    from datetime import date, datetime

    def _plain(value: Any) -> Any:
        if isinstance(value, dict):
            return base64.b64decode(value["b"])
        if value is None or isinstance(kind, LargeBinary):
            return value
        if isinstance(kind, Boolean):
            return bool(value)
        if isinstance(kind, DateTime):
            return datetime.fromisoformat(value)
        if isinstance(kind, Date):
            return date.fromisoformat(value)
        return value

    return _plain


def main(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = f"sqlite:///{home / 'site.sqlite'}"
        os.environ.update({"GEBAN_HOME": str(home), "GEBAN_DATABASE_URL": url, "GEBAN_ENV": "test"})
        from app import create_app
        from app.core.scope import unscoped
        from app.extensions import db
        from config import TestConfig
        from tests.support.marked import Marked
        from tests.support.world import build_world

        app = create_app(TestConfig())
        with app.app_context():
            world = build_world(app)
            with unscoped("tests arrange and assert") as session:
                for grid, username in (("grid_a11", "worker_a"), ("grid_t11", "worker_t")):
                    account = world.accounts[username]
                    Marked(session, world.areas[grid], account.user_id, account.staff_id, tag=grid).make_all()
                session.commit()
            write(db.engine, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

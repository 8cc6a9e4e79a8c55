"""Alembic: the target is FAB's own declarative metadata (db.metadata would be another object)."""

from alembic import context
from flask import current_app
from flask_appbuilder import Model

from app import all_models  # noqa: F401  every table must be known before comparing
from app.core.crypto import EncryptedText
from app.core.models import Instant
from app.site import schema

target_metadata = Model.metadata


def include_object(obj, name, type_, reflected, compare_to):
    """Leave SQLite's tables and the indexes of core/search.py and core/fieldwords.py alone: made after migrating."""
    if type_ == "index" and reflected and name.endswith(("_chars", "_prefix", "_extra_words")):
        return False
    return not (type_ == "table" and reflected and (name.startswith("sqlite_") or "_fts" in name))


def render_item(kind, obj, autogen_context):
    """Write our column types as what the database holds: a migration must not import tomorrow's code."""
    if kind != "type":
        return False
    if isinstance(obj, Instant):
        return "sa.DateTime(timezone=True)"
    if isinstance(obj, EncryptedText):
        return "sa.LargeBinary()"
    return False


def run() -> None:
    """Migrate over the app's engine; a connection given in the attributes is used as it is (init's lock)."""
    given = context.config.attributes.get("connection")
    engine = current_app.extensions["migrate"].db.engine
    options = dict(
        target_metadata=target_metadata,
        include_object=include_object,
        render_item=render_item,
        compare_type=True,
        render_as_batch=True,
    )
    if given is not None:
        context.configure(connection=given, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    with engine.connect() as connection, schema.rebuilding(connection):
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()


run()

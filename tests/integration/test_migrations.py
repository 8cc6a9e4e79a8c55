"""Migrations on sites as closed issues left them: every row lives on, and the schema is the one of the models."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, make_url, select, text
from sqlalchemy.orm import Session

from app.core import counters
from app.core.counters import AreaCounter
from app.core.session import engine_options, prepare
from app.site import schema
from tests.integration.test_init import fresh_url
from tests.support import kept

__all__ = ["fresh_url"]
SITES = sorted((Path(__file__).resolve().parents[1] / "data").glob("site-*.json.gz"))


@pytest.fixture
def engine(fresh_url, tmp_path):
    (tmp_path / "home").mkdir()
    engine = create_engine(make_url(fresh_url), **engine_options(fresh_url))
    prepare(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("path", SITES, ids=lambda path: path.name.partition(".")[0])
def test_a_site_of_a_closed_issue_comes_up_to_date_with_all_its_rows(app, engine, path):
    site = kept.read(path)
    kept.restore(app, engine, site)
    schema.upgrade(app, engine)
    with engine.connect() as connection:
        left = {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
            for name in inspect(connection).get_table_names()
            if name in site["tables"]
        }
        config = app.extensions["migrate"].migrate.get_config(str(schema.MIGRATIONS))
        config.attributes["connection"] = connection
        command.check(config)
    assert left == {name: len(table["rows"]) for name, table in site["tables"].items()}


def test_counters_by_month_and_state_are_counted_by_the_migration_that_brings_them(app, engine):
    kept.restore(app, engine, kept.read(SITES[0]))
    schema.upgrade(app, engine)
    config = app.extensions["migrate"].migrate.get_config(str(schema.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
        connection.execute(text("UPDATE household SET last_visit_on = '2026-03-31' WHERE id % 2 = 0"))
        command.upgrade(config, "head")
    with Session(engine) as session:
        kinds = {kind for kind, *_row in counters.verify(session)}
        seen = session.scalars(
            select(AreaCounter.value).where(AreaCounter.kind == "household.seen.202603")
        ).all()
    assert not {kind for kind in kinds if kind.startswith(("household.seen", "campaign_target"))}
    assert sum(seen) >= 1


def test_there_is_a_kept_site():
    assert SITES

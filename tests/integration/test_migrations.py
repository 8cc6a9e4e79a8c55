"""Migrations on sites as closed issues left them: every row lives on, and the schema is the one of the models."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from flask_appbuilder import Model
from sqlalchemy import create_engine, func, inspect, make_url, select, text, update
from sqlalchemy.orm import Session, aliased

from app.core import counters
from app.core.counters import AreaCounter
from app.core.session import engine_options, prepare
from app.registry.models import (
    Campaign,
    CampaignTarget,
    CampaignTry,
    Dwelling,
    Household,
    LifeEvent,
    PersonDocument,
    PersonName,
    PersonPhone,
)
from app.site import schema
from app.worklog.models import ServiceRecord, Visit
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
        assert _keys_given_again(connection) == []
    assert left == {name: len(table["rows"]) for name, table in site["tables"].items()}


def _keys_given_again(connection):
    """Tables of ours where SQLite would give the key of a deleted row to the next one."""
    if connection.dialect.name != "sqlite":
        return []
    made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    plain = {name for name, sql in made if "AUTOINCREMENT" not in (sql or "")}
    return sorted(
        table.name for table in Model.metadata.sorted_tables if "uid" in table.c and table.name in plain
    )


def test_counters_by_month_and_state_are_counted_by_the_migration_that_brings_them(app, engine):
    kept.restore(app, engine, kept.read(SITES[0]))
    schema.upgrade(app, engine)
    config = app.extensions["migrate"].migrate.get_config(str(schema.MIGRATIONS))
    with engine.connect() as connection, schema.rebuilding(connection), connection.begin():
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


THEN = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)
SOON = THEN + timedelta(seconds=1)
REVOKED_AT = THEN - timedelta(days=1)
HAND = 7


def _traces(session: Session) -> None:
    """What a revocation, and a wrong tap that was taken back, leave behind beside the rows they took away."""
    area, home = (
        session.scalars(select(Dwelling.area_id)).first(),
        session.scalars(select(Dwelling.id)).first(),
    )
    session.add(
        LifeEvent(area_id=area, kind="birth", happened_on=THEN.date(), revoked_at=REVOKED_AT, revoked_by=HAND)
    )
    campaign = Campaign(area_id=area, name="Autumn", starts_on=THEN.date(), ends_on=THEN.date())
    session.add(campaign)
    session.flush()
    target = CampaignTarget(area_id=area, campaign_id=campaign.id, dwelling_id=home)
    session.add(target)
    session.flush()
    session.add(CampaignTry(target_id=target.id, at=SOON, action="undo", to_state="todo"))
    session.execute(
        update(ServiceRecord)
        .where(ServiceRecord.id == _first(ServiceRecord))
        .values(ref_uid=target.uid, visit_id=_first(Visit))
    )
    old = aliased(PersonDocument)
    same = {
        key: select(getattr(old, key)).where(old.id == _first(PersonDocument)).scalar_subquery()
        for key in ("person_id", "kind")
    }
    later = update(PersonDocument).where(PersonDocument.id != _first(PersonDocument))
    session.execute(later.values(created_at=SOON, created_by=HAND, **same))
    session.commit()


def test_who_took_a_row_away_is_filled_in_where_it_can_be_told(app, engine):
    kept.restore(app, engine, kept.read(SITES[0]))
    schema.upgrade(app, engine)
    with Session(engine) as session:
        _traces(session)
    first = {
        model.__tablename__: (model, reason, by, step)
        for model, reason, by, step in (
            (PersonPhone, "duplicate", None, "merge"),
            (PersonName, "moved in by mistake", HAND, "revocation"),
            (PersonDocument, "a typing error", HAND, "correction"),
            (ServiceRecord, "back", HAND, "tap"),
            (Visit, "back", HAND, "tap"),
            (Household, "Two records were made one", HAND, "merge"),
        )
    }
    config = app.extensions["migrate"].migrate.get_config(str(schema.MIGRATIONS))
    with engine.connect() as connection, schema.rebuilding(connection), connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "0010")
        for model, reason, by, _step in first.values():
            at = REVOKED_AT if model is PersonName else THEN
            gone = {"deleted_at": at, "deleted_by": by, "delete_reason": reason}
            connection.execute(update(model.__table__).values(gone).where(model.id == _first(model)))
        typed = {"deleted_at": THEN, "deleted_by": HAND, "delete_reason": "duplicate"}
        others = PersonPhone.__table__
        connection.execute(update(others).values(typed).where(others.c.id != _first(PersonPhone)))
        command.upgrade(config, "head")
    with engine.connect() as connection:
        for model, _reason, _by, step in first.values():
            query = select(model.__table__.c.deleted_step).where(model.__table__.c.id == _first(model))
            assert connection.execute(query).scalar_one() == step, model.__tablename__
        untold = select(others.c.deleted_step).where(others.c.id != _first(PersonPhone))
        assert connection.execute(untold).scalars().all() == [None]


def _first(model):
    return select(func.min(model.__table__.alias().c.id)).scalar_subquery()


def test_there_is_a_kept_site():
    assert SITES

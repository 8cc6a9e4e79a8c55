"""Every guarded table, one by one: a row of another town is neither read nor written, whatever it hangs on."""

from __future__ import annotations

import pytest
from flask_appbuilder import Model
from sqlalchemy import delete, func, select, update

from app.core.errors import NotAllowed
from app.core.scope import is_guarded, unscoped
from app.extensions import db
from tests.support.marked import Marked


def _belongs(cls: type) -> bool:
    """Guarded, or hung on something that is: a child whose guard was forgotten is looked for as well."""
    return is_guarded(cls) or hasattr(cls, "__scope_parent__")


GUARDED = sorted(
    (
        m.class_
        for m in Model.registry.mappers
        if m.class_.__module__.startswith("app.") and _belongs(m.class_)
    ),
    key=lambda c: c.__tablename__,
)
OUTSIDERS = ("worker_a", "town_clerk_a", "nobody")


@pytest.fixture(scope="module")
def foreign(_app, _database):
    """A row of every guarded table in a grid of town T, made once: whoever could change one is what the cases look for."""
    world = _database.world
    account = world.accounts["worker_t"]
    _database.restore(_app)
    with _app.app_context(), unscoped("tests arrange") as session:
        marked = Marked(session, world.areas["grid_t11"], account.user_id, account.staff_id)
        marked.make_all()
        for cls in GUARDED:
            marked.row(cls.__tablename__)
        session.commit()
        for row in marked.rows.values():
            session.refresh(row)
        session.expunge_all()
    return marked.rows


@pytest.fixture
def app(_app, _database, foreign):
    """The app on these rows: no case of this file leaves anything behind."""
    with _app.app_context():
        yield _app
        db.session.remove()
    _database.close(_app)


def test_every_guarded_table_has_a_row_to_look_for(foreign):
    assert {c.__tablename__ for c in GUARDED} <= set(foreign)


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_no_row_of_another_town_is_read(foreign, acting, outsider):
    session, seen = acting(outsider), []
    for cls in GUARDED:
        wanted = foreign[cls.__tablename__].id
        for found in (
            session.scalars(select(cls.id).where(cls.id == wanted)).all(),
            [r for r in session.scalars(select(cls).execution_options(with_deleted=True)) if r.id == wanted],
            [session.get(cls, wanted)] if session.get(cls, wanted) else [],
        ):
            seen += [cls.__tablename__] * bool(found)
    assert seen == []


def test_the_town_itself_reads_them(foreign, acting):
    """The look would find something: its own clerk sees nearly all of these rows."""
    session = acting("town_clerk_t")
    missing = {c.__tablename__ for c in GUARDED if session.get(c, foreign[c.__tablename__].id) is None}
    assert len(missing) < len(GUARDED) / 4, missing


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_no_statement_changes_or_removes_them(foreign, acting, system, outsider):
    session = acting(outsider)
    for cls in GUARDED:
        table, wanted = cls.__tablename__, foreign[cls.__tablename__].id
        for statement in (
            update(cls).where(cls.id == wanted).values(id=wanted),
            delete(cls).where(cls.id == wanted),
        ):
            options = {"synchronize_session": False}
            assert session.execute(statement, execution_options=options).rowcount == 0, table
    session.commit()
    for cls in GUARDED:
        count = select(func.count()).select_from(cls).where(cls.id == foreign[cls.__tablename__].id)
        assert system.scalar(count) == 1


CHILDREN = [c for c in GUARDED if hasattr(c, "__scope_parent__")]


@pytest.mark.parametrize("cls", CHILDREN, ids=lambda c: c.__tablename__)
def test_nothing_is_hung_on_a_foreign_record(foreign, acting, cls):
    row = foreign[cls.__tablename__]
    skipped = {"id", "uid", "version", "created_at", "updated_at"}
    names = [p.key for p in cls.__mapper__.column_attrs if p.key not in skipped]
    session = acting("worker_a")
    session.add(cls(**{name: getattr(row, name) for name in names}))
    with pytest.raises(NotAllowed):
        session.flush()

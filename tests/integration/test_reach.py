"""Pages of a scope: found from its areas, every row once, and guarded whatever the plan says."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.core import bulk, paging, reach, scope
from app.core.paging import Cursor, Keyset
from app.registry.models import Person, PersonArea

PEOPLE, SIZE = 58, 25


@pytest.fixture
def people(system, world):
    """People of two grids that do not see each other, stored by turns; each belongs to its grid twice."""
    grids = [world.areas["grid_a11"], world.areas["grid_t11"]]
    ids = bulk.take_ids(system, Person, PEOPLE * 2)
    rows = [
        {"id": key, "area_id": grids[n % 2], "name": f"P {n:03d}", "name_pinyin": f"p{n % 7}"}
        for n, key in enumerate(ids)
    ]
    bulk.insert(system, Person, rows)
    links = [
        {"person_id": r["id"], "area_id": r["area_id"], "kind": kind}
        for r in rows
        for kind in ("managing", "residence")
    ]
    bulk.insert(system, PersonArea, links)
    system.execute(Person.__table__.update().where(Person.id == ids[4]).values(deleted_at=func.now()))
    system.commit()
    return {"worker_a": [i for i in ids[0::2] if i != ids[4]], "worker_t": ids[1::2]}


def walk(session, keyset: Keyset, *, back: bool = False) -> list[int]:
    """All keys from the first page on, or back from the last; with the count of each page checked."""
    found: list[int] = []
    cursor = Cursor(size=SIZE)
    while True:
        page = paging.fetch(session, select(Person), keyset, Person.uid, cursor)
        keys = [row.id for row in page.rows]
        found = keys + found if back else found + keys
        if not (page.has_previous if back else page.has_next):
            return found
        edge = page.rows[0 if back else -1].uid
        cursor = Cursor(size=SIZE, before=edge) if back else Cursor(size=SIZE, after=edge)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("column", [Person.id, Person.name_pinyin])
def test_each_scope_pages_through_its_own_rows_once(people, acting, column, descending):
    keyset = Keyset(column, Person.id, descending=descending, nullable=column is not Person.id)
    for name in ("worker_a", "worker_t"):
        session = acting(name)
        found = walk(session, keyset)
        assert sorted(found) == people[name]
        if column is Person.id:
            assert found == sorted(people[name], reverse=descending)
        page = paging.fetch(session, select(Person), keyset, Person.uid, Cursor(size=SIZE))
        assert page.count.value == len(people[name])


def test_a_page_by_number_goes_on_where_the_one_before_ended(people, acting):
    session = acting("worker_t")
    keyset = Keyset(Person.id, Person.id, descending=True, nullable=False)
    pages = [
        paging.fetch(session, select(Person), keyset, Person.uid, Cursor(size=SIZE, page=n)) for n in range(3)
    ]
    assert [row.id for page in pages for row in page.rows] == sorted(people["worker_t"], reverse=True)


def test_keys_that_lie_outside_the_scope_give_no_rows(people, acting, monkeypatch):
    monkeypatch.setattr(reach, "first_keys", lambda *_args, **_more: list(people["worker_t"]))
    session = acting("worker_a")
    keyset = Keyset(Person.id, Person.id, descending=True, nullable=False)
    assert paging.fetch(session, select(Person), keyset, Person.uid, Cursor(size=SIZE)).rows == []


@pytest.mark.any_database
def test_criteria_of_one_shape_share_a_number_and_keep_their_own_values(acting):
    of = {}
    for name in ("worker_a", "worker_t", "operator", "admin_system"):
        session = acting(name)
        of[name] = scope._options(scope.session_actor(session), "", False)
    assert of["worker_a"].token == of["worker_t"].token
    values = [[bind.effective_value for bind in of[name].binds] for name in ("worker_a", "worker_t")]
    assert values[0] != values[1]
    assert len({of[name].token for name in ("worker_a", "operator", "admin_system")}) == 3

"""Chinese name search on both databases: one or two characters, initials, full pinyin, prefix; nothing by wildcard."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from app.areas.models import Staff
from app.core import search
from app.core.pinyin import spell

# an invented Zhang Weimin, Zhang Min, Li Weimin, Zhuge Liang, Maimaiti with a middle dot, a rare character of Ext B
NAMES = [
    "\u5f20\u4f1f\u6c11",
    "\u5f20\u654f",
    "\u674e\u4f1f\u6c11",
    "\u8bf8\u845b\u4eae",
    "\u4e70\u4e70\u63d0\u00b7\u827e\u529b",
    "\u738b\U000215d7",
    "100% Sure",
    "100 Sure",
]


@pytest.fixture
def named(system, world, app):
    """Staff with these names."""
    for name in NAMES:
        pinyin, initials = spell(name, name=True)
        system.add(
            Staff(
                name=name,
                name_pinyin=pinyin or None,
                name_initials=initials or None,
                kind="volunteer",
                area_id=world.areas["grid_a11"],
            )
        )
    system.commit()
    return system


def found(session, query: str) -> set[str]:
    where = search.matching(Staff, ("name", "name_initials", "name_pinyin"), query)
    return set(session.scalars(select(Staff.name).where(where, Staff.kind == "volunteer")))


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("\u5f20", {0, 1}),  # one character
        ("\u4f1f\u6c11", {0, 2}),  # two in a row, anywhere
        ("\u5f20\u6c11", set()),  # both characters, not in a row
        ("\u5f20 \u4f1f\u6c11", {0}),  # a blank typed between surname and given name
        ("\u63d0\u00b7\u827e", {4}),
        ("\U000215d7", {5}),
        ("zwm", {0}),
        ("ZW", {0}),
        ("zhangm", {1}),
        ("zhang weimin", {0}),
        ("liang", set()),  # pinyin is a prefix, not a part
        ("0%", {6}),
        ("%", {6}),
        ("_", set()),
        ('"', set()),
        ("*", set()),
        ("'", set()),  # between syllables, but no syllable: nobody, not everybody
        ("' '", set()),
        (" \u3000", set()),
        ("zhang'wei", {0}),
        ("' OR 1=1 --", set()),
    ],
)
@pytest.mark.demand("S4-62")
def test_a_name_is_found_by_what_people_type(named, query, hits):
    assert found(named, query) == {NAMES[i] for i in hits}


def test_a_changed_and_a_deleted_name_are_followed(named):
    row = named.scalars(select(Staff).where(Staff.name == NAMES[0])).one()
    row.name = "\u9648\u4f1f\u6c11"
    named.commit()
    assert found(named, "\u5f20\u4f1f") == set()
    assert found(named, "\u9648") == {"\u9648\u4f1f\u6c11"}
    named.delete(row)
    named.commit()
    assert found(named, "\u9648") == set()


def test_the_scope_holds_for_the_search(named, acting):
    where = search.matching(Staff, ("name",), "\u5f20")
    query = select(Staff.name).where(where)
    assert set(acting("town_clerk_t").scalars(query)) == set()
    assert len(set(acting("town_clerk_a").scalars(query))) == 2


def test_the_index_answers_and_not_the_table(named):
    """What the planner says about a search by character."""
    query = select(Staff.id).where(search.contains(Staff, "name", "\u5f20\u4f1f"))
    sql = str(query.compile(named.get_bind(), compile_kwargs={"literal_binds": True}))
    connection = named.connection()
    if named.get_bind().dialect.name == "sqlite":
        plan = " ".join(str(r) for r in connection.execute(text("EXPLAIN QUERY PLAN " + sql)))
        assert "VIRTUAL TABLE INDEX" in plan
    else:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = " ".join(str(r) for r in connection.execute(text("EXPLAIN " + sql.replace("%", "%%"))))
        assert "ix_staff_name_chars" in plan


def test_lost_triggers_are_made_again(named):
    """Alembic rebuilds a table on SQLite and its triggers are gone; the next upgrade makes the index anew."""
    connection = named.connection()
    if connection.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps its indexes")
    connection.exec_driver_sql("DROP TRIGGER staff_name_fts_i")
    named.add(Staff(name="\u5468\u5468", kind="volunteer", area_id=1))
    named.flush()
    assert found(named, "\u5468") == set()
    search.ensure(named.connection())
    assert found(named, "\u5468") == {"\u5468\u5468"}
    assert found(named, "\u5f20") == {NAMES[0], NAMES[1]}

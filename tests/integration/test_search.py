"""Chinese name search on both databases: one or two characters, initials, full pinyin, prefix; nothing by wildcard."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from app.areas.models import Staff
from app.core import search
from app.core.pinyin import spell
from tests.support.pages import post

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


def statement(word: search.Word):
    where = search.matching(Staff, ("name", "name_initials", "name_pinyin"), word)
    return select(Staff.name).where(where, Staff.kind == "volunteer")


def found(session, query: str) -> set[str]:
    """The same by a statement of its own and by one that is made once for all words."""
    names = set(session.scalars(statement(query)))
    slot = search.Slot.of(query)
    assert (slot is None) == (not query.strip() or " " in query)
    if slot is not None:
        assert set(session.scalars(statement(slot), slot.values(query))) == names
    return names


@pytest.mark.parametrize("prefix", ["100%", "100_", "100 /", "100", "\u5f20", "/"])
def test_a_prefix_means_itself_in_a_statement_made_once(named, prefix):
    slot = search.Slot(has_letters=False)
    query = select(Staff.name).where(search.starts_with(Staff.name, slot), Staff.kind == "volunteer")
    assert set(named.scalars(query, slot.values(prefix))) == {n for n in NAMES if n.startswith(prefix)}


def test_the_search_box_keeps_its_statements_apart_by_word_and_by_actor(named, world, login_as):
    """Made once, they serve everybody: nobody's areas or words may stay in them."""
    for grid, name in (("grid_a11", "Quill"), ("grid_a11", "Quorum"), ("grid_t11", "Quartz")):
        letters = name.lower()
        staff = Staff(name=name, name_pinyin=letters, name_initials=letters, kind="volunteer")
        staff.area_id = world.areas[grid]
        named.add(staff)
    named.commit()
    seen = {}
    for account in ("town_clerk_a", "town_clerk_t", "operator", "town_clerk_a", "town_clerk_t"):
        client = login_as(account)
        for word in ("qu", "quil", "QUO", "quartz", "no such"):
            answer = post(client, "/search/", q=word)
            page = client.get(answer.headers["Location"]) if answer.status_code == 303 else answer
            hits = {name for name in ("Quill", "Quorum", "Quartz") if name in page.text}
            assert seen.setdefault((account, word), hits) == hits
    assert [seen["town_clerk_a", word] for word in ("qu", "quil", "QUO", "quartz", "no such")] == [
        {"Quill", "Quorum"}, {"Quill"}, {"Quorum"}, set(), set(),
    ]  # fmt: skip
    assert seen["town_clerk_t", "qu"] == {"Quartz"} == seen["town_clerk_t", "quartz"]
    assert seen["operator", "qu"] == {"Quill", "Quorum", "Quartz"}


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

"""The filter of the list of people and the planning of a round find somebody by another name too (S4-61, S4-62)."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from sqlalchemy import select, text

from app.core import clock, removal
from app.core.actor import as_actor
from app.core.scope import session_actor
from app.core.views.filters import OPS, Active
from app.extensions import db
from app.proxy.queries import planning
from app.registry.models import Person, PersonName
from app.registry.queries import names
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.integration.test_statement_counts import MOST, counted

# invented: Li Xiaofang was Zhang Weimin, and Wang Min lives with her
OLD, NEW, OTHER = "\u5f20\u4f1f\u6c11", "\u674e\u5c0f\u82b3", "\u738b\u654f"
CONTAINS, BEGINS, IS = range(3)
FITS = [
    (CONTAINS, OLD),
    (CONTAINS, "\u4f1f\u6c11"),
    (CONTAINS, "\u4f1f"),
    (BEGINS, "\u5f20"),
    (BEGINS, "\u5f20\u4f1f"),
    (IS, OLD),
]
MISSES = [(CONTAINS, "\u5f20\u6c11"), (BEGINS, "\u4f1f"), (IS, "\u5f20\u4f1f"), (IS, OLD + "\u513f")]
REASON = f"{NEW} \u00b7 formerly {OLD}"


@pytest.fixture
def renamed(system, world):
    """Somebody of A11 with a former name, and the row of that name."""
    home = make_home(system, world.areas["grid_a11"])
    make_household(
        system,
        home,
        [ResidentFactory(name=NEW, number=None), ResidentFactory(name=OTHER, number=None, relation="10")],
    )
    person = system.query(Person).filter_by(name=NEW).one()
    row = PersonName(person_id=person.id, kind="former", name=OLD)
    system.add(row)
    system.commit()
    return person, row


def listed(client, *filters: tuple[int, str], path: str = "/person/list/") -> str:
    """The rows of the list under these filters of the name."""
    page = client.get(path + "?" + urlencode([(f"_flt_{op}_name", typed) for op, typed in filters]))
    assert page.status_code == 200
    return page.text.partition("<tbody")[2].partition("</tbody>")[0]


@pytest.mark.demand("S4-61", "S4-62")
def test_a_filter_finds_her_by_the_former_name_and_says_so(renamed, login_as):
    client = login_as("worker_a")
    for found in FITS:
        rows = listed(client, found)
        assert REASON in rows, found
        assert rows.count("gb-record") == 1, found
    for missed in MISSES:
        assert "gb-record" not in listed(client, missed), missed
    assert REASON in listed(client, (BEGINS, "\u5f20"), (CONTAINS, "\u6c11"))


def test_the_present_name_is_shown_without_a_remark(renamed, login_as, system):
    system.add(PersonName(person_id=renamed[0].id, kind="alias", name=NEW + "\u513f"))
    system.commit()
    rows = listed(login_as("worker_a"), (CONTAINS, NEW))
    assert NEW in rows
    assert "formerly" not in rows
    assert "also" not in rows


@pytest.mark.demand("S4-62")
def test_another_town_finds_nobody_by_the_former_name(renamed, login_as):
    client = login_as("worker_t")
    for found in FITS:
        assert "gb-record" not in listed(client, found)


def test_a_name_that_was_taken_away_finds_nobody_in_the_list_and_in_the_bin(renamed, login_as, system):
    person, row = renamed
    removal.put_away(row, "typed wrongly", by=1, now=clock.now())
    system.commit()
    client = login_as("clerk_a")
    assert "gb-record" not in listed(client, (CONTAINS, OLD))
    removal.put_away(person, "entered twice", by=1, now=clock.now())
    system.commit()
    assert NEW in listed(client, (CONTAINS, NEW), path="/person/deleted/")
    assert NEW not in listed(client, (CONTAINS, OLD), path="/person/deleted/")


def test_the_filter_costs_no_statement_and_the_reason_one(app, renamed, login_as):
    client, seen = login_as("worker_a"), []
    for typed in (NEW[0], OLD[0]):
        with counted(app, "PersonView.list") as statements:
            listed(client, (CONTAINS, typed))
        seen.append(len(statements))
    assert seen[1] == seen[0] + 1 <= MOST


def test_a_name_in_latin_letters_is_found_as_it_is_written_and_in_one(renamed, login_as, system):
    renamed[0].name = "John Smith"
    system.commit()
    client = login_as("worker_a")
    assert "John Smith" in listed(client, (CONTAINS, "John Smith"))
    assert "John Smith" in listed(client, (CONTAINS, "n  Sm"))


@pytest.mark.demand("S3-65")
@pytest.mark.parametrize(("typed", "hint"), [(OLD, True), ("\u4f1f", True), ("zwm", True), ("lxf", False)])
def test_a_round_is_planned_for_somebody_by_the_former_name(renamed, acting, typed, hint):
    session = acting("worker_a")
    (found,), more = planning.candidates(session, session_actor(session), clock.today(), text=typed)
    assert (found.name, found.hint, more) == (NEW, f"formerly {OLD}" if hint else "", False)


@pytest.mark.parametrize("username", ["worker_a", "operator"])
@pytest.mark.parametrize("op", [CONTAINS, BEGINS, IS])
def test_indexes_answer_both_kinds_of_names_in_one_statement(renamed, acting, username, op):
    """Beside the present name, an OR with other names must not send the database through all people."""
    session = acting(username)
    with as_actor(session_actor(session)):
        asked = Active("name", op, OLD, names.filtered(OLD, OPS["text"][op]))
    person = Person.__table__
    query = select(person.c.id).where((person.c.name == OLD) | asked.where)
    connection = session.connection()
    sql = str(query.compile(connection, compile_kwargs={"literal_binds": True})).replace("%", "%%")
    if db.engine.dialect.name == "sqlite":
        plan = str(connection.execute(text("EXPLAIN QUERY PLAN " + sql)).all())
        assert "MULTI-INDEX OR" in plan
        assert "SCAN person_name " not in plan
    else:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = str(connection.execute(text("EXPLAIN " + sql)).all())
        assert "BitmapOr" in plan
        assert "(id = ANY (" in plan.partition("BitmapOr")[2]

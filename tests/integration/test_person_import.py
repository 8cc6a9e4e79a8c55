"""The sheet "persons with households": whatever it writes is what the services write for one person."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, inspect, select

from app.areas.models import Area
from app.audit import seal as sealing
from app.audit.models import AccessLog, ChangeLog
from app.audit.verify import verify
from app.core import clock, counters
from app.core.errors import Invalid, Throttled
from app.core.extra import ExtraField, ExtraFieldArea
from app.core.jobs import worker
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.core.sheets import Row, sheets
from app.registry import importing
from app.registry.choices import HouseholdKind
from app.registry.importing import PersonWriter
from app.registry.models import (
    Building,
    ConsentTask,
    DuplicatePair,
    Dwelling,
    FloatingStay,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonName,
    PersonPhone,
    PersonSource,
    Residence,
)
from app.registry.rules import Birth
from app.registry.service import documents, homes, households, matching, persons
from tests.factories.registry import ResidentFactory, id_number, make_home, make_household

GRID = "430299001001001"
BATCH = "0190a000-0000-7000-8000-000000000001"
ABOUT_A_PERSON = (PersonArea, PersonName, PersonDocument, PersonPhone, PersonSource, ConsentTask, PersonGroup)
# keys, moments and who: the same by another way; a head that is known at once takes no second version
OWN = frozenset({"id", "uid", "created_at", "updated_at", "confirmed_at", "version", "updated_by"})


@pytest.fixture(autouse=True)
def put_everything_back(_database):
    """COPY passes by the fixture's listener on PostgreSQL."""
    yield
    if hasattr(_database, "touch_all"):
        _database.touch_all()


def born(years, *, day=1):
    today = clock.today()
    return date(today.year - years, 1, day)


def row(at, name, **values):
    return Row(at, {"name": name, "area": GRID, **values})


def family(number="7", first=2):
    """A couple with a child and a grandmother of 85; the wife stays for a time only."""
    return [
        row(first, "Lin An", number=id_number(born(40), 11), phone="13812345678", relation="02", road="Lane",
            door_no=number, ethnic="01", consistency="01"),
        row(first + 1, "Wu Bo", number=id_number(born(38), 12, male=False), relation="10", road="Lane",
            door_no=number, population_kind="floating"),
        row(first + 2, "Lin Chi", number=id_number(born(6), 13), relation="20", road="Lane", door_no=number),
        row(first + 3, "He Dao", birth=str(born(85)), sex="2", relation="52", road="Lane", door_no=number),
    ]  # fmt: skip


def take(session, rows, rule="skip", writer=None, **options):
    writer = writer or PersonWriter(session_actor(session), options)
    with unit_of_work(session):
        return writer.take(session, rows, rule, batch=BATCH)


def said(outcome):
    return [finding.message for finding in outcome.findings]


def people(system):
    system.rollback()
    return {p.name: p for p in system.scalars(select(Person).order_by(Person.id))}


def count(system, model):
    return system.scalar(select(func.count()).select_from(model))


def as_values(rows, **aliases):
    """Everything that rows say beside keys and moments, in an order of their own."""
    found = []
    for item in rows:
        values = {c.key: getattr(item, c.key) for c in inspect(type(item)).column_attrs if c.key not in OWN}
        found.append({k: aliases.get(k, {}).get(v, v) if k in aliases else v for k, v in values.items()})
    return sorted(found, key=lambda values: sorted((k, str(v)) for k, v in values.items()))


def everything(system, home):
    """All rows about a home and its people, keys replaced by what they stand for."""
    household = system.scalars(
        select(Household).join(HouseholdDwelling).where(HouseholdDwelling.dwelling_id == home.id)
    ).one()
    members = system.scalars(
        select(HouseholdMember).where(HouseholdMember.household_id == household.id)
    ).all()
    names = {m.person_id: m.person.name for m in members}
    keys = {
        "person_id": names,
        "head_person_id": names,
        "household_id": {household.id: "household"},
        "dwelling_id": {home.id: "home"},
    }
    about = {
        model.__name__: as_values(system.scalars(select(model).where(model.person_id.in_(names))), **keys)
        for model in (*ABOUT_A_PERSON, Residence, FloatingStay, HouseholdMember)
    }
    about["Person"] = as_values(system.scalars(select(Person).where(Person.id.in_(names))))
    about["Household"] = as_values([household], **keys)
    about["Dwelling"] = as_values([home])
    links = select(HouseholdDwelling).where(HouseholdDwelling.household_id == household.id)
    about["HouseholdDwelling"] = as_values(system.scalars(links), **keys)
    return about


def by_services(session, area_id, rows):
    """The same household as a clerk's form enters it."""
    hands = {"actor": session_actor(session), "now": clock.now()}
    with unit_of_work(session):
        home = homes.create_dwelling(
            session, area_id=area_id, now=hands["now"], fields={"road": "Lane", "door_no": "7"}
        )
        household = households.create_household(session, home, kind=HouseholdKind.living, now=hands["now"])
        for given in rows:
            values = given.values
            fields = {k: values[k] for k in ("ethnic", "consistency", "population_kind") if k in values}
            number = values.get("number")
            fields["sex"] = values.get("sex") or ("1" if int(number[16]) % 2 else "2")
            if fields.get("consistency") == "01":
                fields |= {"register_address": home.address, "population_kind": "registered"}
            text = values.get("birth") or f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
            person = persons.enter_person(
                session, name=values["name"], area_id=area_id, birth=Birth(date.fromisoformat(text)),
                fields=fields, **hands,
            )  # fmt: skip
            if number:
                documents.add_document(session, person, kind="111", number=number, **hands)
            if values.get("phone"):
                persons.set_phone(session, person, values["phone"], **hands)
            households.add_member(session, household, person, values["relation"], dwelling=home, **hands)
        households.settle_head(session, household)
    return home


def test_a_household_by_sheet_is_the_household_that_the_services_enter(acting, world, system):
    """Once by the services, taken away, once by the sheet: row by row and field by field the same."""
    session = acting("clerk_a")
    by_hand = by_services(session, world.areas["grid_a11"], family())
    system.rollback()
    wanted = everything(system, system.get(Dwelling, by_hand.id))
    system.rollback()
    # the numbers are free again
    for model in (PersonDocument, Person, Dwelling):
        for item in system.scalars(select(model)):
            item.deleted_at, item.delete_reason = clock.now(), "test"
    system.commit()
    outcomes = take(session, family(), source="grid")
    assert [(o.outcome, said(o)) for o in outcomes] == [("made", [])] * 4
    system.rollback()
    made = everything(system, system.scalars(select(Dwelling)).one())
    assert made == wanted
    assert {name: len(rows) for name, rows in made.items()} == {
        "Person": 4, "PersonArea": 8, "PersonName": 4, "PersonDocument": 3, "PersonPhone": 1, "PersonSource": 16,
        "ConsentTask": 1, "PersonGroup": 1, "Residence": 4, "FloatingStay": 1, "HouseholdMember": 4, "Household": 1,
        "Dwelling": 1, "HouseholdDwelling": 1,
    }  # fmt: skip


def test_what_was_made_is_counted_logged_sealed_and_named_for_the_undoing(acting, world, system, tmp_path):
    session = acting("clerk_a")
    outcomes = take(session, family())
    system.rollback()
    assert counters.verify(system) == []
    assert counters.total(system, "person.present") == 4
    assert counters.total(system, "household.living") == 1
    logged = system.execute(
        select(ChangeLog.table_name, ChangeLog.row_id).where(
            ChangeLog.batch == BATCH, ChangeLog.action == "insert"
        )
    ).all()
    named = [(table, key) for o in outcomes for table, key, _version in o.made]
    assert sorted(named) == sorted(tuple(line) for line in logged)
    assert [table for table, *_ in outcomes[0].made[:4]] == [
        "dwelling",
        "person",
        "household",
        "household_dwelling",
    ]
    system.rollback()
    sealing.seal(clock.now() + timedelta(seconds=1), tmp_path)
    assert verify(system, tmp_path).flaws == []


def test_the_dry_run_says_the_same_and_writes_nothing(acting, world, system):
    session = acting("clerk_a")
    rows = [
        *family(),
        row(6, "Lin An", number=id_number(born(40), 11), relation="02", road="Lane", door_no="7"),
    ]
    rows[-1].values["area"] = "Community A1Grid A11"  # as people write it
    rows += [row(7, "Mo", area="nowhere", relation="02"), row(8, "", relation="02")]
    writer = PersonWriter(session_actor(session), {})
    dry = [
        o for at in (0, 3) for o in writer.look(session, rows[at : at + 3] if at == 0 else rows[3:], "skip")
    ]
    assert [o.outcome for o in dry] == ["made"] * 4 + ["skipped", "bad", "bad"]
    session.rollback()
    assert (count(system, Person), count(system, ChangeLog)) == (0, count(system, ChangeLog))
    assert count(system, Dwelling) == 0
    wet = take(session, rows)
    assert [(o.outcome, said(o)) for o in wet] == [(o.outcome, said(o)) for o in dry]
    assert said(wet[5])[0].startswith("There is no area called")
    assert wet[5].findings[0].grave


def test_homes_and_households_are_found_again_in_the_next_chunk(acting, world, system):
    """A head in one chunk, the others in the next; a flat of the wizard; a flat in a building that nobody knows yet."""
    session, area = acting("clerk_a"), world.areas["grid_a11"]
    with unit_of_work(session):
        block = homes.create_building(session, name="3", area_id=area, fields={"estate": "Lotus"})
    writer = PersonWriter(session_actor(session), {})
    flat = {"building": "3", "unit": "1", "floor": 3, "room_no": "301"}
    chunks = [
        [*family()[:2], row(9, "Hu Yi", relation="02", birth="1990-02-03", **flat)],
        [*family()[2:], row(10, "Hu Er", relation="20", birth="2019-05-06", **flat)],
        [row(11, "Su San", relation="02", birth="1985", building="5", unit="2", room_no="502")],
        [row(12, "Su Si", relation="02", birth="1986-01-02", building="5", unit="2", room_no="502")],
    ]
    outcomes = [o for some in chunks for o in take(session, some, writer=writer)]
    assert [o.outcome for o in outcomes] == ["made"] * 7 + ["bad"]
    assert said(outcomes[-1]) == ["A household has one head; row %(other)s is the head already."]
    system.rollback()
    assert (count(system, Dwelling), count(system, Household)) == (3, 3)
    assert system.scalars(select(Building.name).order_by(Building.id)).all()[0] == block.name
    assert count(system, Building) == 2
    sizes = (
        select(Household.name, func.count(HouseholdMember.id)).join(HouseholdMember).group_by(Household.name)
    )
    assert {name[:5]: n for name, n in system.execute(sizes)} == {"Lin A": 4, "Hu Yi": 2, "Su Sa": 1} or {
        n for _name, n in system.execute(sizes)
    } == {4, 2, 1}
    precise = people(system)["Su San"]
    assert (precise.birth_date, precise.birth_precision) == (date(1985, 1, 1), "year")
    assert counters.verify(system) == []


def test_numbers_are_kept_as_they_are_with_what_is_odd_about_them(acting, world, system):
    session = acting("clerk_a")
    right = id_number(born(40), 21)
    wrong = right[:17] + ("0" if right[17] != "0" else "1")
    rows = [
        row(2, "Ai", number=wrong, relation="02", door_no="1", road="R"),
        row(3, "Bi", number="430299850221101", relation="02", door_no="2", road="R"),
        row(4, "Ci", number="1234", relation="02", door_no="3", road="R"),
        row(5, "Di", doc_kind="414", number="e1234567", relation="02", door_no="4", road="R", phone="12"),
    ]
    outcomes = take(session, rows)
    assert [o.outcome for o in outcomes] == ["made", "made", "bad", "made"]
    assert [len(o.findings) for o in outcomes] == [1, 1, 1, 1]
    found = people(system)
    assert set(found) == {"Ai", "Bi", "Di"}
    document = found["Ai"].documents[0]
    assert (document.number, document.warning, document.warning_reason) == (wrong, "check_digit", "import")
    assert (found["Bi"].documents[0].number, found["Bi"].birth_date) == ("430299850221101", date(1985, 2, 21))
    assert found["Di"].documents[0].number == "E1234567"
    assert found["Di"].phones == []
    # the 18 characters of today are the same person
    again = take(session, [row(2, "Bi", number=documents.matching.document_key("111", "430299850221101")[1])])
    assert again[0].outcome == "skipped"


def test_the_four_rules(acting, world, system):
    """Skip leaves, fill completes, update puts right, new keeps both apart and queues the pair."""
    session = acting("clerk_a")
    number = id_number(born(40), 31)
    take(session, [row(2, "Lin An", number=number, relation="02", road="Lane", door_no="7", education="20")])
    change = row(2, "Lin An", number=number, education="60", workplace="Mill", phone="13812345678")

    assert [o.outcome for o in take(session, [change], "skip")] == ["skipped"]
    assert people(system)["Lin An"].workplace is None

    (filled,) = take(session, [change], "fill")
    person = people(system)["Lin An"]
    assert (filled.outcome, person.education, person.workplace) == ("changed", "20", "Mill")
    assert filled.before == [["person", person.id, person.version, {"workplace": None}]]
    assert [table for table, *_ in filled.made] == ["person_phone"]
    assert take(session, [change], "fill")[0].outcome == "same"

    (updated,) = take(session, [change], "update")
    person = people(system)["Lin An"]
    assert (updated.outcome, person.education) == ("changed", "60")
    assert updated.before == [["person", person.id, person.version, {"education": "20"}]]
    logged = select(ChangeLog).where(ChangeLog.action == "update", ChangeLog.table_name == "person")
    assert {line.batch for line in system.scalars(logged)} == {BATCH}

    (apart,) = take(
        session, [row(2, "Lin An", number=number, relation="02", road="Lane", door_no="8")], "new"
    )
    assert apart.outcome == "made"
    system.rollback()
    kept = system.scalars(select(PersonDocument).order_by(PersonDocument.id)).all()
    assert [(d.dup_no, bool(d.dup_reason)) for d in kept] == [(0, False), (1, True)]
    assert count(system, DuplicatePair) == 1
    assert counters.verify(system) == []


def test_one_number_with_two_names_is_told_at_both_rows(acting, world, system):
    session, number = acting("clerk_a"), id_number(born(40), 41)
    place = {"relation": "02", "road": "Lane"}
    rows = [
        row(2, "Ai", number=number, door_no="1", **place),
        row(3, "Bi", number=number, door_no="2", **place),
    ]
    outcomes = take(session, rows)
    assert [o.outcome for o in outcomes] == ["made", "bad"]
    assert (
        said(outcomes[0])
        == said(outcomes[1])
        == ["Row %(other)s of this sheet has the same number with another name."]
    )
    for rule, outcome in (("skip", "skipped"), ("fill", "bad"), ("update", "bad")):
        (told,) = take(session, [row(2, "Ci", number=number)], rule)
        assert (told.outcome, told.findings[0].params["name"]) == (outcome, "Ai")


@pytest.mark.parametrize("parts", [(3, 4), (5,)])
def test_a_right_row_goes_in_below_a_wrong_one_about_the_same_person(parts, acting, system):
    """In the same chunk or in the next, in the check as in the run; one that is wrong as well says so."""
    one, two = (id_number(born(40), n) for n in (11, 13))
    lane = {"road": "Lane", "door_no": "1"}
    rows = [
        row(2, "Ai", number=one, **lane),  # without the relation
        row(3, "Bo", number=two, relation="02", **lane),
        row(4, "Ai", number=one, **lane),
        row(5, "Ai", number=one, relation="10", **lane),
        row(6, "Ai", number=one, relation="10", **lane),
    ]
    clerk = acting("clerk_a")
    for does in ("look", "take"):
        writer, found = PersonWriter(session_actor(clerk), {}), []
        for begin, end in zip((0, *parts), (*parts, len(rows)), strict=True):
            with unit_of_work(clerk):
                more = {"batch": BATCH} if does == "take" else {}
                found += getattr(writer, does)(clerk, rows[begin:end], "skip", **more)
        assert [o.outcome for o in found] == ["bad", "made", "bad", "made", "skipped"]
        assert said(found[4]) == [
            "The same person stands in row %(other)s of this sheet; this row is passed over."
        ]
    assert set(people(system)) == {"Ai", "Bo"}


def test_an_area_that_is_closed_while_the_sheet_runs_takes_nobody_any_more(acting, world, system):
    clerk = acting("clerk_a")
    writer = PersonWriter(session_actor(clerk), {})
    assert [o.outcome for o in take(clerk, family()[:1], writer=writer)] == ["made"]
    system.get(Area, world.areas["grid_a11"]).valid_to = clock.today() - timedelta(days=1)
    system.commit()
    [refused] = take(clerk, family("8", first=3)[:1], writer=writer)
    assert (refused.outcome, said(refused)) == (
        "bad",
        ["There is no area called “%(what)s” among yours."],
    )


def test_custom_fields_of_some_areas_are_asked_and_taken_there(acting, world, system):
    """What another town asks stands in no sheet of ours; what one of our grids asks is demanded in its rows alone."""
    with unit_of_work(system):
        for n, area in enumerate(("town_t", "grid_a11"), 1):
            common = {"subject": "person", "kind": "text", "level": "L2", "is_required": True}
            field = ExtraField(
                key=f"at_{area}", label=f"Dog {n}", seq=n, valid_from=date(2020, 1, 1), **common
            )
            system.add(field)
            system.flush()
            system.add(ExtraFieldArea(field_id=field.id, area_id=world.areas[area]))
    clerk = acting("clerk_a")
    fields = {f.key: f for f in sheets()[importing.PERSONS].fields(clerk) if f.key.startswith("x_")}
    assert {key: f.needed for key, f in fields.items()} == {"x_at_grid_a11": False}
    other = "430299001001002"
    rows = [
        row(2, "Ai", x_at_grid_a11="Rex"),
        row(3, "Bo"),
        Row(4, {"name": "Cai", "area": other, "x_at_grid_a11": "Max"}),
        Row(5, {"name": "Dou", "area": other}),
    ]
    found = take(clerk, rows)
    assert [o.outcome for o in found] == ["made", "bad", "made", "made"]
    assert "“%(field)s” is asked in this area: please fill it in." in said(found[1])
    assert "“%(field)s” is not asked in this area; it is left out." in said(found[2])
    system.rollback()
    kept = {name: person.extra for name, person in people(system).items()}
    assert kept == {"Ai": {"at_grid_a11": "Rex"}, "Cai": None, "Dou": None}


def test_somebody_elsewhere_is_not_opened_and_the_answer_is_logged(acting, world, system):
    with unit_of_work(system):
        home = make_home(system, world.areas["grid_t11"])
        make_household(
            system, home, [ResidentFactory(name="Far Away", birth=born(50), number=id_number(born(50), 51))]
        )
    session, number = acting("clerk_a"), id_number(born(50), 51)
    for rule in ("skip", "update", "new"):
        (outcome,) = take(
            session, [row(2, "Far Away", number=number, relation="02", door_no="9", road="R")], rule
        )
        assert outcome.outcome == "bad"
        assert said(outcome) == ["This person is registered elsewhere. You may ask for a move-in."]
        assert "Far" not in str(outcome.findings)
    system.rollback()
    logged = system.scalars(select(AccessLog).where(AccessLog.action == "SEARCH")).all()
    assert [(line.detail, line.user_id) for line in logged] == [
        ("match: elsewhere", world.accounts["clerk_a"].user_id)
    ] * 3
    assert count(system, Person) == 1


def test_a_check_of_residents_is_logged_and_tells_no_more_than_the_keyboard(
    acting, world, system, monkeypatch
):
    """Numbers of people elsewhere and of people under other names are counted; the same sheet may be checked again."""
    monkeypatch.setattr(matching, "ELSEWHERE_AN_HOUR", 2)
    numbers = [id_number(born(50), n) for n in (51, 53, 55, 57)]
    near, *far = [
        ResidentFactory(name=f"Hei {chr(65 + at)}", birth=born(50), number=n) for at, n in enumerate(numbers)
    ]
    with unit_of_work(system):
        make_household(system, make_home(system, world.areas["grid_a11"]), [near])
        for at, one in enumerate(far):
            make_household(system, make_home(system, world.areas["grid_t11"], str(at)), [one])
    clerk = acting("clerk_a")

    def look(*rows):
        with unit_of_work(clerk):
            return PersonWriter(session_actor(clerk), {}).look(clerk, list(rows), "skip")

    rows = [row(at, f"Bai {chr(65 + at)}", number=number) for at, number in enumerate(numbers, 2)]
    for _again in range(2):
        assert [o.outcome for o in look(*rows[:3])] == ["skipped", "bad", "bad"]
    with pytest.raises(Throttled):
        look(rows[3])
    with pytest.raises(Invalid, match="different numbers"):
        look(*(row(n, "Same Name", number=id_number(born(50), 60 + n)) for n in range(2, 9)))
    system.rollback()
    logged = list(system.scalars(select(AccessLog.detail).where(AccessLog.action == "SEARCH")))
    assert logged.count("match: sheet, 3 asked, 1 inside, 2 elsewhere, 0 none") == 2
    assert (logged.count("match: inside"), logged.count("match: elsewhere")) == (2, 4)


def test_heads_relations_and_homes_that_are_missing(acting, world, system):
    session = acting("clerk_a")
    rows = [
        row(2, "Ai", relation="10", door_no="1", road="R", birth="1980-01-01"),
        row(3, "Bi", relation="20", door_no="1", road="R", birth="2005-01-01"),
        row(4, "Ci", relation="02", door_no="2", road="R", birth="1981-01-01"),
        row(5, "Di", relation="02", door_no="2", road="R", birth="1982-01-01"),
        row(6, "Ei", door_no="2", road="R", birth="1983-01-01"),
        row(7, "Fi", birth="1984-01-01"),
        row(8, "Gi", door_no="3", road="R", birth="1985-01-01", area="430299001001"),
        row(9, "Hi", door_no="4", road="R", birth="1986-01-01"),
    ]
    outcomes = take(session, rows)
    assert [o.outcome for o in outcomes] == ["made", "made", "made", "bad", "bad", "made", "bad", "made"]
    assert said(outcomes[0]) == ["A household needs a head."]
    assert said(outcomes[3]) == ["A household has one head; row %(other)s is the head already."]
    assert said(outcomes[4]) == ["Please give the relation to the head."]
    assert said(outcomes[5])[0].startswith("No home is given")
    assert said(outcomes[6]) == [
        "A home belongs to a grid. Please choose one."
    ]  # two grids below the community
    found = people(system)
    heads = {h.head_person_id: h for h in system.scalars(select(Household))}
    assert set(heads) == {None, found["Ci"].id, found["Hi"].id}  # who lives alone is the head
    assert count(system, Residence) == 4
    # the head comes with a later sheet
    take(session, [row(2, "Head", relation="02", door_no="1", road="R", birth="1979-01-01")])
    head = people(system)["Head"]
    assert system.scalars(select(Household.head_person_id).where(Household.head_person_id == head.id)).one()
    assert counters.verify(system) == []


def test_duplicates_of_an_import_are_looked_for_by_a_job(acting, world, system):
    """Name, birth date and pinyin: what the rules of the site make of the new people waits in the queue afterwards."""
    with unit_of_work(system):
        home = make_home(system, world.areas["grid_t11"])
        make_household(system, home, [ResidentFactory(name="Same Name", number=None, birth=date(1980, 2, 3))])
    session = acting("clerk_a")
    take(session, [row(2, "Same Name", birth="1980-02-03", sex="1", relation="02", road="R", door_no="1")])
    assert count(system, DuplicatePair) == 0
    while worker.run_one("tester"):
        pass
    system.rollback()
    (pair,) = system.scalars(select(DuplicatePair))
    assert pair.found_by == "import"


def test_custom_fields_come_along_where_the_role_may_type_them(acting, world, system):
    """Made with the person, filled in later; a field of level L5 stands in the sheet of nobody without the grant."""
    with unit_of_work(system):
        system.add(ExtraField(subject="person", key="dog", label="Dog", kind="text", level="L2", seq=1))
        system.add(ExtraField(subject="person", key="past", label="Past", kind="text", level="L5", seq=2))
    session = acting("clerk_a")
    keys = [field.key for field in sheets()[importing.PERSONS].fields(session)]
    assert "x_dog" in keys
    assert "x_past" not in keys
    number = id_number(born(40), 61)
    take(session, [row(2, "Ai", number=number, relation="02", road="R", door_no="1", x_dog="Rex")])
    assert people(system)["Ai"].extra == {"dog": "Rex"}
    (changed,) = take(session, [row(2, "Ai", number=number, x_dog="Bo")], "update")
    person = people(system)["Ai"]
    assert person.extra == {"dog": "Bo"}
    assert changed.before == [["person", person.id, person.version, {"extra": {"dog": "Rex"}}]]
    lines = system.scalars(select(ChangeLog.changes).where(ChangeLog.row_id == person.id)).all()
    assert any('"x_dog":["Rex","Bo"]' in line for line in lines)


def test_the_sheet_is_declared_with_its_fields(app, system):
    sheet = sheets()[importing.PERSONS]
    fields = {field.key: field for field in sheet.fields(system)}
    assert sheet.view == "PersonView"
    assert fields["name"].needed
    assert {"area", "number", "relation", "household_no", "building", "phone"} <= fields.keys()
    assert fields["number"].judge("430299850221101") == (
        "430299850221101",
        [("This is an old number of 15 digits.", {}, False)],
    )


@pytest.mark.any_database
@pytest.mark.parametrize("way", ["look", "take"])
def test_work_that_was_broken_off_knows_who_stood_in_the_chunks_before_it(way, acting, world):
    session, rows = acting("clerk_a"), family()
    place = {k: v for k, v in rows[0].values.items() if k in ("road", "door_no", "room_no", "village_group")}
    again = Row(9, dict(rows[0].values))
    head = row(10, "Lin Bo", number=id_number(born(41), 15), relation="02", **place)
    first, later = (PersonWriter(session_actor(session), {}) for _writer in range(2))
    if way == "take":
        take(session, rows)
    else:
        first.look(session, rows, "skip")
    later.recall(session, rows, "skip", {}, writes=way == "take")
    outcomes = later.look(session, [again, head], "skip")
    assert [o.outcome for o in outcomes] == ["skipped", "bad"]
    assert said(outcomes[0])[0].startswith("The same person stands in row")
    assert " head" in said(outcomes[1])[0]

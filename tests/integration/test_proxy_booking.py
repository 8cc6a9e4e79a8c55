"""Booking a case: whose it is, where it lies, who decides it, what it asks for."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import OrgUnit
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.proxy.models import CaseStep, ProxyCase, ServiceItemVersion
from app.proxy.service import book
from app.registry.choices import AreaTie
from app.registry.models import Person
from app.registry.service import ties
from tests.factories.proxy import make_case
from tests.factories.registry import make_person

pytest_plugins = ("tests.support.proxy",)


def case_of(session, uid):
    session.rollback()
    return session.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


@pytest.mark.demand("S3-66", "S3-49", "S3-55")
def test_a_booked_case_has_an_owner_a_department_papers_and_a_running_clock(system, world, booked, elder):
    day = clock.today() + timedelta(days=1)
    case = case_of(system, booked(appointment=day, slot="09:00-10:00"))
    assert case.number == f"DB-430299001001-{clock.today().year}-00001"
    assert (case.state, case.booked_for, case.booked_slot) == ("booked", day, "09:00-10:00")
    assert case.area_id == world.areas["grid_a11"]
    assert case.staff_id == world.accounts["worker_a"].staff_id
    assert case.department_id == world.units["health"]
    assert case.party["name"] == case.party_name == "Elder Li"
    assert case.party["uid"] == elder
    assert case.party["phone"] == "13800000001"
    assert len(case.party["document_number"]) == 18
    assert case.party["address"]
    assert [(m.seq, m.form, m.state) for m in case.materials] == [
        (1, "original", "asked"),
        (2, "check_copy", "asked"),
        (3, "original", "asked"),
    ]
    assert [m.is_authorization for m in case.materials] == [False, False, True]
    assert [(c.kind, c.stopped_at) for c in case.clocks] == [("collect", None)]
    assert case.step_due_at == case.clocks[0].due_at
    assert case.promise_due_at is None
    first = system.scalars(select(CaseStep).where(CaseStep.case_id == case.id)).one()
    assert (first.action, first.from_state, first.to_state) == ("book", None, "booked")
    assert (first.by_role, first.by_user) == ("grid_worker", world.accounts["worker_a"].user_id)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"appointment": "yesterday"}, "appointment"),
        ({"item": "XX-99"}, "item"),
        ({"staff_id": -1}, "staff"),
    ],
)
def test_what_cannot_be_booked(booked, sessions, asked, field):
    if "appointment" in asked:
        asked = {"appointment": clock.today() - timedelta(days=1)}
    with pytest.raises(Invalid) as refused:
        booked(**asked)
    assert refused.value.field == field
    assert sessions["worker"].scalars(select(ProxyCase)).all() == []


def test_the_same_service_twice_at_a_time_is_a_slip(booked, sessions):
    first = case_of(sessions["worker"], booked()).number
    with pytest.raises(Conflict) as refused:
        booked()
    assert first in str(refused.value)
    booked("WJ-01")
    booked(again=True)


def test_numbers_have_no_gap_where_a_booking_fails(booked, system):
    booked()
    with pytest.raises(Conflict):
        booked()
    assert case_of(system, booked(again=True)).number.endswith("-00002")


def test_a_tenant_managed_elsewhere_gets_the_case_where_the_worker_is(system, sessions, world):
    person = make_person(system, world.areas["grid_t11"], name="Tenant Wu")
    ties.open_tie(system, person, world.areas["grid_a11"], AreaTie.tenant, clock.today())
    uid = person.uid
    system.commit()
    session = sessions["worker"]
    seen = session.scalars(select(Person).where(Person.uid == uid)).one()
    case = make_case(session, seen)
    assert case_of(system, case.uid).area_id == world.areas["grid_a11"]


def test_nobody_books_for_a_person_of_another_town(system, acting, elder):
    outsider = acting("worker_t")
    assert outsider.scalars(select(Person).where(Person.uid == elder)).all() == []
    person = system.scalars(select(Person).where(Person.uid == elder)).one()
    with pytest.raises(NotAllowed):
        book(
            outsider,
            outsider.info["actor"],
            clock.now(),
            person=person,
            item_code="WJ-02",
            appointment=clock.today(),
        )


@pytest.mark.parametrize("role", ["operator", "town_clerk_a", "office_a", "clerk_a"])
def test_who_else_books(acting, login_as, elder, role):
    session = acting(role)
    person = session.scalars(select(Person).where(Person.uid == elder)).one()
    assert make_case(session, person).state == "booked"
    assert login_as(role).get("/proxy/book").status_code == 200


@pytest.mark.any_database
@pytest.mark.parametrize("role", ["dispatcher", "leader", "supervisor"])
def test_who_does_not(acting, elder, role):
    session = acting(role)
    person = session.scalars(select(Person).where(Person.uid == elder)).one()
    with pytest.raises(NotAllowed):
        make_case(session, person)


def unit(system, world, code, area, **fields):
    row = OrgUnit(
        path=f"9{code}", kind="department", code=code, name=code, department_code="WJ",
        area_id=world.areas[area], **fields,
    )  # fmt: skip
    system.add(row)
    system.commit()
    return row.id


@pytest.mark.demand("S3-53")
def test_the_nearest_department_of_the_item_decides(system, world, booked):
    yesterday, tomorrow = clock.today() - timedelta(days=1), clock.today() + timedelta(days=1)
    unit(system, world, "wj_t", "town_t")
    unit(system, world, "wj_old", "grid_a11", valid_to=yesterday)
    unit(system, world, "wj_later", "grid_a11", valid_from=tomorrow)
    town = unit(system, world, "wj_a", "town_a")
    assert case_of(system, booked()).department_id == town
    assert case_of(system, booked("RS-06")).department_id is None


@pytest.mark.any_database
def test_conditions_answered_at_booking(system, booked):
    version = next(
        v
        for v in system.scalars(select(ServiceItemVersion))
        if sum(m.required == "conditional" and bool(m.condition) for m in v.materials) > 1
    )
    code, conditions = version.item.code, [m.condition for m in version.materials if m.condition]
    case = case_of(system, booked(code, answers={conditions[0]: True, conditions[1]: False}))
    answers = {m.condition: m.applies for m in case.materials if m.condition}
    assert (answers[conditions[0]], answers[conditions[1]]) == (True, False)
    assert all(m.applies for m in case.materials if not m.condition)

"""Two records made one and taken apart again (S4-61): every pointer, homes, history, scope, counters, locks."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, select

from app.audit.models import ChangeLog
from app.core import clock, counters
from app.core.errors import Conflict, NotFound
from app.core.extra import ExtraField
from app.core.scope import session_actor
from app.registry.choices import HouseholdKind
from app.registry.choices.duplicates import DuplicateState
from app.registry.models import (
    DuplicatePair,
    Household,
    HouseholdMember,
    LifeEvent,
    LifeEventPerson,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonMerge,
    PersonName,
    PersonPhone,
    PersonSource,
    Proposal,
    ProposalStep,
    Residence,
)
from app.registry.service import documents, duplicates, households, merging, persons
from app.registry.service.merging import fields, follow
from tests.factories.registry import ResidentFactory, id_number, make_home, make_household, make_person

BORN = date(1985, 2, 21)
WHY = "the same woman"


class Case:
    """Two records of one woman: a wife in one home, head of another, with parts that clash and parts that do not."""

    def __init__(self, session, decider, area_id: int, other_area_id: int | None = None) -> None:
        self.decider = decider
        self.session, self.actor, self.now = session, session_actor(session), clock.now()
        wife = ResidentFactory(
            name="Li Ming", male=False, birth=BORN, number=None, relation="10", phone="13800000001"
        )
        self.home = make_home(session, area_id, "1")
        self.household = make_household(session, self.home, [ResidentFactory(), wife])
        self.other_home = make_home(session, other_area_id or area_id, "2")
        other = ResidentFactory(name="Li Ming", male=False, birth=BORN, number=None, phone="13800000001")
        self.other_household = make_household(
            session, self.other_home, [other, ResidentFactory(relation="20")]
        )
        session.flush()
        self.kept = session.scalars(
            select(Person).where(Person.name == "Li Ming").order_by(Person.id)
        ).first()
        self.gone = session.scalars(
            select(Person).where(Person.name == "Li Ming").order_by(Person.id.desc())
        ).first()
        self.gone.ethnic, self.gone.education = "01", "20"
        self.kept.education = "30"
        number = id_number(BORN, 77, male=False)
        documents.add_document(session, self.gone, kind="111", number=number, actor=self.actor, now=self.now)
        self.pair = duplicates.by_hand(
            session, self.kept, self.gone, reason="noticed", actor=self.actor, now=self.now
        )

    def add_clashes(self) -> None:
        """The same group, the same document, the same event, the same proposal on both."""
        self.session.commit()  # other bearers of a number are looked up in a session of its own
        for person, level in ((self.kept, "L4"), (self.gone, "L4")):
            self.session.add(
                PersonGroup(person_id=person.id, group_code="G21", level=level, valid_from=date(2026, 1, 1))
            )
            self.session.add(
                Proposal(person_id=person.id, rule="age_80", anchor="80", topic="benefit", state="open")
            )
        self.session.add(PersonGroup(person_id=self.gone.id, group_code="S05", level="L5"))
        event = LifeEvent(area_id=self.kept.area_id, kind="move_in", happened_on=date(2026, 1, 1))
        self.session.add(event)
        self.session.flush()
        for person in (self.kept, self.gone):
            self.session.add(LifeEventPerson(event_id=event.id, person_id=person.id))
        documents.add_document(
            self.session,
            self.kept,
            kind="111",
            number=self.gone.documents[0].number,
            dup_reason="two cards",
            actor=self.actor,
            now=self.now,
        )
        self.session.flush()


@pytest.fixture
def decider(acting):
    return session_actor(acting("town_clerk_a"))


@pytest.fixture
def case(system, decider, world):
    made = Case(system, decider, world.areas["grid_a11"])
    made.add_clashes()
    system.commit()
    return made


def join(case, *, stays=1, actor=None, **choices):
    with merging.whole_register() as wide:
        row = merging.merge(
            wide,
            case.pair.uid,
            stays=stays,
            choices=choices,
            reason=WHY,
            actor=actor or case.decider,
            now=clock.now(),
        )
        uid = row.uid
    case.session.rollback()
    case.session.expire_all()
    return uid


def apart(case, uid, actor=None):
    with merging.whole_register() as wide:
        left = merging.undo(wide, uid, reason="twins", actor=actor or case.decider, now=clock.now()).left
    case.session.rollback()
    case.session.expire_all()
    return left


def pointing(session, person_id: int) -> set[str]:
    """Pointers that still have a row for a person, those of the way back left out."""
    found = set()
    for pointer in follow.pointers():
        if pointer.follow.way == "stays":
            continue
        value = (
            session.get(Person, person_id, execution_options={"with_deleted": True}).uid
            if pointer.by_uid
            else person_id
        )
        if session.connection().execute(select(pointer.column).where(pointer.column == value)).first():
            found.add(pointer.name)
    return found


def everything(session) -> dict[str, list]:
    """All rows but for bookkeeping, logs and steps, which only grow, and the queue itself."""
    skip = {"version", "updated_at", "updated_by"}
    logs = ("_log", "_step", "person_merge", "duplicate_pair")
    out = {}
    for name, table in Person.metadata.tables.items():
        if name.endswith(logs) or name.startswith("ab_"):
            continue
        columns = [c for c in table.columns if c.name not in skip]
        rows = session.connection().execute(select(*columns)).all()
        out[name] = sorted(map(repr, map(tuple, rows)))
    return out


@pytest.mark.demand("S4-61")
def test_every_pointer_at_a_person_has_said_how_it_follows():
    assert follow.unknown() == []
    assert set(follow.FOLLOWS) <= {pointer.name for pointer in follow.pointers()}


def test_a_new_foreign_key_to_person_is_noticed():
    table = Table("brand_new", MetaData(), Column("person_id", Integer, ForeignKey("person.id")))
    assert follow.unknown([table]) == ["brand_new.person_id"]


def test_every_column_of_a_person_is_chosen_or_belongs_to_the_record():
    chosen = {key for keys in fields.FIELDS.values() for key in keys}
    assert chosen | fields.OF_THE_RECORD | fields.STORES == {a.key for a in Person.__mapper__.column_attrs}
    assert not chosen & fields.OF_THE_RECORD


@pytest.mark.demand("S4-61")
def test_everything_goes_over_and_nothing_points_at_the_record_that_went(case, system):
    assert {"residence.person_id", "proposal.person_id"} <= pointing(system, case.gone.id)
    join(case)
    assert pointing(system, case.gone.id) == set()
    gone = system.get(Person, case.gone.id, execution_options={"with_deleted": True})
    assert (gone.status, gone.merged_into_id) == ("merged", case.kept.id)
    assert gone.deleted_at is not None
    assert counters.verify(system) == []


def test_where_both_have_the_same_one_stays_open(case, system):
    join(case)
    kept = case.kept.id

    def open_rows(model, *where):
        return system.scalars(
            select(model).where(model.person_id == kept, model.valid_to.is_(None), *where)
        ).all()

    assert len(open_rows(PersonGroup, PersonGroup.group_code == "G21")) == 1
    assert len(open_rows(PersonPhone)) == 1
    assert [s.action for s in system.scalars(select(ProposalStep))] == ["drop"]
    assert [(d.dup_no, d.is_primary) for d in open_rows(PersonDocument)] == [(0, True)]
    assert [p.state for p in system.scalars(select(Proposal).where(Proposal.person_id == kept))] == [
        "open",
        "dropped",
    ]
    assert len(system.scalars(select(LifeEventPerson).where(LifeEventPerson.person_id == kept)).all()) == 1
    assert len(system.scalars(select(PersonSource).where(PersonSource.person_id == kept)).all()) == 4


def test_fields_are_taken_as_chosen_and_filled_where_empty(case, system):
    join(case, education=fields.GONE)
    kept = system.get(Person, case.kept.id)
    assert (kept.education, kept.ethnic) == ("20", "01")


@pytest.mark.parametrize(("choice", "lived_in"), [(None, "home"), (fields.GONE, "other_home")])
def test_one_home_and_one_household_stay(case, system, choice, lived_in):
    join(case, **({"living": choice} if choice else {}))
    lived = system.scalars(
        select(Residence).where(Residence.person_id == case.kept.id, Residence.valid_to.is_(None))
    ).all()
    assert [r.dwelling_id for r in lived] == [getattr(case, lived_in).id]
    members = system.scalars(
        select(HouseholdMember).where(
            HouseholdMember.person_id == case.kept.id, HouseholdMember.valid_to.is_(None)
        )
    ).all()
    household = case.household if lived_in == "home" else case.other_household
    assert [m.household_id for m in members] == [household.id]
    other = system.get(Household, case.other_household.id)
    assert (other.head_person_id == case.kept.id) is (lived_in == "other_home")


def test_a_household_that_held_only_the_record_that_went_is_closed(system, decider, world):
    case = Case(system, decider, world.areas["grid_a11"])
    member = households.members_of(system, case.other_household)[1]
    households.end_membership(system, member, reason="moveout", actor=case.actor, now=case.now)
    system.commit()
    before = counters.total(system, "household.living")
    uid = join(case)
    assert system.get(Household, case.other_household.id).valid_to is not None
    assert counters.total(system, "household.living") == before - 1
    assert apart(case, uid) == []
    assert system.get(Household, case.other_household.id).valid_to is None
    assert counters.total(system, "household.living") == before
    assert counters.verify(system) == []


@pytest.mark.demand("S4-61")
@pytest.mark.parametrize("stays", [1, 2])
@pytest.mark.parametrize("choice", [fields.KEPT, fields.GONE])
def test_merged_and_taken_apart_every_row_is_as_it_was(case, system, stays, choice):
    case.gone.name = "Li Min"  # a name that differs, so that the other one is kept as what she is called
    system.commit()
    before = everything(system)
    named = dict.fromkeys([*fields.FIELDS, "living", "registered", "document"], choice)
    uid = join(case, stays=stays, **named)
    assert everything(system) != before
    assert apart(case, uid) == []
    after = everything(system)
    assert {k: (v, after[k]) for k, v in before.items() if after[k] != v} == {}
    assert counters.verify(system) == []
    assert system.get(DuplicatePair, case.pair.id).state == DuplicateState.open


@pytest.mark.demand("S4-61")
def test_what_changed_since_is_named_and_left(case, system):
    uid = join(case)
    kept = system.get(Person, case.kept.id)
    persons.edit_person(system, kept, {"ethnic": "15"}, actor=case.actor, now=clock.now())
    persons.set_phone(system, kept, "13800000009", actor=case.actor, now=clock.now())
    system.commit()
    left = apart(case, uid)
    assert [(item.table, item.column) for item in left] == [("person", "ethnic")]
    assert system.get(Person, case.kept.id).ethnic == "15"
    phones = system.scalars(select(PersonPhone).where(PersonPhone.person_id == case.kept.id)).all()
    assert {p.number for p in phones} == {"13800000001", "13800000009"}


def test_custom_fields_that_stay_win_missing_ones_are_taken_over_and_go_back(case, system):
    for key, (label, level) in enumerate((("Leaflet", "L3"), ("Key box", "L3"), ("Oxygen", "L4")), 1):
        values = {"subject": "person", "kind": "text", "level": level, "key": f"f{key}"}
        system.add(ExtraField(label=label, **values))
    case.kept.extra = {"f1": "stays"}
    case.gone.extra, case.gone.extra_closed = {"f1": "loses", "f2": "red", "gone": 1}, {"f3": "at night"}
    system.commit()
    uid = join(case)
    assert (case.kept.extra, case.kept.extra_closed) == ({"f1": "stays", "f2": "red"}, {"f3": "at night"})
    case.kept.extra = {"f1": "later", "f2": "red"}
    system.commit()
    apart(case, uid)
    assert (case.kept.extra, case.kept.extra_closed) == ({"f1": "later"}, None)


def test_the_name_that_was_not_chosen_still_finds_her(case, system):
    case.gone.name = "Li Min"
    system.commit()
    join(case)
    called = system.scalars(select(PersonName).where(PersonName.person_id == case.kept.id)).all()
    assert {(n.kind, n.name) for n in called} == {("current", "Li Ming"), ("alias", "Li Min")}


def test_a_chain_leads_to_its_end_and_is_taken_apart_from_there(case, system, world):
    uid = join(case)
    third = make_person(
        system, world.areas["grid_a11"], ResidentFactory(name="Li Ming", birth=BORN, number=None)
    )
    pair = duplicates.by_hand(
        system, system.get(Person, case.kept.id), third, reason="x", actor=case.actor, now=clock.now()
    )
    system.commit()
    case.pair = pair
    second = join(case, stays=2)
    assert merging.kept_for(system, case.gone.uid).id == third.id
    assert merging.merged_into(system, third.id) == [case.kept.id, case.gone.id]
    with pytest.raises(Conflict):
        apart(case, uid)
    apart(case, second)
    assert merging.kept_for(system, case.gone.uid).id == case.kept.id
    assert merging.kept_for(system, case.kept.uid) is None
    apart(case, uid)
    assert merging.kept_for(system, case.gone.uid) is None


def test_a_second_merge_of_the_pair_is_refused_in_a_sentence(case, system):
    uid = join(case)
    with pytest.raises(Conflict, match="settled"):
        join(case)
    apart(case, uid)
    with pytest.raises(Conflict, match="apart"):
        apart(case, uid)


def test_two_clerks_at_once_make_one_merge(case, system):
    barrier, refused, uid = threading.Barrier(2), [], case.pair.uid

    def clerk(stays: int) -> None:
        barrier.wait()
        try:
            with merging.whole_register() as wide:
                merging.merge(
                    wide,
                    uid,
                    stays=stays,
                    choices={},
                    reason=WHY,
                    actor=case.decider,
                    now=clock.now(),
                )
        except Conflict as no:
            refused.append(no)

    threads = [threading.Thread(target=clerk, args=(n,)) for n in (1, 2)]
    system.rollback()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    system.rollback()
    assert len(refused) == 1
    assert len(system.scalars(select(PersonMerge)).all()) == 1
    assert counters.verify(system) == []


class TestScope:
    @pytest.fixture
    def across(self, system, decider, world):
        made = Case(system, decider, world.areas["grid_a11"], world.areas["grid_a21"])
        system.commit()
        return made

    def test_who_sees_one_side_only_may_not_merge(self, across, acting):
        with pytest.raises(NotFound):
            join(across, actor=session_actor(acting("clerk_a")))

    def test_the_level_above_merges_and_both_areas_see_who_stays_where_she_lives(
        self, across, acting, system
    ):
        join(across, actor=session_actor(acting("town_clerk_a")), living=fields.GONE)
        kept = across.kept.id
        open_areas = set(
            system.scalars(
                select(PersonArea.area_id).where(PersonArea.person_id == kept, PersonArea.valid_to.is_(None))
            )
        )
        assert open_areas == {across.other_home.area_id}
        assert system.get(Person, kept).area_id == across.other_home.area_id
        assert acting("worker_a").get(Person, kept) is None

    def test_groups_by_named_grant_go_along_unseen(self, case, acting, system):
        clerk = acting("clerk_a")
        assert clerk.scalars(select(PersonGroup).where(PersonGroup.level == "L5")).all() == []
        uid = join(case, actor=session_actor(clerk))
        hidden = select(PersonGroup).where(PersonGroup.level == "L5")
        assert [g.person_id for g in system.scalars(hidden)] == [case.kept.id]
        clerk.rollback()
        assert clerk.scalars(hidden).all() == []
        apart(case, uid, actor=session_actor(clerk))
        assert [g.person_id for g in system.scalars(hidden)] == [case.gone.id]

    def test_somebody_of_another_town_may_not_take_it_apart(self, case, acting):
        uid = join(case)
        with pytest.raises(NotFound):
            apart(case, uid, actor=session_actor(acting("town_clerk_t")))


@pytest.mark.demand("S4-61")
def test_both_ways_stand_in_the_change_log_with_their_reason(case, system):
    uid = join(case)
    apart(case, uid)
    log = system.scalars(
        select(ChangeLog)
        .where(ChangeLog.table_name == "person", ChangeLog.row_id == case.gone.id)
        .order_by(ChangeLog.id)
    ).all()
    assert [(row.action, row.reason) for row in log][-2:] == [("delete", WHY), ("restore", "twins")]


def test_whoever_was_found_different_stays_different_from_the_merged_record(case, system, world):
    twin = make_person(
        system, world.areas["grid_a11"], ResidentFactory(name="Li Ming", male=False, birth=BORN, number=None)
    )
    pair = duplicates.by_hand(system, case.gone, twin, reason="x", actor=case.actor, now=clock.now())
    duplicates.differ(system, pair, reason="twins", actor=case.decider, now=clock.now())
    system.commit()
    join(case)
    states = {
        (p.first_id, p.second_id): p.state
        for p in system.scalars(select(DuplicatePair))
        if twin.id in (p.first_id, p.second_id)
    }
    assert states[case.kept.id, twin.id] == DuplicateState.different


def test_a_registered_household_is_chosen_beside_the_living_one(system, decider, world):
    case = Case(system, decider, world.areas["grid_a11"])
    book = households.create_household(system, case.home, kind=HouseholdKind.registered, now=case.now)
    households.add_member(
        system,
        book,
        case.gone,
        "02",
        dwelling=case.home,
        actor=case.actor,
        now=case.now,
        since=clock.today() - timedelta(days=3),
    )
    households.settle_head(system, book)
    system.commit()
    join(case)
    book = system.get(Household, book.id)
    assert book.head_person_id == case.kept.id
    kinds = {
        r.kind
        for r in system.scalars(
            select(Residence).where(Residence.person_id == case.kept.id, Residence.valid_to.is_(None))
        )
    }
    assert kinds == {"living", "registered"}


@pytest.mark.parametrize("dead", ["kept", "gone"])
def test_a_death_is_entered_and_not_merged_in(case, dead):
    """A merge would leave a dead head in a household that nobody settles."""
    getattr(case, dead).died_on = date(2026, 11, 1)
    case.session.commit()
    with pytest.raises(Conflict, match="died"):
        join(case, died="gone")

"""The clerk's page below the edge: everything checked first, all problems at their fields, all or nothing saved."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from app.audit.models import AccessLog
from app.core import clock, counters
from app.core.errors import Throttled
from app.core.extra import ExtraField
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.registry.models import (
    ChangeRequest,
    Household,
    HouseholdMember,
    MoveInRequest,
    Person,
    PersonDocument,
    PersonGroup,
    PersonPhone,
    Residence,
)
from app.registry.queries import desk
from app.registry.service import census, matching
from app.registry.service.census import DwellingEntry, EntryRefused, HouseholdEntry, MemberEntry, extras
from tests.factories.registry import (
    Resident,
    ResidentFactory,
    id_number,
    make_home,
    make_household,
    make_person,
)


def typed(resident: Resident, ref: str = "r1", **more) -> MemberEntry:
    fields = {"name": resident.name, **resident.fields}
    if resident.number:
        fields["number"] = resident.number
    if resident.phone:
        fields["phone"] = resident.phone
    return MemberEntry(ref, relation=resident.relation, fields={**fields, **more.pop("fields", {})}, **more)


def entry(*members: MemberEntry, **kw) -> DwellingEntry:
    return DwellingEntry("c1", [HouseholdEntry("h1", members=list(members), **kw)])


class Desk:
    """A session, a home, and the two steps of the page."""

    def __init__(self, session, area_id: int, number: str = "1") -> None:
        self.session = session
        self.home = make_home(session, area_id, number)
        session.commit()

    def check(self, given: DwellingEntry):
        return census.check_entry(
            self.session, self.home, given, actor=session_actor(self.session), now=clock.now()
        )

    def save(self, given: DwellingEntry):
        checked = self.check(given)
        with unit_of_work(self.session):
            saved = census.save_entry(
                self.session, checked, actor=session_actor(self.session), now=clock.now()
            )
        return saved, checked

    def refused(self, given: DwellingEntry) -> dict[tuple[str | None, str, str], census.Problem]:
        with pytest.raises(EntryRefused) as refusal:
            self.save(given)
        self.session.rollback()
        return {(p.member, p.field, p.code): p for p in refusal.value.problems if p.stops}

    def state(self):
        self.session.expire_all()
        return desk.state(self.session, self.home, clock.today())


@pytest.fixture
def place(acting, world) -> Desk:
    return Desk(acting("worker_a"), world.areas["grid_a11"])


def family() -> list[Resident]:
    return [
        ResidentFactory(
            name="Wang Jianguo", phone="13812345678", fields={"ethnic": "01", "consistency": "01"}
        ),
        ResidentFactory(name="Li Xiulan", male=False, relation="10", birth=date(1982, 4, 5)),
        ResidentFactory(name="Wang Lei", relation="20", birth=date(2008, 5, 6)),
        ResidentFactory(name="Wang Yue", male=False, relation="30", birth=date(2018, 7, 8), number=None),
    ]


class TestSaving:
    @pytest.mark.demand("S4-53", "S3-18")
    def test_a_household_of_four_is_saved_whole(self, place):
        rows = [typed(r, f"r{i}") for i, r in enumerate(family())]
        rows[3].fields["birth"] = "2018.7.8"
        saved, _checked = place.save(entry(*rows, MemberEntry("blank", fields={"ethnic": "01"})))
        assert saved.numbers() == {
            "households": 1,
            "added": 4,
            "changed": 0,
            "left": 0,
            "asked": 0,
            "corrections": 0,
        }
        home = place.state()["households"][0]
        names = [(m["relation"], m["person"]["fields"]["name"]) for m in home["members"]]
        assert names == [("02", "Wang Jianguo"), ("10", "Li Xiulan"), ("20", "Wang Lei"), ("30", "Wang Yue")]
        head = home["members"][0]["person"]
        assert head["fields"]["sex"] == "1"
        assert head["fields"]["birth"] == family()[0].birth.isoformat()[:4] + head["fields"]["birth"][4:]
        assert head["phone_mask"] == "138****5678"
        assert head["fields"]["population_kind"] == "registered"
        assert head["fields"]["register_address"] == place.home.address
        assert counters.verify(place.session) == []

    @pytest.mark.any_database
    def test_numbers_never_reach_the_page_in_full(self, place):
        people = family()
        place.save(entry(*(typed(r, f"r{i}") for i, r in enumerate(people[:3]))))
        text = str(place.state())
        for person in people[:3]:
            assert person.number not in text
            assert person.number[6:14] + person.number[14:17] not in text

    @pytest.mark.any_database
    def test_what_was_typed_wins_over_the_number_and_the_clerk_is_told(self, place):
        resident = ResidentFactory()
        row = typed(resident, fields={"birth": "1979-01-01", "sex": "2"})
        with pytest.raises(EntryRefused) as refusal:
            place.check(entry(row))
        asked = {p.code for p in refusal.value.problems if p.needs == "reason"}
        assert asked == {"birth_differs", "sex_differs"}
        _saved, checked = place.save(entry(replace(row, number_reason="the card is wrong")))
        assert {p.code for p in checked.problems} >= {"birth_differs", "sex_differs"}
        person = place.session.scalars(select(Person)).one()
        assert (person.sex, person.birth_date) == ("2", date(1979, 1, 1))
        (document,) = person.documents
        assert (document.warning, document.warning_reason) == ("birth_differs", "the card is wrong")

    @pytest.mark.any_database
    def test_a_later_edit_is_held_against_the_number_on_file(self, place):
        place.save(entry(typed(ResidentFactory())))
        home = place.state()["households"][0]
        member = home["members"][0]
        row = MemberEntry(
            "a",
            membership=member["uid"],
            membership_version=member["version"],
            person_version=member["person"]["version"],
            relation="02",
            fields={"birth": "1990-01-01", "sex": "2"},
        )
        typing = census.check_row(place.session, row, actor=session_actor(place.session), now=clock.now())
        assert {p.code for p in typing.problems} == {"birth_differs", "sex_differs"}
        _saved, checked = place.save(entry(row, uid=home["uid"], version=home["version"]))
        found = {(p.member, p.field, p.code, p.stops) for p in checked.problems}
        assert found >= {("a", "birth", "birth_differs", False), ("a", "sex", "sex_differs", False)}

    @pytest.mark.any_database
    def test_a_registered_household_repeats_the_same_people(self, place):
        rows = [typed(r, f"r{i}") for i, r in enumerate(family()[:2])]
        again = [MemberEntry(f"s{i}", same_as=row.ref, relation=row.relation) for i, row in enumerate(rows)]
        both = DwellingEntry(
            "c1",
            [
                HouseholdEntry("h1", members=rows),
                HouseholdEntry("h2", kind="registered", household_no="000012345", members=again),
            ],
        )
        place.save(both)
        assert place.session.scalar(select(func.count(Person.id))) == 2
        kinds = [h["kind"] for h in place.state()["households"]]
        assert kinds == ["living", "registered"]
        assert {r.kind for r in place.session.scalars(select(Residence))} == {"living", "registered"}

    def test_an_edit_changes_only_what_was_touched(self, place):
        place.save(entry(*(typed(r, f"r{i}") for i, r in enumerate(family()[:2]))))
        home = place.state()["households"][0]
        first, second = home["members"]
        rows = [
            MemberEntry(
                "a",
                membership=first["uid"],
                membership_version=first["version"],
                person_version=first["person"]["version"],
                relation="02",
                fields={"education": "20", "phone": "13987654321", "groups": ["G62"]},
            ),
            MemberEntry("b", membership=second["uid"], membership_version=second["version"], relation="12"),
        ]
        saved, _ = place.save(entry(*rows, uid=home["uid"], version=home["version"]))
        assert saved.changed == 1
        after = place.state()["households"][0]["members"]
        assert after[0]["person"]["fields"]["education"] == "20"
        assert after[0]["person"]["phone_mask"] == "139****4321"
        assert after[0]["person"]["groups"] == ["G62"]
        assert after[1]["relation"] == "12"
        assert place.session.scalar(select(func.count(PersonPhone.id))) == 2

    @pytest.mark.any_database
    @pytest.mark.demand("S4-54")
    def test_the_identity_of_somebody_on_record_goes_to_a_clerk(self, place):
        place.save(entry(typed(ResidentFactory(name="Wang Lei"))))
        home = place.state()["households"][0]
        member = home["members"][0]
        row = MemberEntry(
            "a",
            membership=member["uid"],
            membership_version=member["version"],
            person_version=member["person"]["version"],
            relation="02",
            fields={"name": "Wang Lai", "education": "20"},
        )
        given = entry(row, uid=home["uid"], version=home["version"])
        with clock.frozen(clock.now() + timedelta(days=1)):
            saved, _ = place.save(given)
        assert (saved.changed, saved.corrections) == (1, 1)
        person = place.session.scalars(select(Person)).one()
        assert (person.name, person.education) == ("Wang Lei", "20")
        asked = place.session.scalars(select(ChangeRequest)).one()
        assert asked.fields == {"name": {"old": "Wang Lei", "new": "Wang Lai"}}

    def test_a_member_is_taken_out_with_a_reason(self, place):
        place.save(entry(*(typed(r, f"r{i}") for i, r in enumerate(family()[:2]))))
        home = place.state()["households"][0]
        first, second = home["members"]
        rows = [
            MemberEntry("a", membership=first["uid"], membership_version=first["version"], relation="02"),
            MemberEntry("b", membership=second["uid"], membership_version=second["version"], leave="moveout"),
        ]
        saved, _ = place.save(entry(*rows, uid=home["uid"], version=home["version"]))
        assert saved.left == 1
        assert len(place.state()["households"][0]["members"]) == 1

    @pytest.mark.any_database
    def test_a_number_put_right_replaces_the_wrong_one(self, place):
        place.save(entry(typed(ResidentFactory())))
        home = place.state()["households"][0]
        member = home["members"][0]
        right = id_number(date(1980, 6, 6), 77)
        row = MemberEntry(
            "a",
            membership=member["uid"],
            membership_version=member["version"],
            person_version=member["person"]["version"],
            relation="02",
            fields={"number": right},
            number_reason="the card was read wrongly",
        )
        place.save(entry(row, uid=home["uid"], version=home["version"]))
        assert place.session.scalars(select(PersonDocument)).one().number == right


@pytest.mark.any_database
class TestRefusing:
    @pytest.mark.parametrize(
        ("fields", "relation", "expected"),
        [
            ({"name": ""}, "02", ("name", "invalid")),
            ({"name": "Li 4"}, "02", ("name", "invalid")),
            ({"birth": "850221"}, "02", ("birth", "invalid")),
            ({"birth": "2099-01-01"}, "02", ("birth", "invalid")),
            ({"number": "43029919800101"}, "02", ("number", "length")),
            ({"number": "43029919800101ABCD"}, "02", ("number", "characters")),
            ({"phone": "12"}, "02", ("phone", "invalid")),
            ({"ethnic": "77"}, "02", ("ethnic", "unknown_code")),
            ({"education": "zzz"}, "02", ("education", "unknown_code")),
            ({"groups": ["G01"]}, "02", ("groups", "unknown_code")),
            ({"groups": ["G31"]}, "02", ("groups", "unknown_code")),
            ({"occupation": "x" * 31}, "02", ("occupation", "too_long")),
            ({}, "", ("relation", "missing")),
            ({}, "xx", ("relation", "unknown_code")),
            ({}, "10", ("relation", "no_head")),
        ],
    )
    def test_bad_input_is_named_at_its_field_and_nothing_is_saved(self, place, fields, relation, expected):
        row = typed(ResidentFactory(name="Ma Li", number=None, phone="13812345678"), fields=fields)
        row.relation = relation
        found = place.refused(entry(row))
        assert ("r1", *expected) in found
        assert place.session.scalar(select(func.count(Person.id))) == 0

    def test_every_problem_of_every_row_is_told_at_once(self, place):
        rows = [
            typed(ResidentFactory(), "a", fields={"phone": "1"}),
            typed(ResidentFactory(), "b", fields={"ethnic": "x"}),
        ]
        found = place.refused(entry(*rows))
        assert {(ref, field) for ref, field, _code in found} >= {
            ("a", "phone"),
            ("b", "ethnic"),
            ("b", "relation"),
        }

    def test_a_wrong_check_digit_wants_a_reason(self, place):
        resident = ResidentFactory()
        resident.number = resident.number[:-1] + ("1" if resident.number[-1] != "1" else "2")
        problem = place.refused(entry(typed(resident)))[("r1", "number", "check_digit")]
        assert problem.needs == "reason"
        place.save(entry(typed(resident, number_reason="the card says so")))
        assert place.session.scalars(select(PersonDocument)).one().warning_reason == "the card says so"

    def test_the_same_number_twice_on_a_page(self, place):
        one = ResidentFactory()
        two = ResidentFactory(number=one.number, relation="10", male=False)
        assert ("b", "number", "twice") in place.refused(entry(typed(one, "a"), typed(two, "b")))

    def test_two_heads(self, place):
        found = place.refused(entry(typed(ResidentFactory(), "a"), typed(ResidentFactory(), "b")))
        assert ("b", "relation", "several_heads") in found


class TestLostUpdates:
    def opened(self, place):
        place.save(entry(typed(ResidentFactory())))
        home = place.state()["households"][0]
        return home, home["members"][0]

    def edit(self, home, member, **fields):
        row = MemberEntry(
            "a",
            membership=member["uid"],
            membership_version=member["version"],
            person_version=member["person"]["version"],
            relation="02",
            fields=fields,
        )
        return entry(row, uid=home["uid"], version=home["version"])

    def test_the_second_writer_is_told_what_the_first_wrote(self, place):
        home, member = self.opened(place)
        place.save(self.edit(home, member, education="20"))
        problem = place.refused(self.edit(home, member, education="30"))[("a", "education", "stale")]
        assert problem.data["theirs"] == {"education": "20"}
        again = self.edit(home, member, education="30")
        again.households[0].members[0].person_version = problem.data["person_version"]
        place.save(again)
        assert place.session.scalars(select(Person)).one().education == "30"

    def test_who_touches_nothing_is_not_stopped(self, place):
        home, member = self.opened(place)
        place.save(self.edit(home, member, education="20"))
        place.save(self.edit(home, member))

    def test_a_relation_changed_by_two(self, place):
        place.save(entry(typed(ResidentFactory(), "a"), typed(ResidentFactory(relation="20"), "b")))
        home = place.state()["households"][0]
        child = home["members"][1]
        row = MemberEntry(
            "b", membership=child["uid"], membership_version=child["version"] - 1, relation="21"
        )
        head = MemberEntry("a", membership=home["members"][0]["uid"], relation="02")
        found = place.refused(entry(head, row, uid=home["uid"], version=home["version"]))
        assert ("b", "relation", "stale") in found

    def test_a_household_that_is_gone(self, place):
        home, member = self.opened(place)
        row = MemberEntry(
            "a", membership=member["uid"], membership_version=member["version"], leave="moveout"
        )
        place.save(entry(row, uid=home["uid"], version=home["version"]))
        assert (None, "kind", "gone") in place.refused(self.edit(home, member, education="20"))


class TestMatches:
    @pytest.mark.demand("S0-69")
    def test_somebody_of_the_own_area_is_shown_before_saving(self, place, world):
        known = make_person(place.session, world.areas["grid_a11"])
        number = known.documents[0].number
        place.session.commit()
        problem = place.refused(entry(typed(ResidentFactory(number=number))))[("r1", "number", "match")]
        (card,) = problem.data["people"]
        assert card["uid"] == known.uid
        assert card["number_mask"] == number[0] + "*" * 16 + number[-1]
        use = MemberEntry(
            "r1", person=card["uid"], person_version=card["version"], relation="02", decision="use"
        )
        place.save(entry(use))
        assert place.session.scalar(select(func.count(Person.id))) == 1
        assert place.state()["households"][0]["members"][0]["person"]["uid"] == known.uid

    def test_both_are_kept_apart_with_a_reason(self, place, world):
        known = make_person(place.session, world.areas["grid_a11"])
        place.session.commit()
        resident = ResidentFactory(number=known.documents[0].number)
        apart = typed(resident, decision="apart")
        assert place.refused(entry(apart))[("r1", "number", "match")].needs == "dup_reason"
        apart.dup_reason = "both books show it"
        place.save(entry(apart))
        assert sorted(d.dup_no for d in place.session.scalars(select(PersonDocument))) == [0, 1]

    def test_a_namesake_born_on_the_same_day_is_asked_about(self, place, world):
        known = make_person(place.session, world.areas["grid_a11"], name="Chen Yi", birth=date(1990, 9, 9))
        place.session.commit()
        row = typed(ResidentFactory(name="Chen  Yi", number=None), fields={"birth": "19900909"})
        problem = place.refused(entry(row))[("r1", "name", "match")]
        assert problem.data["how"] == "name_birth"
        assert problem.data["people"][0]["uid"] == known.uid
        row.decision = "apart"
        place.save(entry(row))
        assert place.session.scalar(select(func.count(Person.id))) == 2

    def test_elsewhere_nothing_is_told_but_that(self, place, acting, world):
        other = acting("worker_t")
        stranger = make_person(other, world.areas["grid_t11"], name="Zhao Secret", phone="13700001111")
        number = stranger.documents[0].number
        other.commit()
        problem = place.refused(entry(typed(ResidentFactory(number=number))))[("r1", "number", "elsewhere")]
        assert problem.data == {"how": "document"}
        for secret in ("Zhao", "1111", "Town T", stranger.uid, str(stranger.birth_date)):
            assert secret not in str(problem)
        apart = typed(ResidentFactory(number=number), decision="apart", dup_reason="let me")
        assert ("r1", "number", "elsewhere") in place.refused(entry(apart))

    def test_asking_for_a_move_in_saves_the_others(self, place, acting, world):
        other = acting("worker_t")
        number = make_person(other, world.areas["grid_t11"]).documents[0].number
        other.commit()
        rows = [
            typed(ResidentFactory(), "a"),
            typed(ResidentFactory(number=number, relation="10", male=False), "b", decision="ask"),
        ]
        saved, _ = place.save(entry(*rows))
        assert (saved.added, saved.asked) == (1, 1)
        state = place.state()
        assert [r["name"] for r in state["requests"]] == [rows[1].fields["name"]]
        request = place.session.scalars(select(MoveInRequest)).one()
        assert request.household_id == place.session.scalars(select(Household)).one().id

    def test_a_head_who_is_asked_for_counts_as_on_the_way(self, place, acting, world):
        other = acting("worker_t")
        number = make_person(other, world.areas["grid_t11"]).documents[0].number
        other.commit()
        rows = [
            typed(ResidentFactory(number=number), "a", decision="ask"),
            typed(ResidentFactory(relation="20", birth=date(2010, 1, 1)), "b"),
        ]
        saved, _ = place.save(entry(*rows))
        assert (saved.added, saved.asked) == (1, 1)

    def test_asking_twice_makes_no_second_household(self, place, acting, world):
        other = acting("worker_t")
        number = make_person(other, world.areas["grid_t11"]).documents[0].number
        other.commit()
        ask = typed(ResidentFactory(number=number), "a", decision="ask")
        for _again in range(2):
            saved, _ = place.save(entry(ask))
            assert saved.asked == 1
        household = place.session.scalars(select(Household)).one()
        assert place.session.scalars(select(MoveInRequest)).one().household_id == household.id
        assert counters.total(place.session, "household.living") == 0  # nobody lives in it yet
        assert [h["uid"] for h in place.state()["households"]] == [household.uid]
        spouse = typed(ResidentFactory(relation="10", male=False), "b")
        place.save(entry(ask, spouse))
        assert [m.relation for m in place.session.scalars(select(Household)).one().members] == ["10"]
        assert counters.total(place.session, "household.living") == 1

    def test_a_request_made_before_eight_in_the_morning_is_of_today(self, place, acting, world):
        other = acting("worker_t")
        number = make_person(other, world.areas["grid_t11"]).documents[0].number
        other.commit()
        with clock.frozen(datetime(2026, 11, 20, 23, 30, tzinfo=UTC)):
            place.save(entry(typed(ResidentFactory(number=number), "a", decision="ask")))
        assert [request["on"] for request in place.state()["requests"]] == ["2026-11-21"]

    def test_asking_into_another_home_is_refused_while_the_first_is_open(self, place, acting, world):
        other = acting("worker_t")
        number = make_person(other, world.areas["grid_t11"]).documents[0].number
        other.commit()
        ask = typed(ResidentFactory(number=number), "a", decision="ask")
        place.save(entry(ask))
        second = Desk(place.session, world.areas["grid_a11"], "2")
        assert ("a", "name", "asked") in second.refused(entry(ask))
        waiting = place.session.scalars(select(Household)).one()
        assert [h["uid"] for h in place.state()["households"]] == [waiting.uid]

    def test_typing_is_logged_and_throttled(self, place, acting, world, system, monkeypatch):
        other = acting("worker_t")
        number = make_person(other, world.areas["grid_t11"]).documents[0].number
        other.commit()
        session = place.session
        actor = session_actor(session)
        row = typed(ResidentFactory(number=number))
        monkeypatch.setattr(matching, "ELSEWHERE_AN_HOUR", 3)
        for _ in range(3):
            found = census.check_row(session, row, actor=actor, now=clock.now())
            assert [p.code for p in found.problems] == ["elsewhere"]
            session.rollback()  # each request begins its own snapshot
        with pytest.raises(Throttled):
            census.check_row(session, row, actor=actor, now=clock.now())
        with pytest.raises(Throttled):
            place.save(entry(row))
        lines = system.scalars(select(AccessLog).where(AccessLog.action == "SEARCH")).all()
        assert [line.detail for line in lines] == ["match: elsewhere"] * 3
        assert {line.user_id for line in lines} == {actor.user_id}

    def test_a_row_in_the_making_gets_what_the_number_holds(self, place):
        resident = ResidentFactory(male=False, birth=date(1991, 2, 3))
        row = MemberEntry("r1", fields={"name": "Hu Ying", "number": resident.number})
        found = census.check_row(place.session, row, actor=session_actor(place.session), now=clock.now())
        assert (str(found.birth), found.sex, found.problems) == ("1991-02-03", "2", [])


def test_walking_order_leads_from_home_to_home(acting, world):
    session = acting("worker_a")
    homes = [make_home(session, world.areas["grid_a11"], n) for n in ("10", "2", "1")]
    session.commit()
    walked = desk.walk(session, homes[1])
    assert walked == {"previous": homes[2].uid, "next": homes[0].uid}
    assert desk.walk(session, homes[0])["next"] is None


def test_one_person_lives_in_one_place(acting, world):
    first = Desk(acting("worker_a"), world.areas["grid_a11"], "1")
    first.save(entry(typed(ResidentFactory())))
    person = first.session.scalars(select(Person)).one()
    second = Desk(first.session, world.areas["grid_a11"], "2")
    second.save(
        entry(
            MemberEntry("a", person=person.uid, person_version=person.version, relation="02", decision="use")
        )
    )
    assert first.state()["households"] == []
    assert len(second.state()["households"]) == 1
    open_rows = select(func.count(HouseholdMember.id)).where(HouseholdMember.valid_to.is_(None))
    assert first.session.scalar(open_rows) == 1
    assert counters.verify(first.session) == []


@contextmanager
def statements(session):
    """The SELECTs of a block."""
    seen: list[str] = []

    def note(_conn, _cursor, statement, *_more):
        if statement.lstrip().startswith("SELECT"):
            seen.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_a_page_costs_a_fixed_number_of_statements(acting, world):
    session = acting("worker_a")
    home = make_home(session, world.areas["grid_a11"])
    make_household(session, home, [ResidentFactory(), *(ResidentFactory(relation="20") for _ in range(6))])
    session.commit()
    desk.lists(session, session_actor(session))
    opened = desk.open_home(session, home.uid)
    with statements(session) as seen:
        desk.state(session, opened, clock.today())
    assert len(seen) <= 14, "\n".join(seen)
    assert session.scalars(select(PersonGroup)).all() == []


class TestCustomFields:
    @pytest.fixture
    def asked(self, system):
        """A field of each kind; the first must be filled in, the last is sensitive."""
        kinds = ("yes_no", "number", "date", "choice", "text")
        for n, kind in enumerate(kinds, 1):
            given = {"code_list": "gender"} if kind == "choice" else {}
            level = "L4" if kind == "text" else "L3"
            row = ExtraField(
                subject="person", key=f"f{n}", label=kind, kind=kind, level=level, seq=n, **given
            )
            row.is_required = kind == "yes_no"
            system.add(row)
        system.commit()

    @pytest.mark.usefixtures("asked")
    def test_they_are_typed_with_the_row_and_read_again(self, place):
        resident = ResidentFactory(name="Wang Jianguo")
        assert set(place.refused(entry(typed(resident)))) == {("r1", "x_f1", "missing")}
        bad = {"x_f1": "maybe", "x_f2": "many", "x_f3": "soon", "x_f4": "7", "x_f9": "1"}
        found = place.refused(entry(typed(resident, fields=bad)))
        assert {field for _member, field, _code in found} == set(bad)
        good = {"x_f1": "0", "x_f2": "3.50", "x_f3": "20260304", "x_f4": "1", "x_f5": "at night"}
        place.save(entry(typed(resident, fields=good)))
        person = place.session.scalars(select(Person)).one()
        assert person.extra == {"f1": False, "f2": 3.5, "f3": "2026-03-04", "f4": "1"}
        assert person.extra_closed == {"f5": "at night"}
        actor = session_actor(place.session)
        columns = extras.asked(place.session, actor, place.home.area_id)
        read = {**good, "x_f2": "3.5", "x_f3": "2026-03-04"}
        assert extras.shown(columns, person, actor) == {"extra": read, "sealed": []}
        home = place.state()["households"][0]
        member = home["members"][0]
        change = MemberEntry(
            "a",
            membership=member["uid"],
            membership_version=member["version"],
            person_version=member["person"]["version"],
            relation=member["relation"],
            fields={"x_f4": ""},
        )
        saved, _checked = place.save(entry(change, uid=home["uid"], version=home["version"]))
        assert saved.changed == 1
        assert place.session.scalars(select(Person.extra)).one() == {
            "f1": False,
            "f2": 3.5,
            "f3": "2026-03-04",
        }

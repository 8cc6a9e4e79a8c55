"""Checks of rented homes and venues: one sheet, hazards until they are gone, the colour and why (F08, F09)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.scope import session_actor
from app.registry.choices import CheckResult, HazardAction
from app.registry.models import Hazard, HazardStep, RiskRule, VenueThreshold
from app.registry.service import hazards, inspections, rentals, risk, venues
from app.registry.service.inspections import CheckEntry, ItemResult
from app.worklog.models import VisitPurpose
from tests.factories.registry import make_home, make_person, make_rental, make_venue

pytestmark = pytest.mark.any_database
GOOD, BAD = CheckResult.good, CheckResult.bad


def sheet(session, place, bad=(), **more):
    results = {item: ItemResult(GOOD) for item in inspections.items_of(session, place)}
    fix_by = clock.today() + timedelta(days=7)
    results |= {item: ItemResult(BAD, "seen", fix_by) for item in bad}
    return CheckEntry(results, **({"inspectors": "Wang, Li"} | more))


@pytest.fixture
def worker(acting):
    return acting("worker_a")


@pytest.fixture
def let(worker, world):
    home = make_home(worker, world.areas["grid_a11"])
    home.area_m2 = 60
    return make_rental(worker, home, registered=True, pledge_signed=True)


def check(session, place, **more):
    entry = sheet(session, place, **more)
    return inspections.record_check(session, session_actor(session), place, entry, now=clock.now())


class TestRentedHomes:
    def test_a_home_in_order_is_green_and_due_in_three_weeks(self, worker, let):
        done = check(worker, let)
        assert (let.risk, let.risk_reason, done.risk) == ("green", None, "green")
        assert let.last_check_on == clock.today()
        assert let.next_check_on == done.next_check_on == clock.today() + timedelta(days=21)
        assert len(done.items) == 14
        assert worker.scalar(select(func.count(Hazard.id))) == 0

    def test_what_is_not_in_order_becomes_a_hazard_with_a_day_and_a_colour_with_a_reason(self, worker, let):
        done = check(worker, let, bad=["C06"])
        hazard = worker.scalars(select(Hazard)).one()
        assert (hazard.item, hazard.kind, hazard.state) == ("C06", "02", "found")
        assert hazard.fix_by == clock.today() + timedelta(days=7)
        assert (let.risk, done.risk, let.hazard) == ("yellow", "yellow", "02")
        assert "1 hazards not yet gone" in let.risk_reason
        assert let.next_check_on == clock.today() + timedelta(days=14)
        check(worker, let, bad=["C06", "C10"])
        assert worker.scalar(select(func.count(Hazard.id))) == 2  # the first stays the same hazard
        assert let.risk == "red"

    def test_too_many_people_by_tenancies_or_by_the_count_at_the_door(self, worker, let, world):
        tenant = make_person(worker, world.areas["grid_a11"])
        tenancy = rentals.open_tenancy(worker, let, tenant, now=clock.now(), head_count=13)
        assert let.risk == "red"
        assert "13 people in 60 m²: below 5 m² a head." in let.risk_reason
        rentals.end_tenancy(worker, tenancy, now=clock.now())
        assert let.risk == "green"

    def test_people_found_beyond_the_tenancies_count(self, worker, let):
        check(worker, let, people_found=20)
        assert let.risk == "red"
        check(worker, let, people_found=3)
        assert let.risk == "green"

    def test_a_check_is_a_visit_at_the_door(self, worker, let):
        done = check(worker, let)
        found = worker.scalars(select(VisitPurpose)).one()
        assert (found.ref_kind, found.ref_uid, found.record_type) == ("safety_check", done.uid, "SR4")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"inspectors": " "}, "inspectors"),
            ({"people_found": 999}, "people_found"),
            ({"checked_on": clock.today() + timedelta(days=1)}, "checked_on"),
        ],
    )
    def test_what_cannot_be_is_refused(self, worker, let, change, field):
        with pytest.raises(Invalid) as refused:
            check(worker, let, **change)
        assert refused.value.field == field

    def test_every_item_needs_a_result(self, worker, let):
        entry = sheet(worker, let)
        del entry.results["C04"]
        with pytest.raises(Invalid) as refused:
            inspections.record_check(worker, session_actor(worker), let, entry, now=clock.now())
        assert refused.value.field == "item.C04"

    def test_a_check_is_written_once(self, worker, let):
        done = check(worker, let)
        done.summary = "otherwise"
        with pytest.raises(DatabaseError):
            worker.flush()

    def test_the_sites_own_rules_decide(self, worker, let):
        for rule in worker.scalars(select(RiskRule)):
            rule.is_on = False
        check(worker, let, bad=["C06"], people_found=1)
        assert let.risk == "green"
        worker.add(RiskRule(seq=1, colour="orange", name="Ours", condition={"below_m2": 61}, check_days=5))
        check(worker, let, people_found=1)
        assert (let.risk, let.next_check_on) == ("orange", clock.today() + timedelta(days=5))


class TestHazards:
    @pytest.fixture
    def hazard(self, worker, let):
        check(worker, let, bad=["C06"])
        return worker.scalars(select(Hazard)).one()

    def act(self, worker, hazard, action, **given):
        return hazards.act(worker, session_actor(worker), hazard, action, given, now=clock.now())

    def test_put_right_looked_at_again_and_gone(self, worker, let, hazard):
        self.act(worker, hazard, HazardAction.rectify, note="new wires")
        assert let.risk == "yellow"
        self.act(worker, hazard, HazardAction.failed, note="old wires", fix_by=clock.today())
        assert (hazard.state, hazard.fix_by) == ("found", clock.today())
        self.act(worker, hazard, HazardAction.rectify, note="new wires now")
        self.act(worker, hazard, HazardAction.passed, note="seen")
        assert (hazard.state, let.risk, let.hazard) == ("closed", "green", "00")
        steps = [s.action for s in worker.scalars(select(HazardStep).order_by(HazardStep.id))]
        assert steps == ["find", "rectify", "failed", "rectify", "passed"]
        assert worker.scalar(select(func.count(VisitPurpose.id))) == 3  # the check and two second looks

    def test_nobody_closes_what_was_not_looked_at_again(self, worker, hazard):
        with pytest.raises(Conflict):
            self.act(worker, hazard, HazardAction.passed, note="surely fine")

    def test_a_day_far_ahead_is_refused(self, worker, hazard):
        with pytest.raises(Invalid):
            self.act(
                worker, hazard, HazardAction.give_time, note="x", fix_by=clock.today() + timedelta(days=400)
            )


class TestVenues:
    @pytest.fixture
    def shop(self, worker, world):
        return make_venue(
            worker, world.areas["grid_a11"], name="Inn", address="Road 1", venue_key="K05", beds=30
        )

    def test_two_people_check_a_venue(self, worker, shop):
        with pytest.raises(Invalid) as refused:
            check(worker, shop, inspectors="Wang")
        assert refused.value.field == "inspectors"
        done = check(worker, shop, bad=["VC02"])
        assert len(done.items) == 16
        assert shop.next_check_on == clock.today() + timedelta(days=15)
        assert worker.scalars(select(Hazard)).one().kind == "02"

    def test_the_class_follows_thresholds_that_are_data(self, system, world):
        inn = make_venue(system, world.areas["grid_a11"], name="Inn", address="x", venue_key="K05", beds=30)
        found = venues.suggestion(system, inn)
        assert (found.nine_small, str(found.why[0])) == ("N5", "Beds 30: at most 50")
        row = system.scalars(
            select(VenueThreshold).where(VenueThreshold.venue_key == "K05", VenueThreshold.measure == "beds")
        ).one()
        row.most = 20
        system.flush()
        assert venues.suggestion(system, inn).nine_small is None


def test_the_seeded_rules_hold_what_a_rule_may_hold(system):
    """The defaults pass the same check as the form; a second start adds nothing."""
    from app.registry.rules.risk import check_condition

    words = risk.words(system)
    rows = list(system.scalars(select(RiskRule)))
    assert len(rows) == 5
    for row in rows:
        assert check_condition(row.condition, words) == row.condition
    assert risk.load_rules(system) == 0

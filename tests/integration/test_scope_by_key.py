"""The form of the guard for statements that name their rows by key must be as tight as the common one."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.areas.models import Post, Staff
from app.core import made_once, scope
from app.registry.models import Dwelling, LifeEvent, LifeEventPerson
from bench.pages.ours import Statements
from tests.factories.registry import make_home, make_household

ACTORS = ("worker_a", "town_clerk_a", "worker_t", "town_clerk_t", "worker_a")


@pytest.fixture
def homes(system, world):
    """Two homes of the worker of A, one of the worker of T."""
    for area, number in (("grid_a11", "1"), ("grid_a11", "2"), ("grid_t11", "1")):
        make_home(system, world.areas[area], number)
    system.commit()


@pytest.mark.parametrize("model", [Staff, Post])
def test_each_actor_gets_the_own_criterion(acting, model):
    """A lambda that closes over another lambda is cached by its code: the second actor saw the first one's rows."""
    for username in ACTORS:
        session = acting(username)
        common = set(session.scalars(select(model.id)))
        by_key = set(session.scalars(select(model.id).execution_options(by_key=True)))
        assert by_key == common, username
    assert common


@pytest.fixture
def events(system, world):
    """An event of each town, and one of town T about somebody of A."""
    people = {}
    for grid in ("grid_a11", "grid_t11"):
        home = make_home(system, world.areas[grid])
        people[grid] = make_household(system, home).head_person_id
    for grid, about in (("grid_a11", "grid_a11"), ("grid_t11", "grid_t11"), ("grid_t11", "grid_a11")):
        event = LifeEvent(area_id=world.areas[grid], kind="new_name", happened_on=date(2026, 3, 2))
        event.people = [LifeEventPerson(person_id=people[about])]
        system.add(event)
    system.commit()


@pytest.mark.parametrize("model", [LifeEvent, LifeEventPerson, aliased(LifeEvent), aliased(LifeEventPerson)])
def test_what_stands_inside_the_criterion_is_looked_up_too(acting, events, model):
    """Nothing is gathered that the actor may see, and nobody sees more or less by that."""
    seen = {}
    for username in ACTORS:
        session = acting(username)
        common = set(session.scalars(select(model.id)))
        with Statements(session.get_bind()).watching() as told:
            by_key = set(session.scalars(select(model.id).execution_options(by_key=True)))
        assert by_key == common, username
        assert not re.search(r"IN \(SELECT (?!area)", told.seen[-1]), told.seen[-1]
        seen[username] = len(common)
    assert seen == {"worker_a": 2, "town_clerk_a": 2, "worker_t": 2, "town_clerk_t": 2}


def rows_of_all(acting, homes, statement_of):
    """What each account reads by turns with statements of one shape."""
    found = {}
    for username in (*ACTORS, *reversed(ACTORS)):
        session = acting(username)
        found.setdefault(username, []).append(session.scalars(statement_of(session)).all())
    return found


def test_a_statement_made_once_is_cut_to_each_actor(acting, homes):
    """Its key is put together out of its own and that of the criteria: neither may hide the values of the other."""
    found = rows_of_all(acting, homes, lambda _session: made_once.counting_all(Dwelling.id, 100))
    assert found["worker_a"] == [[2]] * 4
    assert found["worker_t"] == found["town_clerk_t"] == [[1]] * 2


def test_areas_named_by_a_filter_are_never_taken_for_those_of_the_guard(acting, homes):
    """The criteria of an actor bind their areas once; those that a statement itself names are values of their own."""
    actors = {name: scope.session_actor(acting(name)) for name in ("worker_a", "worker_t")}
    for username, named in (("worker_a", "worker_t"), ("worker_t", "worker_a")) * 2:
        areas = scope.visible_areas(actors[named])
        query = select(Dwelling.id).where(Dwelling.area_id.in_(areas))
        assert acting(username).scalars(query).all() == [], username
        assert acting(named).scalars(query).all(), named


def test_copies_of_a_value_are_told_apart_when_a_statement_is_compiled(acting, events):
    """Not in each run, where each comparison of two copies makes an expression (tell_values_once)."""
    session = acting("clerk_a_reads_t")
    session.scalars(select(LifeEventPerson.id).execution_options(by_key=True)).all()
    compiled = [c for c in session.get_bind()._compiled_cache.values() if c._cache_key_bind_match]
    found = [copies for c in compiled for copies in c._cache_key_bind_match[0].values()]
    assert found
    assert [copies for copies in found if len(copies) > len(dict.fromkeys(copies))] == []

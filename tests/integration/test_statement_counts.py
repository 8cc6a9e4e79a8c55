"""A list costs a handful of statements, however many rows it shows: no look-up a row (speed.md).

The pages are opened once for the whole module, on a filling of its own; each list then has its test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.areas.roles import ROLES
from app.core import clock, removal
from app.core.views import arguments
from app.proxy.models import ServiceField, ServiceItem
from app.proxy.service import new_draft
from app.registry.models import Campaign, CampaignTarget, DuplicatePair
from app.registry.service import homes
from tests.factories.areas import make_area
from tests.factories.registry import ResidentFactory, make_home, make_household, make_person, make_rental
from tests.support.marked import Marked
from tests.support.world import World, sign_in

MOST = 6
ROWS = 8  # more than MOST: a statement a row shows
# verb: its path, and what each row of the answer begins with
VERBS = {"list": ("list/", '<tr class="gb-record"'), "lookup": ("lookup", '"id":')}
READERS = {
    "workstation": "clerk_a",
    "office_clerk": "office_a",
    "grid_worker": "worker_a",
    "center_operator": "operator",
    "system_admin": "admin_system",
    "security_admin": "admin_security",
    "auditor": "admin_audit",
}
# made beside the guarded tables; their rows are told apart by their texts
OPEN_TABLES = (
    *("issued_document", "proxy_case", "area_plan", "office_hours", "job", "role_scheme", "org_unit"),
    *("extra_field", "extra_field_area"),
)
# no more rows can be made from columns alone
FEW = {
    "CalendarDayView.list",
    "CalendarDayView.lookup",
    "AuditSealView.list",
    "DuplicateRuleView.list",
    "CustodyView.list",  # rows that are made have gone home or are lost: none is out
    "RiskRuleView.list",
    "StepLimitView.list",
    "StepRoleView.list",  # the role of a row is a name that exists
}


# single pages with much around them: endpoint, account, and the most that they may take
PAGES = {
    "DuplicateView.show": ("clerk_a", 6),
    "CensusDesk.dwelling": ("clerk_a", 10),
    "RecycleBin.index": ("clerk_a", 6),
    "CampaignDesk.walk": ("worker_a", 6),
    "CheckDesk.check": ("worker_a", 6),
    "Home.index": ("clerk_a", 12),
}


# what a process reads once and keeps: code lists, fields, the calendar
BY_THE_WAY = re.compile(
    r"pg_advisory|SELECT max\((code_item|extra_field)|FROM (calendar_day|office_hours) LEFT OUTER JOIN area"
)


@dataclass
class Opened:
    """What opening a page took: rows shown and statements of the view."""

    rows: int
    statements: list[str]


def views(verb: str) -> list[str]:
    """The model views of the menu that somebody may list, or look rows up in."""
    from app import menu
    from app.core.views import ModelView

    found = [e.view for e in menu.entries() if issubclass(e.view, ModelView)]
    found = [v for v in found if verb not in v.exclude_route_methods]
    found = [v for v in found if f"can_{verb}" in (v.base_permissions or [f"can_{verb}"])]
    return [v.__name__ for v in found if reader_of(v.__name__, verb) is not None]


def reader_of(view: str, verb: str) -> str | None:
    """An account of town A that may open the page."""
    found = (name for role, name in READERS.items() if ROLES[role].permits(f"can_{verb}", view))
    return next(found, None)


@contextmanager
def counted(app: Flask, endpoint: str) -> Iterator[list[str]]:
    """The reads of one view function: what signs in and writes the log happens around it."""
    from app.extensions import db

    seen: list[str] = []
    inside: list[bool] = []
    plain = app.view_functions[endpoint]

    def watched(**kw: Any) -> Any:
        inside.append(True)
        try:
            return plain(**kw)
        finally:
            inside.pop()

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        # on PostgreSQL a row of the log takes a lock first; code lists and custom fields are asked for once a
        # second, whoever comes then
        is_read = statement.lstrip().startswith(("SELECT", "WITH")) and not BY_THE_WAY.search(statement)
        if inside and is_read:
            seen.append(" ".join(statement.split()))

    app.view_functions[endpoint] = watched
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
        app.view_functions[endpoint] = plain


def fill(session: Any, world: World) -> None:
    """Several rows of every table in grid A11, each with parents of its own, and several grids."""
    from app.audit.service import log_access

    fact, grid = world.accounts["worker_a"], world.areas["grid_a11"]
    for number in range(ROWS):
        log_access("READ", "person", number, grid)
    for number in range(ROWS):
        make_area(session, world.areas["com_a1"], "grid", f"4302990010010{number + 10}")
        made = Marked(session, grid, fact.user_id, fact.staff_id, tag=f"{number:02d}")
        made.make_all()
        for table in OPEN_TABLES:
            made.row(table)
        made.rows["rental_home"].name = None  # called by its home
        made.rows["custody"].returned_at = made.rows["custody"].lost_at = None  # still out
    item = session.scalars(select(ServiceItem).where(ServiceItem.code == "WJ-02")).one()
    draft = new_draft(session, item, clock.now())
    draft.fields = [ServiceField(seq=n, key=f"q{n}", label=f"Question {n}", kind="text") for n in range(ROWS)]
    session.commit()


def fill_pages(session: Session, world: World) -> dict[str, tuple[str, str]]:
    """A crowded home that is let and walked to, and two records with a row of every kind on each: (url, row) of PAGES."""
    fact, grid, today = world.accounts["worker_a"], world.areas["grid_a11"], clock.today()
    house = homes.create_building(session, name="9", area_id=grid)
    doors = [make_home(session, grid, f"90{number}") for number in range(ROWS)]
    campaign = Campaign(name="Census", area_id=grid, starts_on=today, ends_on=today, state="running")
    session.add(campaign)
    session.flush()
    for door in doors:
        door.building_id = house.id
        session.add(
            CampaignTarget(campaign_id=campaign.id, area_id=grid, dwelling_id=door.id, building_id=house.id)
        )
    for _n in range(2):
        make_household(session, doors[0], ResidentFactory.build_batch(ROWS // 2))
    two = [make_person(session, grid, ResidentFactory(phone=f"1380000111{n}")) for n in range(2)]
    for n, person in enumerate(two):
        made = Marked(session, grid, fact.user_id, fact.staff_id, tag=f"9{n}")
        made.known["person"] = person.id
        made.make_all()
    keys = {"first_id": two[0].id, "second_id": two[1].id, "common_area_id": grid}
    pair = DuplicatePair(**keys, rules="name_birth", weight=50, found_by="hand")
    session.add(pair)
    rental = make_rental(session, doors[0])
    for _n in range(ROWS):
        removal.put_away(make_person(session, grid), "entered twice", by=fact.user_id, now=clock.now())
    session.commit()
    return {
        "DuplicateView.show": (f"/duplicate/show/{pair.uid}", 'class="gb-compare-line'),
        "CensusDesk.dwelling": (f"/census/dwelling/{doors[0].uid}", "number_mask"),
        "CampaignDesk.walk": (f"/canvass/{campaign.uid}/{house.uid}", 'id="t-'),
        "CheckDesk.check": (f"/checks/home/{rental.uid}", 'name="item.'),
        "RecycleBin.index": ("/bin/?kind=PersonView", "<tr"),
        "Home.index": ("/", "<a"),
    }


def open_page(app: Flask, client: Any, url: str, endpoint: str, row: str) -> Opened:
    """Code lists are read once a process, so a page that is over the mark is opened again: the second time counts."""
    for _again in range(2):
        with counted(app, endpoint) as seen:
            page = client.get(url)
        assert page.status_code == 200, url
        if len(seen) <= MOST:
            break
    return Opened(len(re.findall(re.escape(row), page.get_data(as_text=True))), seen)


@pytest.fixture(scope="module")
def opened(_app, _database) -> dict[str, Opened]:
    """Every list and look-up by its endpoint."""
    from app.core.scope import unscoped
    from app.extensions import db

    world, found = _database.world, {}
    _database.restore(_app)
    with _app.app_context():
        with unscoped("tests arrange") as session:
            fill(session, world)
            crowded = fill_pages(session, world)
        clients = {name: sign_in(_app, world, name) for name in READERS.values()}
        pages = [
            (f"{name}.{verb}", reader_of(name, verb), f"{base_of(_app, name)}/{path}", row)
            for verb, (path, row) in VERBS.items()
            for name in views(verb)
        ]
        pages.append(("CensusDesk.index", "clerk_a", "/census/", '<li><a href="/census/?area='))
        pages += [(endpoint, PAGES[endpoint][0], url, row) for endpoint, (url, row) in crowded.items()]
        for endpoint, account, url, row in pages:
            found[endpoint] = open_page(_app, clients[account], url, endpoint, row)
        db.session.remove()
    _database.close(_app)
    return found


def base_of(app: Flask, name: str) -> str:
    return str(app.extensions["geban_pages"][name].route_base)


@pytest.mark.parametrize("endpoint", [f"{name}.{verb}" for verb in VERBS for name in views(verb)])
def test_a_list_costs_few_statements_however_many_rows(opened, endpoint):
    page = opened[endpoint]
    assert len(page.statements) <= MOST, "\n".join(page.statements)
    assert page.rows >= ROWS or endpoint in FEW


def test_the_census_counts_the_households_of_all_areas_in_one_statement(opened):
    page = opened["CensusDesk.index"]
    assert page.rows >= ROWS
    assert len(page.statements) <= MOST, "\n".join(page.statements)


@pytest.mark.parametrize("endpoint", list(PAGES))
def test_a_page_with_much_around_it_costs_few_statements(opened, endpoint):
    page, most = opened[endpoint], PAGES[endpoint][1]
    assert len(page.statements) <= most, "\n".join(page.statements)
    assert page.rows >= ROWS


def test_a_list_with_all_the_columns_one_may_choose_asks_nothing_for_each_row(app, system, world):
    """Each relation that is shown costs a statement, however many rows there are."""
    from app.areas.actors import build_actor
    from app.core.actor import as_actor
    from app.extensions import db

    fill(system, world)
    many = []
    for name in views("list"):
        view = app.extensions["geban_pages"][name]
        actor = build_actor(world.accounts[reader_of(name, "list")].user_id, clock.today())[0]
        with app.test_request_context(), as_actor(actor):
            columns = view.offered_columns()
            with reads(db.engine) as seen:
                asked = arguments.read(view, MultiDict())
                page = view.read_page(asked, columns=columns)
                view.list_context(asked, page, columns=columns)
            db.session.remove()
        if len(seen) > MOST + 2:
            many.append((name, len(seen), seen[-1]))
    assert many == []


@contextmanager
def reads(engine: Any) -> Iterator[list[str]]:
    """The selects inside the block."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")) and not BY_THE_WAY.search(statement):
            seen.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)

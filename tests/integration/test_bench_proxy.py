"""The simulated year of the benchmark: its rows are what the services write, and the figures count them rightly."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from math import ceil
from typing import Any

import pytest
from flask_appbuilder import Model
from sqlalchemy import select

from app.areas.models import Area, OrgUnit
from app.areas.service.calendars import calendar_for
from app.core import clock
from app.core.models import new_uid
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.models import ProxyCase
from app.proxy.queries import figures
from app.proxy.service import act, book, open_case, version_on
from app.proxy.service.callbacks import close
from app.proxy.service.fairness import accompany
from app.proxy.service.limits import site_limits
from app.registry.models import Person
from bench.cases.book import CaseBook
from bench.cases.facts import Applicant, Hand, Place, service_of
from bench.cases.tale import Teller
from bench.cases.year import ALL_COLUMNS, Year

pytest_plugins = ("tests.support.proxy",)
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
OPENED = datetime(2026, 9, 1, 1, 30, tzinfo=UTC)
TABLES = [name for name in ALL_COLUMNS if not name.startswith("visit")]
# keys of rows: that there is one is compared, not which
KEYS = {"material_id", "custody_id", "signature_id", "clock_id"}
LEFT_OUT = {"id", "uid", "case_id", "party", "ref_uid"}


@pytest.fixture
def place(system, sessions, world):
    """Grid A11 with its worker, its clerk and the department of health."""

    def hand(name):
        actor = session_actor(sessions[name])
        return Hand(actor.user_id, actor.staff_id, actor.label, actor.role)

    area = system.get(Area, world.areas["grid_a11"])
    office = area.parent.code
    calendar = calendar_for(system, area.id)
    clerk = hand("clerk")
    return Place(area.id, office, hand("worker"), clerk, clerk.staff_id, calendar), hand("department")


def service(system, code, office, day):
    version = version_on(system, code, day)
    unit = system.scalars(select(OrgUnit).where(OrgUnit.department_code == "WJ")).one()
    return service_of(version, site_limits(system), unit, office)


class Recorded(CaseBook):
    """A case that remembers its steps, and its rows by table."""

    def __init__(self, *told: Any) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
        self.taken: list[Any] = []
        keys = count(1)

        def row(table, *values):
            key = next(keys)
            self.rows[table].append((key, new_uid(), *values))
            return key

        super().__init__(row, (1, new_uid()), *told)

    def take(self, action, at, given=None):
        self.taken.append((action, at, dict(given or {})))
        super().take(action, at, given)


def told(seed, *made) -> Recorded:
    """One case told to its end."""
    found = Recorded(*made)
    Teller(seed, NOW).tell(found, OPENED, 1)
    found.rows["proxy_case"].append(tuple(found.finish()))
    return found


def lived(sessions, person_uid, told_case) -> int:
    """The same way through the services; returns the key of the case."""
    parts = {"grid_worker": "worker", "workstation": "clerk", "department": "department"}
    worker = sessions["worker"]
    first = told_case.rows["case_step"][0]
    day, slot = first[-1]["appointment"], first[-1]["slot"]
    with clock.frozen(OPENED), unit_of_work(worker):
        person = worker.scalars(select(Person).where(Person.uid == person_uid)).one()
        asked = {"person": person, "item_code": told_case.service.code, "slot": slot, "again": True}
        needs = {n.condition or n.name: False for n in told_case.service.needs if n.required == "conditional"}
        asked |= {"appointment": date.fromisoformat(day), "answers": needs}
        case = book(worker, session_actor(worker), OPENED, **asked)
        uid, key = case.uid, case.id
    steps = iter(told_case.rows["case_step"][1:])
    for action, at, given in told_case.taken:
        row = next(steps)
        if row[7] == "accompany":
            gone_along(worker, uid, row)
            row = next(steps)
        if action == "archive":
            call_back(sessions["clerk"], told_case, uid)
        session = sessions[parts[row[6]]]
        with clock.frozen(at), unit_of_work(session):
            act(session, session_actor(session), at, open_case(session, uid), action, given)
    return key


def gone_along(session, uid, row):
    at, said = row[3], row[-1]
    with clock.frozen(at), unit_of_work(session):
        day = date.fromisoformat(said["day"])
        accompany(session_actor(session), at, open_case(session, uid), day, said["place"], said["what"])


def call_back(session, told_case, uid):
    for row in told_case.papers.callbacks:
        with clock.frozen(row["closed_at"]), unit_of_work(session):
            case = open_case(session, uid)
            said = {"outcome": row["outcome"], "answer": row["answer"]}
            close(session, session_actor(session), row["closed_at"], case, case.callbacks[0].uid, **said)


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what differs by nature."""
    kept = {name: value for name, value in row.items() if name not in LEFT_OUT}
    return {name: value is not None if name in KEYS else value for name, value in kept.items()}


def written(system, key: int) -> dict[str, list[dict[str, Any]]]:
    """What the services wrote, in the columns of the bench."""
    found = {}
    for name in TABLES:
        table = Model.metadata.tables[name]
        here = table.c.id == key if name == "proxy_case" else getattr(table.c, "case_id", None) == key
        if name == "service_record":
            uid = system.scalar(select(ProxyCase.uid).where(ProxyCase.id == key))
            here = table.c.ref_uid == uid
        rows = system.execute(table.select().where(here).order_by(table.c.id)).mappings()
        found[name] = [plain({c: row[c] for c in ALL_COLUMNS[name]}) for row in rows]
    return found


@pytest.mark.any_database
@pytest.mark.demand("S3-54")
@pytest.mark.parametrize(
    ("code", "seed", "holds"),
    [
        ("WJ-02", 568, {"return_previous", "request_supplement", "deliver"}),
        ("WJ-02", 69, {"miss", "deposit", "pick_up"}),
        ("WJ-02", 54, {"rate"}),
        ("WJ-02", 61, {"reject"}),
        ("WJ-05", 41, {"publish", "resume", "refuse"}),
        ("WJ-05", 22, {"withdraw"}),
    ],
)
def test_a_case_of_the_bench_is_what_the_services_would_have_written(
    system, sessions, place, elder, code, seed, holds
):
    where, office = place
    person = system.scalars(select(Person).where(Person.uid == elder)).one()
    who = Applicant(person.id, elder, person.name, person.birth_date, where, None, None, {})
    system.rollback()
    case = told(seed, service(system, code, office, OPENED.date()), who)
    assert holds <= {action.value for action, *_rest in case.taken}
    key = lived(sessions, elder, case)
    system.rollback()
    real = written(system, key)
    for name in TABLES:
        mine = [plain(dict(zip(ALL_COLUMNS[name], row, strict=True))) for row in case.rows[name]]
        assert mine == real[name], name


# --- figures ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def year(system, sessions, place, world):
    """Sixty days with seven cases a day in three grids; the rows of the cases, as they stand in the database."""
    here, office = place
    services = [service(system, code, office, OPENED.date()) for code in ("WJ-01", "WJ-02", "WJ-05", "WJ-08")]
    places = [here]
    for name, worker in (("grid_a12", "worker_a2"), ("grid_t11", "worker_t")):
        fact = world.accounts[worker]
        hand = Hand(fact.user_id, fact.staff_id, worker, fact.role)
        places.append(replace(here, area_id=world.areas[name], office=f"4302{len(places)}", worker=hand))
    people = [
        Applicant(n, new_uid(), f"Somebody {n}", date(1940, 1, 1), places[n % 3], None, None, {})
        for n in range(300)
    ]
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in ALL_COLUMNS}
    ids = {name: count(10_000) for name in ALL_COLUMNS}
    told_year = Year(
        lambda name, row: rows[name].append(row), ids, new_uid, services, people, until=NOW, seed=7
    )
    told_year.tell(60, 7)
    system.rollback()
    with unit_of_work(system):
        # what hangs on rounds and people is not looked at: the cases stand alone
        table, columns = Model.metadata.tables["proxy_case"], ALL_COLUMNS["proxy_case"]
        values = [dict(zip(columns, row, strict=True)) | {"visit_id": None} for row in rows["proxy_case"]]
        system.connection().execute(table.insert(), values)
    return values, {s.version_id: version_on(system, s.code, OPENED.date()).item_id for s in services}


def decided_in(cases, first, last):
    return [c for c in cases if c["decided_at"] and first <= clock.to_local(c["decided_at"]).date() <= last]


def counted_by_hand(cases, first, last):
    """The figures of some cases, counted without the program's statements."""
    done = decided_in(cases, first, last)
    days = sorted(c["used_days"] for c in done if c["used_days"] is not None)
    judged = [c["was_on_time"] for c in done if c["was_on_time"] is not None]
    stars = [int(c["rating"]) for c in done if c["rating"]]
    open_ones = [c for c in cases if c["closed_at"] is None]
    late = [c for c in open_ones if any(c[due] and c[due] < NOW for due in ("step_due_at", "promise_due_at"))]
    found = {
        name: sum(c[name] for c in done)
        for name in ("returns", "resident_trips", "worker_trips", "hand_overs")
    }
    return found | {
        "booked": sum(first <= clock.to_local(c["opened_at"]).date() <= last for c in cases),
        "decided": len(done),
        "approved": sum(c["outcome"] == "approved" for c in done),
        "on_time_share": sum(judged) / len(judged) if judged else None,
        "average_days": sum(days) / len(days) if days else None,
        "p90_days": days[ceil(0.9 * len(days)) - 1] if days else None,
        "rating": sum(stars) / len(stars) if stars else None,
        "open": len(open_ones),
        "late": len(late),
    }


@pytest.mark.demand("S0-39", "S1-68", "S3-48")
def test_the_figures_of_a_year_are_what_its_rows_say(system, year, acting, world):
    """Counts, average and p90 of days, share in time, returns, trips and ratings: by worker, service, grid, department."""
    cases, item_of = year
    last = clock.to_local(NOW).date()
    keys = {
        "worker": lambda c: c["staff_id"],
        "service": lambda c: item_of[c["item_version_id"]],
        "area": lambda c: c["area_id"],
        "department": lambda c: c["department_id"],
    }
    operator = acting("operator")
    for first in (last - timedelta(days=60), last - timedelta(days=20)):
        for by in figures.BY:
            shown, whole = figures.lines(operator, by, first, last)
            figures.add_open(operator, by, NOW, shown, whole)
            expected = counted_by_hand(cases, first, last)
            assert {name: getattr(whole, name) for name in expected} == expected
            groups = Counter(keys[by](c) for c in cases)
            assert {line.key for line in shown} <= set(groups)
            for line in shown:
                mine = counted_by_hand([c for c in cases if keys[by](c) == line.key], first, last)
                assert {name: getattr(line, name) for name in mine} == mine, (by, line.name)
    # a year in which nothing went wrong would show nothing
    assert all(expected[name] for name in ("returns", "resident_trips", "late", "rating"))
    assert expected["on_time_share"] < 1
    operator.rollback()

"""The year into a database that holds a city already; a second run with the same size finds it there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import bindparam, inspect, text

from bench.cases.facts import Applicant, Place
from bench.cases.offices import Offices
from bench.cases.year import ALL_COLUMNS, Year
from bench.city.fill import say
from bench.city.load import PostgresLoader, Sink, SqliteLoader, plain

MARK = "bench_year"
SEALED = {("proxy_case", "party"), ("case_step", "data")}
JSONS = {("case_delivery", "details")}
EACH = 0.33  # share of the people whom the year draws from, where that is enough
PEOPLE = (
    "SELECT p.id, p.uid, p.name, p.sex, p.birth_date, p.area_id, d.kind, d.number, m.household_id, r.dwelling_id, w.address"
    " FROM person p JOIN person_document d ON d.person_id = p.id JOIN household_member m ON m.person_id = p.id"
    " JOIN residence r ON r.person_id = p.id AND r.dwelling_id IS NOT NULL AND r.valid_to IS NULL"
    " JOIN dwelling w ON w.id = r.dwelling_id WHERE p.id % :of = 0 ORDER BY p.id"
)


@dataclass(frozen=True)
class Size:
    """How large a year is asked for."""

    days: int
    a_day: int


def fill(app: Flask, size: Size, now: datetime) -> dict[str, Any]:
    """Returns how many cases there are, how many open, and the seconds it took (None when they were there)."""
    from app.core.scope import unscoped
    from app.extensions import db

    with app.app_context():
        there = _there(db.engine)
        if there is not None:
            if {k: there["size"][k] for k in asdict(size)} != asdict(size):
                raise SystemExit(f"this database holds another year: {there['size']}. Name another database.")
            say(f"database holds {there['cases']:,} cases already")
            return there | {"filled_in_s": None}
        started = time.monotonic()
        with unscoped("the bench makes its offices") as session:
            offices = Offices(session)
            offices.make()
            session.commit()
            offices = Offices(session)
            services, places = offices.services(), offices.places()
            share = max(1, round(1 / EACH)) if size.days * size.a_day < 100_000 else 1
            with db.engine.connect() as connection:
                people = list(_people(connection, places, share))
            say(f"  {len(people):,} people, {time.monotonic() - started:.0f} s")
            year = _load(db.engine, services, people, size, now, started)
        facts = {"cases": year.made, "open": year.open, "size": asdict(size)}
        _remember(db.engine, facts)
        took = round(time.monotonic() - started, 1)
        say(f"filled in {took} s: {year.made:,} cases, {year.open:,} open")
        return facts | {"filled_in_s": took}


def _there(engine: Any) -> dict[str, Any] | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table(MARK):
            return None
        return dict(json.loads(str(connection.execute(text(f"SELECT facts FROM {MARK}")).scalar())))


def _remember(engine: Any, facts: dict[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {MARK} (facts text)"))
        connection.execute(text(f"INSERT INTO {MARK} VALUES (:facts)"), {"facts": json.dumps(facts)})


def _people(connection: Any, places: dict[int, Place], of: int) -> Iterator[Applicant]:
    """Every so-manieth person of the city with the snapshot that a case keeps of them."""
    from datetime import date

    from app.core.crypto import ring

    keys = ring()
    rows = connection.execute(text(PEOPLE).bindparams(bindparam("of", of)))
    for key, uid, name, sex, born, area, kind, number, household, dwelling, address in rows:
        day = date.fromisoformat(born) if isinstance(born, str) else born
        party = {
            "uid": uid,
            "name": name,
            "sex": sex,
            "birth_date": day.isoformat(),
            "document_kind": kind,
            "document_number": keys.decrypt(bytes(number), "person_document.number").decode(),
            "address": address,
            "phone": None,
        }
        yield Applicant(key, uid, name, day, places[area], household, dwelling, party)


def _load(engine: Any, services: Any, people: Any, size: Size, now: datetime, started: float) -> Year:
    import uuid_utils
    from flask_appbuilder import Model

    from app.core.crypto import ring

    sqlite = engine.dialect.name == "sqlite"
    loader: Any = SqliteLoader(engine) if sqlite else PostgresLoader(engine, list(ALL_COLUMNS))
    sinks = {
        name: Sink(loader, Model.metadata.tables[name], columns) for name, columns in ALL_COLUMNS.items()
    }
    keys = ring()
    special = {
        name: [(n, f"{name}.{c}" if (name, c) in SEALED else None) for n, c in enumerate(columns)
               if (name, c) in SEALED | JSONS]
        for name, columns in ALL_COLUMNS.items()
    }  # fmt: skip

    def put(name: str, row: tuple[Any, ...]) -> None:
        if special[name]:
            changed = list(row)
            for n, context in special[name]:
                changed[n] = _kept(changed[n], context, keys, loader)
            row = tuple(changed)
        sinks[name].add(tuple(plain(value) for value in row) if sqlite else row)

    ids = {name: loader.ids(name) for name in ALL_COLUMNS}
    year = Year(put, ids, lambda: str(uuid_utils.uuid7()), services, people, until=now)
    year.tell(size.days, size.a_day)
    for sink in sinks.values():
        sink.flush()
    say(f"  {year.made:,} cases, {time.monotonic() - started:.0f} s; indexes and statistics")
    loader.finish()
    with engine.begin() as connection:
        serials = text(
            "INSERT INTO serial_counter (kind, code, year, value) VALUES ('DB', :code, :year, :value)"
        )
        for (code, a_year), value in year.serials.items():
            connection.execute(serials, {"code": code, "year": a_year, "value": value})
    return year


def _kept(value: Any, context: str | None, keys: Any, loader: Any) -> Any:
    """As the column keeps it: encrypted where ``context`` names the column, else plain JSON."""
    if value is None:
        return None
    words = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return loader.binary(keys.encrypt(words.encode(), context)) if context else words

"""Fills a database with a city once; a second run with the same size finds it filled."""

from __future__ import annotations

import sys
import time
from typing import Any

from flask import Flask
from sqlalchemy import inspect, text

from bench.city import ground, lives, people, site
from bench.city.load import PostgresLoader, Sink, SqliteLoader
from bench.pages import sample

MARK = "bench_city"
STEP = 100_000  # people between two lines of progress


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def size_of(engine: Any) -> int | None:
    """How many people the bench put into this database; None when it did not."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(MARK):
            return None
        return connection.execute(text(f"SELECT persons FROM {MARK}")).scalar()


def fill(app: Flask, persons: int) -> float | None:
    """The city in the database of the app; returns the seconds it took, None when it was there already."""
    from app.extensions import db

    with app.app_context():
        there = size_of(db.engine)
        if there == persons:
            say(f"database holds {persons:,} people already")
            _lives(db.engine)
            return None
        if there is not None:
            raise SystemExit(f"this database holds {there:,} people: name another one, or ask for that many")
        started = time.monotonic()
        with site.quiet():
            from app import site as project

            project.first_start(app)
        shape = ground.shape_of(persons)
        say(f"{shape.areas:,} areas, {persons:,} people")
        grids = _areas(shape)
        _people(db.engine, grids, persons, started)
        _lives(db.engine)
        _counters(started)
        with db.engine.begin() as connection:
            connection.execute(text(f"CREATE TABLE {MARK} (persons bigint)"))
            connection.execute(text(f"INSERT INTO {MARK} VALUES ({int(persons)})"))
        took = time.monotonic() - started
        say(f"filled in {took:.0f} s")
        return took


def _areas(shape: ground.Shape) -> list[ground.Place]:
    """The tree and the accounts; returns the grids."""
    from sqlalchemy import select

    from app import seeds
    from app.areas.models import Area, AreaLevel
    from app.core import bulk
    from app.core.scope import unscoped

    spec = seeds.read("demo_liling")
    words = [a + b for a in spec["village_first"] for b in spec["village_second"]]
    with unscoped("the bench makes its areas") as session:
        levels = {row.key: row.id for row in session.scalars(select(AreaLevel))}
        root = session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
        root.code = ground.ROOT_CODE
        top = {k: getattr(root, k) for k in ("id", "path", "depth", "code", "full_name")}
        ids = iter(bulk.take_ids(session, Area, shape.areas))
        places = ground.tree(shape, top, ids, words)
        rows = []
        for place in places:
            row = dict(place.row)
            row["level_id"] = levels[row.pop("level")]
            rows.append(row)
        bulk.insert(session, Area, rows)
        by_level = {level: [p for p in places if p.level == level] for level in ground.LEVELS}
        # in the middle of the tree: its rows lie neither at the beginning nor at the end of a table
        town = by_level["town"][len(by_level["town"]) // 2]
        community = next(p for p in by_level["community"] if p.parent is town)
        grid = next(p for p in by_level["grid"] if p.parent is community)
        where = {p.level: (p.id, p.row["path"]) for p in (town, community, grid)}
        site.make_accounts(session, {**where, "county": (top["id"], top["path"])})
        session.commit()
    return by_level["grid"]


def _people(engine: Any, grids: list[ground.Place], persons: int, started: float) -> None:
    import uuid_utils
    from flask_appbuilder import Model

    from app.core.crypto import blind, ring

    tables = Model.metadata.tables
    sqlite = engine.dialect.name == "sqlite"
    loader: Any = SqliteLoader(engine) if sqlite else PostgresLoader(engine, list(people.COLUMNS))
    sinks = {name: Sink(loader, tables[name], columns) for name, columns in people.COLUMNS.items()}
    keys = ring()

    def seal(number: str, context: str) -> Any:
        return loader.binary(keys.encrypt(number.encode(), context))

    residents = people.Residents(
        put=lambda name, row: sinks[name].add(row),
        ids={name: loader.ids(name) for name in people.COLUMNS},
        uid=lambda: str(uuid_utils.uuid7()),
        seal=seal,
        blind=blind,
    )
    told = 0
    for grid, count in zip(grids, ground.split(persons, len(grids)), strict=True):
        residents.grid(grid.id, grid.row["code"], count)
        if residents.made - told >= STEP:
            told = residents.made
            say(f"  {told:>9,} people, {time.monotonic() - started:.0f} s")
    for sink in sinks.values():
        sink.flush()
    say(f"  indexes and statistics, {time.monotonic() - started:.0f} s")
    loader.finish()


def _lives(engine: Any) -> None:
    """What hangs on the people whom the accounts look for. The counters of a database of before are a few short then."""
    from app.core.scope import unscoped

    with unscoped("the bench draws whom it looks for") as session:
        drawn = [sample.draw(session, account) for account in site.accounts(session).values()]
    given = lives.give(engine, [somebody.id for found in drawn for somebody in found.people])
    if given:
        say(f"  {given} people with a life")


def _counters(started: float) -> None:
    from app.core import counters
    from app.core.scope import unscoped

    say(f"  counters, {time.monotonic() - started:.0f} s")
    with unscoped("the bench counts its city") as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SET LOCAL statement_timeout = 0"))
        counters.rebuild(session)
        session.commit()

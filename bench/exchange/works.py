"""The works of the benchmark, each as the process that does nothing else."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from bench.city import fill, ground, site
from bench.exchange import invented
from bench.exchange.taken import Taken, watched

OWNER, SHEET = "bench", "persons"
AREAS_FOR = 100_000  # the tree of areas of a city of so many people
PLAIN_FROM = 900_000  # door numbers of the plain way: nobody of ours lives there


def run(asked: Any) -> dict[str, Any]:
    """One work; returns what it took, by the name of its entry."""
    site.make_database(asked.db)
    app = site.make_app(asked.db, asked.home)
    gc.collect()
    gc.freeze()
    with app.app_context():
        work: dict[str, Any] = globals()[f"_{asked.work}"](app, asked)
        return work


def _sheet(asked: Any) -> Path:
    return Path(asked.home) / "residents.xlsx"


# --- before -----------------------------------------------------------------------------------------------------------


def _prepare(app: Flask, asked: Any) -> dict[str, Any]:
    """The database with its areas and accounts, and the sheet."""
    from app import site as project
    from app.areas.models import Area
    from app.core.scope import unscoped
    from app.extensions import db
    from bench.pages.run import facts

    with site.quiet():
        project.first_start(app)
    with unscoped("the bench looks whether its areas are there") as session:
        known = session.scalar(select(func.count(Area.id)).where(Area.code.startswith(ground.ROOT_CODE)))
    if not known or known < 3:
        fill._areas(ground.shape_of(AREAS_FOR))
    with unscoped("the bench reads its areas") as session:
        areas = _grids(session)
    headings = {key: key for key in invented.KEYS}
    invented.write_sheet(_sheet(asked), invented.people(asked.rows, areas), headings)
    return facts(db.engine)


def _grids(session: Any) -> list[str]:
    """Codes of the grids of the town in which the sheet is brought in."""
    from app.areas.models import Area, AreaLevel

    town = site.accounts(session)["town"]
    query = select(Area.code).join(AreaLevel, AreaLevel.id == Area.level_id)
    return list(
        session.scalars(
            query.where(AreaLevel.kind == "grid", Area.path.startswith(town.path)).order_by(Area.path)
        )
    )


@contextmanager
def _acting() -> Iterator[tuple[Any, Any]]:
    """(actor, session) of the town's clerk."""
    from app.areas.actors import build_actor
    from app.core import clock
    from app.core.scope import acting_as, unscoped

    with unscoped("the bench looks for its clerk") as session:
        account = site.accounts(session)["town"]
    actor, _seats = build_actor(account.user_id, clock.today())
    with acting_as(actor) as session:
        yield actor, session


# --- in ---------------------------------------------------------------------------------------------------------------


def _import(app: Flask, asked: Any) -> dict[str, Any]:
    """Upload, match the columns, check, run; the check and the run are measured."""
    from app.core import clock, sheets
    from app.core.session import unit_of_work
    from app.exchange.choices import BatchAction as Act
    from app.exchange.service import batches, declared

    data = _sheet(asked).read_bytes()
    found = {}
    with app.test_request_context("/import/"), _acting() as (_actor, session):
        declared.declare_all()
        sheet = sheets.sheets()[SHEET]
        look = sheets.look(data, fields=sheet.fields(session), sheet=SHEET)
        columns = {key: key for key in invented.KEYS}
        with unit_of_work(session):
            batch = batches.upload(
                session, sheet, "residents.xlsx", data, look, language="en", now=clock.now()
            )
            uid = batch.uid
        with unit_of_work(session):
            batches.map_columns(
                session,
                batches.locked(session, uid),
                columns,
                rule="skip",
                fixed={},
                source_name="bench",
                now=clock.now(),
            )
    for action, name in ((Act.check, "import, dry run"), (Act.run, "import")):
        with _acting() as (_actor, session), unit_of_work(session):
            batches.begin(session, batches.locked(session, uid), action, now=clock.now())
        found[name] = _job(asked.rows)
    found["duplicates of the import"] = _rest(asked.rows)
    _check(asked.rows)
    return found


def _job(rows: int) -> dict[str, Any]:
    from app.core import jobs

    taken = Taken()
    with watched(rows) as memory:
        jobs.run_one(OWNER)
    return taken.done(rows, rss_mb_at=memory, load=round(os.getloadavg()[0], 2))


def _rest(rows: int) -> dict[str, Any]:
    from app.core import jobs

    taken = Taken()
    while jobs.run_one(OWNER):
        pass
    return taken.done(rows)


def _check(rows: int) -> None:
    """What was measured has to have happened."""
    from app.core import counters
    from app.core.scope import unscoped
    from app.exchange.models import ImportBatch
    from app.registry.models import Person

    with unscoped("the bench counts what came in") as session:
        batch = session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc())).first()
        people = session.scalar(select(func.count(Person.id)))
        if batch is None or (batch.state, batch.rows_made) != ("done", rows) or people < rows:
            raise SystemExit(
                f"the import is not what it should be: {batch and batch.state}, {batch and batch.rows_made}"
            )
        if counters.total(session, "person") != people:
            raise SystemExit("the counters are not what they should be")


def _plain_import(_app: Flask, asked: Any) -> dict[str, Any]:
    """openpyxl and the services, a commit for each row, the same guards: what one would write without a writer of sheets."""
    from openpyxl import load_workbook

    from app.core.session import unit_of_work
    from app.registry.models import Dwelling, Household

    with _acting() as (actor, session):
        areas = _area_ids(session)
        taken, done = Taken(), 0
        rows = load_workbook(_sheet(asked), read_only=True).worksheets[0].iter_rows(values_only=True)
        next(rows)
        homes: dict[Any, tuple[int, int]] = {}
        for cells in rows:
            if done == asked.plain_rows:
                break
            values = dict(zip(invented.KEYS, cells, strict=False))
            with unit_of_work(session):
                key = (values["area"], values["door_no"])
                home, household = (None, None)
                if key in homes:
                    home, household = (
                        session.get(m, k) for m, k in zip((Dwelling, Household), homes[key], strict=True)
                    )
                home, household = _plain_row(session, actor, areas[values["area"]], values, home, household)
                homes[key] = (home.id, household.id)
            done += 1
        return {"import": taken.done(done)}


def _plain_row(
    session: Any, actor: Any, area: int, values: Any, home: Any, household: Any
) -> tuple[Any, Any]:
    from app.core import clock
    from app.registry.choices import HouseholdKind
    from app.registry.rules import Birth
    from app.registry.service import documents, households, matching, persons
    from app.registry.service import homes as home_service

    hands = {"actor": actor, "now": clock.now()}
    number = f"{values['number'][:14]}9{values['number'][15:17]}"  # somebody else than ours
    number = _with_check(number)
    if matching.find(session, kind="111", number=number):
        raise SystemExit("the plain way has met somebody known")
    if home is None:
        fields = {"road": values["road"], "door_no": str(PLAIN_FROM + int(values["door_no"]))}
        home = home_service.create_dwelling(session, area_id=area, now=hands["now"], fields=fields)
        household = households.create_household(session, home, kind=HouseholdKind.living, now=hands["now"])
    born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    kept = {key: values[key] for key in ("ethnic", "education", "population_kind")}
    kept["sex"] = "1" if int(number[16]) % 2 else "2"
    person = persons.enter_person(
        session, name=values["name"], area_id=area, birth=Birth(born), fields=kept, source="import", **hands
    )
    documents.add_document(session, person, kind="111", number=number, **hands)
    if values["phone"]:
        persons.set_phone(session, person, values["phone"], **hands)
    households.add_member(session, household, person, values["relation"], dwelling=home, **hands)
    households.settle_head(session, household)
    return home, household


def _with_check(first17: str) -> str:
    from app.registry.rules import check_character

    return first17 + check_character(first17)


def _area_ids(session: Any) -> dict[str, int]:
    from app.areas.models import Area

    return {code: key for code, key in session.execute(select(Area.code, Area.id)) if code}


# --- out --------------------------------------------------------------------------------------------------------------


def _export(app: Flask, asked: Any) -> dict[str, Any]:
    """The list of residents as the export job writes it, to a file."""
    from app.exchange.service.exports import export_to_path

    target = Path(asked.home) / "ours.xlsx"
    with app.test_request_context("/"), _acting() as (actor, _session):
        taken = Taken()
        rows = export_to_path(actor, "PersonView", target, limit=asked.rows)
        return {"export": taken.done(rows)}


def _plain_export(_app: Flask, asked: Any) -> dict[str, Any]:
    """openpyxl over ORM objects, the same number of columns."""
    from openpyxl import Workbook

    from app.registry.models import Person

    limit = min(asked.rows, max(asked.plain_rows, 10_000))
    with _acting() as (_actor, session):
        taken = Taken()
        book = Workbook()
        sheet = book.active
        query = select(Person).order_by(Person.id).limit(limit)
        count = 0
        for person in session.scalars(query).all():
            sheet.append(
                [
                    person.name,
                    person.sex,
                    person.birth_date,
                    person.area.name,
                    person.population_kind,
                    person.ethnic,
                ]
            )
            count += 1
        book.save(Path(asked.home) / "plain.xlsx")
        return {"export": taken.done(count)}


if __name__ == "__main__":
    sys.exit("run bench.sheets")

"""Rows of the light registers of the demo city, as app/seeds/demo_registers.yaml has them: typed by its accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.areas.models import Area, AreaLevel
from app.core.actor import Actor
from app.demo.acting import Cast
from app.registers.facilities import Facility
from app.registers.found import REGISTERS
from app.registry.models import Person


def fill_registers(cast: Cast, people: Sequence[Person], today: date) -> None:
    """Everything of the file, and the six facilities of each community of the town, some of them lacking."""
    data = seeds.read("demo_registers")
    models = {cls.datamodel.table_name: cls.datamodel.obj for cls in REGISTERS}
    made: dict[str, list[Any]] = {}
    for table, spec in data["tables"].items():
        with cast.playing(spec["by"]) as (session, actor):
            top, grids = _ground(session, actor)
            for given in spec["rows"]:
                values = _values(models[table], given, made, people, today)
                area = grids[min(given["grid"], len(grids) - 1)] if grids and "grid" in given else top
                row = models[table](area_id=area, **values)
                session.add(row)
                session.flush()
                made.setdefault(table, []).append(row)
    with cast.playing("town") as (session, actor):
        _the_six(session, actor, data["six"], data["lacking"])


def _ground(session: Session, actor: Actor) -> tuple[int, list[int]]:
    """The area of an actor, and the grids in it, in the order of the tree."""
    low, high = actor.ranges[0]
    inside = select(Area.id).where(Area.path.between(low, high)).order_by(Area.path)
    grids = inside.join(AreaLevel, AreaLevel.id == Area.level_id).where(AreaLevel.key == "grid")
    return session.scalars(inside.limit(1)).one(), list(session.scalars(grids.limit(2)))


def _values(
    model: Any, given: dict[str, Any], made: dict[str, list[Any]], people: Sequence[Person], today: date
) -> dict[str, Any]:
    """Days from counted days, keys from counted rows, a resident with the name."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name == "grid":
            continue
        if name == "resident":
            person = people[value % len(people)]
            found |= {"person_id": person.id, "name": person.name}
            continue
        column = model.__mapper__.columns[name]
        if column.foreign_keys:
            target = next(iter(column.foreign_keys)).column.table.name
            value = made[target][value].id
        elif column.type.python_type is date:
            value = today + timedelta(days=value)
        found[name] = value
    return found


def _the_six(session: Session, actor: Actor, six: dict[str, str], lacking: list[list[str]]) -> None:
    low, high = actor.ranges[0]
    communities = (
        select(Area)
        .join(AreaLevel, AreaLevel.id == Area.level_id)
        .where(Area.path.between(low, high), AreaLevel.key == "community")
        .order_by(Area.path)
    )
    for n, area in enumerate(session.scalars(communities)):
        gone = lacking[n % len(lacking)]
        session.add_all(
            Facility(area_id=area.id, name=f"{area.name}{word}", kind=kind)
            for kind, word in six.items()
            if kind not in gone
        )

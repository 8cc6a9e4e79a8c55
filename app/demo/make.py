"""``flask demo``: refuse where there is data, then ground, people, accounts and cases, with progress."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import seeds
from app.areas.actors import build_actor
from app.areas.models import Account, Area
from app.core import clock
from app.core.actor import Actor
from app.core.codes import CodeItem, CodeList
from app.core.errors import Conflict
from app.core.models import new_uid
from app.core.scope import unscoped
from app.core.session import unit_of_work
from app.demo import accounts

from app.demo.cases import CaseMaker
from app.demo.city import CityBuilder
from app.demo.homes import Filler
from app.demo.people import Inventor
from app.registry.models import Person

Say = Callable[[str], None]
PER_HOUSEHOLD = 2.15  # people in an invented household, on average
SEED = 20260301


class NotEmpty(Conflict):
    """The database holds rows that are not the demo's: a demo never mixes with real data."""


def make_demo(city: str, persons: int, home: Path, say: Say) -> bool:
    """Load the demo city unless it is there already. Returns False when there was nothing to do.

    Raises NotEmpty on a database with other rows.
    """
    spec = seeds.read(f"demo_{city}")
    with unscoped("demo: there is nobody in the city yet") as session:
        if _is_there(session, spec["code"], home):
            return False
        known, actors = _load(session, spec, persons, say)
    accounts.write_file(home, known)
    say("cases in every state")
    made = CaseMaker(spec, actors, clock.now()).make(3)
    say(f"{made} cases; accounts in {home / 'demo-accounts.json'}")
    return True


def _is_there(session: Session, code: str, home: Path) -> bool:
    root = session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
    if root.code == code and (home / "demo-accounts.json").exists():
        return True
    people, areas = session.scalar(select(func.count(Person.id))), session.scalar(select(func.count(Area.id)))
    users = session.scalar(select(func.count(Account.user_id)))
    if people or (areas or 0) > 1 or (users or 0) > 3:
        raise NotEmpty("this database holds other rows: make the demo in a home of its own (GEBAN_HOME)")
    return False


def _load(
    session: Session, spec: dict, persons: int, say: Say
) -> tuple[list[accounts.DemoAccount], dict[str, Actor]]:
    now, batch = clock.now(), new_uid()
    inventor = Inventor(spec, SEED, now)
    with unit_of_work(session):
        city = CityBuilder(session, spec, inventor, batch)
        ground = city.areas()
        units = city.offices()
        posts = city.staff(units)
        names = {row["id"]: row["name"] for rows in ground.levels.values() for row in rows}
        known = accounts.make(session, posts, names) + accounts.administrators(session, spec["city"])
    say(f"{len(ground.of('grid'))} grids, {sum(map(len, posts.values()))} posts")
    _people(session, spec, inventor, city, persons, batch, say)
    return known, _actors(known)


def _people(
    session: Session, spec: dict, inventor: Inventor, city: CityBuilder, persons: int, batch: str, say: Say
) -> None:
    query = select(CodeItem.code, CodeItem.extra).join(CodeList).where(CodeList.name == "special_group")
    levels = {code: seeds.loads(extra).get("sensitivity", "L3") for code, extra in session.execute(query)}
    filler = Filler(session, spec, inventor, city.keys, levels, inventor.today)
    communities = {row["id"]: row for row in city.ground.of("community")}
    for grid in _chosen(city, max(1, round(persons / 830))):
        left = persons - filler.persons
        if left <= 0:
            break
        households = min(inventor.random.randint(350, 420), max(1, round(left / PER_HOUSEHOLD)))
        with unit_of_work(session):  # keys are taken inside it: a rollback would hand them out again
            filler.fill(grid, communities[grid["parent_id"]], households)
            filler.write(batch)
            session.get_one(Area, grid["id"]).declared_households = None
        session.expunge_all()
        say(f"{filler.persons} people")


def _chosen(city: CityBuilder, count: int) -> list[dict]:
    """The grids to fill: those of the first community first (the demo clerk's), then urban and rural in turn."""
    grids = city.ground.of("grid")
    first = [g for g in grids if g["parent_id"] == grids[0]["parent_id"]]
    urban = [g for g in grids if g["settlement"] == "urban" and g not in first][::17]
    rural = [g for g in grids if g["settlement"] == "rural"][::47]
    last = [grids[-1]]  # the outsider's community holds people too
    mixed = [g for pair in zip(urban, rural, strict=False) for g in pair]
    return [*first[:1], *last, *first[1:], *mixed][: max(count, 2)]


def _actors(known: list[accounts.DemoAccount]) -> dict[str, Actor]:
    """The people who move the demo's cases, by role; departments by their catalogue code."""
    day = clock.today()
    codes = {"civil": "MZ", "disability": "CL", "health": "WJ", "labour": "RS"}
    actors: dict[str, Actor] = {}
    for account in known:
        key = f"department_{codes[account.username]}" if account.username in codes else account.role
        actors.setdefault(key, build_actor(account.user_id, day, origin="demo")[0])
    return actors

"""``flask demo``: refuse where there is data, then ground, people and accounts in one transaction, and what has
happened there in a second one. Interrupted, the first leaves nothing behind and the second is done by the next run. The
sheets that were brought come last, each step in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import seeds
from app.areas.models import Account, Area
from app.core import clock
from app.core.errors import Conflict
from app.core.models import new_uid
from app.core.scope import unscoped
from app.core.session import unit_of_work
from app.demo import accounts, sheets
from app.demo.fields import add_fields
from app.demo.filling import Filler, group_facts
from app.demo.ground import Ground, GroundBuilder, chosen_grids
from app.demo.keys import Days, Keys, Row
from app.demo.offices import build_offices
from app.demo.people import Inventor
from app.demo.progress import Progress
from app.demo.staff import StaffBuilder
from app.demo.story import Story
from app.documents.drawing import Press
from app.proxy.models import ProxyCase
from app.registry.models import Person

PER_HOUSEHOLD = 2.15  # people in an invented household, on average
PER_GRID = 385 * PER_HOUSEHOLD
HOUSEHOLDS = (350, 420)
SEED = 20260301
GROUND_SHARE, STORY_SHARE = 0.08, 0.17


class NotEmpty(Conflict):
    """The database holds rows that are not the demo's: a demo never mixes with real data."""


@dataclass(frozen=True)
class Wish:
    """What is asked for. ``press`` opens the renderer when it is first needed, or gives None without fonts."""

    city: str
    persons: int
    home: Path
    password_method: str
    press: Callable[[], Press | None]


def make_demo(wish: Wish, say: Callable[[str], None]) -> bool:
    """Load the demo city, or what an interrupted run left undone. Returns False when there was nothing to do.

    Raises NotEmpty on a database with other rows.
    """
    spec, now = seeds.read(f"demo_{wish.city}"), clock.now()
    progress = Progress(say)
    did = False
    with unscoped("demo: there is nobody in the city yet") as session:
        if not _is_there(session, spec["code"]):
            known = _city(session, spec, wish, now, progress)
            accounts.write_file(wish.home, known)
            did = True
        elif not (wish.home / accounts.FILE).exists():
            with unit_of_work(session):
                known = accounts.renew(session, accounts.known(session), wish.password_method, now)
            accounts.write_file(wish.home, known)
            say("the file of accounts was missing: all of them have new passwords")
            did = True
        if not session.scalar(select(func.count(ProxyCase.id))):
            progress.done = 1 - STORY_SHARE
            _story(session, spec, wish, now, progress)
            did = True
        bearer = sheets.bearer(session, clock.to_local(now).date())
    if bearer is not None:
        sheets.bring(bearer)
    return did or bearer is not None


def _is_there(session: Session, code: str) -> bool:
    root = session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
    if root.code == code and accounts.user_ids(session):
        return True
    people, areas = session.scalar(select(func.count(Person.id))), session.scalar(select(func.count(Area.id)))
    users = session.scalar(select(func.count(Account.user_id)))
    if people or (areas or 0) > 1 or (users or 0) > len(accounts.ADMINISTRATORS):
        raise NotEmpty(
            _("This database holds other rows: load the demo into a home of its own (GEBAN_HOME).")
        )
    return False


def _city(
    session: Session, spec: dict[str, Any], wish: Wish, now: datetime, progress: Progress
) -> list[accounts.DemoAccount]:
    """Ground, offices, staff, accounts and people: one transaction, whatever its size."""
    inventor, batch = Inventor(spec, SEED, now), new_uid()
    days = Days(inventor.today)
    with unit_of_work(session):
        keys = Keys.of(session)
        ground = GroundBuilder(session, spec, days, keys).build(batch)
        units = build_offices(session, spec, ground, days, keys, batch)
        grids = chosen_grids(ground, max(1, round(wish.persons / PER_GRID)))
        staff = StaffBuilder(spec, ground, units, inventor, keys, days)
        staff.build({g["id"] for g in grids})
        staff.grant(staff.posts["workstation"][0], "G41", "G02")
        staff.grant(staff.posts["grid_worker"][0], "G41")
        staff.pile.write(session, batch)
        known = accounts.make(session, staff.posts, ground.names(), wish.password_method, now)
        progress.add(
            GROUND_SHARE, f"{len(ground.of('grid'))} grids, {len(ground.of('community'))} communities"
        )
        add_fields(session, spec, days)
        filler = Filler(spec, inventor, keys, days, group_facts(session))
        _fill(session, ground, grids, filler, staff, wish.persons, batch, progress)
    return known


def _fill(
    session: Session,
    ground: Ground,
    grids: list[Row],
    filler: Filler,
    staff: StaffBuilder,
    persons: int,
    batch: str,
    progress: Progress,
) -> None:
    above = {row["id"]: row for level in ("community", "town") for row in ground.of(level)}
    share = (1 - GROUND_SHARE - STORY_SHARE) / len(grids)
    for n, grid in enumerate(grids, 1):
        community = above[grid["parent_id"]]
        wanted = filler.dwellings.random.randint(*HOUSEHOLDS)
        if n == len(grids) or persons < PER_GRID * len(grids) * 0.8:
            rest = (persons - filler.persons) / (len(grids) - n + 1)
            wanted = max(1, min(wanted, round(rest / PER_HOUSEHOLD)))
        heads = filler.fill(grid, community, above[community["parent_id"]], wanted)
        filler.write(session, batch)
        staff.chiefs(grid, heads, n)
        staff.helpers(grid, heads)
        staff.pile.write(session, batch)
        _counted(session, grid["id"])
        session.expunge_all()
        progress.add(share, f"{n} of {len(grids)} grids filled, {filler.persons:,} people")


def _counted(session: Session, area_id: int) -> None:
    """A grid that was filled has its own numbers: what was declared is gone."""
    area = session.get_one(Area, area_id)
    area.declared_households = area.declared_persons = area.note = None
    session.flush()


def _story(session: Session, spec: dict[str, Any], wish: Wish, now: datetime, progress: Progress) -> None:
    press = wish.press()
    if press is None:
        progress.say("no fonts on this machine: the demo has no issued papers (tools/build_fonts.py)")
    with unit_of_work(session):
        Story(session, spec, now, press).tell(lambda what: progress.add(STORY_SHARE / 4, what))
    progress.add(1, "cases in every state, visits, move-ins, papers")

"""Ledgers (一表通): put together once, saved by name, shared by role, run again each month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.roles import ROLES
from app.core.actor import Actor
from app.core.errors import Invalid, NotAllowed, StaleVersion
from app.exchange.models import Ledger
from app.exchange.rules.ledgers import MOST_GROUPS, unknown_places
from app.exchange.service import export_build, export_rows
from app.exchange.service.export_build import PLACES, Spec

NAME_LENGTH, TITLE_LENGTH, LINE_LENGTH, NOTE_LENGTH = 80, 80, 60, 200
MOST_FIELDS, MOST_ORDERS = 40, 3
SIZES = ("A4", "A3")
# what a heading says, and how long it may be
HEADING = {"title": TITLE_LENGTH, "unit": LINE_LENGTH, "preparer": 30, "reviewer": 30, "note": NOTE_LENGTH}


@dataclass(frozen=True, slots=True)
class Given:
    """A ledger as it was typed: ``spec`` as in export_build, with its heading."""

    name: str
    area: Area | None
    spec: Spec
    roles: tuple[str, ...] = ()


def spec_of(ledger: Ledger) -> Spec:
    """What a saved ledger asks for, as the builder of sheets reads it."""
    heading = dict(ledger.heading or {})
    return {
        "view": ledger.subject,
        "columns": list(ledger.columns or ()),
        "filters": [list(pair) for pair in ledger.filters or ()],
        "orders": [list(pair) for pair in ledger.orders or ()],
        "groups": list(ledger.groups or ()),
        "totals": bool(heading.pop("totals", False)),
        "sums": list(heading.pop("sums", ())),
        "numbered": bool(heading.pop("numbered", False)),
        "heading": heading,
    }


def is_maker(ledger: Ledger, actor: Actor) -> bool:
    """Whether somebody may change the ledger: whoever made it. The others copy it."""
    return actor.is_system or (actor.user_id is not None and ledger.created_by == actor.user_id)


def roles_with(view: Any) -> list[tuple[str, str]]:
    """The roles that may export a list, by key and name: a ledger is shared with these only."""
    key = view.permission_key
    return [
        (role.key, str(role.label))
        for role in ROLES.values()
        if role.permits("can_list", key) and role.permits("can_export", key)
    ]


def check(session: Session, actor: Actor, given: Given, now: datetime) -> None:
    """Refuse what cannot be saved, at its field: name, area, fields, filters, orders, groups, heading, roles."""
    if not given.name:
        raise Invalid(gettext("Please fill this in."), field="name")
    if len(given.name) > NAME_LENGTH:
        raise Invalid(gettext("At most %(n)s characters.", n=NAME_LENGTH), field="name")
    spec, heading = given.spec, given.spec["heading"]
    if len(spec["columns"]) > MOST_FIELDS:
        raise Invalid(gettext("A ledger has %(n)s fields at most.", n=MOST_FIELDS), field="columns")
    if len(spec["groups"]) > MOST_GROUPS or len(spec["orders"]) > MOST_ORDERS:
        raise Invalid(field="columns")
    _check_heading(heading)
    if given.area is None or not actor.covers(given.area.path):
        raise Invalid(gettext("Choose one of your own areas."), field="area")
    view = export_rows.view_named(spec["view"])
    if set(given.roles) - {key for key, _label in roles_with(view)}:
        raise Invalid(gettext("This choice does not exist."), field="roles")
    export_build.build(session, actor, spec, now)


def _check_heading(heading: dict[str, Any]) -> None:
    for name, longest in HEADING.items():
        if len(heading.get(name) or "") > longest:
            raise Invalid(gettext("At most %(n)s characters.", n=longest), field=name)
    unknown = unknown_places(heading.get("title") or "", PLACES)
    if unknown:
        known = gettext(", ").join("{" + place + "}" for place in PLACES)
        raise Invalid(
            gettext("%(what)s means nothing: a title knows %(known)s.", what=unknown[0], known=known),
            field="title",
        )
    if heading.get("size") not in SIZES:
        raise Invalid(field="size")


def save(
    session: Session,
    actor: Actor,
    ledger: Ledger | None,
    given: Given,
    now: datetime,
    *,
    version: int | None = None,
) -> Ledger:
    """A new ledger, or the changed one. ``version`` is the one its page was opened with: StaleVersion where somebody (one's
    own other tab) saved it since. Raises NotAllowed for anybody but its maker.
    """
    if ledger is not None and not is_maker(ledger, actor):
        raise NotAllowed(gettext("Only who made a ledger changes it: copy it and change the copy."))
    if ledger is not None and version != ledger.version:
        raise StaleVersion()
    check(session, actor, given, now)
    row = ledger or Ledger(created_by=actor.user_id)
    spec = given.spec
    row.name, row.subject, row.area = given.name, spec["view"], given.area  # type: ignore[assignment]
    row.columns, row.filters = spec["columns"], [list(pair) for pair in spec["filters"]]
    row.orders, row.groups = spec["orders"], spec["groups"]
    row.heading = spec["heading"] | {name: spec[name] for name in ("totals", "sums", "numbered")}
    row.shared_roles = list(given.roles)
    session.add(row)
    session.flush()
    return row


def copied(session: Session, actor: Actor, ledger: Ledger) -> Ledger:
    """A ledger of one's own like one that one sees, in one's own area, shared with nobody."""
    areas = export_rows.top_areas(session, actor, 1)
    if not areas:
        raise NotAllowed(gettext("A ledger lies in an area; your post has none."))
    name = gettext("%(name)s (copy)", name=ledger.name)
    row = Ledger(
        name=name[:NAME_LENGTH],
        subject=ledger.subject,
        columns=ledger.columns,
        filters=ledger.filters,
        orders=ledger.orders,
        groups=ledger.groups,
        heading=ledger.heading,
        shared_roles=[],
        area=areas[0],
        created_by=actor.user_id,
    )
    session.add(row)
    session.flush()
    return row


def subjects(views: Iterable[Any], actor: Actor) -> list[tuple[str, str]]:
    """The lists that the acting role may make ledgers of: (name, title), by title."""
    found = {type(v).__name__: str(v.list_title) for v in views if export_rows.may_export(v, actor)}
    return sorted(found.items(), key=lambda pair: pair[1])

"""Who may bring a sheet: whoever may do by hand what the sheet does, inside the own areas. Who may take it back: its owner,
and whoever may delete its records by hand.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from app.areas.models import Area, OrgUnit
from app.core.actor import Actor
from app.core.errors import DomainError, Invalid, NotAllowed, NotFound
from app.core.sheets import Sheet
from app.exchange.choices import KnownRule
from app.exchange.models import ImportBatch
from app.exchange.rules import imports as rules
from app.exchange.service.declared import open_sheets

DESK = "ImportDesk"
NO_KEY = _(
    "Nothing in this register says that two rows are the same record: rows can only be left out or entered as new."
)


def sheet_called(name: str, actor: Actor, session: Session | None = None) -> Sheet:
    """A sheet that the actor may bring. NotFound for any other."""
    found = open_sheets(actor, session).get(name)
    if found is None or not actor.may("can_use", DESK):
        raise NotFound()
    return found


def need_rights(batch: ImportBatch, actor: Actor, rule: str) -> Sheet:
    """The sheet of a batch, where the actor may do by hand what the batch does: enter, and change if the rule changes."""
    sheet = sheet_called(batch.sheet, actor, object_session(batch))
    if actor.read_only or not _may(sheet, actor, rule):
        raise NotAllowed(_("Your post may enter records here, but not change them: choose another rule."))
    if not _fits(sheet, rule):
        raise Invalid(NO_KEY, field="rule")
    return sheet


def _fits(sheet: Sheet, rule: str) -> bool:
    return (sheet.changes or not rules.is_change(rule)) and (sheet.repeats or rule != KnownRule.new)


def _may(sheet: Sheet, actor: Actor, rule: str) -> bool:
    """What opens the sheet is what enters a record; a rule may need more."""
    more = (right for right in rules.needed_rights(rule) if right != "can_add")
    return sheet.is_open(actor) and all(actor.may(right, sheet.view) for right in more)


def open_rules(sheet: Sheet, actor: Actor) -> list[KnownRule]:
    """What may be done with records that are known already: what the sheet and the post allow."""
    return [rule for rule in KnownRule if _fits(sheet, rule) and _may(sheet, actor, rule)]


def need_owner(batch: ImportBatch, actor: Actor) -> None:
    """The file is its owner's: nobody else reads it, so nobody else can check or run it."""
    if batch.created_by != actor.user_id:
        raise NotAllowed(_("Only the person who uploaded this sheet can do this."))


def need_undo(batch: ImportBatch, actor: Actor) -> None:
    """Raises NotAllowed for who neither brought the sheet nor may delete records of its register; NotFound as above."""
    sheet = sheet_called(batch.sheet, actor, object_session(batch))
    is_owner = batch.created_by == actor.user_id
    if is_owner:
        need_rights(batch, actor, batch.rule)
    if actor.read_only or not rules.may_undo(
        is_owner=is_owner, may_delete=actor.may("can_delete", sheet.view)
    ):
        raise NotAllowed(
            _(
                "Only the person who brought this sheet, or whoever may delete records here, can stop or undo it."
            )
        )


def can_undo(batch: ImportBatch, actor: Actor) -> bool:
    """Whether the page offers it."""
    try:
        need_undo(batch, actor)
    except DomainError:
        return False
    return True


def home_area(session: Session, actor: Actor) -> Area:
    """The area that a batch belongs to: the uppermost one of the acting post, of a department the one of its office."""
    query = select(Area).order_by(Area.path).limit(1)
    if actor.org_unit_ids:
        query = query.join(OrgUnit, OrgUnit.area_id == Area.id).where(OrgUnit.id.in_(actor.org_unit_ids))
    elif actor.ranges:
        query = query.where(Area.path == min(lo for lo, _hi in actor.ranges))
    found = session.scalars(query).first()
    if found is None:
        raise NotAllowed()
    return found

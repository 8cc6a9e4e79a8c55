"""A sheet for each special group with the columns of its own form (S4-59, S4-60), beside the one that says who belongs to
which group.

A group of level 5 has its own sheet only. Whoever has no grant by name for it has no such sheet: no template, no batch in
the list, no page of one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import current_app
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, codes, sheets
from app.core.actor import Actor
from app.core.sheets import Row, Sheet
from app.exchange.service.generic import FormWriter
from app.exchange.service.specs import Spec, Way, spec_fields
from app.registry.choices import CLOSED_LEVEL
from app.registry.models import Person, PersonGroup
from app.registry.service import groups, subforms

MEMBERS = "special_groups"
VIEW = "PersonGroupView"
GROUP = "group_code"
BASE = frozenset({"csrf_token", "person_id", GROUP, "evidence", "valid_from", "visit_days"})


def sheet_of(code: str) -> str:
    """The name of a group's sheet."""
    return f"{MEMBERS}.{code}"


def group_of(sheet: str) -> str | None:
    """The code of the group whose sheet this is; None for any other sheet."""
    head, _dot, code = sheet.partition(".")
    return code if head == MEMBERS and code else None


def open_groups(session: Session, actor: Actor) -> set[str]:
    """The groups that the actor may bring a sheet for: those that may be entered by hand, level 5 by named grant."""
    return {code for code, _label in groups.open_to(session, actor)}


def open_only(names: Collection[str], actor: Actor, session: Session | None) -> set[str]:
    """Of some sheets those that the actor may know of."""
    if not any(group_of(name) for name in names):
        return set(names)
    mine = open_groups(session or current_app.appbuilder.session(), actor)  # type: ignore[attr-defined]
    return {name for name in names if (code := group_of(name)) is None or code in mine}


# --- who belongs to which group -------------------------------------------------------------------------------------


def _known(writer: FormWriter, row: Row, related: dict[str, Any]) -> Way | None:
    person, code = related.get("person_id"), writer.value(row, GROUP)
    if person is None or code is None:
        return None
    query = select(PersonGroup).where(
        PersonGroup.person_id == person.id,
        PersonGroup.group_code == str(code),
        PersonGroup.valid_to.is_(None),
    )
    return Way((person.id, str(code)), lambda: writer.session.scalars(query).first())


def _membership_only(form: Any) -> None:
    """The groups' own forms have sheets of their own, and a group of level 5 nothing else."""
    own = getattr(form, "names", ())  # of the group's form; the fields bear them behind a prefix
    for name in [f.name for f in form if any(f.name != n and f.name.endswith(n) for n in own)]:
        if name not in BASE:
            del form[name]
    if GROUP in form:
        session = current_app.appbuilder.session()  # type: ignore[attr-defined]
        field = form[GROUP]
        offered = [
            (code, label)
            for code, label in field.pairs()
            if code and groups.level_of(session, code) != CLOSED_LEVEL
        ]
        field.pairs = lambda: offered
        field.load()


def _save_membership(writer: FormWriter, session: Session, item: Any, form: Any, is_new: bool) -> None:
    actor, now = writer.actor, clock.now()
    if not is_new:
        groups.edit_group(session, item, actor=actor, now=now)
        return
    form.made = groups.add_group(
        session,
        session.get_one(Person, item.person_id),
        item.group_code,
        since=item.valid_from,
        evidence=item.evidence,
        visit_days=item.visit_days,
        actor=actor,
        now=now,
    )


MEMBERSHIP = Spec(MEMBERS, VIEW, match=_known, prepare=_membership_only, save=_save_membership)


# --- one group with its form ----------------------------------------------------------------------------------------


def declare_groups() -> None:
    """Declare the sheet of each group that has an own form."""
    for code in subforms.group_forms():
        _declare(code)


def _declare(code: str) -> None:
    chosen = {GROUP: code}
    spec = Spec(sheet_of(code), VIEW, match=_known, omit=frozenset({GROUP}), chosen=chosen)

    def writer(session: Session, actor: Actor, options: dict[str, Any]) -> FormWriter:
        return FormWriter(
            session, actor, {**options, "fixed": {**(options.get("fixed") or {}), **chosen}}, spec
        )

    label = _("Special group: %(group)s", group=LazyString(_label, code))
    sheets.declare(Sheet(spec.name, label, VIEW, lambda _session: spec_fields(spec), writer))


def _label(code: str) -> str:
    return codes.label(current_app.appbuilder.session(), groups.LIST, code)  # type: ignore[attr-defined]

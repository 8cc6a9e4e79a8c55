"""Originals out of their owner's hands: who holds them since when (S3-49; Resident ID Card Law art. 15).

A case has one chain of hands: the worker takes an original, the department gets it with the papers, the worker
fetches it with the result, the owner signs for it. Nothing is archived while one is out.
"""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _

from app.core.actor import Actor
from app.core.errors import Conflict
from app.proxy.models import Custody, ProxyCase
from app.proxy.service.materials import Given, Taken, stays

CARRIERS = frozenset({"grid_worker", "workstation", "office_clerk"})


def held(case: ProxyCase) -> list[Custody]:
    """Originals that are out."""
    return [c for c in case.custody if c.returned_at is None]


def take(actor: Actor, now: datetime, case: ProxyCase, taken: Taken, given: Given) -> None:
    """An original that stays out gets a row; one that is out already does not get a second."""
    out = {c.material_id for c in held(case)}
    due = given.get("due_back_on")
    for material, entry in taken:
        if stays(material, entry) and material.id not in out:
            case.custody.append(
                Custody(
                    case_id=case.id,
                    material_id=material.id,
                    name=material.name,
                    holder_staff_id=actor.staff_id or case.staff_id,
                    taken_at=now,
                    due_back_on=date.fromisoformat(due) if due else None,
                )
            )


def to_department(case: ProxyCase) -> None:
    """The originals go along with the papers."""
    for custody in held(case):
        if case.department_id:
            custody.holder_staff_id, custody.holder_unit_id = None, case.department_id


def to_worker(actor: Actor, case: ProxyCase) -> None:
    """They come back with the papers or with the result: to whoever carries them, else to the owner of the case."""
    for custody in held(case):
        custody.holder_unit_id = None
        custody.holder_staff_id = actor.staff_id if actor.role in CARRIERS else case.staff_id


def give_back(now: datetime, case: ProxyCase, to: str) -> list[str]:
    """Every original that is out goes home and is signed for by name; returns what it was."""
    going = held(case)
    for custody in going:
        custody.returned_at, custody.returned_to = now, to[:50]
    return [c.name for c in going]


def need_held(case: ProxyCase) -> list[Custody]:
    """The originals that are out and in our hands; Conflict when there are none or the department has them."""
    going = held(case)
    if not going:
        raise Conflict(_("No original of this case is out."))
    if any(c.holder_unit_id for c in going):
        raise Conflict(_("The originals are with the department. Fetch them first."))
    return going

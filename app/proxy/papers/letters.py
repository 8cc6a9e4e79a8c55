"""The plain dicts that F10 and F11 print: authorization letter, receipt with materials (forms.md).

ID numbers print masked except where the receiving office needs them (forms.md, conventions). F11 stays in the grid and
shows masks only. F10 goes to a department window, which identifies principal and agent by the whole number; but a file
with two whole numbers would lie in the register for ten years. So the letter prints the mask and, beside it, a line on
which each of the two writes the number at the signing; a worker whose number no registry row gives has the line alone.
Several cases of one household share one receipt; several cases of one person share one letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import OrgUnit, Staff
from app.core import codes, masks
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid
from app.core.sla import due_date
from app.documents.queries import office_of
from app.proxy.choices import Action, PaperForm, PaperSource, PaperState, Signed
from app.proxy.models import CaseMaterial, CaseStep, ProxyCase
from app.proxy.papers.slips import picture
from app.proxy.rules import what_is_wrong
from app.proxy.rules.sources import source_words
from app.proxy.service.clocks import newest
from app.registry.models import Person, PersonDocument

NONE_TAKEN = _("No paper has been taken over yet.")
VALID_DAYS = 90  # an authorization without another day holds until the result should long be there


def last_step(case: ProxyCase, action: Action) -> CaseStep | None:
    """The newest step of a kind."""
    return next((s for s in reversed(case.steps) if s.action == action.value), None)


def taken_over(case: ProxyCase) -> list[CaseMaterial]:
    """Papers of a case that somebody took over."""
    return [m for m in case.materials if m.collected_at is not None]


def _local_day(at: datetime) -> date:
    return to_local(at).date()


# --- F10 -----------------------------------------------------------------------------------------------------------


def authorization(session: Session, cases: Sequence[ProxyCase], now: datetime) -> dict[str, Any]:
    """Context of F10 for the cases of one person. Raises Invalid when they are not of one person."""
    if len({c.person_uid for c in cases}) != 1:
        raise Invalid(gettext("An authorization is given by one person."))
    first, party = cases[0], cases[0].party or {}
    signed = [s for c in cases if (s := last_step(c, Action.entrust)) is not None]
    from_day = min((_local_day(s.at) for s in signed), default=_local_day(now))
    return {
        "principal": {
            "name": party.get("name"),
            "sex": codes.label(session, "gender", party.get("sex")) if party.get("sex") else "",
            "id_number": masks.mask_id_number(party.get("document_number")),
            "address": party.get("address"),
            "phone": masks.mask_phone(party.get("phone")),
        },
        "agent": agent(session, first),
        "matters": [matter(c) for c in cases],
        "powers": {
            "submit": True,
            "fill_in": any(m.form == PaperForm.form.value for c in cases for m in c.materials),
            "collect": any(c.item_version.delivery_needed for c in cases),
            "receive_notice": True,
            "other": "",
        },
        "valid_from": from_day.isoformat(),
        "valid_to": (from_day + timedelta(days=VALID_DAYS)).isoformat(),
        "signature": _drawn(session, signed),
        "cannot_sign": any((s.data or {}).get("cannot_sign") for s in signed),
        "own_form": "",
    }


def _drawn(session: Session, signed: Sequence[CaseStep]) -> str:
    """The signature that was drawn on the phone, as a data address; empty where the paper itself is signed."""
    by_finger = ((s.data or {}) for s in signed if (s.data or {}).get("signature") == Signed.drawn)
    return next((found for data in by_finger if (found := picture(session, data.get("signature_uid")))), "")


def agent(session: Session, case: ProxyCase) -> dict[str, Any]:
    """The worker who carries the case. The number is the worker's own, where the registry knows it."""
    staff = session.get(Staff, case.staff_id) if case.staff_id else None
    if staff is None:
        return {"name": "", "id_number": "", "unit": "", "phone": ""}
    unit = session.get(OrgUnit, staff.org_unit_id) if staff.org_unit_id else None
    return {
        "name": staff.name,
        "id_number": masks.mask_id_number(_number_of(session, staff)),
        "unit": unit.name if unit else case.area.full_name or case.area.name,
        "phone": masks.mask_phone(staff.phone),
    }


def _number_of(session: Session, staff: Staff) -> str | None:
    if staff.person_uid is None:
        return None
    query = (
        select(PersonDocument.number)
        .join(Person, Person.id == PersonDocument.person_id)
        .where(Person.uid == staff.person_uid, PersonDocument.valid_to.is_(None))
        .order_by(PersonDocument.is_primary.desc(), PersonDocument.id)
    )
    return session.scalars(query).first()


def matter(case: ProxyCase) -> dict[str, Any]:
    """One line of what is asked to be done."""
    version = case.item_version
    return {"code": version.item.code, "name": version.name, "department": version.department_name}


# --- F11 -----------------------------------------------------------------------------------------------------------


def receipt(session: Session, cases: Sequence[ProxyCase], by: str) -> dict[str, Any]:
    """Context of F11 for the cases of one household. Raises Conflict while no paper has been taken over."""
    taken = [m for c in cases for m in taken_over(c)]
    if not taken:
        raise Conflict(NONE_TAKEN)
    collected = [s for c in cases if (s := last_step(c, Action.collect)) is not None]
    at_door = any(c.visit_id for c in cases) or any((s.data or {}).get("met") for s in collected)
    office = office_of(session, cases[0].area)
    return {
        "received_on": _local_day(min(m.collected_at for m in taken if m.collected_at)).isoformat(),
        "received_way": "door" if at_door else "window",
        "cases": [one_case(c) for c in cases],
        "fee": 0,
        "query": {"code": "", "how": how_to_ask(office)},
        "received_by": by,
        "handed_by": masks.mask_name(cases[0].party_name),
    }


def how_to_ask(office: OrgUnit | None) -> str:
    """Where somebody learns how the case stands."""
    if office is None:
        return gettext("Ask your grid worker.")
    if not office.phone:
        return gettext("Ask your grid worker or %(office)s.", office=office.name)
    return gettext("Ask your grid worker or %(office)s, %(phone)s.", office=office.name, phone=office.phone)


def one_case(case: ProxyCase) -> dict[str, Any]:
    """One case on the receipt: its papers, what is missing and until when, the promised day."""
    asked = last_step(case, Action.request_supplement)
    open_list = case.state == "supplement" and asked is not None
    missing = {m.seq: str(why) for m in case.materials if (why := what_is_wrong(m)) is not None}
    promise = newest(case).get("promise")
    return {
        "number": case.number,
        "item_code": case.item_version.item.code,
        "item_name": case.item_version.name,
        "applicant": masks.mask_name(case.party_name),
        "phone": masks.mask_phone((case.party or {}).get("phone")),
        "materials": [paper(m) for m in case.materials if m.applies is not False and m.seq not in missing],
        "missing": [{"name": m.name, "note": missing[m.seq]} for m in case.materials if m.seq in missing],
        "supplement_until": (asked.data or {}).get("due_on", "") if open_list and asked else "",
        "promised_on": due_date(promise.due_at).isoformat() if promise else "",
        "is_provisional": bool(promise and promise.provisional),
    }


def paper(material: CaseMaterial) -> dict[str, Any]:
    """One line of the list of materials."""
    return {
        "name": material.name,
        "form": material.form,
        "copies": material.copies,
        "handling": handling(material),
        "note": str(source_words(material.source, material.source_note)) or material.note or "",
    }


RETURNED = frozenset({PaperForm.check.value, PaperForm.check_copy.value})


def handling(material: CaseMaterial) -> str:
    """What happened to a paper (words.toml: kept, returned, shared, lacking)."""
    if material.state == PaperState.shared:
        return "shared"
    if material.source == PaperSource.case:
        return "reused"
    if material.state in (PaperState.asked, PaperState.waived):
        return "lacking"
    return "returned" if material.form in RETURNED else "kept"

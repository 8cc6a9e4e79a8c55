"""The plain dicts of F32 and F33: a case that is refused, and one that ended without a decision.

Both are information by the station: the decision itself is the department's own letter. A refusal says why, and how to
object (Administrative Licensing Law art. 38); an end says where each original is.
"""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core.clock import to_local
from app.core.errors import Conflict
from app.documents.queries import office_of
from app.proxy.choices import Action, State
from app.proxy.models import CaseStep, Custody, ProxyCase
from app.proxy.rules import what_is_wrong

NOT_REFUSED = _("The case has not been refused.")
NOT_ENDED = _("The case has neither been withdrawn nor closed as lapsed.")
REFUSALS = {"rejected": Action.reject, "refused": Action.refuse}
ENDS = {"withdrawn": Action.withdraw, "lapsed": Action.lapse}


def is_refused(case: ProxyCase) -> bool:
    """Whether the case stands refused: in the pre-check or by a decision."""
    return case.outcome in REFUSALS


def is_ended(case: ProxyCase) -> bool:
    """Whether the case ended without a decision."""
    return case.outcome in ENDS


def refusal(session: Session, case: ProxyCase, by: str) -> dict[str, Any]:
    """Context of F32. Conflict for a case that is not refused."""
    step = _step(case, REFUSALS)
    if step is None:
        raise Conflict(NOT_REFUSED)
    data, decided = step.data or {}, step.action == Action.refuse
    wrong = [] if decided else [(m.name, what_is_wrong(m)) for m in case.materials]
    return {
        **_about(session, case, by),
        "stage": "decision" if decided else "precheck",
        "accepted_on": _day(case.accepted_at),
        "decided_on": _day(step.at),
        "decision_no": (case.result_no or "") if decided else "",
        "reason": step.reason or "",
        "papers": [{"name": name, "note": str(why)} for name, why in wrong if why is not None],
        "remedies": str(data.get("remedies") or ""),
        "originals": [c.name for c in case.custody if c.returned_at is None and c.lost_at is None],
    }


def ending(session: Session, case: ProxyCase, by: str) -> dict[str, Any]:
    """Context of F33. Conflict for a case that has not ended so."""
    step = _step(case, ENDS)
    if step is None:
        raise Conflict(NOT_ENDED)
    return {
        **_about(session, case, by),
        "kind": str(case.outcome),
        "asked_by": str((step.data or {}).get("applicant") or ""),
        "stood": str(State.label_of(step.from_state)) if step.from_state else "",
        "booked_on": _day(case.opened_at),
        "ended_on": _day(step.at),
        "reason": step.reason or "",
        "originals": [_original(case, row) for row in case.custody],
    }


def _step(case: ProxyCase, kinds: dict[str, Action]) -> CaseStep | None:
    """The newest step by which the case came to its present outcome."""
    action = kinds.get(case.outcome or "")
    return next((s for s in reversed(case.steps) if action is not None and s.action == action.value), None)


def _about(session: Session, case: ProxyCase, by: str) -> dict[str, Any]:
    office = office_of(session, session.get_one(Area, case.area_id))
    version = case.item_version
    return {
        "number": case.number,
        "item_code": version.item.code,
        "item_name": version.name,
        "applicant": case.party_name,
        "department": case.department.name if case.department is not None else version.department_name,
        "office": {
            "name": office.name if office is not None else "",
            "phone": (office.phone or "") if office is not None else "",
        },
        "told_by": by,
    }


def _original(case: ProxyCase, row: Custody) -> dict[str, Any]:
    """One original: given back to whom, lost, with the department, or with somebody of ours."""
    line: dict[str, Any] = {"name": row.name, "copies": row.copies, "on": "", "who": ""}
    if row.returned_at is not None:
        return line | {"state": "returned", "on": _day(row.returned_at), "who": row.returned_to or ""}
    if row.lost_at is not None:
        return line | {"state": "lost"}
    if row.holder_unit is not None:
        return line | {"state": "department", "who": row.holder_unit.name}
    return line | {"state": "held", "who": row.moves[-1].to_name if row.moves else ""}


def _day(at: Any) -> str:
    return to_local(at).date().isoformat() if at is not None else ""

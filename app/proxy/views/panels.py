"""What the proxy service shows on the pages of a person and a household: cases, and the papers issued for them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, defer, joinedload

from app.core.actor import Actor
from app.documents.choices import DocumentState
from app.documents.models import IssuedDocument
from app.proxy.choices import State
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.queries import names
from app.registry import panels
from app.registry.models import Household, HouseholdMember, Person

OPEN_LEVELS = frozenset({"L1", "L2", "L3"})  # services whose name may stand outside the case


def _people(record: Any) -> Any:
    """The uids whose cases belong on the page: of the person, or of the household's present members."""
    if isinstance(record, Household):
        return (
            select(Person.uid)
            .join(HouseholdMember, HouseholdMember.person_id == Person.id)
            .where(HouseholdMember.household_id == record.id, HouseholdMember.valid_to.is_(None))
        )
    return [record.uid]


def cases(session: Session, record: Any, actor: Actor) -> list[panels.Row]:
    """The newest cases, with the state of each."""
    query = (
        select(ProxyCase)
        .where(ProxyCase.person_uid.in_(_people(record)))
        .options(
            defer(ProxyCase.party),
            defer(ProxyCase.applicant),
            joinedload(ProxyCase.item_version).load_only(
                ServiceItemVersion.name, ServiceItemVersion.sensitivity
            ),
        )
        .order_by(ProxyCase.opened_at.desc(), ProxyCase.id.desc())
        .limit(panels.MOST)
    )
    found = session.scalars(query)
    if isinstance(record, Household):
        return [_case_row(case, names.list_name(case, actor)) for case in found]
    return [_case_row(case, case.number) for case in found]


def _case_row(case: ProxyCase, note: str) -> panels.Row:
    stands, item = State(case.state), case.item_version
    named = item.name if item.sensitivity in OPEN_LEVELS else case.number
    return panels.Row(case.opened_at, named, note, f"/cases/show/{case.uid}", stands.label, str(stands.badge))


def papers(session: Session, record: Any, _actor: Actor) -> list[panels.Row]:
    """The newest papers issued to the record itself or for its cases."""
    mine = select(ProxyCase.uid).where(ProxyCase.person_uid.in_(_people(record)))
    query = (
        select(IssuedDocument)
        .where(
            or_(
                IssuedDocument.owner_uid == record.uid,
                (IssuedDocument.owner_kind == "proxy_case") & IssuedDocument.owner_uid.in_(mine),
            )
        )
        .order_by(IssuedDocument.issued_at.desc(), IssuedDocument.id.desc())
        .limit(panels.MOST)
    )
    found = []
    for paper in session.scalars(query):
        stands = DocumentState(paper.state)
        words = paper.title if paper.sensitivity in OPEN_LEVELS else paper.number
        found.append(
            panels.Row(
                paper.issued_at,
                words,
                paper.number,
                f"/documents/show/{paper.uid}",
                stands.label,
                str(stands.badge),
            )
        )
    return found


BOTH = frozenset({panels.PERSON, panels.HOUSEHOLD})
panels.register(
    panels.Panel(
        "cases", _("Proxy cases"), "fa-folder-open", BOTH, ("can_list", "ProxyCaseView"), cases, order=10
    )
)
panels.register(
    panels.Panel(
        "papers",
        _("Issued papers"),
        "fa-file-signature",
        BOTH,
        ("can_list", "IssuedDocumentView"),
        papers,
        order=20,
    )
)

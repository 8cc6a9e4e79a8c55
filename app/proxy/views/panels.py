"""What the proxy service shows on the pages of a person and a household: cases, and the papers issued for them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select, union_all
from sqlalchemy.orm import aliased

from app.core import search
from app.core.actor import Actor
from app.documents.choices import DocumentState
from app.documents.models import IssuedDocument
from app.proxy.choices import State
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.queries import names
from app.proxy.service.notices import link_to
from app.registry import panels
from app.registry.models import HouseholdMember, Person
from app.registry.queries.narrow import ME_UID, Beside, Narrow
from app.registry.queries.parts import ME

OPEN_LEVELS = frozenset({"L1", "L2", "L3"})  # services whose name may stand outside the case


def _about(subject: str, uid: Any) -> Any:
    """The column holds the uid of the person, or of one of the household's present members."""
    if subject == panels.PERSON:
        return uid == ME_UID
    people = (
        select(Person.uid)
        .join(HouseholdMember, HouseholdMember.person_id == Person.id)
        .where(HouseholdMember.household_id == ME, HouseholdMember.valid_to.is_(None))
    )
    return uid.in_(people)


def cases(subject: str) -> Narrow:
    """The newest cases, with the state of each."""
    item = Beside(
        ServiceItemVersion, ServiceItemVersion.id == ProxyCase.item_version_id, "name sensitivity", must=True
    )
    return Narrow(
        "cases",
        ProxyCase,
        "uid number state opened_at party_name",
        _about(subject, ProxyCase.person_uid),
        (item,),
        newest=(ProxyCase.opened_at, ProxyCase.id),
        most=panels.MOST,
    )


def case_row(found: Any, subject: str, actor: Actor) -> panels.Row:
    """A case as a line; on the page of a household it says whose."""
    case, item = found
    stands = State(case.state)
    note = case.number
    if subject == panels.HOUSEHOLD:
        note = names.named(case.party_name, item.sensitivity, actor)
    words = item.name if item.sensitivity in OPEN_LEVELS else case.number
    return panels.Row(case.opened_at, words, note, link_to(case.uid), stands.label, str(stands.badge))


def papers(subject: str) -> Narrow:
    """The newest papers issued to the record itself or for its cases."""
    case, own, of_case = aliased(ProxyCase), aliased(IssuedDocument), aliased(IssuedDocument)
    mine = select(case.uid).where(_about(subject, case.person_uid))
    # two look-ups by key, made once: with an OR over a sub-select the database would read every paper
    found = union_all(
        select(own.id).where(own.owner_kind == subject, own.owner_uid == ME_UID),
        select(of_case.id).where(of_case.owner_kind == "proxy_case", of_case.owner_uid.in_(mine)),
    ).subquery()
    return Narrow(
        "papers",
        IssuedDocument,
        "uid title number sensitivity state issued_at",
        search.one_of(IssuedDocument.id, select(found.c.id), few=True),
        newest=(IssuedDocument.issued_at, IssuedDocument.id),
        most=panels.MOST,
    )


def paper_row(found: Any, _subject: str, _actor: Actor) -> panels.Row:
    """A paper as a line."""
    (paper,) = found
    stands = DocumentState(paper.state)
    words = paper.title if paper.sensitivity in OPEN_LEVELS else paper.number
    url = f"/documents/show/{paper.uid}"
    return panels.Row(paper.issued_at, words, paper.number, url, stands.label, str(stands.badge))


BOTH = frozenset({panels.PERSON, panels.HOUSEHOLD})
panels.register(
    panels.Panel(
        "cases",
        _("Proxy cases"),
        "fa-folder-open",
        BOTH,
        ("can_list", "ProxyCaseView"),
        order=10,
        part=cases,
        told=case_row,
    )
)
panels.register(
    panels.Panel(
        "papers",
        _("Issued papers"),
        "fa-file-signature",
        BOTH,
        ("can_list", "IssuedDocumentView"),
        order=20,
        part=papers,
        told=paper_row,
    )
)

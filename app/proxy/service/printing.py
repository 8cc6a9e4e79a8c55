"""Papers of cases: what one paper is made for, which one stands already, issuing one and issuing one anew.

One letter F10 for the matters of a person, one receipt F11 for the matters of a household, one receipt F12 for a case.
While a paper stands it is printed again as stored; a new one takes a new number, replaces the old one and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.documents import service as paper_service
from app.documents.drawing import Press, Sheet
from app.documents.models import IssuedDocument
from app.documents.queries import Owner, issued
from app.documents.rules import stands
from app.proxy import papers
from app.proxy.models import ProxyCase
from app.proxy.queries.prints import DOOR, PROXY_CASE, anchor, behind
from app.proxy.service import rounds
from app.proxy.service.cases import open_case
from app.worklog import service as worklog
from app.worklog.models import Visit

CONTEXTS: dict[str, Callable[[Session, ProxyCase, str], dict[str, Any]]] = {
    papers.DELIVERY: papers.slip,
    papers.REFUSAL: papers.refusal,
    papers.ENDING: papers.ending,
}


@dataclass(frozen=True)
class Job:
    """One paper: its form, the cases it speaks of, and the record it belongs to."""

    code: str
    cases: Sequence[ProxyCase]
    owner: Owner
    standing: Sequence[IssuedDocument] = ()

    def context(self, session: Session, actor: Actor, now: datetime) -> dict[str, Any]:
        """What is printed; take it in the language of the paper."""
        if self.code == papers.AUTHORIZATION:
            return papers.authorization(session, self.cases, now)
        if self.code in CONTEXTS:
            return CONTEXTS[self.code](session, self.cases[0], actor.label)
        return papers.receipt(session, self.cases, actor.label)

    def asked(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """The paper as the register takes it."""
        kind, uid = self.owner
        return {
            "form_code": self.code,
            "owner_kind": kind,
            "owner_uid": uid,
            "area_id": self.cases[0].area_id,
            "context": context,
        }


Find = Callable[[Session, Actor], Job]  # the job as the database has it now, its cases locked


def for_case(case_uid: str, code: str) -> Find:
    """The paper of one case; where a paper of the whole door stands already, that one."""

    def find(session: Session, actor: Actor) -> Job:
        _need_form(actor, code)
        seen = session.scalars(select(ProxyCase).where(ProxyCase.uid == case_uid)).one_or_none()
        if seen is None:
            raise NotFound()
        with_others = seen.visit_id is not None and code not in papers.ALONE
        visit = session.get(Visit, seen.visit_id) if with_others else None
        stop = anchor(visit, seen, together=code == papers.RECEIPT) if visit is not None else None
        if visit is not None and stop is not None and _standing(session, [(DOOR, stop.uid)], code):
            return for_door(visit.uid, stop.uid, code)(session, actor)
        # locked only now: for_door locks the round first, and both orders at once would wait for each other
        case, owner = open_case(session, case_uid), (PROXY_CASE, case_uid)
        return Job(code, [case], owner, _standing(session, [owner], code))

    return find


def for_door(visit_uid: str, stop_uid: str, code: str) -> Find:
    """The letter of one person of a round, or the receipt of everybody behind the same door. NotFound without cases."""

    def find(session: Session, actor: Actor) -> Job:
        _need_form(actor, code)
        if code in papers.ALONE:
            raise NotFound()
        visit = worklog.open_visit(session, visit_uid)
        first, stops = behind(visit, stop_uid, together=code == papers.RECEIPT)
        uids = {p.ref_uid for p in visit.purposes if p.ref_kind == rounds.CASE and p.stop_id in stops}
        cases = [c for uid, c in rounds.cases_of(session, visit).items() if uid in uids]
        if code == papers.RECEIPT:
            cases = [c for c in cases if papers.taken_over(c)] or cases
        if not cases:
            raise NotFound()
        theirs = [(DOOR, first.uid), *((PROXY_CASE, c.uid) for c in cases)]
        owner = (PROXY_CASE, cases[0].uid) if len(cases) == 1 else (DOOR, first.uid)
        return Job(code, cases, owner, _standing(session, theirs, code))

    return find


def issue_job(
    session: Session,
    actor: Actor,
    now: datetime,
    press: Press,
    job: Job,
    context: Mapping[str, Any],
    *,
    ahead: Sheet | None = None,
    replaces: str = "",
    reason: str = "",
) -> IssuedDocument:
    """Number and store the paper of a job. ``replaces`` is the uid of the standing paper that the clerk saw.

    Raises Conflict while one stands that the clerk does not name (a second press takes no second number), Invalid
    without a reason for a new one.
    """
    if job.standing and replaces not in {d.uid for d in job.standing}:
        raise Conflict(
            _(
                "%(number)s is out already: print it again, or issue it anew with a reason.",
                number=job.standing[0].number,
            )
        )
    if replaces and not job.standing:
        raise Conflict(_("The paper that is to be replaced no longer stands. Please reload the page."))
    if replaces and not reason.strip():
        raise Invalid(_("Say why the paper is issued anew."), field="reason")
    return paper_service.issue(
        session,
        actor,
        now,
        press,
        ahead=ahead,
        replaces=job.standing,
        reason=reason.strip(),
        **job.asked(context),
    )


def _need_form(actor: Actor, code: str) -> None:
    if code not in papers.FORMS:
        raise NotFound()
    # a department has no area of its own in which a paper could be kept
    if not (actor.ranges or actor.whole_site):
        raise NotAllowed()


def _standing(session: Session, owners: Collection[Owner], code: str) -> list[IssuedDocument]:
    return [d for d in issued(session, owners) if d.form_code == code and stands(d.state)]

"""A few issued papers of the demo: some printed, some signed, some waiting at the print desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import force_locale
from sqlalchemy import select

from app.core.clock import to_local
from app.demo.acting import Cast
from app.documents import service as paper_service
from app.documents.choices import DocumentAction
from app.documents.drawing import Press
from app.proxy import papers
from app.proxy.choices import State
from app.proxy.models import ProxyCase
from app.registry.models import ConsentTask, Person
from app.registry.papers import Asked
from app.registry.service import consents

# state of a case: the forms it has by then
FORMS_BY_STATE = {
    State.entrusted: ("F10",),
    State.collected: ("F10", "F11"),
    State.supplement: ("F11",),
}
CASES = 5
SHEETS = 4  # the first is signed, the second printed, the others wait for the printer


def issue_letters(cast: Cast, press: Press, now: datetime, cases: Sequence[ProxyCase]) -> int:
    """Letters of authorization F10 and receipts F11 of a few cases; every second one was printed."""
    wanted = [c for c in cases if State(c.state) in FORMS_BY_STATE][:CASES]
    made = 0
    for case in wanted:
        for code in FORMS_BY_STATE[State(case.state)]:
            with cast.playing("worker") as (session, actor), force_locale("zh"):
                context = (
                    papers.authorization(session, [case], now)
                    if code == papers.AUTHORIZATION
                    else papers.receipt(session, [case], actor.label)
                )
                paper = paper_service.issue(
                    session,
                    actor,
                    now,
                    press,
                    form_code=code,
                    owner_kind="proxy_case",
                    owner_uid=case.uid,
                    area_id=case.area_id,
                    context=context,
                )
                if made % 2 == 0:
                    paper_service.print_copy(session, actor, now, paper)
            made += 1
    return made


def issue_sheets(cast: Cast, press: Press, now: datetime, people: Sequence[Person]) -> int:
    """Consent sheets F29 for the first children whose consent is still to be brought in; returns how many."""
    children = _waiting(cast, people, to_local(now).date())
    for n, child in enumerate(children):
        with cast.playing("office") as (session, actor):
            signer = consents.signers(session, child, to_local(now).date())[0]
            sheet = consents.issue_sheet(
                session,
                actor,
                now,
                press,
                child,
                Asked(guardian_name=signer.person.name, guardian_relation=signer.word),
                guardian_uid=signer.person.uid,
            )
            if n < 2:
                paper_service.print_copy(session, actor, now, sheet)
            if n == 0:
                paper_service.act(session, actor, now, sheet, DocumentAction.sign)
    return len(children)


def _waiting(cast: Cast, people: Sequence[Person], day: date) -> list[Person]:
    """Children with an open task whose household has somebody who may sign."""
    query = (
        select(Person)
        .join(ConsentTask, ConsentTask.person_id == Person.id)
        .where(ConsentTask.done_on.is_(None), Person.area_id.in_({p.area_id for p in people}))
        .order_by(ConsentTask.due_on, Person.id)
        .limit(5 * SHEETS)
    )
    found = [p for p in cast.session.scalars(query) if consents.signers(cast.session, p, day)]
    return found[:SHEETS]

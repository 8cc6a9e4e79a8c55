"""Consents that are still to be brought in. They are tasks with a day, never a wall before the census."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import seeds
from app.areas.models import Area
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotAllowed
from app.documents import service as paper_service
from app.documents.choices import DocumentAction, DocumentState
from app.documents.drawing import Press, Sheet
from app.documents.models import IssuedDocument
from app.documents.queries import office_of
from app.registry import papers
from app.registry.choices import ConsentKind
from app.registry.models import ConsentTask, HouseholdMember, Person, PersonArea
from app.registry.papers import Asked
from app.registry.rules import Birth, Precision, age_on
from app.registry.rules.guardian import GROWN_UP, Guardian, guardian_of
from app.registry.service.newcomers import is_pending

CHILD_UNDER = 14  # PIPL art. 31
DAYS = 30


def birth_of(person: Person) -> Birth | None:
    """The person's birth date with its precision."""
    if person.birth_date is None:
        return None
    return Birth(person.birth_date, Precision(person.birth_precision or "day"))


def ask_if_child(session: Session, person: Person, day: date) -> ConsentTask | None:
    """Open the task “consent of a guardian, F29” for a child under 14 who has none, open or done."""
    age = age_on(birth_of(person), day)
    if age is None or age >= CHILD_UNDER:
        return None
    kind = str(ConsentKind.child_under_14)
    if not is_pending(person):
        query = select(ConsentTask.id).where(ConsentTask.person_id == person.id, ConsentTask.kind == kind)
        if session.scalars(query).first() is not None:
            return None
    task = ConsentTask(person=person, person_id=person.id, kind=kind, due_on=day + timedelta(days=DAYS))
    session.add(task)
    return task


def settle_task(session: Session, task: ConsentTask, day: date) -> None:
    """A consent that somebody asks for by hand: one open task of a kind for a person, and a guardian signs for a child.

    Raises Conflict for a second one, Invalid where the birth date says that the person signs for themselves.
    """
    locked = select(Person).where(Person.id == task.person_id).with_for_update()  # two hands at one time
    with session.no_autoflush:
        person = session.scalars(locked).one()
        there = select(ConsentTask.id).where(
            ConsentTask.person_id == person.id, ConsentTask.kind == task.kind, ConsentTask.done_on.is_(None)
        )
        if set(session.scalars(there)) - {task.id}:
            text = _("This consent is to be brought in already: the task is in the list.")
            raise Conflict(text, field="kind", finding="known")
    age = age_on(birth_of(person), day)
    if task.kind == ConsentKind.child_under_14 and age is not None and age >= CHILD_UNDER:
        text = _("A guardian signs for children under %(age)s. This person signs alone.", age=CHILD_UNDER)
        raise Invalid(text, field="kind")


# --- the sheet F29 ------------------------------------------------------------------------------------------------

OWNER_TASK, OWNER_PERSON = "consent_task", "person"


@dataclass(frozen=True)
class Signer:
    """A grown-up of the child's household who may sign for it."""

    person: Person
    kind: Guardian

    @property
    def word(self) -> str:
        """What the child calls them, as the sheet prints it."""
        words = seeds.read("consent")["guardians"][self.kind.value]
        return str(words.get(self.person.sex or "", words["1"]))


def is_child(person: Person, day: date) -> bool:
    """Whether a guardian signs: under 14, as far as the birth date tells."""
    age = age_on(birth_of(person), day)
    return age is not None and age < CHILD_UNDER


def signers(session: Session, person: Person, day: date) -> list[Signer]:
    """Grown-ups of the household who may sign for a child, the one the law names first on top."""
    home = select(HouseholdMember.household_id, HouseholdMember.relation).where(
        HouseholdMember.person_id == person.id, HouseholdMember.valid_to.is_(None)
    )
    found: dict[int, Signer] = {}
    for household_id, relation in session.execute(home.order_by(HouseholdMember.id)):
        others = (
            select(HouseholdMember.relation, Person)
            .join(Person, Person.id == HouseholdMember.person_id)
            .where(HouseholdMember.household_id == household_id, HouseholdMember.valid_to.is_(None))
            .where(Person.id != person.id)
            .order_by(HouseholdMember.id)
        )
        for other, adult in session.execute(others):
            age = age_on(birth_of(adult), day)
            if age is not None and age >= GROWN_UP:
                found.setdefault(adult.id, Signer(adult, guardian_of(relation, other)))
    order = list(Guardian)
    return sorted(found.values(), key=lambda s: (order.index(s.kind), s.person.id))


def open_task(session: Session, person: Person) -> ConsentTask | None:
    """The consent of a person that is still to be brought in."""
    query = select(ConsentTask).where(ConsentTask.person_id == person.id, ConsentTask.done_on.is_(None))
    return session.scalars(query.order_by(ConsentTask.due_on, ConsentTask.id)).first()


def sheet_area(session: Session, actor: Actor, person: Person) -> Area:
    """The area a sheet belongs to: the managing one, or another of the person's that the actor works in."""
    ties = select(PersonArea.area_id).where(PersonArea.person_id == person.id, PersonArea.valid_to.is_(None))
    areas = session.scalars(select(Area).where(Area.id.in_(ties)).order_by(Area.id)).all()
    reachable = [a for a in areas if actor.covers(a.path)]
    if not reachable:
        raise NotAllowed()
    return next((a for a in reachable if a.id == person.area_id), reachable[0])


def sheet_context(
    session: Session, actor: Actor, now: datetime, press: Press, person: Person, asked: Asked
) -> dict[str, Any]:
    """What the sheet says, without number. Invalid when a child has no guardian named."""
    day = clock.to_local(now).date()
    if is_child(person, day):
        asked = replace(asked, is_child=True)
        if not asked.guardian_name.strip():
            raise Invalid(_("Say who signs for the child."), field="guardian_name")
    area = sheet_area(session, actor, person)
    office = office_of(session, area)
    return papers.consent(session, person, area, office, asked, day=day, public_url=press.public_url)


def lay_out_sheet(
    session: Session,
    actor: Actor,
    now: datetime,
    press: Press,
    person: Person,
    asked: Asked,
    *,
    variant: str = "normal",
) -> Sheet:
    """The sheet as it will be when nobody takes its number first; drawn before `issue_sheet` is called."""
    wanted = _wanted(session, actor, now, press, person, asked, variant)
    _need_none_out(session, wanted["owner_kind"], wanted["owner_uid"])
    return paper_service.lay_out(session, actor, now, press, **wanted)


def issue_sheet(
    session: Session,
    actor: Actor,
    now: datetime,
    press: Press,
    person: Person,
    asked: Asked,
    *,
    guardian_uid: str | None = None,
    variant: str = "normal",
    ahead: Sheet | None = None,
) -> IssuedDocument:
    """Issue F29 for a person: for the open consent task where there is one, else for the person.

    Raises Conflict while a sheet stands that has not come back, Invalid without a guardian for a child, NotAllowed.
    """
    wanted = _wanted(session, actor, now, press, person, asked, variant)
    _need_none_out(session, wanted["owner_kind"], wanted["owner_uid"])
    document = paper_service.issue(session, actor, now, press, ahead=ahead, **wanted)
    task = open_task(session, person)
    if task is not None:
        task.document_uid, task.notice_version = document.uid, wanted["context"]["text_version"]
        task.guardian_uid = guardian_uid
        session.flush()
    return document


def _wanted(
    session: Session,
    actor: Actor,
    now: datetime,
    press: Press,
    person: Person,
    asked: Asked,
    variant: str,
) -> dict[str, Any]:
    """The sheet as the register of papers takes it."""
    task = open_task(session, person)
    return {
        "form_code": papers.FORM,
        "owner_kind": OWNER_TASK if task else OWNER_PERSON,
        "owner_uid": task.uid if task else person.uid,
        "area_id": sheet_area(session, actor, person).id,
        "context": sheet_context(session, actor, now, press, person, asked),
        "variant": variant,
    }


def _need_none_out(session: Session, owner_kind: str, owner_uid: str) -> None:
    waiting = select(IssuedDocument).where(
        IssuedDocument.owner_kind == owner_kind,
        IssuedDocument.owner_uid == owner_uid,
        IssuedDocument.form_code == papers.FORM,
        IssuedDocument.state == DocumentState.issued.value,
    )
    if session.scalars(waiting).first() is not None:
        raise Conflict(_("A consent sheet is out already: print it again, or declare it void."))


def sheets(session: Session, person: Person) -> Sequence[IssuedDocument]:
    """Consent sheets of a person that the actor may see, the newest first."""
    tasks = select(ConsentTask.uid).where(ConsentTask.person_id == person.id)
    query = select(IssuedDocument).where(
        IssuedDocument.form_code == papers.FORM,
        or_(
            (IssuedDocument.owner_kind == OWNER_TASK) & IssuedDocument.owner_uid.in_(tasks),
            (IssuedDocument.owner_kind == OWNER_PERSON) & (IssuedDocument.owner_uid == person.uid),
        ),
    )
    return session.scalars(query.order_by(IssuedDocument.id.desc())).all()


def follow_sheet(
    session: Session, actor: Actor, now: datetime, document: IssuedDocument, action: DocumentAction
) -> None:
    """The signed sheet settles its task; a sheet that is void opens it again (ADR 0006)."""
    task = session.scalars(select(ConsentTask).where(ConsentTask.uid == document.owner_uid)).one_or_none()
    if task is None or task.document_uid != document.uid:
        return
    if action is DocumentAction.sign:
        task.done_on = clock.to_local(now).date()
    elif action is DocumentAction.void:
        task.done_on = task.document_uid = task.notice_version = None
    session.flush()


paper_service.follow(OWNER_TASK, follow_sheet)

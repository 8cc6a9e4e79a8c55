"""Old area contracts (分片包干): who answered for which patch becomes a post in a grid, the patch its task (S4-20)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area, Post, PostDuty, Staff
from app.areas.service import posts
from app.areas.service import staff as staff_service
from app.core import clock
from app.core.crypto import blind
from app.core.sheets import Field, Finding, Row
from app.core.sheets.saying import finding_of
from app.exchange.service.resolving import SEVERAL, Unknown
from app.exchange.service.rows import RowWriter
from app.exchange.service.saying import Refused

CONTRACTS = "old_contracts"
# what a person in charge of a patch becomes where the sheet says nothing else: a grid worker without rights in the system
POSITION, KIND, EMPLOYMENT, DOMAIN = "grid_worker", "backbone", "part_time", "residents"
NEEDED = _("Please fill this in.")


def contract_fields() -> list[Field]:
    """The old patch, its person in charge, and the grid that takes its place."""
    return [
        Field("name", _("Person in charge"), "text", needed=True, length=50),
        Field("phone", _("Mobile"), "phone"),
        Field("patch", _("Old contract area"), "text", needed=True, length=180),
        Field("area_id", _("Grid"), "area", needed=True, target=Area),
        Field("position", _("Position"), "code", code_list="grid_role", note=_("Empty: grid worker.")),
        Field("kind", _("Where they come from"), "code", code_list="staff_kind"),
        Field("employment", _("Employment"), "code", code_list="employment_kind"),
        Field("domain", _("Work domain"), "code", code_list="work_domain"),
        Field("valid_from", _("Valid from"), "date"),
        Field("note", _("Note"), "text", length=300),
    ]


class ContractWriter(RowWriter):
    """Finds or makes the person, gives the post, tags it with the old patch."""

    def settle(self, session: Session, row: Row, rule: str, remarks: list[Finding]) -> str:
        for key in ("name", "patch", "area_id"):
            if self.value(row, key) in (None, ""):
                raise Refused(finding_of(NEEDED, row.number, self.columns.get(key)))
        area = self.find(row, "area_id", Area)
        position = self.value(row, "position") or POSITION
        marks = self._marks(row, area, position)
        name = str(self.value(row, "name")).strip()
        above = [self.brought.first(mark, row.number) for mark in marks]  # the patch, the post
        for other in sorted({n for n in above if n is not None} | set(self.brought.named(name, row.number))):
            self.rely(other)
        if (again := self.brought.first(marks[0], row.number)) is not None:
            self.twice(again, row, remarks)
        person = self._person(session, row, area)
        post = self._post(session, person, area, position)
        duty = self._duty(session, post, str(self.value(row, "patch")))
        self.brought.note(row.number, marks, [name])
        if (duty is not None or again is not None) and rule != "new":
            return "skipped" if rule == "skip" else "same"
        self.is_saving = True
        if person is None:
            person = self._new_person(session, row, area)
        if post is None:
            post = self._new_post(session, row, person, area, position)
        self._new_duty(session, row, post)
        return "made"

    def register(self) -> str:
        return Staff.__tablename__

    def know(self, row: Row, word: str) -> None:
        area = self.find(row, "area_id", Area)
        name, position = str(self.value(row, "name")).strip(), self.value(row, "position") or POSITION
        self.brought.note(row.number, self._marks(row, area, position), [name])

    def _marks(self, row: Row, area: Area, position: str) -> list[Any]:
        name, phone = str(self.value(row, "name")).strip(), self.value(row, "phone")
        post = (name, phone, area.id, position)
        return [("patch", *post, self.value(row, "patch")), ("post", *post)]

    def _person(self, session: Session, row: Row, area: Area) -> Staff | None:
        name, phone = str(self.value(row, "name")).strip(), self.value(row, "phone")
        query = select(Staff).where(Staff.name == name)
        if phone:
            self.resolver.lookups.ask()
            found = session.scalars(query.where(Staff.phone_index == blind("phone", str(phone)))).first()
            self.resolver.lookups.answer(found is not None)
            if found is not None:
                return found
        rows = list(session.scalars(query.order_by(Staff.id).limit(20)))
        if phone:  # a namesake with another number is somebody else
            rows = [s for s in rows if not s.phone]
        if len(rows) > 1:
            raise Unknown(SEVERAL, name)
        return rows[0] if rows else None

    def _post(self, session: Session, person: Staff | None, area: Area, position: str) -> Post | None:
        if person is None:
            return None
        query = select(Post).where(
            Post.staff_id == person.id,
            Post.area_id == area.id,
            Post.position == position,
            Post.valid_to.is_(None),
        )
        return session.scalars(query).first()

    def _duty(self, session: Session, post: Post | None, patch: str) -> PostDuty | None:
        if post is None:
            return None
        query = select(PostDuty).where(PostDuty.post_id == post.id, PostDuty.task == patch)
        return session.scalars(query.where(PostDuty.valid_to.is_(None))).first()

    def _new_person(self, session: Session, row: Row, area: Area) -> Staff:
        person = Staff(
            name=self.value(row, "name"),
            kind=self.value(row, "kind") or KIND,
            phone=self.value(row, "phone"),
            area_id=area.id,
            note=self.value(row, "note"),
        )
        return staff_service.save_staff(session, person, self.actor, clock.now())

    def _new_post(self, session: Session, row: Row, person: Staff, area: Area, position: str) -> Post:
        post = Post(
            staff_id=person.id,
            area_id=area.id,
            position=position,
            employment=self.value(row, "employment") or EMPLOYMENT,
            valid_from=self.value(row, "valid_from"),
        )
        return posts.give_post(session, post, self.actor, clock.now())

    def _new_duty(self, session: Session, row: Row, post: Post) -> PostDuty:
        duty = PostDuty(
            post_id=post.id, domain=self.value(row, "domain") or DOMAIN, task=self.value(row, "patch")
        )
        duty.valid_from = post.valid_from
        given: Any = posts.add_duty(session, duty, self.actor, clock.now())
        return given

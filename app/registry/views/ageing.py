"""The work list of records that age: confirmed in one click, many at once, or put right at the door (S4-54, S3-18)."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from app.areas.models import Area
from app.audit.service import log_access, reason
from app.core import clock, files
from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid, NotFound, StaleVersion
from app.core.numbers import whole_number
from app.core.session import unit_of_work
from app.core.uploads import IMAGES, clean_upload
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import CodeField, LongTextField, TextField, view_of
from app.registry.models import ChangeRequest, Person
from app.registry.queries import ageing, cards
from app.registry.rules.corrections import SENSITIVE
from app.registry.service import corrections, persons, sources

REFUSED, CLASH = 422, 409
MOST = 100
BIGGEST = 2**62
PLAIN = ("marital", "political_status", "education", "employment", "occupation", "workplace", "note")


class DoorForm(RecordForm):
    """What a worker finds at the door. Plain fields hold what is on record; identity is typed only where it is wrong."""

    phone = TextField(_("New phone"), length=40, description=_("Empty: as it is."))
    marital = CodeField(_("Marital status"), source="marital")
    political_status = CodeField(_("Political status"), source="political_status")
    education = CodeField(_("Education"), source="education")
    employment = CodeField(_("Employment status"), source="employment_status")
    occupation = TextField(_("Occupation"), length=30)
    workplace = TextField(_("Workplace"), length=100)
    note = LongTextField(_("Note"), length=300)
    name = TextField(_("Full name"), length=50)
    sex = CodeField(_("Sex"), source="gender")
    birth = TextField(_("Born"), length=10)
    number = TextField(_("ID number"), length=40)
    register_division = TextField(_("Registered in (division)"), length=120)
    register_address = TextField(_("Registered address"), length=160)
    reason = TextField(_("Reason of the correction"), length=200, description=_("Such as: as on the ID card"))


class AgeingDesk(BaseView):
    """Lists by kind, confirmation, and the page for the door."""

    route_base = "/ageing"
    default_view = "index"
    base_permissions = ["can_use"]
    title = _("Records to confirm")

    @expose("/", methods=["GET"])
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """What was confirmed too long ago, by kind and grid."""
        kind, area = self._kind(request.args.get("kind", "person")), self._area(request.args.get("area"))
        after = whole_number(request.args.get("after", "0"), 0, BIGGEST, field="after")
        today = clock.today()
        rows, more = ageing.page(self.session, kind, today, area=area, after=after)
        return self.render_template(
            "registry/ageing.html",
            kinds=list(ageing.KINDS.values()),
            kind=kind,
            area=area,
            rows=rows,
            more=more,
            is_first=after == 0,
            grids=ageing.by_grid(self.session, kind, today),
            page=view_of(kind.model),
        )

    @expose("/confirm/<kind>", methods=["POST"])
    @has_access
    @permission_name("use")
    def confirm(self, kind: str) -> Any:
        """One record at once; several after a page that says how many."""
        found = self._kind(kind)
        keys = list(dict.fromkeys(request.form.getlist("key")))
        if not keys:
            raise Invalid(_("Please tick the records that you found right."))
        if len(keys) > MOST:
            raise Invalid(_("At most %(n)s records at once.", n=MOST))
        if len(keys) > 1 and not request.form.get("sure"):
            rows = [Interface(found.model).by_key(self.session, key) for key in keys]
            return self.render_template("registry/ageing_sure.html", kind=found, rows=rows, keys=keys)
        with unit_of_work(self.session) as session, reason(tag="confirm"):
            for key in keys:
                self._confirm(session, Interface(found.model).by_key(session, key))
        flash(
            ngettext("%(num)s record was confirmed.", "%(num)s records were confirmed.", len(keys)), "success"
        )
        return self.go(url_for("AgeingDesk.index", kind=found.key, area=request.form.get("area") or None))

    def _confirm(self, session: Any, row: Any) -> None:
        actor, now = current_actor(), clock.now()
        if isinstance(row, Person):
            sources.confirm_person(session, row, actor=actor, now=now)
        else:
            sources.confirm_record(session, row, actor=actor, now=now)

    # --- at the door ----------------------------------------------------------------------------------------------

    @expose("/door/<person_uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def door(self, person_uid: str) -> Any:
        """Plain fields change at once; identity becomes a request to a clerk, with an optional photo."""
        if request.method == "POST":
            return self._correct(person_uid)
        person = self._person(person_uid)
        form = DoorForm(formdata=None, data={name: getattr(person, name) for name in PLAIN})
        form.prepare(current_actor(), ChangeRequest)
        log_access("READ", "person", person.id, person.area_id)
        return self._door_page(person, form)

    def _correct(self, uid: str) -> Any:
        form: Any = DoorForm(formdata=request.form)
        form.prepare(current_actor(), ChangeRequest)
        if not form.validate():
            return self._door_page(self._person(uid), form, REFUSED)
        try:
            with unit_of_work(self.session) as session, reason(form.reason.data, tag="correction"):
                asked = self._write(session, self._person(uid), form)
        except StaleVersion:
            form.form_errors.append(
                gettext(
                    "Somebody else changed this record in the meantime. Please compare and send it again."
                )
            )
            return self._door_page(self._person(uid), form, CLASH)
        except DomainError as refusal:
            form.refuse(refusal.field, refusal.message)
            return self._door_page(
                self._person(uid), form, REFUSED if refusal.status == 400 else refusal.status
            )
        flash(gettext("Saved."), "success")
        if asked:
            flash(gettext("The correction of the identity waits for a clerk."), "info")
        return self.go(url_for("AgeingDesk.index"))

    def _write(self, session: Any, person: Person, form: Any) -> ChangeRequest | None:
        actor, now = current_actor(), clock.now()
        if request.form.get("_version") != str(person.version):
            raise StaleVersion()
        plain = {
            name: form[name].data
            for name in PLAIN
            if (form[name].data or "") != (getattr(person, name) or "")
        }
        if plain:
            persons.edit_person(session, person, plain, actor=actor, now=now)
        if form.phone.data:
            persons.set_phone(session, person, form.phone.data, actor=actor, now=now)
        new = {name: form[name].data for name in SENSITIVE if form[name].data}
        if new:
            asked = corrections.ask(session, person, new, reason=form.reason.data or "", actor=actor, now=now)
            self._keep_photo(session, asked, person)
            return asked
        sources.confirm_person(session, person, actor=actor, now=now)
        return None

    @staticmethod
    def _keep_photo(session: Any, asked: ChangeRequest, person: Person) -> None:
        photo = request.files.get("photo")
        if photo is None or not photo.filename:
            return
        try:
            picture = clean_upload(photo.stream, IMAGES)
        except DomainError as refusal:
            refusal.field = "photo"
            raise
        files.save(
            session,
            picture,
            area_id=_own_area(session, person),
            owner_kind="change_request",
            owner_uid=asked.uid,
            purpose="correction",
        )

    def _door_page(self, person: Person, form: Any, status: int = 200) -> Any:
        page = self.render_template(
            "registry/door.html",
            title=_("At the door"),
            person=person,
            card=cards.card(self.session, person),
            sources=cards.source_words(person),
            form=form,
            plain=[form[name] for name in ("phone", *PLAIN) if name in form],
            sensitive=[form[name] for name in (*SENSITIVE, "reason") if name in form],
            waiting=corrections.open_requests(self.session, person),
            hidden={"_version": request.form.get("_version") if status == REFUSED else person.version},
            back=url_for("AgeingDesk.index"),
        )
        return page, status

    def _person(self, uid: str) -> Person:
        person: Person = Interface(Person).by_key(self.session, uid)
        return person

    def _kind(self, key: str) -> ageing.Ageing:
        if key not in ageing.KINDS:
            raise NotFound()
        return ageing.KINDS[key]

    def _area(self, key: str | None) -> Area | None:
        return Interface(Area).by_key(self.session, key) if key else None


def _own_area(session: Any, person: Person) -> int:
    """The area a photo is kept in: the person's, or the tie through which the actor sees the person."""
    actor = current_actor()
    if actor.covers(person.area.path):
        return person.area_id
    tie = next(
        t for t in person.areas if t.valid_to is None and t.area is not None and actor.covers(t.area.path)
    )
    return tie.area_id

"""“What happened?”: life events entered from the page of a person or a household."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import IntegrityError

from app.audit.service import reason
from app.core import clock, drafts
from app.core.actor import current_actor
from app.core.errors import DomainError, NotAllowed, NotFound
from app.core.masks import mask_id_number
from app.core.models import new_uid
from app.core.session import unit_of_work
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.core.widgets import view_of
from app.registry.choices import EventKind, HouseholdKind
from app.registry.models import LifeEvent, Person
from app.registry.queries.life import doubts, events_of
from app.registry.service import corrections
from app.registry.views.asking import lost
from app.registry.views.common import look_before
from app.registry.views.life_enter import ENTER, Given
from app.registry.views.life_forms import FORMS, LifeForm, build, sections
from app.registry.views.life_further import write_further
from app.registry.views.life_scene import PLACES, Scene, scene, ticked

REFUSED, CLASH = 422, 409
STALE = _("Somebody else changed this in the meantime. Please look at the page again and send it once more.")
OFFERED = {
    "person": ("birth", "move_in", "move_out", "death", "new_document", "new_name"),
    "household": ("birth", "move_in", "move_out", "split", "merge", "change_head", "change_home"),
    "dwelling": ("home_split", "home_merge"),
}
# who may only ask for a correction of somebody's identity does not enter these either
IDENTITY_EVENTS = frozenset({EventKind.new_document, EventKind.new_name})


class LifeDesk(BaseView):
    """Pages that enter an event. They work without a mouse and keep whatever was typed."""

    route_base = "/life"
    default_view = "person"
    base_permissions = ["can_use"]
    title = _("What happened?")

    @expose("/person/<person_uid>", methods=["GET"])
    @has_access
    @permission_name("use")
    def person(self, person_uid: str) -> str:
        """What can be entered about a person, and what was."""
        return self._menu("person", person_uid)

    @expose("/household/<household_uid>", methods=["GET"])
    @has_access
    @permission_name("use")
    def household(self, household_uid: str) -> str:
        """What can be entered about a household, and what was."""
        return self._menu("household", household_uid)

    @expose("/dwelling/<dwelling_uid>", methods=["GET"])
    @has_access
    @permission_name("use")
    def dwelling(self, dwelling_uid: str) -> str:
        """What can be entered about a home, and what was."""
        return self._menu("dwelling", dwelling_uid)

    def _menu(self, place: str, uid: str) -> str:
        item = Interface(PLACES[place]).by_key(self.session, uid)
        offered = [EventKind(kind) for kind in OFFERED[place]]
        if (item.died_on if place == "person" else item.valid_to) is not None:
            offered = []
        if place == "person" and not corrections.is_free(item, current_actor(), clock.now()):
            offered = [kind for kind in offered if kind not in IDENTITY_EVENTS]
        return self.render_template(
            "registry/life_menu.html",
            item=item,
            place=place,
            offered=offered,
            events=events_of(self.session, item),
            back=view_of(PLACES[place]).url_show(item),
            EventKind=EventKind,
        )

    @expose("/enter/<kind>/person/<person_uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def enter_person(self, kind: str, person_uid: str) -> Any:
        """An event of a person: asked, then entered whole or not at all; the same form sent twice makes one event."""
        return self._enter_at(kind, "person", person_uid)

    @expose("/enter/<kind>/household/<household_uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def enter_household(self, kind: str, household_uid: str) -> Any:
        """The same from the page of a household."""
        return self._enter_at(kind, "household", household_uid)

    @expose("/enter/<kind>/dwelling/<dwelling_uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def enter_dwelling(self, kind: str, dwelling_uid: str) -> Any:
        """The same from the page of a home."""
        return self._enter_at(kind, "dwelling", dwelling_uid)

    def _enter_at(self, kind: str, place: str, uid: str) -> Any:
        if (kind, place) not in {(k.value, p) for k, p in FORMS}:
            raise NotFound()
        what = EventKind(kind)
        if what in IDENTITY_EVENTS:
            person: Person = Interface(Person).by_key(self.session, uid)
            if not corrections.is_free(person, current_actor(), clock.now()):
                raise NotAllowed(_("A clerk decides on the identity: please ask for a correction."))
        if request.method == "POST":
            return self._post(what, place, uid)
        found = scene(self.session, what, place, uid)
        return self._page(found, self._form(found, None))

    def _form(self, found: Scene, sent: Any) -> LifeForm:
        base = FORMS[found.kind, found.place]
        more = {name: made for asked in found.further for name, made in asked.fields(self.session).items()}
        values = {name: value for asked in found.further for name, value in asked.values().items()}
        form = build(
            base,
            who=found.who,
            joins=found.joins,
            sent=found.sent,
            asks=found.asks,
            session=self.session,
            more=more,
        )(formdata=sent, **values)
        form.prepare(current_actor(), LifeEvent)
        if "old" in form and found.person is not None:
            form["old"].choices = [
                ("", gettext("Nothing: it is an additional one")),
                *_documents(found.person),
            ]
        if sent is None:
            self._prefill(found, form)
        return form

    def _prefill(self, found: Scene, form: Any) -> None:
        form.happened_on.data = clock.today()
        going = ticked(found, {})
        for person in found.who:
            form[f"who_{person.uid}"].data = person.id in going
        if found.kind is EventKind.move_in and "kind" in form:
            form.kind.data = str(HouseholdKind.living)
        if found.kind is EventKind.birth and found.person is not None:
            form["mother" if found.person.sex == "2" else "father"].data = found.person
        if "old" in form and form.old.choices[1:]:
            form.old.data = form.old.choices[1][0]

    def _page(self, found: Scene, form: LifeForm, status: int = 200, sent: Any = None) -> Any:
        parts = sections(form, FORMS[found.kind, found.place], found.asks)
        parts[-1:-1] = [part for asked in found.further for part in asked.section(form)]
        hidden = {"_uid": (sent or {}).get("_uid") or new_uid(), "_basis": found.basis}
        page = self.render_template(
            "registry/life_form.html",
            title=found.kind.label,
            item=found.item,
            form=form,
            hidden=hidden,
            sections=parts,
            back=f"{self.route_base}/{found.place}/{found.item.uid}",
        )
        return page, status

    def _post(self, kind: EventKind, place: str, uid: str) -> Any:
        sent, session = request.form, self.session
        mine = (self._user(), sent.get("_uid", "")[:36], _body(sent))  # the same form sent twice is one event
        if kind in (EventKind.new_document, EventKind.move_in) and sent.get("number"):
            whose = Interface(Person).by_key(session, uid).id if place == "person" else None
            look_before(session, sent.get("kind" if place == "person" else "doc_kind"), sent["number"], whose)
        form: Any = None
        try:
            with unit_of_work(session), reason(tag=f"life.{kind}"):
                known = drafts.replayed(session, *mine)
                if known is not None:
                    return self.go(str(known.response))
                found = scene(session, kind, place, uid, sent)
                form = self._form(found, sent)
                if sent.get("_basis") != found.basis:
                    form.form_errors.append(str(STALE))
                    return self._page(found, form, CLASH, sent)
                form.form_errors += lost(session, form, sent, found.further)
                if not form.validate() or form.form_errors:
                    return self._page(found, form, REFUSED, sent)
                hands = {"actor": current_actor(), "now": clock.now()}
                event = ENTER[kind](Given(session, form, found, hands))
                write_further(session, found, form, event)
                where = url_for("LifeEventView.show", pk=event.uid)
                drafts.remember(session, *mine, where, 303)
                told = [str(f.message) for f in doubts(session, event)]
        except IntegrityError:
            session.rollback()
            known = drafts.replayed(session, *mine)
            if known is not None:
                return self.go(str(known.response))
            return self._again(kind, place, uid, str(STALE), None, CLASH)
        except DomainError as refusal:
            if form is None:
                raise
            return self._again(kind, place, uid, refusal.message, refusal.field, refusal.status, form)
        flash(gettext("Saved."), "success")
        for line in told:
            flash(line, "warning")
        return self.go(where)

    def _again(
        self,
        kind: EventKind,
        place: str,
        uid: str,
        message: Any,
        field: str | None,
        status: int,
        old: Any = None,
    ) -> Any:
        """The page after a refusal, on what stands in the database now, with everything that was typed."""
        sent = request.form
        found = scene(self.session, kind, place, uid, sent)
        form = self._form(found, sent)
        form.validate()
        for each in old or ():
            if each.name in form:
                form[each.name].errors = each.errors
        form.refuse(field, message)
        return self._page(found, form, REFUSED if status == 400 else status, sent)

    def _user(self) -> int:
        user = current_actor().user_id
        if user is None:
            raise NotFound()
        return user


def _body(sent: Any) -> list[tuple[str, str]]:
    return sorted((k, v) for k, v in sent.items(multi=True) if k not in {"csrf_token", "_acting"})


def _documents(person: Person) -> list[tuple[str, str]]:
    """Documents in force, the primary one first, behind their mask."""
    live = [d for d in person.documents if d.valid_to is None and d.deleted_at is None]
    live.sort(key=lambda d: not d.is_primary)
    return [(d.uid, mask_id_number(d.number)) for d in live]

"""The desk of proxy services: the work list by remaining time, booking, papers of a whole round."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask import Response, flash, jsonify, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.areas.models import Area
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid, NotAllowed
from app.core.session import unit_of_work
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.core.widgets import view_of
from app.proxy import forms
from app.proxy.choices import State
from app.proxy.models import ProxyCase
from app.proxy.queries import desk
from app.proxy.rules import DECIDERS
from app.proxy.service import book, places
from app.proxy.service.booking import wonders
from app.proxy.service.catalogue import find_items, version_on
from app.proxy.service.entitlement import doubts
from app.proxy.service.printing import for_door
from app.proxy.views.assist_posts import opinion_lights
from app.proxy.views.batches import BatchMixin, steps_of
from app.proxy.views.booking_asks import BookingAsksMixin, asked_conditions, places_card, proposed_worker
from app.proxy.views.cases import may_book, promise_light, shown_name, step_light
from app.proxy.views.entitlement import answer_at_booking
from app.proxy.views.printing import previewed, printed
from app.registry.models import Person, Proposal

LONGEST = 60
WORKER = "grid_worker"
FILTERS = ("tab", "number", "item", "late", "area", "page")
PLAIN = re.compile(r"[A-Za-z0-9-]{0,40}")
REFUSED = 422
TABS = (
    ("mine", _("To do now")),
    ("waiting", _("With others")),
    ("asked", _("Opinion asked")),
    ("all", _("All open")),
)


class ProxyDesk(BatchMixin, BookingAsksMixin, BaseView):
    """What lies with the station, the worker or the department."""

    route_base = "/proxy"
    default_view = "index"
    title = _("Work list")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """Cases by remaining time: those that wait for the acting role first."""
        asked = self.asked()
        actor, now = current_actor(), clock.now()
        cases, more = desk.work_list(self.session, actor, now, asked)
        return self.render_template(
            "proxy/desk.html",
            asked=asked,
            tabs=TABS,
            cases=cases,
            more=more,
            counts=desk.counts(self.session, actor, now),
            steps=steps_of(self.session, actor.role) if not actor.read_only else [],
            here=self.here,
            page=view_of(ProxyCase),
            may_book=may_book(actor),
            may_bring=actor.role in DECIDERS and actor.may("can_use", "ImportDesk"),
            State=State,
            name=shown_name,
            step_light=step_light,
            promise_light=promise_light,
            opinions=opinion_lights(self.session, cases, now),
        )

    def here(self, **changed: Any) -> str:
        """The address of this list with other values of its filters."""
        values = {k: v for k, v in request.args.items() if k in FILTERS}
        values |= {k: str(v) for k, v in changed.items()}
        return f"{self.route_base}/?{urlencode({k: v for k, v in values.items() if v})}"

    def asked(self) -> desk.Asked:
        """The filters of the list; Invalid for what no page of ours sends.

        A number or an item code only: names are searched in the box on top, which posts them.
        """
        values = {k: request.args.get(k, "").strip() for k in FILTERS}
        if not all(PLAIN.fullmatch(v) for v in values.values()):
            raise Invalid()
        tab = values["tab"] or desk.TABS[0]
        if tab not in desk.TABS:
            raise Invalid(_("This list does not exist."), field="tab")
        area = Interface(Area).by_key(self.session, values["area"]) if values["area"] else None
        page = int(values["page"]) if re.fullmatch(r"[1-9]\d{0,2}", values["page"]) else 1
        if page > desk.FARTHEST:
            raise Invalid(_("The list is not that long: narrow it down."), field="page")
        late = values["late"] == "1"
        return desk.Asked(tab, values["number"].upper(), values["item"].upper(), late, area, page)

    # --- booking --------------------------------------------------------------------------------------------------

    @expose("/book", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def book(self) -> Any:
        """Book one case: person of the scope, service by its letters, conditions, day and time."""
        if not may_book(current_actor()):
            raise NotAllowed()
        form = forms.BookingForm(formdata=request.form if request.method == "POST" else None)
        if "_open" in request.form:  # chosen on another page, where an address would tell of it
            return self.booking_page(form)
        if request.method == "GET":
            self.prefill(form)
            return self.booking_page(form)
        if not form.validate():
            return self.booking_page(form, REFUSED)
        try:
            with unit_of_work(self.session) as session:
                # read again inside the unit: what was looked up before may have changed
                form = forms.BookingForm(formdata=request.form)
                form.validate()
                case = self.take(session, form)
                number, url = case.number, view_of(ProxyCase).url_show(case)
                told = wonders(form.person.data, case.item_version, form.appointment.data)
                told = told or doubts(session, form.person.data, case.item_version, form.appointment.data)
        except DomainError as refused:
            form.refuse(refused.field, refused.message)
            return self.booking_page(form, refused.status)
        flash(gettext("Booked: %(number)s", number=number), "success")
        for finding in told:
            flash(str(finding.message), "warning")
        return self.go(f"{self.route_base}/book" if "_again" in request.form else url)

    def prefill(self, form: forms.BookingForm) -> None:
        """What the address names: a resident, and the service that a proposal names (``proposal`` keeps the service out
        of the address: it may tell of somebody's health).
        """
        if request.args.get("person"):
            form.person.data = Interface(Person).by_key(self.session, request.args["person"])
        if request.args.get("proposal"):
            asked = Interface(Proposal).by_key(self.session, request.args["proposal"])
            form.person.data, form.item.data = asked.person, asked.item_code
        if PLAIN.fullmatch(code := request.args.get("item", "")) and code:
            form.item.data = version_on(self.session, code.upper(), clock.today()).item.code
        if form.person.data is not None:
            form.staff.data = proposed_worker(self.session, form.person.data)

    @staticmethod
    def take(session: Any, form: forms.BookingForm) -> ProxyCase:
        version = version_on(session, form.item.data or "", clock.today())
        actor, owner = current_actor(), form.staff.data.id if form.staff.data is not None else None
        comes = actor.staff_id if owner is None and actor.role == WORKER else owner
        full = places.need_place(
            session,
            comes,
            form.appointment.data,
            form.slot.data,
            agreed=form.overbook.data,
            person_uid=form.person.data.uid,
        )
        return book(
            session,
            actor,
            clock.now(),
            person=form.person.data,
            item_code=form.item.data,
            appointment=form.appointment.data,
            slot=form.slot.data,
            staff_id=owner,
            overbook=full is not None,
            applicant=form.applicant,
            relation=form.relation.data,
            answers=forms.answers_of(version, request.form),
            note=form.note.data,
            again=form.again.data,
        )

    def booking_page(self, form: forms.BookingForm, status: int = 200) -> Any:
        chosen, asked = None, []
        if form.item.data:
            try:
                chosen = version_on(self.session, form.item.data, clock.today())
            except DomainError:
                chosen = None
        if chosen is not None:
            asked = asked_conditions(self.session, chosen, form.person.data, request.form)
        page = self.render_template(
            "proxy/book.html",
            title=_("Book a case"),
            form=form,
            chosen=chosen,
            conditions=asked,
            entitled=answer_at_booking(self, form.person.data, form.item.data),
            may_ask=current_actor().may("can_use", "EntitlementDesk"),
            places=places_card(self.session, form.staff.data),
        )
        return page, status

    @expose("/items", methods=["POST"])
    @has_access
    @permission_name("use")
    def items(self) -> Any:
        """Services that are offered today, by code, characters, pinyin or initials, for the remote select."""
        query = " ".join(request.form.get("q", "").split())
        if len(query) > LONGEST or "\x00" in query:
            raise Invalid()
        found = find_items(self.session, query, clock.today())
        rows = [{"id": v.item.code, "text": f"{v.item.code} {v.name} · {v.department_name}"} for v in found]
        return jsonify(results=rows, more=False)

    # --- papers of a round ----------------------------------------------------------------------------------------

    @expose("/round/<uid>/paper/<code>/<stop_uid>", methods=["POST"])
    @has_access
    @permission_name("use")
    def round_paper(self, uid: str, code: str, stop_uid: str) -> Response:
        """One F10 for all cases of a person, one F11 for all cases of a household, issued and printed."""
        return printed(self.session, for_door(uid, stop_uid, code))

    @expose("/round/<uid>/preview/<code>/<stop_uid>", methods=["POST"])
    @has_access
    @permission_name("use")
    def round_preview(self, uid: str, code: str, stop_uid: str) -> Response:
        """The same without number."""
        return previewed(self.session, for_door(uid, stop_uid, code))

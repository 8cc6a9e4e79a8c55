"""A worker's households on the phone: building, door, who lives there; a new case in six taps; a visit now (S3-61)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock, codes
from app.core.actor import Actor, current_actor
from app.core.errors import Invalid, NotFound
from app.core.models import new_uid
from app.core.views import expose, has_access, permission_name
from app.proxy.queries import homes, planning
from app.proxy.service import calls, rounds
from app.proxy.views import field_forms as forms
from app.proxy.views.booking_asks import warn_full
from app.proxy.views.field_saving import once
from app.proxy.views.field_today import page_asked
from app.registry.queries import finder
from app.registry.views.care_words import group_name
from app.worklog.choices import Outcome

LONGEST = 40
FARTHEST = 90  # pages of doors
SOON = ((1, _("Tomorrow")), (3, _("In 3 days")), (7, _("In a week")))  # days to come again


class HomesMixin:
    """From the building to the door to a new case."""

    session: Any
    render_template: Any
    go: Any
    route_base: str
    _done: Any
    _round_url: Any

    @expose("/homes")
    @has_access
    @permission_name("use")
    def homes(self) -> str:
        """Buildings and village groups of the own grid; with several grids the grid first."""
        return self._places()

    @expose("/homes/find", methods=["POST"])
    @has_access
    @permission_name("use")
    def find(self) -> Any:
        """Homes by door, address or the name of somebody who lives there; posted, so that no name stands in an address."""
        text = forms.text(request, "q", LONGEST)
        hits = finder.by_words(self.session, text) if text else []
        if len(hits) == 1:
            return self.go(url_for("FieldDesk.home", dwelling_uid=hits[0].uid))
        return self._places(hits=homes.named(self.session, [hit.uid for hit in hits]), text=text)

    def _places(self, **found: Any) -> str:
        session, actor = self.session, current_actor()
        area = finder.area_of(session, actor, request.args.get("area"))
        if area is None and request.args.get("area"):
            raise NotFound()
        ground = area is not None and finder.is_ground(area)
        return self.render_template(
            "proxy/field_homes.html",
            title=_("My households"),
            area=area,
            below=[] if ground else finder.below(session, actor, area),
            buildings=finder.buildings(session, area) if area is not None and ground else [],
            houses=finder.houses(session, area) if area is not None and ground else [],
            may_print_codes=actor.may("can_use", "DoorCodeDesk"),
            **({"hits": None, "text": ""} | found),
        )

    @expose("/homes/building/<building_uid>")
    @has_access
    @permission_name("use")
    def building(self, building_uid: str) -> str:
        """The doors of a building in walking order."""
        building = finder.building(self.session, building_uid)
        if building is None:
            raise NotFound()
        codes_url = url_for("DoorCodeDesk.building", building_uid=building.uid)
        return self._doors(building.address, homes.in_building(building), codes_url)

    @expose("/homes/group")
    @has_access
    @permission_name("use")
    def group(self) -> str:
        """The doors of a village group or road of a grid (``?area=&group=``)."""
        area = finder.area_of(self.session, current_actor(), request.args.get("area"))
        if area is None:
            raise NotFound()
        name = request.args.get("group", "")[:60]
        return self._doors(name or gettext("Other houses"), homes.in_group(area, name))

    def _doors(self, title: str, place: Any, codes_url: str = "") -> str:
        page = page_asked(FARTHEST)
        doors, more = homes.doors(self.session, place, page)
        asked = {k: v for k, v in request.args.items() if k in ("area", "group")}
        may_print = current_actor().may("can_use", "DoorCodeDesk")
        return self.render_template(
            "proxy/field_doors.html",
            title=title,
            doors=doors,
            page=page,
            more=more,
            asked=asked,
            codes_url=codes_url if may_print else "",
        )

    # --- one home -------------------------------------------------------------------------------------------------

    @expose("/home/<dwelling_uid>")
    @has_access
    @permission_name("use")
    def home(self, dwelling_uid: str) -> str:
        """Who lives behind the door, with groups as far as a list may name them and open cases; what can be done here."""
        session = self.session
        home = homes.home_of(session, dwelling_uid)
        return self.render_template(
            "proxy/field_home.html",
            title=homes.short_name(home),
            home=home,
            households=homes.living_in(session, home, clock.today()),
            calls=homes.last_calls(session, home),
            group_name=lambda group: group_name(session, group),
            relation=lambda code: codes.label(session, "household_relation", code),
            case_words=homes.case_words,
            back=self._back_to(home),
            soon=SOON,
            client_uid=new_uid(),
            Outcome=Outcome,
        )

    @staticmethod
    def _back_to(home: Any) -> str:
        if home.building is not None:
            return url_for("FieldDesk.building", building_uid=home.building.uid)
        return url_for("FieldDesk.group", area=home.area.uid, group=home.village_group or home.road or "")

    @expose("/home/<dwelling_uid>/call", methods=["POST"])
    @has_access
    @permission_name("use")
    def call(self, dwelling_uid: str) -> Any:
        """A visit now: what came of it; where nobody was home, the day from which the door is proposed again."""
        return self._done(
            once(self.session, current_actor(), lambda s, a: self._call(s, a, dwelling_uid), "")
        )

    @staticmethod
    def _call(session: Session, actor: Actor, dwelling_uid: str) -> str:
        home = homes.home_of(session, dwelling_uid)
        outcome = Outcome.parse(request.form.get("outcome", ""), field="outcome")
        again = forms.day(request, "again_on") if outcome is Outcome.absent else None
        days = request.form.get("again", "")
        if outcome is Outcome.absent and again is None and days in {str(n) for n, _words in SOON}:
            again = clock.today() + timedelta(days=int(days))
        calls.call_now(
            session, actor, clock.now(), home, outcome, note=forms.text(request, "note", 300), again_on=again
        )
        flash(gettext("The visit is written down."), "success")
        return url_for("FieldDesk.home", dwelling_uid=dwelling_uid)

    # --- a new case -----------------------------------------------------------------------------------------------

    @expose("/new", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def new(self) -> Any:
        """One case for one person: the service on a button, today or another day; then to the door."""
        if request.method == "POST":
            return self._done(once(self.session, current_actor(), self._new, ""))
        session, actor, today = self.session, current_actor(), clock.today()
        uid = request.args.get("person", "")
        person = homes.person_of(session, uid) if uid else None
        items = planning.items_on(session, today)
        people, more = ([], False) if person is not None else planning.candidates(session, actor, today)
        return self.render_template(
            "proxy/field_new.html",
            title=_("New case"),
            person=person,
            people=people,
            more=more,
            items=items,
            buttons=homes.services_for(session, person, items),
            slots=forms.SLOTS,
            client_uid=new_uid(),
        )

    def _new(self, session: Session, actor: Actor) -> str:
        people = planning.people_by_uid(session, forms.uids(request, "people"))
        item = forms.text(request, "item_other", 12) or forms.text(request, "item", 12)
        if len(people) != 1:
            raise Invalid(_("Choose the person."), field="people")
        if not item:
            raise Invalid(_("Choose the service."), field="item")
        days = request.form.get("when", "0")
        planned_on = (
            clock.today() + timedelta(days=int(days))
            if days in {"0", "1"}
            else forms.day(request, "planned_on")
        )
        if planned_on is None:
            raise Invalid(_("Choose the day."), field="planned_on")
        visit = rounds.plan_round(
            session,
            actor,
            clock.now(),
            people=people,
            item_code=item,
            planned_on=planned_on,
            slot=forms.slot(request),
        )
        warn_full(session, visit)
        if planned_on == clock.today():
            return url_for("FieldDesk.door", visit_uid=visit.uid, stop_uid=visit.stops[0].uid)
        return str(self._round_url(visit.uid))

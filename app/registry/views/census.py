"""The clerk's page: find a home, see everybody in it, type a household without the mouse (S3-18, S4-53).

No personal data stands in an address: look-ups, drafts and saves are POSTs. What is typed is kept on the server
every few seconds, encrypted, until it is saved.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import IntegrityError

from app.audit.service import reason
from app.core import clock, drafts
from app.core.actor import Actor, current_actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.extra import ExtraColumn
from app.core.session import unit_of_work
from app.core.views import BaseView, expose, has_access, permission_name
from app.registry import forms
from app.registry.models import Dwelling, Household, Person
from app.registry.queries import desk, finder
from app.registry.service import campaigns, census
from app.registry.service.census import extras
from app.registry.views.care_words import group_name
from app.registry.views.sections import mounted

PAGE = "census:"
LONGEST_QUERY = 60


class CensusDesk(BaseView):
    """Homes and the people in them, keyed in by keyboard alone."""

    route_base = "/census"
    default_view = "index"
    title = _("Census desk")

    # --- finding a home -------------------------------------------------------------------------------------------

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """From the grid to the building to the floor grid of its flats."""
        actor = current_actor()
        area = finder.area_of(self.session, actor, request.args.get("area"))
        if area is None and request.args.get("area"):
            raise NotFound()
        return self._finder(area)

    @expose("/find", methods=["POST"])
    @has_access
    @permission_name("use")
    def find(self) -> Any:
        """Homes by address, initials, or the name of somebody who lives there."""
        text = " ".join(request.form.get("q", "").split())
        if len(text) > LONGEST_QUERY or "\x00" in text:
            raise Invalid(gettext("This is too long to search for."), field="q")
        hits = finder.by_words(self.session, text, self._drafted()) if text else []
        if len(hits) == 1:
            return self.go(f"{self.route_base}/dwelling/{hits[0].uid}")
        return self._finder(finder.area_of(self.session, current_actor(), None), hits=hits, text=text)

    def _finder(self, area: Any, hits: Any = None, text: str = "") -> Any:
        session, actor = self.session, current_actor()
        ground = area is not None and finder.is_ground(area)
        page: dict[str, Any] = {
            "area": area,
            "trail": finder.trail(session, actor, area) if area is not None else [],
            "below": [] if ground else finder.below(session, actor, area),
            "hits": hits,
            "text": text,
            "drafts": drafts.drafts_of(session, self._user(actor), PAGE)[:12],
        }
        if ground:
            page |= self._ground(area)
        return self.render_template("registry/census_find.html", **page)

    def _ground(self, area: Any) -> dict[str, Any]:
        """Buildings and houses of a grid, and the one that is open."""
        session, drafted = self.session, self._drafted()
        buildings, houses = finder.buildings(session, area), finder.houses(session, area)
        wanted, group = request.args.get("building"), request.args.get("group")
        page: dict[str, Any] = {"buildings": buildings, "houses": houses, "building": None, "group": None}
        if wanted or (buildings and group is None):
            building = finder.building(session, wanted or buildings[0].key)
            if building is None:
                raise NotFound()
            page |= {"building": building, "units": finder.floor_grid(session, building, drafted)}
        elif houses:
            group = group if group is not None else houses[0].key
            page |= {"group": group, "homes": finder.group_homes(session, area, group, drafted)}
        return page

    # --- one home -------------------------------------------------------------------------------------------------

    @expose("/dwelling/<dwelling_uid>")
    @has_access
    @permission_name("use")
    def dwelling(self, dwelling_uid: str) -> Any:
        """The page of one home; its data stands in the page, nothing is fetched before typing can begin."""
        home = self._home(dwelling_uid)
        actor = current_actor()
        data: dict[str, Any] = {
            "state": self._state(home),
            "lists": desk.lists(self.session, actor),
            "offers": desk.OFFERS,
            "extras": self._fields(self._extras(home)),
            "home": self._fields(self._extras(home, Dwelling)),
            "household": self._fields(self._extras(home, Household)),
            "draft": self._draft(home),
            "today": clock.today().isoformat(),
        }
        place = (
            {"building": home.building.uid}
            if home.building
            else {"group": home.village_group or home.road or ""}
        )
        return self.render_template(
            "registry/census.html",
            home=home,
            data=data,
            title=data["state"]["dwelling"]["short"],
            finder_url=url_for("CensusDesk.index", area=home.area.uid, **place),
        )

    @expose("/state/<dwelling_uid>")
    @has_access
    @permission_name("use")
    def state(self, dwelling_uid: str) -> Any:
        """The home as it stands now, and a fresh ticket for posting (after signing in again in another window)."""
        home = self._home(dwelling_uid)
        return jsonify(state=self._state(home), csrf_token=generate_csrf())

    @expose("/check/<dwelling_uid>", methods=["POST"])
    @has_access
    @permission_name("use")
    def check(self, dwelling_uid: str) -> Any:
        """One row while it is typed: what the number holds, what is odd, who it might be."""
        self._home(dwelling_uid)
        try:
            entry = forms.read_row(request.get_json())
        except census.EntryRefused as refused:
            return jsonify(birth="", sex="", problems=[_problem(p) for p in refused.problems])
        row = census.check_row(self.session, entry, actor=current_actor(), now=clock.now())
        return jsonify(
            birth=str(row.birth) if row.birth else "",
            sex=row.sex or "",
            problems=[_problem(p) for p in row.problems],
        )

    @expose("/save/<dwelling_uid>", methods=["POST"])
    @has_access
    @permission_name("use")
    def save(self, dwelling_uid: str) -> Any:
        """Save the whole home or nothing of it; the same submission sent twice is saved once."""
        home = self._home(dwelling_uid)
        body = request.get_json()
        try:
            answer, notes = self._saved(home, body)
        except census.EntryRefused as refused:
            problems = [_problem(p) for p in refused.problems]
            return jsonify(code=refused.code, message=str(refused), problems=problems), refused.status
        return jsonify(saved=answer, notes=notes, state=self._state(self._home(dwelling_uid)))

    def _saved(self, home: Dwelling, body: Any) -> tuple[Any, list[Any]]:
        """What a save did, or did when it came the first time."""
        entry, actor = forms.read_entry(body), current_actor()
        known = drafts.replayed(self.session, self._user(actor), entry.client_uid, body)
        if known is not None:
            return known.response, []
        return self._write(home, entry, body, actor, clock.now())

    def _write(self, home: Dwelling, entry: Any, body: Any, actor: Actor, now: Any) -> tuple[Any, list[Any]]:
        session, user, page = self.session, self._user(actor), PAGE + home.uid
        checked = census.check_entry(session, home, entry, actor=actor, now=now)
        try:
            with unit_of_work(session), reason(tag="census"):
                saved = census.save_entry(session, checked, actor=actor, now=now)
                campaigns.written_down(session, actor, home, now=now)
                drafts.remember(session, user, entry.client_uid, body, saved.answer())
                drafts.drop_draft(session, user, page)
        except IntegrityError:
            # the only unique keys that two clerks can meet at: this submission twice, or one document twice
            session.rollback()
            known = drafts.replayed(session, user, entry.client_uid, body)
            if known is not None:
                return known.response, []
            text = _("Somebody else has just registered one of these documents. Please save again.")
            raise Conflict(text) from None
        return saved.answer(), [_problem(p) for p in checked.problems]

    # --- drafts ---------------------------------------------------------------------------------------------------

    @expose("/draft/<dwelling_uid>", methods=["POST"])
    @has_access
    @permission_name("draft")
    def draft(self, dwelling_uid: str) -> Any:
        """Keep what has been typed so far; the page sends it every few seconds and after each member."""
        home = self._home(dwelling_uid)
        payload = forms.read_draft(request.get_json())
        with unit_of_work(self.session):
            kept = drafts.save_draft(
                self.session, self._user(current_actor()), PAGE + home.uid, payload, title=home.address
            )
            at = clock.to_local(kept.updated_at)
        return jsonify(saved_at=at.strftime("%H:%M:%S"))

    @expose("/discard/<dwelling_uid>", methods=["POST"])
    @has_access
    @permission_name("draft")
    def discard(self, dwelling_uid: str) -> Any:
        """Forget the draft of a home because the clerk says so."""
        home = self._home(dwelling_uid)
        with unit_of_work(self.session):
            gone = drafts.drop_draft(self.session, self._user(current_actor()), PAGE + home.uid)
        return jsonify(discarded=gone)

    def _draft(self, home: Dwelling) -> dict[str, Any] | None:
        kept = drafts.read_draft(self.session, self._user(current_actor()), PAGE + home.uid)
        if kept is None:
            return None
        try:
            payload = forms.read_draft(kept.payload)
        except Invalid:  # kept by another version of the page: the home opens as it stands in the register
            return None
        return {
            "payload": payload,
            "saved_at": clock.to_local(kept.updated_at).strftime("%Y-%m-%d %H:%M"),
        }

    def _drafted(self) -> set[str]:
        kept = drafts.drafts_of(self.session, self._user(current_actor()), PAGE)
        return {draft.page.removeprefix(PAGE) for draft in kept}

    def _extras(self, home: Dwelling, model: type = Person) -> list[ExtraColumn]:
        """Custom fields of the people of this home, of its households, or of the home itself."""
        return extras.asked(self.session, current_actor(), home.area_id, model)

    def _fields(self, asked: list[ExtraColumn]) -> list[dict[str, Any]]:
        return extras.for_page(self.session, asked, gettext("Yes"), gettext("No"))

    def _state(self, home: Dwelling) -> dict[str, Any]:
        """The home as it stands, with the groups whose own form is still empty: each leads there and back."""
        households = desk.households_of(self.session, home)
        asked, actor, own = self._extras(home), current_actor(), self._extras(home, Household)
        found = desk.state(
            self.session,
            home,
            clock.today(),
            households,
            lambda person: extras.shown(asked, person, actor),
            lambda household: extras.shown(own, household, actor),
        )
        found["dwelling"] |= {"version": home.version}
        found["dwelling"] |= extras.shown(self._extras(home, Dwelling), home, actor)
        page = mounted("PersonGroupView")
        rows = desk.without_particulars(households) if page and page.can("edit") else []
        back = url_for("CensusDesk.dwelling", dwelling_uid=home.uid)
        found["particulars"] = [
            {
                "words": f"{person} · {group_name(self.session, row)}",
                "url": url_for("PersonGroupView.edit", pk=row.uid, next=back),
            }
            for row, person in rows
        ]
        return found

    # --- common ---------------------------------------------------------------------------------------------------

    def _home(self, uid: str) -> Dwelling:
        home = desk.open_home(self.session, uid)
        if home is None or home.valid_to is not None:
            raise NotFound()
        return home

    def _user(self, actor: Actor) -> int:
        if actor.user_id is None:
            raise NotFound()
        return actor.user_id


def _problem(problem: census.Problem) -> dict[str, Any]:
    return {
        "household": problem.household,
        "member": problem.member,
        "field": problem.field,
        "code": problem.code,
        "message": str(problem.message),
        "stops": problem.stops,
        "needs": problem.needs,
        "data": problem.data,
    }

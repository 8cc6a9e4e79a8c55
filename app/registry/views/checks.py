"""Checks at the door, on the phone or the PC: what is due, the sheet of a home (14 items) and of a venue (16 items)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, jsonify, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.views.common import AreaInterface
from app.core import clock, files
from app.core.actor import current_actor
from app.core.edge import wants_json
from app.core.errors import DomainError, Invalid, NotFound
from app.core.models import new_uid
from app.core.uploads import clean_upload
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.core.views.kept import forget, kept
from app.core.widgets import view_of
from app.registry.choices import CheckResult
from app.registry.models import RentalHome, SafetyCheck, Venue
from app.registry.queries import safety
from app.registry.service import inspections, risk
from app.registry.views.check_sheet import Sheet
from app.registry.views.once import once
from app.registry.views.wording import colour_badge, hazard_badge

PLACES: dict[str, Any] = {"home": RentalHome, "venue": Venue}
PHOTOS = ("JPEG", "PNG", "WEBP")
MOST_PHOTOS = 6
OWNER = "safety_check"
REFUSED = 422
SAID_APART = (403, 404, 409)  # nothing on the sheet can put these right


class CheckDesk(BaseView):
    """What is to be checked, and the checking itself."""

    route_base = "/checks"
    default_view = "index"
    title = _("Safety checks")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """What is due, per grid and as a list, the longest overdue first."""
        due = safety.KINDS.get(request.args.get("kind", "homes"))
        if due is None:
            raise NotFound()
        today, session = clock.today(), self.session
        key, cursor = request.args.get("area", ""), request.args.get("after", "")
        area = AreaInterface(Area).by_key(session, key) if key else None
        after = Interface(due.model).by_key(session, cursor) if cursor else None
        found = safety.rows(session, due, today, area, after)
        return self.render_template(
            "registry/checks.html",
            due=due,
            kinds=safety.KINDS.values(),
            totals=safety.totals(session, today),
            grids=safety.by_grid(session, due, today),
            area=area,
            rows=found[: safety.PAGE],
            next_after=found[safety.PAGE - 1].uid if len(found) > safety.PAGE else "",
            is_first=not cursor,
            page_of=lambda row: view_of(type(row)),
            colour=colour_badge,
            hazard_state=hazard_badge,
        )

    @expose("/<kind>/<uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def check(self, kind: str, uid: str) -> Any:
        """The sheet of one place: everything in order, then the exceptions. What is refused comes back as it was typed."""
        sheet = Sheet(request.form)
        if request.method == "GET":
            return self._page(kind, uid, sheet)
        try:
            url = once(self.session, lambda session: self._save(session, kind, uid, sheet))
        except DomainError as refused:
            if wants_json() or refused.status in SAID_APART:
                raise
            sheet.refuse(refused)
            return self._page(kind, uid, sheet), REFUSED
        flash(gettext("The check is written down."), "success")
        return jsonify(url=url) if wants_json() else self.go(url)

    def _page(self, kind: str, uid: str, sheet: Sheet) -> str:
        place, today = self._place(self.session, kind, uid), clock.today()
        typed = kept(self.session, draft_page(kind, uid))
        is_home = isinstance(place, RentalHome)
        return self.render_template(
            "registry/check.html",
            title=_("Check of a rented home") if is_home else _("Check of a venue"),
            place=place,
            is_home=is_home,
            kind=kind,
            items=inspections.items_of(self.session, place),
            known={h.item: h for h in safety.open_hazards(self.session, place)},
            living=risk.people_living(self.session, place) if is_home else None,
            results=CheckResult,
            me=current_actor().label,
            fix_by=today + timedelta(days=risk.spec()["fix_days"]),
            next_on=None if is_home else risk.next_venue_check(today, 0),
            back=self._back(place),
            sheet=sheet,
            client_uid=sheet.given.get("client_uid") or new_uid(),
            absent_uid=new_uid(),
            kept=typed | {"pairs": []} if sheet.given else typed,
            colour=colour_badge,
            most_photos=MOST_PHOTOS,
        )

    @expose("/<kind>/<uid>/absent", methods=["POST"])
    @has_access
    @permission_name("use")
    def absent(self, kind: str, uid: str) -> Any:
        """Nobody opened: the visit counts as tried, the check stays due."""

        def written(session: Session) -> str:
            place = self._place(session, kind, uid)
            inspections.nobody_there(session, current_actor(), place, now=clock.now())
            return self._back(place)

        once(self.session, written)
        flash(gettext("Written down: nobody was there. The check stays due."), "warning")
        return self.go(self.get_redirect())

    def home_url(self) -> str:
        return f"{self.route_base}/"

    def _place(self, session: Session, kind: str, uid: str) -> RentalHome | Venue:
        if kind not in PLACES:
            raise NotFound()
        place: RentalHome | Venue = Interface(PLACES[kind]).by_key(session, uid)
        return place

    def _back(self, place: RentalHome | Venue) -> str:
        view = view_of(type(place))
        return str(view.url_show(place)) if view is not None and view.can("show") else self.home_url()

    def _save(self, session: Session, kind: str, uid: str, sheet: Sheet) -> str:
        place, actor = self._place(session, kind, uid), current_actor()
        entry = sheet.entry(list(inspections.items_of(session, place)))
        done = inspections.record_check(session, actor, place, entry, now=clock.now())
        keep_photos(session, done)
        forget(session, draft_page(kind, uid))
        return self._back(place)


def draft_page(kind: str, uid: str) -> str:
    """Key of the draft of one sheet."""
    return f"Check{kind.title()}:{uid}"


def keep_photos(session: Session, check: SafetyCheck) -> None:
    """Photos of the check, cleaned and encrypted like every attachment."""
    given = [upload for upload in request.files.getlist("photos") if upload.filename]
    if len(given) > MOST_PHOTOS:
        raise Invalid(_("At most %(n)s photos.", n=MOST_PHOTOS), field="photos")
    for upload in given:
        try:
            picture = clean_upload(upload.stream, PHOTOS)
        except DomainError as refused:
            refused.field = "photos"
            raise
        files.save(
            session,
            picture,
            area_id=check.area_id,
            owner_kind=OWNER,
            owner_uid=check.uid,
            purpose="check_photo",
        )

"""Census campaigns: planning and progress for the station, the walk from door to door for the worker's phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import flash, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.views.common import AreaInterface
from app.core import clock, jobs
from app.core.actor import Actor, current_actor
from app.core.dates import parse_day
from app.core.errors import DomainError, NotAllowed
from app.core.numbers import whole_number
from app.core.session import unit_of_work
from app.core.views import BaseView, Interface, ModelView, badge, expose, has_access, permission_name
from app.registry.choices import CampaignAction, CampaignState, TargetState
from app.registry.jobs import CAMPAIGN
from app.registry.models import Building, Campaign, CampaignTarget
from app.registry.queries import campaigns as pages
from app.registry.rules.campaigns import LATEST_REVISIT, OPEN
from app.registry.service import campaigns
from app.registry.views.common import NO_LOOKUP
from app.registry.views.shapes import shapes_of

TAPS = (TargetState.visited, TargetState.absent, TargetState.refused)
SOON = ((1, _("Tomorrow")), (3, _("In 3 days")), (7, _("In a week")))  # days to come again


class CampaignView(ModelView):
    """Census campaigns of the actor's areas, each with its progress."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/campaign"
    datamodel = Interface(Campaign)
    list_title = _("Census campaigns")
    show_title = _("Census campaign")
    add_title = _("Plan a campaign")
    edit_title = _("Change the campaign")
    base_order = ("starts_on", "desc")
    label_columns = {
        "purpose": _("Purpose"),
        "starts_on": _("From day"),
        "ends_on": _("Until day"),
    }
    description_columns = {"area_id": _("Every home of this area becomes a target when the campaign starts.")}
    choices_columns = {"state": CampaignState}
    list_columns = ["name", "area", "starts_on", "ends_on", "state"]
    order_columns = ["name", "starts_on", "ends_on"]
    search_columns = ["name", "state", "starts_on", "ends_on"]
    eager = ("area",)
    add_columns = ["name", "area_id", "starts_on", "ends_on", "purpose"]
    edit_columns = ["name", "ends_on", "purpose"]
    show_columns = ["area", "starts_on", "ends_on", "state", "purpose"]
    show_template = "registry/campaign.html"
    empty_hint = _("No census campaign yet.")

    def check(self, session: Any, item: Campaign, form: Any, is_new: bool) -> None:
        campaigns.check_days(item)

    def save(self, session: Any, item: Campaign, form: Any, is_new: bool) -> None:
        if is_new:
            campaigns.plan(session, current_actor(), item, now=clock.now())

    def is_editable(self, item: Campaign) -> bool:
        return item.state != CampaignState.closed and campaigns.leads(item, current_actor())

    def check_delete(self, session: Any, item: Campaign, reason: str) -> None:
        """Once started, a campaign stays: what was found at the doors belongs to it."""
        self.may_edit(item)
        if item.state != CampaignState.planned:
            raise NotAllowed(_("A campaign that was started is closed, not deleted."))

    def show_context(self, item: Campaign) -> dict[str, Any]:
        """Progress of the campaign, of the part of it that ``?area=`` names."""
        key = request.args.get("area", "")
        area = AreaInterface(Area).by_key(self.session, key) if key else item.area
        if not area.path.startswith(item.area.path):
            area = item.area
        lines = pages.by_area(self.session, item, area)
        whole = pages.total(lines)
        alone = len(lines) == 1 and lines[0].uid == area.uid
        more = {
            "offers": campaigns.offers(item, current_actor()),
            "place": area,
            "lines": lines,
            "whole": whole,
            # a town's workers fit on a page; a city's do not, and counting them would take as long again
            "staff": pages.by_staff(self.session, item, area) if whole.total <= pages.LISTED else [],
            "buildings": pages.by_building(self.session, item, area) if alone else [],
            "shapes": shapes_of([(line.polygon, line) for line in lines]),
            "state_badge": lambda code: _badge(CampaignState, code),
            "states": (TargetState.visited, *OPEN),
            "gone": TargetState.gone,
        }
        return super().show_context(item) | more

    @expose("/act/<pk>/<action>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def act(self, pk: str, action: str) -> Any:
        """Start (a job gathers the homes) or close."""
        wanted = CampaignAction.parse(action, field="action")
        with unit_of_work(self.session) as session:
            item = self.datamodel.by_key(session, pk)
            campaigns.act(session, current_actor(), item, wanted, now=clock.now())
            if wanted is CampaignAction.start:
                jobs.enqueue(session, CAMPAIGN, {"campaign": item.uid}, now=clock.now())
            url = self.url_show(item)
        if wanted is CampaignAction.start:
            flash(
                gettext("Started. The homes are being gathered; your inbox shows how far it is."), "success"
            )
        else:
            flash(gettext("Saved."), "success")
        return self.go(url)

    @expose("/refresh/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def refresh(self, pk: str) -> Any:
        """Gather homes that were added since the start."""
        with unit_of_work(self.session) as session:
            item = self.datamodel.by_key(session, pk)
            self.may_edit(item)
            jobs.enqueue(session, CAMPAIGN, {"campaign": item.uid}, now=clock.now())
            url = self.url_show(item)
        flash(gettext("New homes are being gathered; your inbox shows how far it is."), "success")
        return self.go(url)


class CampaignDesk(BaseView):
    """The walk: buildings, then doors in walking order with one tap each."""

    route_base = "/canvass"
    default_view = "index"
    title = _("Census walk")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """The campaigns that run in my areas."""
        return self.render_template("registry/canvass.html", found=pages.running(self.session))

    @expose("/<uid>")
    @has_access
    @permission_name("use")
    def campaign(self, uid: str) -> str:
        """Buildings of a campaign with what is left to do in each."""
        item = Interface(Campaign).by_key(self.session, uid)
        lines = pages.by_building(self.session, item)
        return self.render_template(
            "registry/canvass_buildings.html",
            title=item.name,
            campaign=item,
            lines=lines,
            whole=pages.total(lines),
            due=pages.due_today(self.session, item, clock.today()),
        )

    @expose("/<uid>/<building_uid>")
    @has_access
    @permission_name("use")
    def walk(self, uid: str, building_uid: str) -> str:
        """The doors of a building (``none``: houses without one): those that are open, the next one first, or all."""
        item = Interface(Campaign).by_key(self.session, uid)
        house = None if building_uid == "none" else Interface(Building).by_key(self.session, building_uid)
        page = whole_number(request.args.get("page", "0"), 0, 99, field="page")
        show = "all" if request.args.get("show") == "all" else "open"
        found, more = pages.homes(self.session, item, house, show, page, clock.today())
        mine = pages.taps_of(self.session, item, house, current_actor().user_id or -1, clock.today())
        return self.render_template(
            "registry/canvass_walk.html",
            title=house.address if house is not None else _("Houses"),
            campaign=item,
            rows=found,
            more=more,
            page=page,
            show=show,
            line=pages.of_building(self.session, item, house),
            mine=mine,
            taps=TAPS,
            soon=SOON,
            state_badge=lambda code: _badge(TargetState, code),
            TargetState=TargetState,
        )

    @expose("/ring/<uid>", methods=["POST"])
    @has_access
    @permission_name("use")
    def ring(self, uid: str) -> Any:
        """One tap at a door; ``revisit_in`` (days from today) or ``revisit_on`` with coming again."""
        given = request.form

        def write(session: Session, target: CampaignTarget, actor: Actor) -> None:
            day = parse_day(given["revisit_on"], field="revisit_on") if given.get("revisit_on") else None
            outcome = given.get("outcome", "")
            if given.get("revisit_in"):
                outcome = TargetState.revisit
                days = whole_number(given["revisit_in"], 0, LATEST_REVISIT, field="revisit_on")
                day = clock.today() + timedelta(days=days)
            wanted = TargetState.parse(outcome, field="outcome")
            campaigns.ring(session, actor, target, wanted, now=clock.now(), revisit_on=day)

        return self._at_door(uid, write)

    @expose("/back/<uid>", methods=["POST"])
    @has_access
    @permission_name("use")
    def take_back(self, uid: str) -> Any:
        """The last tap about a home was a wrong one."""

        def write(session: Session, target: CampaignTarget, actor: Actor) -> None:
            campaigns.take_back(session, actor, target, now=clock.now())

        return self._at_door(uid, write)

    def _at_door(self, uid: str, write: Callable[[Session, CampaignTarget, Actor], None]) -> Any:
        """Write about one door and go back to the page; a refusal stands there."""
        try:
            with unit_of_work(self.session) as session:
                write(session, Interface(CampaignTarget).by_key(session, uid), current_actor())
        except DomainError as refused:
            if refused.status in (403, 404):
                raise
            flash(str(refused), "danger")
        return self.go(self.get_redirect())

    def home_url(self) -> str:
        return f"{self.route_base}/"


def _badge(choice: Any, code: str) -> Any:
    member = choice.parse(code)
    return badge(member.label, member.badge)

"""Handing the result over on the phone, and the rating, which the resident gives on a page alone (S3-51)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock, codes, files
from app.core.actor import Actor, current_actor
from app.core.models import new_uid
from app.core.uploads import clean_upload
from app.core.views import expose, has_access, permission_name
from app.core.widgets import view_of
from app.proxy import papers
from app.proxy.choices import RATINGS, Action, RatedBy, State
from app.proxy.models import ProxyCase
from app.proxy.queries import field as pages
from app.proxy.queries import prints
from app.proxy.rules.stages import TO_DELIVER
from app.proxy.service import act, open_case
from app.proxy.service.delivery import missed
from app.proxy.service.doors import hand_over_here, need_deliverable, nobody_reached, settle_stop
from app.proxy.views import field_forms as forms
from app.proxy.views import kept
from app.proxy.views.field_saving import once
from app.proxy.views.field_saving import signed as signed_by
from app.worklog.choices import Outcome

DOOR_PHOTO = "door_photo"


def door_photo(session: Session, case: ProxyCase) -> dict[str, Any]:
    """The photo of the door as the step takes it; nothing where none was taken."""
    upload = request.files.get(DOOR_PHOTO)
    if upload is None or not upload.filename:
        return {}
    picture = clean_upload(upload.stream, forms.PHOTOS)
    owner = {"owner_kind": "proxy_case", "owner_uid": case.uid, "purpose": "door"}
    return {"photo_uid": files.save(session, picture, area_id=case.area_id, **owner).uid}


class DeliveryMixin:
    """Two pages of a case whose result is there: handing it over, and what the resident says of it."""

    session: Any
    route_base: str
    render_template: Any
    _done: Any
    _round_url: Any

    @expose("/deliver/<case_uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def deliver(self, case_uid: str) -> Any:
        """Hand the result over: recipient, signature or photo; or write down that nobody was reached."""
        case = pages.case_of(self.session, case_uid)
        if request.method == "POST":
            page = kept.delivery_page(case_uid)
            return self._done(
                once(self.session, current_actor(), lambda s, a: self._deliver(s, a, case_uid), page)
            )
        return self.render_template(
            "proxy/field_deliver.html",
            title=_("Hand over the result"),
            case=case,
            back=self._back(case),
            kept=kept.kept(self.session, kept.delivery_page(case_uid)),
            open_here=case.state in TO_DELIVER,
            state=State.parse(case.state),
            originals=[c.name for c in case.custody if c.returned_at is None],
            missed=missed(case),
            address=(case.party or {}).get("address") or "",
            printable=self._slip(case),
            new_uid=new_uid,
            client_uid=new_uid(),
        )

    def _slip(self, case: ProxyCase) -> Any:
        """The receipt F12 of the case, for who may print it."""
        page = view_of(ProxyCase)
        if page is None or not page.can("print"):
            return None
        issued = prints.issued_for(self.session, case)
        return next(p for p in prints.of_case(case, issued) if p.code == papers.DELIVERY)

    def _deliver(self, session: Session, actor: Actor, case_uid: str) -> str:
        case, now = open_case(session, case_uid), clock.now()
        if request.form.get("way") == "missed":
            need_deliverable(case)
            reason = forms.text(request, "reason", 200)
            nobody_reached(session, actor, now, case, reason, **door_photo(session, case))
            settle_stop(session, actor, now, case, Outcome.absent, reason)
            return self._back(case)
        need_deliverable(case)  # before the picture of a signature is kept for nothing
        given = {**forms.delivery(request), **signed_by(session, [case]), **door_photo(session, case)}
        hand_over_here(session, actor, now, case, given)
        settle_stop(session, actor, now, case, Outcome.met)
        return url_for("FieldDesk.rate", case_uid=case.uid)

    @expose("/rate/<case_uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def rate(self, case_uid: str) -> Any:
        """Five large buttons for the resident alone; afterwards what was recorded."""
        case = pages.case_of(self.session, case_uid)
        if request.method == "POST":
            page = kept.delivery_page(case_uid)
            return self._done(
                once(self.session, current_actor(), lambda s, a: self._rate(s, a, case_uid), page)
            )
        levels = codes.choices(self.session, RATINGS, case.rating)
        return self.render_template(
            "proxy/field_rate.html",
            title=_("How content are you with the service?"),
            case=case,
            back=self._back(case),
            open_here=case.state == State.delivered,
            levels=levels,
            given=dict(levels).get(case.rating or "", ""),
            client_uid=new_uid(),
        )

    @staticmethod
    def _rate(session: Session, actor: Actor, case_uid: str) -> str:
        case = open_case(session, case_uid)
        given: Mapping[str, Any] = {
            "rating": forms.text(request, "rating", 8),
            "rated_by": RatedBy.phone.value,
            "words": forms.text(request, "words", 300),
        }
        act(session, actor, clock.now(), case, Action.rate, given)
        return url_for("FieldDesk.rate", case_uid=case.uid)

    def _back(self, case: ProxyCase) -> str:
        uid = pages.round_uid(self.session, case)
        return self._round_url(uid) if uid else url_for("FieldDesk.index")

"""Packs of household sheets for the walk: choose, wait, fetch."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.views.common import AreaInterface
from app.core import clock, hooks
from app.core.actor import current_actor
from app.core.errors import DomainError
from app.core.interface import checked_key
from app.core.models import new_uid
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import CheckField, Needed, RemoteField
from app.documents.views import pdf_response
from app.registry.models import Building, SheetPack
from app.registry.queries import finder
from app.registry.queries.sheets import packs_of
from app.registry.service import sheet_packs
from app.registry.views.once import once


class PackForm(RecordForm):
    """Which homes, and whether what is known stands on the sheets."""

    area = RemoteField(_("Area"), [Needed()], model=Area)
    building = RemoteField(
        _("Building"), model=Building, description=_("Empty: all homes of the area in walking order.")
    )
    is_blank = CheckField(_("Empty sheets with the address only"))


class SheetDesk(BaseView):
    """One's own packs; nobody else's can be reached from here."""

    route_base = "/sheets"
    default_view = "index"
    title = _("Household sheets (F06)")

    @expose("/", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """The form and the newest packs of one's own. The same page sent twice asks once."""
        form, status = PackForm(), 200
        form.prepare(current_actor(), SheetPack)
        if request.method == "POST":
            status = 422
            if form.validate():
                area, house = form.area.data.uid, form.building.data.uid if form.building.data else None
                blank = bool(form.is_blank.data)
                try:
                    url = once(self.session, lambda session: self._ask(session, area, house, blank))
                    flash(gettext("The sheets are being drawn; your inbox shows how far it is."), "success")
                    return self.go(url)
                except DomainError as refused:
                    form.refuse(refused.field, refused.message)
        else:
            self._prefill(form)
        page = self.render_template(
            "registry/sheets.html",
            form=form,
            packs=packs_of(self.session, current_actor().user_id or -1),
            client_uid=request.form.get("client_uid") or new_uid(),
        )
        return page, status

    def _prefill(self, form: Any) -> None:
        key, house = request.args.get("area"), request.args.get("building")
        area = AreaInterface(Area).by_key(self.session, key) if key else None
        form.area.data = area or finder.area_of(self.session, current_actor(), None)
        if house:
            form.building.data = Interface(Building).by_key(self.session, house)
            form.area.data = area or form.building.data.area

    def _ask(self, session: Session, area_uid: str, house: str | None, blank: bool) -> str:
        area = AreaInterface(Area).by_key(session, area_uid)
        building = Interface(Building).by_key(session, house) if house else None
        sheet_packs.ask(session, current_actor(), area, building, is_blank=blank, now=clock.now())
        return self.home_url()

    @expose("/<uid>", methods=["GET"])
    @has_access
    @permission_name("use")
    def fetch(self, uid: str) -> Any:
        """The pack as one PDF, for whoever asked for it; each fetching is logged."""
        pack = sheet_packs.mine(self.session, current_actor(), str(checked_key(uid, uid=True)))
        whole = sheet_packs.put_together(self.session, pack)
        detail = f"{sheet_packs.FORM} x{pack.homes}"
        hooks.record_access(hooks.Access("PRINT", "sheet_pack", pack.id, pack.area_id, detail=detail))
        return pdf_response(whole, f"{sheet_packs.FORM}-{pack.uid[:8]}")

    def home_url(self) -> str:
        return url_for("SheetDesk.index")

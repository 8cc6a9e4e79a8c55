"""Codes on doors: a sheet to print for a building, scanning or typing one (S3-61).

The code holds the number of the home and two check digits: nothing about who lives there. It opens the page of the home
for who is signed in and may see it; everything else is answered with one sentence, so that a code tells nobody anything.
"""

from __future__ import annotations

import re
from typing import Any

from flask import current_app, jsonify, request, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.core.actor import current_actor
from app.core.edge import wants_json
from app.core.errors import DomainError, Invalid, NotFound
from app.core.views import BaseView, expose, has_access, permission_name
from app.documents.qr import qr_svg
from app.registry.models import Dwelling, RentalHome
from app.registry.queries import finder
from app.registry.queries.walking import PLACE, stop_of, with_places
from app.registry.rules.addresses import walking_key
from app.registry.rules.door_codes import code_of, key_of, spoken
from app.registry.service.homes import dwelling_address
from app.registry.views.sections import mounted

LONGEST = 300
ON_A_SHEET = 60  # doors of one printed page of the browser
PLATE = re.compile(r"/rentalhome/show/([0-9a-f-]{36})/?$")
NOT_OURS = _("This code belongs to no home of this system that you may open.")


class DoorCodeDesk(BaseView):
    """From the code at a door to the page of the home."""

    route_base = "/d"
    default_view = "scan"
    title = _("Scan a code")

    @expose("/scan", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def scan(self) -> Any:
        """The camera, a photo, or the number typed by hand. A code that is not ours is refused with one sentence."""
        if request.method == "GET":
            return self._scanner()
        text = request.form.get("text", "").strip()
        try:
            url = self._where(text)
        except DomainError as refused:
            if wants_json():
                raise
            return self._scanner(text, str(refused)), refused.status
        return jsonify(url=url) if wants_json() else self.go(url)

    def _scanner(self, text: str = "", refusal: str = "") -> str:
        return self.render_template("registry/scan.html", text=text, refusal=refusal)

    def _where(self, text: str) -> str:
        if not text or len(text) > LONGEST or "\x00" in text:
            raise Invalid(_("Scan the code at the door, or type its number."), field="text")
        plate = PLATE.search(text)
        key = key_of(text)
        home = None
        if plate:
            rental = select(RentalHome.dwelling_id).where(RentalHome.uid == plate[1])
            home = self.session.scalars(select(Dwelling).where(Dwelling.id.in_(rental))).one_or_none()
        elif key is not None:
            home = self.session.scalars(select(Dwelling).where(Dwelling.id == key)).one_or_none()
        return self._page(home)

    def _page(self, home: Dwelling | None) -> str:
        """The home as the acting role works with it: on the phone, or its page. One that was merged leads to what became
        of it.
        """
        if home is not None and home.valid_to is not None:
            home = finder.successor(self.session, home.uid)
        if home is None:
            raise NotFound(NOT_OURS)
        phone, page = mounted("FieldDesk"), mounted("DwellingView")
        if phone is not None and phone.can("use") and home.valid_to is None:
            return url_for("FieldDesk.home", dwelling_uid=home.uid)
        if page is None or not page.can("show"):
            raise NotFound(NOT_OURS)
        return str(page.url_show(home))

    @expose("/<number>")
    @has_access
    @permission_name("use")
    def open(self, number: str) -> Any:
        """What the camera of a phone opens by itself."""
        key = key_of(number)
        home = None
        if key is not None:
            home = self.session.scalars(select(Dwelling).where(Dwelling.id == key)).one_or_none()
        return self.go(self._page(home))

    # --- the sheet ------------------------------------------------------------------------------------------------

    @expose("/sheet/<building_uid>")
    @has_access
    @permission_name("use")
    def building(self, building_uid: str) -> str:
        """The codes of a building in walking order, to be cut out and put up."""
        building = finder.building(self.session, building_uid)
        if building is None:
            raise NotFound()
        return self._sheet(building.address, Dwelling.building_id == building.id)

    @expose("/houses")
    @has_access
    @permission_name("use")
    def houses(self) -> str:
        """The codes of the houses of a grid that stand in no building (``?area=``)."""

        area = finder.area_of(self.session, current_actor(), request.args.get("area"))
        if area is None:
            raise NotFound()
        return self._sheet(area.name, (Dwelling.area_id == area.id) & Dwelling.building_id.is_(None))

    @expose("/home/<dwelling_uid>")
    @has_access
    @permission_name("use")
    def home(self, dwelling_uid: str) -> str:
        """The code of one home."""
        return self._sheet("", Dwelling.uid == dwelling_uid)

    def _sheet(self, place: str, where: Any) -> str:
        page = request.args.get("page", "1")
        if not re.fullmatch(r"[1-9]\d?", page):
            raise Invalid(_("The list is not that long: narrow it down."), field="page")
        query = with_places(select(Dwelling, *PLACE[1:])).where(where, Dwelling.valid_to.is_(None))
        rows = sorted(
            ((walking_key(stop_of((home.id, *rest))), home) for home, *rest in self.session.execute(query)),
            key=lambda row: row[0],
        )
        if not rows:
            raise NotFound()
        first = (int(page) - 1) * ON_A_SHEET
        homes = [home for _key, home in rows[first : first + ON_A_SHEET]]
        return self.render_template(
            "registry/door_codes.html",
            title=_("Door codes"),
            place=place or homes[0].address,
            page=int(page),
            pages=-(-len(rows) // ON_A_SHEET),
            labels=[self._label(home) for home in homes],
        )

    def _label(self, home: Dwelling) -> dict[str, Any]:
        code = code_of(home.id)
        host = current_app.config["GEBAN_PUBLIC_URL"].rstrip(
            "/"
        )  # what is printed outlives the address of this request
        return {
            "address": dwelling_address(self.session, home, division=False) or home.address,
            "code": spoken(code),
            "qr": qr_svg(host + url_for("DoorCodeDesk.open", number=code)),
        }

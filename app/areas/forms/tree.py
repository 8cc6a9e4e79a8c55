"""Fields of areas: the outline as GeoJSON text, reasons with a day."""

from __future__ import annotations

import json
from typing import Any

from flask_babel import lazy_gettext as _

from app.areas.rules import check_polygon
from app.core.errors import DomainError
from app.core.widgets import LongTextField

SIDE_LABELS = {"east": _("East to"), "south": _("South to"), "west": _("West to"), "north": _("North to")}


class OutlineField(LongTextField):
    """An outline typed or pasted as GeoJSON; kept as an object."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return json.dumps(self.data) if isinstance(self.data, dict) else self.data or ""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data:
            try:
                self.data = check_polygon(self.data)
            except DomainError as refusal:
                raise ValueError(str(refusal)) from None

    def pre_validate(self, form: Any) -> None:
        """The outline has its own limit of points."""

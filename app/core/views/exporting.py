"""What a list says about its exports; the sheet itself is made by app/exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.core.errors import NotFound
from app.core.views.sheet_cells import SheetCell

PAGE = "ExportDesk.ask"


class ExportMixin:
    """The export of a list: the button, its right (``can_export``), and how formatted columns stand in a sheet."""

    # column → how a sheet reads it; also of columns that only sheets and ledgers have
    sheet_cells: Mapping[str, SheetCell] = {}

    @expose("/export")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """On to the page that asks how the filtered list is to be exported."""
        if PAGE not in current_app.view_functions:
            raise NotFound()
        args = request.args.to_dict(flat=False)
        args["view"] = [type(self).__name__]
        return self.go(url_for(PAGE, **args))  # type: ignore[attr-defined]

    def export_url(self: Any, query: str, columns: Sequence[str] = ()) -> str:
        """Where the export of the list with these arguments and columns begins; empty for a role that lacks it."""
        if not self.can("export") or PAGE not in current_app.view_functions:
            return ""
        parts = [query, urlencode([("columns", ",".join(columns))]) if columns else ""]
        return f"{self.route_base}/export?" + "&".join(part for part in parts if part)

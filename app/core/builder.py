"""FAB's AppBuilder without the pages that it adds on its own."""

from __future__ import annotations

from flask_appbuilder import AppBuilder


class Builder(AppBuilder):
    """Mounts the index and the sign-in only.

    Left out: ``/back`` and ``/lang/<locale>`` (a GET that changes the session), the menu API and the OpenAPI pages.
    """

    def _add_admin_views(self) -> None:
        if self.indexview:
            self._indexview = self.add_view_no_menu(self.indexview)
        self.sm.register_views()

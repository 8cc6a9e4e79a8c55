"""Views over tables of the areas domain that only the tests of the base classes mount."""

from __future__ import annotations

from typing import Any

from app.areas.models import Area, AreaLevel, OrgUnit, Post, Staff
from app.core.errors import Invalid
from app.core.views import Interface, ModelView, RelatedList

VERBS = ("list", "show", "add", "edit", "delete", "lookup", "history", "restore", "reveal")


class ProbePosts(ModelView):
    route_base = "/probe/posts"
    datamodel = Interface(Post)
    list_title, show_title, add_title, edit_title = "Posts", "Post", "Add post", "Edit post"
    list_columns = ["position", "staff", "area", "valid_from", "is_station_leader"]
    add_columns = ["staff", "area", "position", "valid_from", "employment", "is_station_leader"]
    lookup_columns = ("position",)
    is_main = False


class ProbeStaff(ModelView):
    route_base = "/probe/staff"
    datamodel = Interface(Staff)
    list_title, show_title, add_title, edit_title = "Staff", "Staff member", "Add staff", "Edit staff"
    list_columns = ["name", "kind", "area", "org_unit", "phone", "created_at"]
    search_columns = ["name", "kind", "area", "area.name", "created_at", "office_phone"]
    order_columns = ["name", "kind", "created_at", "office_phone"]
    show_fieldsets = [("Main", {"fields": ["name", "kind", "sex", "area", "phone", "office_phone", "note"]})]
    add_fieldsets = [
        ("Main", {"fields": ["name", "kind", "sex", "area", "org_unit", "phone"]}),
        ("More", {"fields": ["office_phone", "note"]}),
    ]
    lookup_columns = ("name", "name_initials")
    related = [RelatedList(ProbePosts, "staff_id", "Posts held")]
    is_main = False

    def check(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        if item.name == "Forbidden":
            raise Invalid("This name is not possible.", field="name")


class ProbeAreas(ModelView):
    route_base = "/probe/areas"
    datamodel = Interface(Area)
    list_title, show_title, add_title, edit_title = "Areas", "Area", "Add area", "Edit area"
    list_columns = ["code", "name", "level", "settlement", "declared_households"]
    search_columns = ["name", "code", "level", "declared_households"]
    lookup_columns = ("name", "name_initials", "code")
    base_order = ("code", "asc")
    is_main = False

    def lookup_text(self, row: Any) -> str:
        return f"{row.name} {row.code}"


class ProbeLevels(ModelView):
    route_base = "/probe/levels"
    datamodel = Interface(AreaLevel)
    list_title, show_title, add_title, edit_title = "Levels", "Level", "Add level", "Edit level"
    list_columns = ["key", "name", "rank", "band_min"]
    add_columns = ["key", "name", "rank", "kind", "band_min", "band_max"]
    choices_columns = {"kind": {"division": "Division", "grid": "Grid"}}
    is_main = False


class ProbeUnits(ModelView):
    route_base = "/probe/units"
    datamodel = Interface(OrgUnit)
    list_title, show_title, add_title, edit_title = "Units", "Unit", "Add unit", "Edit unit"
    list_columns = ["name", "kind", "serves_public"]
    is_main = False


PROBES = (ProbePosts, ProbeStaff, ProbeAreas, ProbeLevels, ProbeUnits)


def mount_probes(app: Any) -> None:
    """Mount the probe views on an app that has not answered a request yet."""
    with app.app_context():
        for probe in PROBES:
            app.appbuilder.add_view_no_menu(probe)


def probe_permissions(*verbs: str) -> frozenset[tuple[str, str]]:
    """Rights on all probe views: ``probe_permissions("list", "show")``, or every verb."""
    return frozenset((f"can_{verb}", probe.__name__) for verb in verbs or VERBS for probe in PROBES)

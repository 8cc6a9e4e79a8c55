"""Pages of the area tree: levels, areas with their people and numbers (S0-01, S0-10, S0-19)."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _

from app.areas import queries
from app.areas.choices import LevelKind
from app.areas.forms.tree import SIDE_LABELS, OutlineField
from app.areas.models import Area, AreaLevel
from app.areas.rules import next_code
from app.areas.service import levels, tree
from app.areas.views.area_page import area_context
from app.areas.views.common import AreaInterface, at_form, may_write, mine
from app.core import clock
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, expose, has_access, permission_name
from app.core.views.ending import EndPage, ReasonForm
from app.core.widgets import TextField


class AreaLevelView(ModelView):
    """Levels of the tree by rank; the names are the county's own."""

    route_base = "/levels"
    datamodel = Interface(AreaLevel)
    list_title = _("Levels of areas")
    show_title = _("Level")
    add_title = _("Add a level")
    edit_title = _("Change the level")
    base_order = ("rank", "asc")
    label_columns = {
        "name": _("Designation"),
        "key": _("Key"),
        "name_en": _("English name"),
        "rank": _("Order"),
        "parent_keys": _("Stands below"),
        "code_pattern": _("Pattern of codes"),
        "code_hint": _("Hint for codes"),
        "band_min": _("Living households from"),
        "band_max": _("Living households to"),
    }
    description_columns = {
        "key": _("Small letters; never changes."),
        "rank": _("The county has a small number, a micro cell a large one."),
        "parent_keys": _("Keys of the levels above, with commas between."),
        "code_pattern": _("For example [0-9]{15} for fifteen digits. Empty accepts every code."),
        "band_max": _("Outside the band the page of an area shows a warning, nothing more."),
    }
    choices_columns = {"kind": LevelKind}
    list_columns = ["name", "key", "kind", "rank", "parent_keys", "code_hint", "band_min", "band_max"]
    search_columns = ["name", "kind"]
    add_fieldsets = [
        (_("Level"), {"fields": ["name", "name_en", "key", "kind", "rank", "parent_keys"]}),
        (_("Codes"), {"fields": ["code_pattern", "code_hint"]}),
        (_("Size"), {"fields": ["band_min", "band_max"]}),
    ]
    edit_fieldsets = [
        (_("Level"), {"fields": ["name", "name_en", "rank", "parent_keys"]}),
        (_("Codes"), {"fields": ["code_pattern", "code_hint"]}),
        (_("Size"), {"fields": ["band_min", "band_max"]}),
    ]
    show_fieldsets = add_fieldsets
    lookup_columns = ("name", "key")

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            levels.save_level(session, item, current_actor(), clock.now())

    def remove(self, session: Any, item: Any, reason: str) -> None:
        levels.drop_level(session, item, current_actor())


class AreaView(EndPage, ModelView):
    """The tree of areas. The list is in the order of the tree; the page of an area leads up and down."""

    route_base = "/areas"
    default_view = "tree"
    datamodel = AreaInterface(Area)
    exclude_route_methods = {"delete", "restore", "deleted"}
    list_title = _("Areas")
    show_title = _("Area")
    add_title = _("Add an area")
    edit_title = _("Change the area")
    base_order = ("path", "asc")
    label_columns = {
        "name": _("Designation"),
        "level_id": _("Level"),
        "level": _("Level"),
        "parent_id": _("Area above"),
        "parent": _("Area above"),
        "full_name": _("Name with all levels"),
        "grid_kind": _("Kind of grid"),
        "settlement": _("Town or country"),
        **{f"boundary_{side}": words for side, words in SIDE_LABELS.items()},
        "polygon": _("Outline (GeoJSON)"),
        "band_min": _("Living households from"),
        "band_max": _("Living households to"),
        "declared_households": _("Declared households"),
        "declared_persons": _("Declared residents"),
        "pilot_batch": _("Pilot batch"),
        "go_live_on": _("In use since"),
    }
    description_columns = {
        "band_max": _("Empty: the band of the level."),
        "declared_households": _("As reported; shown until the homes are registered."),
        "polygon": _("Polygon in degrees, at most 2,000 points; from the map office."),
        "valid_from": _("Empty: from today."),
    }
    list_columns = ["name", "code", "level", "parent", "settlement", "valid_from", "valid_to"]
    search_columns = ["name", "code", "level", "parent", "settlement", "grid_kind"]
    eager = ("level",)
    show_fieldsets = [
        (
            _("Facts"),
            {
                "fields": [
                    "name",
                    "full_name",
                    "code",
                    "level",
                    "parent",
                    "grid_kind",
                    "settlement",
                    "valid_from",
                    "valid_to",
                    "pilot_batch",
                    "go_live_on",
                    "note",
                ]
            },
        )
    ]
    _MORE_FACTS = ["grid_kind", "settlement", "pilot_batch", "go_live_on"]
    _MORE = [
        (
            _("Boundary"),
            {"fields": ["boundary_east", "boundary_south", "boundary_west", "boundary_north"]},
        ),
        (_("Size"), {"fields": ["band_min", "band_max", "declared_households", "declared_persons"]}),
        (_("Outline"), {"fields": ["polygon"], "note": _("Not needed for daily work.")}),
    ]
    add_fieldsets = [
        (
            _("Facts"),
            {"fields": ["name", "parent_id", "level_id", "code", *_MORE_FACTS, "valid_from", "note"]},
        ),
        *_MORE,
    ]
    edit_fieldsets = [(_("Facts"), {"fields": ["name", "code", *_MORE_FACTS, "note"]}), *_MORE]
    add_form_extra_fields = edit_form_extra_fields = {
        **{f"boundary_{side}": TextField(words, length=200) for side, words in SIDE_LABELS.items()},
        "polygon": OutlineField(
            _("Outline (GeoJSON)"),
            description=_("Polygon in degrees, at most 2,000 points; from the map office."),
        ),
    }
    lookup_columns = ("name", "name_initials", "code")
    lookup_eager = ("parent",)
    show_template = "areas/area.html"
    row_actions = [
        (_("Add an area below"), lambda row: _add_url(row), "can_add"),
        (_("Divide anew"), lambda row: _plan_url(row), "can_add:AreaPlanView"),
        (_("Close this area"), lambda row: _close_url(row), "can_edit"),
        (_("Open this area again"), lambda row: _reopen_url(row), "can_edit"),
    ]
    list_links = [
        (_("Tree"), lambda _row: url_for("AreaView.tree"), "can_show"),
    ]

    def base_where(self) -> tuple[Any, ...]:
        return mine(Area.path, current_actor())

    def lookup_where(self) -> tuple[Any, ...]:
        return queries.in_force(Area, clock.today())

    def lookup_text(self, row: Area) -> str:
        return f"{row.name} · {row.parent.name}" if row.parent else row.name

    def actions_of(self, row: Any) -> list[tuple[str, str]]:
        """Steps stand on the page of an area; a list of hundreds stays calm."""
        return []

    def is_editable(self, item: Area) -> bool:
        return may_write(item.path)

    def prefill(self, form: Any, item: Any) -> None:
        """Below a parent: the level when there is one only, and the next free code."""
        if item is not None or "parent_id" not in form or form.parent_id.data is None:
            return
        parent = form.parent_id.data
        below = queries.child_levels(self.session, parent.level.key)
        if len(below) == 1:
            form.level_id.data = below[0]
            form.code.data = suggested_code(self.session, parent, below[0])
        form.settlement.data = parent.settlement

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        verb = tree.create_area if is_new else tree.change_area
        with at_form(form):
            verb(session, item, current_actor(), clock.now())

    def show_context(self, item: Any) -> dict[str, Any]:
        context = super().show_context(item)
        context.update(area_context(self.session, item, clock.today(), request.args.get("from", "")))
        return context

    def links_of(self, item: Any = None) -> list[tuple[str, str]]:
        links = super().links_of(item)
        return links if item is None or may_write(item.path) else []

    @expose("/tree/")
    @has_access
    @permission_name("list")
    def tree(self) -> Any:
        """The way into the tree: the page of the only area of the actor, or a choice of several."""
        tops = queries.tops(self.session, current_actor(), clock.today())
        if len(tops) == 1 and self.can("show"):
            return self.go(self.url_show(tops[0]))
        return self.render_template("areas/tops.html", title=self.list_title, tops=tops)

    @expose("/close/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def close(self, pk: str) -> Any:
        """End an empty area on a day, with a reason."""
        return self.end_page(
            pk,
            title=_("Close this area"),
            note=_(
                "Only an empty area is closed here. One with homes, people or posts is divided anew by a plan."
            ),
            end=lambda session, item, form, actor, now: tree.close_area(
                session, item, form.last_day.data, form.reason.data or "", actor, now
            ),
        )

    @expose("/reopen/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def reopen(self, pk: str) -> Any:
        """Take back a closing that was a mistake, with a reason."""
        return self.end_page(
            pk,
            title=_("Open this area again"),
            note=_(
                "Only where its code is still free and nothing followed it; a plan is not taken back here."
            ),
            end=lambda session, item, form, actor, now: tree.reopen_area(
                session, item, form.reason.data or "", actor, now
            ),
            form_class=ReasonForm,
        )


def suggested_code(session: Any, parent: Area, level: AreaLevel) -> str:
    """The next free code below a parent where codes are digits that nest; else nothing."""
    taken = queries.child_codes(session, parent.id, clock.today())
    widths = {len(code) for code in taken if code.isdigit()}
    base = parent.code if parent.code.isdigit() else queries.nearest_digit_code(session, parent.path) or ""
    if len(widths) != 1:
        digits = (level.code_pattern or "").removeprefix("[0-9]{").removesuffix("}")
        widths = {int(digits)} if digits.isdigit() else set()
    if not base or len(widths) != 1:
        return ""
    width = widths.pop() - len(base)
    return next_code(base, width, taken) if 0 < width < 6 else ""


def _add_url(row: Area | None) -> str | None:
    if row is None or row.valid_to is not None:
        return None
    return url_for("AreaView.add", parent_id=row.uid)


def _plan_url(row: Area | None) -> str | None:
    if row is None or row.valid_to is not None or row.parent_id is None:
        return None
    return url_for("AreaPlanView.add", source=row.uid)


def _close_url(row: Area | None) -> str | None:
    return None if row is None or row.valid_to is not None else url_for("AreaView.close", pk=row.uid)


def _reopen_url(row: Area | None) -> str | None:
    return None if row is None or row.valid_to is None else url_for("AreaView.reopen", pk=row.uid)

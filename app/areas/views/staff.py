"""Pages of staff, and of posts with their duties (S0-22, S0-23, S4-38)."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from app.areas.forms.staff import RoleField, role_words
from app.areas.models import Post, PostDuty, Staff
from app.areas.service import posts
from app.areas.service import staff as staff_service
from app.areas.views.common import at_form
from app.core import clock
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, RelatedList, badge, expose, has_access, permission_name
from app.core.views.ending import EndPage


class StaffView(ModelView):
    """People who work in or for a grid, with or without an account."""

    route_base = "/staff"
    datamodel = Interface(Staff)
    list_title = _("Staff and helpers")
    show_title = _("Staff member")
    add_title = _("Add a staff member")
    edit_title = _("Change the staff member")
    base_order = ("id", "desc")
    label_columns = {
        "name": _("Person's name"),
        "kind": _("Where they come from"),
        "sex": _("Sex"),
        "phone": _("Mobile"),
        "office_phone": _("Office phone"),
        "org_unit_id": _("Organisation unit"),
        "area_id": _("Area"),
        "present_posts": _("Posts"),
    }
    description_columns = {
        "area_id": _("Where the person is administered; the posts say where they work."),
        "note": _("Nothing about the person's means or health belongs here."),
    }
    list_columns = ["name", "kind", "area", "org_unit", "present_posts", "phone"]
    order_keys = {"name": "name_pinyin"}
    eager = ("area", "org_unit")
    search_columns = ["name", "kind", "area", "org_unit"]
    add_fieldsets = [
        (_("Person"), {"fields": ["name", "kind", "sex", "phone", "office_phone"]}),
        (_("Works for"), {"fields": ["area_id", "org_unit_id", "note"]}),
    ]
    edit_fieldsets = add_fieldsets
    show_fieldsets = [
        (_("Person"), {"fields": ["name", "kind", "sex", "phone", "office_phone"]}),
        (_("Works for"), {"fields": ["area", "org_unit", "note"]}),
    ]
    related = [
        RelatedList("PostView", "staff_id"),
        RelatedList("SensitiveGrantView", "staff_id", blocks=False),
    ]
    lookup_columns = ("name", "name_initials")
    lookup_eager = ("area",)
    row_actions = [
        (_("Give a post"), lambda row: url_for("PostView.add", staff_id=row.uid), "can_add:PostView"),
    ]
    formatters_columns = {"present_posts": lambda row: post_words(row)}

    def options(self, columns: list[str]) -> list[Any]:
        from sqlalchemy.orm import selectinload

        loads = super().options(columns)
        return (
            [*loads, selectinload(Staff.posts).selectinload(Post.area)]
            if "present_posts" in columns
            else loads
        )

    def lookup_text(self, row: Staff) -> str:
        return f"{row.name} · {row.area.name}"

    def actions_of(self, row: Any) -> list[tuple[str, str]]:
        return []

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            staff_service.save_staff(session, item, current_actor(), clock.now())

    def check_delete(self, session: Any, item: Any, reason: str) -> None:
        staff_service.must_be_free(session, item, clock.now())

    def blockers(self, session: Any, item: Any) -> list[str]:
        """Ended posts are history and do not hold a staff member back; open ones do, by `check_delete`."""
        return []


def post_words(staff: Staff) -> str:
    """Present posts in one line: position and place."""
    from flask import current_app

    from app.core import codes

    session, today = current_app.appbuilder.session(), clock.today()
    found = [
        f"{codes.label(session, 'grid_role', p.position)} · {p.area.name}"
        for p in staff.posts
        if p.is_valid_on(today)
    ]
    return gettext(", ").join(found)


def standing(row: Any) -> Markup:
    """Whether a dated row holds today."""
    today = clock.today()
    if row.valid_from is not None and row.valid_from > today:
        return badge(_("Later"), "blue")
    if row.valid_to is not None and row.valid_to < today:
        return badge(_("Ended"), "grey")
    return badge(_("Holds the post"), "green")


class PostView(EndPage, ModelView):
    """Who holds which position where, from when to when."""

    route_base = "/posts"
    datamodel = Interface(Post)
    list_title = _("Posts")
    show_title = _("Post")
    add_title = _("Give a post")
    edit_title = _("Change the post")
    base_order = ("id", "desc")
    label_columns = {
        "staff_id": _("Staff member"),
        "staff.name": _("Person's name"),
        "area_id": _("Area"),
        "position": _("Position"),
        "role": _("Rights in the system"),
        "grid_group_id": _("Grid group"),
        "grid_group": _("Grid group"),
        "org_unit_id": _("Organisation unit"),
        "worker_no": _("Number in the community"),
        "employment": _("Employment"),
        "is_station_leader": _("Leads the station"),
        "is_first_responsible": _("First responsible person"),
        "end_reason": _("Reason of the end"),
        "standing": _("State"),
    }
    description_columns = {
        "role": _("Empty: a post without rights in the system. Only roles below your own rank are offered."),
        "worker_no": _("First, second, seventh … grid worker; each number once in a community."),
        "valid_from": _("Empty: from today."),
        "grid_group_id": _("The post then covers the grids of the group."),
    }
    list_columns = ["staff", "position", "area", "role", "worker_no", "employment", "valid_from", "standing"]
    order_columns = ["position", "worker_no", "valid_from"]
    search_columns = ["staff.name", "position", "area", "role", "employment", "valid_to"]
    choices_columns = {"role": lambda: [(key, role_words(key)) for key in _all_roles()]}
    formatters_columns = {"standing": standing}
    _HELD = ["staff_id", "position", "area_id", "role", "employment", "worker_no"]
    _PLACE = ["org_unit_id", "grid_group_id", "is_station_leader", "is_first_responsible"]
    add_fieldsets = [
        (_("Post"), {"fields": _HELD}),
        (_("Further"), {"fields": [*_PLACE, "valid_from", "valid_to"]}),
    ]
    edit_fieldsets = [(_("Post"), {"fields": _HELD}), (_("Further"), {"fields": [*_PLACE, "valid_from"]})]
    add_form_extra_fields = edit_form_extra_fields = {
        "role": RoleField(_("Rights in the system"), description=description_columns["role"])
    }
    show_fieldsets = [
        (_("Post"), {"fields": ["staff", "position", "area", "role", "employment", "worker_no", "standing"]}),
        (
            _("Further"),
            {
                "fields": [
                    "org_unit",
                    "grid_group",
                    "is_station_leader",
                    "is_first_responsible",
                    "valid_from",
                    "valid_to",
                    "end_reason",
                ]
            },
        ),
    ]
    related = [RelatedList("PostDutyView", "post_id", blocks=False)]
    lookup_columns = ("position",)
    lookup_eager = ("staff", "area")
    row_actions = [(_("End this post"), lambda row: _end_url(row), "can_edit")]

    def heading(self, item: Any) -> str:
        return self.lookup_text(item)

    def lookup_text(self, row: Post) -> str:
        from app.core import codes

        return f"{row.staff.name} · {codes.label(self.session, 'grid_role', row.position)} · {row.area.name}"

    def actions_of(self, row: Any) -> list[tuple[str, str]]:
        return []

    def is_editable(self, item: Post) -> bool:
        return item.valid_to is None or item.valid_to >= clock.today()

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        verb = posts.give_post if is_new else posts.change_post
        with at_form(form):
            verb(session, item, current_actor(), clock.now())

    @expose("/end/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: str) -> Any:
        """End a post on a day, with a reason."""
        return self.end_page(
            pk,
            title=_("End this post"),
            note=_(
                "The last day belongs to the post. Its duties end with it, and so do the rights it gives."
            ),
            end=lambda session, item, form, actor, now: posts.end_post(
                session, item, form.last_day.data, form.reason.data or "", actor, now
            ),
        )


def _all_roles() -> list[str]:
    from app.areas.roles import ROLES

    return list(ROLES)


def _end_url(row: Post) -> str | None:
    ended = row.valid_to is not None and row.valid_to < clock.today()
    return None if ended else url_for("PostView.end", pk=row.uid)


class PostDutyView(ModelView):
    """Duties of a post by work domain, with the task where one is given."""

    route_base = "/duties"
    page_only = ("post",)
    datamodel = Interface(PostDuty)
    exclude_route_methods = {"delete", "restore", "deleted"}
    list_title = _("Duties and tasks")
    show_title = _("Duty")
    add_title = _("Add a duty")
    edit_title = _("Change the duty")
    label_columns = {
        "post_id": _("Post"),
        "domain": _("Work domain"),
        "task": _("Task"),
        "standing": _("State"),
    }
    description_columns = {"task": _("What is to be done, and by when; empty for a standing duty.")}
    list_columns = ["domain", "task", "valid_from", "valid_to", "standing"]
    search_columns = ["domain", "area_id"]
    formatters_columns = {"standing": standing}
    add_fieldsets = [(_("Duty"), {"fields": ["post_id", "domain", "task", "valid_from", "valid_to"]})]
    edit_fieldsets = [(_("Duty"), {"fields": ["domain", "task", "valid_from", "valid_to"]})]
    show_fieldsets = [(_("Duty"), {"fields": ["post", "domain", "task", "valid_from", "valid_to"]})]
    lookup_columns = ("domain",)

    def heading(self, item: Any) -> str:
        from app.core import codes

        return codes.label(self.session, "work_domain", item.domain)

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            posts.add_duty(session, item, current_actor(), clock.now())

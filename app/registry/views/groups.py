"""Special groups of a person with the own form of each group."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.audit.service import log_access
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Conflict, NotFound
from app.core.views import Interface, ModelView, expose, has_access, permission_name
from app.core.views.cells import said
from app.core.views.ending import EndPage
from app.core.widgets import CodeField, Needed
from app.registry.choices import CLOSED_LEVEL
from app.registry.models import Person, PersonGroup
from app.registry.rules.subforms import SubForm
from app.registry.service import groups, subforms
from app.registry.views.care_words import GROUP_FILTER, LEVELS, group_in_list, visits_in_words
from app.registry.views.common import NO_LOOKUP, ByService, FieldsByChoice, open_only
from app.registry.views.subforms import REFUSED_AT, DetailsMixin, shown_sections

LOGGED = frozenset({"L4", "L5"})
# in the log as well nobody learns which of the two it was: row by row it would say who stands in a closed group
LOGGED_AS = "L4-L5"


class OfPerson(Interface):
    """Rows that are read with the person: where the record was deleted, they are out of reach until it comes back."""

    def by_key(self, session: Any, key: str, *, deleted: bool = False, options: tuple[Any, ...] = ()) -> Any:
        row = super().by_key(session, key, deleted=deleted, options=options)
        if not deleted and row.person is None:
            raise NotFound()
        return row


class GroupField(CodeField):
    """Only the groups that the acting role may enter."""

    def pairs(self) -> list[tuple[str, Any]]:
        return list(groups.open_to(current_app.appbuilder.session(), current_actor()))  # type: ignore[attr-defined]


class PersonGroupView(FieldsByChoice, DetailsMixin, EndPage, ByService, ModelView):
    """Special groups. Level 5 is visible by named grant only; each page of level 4 and 5 is logged."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/persongroup"
    keeps_viewers = True
    datamodel = OfPerson(PersonGroup)
    list_title = _("Special groups")
    show_title = _("Special group")
    add_title = _("Add to a special group")
    edit_title = _("Change the entry")
    label_columns = {
        "person_id": _("Resident"),
        "person": _("Resident"),
        "person.area": _("Grid"),
        "group_code": _("Group"),
        "group": _("Group"),
        "level": _("Level of protection"),
        "evidence": _("Evidence"),
        "details": _("Particulars of the group"),
        "visit_days": _("Days between visits"),
        "last_visit_on": _("Last visit"),
        "next_visit_on": _("Next visit"),
        "end_reason": _("Reason of the end"),
    }
    description_columns = {"visit_days": _("Empty: as the group asks for. 0: no regular visits.")}
    list_columns = ["person", "group", "last_visit_on", "next_visit_on", "valid_from", "valid_to"]
    own_filters = {"group": GROUP_FILTER}
    search_columns = ["person.area", "next_visit_on", "last_visit_on", "valid_to"]
    add_columns = ["person_id", "group_code", "evidence", "valid_from", "visit_days"]
    edit_columns = ["evidence", "visit_days", "next_visit_on"]
    show_columns = [
        "person",
        "group_code",
        "level",
        "evidence",
        "visit_days",
        "last_visit_on",
        "next_visit_on",
        "valid_from",
        "valid_to",
        "end_reason",
    ]
    eager = ("person",)
    choice_column = "group_code"
    show_template = "registry/group.html"
    formatters_columns = {
        "group": group_in_list,
        "level": lambda row: LEVELS.get(row.level, row.level),
        "end_reason": lambda row: said(row.end_reason),
    }
    row_actions = [
        (_("Record a visit"), lambda row: open_only(row, "CareDesk.visit"), "can_use:CareDesk"),
        (_("No longer in the group"), lambda row: _ending(row), "can_edit"),
    ]
    add_form_extra_fields = {"group_code": GroupField(_("Group"), [Needed()], source=groups.LIST)}

    def base_where(self) -> tuple[Any, ...]:
        """A deleted record takes its groups along; those that are closed to the reader could not hold it back."""
        return (PersonGroup.person.has(),)

    def heading(self, item: PersonGroup) -> str:
        return str(item.person or "")

    def reading(self, item: PersonGroup) -> None:
        if item.level in LOGGED:
            log_access("READ", "person_group", item.id, item.person.area_id, detail=LOGGED_AS)

    def is_editable(self, item: PersonGroup) -> bool:
        return item.valid_to is None

    def check_delete(self, session: Any, item: PersonGroup, reason: str) -> None:
        if groups.is_derived(groups.facts(session, item.group_code)):
            raise Conflict(_("This group follows from other data and is not entered by hand."))

    # --- the own form ---------------------------------------------------------------------------------------

    def own_form(self, item: Any, data: Any) -> SubForm | None:
        """The form of the group; a group that is not open to the actor has none."""
        if item is not None:
            return subforms.group_form(item.group_code)
        code = (data if data is not None else request.args).get("group_code")
        return (
            subforms.group_form(code) if code in dict(groups.open_to(self.session, current_actor())) else None
        )

    def prefill(self, form: Any, item: Any) -> None:
        code = request.args.get("group_code")
        if item is None and code in dict(groups.open_to(self.session, current_actor())):
            form.group_code.data = code

    def save(self, session: Any, item: PersonGroup, form: Any, is_new: bool) -> None:
        actor, now = current_actor(), clock.now()
        if not is_new:
            groups.edit_group(session, item, details=form.values(), actor=actor, now=now)
            return
        form.made = groups.add_group(
            session,
            session.get_one(Person, item.person_id),
            item.group_code,
            since=item.valid_from,
            evidence=item.evidence,
            visit_days=item.visit_days,
            details=form.values(),
            actor=actor,
            now=now,
        )

    # --- the page -------------------------------------------------------------------------------------------

    def show_context(self, item: PersonGroup) -> dict[str, Any]:
        context = super().show_context(item)
        seen = self.may_see_details()
        form = subforms.group_form(item.group_code)
        return context | {
            "details": shown_sections(self.session, form, item.details) if seen else [],
            "visits": visits_in_words(self.session, item, form) if seen else [],
            "watermark": item.level == CLOSED_LEVEL,
        }

    @expose("/reveal/<pk>/<column>", methods=["POST"])
    @has_access
    @permission_name("reveal")
    def reveal(self, pk: str, column: str) -> Any:
        """A masked column, or a masked number of the own form (``details.guardian_phone``)."""
        if not column.startswith(REFUSED_AT):
            return super().reveal(pk, column)
        return self.reveal_detail(pk, column)

    @expose("/end/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: str) -> Any:
        """The person is no longer in the group; the row stays as history."""
        return self.end_page(
            pk,
            title=gettext("No longer in the group"),
            note=_("The entry stays as history."),
            end=lambda session, item, form, actor, now: groups.end_group(
                session, item, reason=form.reason.data or "", on=form.last_day.data, actor=actor, now=now
            ),
        )


def _ending(row: PersonGroup) -> str | None:
    session = current_app.appbuilder.session()  # type: ignore[attr-defined]
    derived = groups.is_derived(groups.facts(session, row.group_code))
    return None if derived else open_only(row, "PersonGroupView.end")

"""Visits to special groups: which are due, and the page on which one is written down (F07), on PC and phone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.audit.service import log_access
from app.core import clock, codes, policy
from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid
from app.core.models import new_uid
from app.core.views import BaseView, ModelView, badge, expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.views.kept import forget, kept, typed
from app.core.widgets import CheckField, CodeField, DayField, LongTextField, Needed, TextField
from app.registry.models import PersonGroup
from app.registry.queries import care as visits
from app.registry.rules.care import GONE, NOT_REACHED
from app.registry.service import care, groups, subforms
from app.registry.views.care_words import CONDITION, GROUP_FILTER, group_in_list
from app.registry.views.groups import LOGGED, LOGGED_AS, OfPerson, PersonGroupView
from app.registry.views.once import once
from app.registry.views.subforms import CodesField, SubformForm, form_class, mask_numbers, stored

AHEAD = timedelta(days=7)
REFUSED = 422


class CareDueView(ModelView):
    """Visits that are overdue or due within a week. A group of level 4 or 5 stays masked in the list."""

    is_main = False
    base_permissions = ["can_list", "can_show"]
    route_base = "/care/due"
    datamodel = OfPerson(PersonGroup)
    list_title = show_title = add_title = edit_title = _("Visits due")
    label_columns = {
        **PersonGroupView.label_columns,
        "place": _("Grid"),
        "person.area": _("Grid"),
        "overdue": _("Days"),
    }
    list_columns = ["person", "group", "next_visit_on", "overdue", "last_visit_on", "place"]
    own_filters = {"group": GROUP_FILTER}
    search_columns = ["person.area", "next_visit_on", "last_visit_on"]
    order_columns = ["next_visit_on", "last_visit_on"]
    base_order = ("next_visit_on", "asc")
    show_columns = ["person", "group_code", "next_visit_on", "last_visit_on"]
    eager = ("person.area",)
    empty_hint = _("No visit is due within a week.")
    formatters_columns = {
        "group": group_in_list,
        "overdue": lambda row: _days(row),
        "place": lambda row: row.person.area if row.person else "",
    }
    list_links = [
        (_("Overdue"), lambda _row: _span(None, clock.today() - timedelta(days=1)), "can_list"),
        (_("Due in 7 days"), lambda _row: _span(clock.today(), clock.today() + AHEAD), "can_list"),
    ]
    row_actions = [
        (_("Record a visit"), lambda row: url_for("CareDesk.visit", pk=row.uid), "can_use:CareDesk")
    ]

    def base_where(self) -> tuple[Any, ...]:
        return (
            PersonGroup.valid_to.is_(None),
            PersonGroup.next_visit_on <= clock.today() + AHEAD,
            PersonGroup.person.has(),
        )

    def heading(self, item: PersonGroup) -> str:
        return str(item.person or "")

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """The member's own page."""
        item = self.datamodel.by_key(self.session, pk)
        return self.go(url_for("PersonGroupView.show", pk=item.uid))


def _span(first: Any, last: Any) -> str:
    """The list between two days."""
    spans = [f"_flt_{op}_next_visit_on={day.isoformat()}" for op, day in ((1, first), (2, last)) if day]
    return f"{CareDueView.route_base}/list/?{'&'.join(spans)}"


def _days(row: PersonGroup) -> str | Markup:
    """How far the visit is over its day, or how far ahead it lies."""
    days = (clock.today() - row.next_visit_on).days if row.next_visit_on else 0
    if days > 0:
        return badge(gettext("%(n)s days overdue", n=days), "red")
    return (
        badge(gettext("today"), "yellow") if days == 0 else badge(gettext("in %(n)s days", n=-days), "grey")
    )


class VisitForm(RecordForm):
    """What is written down about one visit, whatever the group (F07)."""

    visited_on = DayField(_("Visited on"), [Needed()])
    way = CodeField(_("How it went"), [Needed()], source=care.OUTCOMES)
    companions = TextField(_("Accompanied by"), length=120, description=_("Police, doctor, justice office …"))
    body = TextField(CONDITION["body"], length=care.LONGEST)
    mood = TextField(CONDITION["mood"], length=care.LONGEST)
    work = TextField(CONDITION["work"], length=care.LONGEST)
    life = TextField(CONDITION["life"], length=care.LONGEST)
    needs = LongTextField(CONDITION["needs"], length=care.LONGEST)
    measures = CodesField(CONDITION["measures"], source=care.MEASURES)
    measure_note = LongTextField(CONDITION["measure_note"], length=care.LONGEST)
    next_on = DayField(
        _("Next visit"), description=_("Empty: as the interval says; within a week where nobody was met")
    )
    again = CheckField(_("Add another visit"))


SECTIONS = (
    (_("The visit"), ("visited_on", "way", "companions")),
    (_("How the person is"), (*care.CONDITION, "needs")),
    (_("What follows"), ("measures", "measure_note", "next_on")),
)


class CareDesk(BaseView):
    """Writing down a visit to a member of a special group."""

    route_base = "/care"
    default_view = "visit"
    base_permissions = ["can_use"]
    title = _("Record a visit")

    @expose("/visit/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def visit(self, pk: str) -> Any:
        """The form with the state as it was found last; POST writes the visit and brings the state up to date."""
        item = OfPerson(PersonGroup).by_key(self.session, pk)
        if request.method == "POST":
            form = self.form_of(item, request.form)
            if form.validate() and self.write(pk, form):
                return self.go(url_for("PersonGroupView.show", pk=pk))
            item = OfPerson(PersonGroup).by_key(self.session, pk)
            return self.page(item, form), REFUSED
        form = self.form_of(item, typed(kept(self.session, draft_page(pk))))
        form.visited_on.data = form.visited_on.data or clock.today()
        form.again.data = False  # answered each time it is asked
        if item.level in LOGGED:
            log_access("READ", "person_group", item.id, item.person.area_id, detail=LOGGED_AS)
        return self.page(item, form)

    def form_of(self, item: PersonGroup, data: Any) -> Any:
        """The form with the fields of the group that are taken down at each visit; none for a role without a business
        with them.
        """
        form = subforms.group_form(item.group_code)
        fields = list(form.at_visit) if form and _sees_details() else []
        made = form_class(VisitForm, form, [_optional(f) for f in fields])(
            formdata=data, data=stored(fields, item.details)
        )
        made.prepare(current_actor(), PersonGroup)
        mask_numbers(made)
        return made

    def write(self, pk: str, form: SubformForm) -> bool:
        """Save the visit in a unit of work; a refusal stands in the form."""
        reached = form["way"].data not in NOT_REACHED | GONE
        entry = care.VisitEntry(
            visited_on=form["visited_on"].data,
            way=form["way"].data,
            companions=form["companions"].data,
            state=form.values() if reached else None,
            words={name: form[name].data for name in care.WORDS},
            measures=tuple(form["measures"].data or ()),
            next_on=form["next_on"].data,
        )

        def saved(session: Any) -> str:
            item = OfPerson(PersonGroup).by_key(session, pk)
            if not form["again"].data:
                ask_again(session, item, entry.visited_on)
            care.record_visit(session, item, entry, actor=current_actor(), now=clock.now())
            forget(session, draft_page(pk))
            return url_for("PersonGroupView.show", pk=pk)

        try:
            once(self.session, saved)  # the row can never be put right: a double tap writes one
        except DomainError as refusal:
            form.refuse(refusal.field, refusal.message)
            return False
        flash(gettext("Saved."), "success")
        return True

    def page(self, item: PersonGroup, form: Any) -> str:
        """The page around the form."""
        sections: list[Any] = [(label, [form[n] for n in names], {}) for label, names in SECTIONS]
        if form.again.errors or form.again.data:
            sections[0][1].append(form.again)
        state = form.sections()
        if state:
            note = {"note": gettext("As it was found last; put right what has changed.")}
            state[0] = (state[0][0], state[0][1], note)
        return self.render_template(
            "registry/visit.html",
            item=item,
            form=form,
            fieldsets=[*sections[:2], *state, sections[2]],
            group=codes.label(self.session, groups.LIST, item.group_code),
            due=item.next_visit_on,
            back=url_for("PersonGroupView.show", pk=item.uid),
            kept=kept(self.session, draft_page(item.uid)),
            hidden={"client_uid": request.form.get("client_uid") or new_uid()},
        )


def draft_page(uid: str) -> str:
    """Key of the draft of a visit that is being written down."""
    return f"CareVisit:{uid}"


def ask_again(session: Session, item: PersonGroup, day: date) -> None:
    """A visit is never taken out again, and a second window writes it twice: refuses a second visit of a day until it is
    said that there was one.
    """
    known = visits.visit_of_day(session, item.id, day)
    if known is not None:
        text = _(
            "A visit of this day was written down at %(time)s by %(who)s. Tick “Add another visit” if there were two.",
            time=f"{clock.to_local(known.created_at):%Y-%m-%d %H:%M}",
            who=known.by_label,
        )
        raise Invalid(text, field="again")


def _sees_details() -> bool:
    rule = policy.rule_of(PersonGroup, "details")
    return rule is not None and rule.allows("see", current_actor().role)


def _optional(field: Any) -> Any:
    """At a visit nothing of the own form must be known."""
    return replace(field, required=False)

"""Proxy cases: the list with both lights and the workflow page of one case."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy.orm import object_session

from app.core import clock, codes, hooks
from app.core.actor import Actor, current_actor
from app.core.models import new_uid
from app.core.views import Interface, ModelView, expose, has_access
from app.core.widgets import view_of
from app.documents.choices import DocumentState
from app.proxy import forms
from app.proxy.choices import RATINGS, Action, PaperForm, PaperMark, PaperState, State
from app.proxy.models import ProxyCase
from app.proxy.queries import case_page, desk, prints
from app.proxy.queries.left import left_of
from app.proxy.queries.names import SENSITIVE, list_name, sees_names
from app.proxy.rules.stages import MARKING_STATES
from app.proxy.service import deciders, facts, offers
from app.proxy.service.custody import held
from app.proxy.service.step_roles import may_take
from app.proxy.views import clock_hints as _clock_hints  # noqa: F401  hangs its card on the page
from app.proxy.views import parts
from app.proxy.views.assist_posts import AssistMixin
from app.proxy.views.callback_posts import CallbacksMixin
from app.proxy.views.case_papers import PapersMixin
from app.proxy.views.case_steps import StepsMixin
from app.proxy.views.custody_posts import CustodyMixin
from app.proxy.views.fairness_posts import FairnessMixin
from app.proxy.views.photo_posts import PhotosMixin, shelf_of
from app.proxy.views.question_posts import QuestionsMixin
from app.proxy.views.signature_posts import SignaturesMixin


def may_book(actor: Actor) -> bool:
    """Whether the acting role opens cases."""
    return not actor.read_only and may_take(view_of(ProxyCase).session, actor.role, Action.book)


def booking_url() -> str | None:
    """Where a case is booked; nothing for roles that take cases over from others."""
    return url_for("ProxyDesk.book") if may_book(current_actor()) else None


def shown_name(case: ProxyCase) -> str:
    """The applicant in a list, as the acting role may read it."""
    return list_name(case, current_actor())


def light_cell(case: ProxyCase, level: str, due: Any, provisional: bool) -> Markup:
    """A clock in a list: its colour, its last day, a mark while the calendar of that year is not there, what is left."""
    session = object_session(case)
    if not level or session is None:
        return Markup("")
    words = clock.to_local(due).date().isoformat()
    if provisional:
        words += " " + gettext("(provisional)")
    left = left_of(session, case.area, due, clock.now())
    return Markup(
        '<span class="gb-light gb-light-{}"><span aria-hidden="true"></span>{}</span>'
        '<small class="gb-left">{}</small>'
    ).format(level, words, left)


def step_light(case: ProxyCase) -> Markup:
    level = desk.level_of(case.step_due_at, case.step_warn_at, clock.now())
    return light_cell(case, level, case.step_due_at, case.step_provisional)


def promise_light(case: ProxyCase) -> Markup:
    level = desk.level_of(case.promise_due_at, case.promise_warn_at, clock.now())
    return light_cell(case, level, case.promise_due_at, case.promise_provisional)


# bar → heading of the card on which it is settled
SETTLED_AT = {
    "missing_materials": "papers",
    "unanswered_questions": "questions",
    "consent_refused": "signed",
    "originals_out": "custody",
    "opinions_open": "assist",
    "callbacks_open": "callbacks",
    "declaration_due": "fairness",
    "verification_due": "fairness",
}


class ProxyCaseView(
    StepsMixin,
    AssistMixin,
    CustodyMixin,
    PapersMixin,
    PhotosMixin,
    QuestionsMixin,
    CallbacksMixin,
    FairnessMixin,
    SignaturesMixin,
    ModelView,
):
    """Cases of the scope. Nothing of a case is typed into a form: it is booked, and then it takes steps."""

    route_base = "/cases"
    datamodel = Interface(ProxyCase)
    list_title = _("Proxy cases")
    show_title = _("Proxy case")
    add_title = edit_title = _("Proxy case")
    label_columns = {
        "number": _("Case number"),
        "party_name": _("Applicant"),
        "item_version": _("Service"),
        "item_version.item": _("Service"),
        "department": _("Department"),
        "step_light": _("Step due"),
        "promise_light": _("Promised by"),
        "step_due_at": _("Step due"),
        "promise_due_at": _("Promised by"),
        "booked_for": _("Appointment"),
        "opened_at": _("Booked at"),
        "staff": _("In charge"),
    }
    list_columns = [
        "number",
        "party_name",
        "item_version",
        "state",
        "step_light",
        "promise_light",
        "area",
        "booked_for",
    ]
    show_columns = ["number", "state"]
    search_columns = [
        "number",
        "state",
        "item_version.item",
        "department",
        "staff",
        "area",
        "step_due_at",
        "promise_due_at",
    ]
    order_columns = ["number", "state", "step_light", "promise_light", "booked_for"]
    order_keys = {"step_light": "step_due_at", "promise_light": "promise_due_at"}
    choices_columns = {"state": State}
    formatters_columns = {
        "party_name": shown_name,
        "item_version": lambda case: case.item_version.name,
        "step_light": step_light,
        "promise_light": promise_light,
    }
    eager = ("item_version",)
    base_permissions = [
        "can_list",
        "can_show",
        "can_use",
        "can_print",
        "can_reveal",
        "can_lookup",
        "can_history",
    ]
    # nothing of a case is typed, deleted or revealed column by column
    exclude_route_methods = frozenset(
        {"add", "edit", "delete", "deleted", "restore", "reveal", "related_list"}
    )
    lookup_columns = ("number",)
    lookup_eager = ("item_version",)
    show_template = "proxy/case.html"
    list_links = [
        (_("Book a case"), lambda _row: booking_url(), "can_use:ProxyDesk"),
        (_("Work list"), "ProxyDesk.index", "can_use:ProxyDesk"),
    ]

    @property
    def empty_hint(self) -> Any:
        """What to do next: to book is not for everybody. FAB looks at it before there is a session."""
        if self.session is None or not may_book(current_actor()):
            return _("No case has come to you yet.")
        return _("No case here. A case begins with a booking.")

    def lookup_text(self, row: ProxyCase) -> str:
        return f"{row.number} {shown_name(row)} {row.item_version.name}"

    # --- the page of a case ---------------------------------------------------------------------------------------

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """The workflow page: one main step, what is missing, papers, hands, history."""
        self.datamodel.by_key(self.session, pk)
        case = case_page.load(self.session, pk)
        if case.item_version.sensitivity in SENSITIVE:
            hooks.record_access(hooks.Access("READ", "proxy_case", case.id, case.area_id))
        return self.render_template(self.show_template, title=self.show_title, **self.page_of(case))

    def page_of(self, case: ProxyCase) -> dict[str, Any]:
        """What the template needs."""
        actor, now = current_actor(), clock.now()
        offered = offers(case, actor, now) if self.can("use") else []
        main, others = case_page.split_offers(offered)
        issued = prints.issued_for(self.session, case)
        return {
            "case": case,
            "state": State.parse(case.state),
            "version": case.item_version,
            "lamps": case_page.lamps(self.session, case, now),
            "main": main,
            "others": others,
            "missing": self.barred(main, facts(case)) if main else [],
            "timeline": case_page.timeline(
                case, with_words=sees_names(actor), hidden=case_page.hidden_from(actor, now, case)
            ),
            "party": case_page.party_lines(case, plain=sees_names(actor)),
            "sees_names": sees_names(actor),
            "may_reveal": self.may_reveal(),
            "held": held(case),
            "may_give_back": self.can("use") and case_page.may_carry(actor, case),
            "may_mark": self.can("use") and self.marks_here(case),
            # a department has no area of its own in which a paper could be kept
            "may_print": self.can("print") and bool(actor.ranges or actor.whole_site),
            "issued": issued,
            "issued_states": {s.value: s.label for s in DocumentState},
            "printables": prints.of_case(case, issued),
            "new_uid": new_uid,
            "pictures": case_page.pictures_of(self.session, case),
            "paper_forms": {f.value: f.label for f in PaperForm},
            "paper_states": {s.value: s for s in PaperState},
            "marks": {m.value: m for m in PaperMark},
            "rating": codes.label(self.session, RATINGS, case.rating),
            "can_history": self.can("history"),
            "shelf": shelf_of(self.session, case, actor, now),
            "parts": parts.shown(self.session, case, actor, now),
        }

    @staticmethod
    def barred(offer: Any, known: dict[str, Any]) -> list[tuple[Any, list[str], str]]:
        """What stands in the way of the main step: (what, which ones, where on the page it is settled)."""
        found = []
        for bar in offer.to.bars:
            value = known.get(bar)
            if value:
                which = list(value) if isinstance(value, list) else []
                found.append((forms.LABELS[bar], which, SETTLED_AT.get(bar, "")))
        return found

    @staticmethod
    def marks_here(case: ProxyCase) -> bool:
        actor = current_actor()
        return deciders.decides(actor, case, clock.today()) and case.state in MARKING_STATES

    def heading(self, item: ProxyCase) -> str:
        return f"{item.number}"

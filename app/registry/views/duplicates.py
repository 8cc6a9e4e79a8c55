"""The queue of duplicates, two records side by side, merges and the way back, the rules of the site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app, flash, has_request_context, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.audit.service import log_access, reason
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Invalid, NotFound
from app.core.numbers import whole_number
from app.core.session import unit_of_work
from app.core.views import Interface, ModelView, expose, has_access, permission_name, reason_given
from app.core.widgets import LongTextField, Needed
from app.registry.choices.duplicates import DuplicateAction, DuplicateFound, DuplicateState
from app.registry.models import DuplicatePair, DuplicateStep, Person
from app.registry.queries import cards, compare
from app.registry.queries.hanging import hanging
from app.registry.service import duplicates, merging
from app.registry.service.merging.fields import FIELDS, GONE, KEPT
from app.registry.views.common import NO_LOOKUP, ByService, Loose
from app.registry.views.duplicate_words import LINES, rule_words

CHOICES = (*FIELDS, "living", "registered", "document")


class WhyField(Loose, LongTextField):
    """The reason, for the step."""


class DuplicateView(ByService, ModelView):
    """Pairs of records that may be one person, heaviest first; seen by whoever sees both."""

    exclude_route_methods = frozenset({*NO_LOOKUP, "delete", "deleted", "restore", "reveal"})
    base_permissions = ["can_list", "can_show", "can_add", "can_edit", "can_history"]
    route_base = "/duplicate"
    bulk_columns = ()  # one at a time
    datamodel = Interface(DuplicatePair)
    list_title = _("Duplicates")
    show_title = _("Two records side by side")
    add_title = _("Two records of one person")
    edit_title = _("Two records side by side")
    show_template = "registry/duplicate.html"
    label_columns = {
        "names": _("Full name"),
        "births": _("Born"),
        "weight": _("Weight"),
        "why": _("Why"),
        "common_area_id": _("Settled in"),
        "common_area": _("Settled in"),
        "found_by": _("Found"),
        "created_at": _("Found at"),
        "first_id": _("One record"),
        "second_id": _("The other record"),
        "is_across": _("Across communities"),
    }
    choices_columns = {"state": DuplicateState, "found_by": DuplicateFound}
    list_columns = ["names", "births", "weight", "why", "common_area", "state", "created_at"]
    order_columns = ["weight", "created_at"]
    base_order = ("weight", "desc")
    search_columns = ["state", "weight", "found_by", "is_across", "common_area_id", "created_at"]
    add_columns = ["first_id", "second_id", "why_both"]
    add_form_extra_fields = {"why_both": WhyField(_("Reason"), [Needed()], length=200)}
    edit_columns = ["first_id", "second_id"]  # never shown: a pair changes by its steps
    show_columns = ["common_area"]
    empty_hint = _("No two records look like one person. The register is searched every night.")
    formatters_columns = {
        "names": lambda row: _both(row, str),
        "births": lambda row: _both(row, cards.birth_text),
        "why": lambda row: rule_words(_session(), row.rules),
    }
    list_links = [(_("Merges"), "PersonMergeView.list", "can_list:PersonMergeView")]
    row_actions = [(_("Compare"), "DuplicateView.show", "can_show")]

    def base_where(self) -> tuple[Any, ...]:
        """A record that was deleted or merged elsewhere takes its pairs out of the queue; open ones come first."""
        # commands read addresses of rows too (routes-json)
        asked = has_request_context() and request.args.get("_flt_0_state")
        live = (
            DuplicatePair.first.has(Person.deleted_at.is_(None)),
            DuplicatePair.second.has(Person.deleted_at.is_(None)),
        )
        return live if asked else (*live, DuplicatePair.state == str(DuplicateState.open))

    def loads(self, columns: list[str]) -> list[Any]:
        """A list names both records; the page of a pair loads them with all that belongs to them (compare)."""
        return super().loads([*columns, "first", "second"] if "names" in columns else columns)

    def is_editable(self, item: DuplicatePair) -> bool:
        """A pair changes by its steps only."""
        return False

    def heading(self, item: DuplicatePair) -> str:
        return _both(item, str)

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """Both records side by side; a pair that was merged meanwhile leads to the record that stays."""
        try:
            return super().show(pk)
        except NotFound:
            kept = merging.kept_of_pair(self.session, pk)
            if kept is None:
                raise
            flash(gettext("These two records have been merged."), "info")
            return self.go(url_for("PersonView.show", pk=kept.uid))

    def reading(self, item: DuplicatePair) -> None:
        for key in (item.first_id, item.second_id):
            log_access("READ", "person", key)

    def show_context(self, item: DuplicatePair) -> dict[str, Any]:
        people = compare.people_of(self.session, item)
        first, second = people.both
        stays = compare.suggested(self.session, first, second)
        offers = duplicates.offers(item, current_actor()) if self.can("edit") else []
        return {
            **super().show_context(item),
            "people": people.both,
            "stays": stays,
            "lines": [
                *compare.field_lines(self.session, first, second, stays),
                *compare.part_lines(self.session, people, stays),
            ],
            "words": LINES,
            "hanging": _hanging(self.session, people.both),
            "why": rule_words(self.session, item.rules),
            "steps": _steps(self.session, item),
            "offers": offers,
        }

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """Somebody noticed two records of one person."""
        return super().add()

    def save(self, session: Any, item: DuplicatePair, form: Any, is_new: bool) -> None:
        one, other = (session.get_one(Person, key) for key in (item.first_id, item.second_id))
        form.made = duplicates.by_hand(
            session, one, other, reason=form.why_both.data, actor=current_actor(), now=clock.now()
        )

    @expose("/merge/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def merge(self, pk: str) -> Any:
        """Make one record of the two, with the values that were chosen."""
        why = reason_given()
        stays = whole_number(request.form.get("stays", ""), 1, 2, field="stays")
        choices, actor = _chosen(stays), current_actor()
        self.session.rollback()  # the unit of work over the whole register is another session
        with merging.whole_register() as wide, reason(why, tag="duplicate.merge"):
            merged = merging.merge(
                wide,
                pk,
                stays=stays,
                choices=choices,
                reason=why,
                actor=actor,
                now=clock.now(),
                version=request.form.get("_version"),
            )
            kept = wide.get_one(Person, merged.kept_id).uid
        flash(gettext("One record now. It can be taken apart again under Merges."), "success")
        return self.go(url_for("PersonView.show", pk=kept))

    @expose("/differ/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def differ(self, pk: str) -> Any:
        """The records are two people."""
        why = reason_given()
        with unit_of_work(self.session) as session, reason(why, tag="duplicate.differ"):
            pair = self.datamodel.by_key(session, pk)
            duplicates.differ(
                session,
                pair,
                reason=why,
                actor=current_actor(),
                now=clock.now(),
                version=request.form.get("_version"),
            )
        flash(gettext("Two people. The pair comes back only when their data change."), "success")
        return self.go(self.home_url())

    @expose("/reopen/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def reopen(self, pk: str) -> Any:
        """Look at a pair again that was found to be two people."""
        why = reason_given()
        with unit_of_work(self.session) as session, reason(why, tag="duplicate.reopen"):
            pair = self.datamodel.by_key(session, pk)
            duplicates.reopen(session, pair, reason=why, actor=current_actor(), now=clock.now())
        flash(gettext("Saved."), "success")
        return self.go(f"{self.route_base}/show/{pk}")


def _chosen(stays: int) -> dict[str, str]:
    """What the page sends is 1 or 2, the record; the service speaks of the one that stays and the one that goes."""
    found = {}
    for name in CHOICES:
        value = request.form.get(f"take_{name}")
        if value is not None:
            if value not in ("1", "2"):
                raise Invalid(field=name)
            found[name] = KEPT if int(value) == stays else GONE
    return found


def _session() -> Any:
    return current_app.appbuilder.session()  # type: ignore[attr-defined]


def _both(row: DuplicatePair, read: Callable[[Person], str]) -> str:
    """What both records say, once where they agree."""
    said = [read(person) for person in (row.first, row.second) if person is not None]
    return " / ".join(dict.fromkeys(words for words in said if words))


def _hanging(session: Any, people: tuple[Person, Person]) -> list[tuple[str, int, int]]:
    views = current_app.extensions.get("geban_views", {})
    found = []
    for model, mine, others in hanging(session, *people):
        view = views.get(model)
        if view is not None:
            found.append((str(view.list_title), mine, others))
    return found


def _steps(session: Any, pair: DuplicatePair) -> list[dict[str, Any]]:
    query = select(DuplicateStep).where(DuplicateStep.pair_id == pair.id).order_by(DuplicateStep.id)
    return [
        {
            "at": step.at,
            "by": step.by_label or gettext("the system"),
            "role": step.by_role,
            "words": DuplicateAction.label_of(step.action),
            "reason": step.reason,
        }
        for step in session.scalars(query)
    ]

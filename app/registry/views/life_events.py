"""The list of life events: what was entered, by whom it is about, and how it is taken back."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from app.audit.service import log_access
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, RelatedList, expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import LongTextField, Needed
from app.registry.choices import EventKind, EventRole
from app.registry.models import LifeEvent, LifeEventPerson
from app.registry.service import life
from app.registry.views.step_page import Step, StepPage


class RevokeForm(RecordForm):
    """Why the event never was."""

    reason = LongTextField(_("Reason"), [Needed()], length=200)


class LifeEventView(StepPage, ModelView):
    """Life events of the own areas; entered from the page of a person or a household, taken back here."""

    route_base = "/lifeevent"
    bulk_columns = ()  # one at a time
    datamodel = Interface(LifeEvent)
    list_title = _("Life events")
    show_title = _("Life event")
    add_title = edit_title = _("Life event")
    label_columns = {
        "kind": _("The event"),
        "happened_on": _("Day it happened"),
        "who": _("Who"),
        "who_all": _("Who"),
        "household": _("Household"),
        "other_household": _("Other household"),
        "evidence": _("Evidence"),
        "standing": _("State"),
        "revoke_reason": _("Reason of the revocation"),
        "revoked_at": _("Revoked at"),
        "created_at": _("Entered at"),
    }
    choices_columns = {"kind": EventKind}
    base_permissions = ["can_list", "can_show", "can_history", "can_edit"]
    list_columns = ["happened_on", "kind", "who", "household", "area", "standing"]
    order_columns = ["happened_on"]
    search_columns = ["kind", "happened_on", "area", "revoked_at"]
    show_columns = [
        "kind",
        "happened_on",
        "who_all",
        "household",
        "other_household",
        "dwelling",
        "area",
        "evidence",
        "note",
        "created_at",
        "standing",
        "revoked_at",
        "revoke_reason",
    ]
    edit_columns = ["evidence"]
    eager = ("area", "household", "other_household", "dwelling")
    empty_hint = _("Nothing was entered yet. Events begin at the page of a resident or a household.")
    formatters_columns = {
        "who": lambda row: _names(row),
        "who_all": lambda row: _roles(row),
        "standing": lambda row: gettext("Revoked") if row.revoked_at else gettext("In force"),
    }
    related = [RelatedList("ProposalView", "event_id", blocks=False)]
    row_actions = [(_("Revoke"), lambda row: _revoke_url(row), "can_edit")]
    lookup_columns = ("evidence",)

    def loads(self, columns: list[str]) -> list[Any]:
        parts = selectinload(LifeEvent.people).joinedload(LifeEventPerson.person)
        return [*super().loads(columns), parts]

    def heading(self, item: LifeEvent) -> str:
        return f"{EventKind.label_of(item.kind)} · {item.happened_on.isoformat()}"

    def reading(self, item: LifeEvent) -> None:
        log_access("READ", "life_event", item.id, item.area_id)

    def is_editable(self, item: LifeEvent) -> bool:
        """An event is a row of history: it is revoked, never edited."""
        return False

    @expose("/revoke/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def revoke(self, pk: str) -> Any:
        """Take back an event that was entered by mistake, with a reason."""
        step = Step(
            title=_("Revoke"),
            note=_(
                "What the event closed is opened again, what it opened is taken back. The entry stays, marked."
            ),
            form=RevokeForm,
            tag="life.revoke",
            take=life.revoke,
            saved=gettext("The event was revoked; everything stands as before."),
            clash=gettext(
                "Something was entered since that stands in the place of what would come back: a home or a household"
                " of somebody of this event. End that first."
            ),
        )
        return self.step_page(pk, step, undoes=True)

    def ways(self, about: dict[str, Any]) -> list[tuple[Any, str]]:
        """Where a merge that stands in the way is looked at and taken apart."""
        if "merge" not in about:
            return []
        ways = [(_("Record that stays"), url_for("PersonView.show", pk=about["kept"]))]
        if current_actor().may("can_edit", "PersonMergeView"):
            ways.insert(0, (_("Take the merge apart"), url_for("PersonMergeView.apart", pk=about["merge"])))
        return ways


def _revoke_url(row: LifeEvent) -> str | None:
    return None if row.revoked_at else url_for("LifeEventView.revoke", pk=row.uid)


def _names(row: LifeEvent) -> str:
    names = [str(part.person) for part in row.people if part.person is not None]
    return gettext(", ").join(dict.fromkeys(names))


def _roles(row: LifeEvent) -> Markup:
    lines = [
        Markup('{}: <a href="{}">{}</a>').format(
            EventRole.label_of(part.role), url_for("PersonView.show", pk=part.person.uid), part.person
        )
        for part in row.people
        if part.person is not None
    ]
    return Markup("<br>").join(lines)

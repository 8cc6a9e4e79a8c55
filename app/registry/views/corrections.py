"""The clerk's queue of corrections: what the register says, what it said, what is asked for, side by side (S4-54)."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import select

from app.audit.service import log_access
from app.core import codes, files
from app.core.actor import current_actor
from app.core.errors import NotAllowed, NotFound
from app.core.masks import mask_id_number
from app.core.views import Interface, ModelView, expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import LongTextField, Needed
from app.registry.choices import CorrectionAction, CorrectionState
from app.registry.models import ChangeRequest, ChangeRequestStep
from app.registry.service import corrections
from app.registry.views.common import NO_LOOKUP
from app.registry.views.step_page import Step, StepPage
from app.registry.views.wording import timeline

LABELS: dict[str, Any] = {
    "name": _("Full name"),
    "sex": _("Sex"),
    "birth": _("Born"),
    "number": _("ID number"),
    "register_division": _("Registered in (division)"),
    "register_address": _("Registered address"),
}


class AgreeForm(RecordForm):
    """A remark is possible."""

    reason = LongTextField(_("Remark"), length=200)


class RefuseForm(RecordForm):
    """Why not; the worker reads it."""

    reason = LongTextField(_("Reason"), [Needed()], length=200)


FORMS: dict[CorrectionAction, tuple[type[RecordForm], Any]] = {
    CorrectionAction.accept: (AgreeForm, _("The record changes now; who asked is told.")),
    CorrectionAction.decline: (RefuseForm, _("The record stays as it is; who asked reads the reason.")),
    CorrectionAction.withdraw: (AgreeForm, _("The record stays as it is.")),
}


class CorrectionView(StepPage, ModelView):
    """Corrections of identity: asked for at the door, decided by somebody else."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/correction"
    bulk_columns = ()  # one at a time
    datamodel = Interface(ChangeRequest)
    list_title = _("Corrections to decide")
    show_title = _("Correction")
    add_title = edit_title = _("Correction")
    label_columns = {
        "asks": _("To be corrected"),
        "created_at": _("Asked on"),
        "fields": _("Values in full"),
        "photos": _("Photos"),
        "steps": _("What happened"),
        "person.area": _("Area"),
        "decision": _("What the clerk said"),
    }
    choices_columns = {"state": CorrectionState}
    base_permissions = ["can_list", "can_show", "can_edit", "can_reveal", "can_history"]
    list_columns = ["person", "asks", "reason", "created_at", "state", "person.area"]
    order_columns = ["created_at"]
    search_columns = ["state", "person.area"]
    show_template = "registry/correction.html"
    show_columns = ["person", "fields", "reason", "photos", "state", "decision", "steps"]
    edit_columns = ["reason"]
    eager = ("person.area",)
    empty_hint = _("No correction waits.")
    formatters_columns = {
        "asks": lambda row: gettext(", ").join(str(LABELS.get(name, name)) for name in row.fields or ()),
        "photos": lambda row: _photos(row),
        "steps": lambda row: _steps(row),
    }
    row_actions = [
        (CorrectionAction.accept.label, lambda row: _url(row, CorrectionAction.accept), "can_edit"),
        (CorrectionAction.decline.label, lambda row: _url(row, CorrectionAction.decline), "can_edit"),
        (CorrectionAction.withdraw.label, lambda row: _url(row, CorrectionAction.withdraw), "can_edit"),
    ]

    def loads(self, columns: list[str]) -> list[Any]:
        """Whose request it is decides on the buttons of its row."""
        return super().loads([*columns, "created_by", "fields"])

    def heading(self, item: ChangeRequest) -> str:
        return str(item.person or "")

    step_template = "registry/correction_act.html"

    def is_editable(self, item: ChangeRequest) -> bool:
        """A request changes by its steps only."""
        return False

    def show_context(self, item: ChangeRequest) -> dict[str, Any]:
        """The page begins with both versions side by side."""
        return {**super().show_context(item), "versions": versions(item)}

    def reading(self, item: ChangeRequest) -> None:
        log_access("READ", "change_request", item.id)

    def plain_value(self, item: ChangeRequest, column: str) -> str:
        """The numbers in full, after the audited reveal."""
        if column != "fields":
            return super().plain_value(item, column)
        lines = [f"{LABELS.get(k, k)}: {v['old']} → {v['new']}" for k, v in item.fields.items()]
        return "; ".join(lines)

    @expose("/act/<pk>/<action>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def act(self, pk: str, action: str) -> Any:
        """Accept, decline, withdraw: a page with both versions, then the step."""
        if action not in {a.value for a in FORMS}:
            raise NotFound()
        step = CorrectionAction(action)
        item = self.datamodel.by_key(self.session, pk)
        if step not in corrections.offers(item, current_actor()):
            raise NotAllowed(_("Somebody else decides on a correction, and only once."))
        form, note = FORMS[step]

        def take(session: Any, row: ChangeRequest, why: str | None, **hands: Any) -> None:
            corrections.decide(session, row, step, reason=why, **hands)

        page = Step(title=step.label, note=note, form=form, tag=f"correction.{step}", take=take)
        return self.step_page(pk, page, versions=versions(item), wide=True)


def versions(row: ChangeRequest) -> Markup:
    """A table: field, in the register now, when it was asked for, asked for. Numbers stay behind their mask."""
    if row.person is None or not isinstance(row.fields, dict):
        return Markup("")
    now = corrections.current(row.person)
    head = [_("Field"), _("In the register now"), _("When it was asked for"), _("Corrected value")]
    lines = [
        Markup(
            '<tr><th scope="row">{}</th><td data-label="{}">{}{}</td><td data-label="{}">{}</td>'
            '<td data-label="{}"><strong>{}</strong></td></tr>'
        ).format(
            LABELS.get(name, name),
            head[1],
            _shown(name, now.get(name)),
            Markup(' <span class="gb-badge gb-red">{}</span>').format(_("changed since"))
            if row.state == CorrectionState.asked and (now.get(name) or "") != (pair.get("old") or "")
            else "",
            head[2],
            _shown(name, pair.get("old")),
            head[3],
            _shown(name, pair.get("new")),
        )
        for name, pair in row.fields.items()
        if isinstance(pair, dict)
    ]
    cells = Markup("").join(Markup('<th scope="col">{}</th>').format(h) for h in head)
    body = Markup("").join(lines)
    table = Markup('<table class="gb-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>')
    return Markup('<div class="gb-table-wrap">{}</div>').format(table.format(cells, body))


def _shown(name: str, value: str | None) -> str:
    if not value:
        return "—"
    if name == "number":
        return mask_id_number(value)
    return codes.label(_session(), "gender", value) if name == "sex" else value


def _photos(row: ChangeRequest) -> Markup:
    found = files.of_owner(_session(), "change_request", row.uid)
    links = [
        Markup('<a href="{}">{}</a>').format(
            url_for("AttachmentView.download", uid=f.uid), gettext("Photo %(n)s", n=n)
        )
        for n, f in enumerate(found, 1)
    ]
    return Markup(" ").join(links)


def _steps(row: ChangeRequest) -> Markup:
    query = (
        select(ChangeRequestStep).where(ChangeRequestStep.request_id == row.id).order_by(ChangeRequestStep.id)
    )
    return timeline(_session().scalars(query), CorrectionAction)


def _url(row: ChangeRequest, action: CorrectionAction) -> str | None:
    if action not in corrections.offers(row, current_actor()):
        return None
    return url_for("CorrectionView.act", pk=row.uid, action=action)


def _session() -> Any:
    return current_app.appbuilder.session()  # type: ignore[attr-defined]

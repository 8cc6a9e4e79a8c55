"""The logs on screen, for the auditor: read only, protected values masked, each look at a row logged itself."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape

from app.audit import queries
from app.audit.choices import LOGS, ORIGINS, RECORDS, STEP_WORDS, STEPS, AccessAction, ChangeAction
from app.audit.models import AccessLog, AuditSeal, ChangeLog
from app.audit.service import log_access
from app.core.jobs import label_of
from app.core.views import Interface, ModelView, plain, said
from app.core.views.wording import Wording

JOB = "system job "  # before the kind of a job, where no person gave a reason
READ_ONLY = ["can_list", "can_show"]
WHO: dict[str, Any] = {
    "at": _("At"),
    "actor": _("Who"),
    "role": _("Role"),
    "origin": _("Way"),
    "address": _("Network address"),
    "user_id": _("Account number"),
    "action": _("Action"),
    "table_name": _("Kind of record"),
    "row_id": _("Record number"),
    "area_id": _("Area number"),
    "reason": _("Reason"),
}


def _view_of(table: str | None) -> Any:
    views = current_app.extensions.get("geban_views", {})
    return next((view for model, view in views.items() if model.__tablename__ == table), None)


def _record_kind(row: Any) -> str:
    """The words of the record's own page for its kind, else those kept for tables without a page."""
    view = _view_of(row.table_name)
    return str(view.show_title if view is not None else RECORDS.get(row.table_name, row.table_name or ""))


def _record_kinds() -> dict[str, str]:
    """Kinds of records to filter by: table names with their words, in the order of the words."""
    views = current_app.extensions.get("geban_views", {})
    known = {model.__tablename__: str(view.show_title) for model, view in views.items()}
    known |= {table: str(words) for table, words in RECORDS.items() if table not in known}
    return dict(sorted(known.items(), key=lambda pair: pair[1]))


def _roles() -> dict[str, Any]:
    """Roles in words, handed over at the start: this package stands below the one that knows the roles."""
    return current_app.extensions.get("geban_role_labels", {})


def _role(row: Any) -> str:
    return str(_roles().get(row.role, row.role or ""))


def _reason(row: Any) -> str:
    """People's words as they wrote them; the program's, and the name of the job that ran, in the reader's language."""
    kind = (row.reason or "").removeprefix(JOB)
    return str(label_of(kind)) if kind != (row.reason or "") else said(row.reason)


def _step(row: Any) -> str:
    """The business step in words: “life.death” is a life event, a death."""
    step, _dot, action = (row.tag or "").partition(".")
    words = (STEPS.get(step, step), STEP_WORDS.get(row.tag or "", STEP_WORDS.get(action, action)))
    return " · ".join(str(part) for part in words if part)


def _value(view: Any, key: str, value: Any) -> str:
    """A code or a choice in words. Related rows stay numbers: their names are the business of whoever may see them."""
    words = Wording(view) if view else None
    if words is None or not words.is_coded(key):
        return plain(value)
    return words.words(key, value)


def _differences(row: ChangeLog) -> Markup:
    view = _view_of(row.table_name)
    lines = [
        Markup("<li>{}: {} → {}</li>").format(
            _field(view, key), escape(_value(view, key, old)), escape(_value(view, key, new))
        )
        for key, old, new in queries.fields(row, queries.model_of(row.table_name))
        if old not in (None, "") or new not in (None, "")
    ]
    return Markup('<ul class="gb-diff">{}</ul>').format(Markup("").join(lines))


def _field(view: Any, key: str) -> Any:
    """A column by its label; keys and hashes, which no page shows, by the name the machine has for them."""
    words = Wording(view) if view else None
    if words is not None and words.is_for_people(key):
        return words.label(key)
    return gettext("System field %(name)s", name=key)


def _detail(row: Any) -> str:
    """What was looked at: a column by its label, anything else as it was written down."""
    view = _view_of(row.table_name)
    if view is not None and row.detail in view.label_columns:
        return str(view.label(row.detail))
    return said(row.detail)


class LogView(ModelView):
    """What both logs have in common."""

    base_permissions = READ_ONLY
    formatters_columns = {
        "table_name": _record_kind,
        "role": _role,
        "actor": lambda row: said(row.actor),
        "reason": _reason,
        "tag": _step,
        "detail": _detail,
    }
    choices_columns: dict[str, Any] = {"table_name": _record_kinds, "role": _roles, "origin": ORIGINS}
    lookup_columns = ("actor",)

    def is_editable(self, _item: Any) -> bool:
        """A log is never edited."""
        return False

    def show_context(self, item: Any) -> dict[str, Any]:
        log_access("READ", self.datamodel.table_name, item.id)
        return super().show_context(item)


class ChangeLogView(LogView):
    """Who changed what: old and new value, reason, where from."""

    route_base = "/audit/changes"
    datamodel = Interface(ChangeLog)
    list_title = show_title = add_title = edit_title = _("Change log")
    label_columns = {
        **WHO,
        "tag": _("Business step"),
        "changes": _("Changes"),
        "batch": _("Batch"),
        "row_uid": _("Record"),
    }
    list_columns = ["at", "actor", "role", "table_name", "action", "reason"]
    search_columns = ["at", "actor", "user_id", "role", "table_name", "row_id", "row_uid", "action", "batch"]
    order_columns = ["at"]
    show_fieldsets = [
        (_("Who and when"), {"fields": ["at", "actor", "role", "user_id", "origin", "address"]}),
        (
            _("What happened to it"),
            {"fields": ["table_name", "row_id", "row_uid", "action", "tag", "reason", "batch", "changes"]},
        ),
    ]
    formatters_columns = {**LogView.formatters_columns, "changes": _differences}
    choices_columns = {**LogView.choices_columns, "action": ChangeAction}


class AccessLogView(LogView):
    """Who read, searched, revealed, exported or printed sensitive records, and who signed in."""

    route_base = "/audit/accesses"
    datamodel = Interface(AccessLog)
    list_title = show_title = add_title = edit_title = _("Access log")
    label_columns = {**WHO, "detail": _("Detail")}
    list_columns = ["at", "actor", "role", "action", "table_name", "detail", "reason"]
    search_columns = ["at", "actor", "user_id", "role", "table_name", "row_id", "action"]
    order_columns = ["at"]
    show_fieldsets = [
        (_("Who and when"), {"fields": ["at", "actor", "role", "user_id", "origin", "address"]}),
        (_("What happened to it"), {"fields": ["action", "table_name", "row_id", "detail", "reason"]}),
    ]
    choices_columns = {**LogView.choices_columns, "action": AccessAction}


class AuditSealView(ModelView):
    """The seals of both logs: what is sealed and when; `verify-audit` checks them."""

    route_base = "/audit/seals"
    datamodel = Interface(AuditSeal)
    list_title = show_title = add_title = edit_title = _("Seals")
    label_columns = {
        "at": _("At"),
        "log": _("Log"),
        "from_id": _("After row"),
        "to_id": _("Up to row"),
        "count": _("Rows"),
        "day": _("Closes the day"),
        "digest": _("Digest"),
    }
    list_columns = ["at", "log", "from_id", "to_id", "count", "day"]
    show_columns = ["at", "log", "from_id", "to_id", "count", "day", "digest"]
    search_columns = ["at", "log", "day"]
    order_columns = ["at"]
    choices_columns = {"log": LOGS}
    formatters_columns = {"digest": lambda row: bytes(row.digest).hex()}
    base_permissions = READ_ONLY
    lookup_columns = ("log",)

    def is_editable(self, _item: Any) -> bool:
        """A seal is never edited."""
        return False

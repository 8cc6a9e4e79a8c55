"""Screens of papers: the register of what was issued, printing again, the print desk, the public check of a QR code."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_babel import lazy_gettext as _

from app.audit.service import log_access
from app.core import clock
from app.core.actor import current_actor
from app.core.edge import public
from app.core.errors import NotFound
from app.core.numbers import whole_number
from app.core.scope import unscoped
from app.core.session import unit_of_work
from app.core.views import (
    BaseView,
    Interface,
    ModelView,
    RelatedList,
    badge,
    expose,
    has_access,
    permission_name,
)
from app.documents import drawing, queries, registry, service
from app.documents.choices import DocumentAction, DocumentState
from app.documents.models import IssuedDocument, PrintLog
from app.documents.press import picture, site_press
from app.documents.rules import MACHINE, stands

DESK_SIZE = 50


def pdf_response(pdf: bytes, name: str) -> Response:
    """A PDF shown in the browser, never kept by it."""
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


class PrintLogView(ModelView):
    """Who printed a paper, when, how often and why; read only."""

    route_base = "/prints"
    datamodel = Interface(PrintLog)
    list_title = show_title = add_title = edit_title = _("Prints")
    label_columns = {"at": _("At"), "actor": _("Printed by"), "copies": _("Copies"), "reason": _("Reason")}
    formatters_columns = {
        "reason": lambda row: _("First print") if row.reason == service.FIRST_PRINT else row.reason
    }
    list_columns = ["at", "actor", "copies", "reason"]
    show_columns = ["at", "actor", "copies", "reason"]
    base_permissions = ["can_list", "can_show"]
    lookup_columns = ("actor",)


class IssuedDocumentView(ModelView):
    """The register of issued papers: found by number or owner, printed again as stored, signed, handed out, voided."""

    route_base = "/documents"
    datamodel = Interface(IssuedDocument)
    list_title = _("Issued papers")
    show_title = _("Issued paper")
    add_title = edit_title = _("Issued paper")
    label_columns = {
        "number": _("Paper number"),
        "title": _("Paper"),
        "form_code": _("Form"),
        "copy_no": _("Copy number"),
        "issued_at": _("Issued at"),
        "issued_by": _("Issued by"),
        "valid_until": _("Valid until"),
        "pages": _("Number of pages"),
        "sha256": _("Fingerprint (SHA-256)"),
        "template_version": _("Template version"),
    }
    list_columns = ["number", "title", "area", "state", "issued_at", "issued_by"]
    search_columns = ["number", "form_code", "state", "issued_at", "area"]
    order_columns = ["number", "issued_at"]
    show_fieldsets = [
        (
            _("Paper"),
            {
                "fields": [
                    "number",
                    "title",
                    "state",
                    "area",
                    "issued_at",
                    "issued_by",
                    "copy_no",
                    "valid_until",
                ]
            },
        ),
        (_("Evidence"), {"fields": ["form_code", "template_version", "pages", "sha256"]}),
    ]
    choices_columns = {"state": DocumentState}
    base_permissions = ["can_list", "can_show", "can_print", "can_edit", "can_history"]
    lookup_columns = ("number",)
    show_template = "documents/show.html"
    related = [RelatedList(PrintLogView, "document_id", _("Prints"))]

    def is_editable(self, _item: Any) -> bool:
        """A paper is never edited; it takes steps."""
        return False

    def show_context(self, item: Any) -> dict[str, Any]:
        context = super().show_context(item)
        context["steps"] = [
            {
                "at": s.at,
                "by": s.by_label,
                "role": s.by_role,
                "words": DocumentAction(s.action).label,
                "reason": s.reason,
            }
            for s in queries.steps_of(self.session, item)
        ]
        context["kin"] = queries.kin_of(self.session, item)
        context["offers"] = MACHINE.actions(DocumentState(item.state), [current_actor().role])
        context["printed"] = bool(item.prints)
        context["may_print"] = self.can("print") and stands(item.state)
        context["state_badge"] = badge(DocumentState(item.state).label, DocumentState(item.state).badge)
        return context

    @expose("/print/<pk>", methods=["POST"])
    @has_access
    def print(self, pk: str) -> Response:
        """Print the stored bytes; a reprint asks why."""
        text = _("Give the number of copies as a whole number.")
        copies = whole_number(request.form.get("copies", "1"), 0, 999, field="copies", message=text)
        with unit_of_work(self.session) as session:
            document = self.datamodel.by_key(session, pk)
            reason = request.form.get("reason", "")
            pdf = service.print_copy(session, current_actor(), clock.now(), document, copies, reason)
            name = document.number
        return pdf_response(pdf, name)

    @expose("/page/<pk>/<int:number>", methods=["GET"])
    @has_access
    @permission_name("print")
    def page(self, pk: str, number: int) -> Response:
        """One page as a picture, for phones that cannot open PDFs; looking is logged."""
        document = self.datamodel.by_key(self.session, pk)
        if not 1 <= number <= document.pages:
            raise NotFound()
        page = picture(service.stored_pdf(self.session, document), number)
        log_access("READ", "issued_document", document.id, document.area_id, document.number)
        answer = Response(page, mimetype="image/png")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @expose("/act/<pk>", methods=["POST"])
    @has_access
    @permission_name("print")
    def act(self, pk: str) -> Any:
        """Signature came back, handed out, void."""
        action = DocumentAction.parse(request.form.get("action", ""), field="action")
        given = {
            k: v.strip() for k, v in request.form.items() if k in {"reason", "collected_by"} and v.strip()
        }
        with unit_of_work(self.session) as session:
            document = self.datamodel.by_key(session, pk)
            service.act(session, current_actor(), clock.now(), document, action, given)
            url = self.url_show(document)
        return self.go(url)


class PrintDesk(BaseView):
    """The office clerk's start: papers not printed yet, what was printed today, blank forms for the field."""

    route_base = "/print-desk"
    default_view = "index"
    base_permissions = ["can_use"]
    title = _("Print desk")

    @expose("/", methods=["GET"])
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """Queue of papers that wait for their first print, newest last."""
        low, high = clock.day_bounds(clock.today())
        waiting = queries.waiting(self.session, DESK_SIZE)
        done = queries.printed_between(self.session, low, high, DESK_SIZE)
        forms = [f for f in registry.load_forms().values() if "blank" in f.variants]
        return self.render_template("documents/desk.html", waiting=waiting, done=done, forms=forms)

    @expose("/blank/<code>", methods=["GET"])
    @has_access
    @permission_name("use")
    def blank(self, code: str) -> Response:
        """An empty form for the field."""
        if code not in registry.load_forms():
            raise NotFound()
        return pdf_response(drawing.blank_form(site_press(), code), f"{code}-blank")


class VerifyView(BaseView):
    """The public page behind the QR code: kind, number, date, state; no personal data."""

    route_base = "/v"
    default_view = "check"
    base_permissions: list[str] = []

    @expose("/<token>", methods=["GET"])
    @public
    def check(self, token: str) -> tuple[str, int]:
        """Says whether a paper with this code was issued here and still stands."""
        with unscoped(
            "public verification: kind, number, date and state of one paper by its random token"
        ) as session:
            document = queries.find_by_token(session, token[:64])
            fact = None
            if document is not None:
                state = DocumentState(document.state)
                fact = {
                    "title": document.title,
                    "number": document.number,
                    "issued_on": clock.to_local(document.issued_at).date(),
                    "state": state.label,
                    "stands": stands(document.state),
                }
        return self.render_template("documents/verify.html", fact=fact), 200 if fact else 404

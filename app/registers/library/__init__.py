"""Library of documents: plans, rules and notices of the authorities, with their scans (S4-09)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.registers.base import Interface, SharedEntry
from app.registers.columns import code, day, note, text
from app.registers.papers import PaperRegister


class LibraryDocument(SharedEntry):
    """A document of an area. It applies to everything below, and is read there; who keeps it works in the area itself."""

    __tablename__ = "library_document"

    title: Mapped[str] = text(_("Title of the document"), 160)
    number: Mapped[str | None] = text(_("Reference number"), 60)
    kind: Mapped[str] = code("document_kind", _("Class of document"))
    issued_by: Mapped[str | None] = text(_("Issuing body"))
    issued_on: Mapped[date | None] = day(_("Published on"))
    valid_until: Mapped[date | None] = day(_("In force until"))
    keywords: Mapped[str | None] = text(_("Keywords"), 160)
    summary: Mapped[str | None] = note(_("What it says"))


class LibraryRegister(PaperRegister):
    """The newest document first."""

    datamodel = Interface(LibraryDocument)
    list_title, show_title = _("Library of documents"), _("Library document")
    section, icon, base_order = "service", "fa-book-open", ("issued_on", "desc")
    known_by = ("area_id", "issued_by", "number")

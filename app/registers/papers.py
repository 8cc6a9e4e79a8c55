"""Registers whose records hold scans or photos: chosen in the form, kept encrypted, opened from the page of the record."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import Select, select
from wtforms import FileField

from app.core import files, scope
from app.core.actor import Actor
from app.core.errors import Conflict
from app.core.uploads import clean_upload
from app.core.words import gettext
from app.registers.base import Register

MOST = 20  # files of one record
PURPOSE = "register"


def _visible(model: Any, actor: Actor) -> Select[Any]:
    """Uids of the records of a register that the actor sees: whoever sees a record sees its files."""
    criteria = [guard.build(actor) for guard in scope.guarded_by(model)]
    return select(model.uid).where(model.deleted_at.is_(None), *(cut(model) for cut in criteria))


class ScanField(FileField):
    """A file beside the record: ``save`` of the view stores it."""

    def populate_obj(self, obj: Any, name: str) -> None:
        """Nothing of it stands in the record itself."""


class PaperRegister(Register):
    """A register with one further field: a PDF or a photo (JPEG, PNG, WebP) at each save, up to twenty for a record."""

    takes_files = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        files.owned_by(cls.datamodel.table_name, partial(_visible, cls.datamodel.obj))

    def _init_properties(self) -> None:
        field = ScanField(
            _("Add a scan or photo"),
            description=_("PDF, JPEG, PNG or WebP, up to 20 MB. Choose it again if the form comes back."),
        )
        self.add_form_extra_fields = self.edit_form_extra_fields = {"scan": field}
        self.label_columns = {"scans": _("Scans and photos")} | dict(self.label_columns or {})
        self.formatters_columns = {"scans": self.scans} | dict(self.formatters_columns or {})
        super()._init_properties()

    def derived(self, own: list[str], shown: list[str]) -> None:
        """The field for a new scan comes last, so do the scans that are there."""
        super().derived([*own, "scan"], [*shown, "scans"])

    def scans(self, item: Any) -> Markup:
        """Links to the files of a record, oldest first."""
        found = files.of_owner(self.session, self.datamodel.table_name, item.uid)
        kinds = {"application/pdf": gettext("PDF file")}
        words = [
            Markup('<a href="/attachments/{}">{}</a>').format(
                one.uid,
                gettext("%(kind)s %(n)s", kind=kinds.get(one.media_type, gettext("Photo")), n=n),
            )
            for n, one in enumerate(found, 1)
        ]
        return Markup(" ").join(words)

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        """The record, and the file that was chosen with it."""
        super().save(session, item, form, is_new)
        upload = request.files.get("scan")
        if upload is None or not upload.filename:
            return
        session.flush()
        if len(files.of_owner(session, self.datamodel.table_name, item.uid)) >= MOST:
            raise Conflict(_("A record holds at most %(n)s files.", n=MOST), field="scan")
        files.save(
            session,
            clean_upload(upload.stream),
            area_id=item.area_id,
            owner_kind=self.datamodel.table_name,
            owner_uid=item.uid,
            purpose=PURPOSE,
            level="L3",
        )

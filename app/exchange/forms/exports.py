"""What is asked before a file is made: its kind, and whether protected values stand in it in plain."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from app.core.actor import Actor
from app.core.views.fields import RecordForm
from app.core.widgets import CheckField, ChoiceField, LongTextField, Needed
from app.exchange.models import ExportFile
from app.exchange.service.exports import REASON_LENGTH, Wanted

KINDS = (
    ("xlsx", _("Excel sheet (.xlsx)")),
    ("csv", _("Text with commas (.csv)")),
    ("pdf", _("PDF to print")),
)


class ExportForm(RecordForm):
    """The kind of file, and whether protected values stand in it in plain."""

    kind = ChoiceField(_("Kind of file"), [Needed()], source=KINDS, default="xlsx")
    plain = CheckField(_("Protected values in plain"))
    reason = LongTextField(
        _("Reason"),
        length=REASON_LENGTH,
        description=_(
            "Stands in the access log and, with your name and the time, on every page of the file."
        ),
    )

    def prepare_for(self, actor: Actor, *, plain: bool) -> None:
        """Load the choices; ``plain`` False takes out what the acting role, or the list, has nothing to choose of."""
        self.prepare(actor, ExportFile)
        if not plain:
            del self["plain"], self["reason"]

    def wanted(self, spec: dict[str, Any], days: int, ledger_id: int | None = None) -> Wanted:
        """The order as it was typed; a reason counts for plain values only."""
        is_plain = "plain" in self and bool(self.plain.data)
        reason = " ".join((self.reason.data or "").split()) if is_plain else ""
        return Wanted(spec, self.kind.data, is_plain, reason, ledger_id, days)


class LedgerFileForm(ExportForm):
    """A ledger has a heading: it goes into a sheet or on paper."""

    kind = ChoiceField(
        _("Kind of file"), [Needed()], source=[k for k in KINDS if k[0] != "csv"], default="xlsx"
    )

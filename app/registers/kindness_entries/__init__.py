"""What was earned and spent at the bank of kindness: hours and points (爱心银行, S4-70)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, relationship

from app.core.errors import Invalid
from app.registers.base import Entry, Interface, Register
from app.registers.columns import day, link, number, text
from app.registers.kindness_accounts import KindnessAccount


class KindnessEntry(Entry):
    """A good deed, or something had for it: points that are spent are below nought."""

    __tablename__ = "kindness_entry"

    account_id: Mapped[int] = link("kindness_account.id", _("Account of kindness"))
    done_on: Mapped[date] = day(_("Done on"))
    what: Mapped[str] = text(_("What for"))
    hours: Mapped[int | None] = number(_("Hours of help"))
    points: Mapped[int] = number(_("Points"), help=_("With a minus when they are spent."))
    account: Mapped[KindnessAccount] = relationship(backref="entries")


class KindnessEntryRegister(Register):
    """Opened from the page of the account. Nobody spends more than there is."""

    datamodel = Interface(KindnessEntry)
    list_title, show_title, in_menu = _("Entries of kindness"), _("Entry of kindness"), False

    def check(self, session: Any, item: KindnessEntry, form: Any, is_new: bool) -> None:
        super().check(session, item, form, is_new)
        others = sum(e.points for e in form.account_id.data.entries if e.id != item.id)
        if others + item.points < min(others, 0):
            raise Invalid(_("There are only %(n)s points.", n=others), field="points")

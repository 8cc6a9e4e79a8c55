"""The card with the originals of a case: the chain of hands, handing one on, writing down a loss, the receipt F13."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.views import expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import ChoiceField, DayField, LongTextField, Needed
from app.proxy.choices import Entry
from app.proxy.models import ProxyCase
from app.proxy.queries import case_page, hands
from app.proxy.queries.names import sees_names
from app.proxy.service import custody
from app.proxy.service.cases import write_entry
from app.proxy.service.receipts import for_original, printable
from app.proxy.views.form_pages import form_page, ready
from app.proxy.views.parts import part
from app.proxy.views.printing import previewed, printed


def _shown(session: Session, case: ProxyCase, actor: Actor, now: datetime) -> dict[str, Any] | None:
    if not case.custody:
        return None
    return {
        "chains": hands.chains(session, actor, case),
        "from_whom": hands.from_whom,
        "printable": printable,
        "sees": sees_names(actor),
        "today": clock.to_local(now).date(),
    }


part("originals", "left", _shown)


class HandOnForm(RecordForm):
    """Who gets an original, and until when it is to be back with its owner."""

    to = ChoiceField(_("Who gets it"), [Needed()])
    due_back_on = DayField(_("Given back by"), description=_("Empty: as it was agreed."))
    note = LongTextField(_("Remark"), length=200)


class LossForm(RecordForm):
    """What happened, and what is done about it."""

    note = LongTextField(_("What happened"), [Needed()], length=300)
    done = LongTextField(
        _("What is done for the owner"),
        [Needed()],
        length=200,
        description=_("The owner is told, a new paper is applied for, and at whose cost."),
    )


class CustodyMixin:
    """What becomes of single originals."""

    session: Any

    @expose("/<pk>/originals/<uid>/hand-on", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def hand_on(self, pk: str, uid: str) -> Any:
        """One original goes to a colleague or an office, by itself."""
        actor, now = current_actor(), clock.now()
        case = case_page.load(self.session, pk)
        row = custody.original_of(actor, case, uid)
        offered = hands.receivers(self.session, actor, case, row)

        def make(data: Any) -> Any:
            form = HandOnForm(formdata=data)
            form.to.source = [(key, hand.name) for key, hand in offered.items()]
            return ready(form)

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            one = custody.original_of(actor, case, uid)
            to = hands.receivers(session, actor, case, one).get(form.to.data)
            words = {"to": to, "note": form.note.data or "", "due_back_on": form.due_back_on.data}
            move = custody.hand_on(session, now, case, one, **words)
            told = {"originals": [one.name], "recipient": move.to_name, "note": move.note}
            write_entry(actor, now, case, Entry.hand_on, {k: v for k, v in told.items() if v})

        title = gettext("Hand on: %(paper)s", paper=row.name)
        return form_page(self, pk, make, take, title=title, press=gettext("Hand on"))

    @expose("/<pk>/originals/<uid>/lose", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def lose(self, pk: str, uid: str) -> Any:
        """An original is lost: written down with what is done about it."""
        actor, now = current_actor(), clock.now()
        row = custody.original_of(actor, case_page.load(self.session, pk), uid)

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            one = custody.original_of(actor, case, uid)
            note, done = form.note.data or "", form.done.data or ""
            custody.lose(session, now, one, note=note, done=done)
            write_entry(
                actor, now, case, Entry.lose, {"originals": [one.name], "note": note, "outcome": done}
            )

        title = gettext("Lost: %(paper)s", paper=row.name)
        return form_page(
            self,
            pk,
            lambda data: LossForm(formdata=data),
            take,
            title=title,
            press=gettext("Write down the loss"),
        )

    @expose("/<pk>/originals/<uid>/receipt", methods=["POST"])
    @has_access
    @permission_name("print")
    def original_receipt(self, pk: str, uid: str) -> Response:
        """Issue the receipt F13 of one original and print it at once."""
        return printed(self.session, for_original(pk, uid))

    @expose("/<pk>/originals/<uid>/preview", methods=["POST"])
    @has_access
    @permission_name("print")
    def original_preview(self, pk: str, uid: str) -> Response:
        """The same without number."""
        return previewed(self.session, for_original(pk, uid))

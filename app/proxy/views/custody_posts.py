"""The card with the originals of a case: the chain of hands, handing one on, a loss and a find, the receipt F13."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, flash, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.errors import NotAllowed, NotFound
from app.core.session import unit_of_work
from app.core.views import expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import CheckField, ChoiceField, DayField, LongTextField, Needed, TextField
from app.proxy.choices import Entry
from app.proxy.models import Custody, ProxyCase
from app.proxy.queries import case_page, hands
from app.proxy.queries.names import sees_names
from app.proxy.service import custody, give_back, handing, open_case
from app.proxy.service.cases import write_entry
from app.proxy.service.openers import Opener, openers
from app.proxy.service.receipts import for_original, printable
from app.proxy.views.field_saving import signed
from app.proxy.views.form_pages import by_post, form_page, ready
from app.proxy.views.parts import part
from app.proxy.views.printing import previewed, printed


def _shown(session: Session, case: ProxyCase, actor: Actor, now: datetime) -> dict[str, Any] | None:
    if not case.custody:
        return None
    return {
        "chains": hands.chains(session, actor, case),
        "may_receive": lambda one: handing.may_receive(actor, one),
        "may_find": lambda one: handing.may_find(actor, one),
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


class GiveBackForm(RecordForm):
    """Who takes the originals, and before whom where that person cannot write."""

    recipient = TextField(_("Who took them back"), [Needed()], length=50)
    cannot_sign = CheckField(_("cannot write: fingerprint with a witness"))
    witness = TextField(_("Witness"), length=50, description=_("Needed where somebody cannot write."))


class FoundForm(RecordForm):
    """Where it was, and until when it goes home now."""

    note = LongTextField(_("Where the original was found"), [Needed()], length=200)
    due_back_on = DayField(_("Given back by"), description=_("Empty: within three working days."))


def named(offered: dict[str, custody.Hand], can_open: list[Opener]) -> list[tuple[str, str]]:
    """Offices, then who can open the case with the post, then colleagues who cannot: those sign on the spot."""
    posts = {one.staff_id: by_post(one) for one in can_open}

    def words(hand: custody.Hand) -> str:
        if hand.kind == custody.UNIT:
            return hand.name
        return posts.get(hand.id) or gettext("%(name)s (must sign here)", name=hand.name)

    later = lambda pair: pair[1].kind == custody.STAFF and pair[1].id not in posts  # noqa: E731
    return [(key, words(hand)) for key, hand in sorted(offered.items(), key=later)]


class CustodyMixin:
    """What becomes of single originals."""

    session: Any
    url_show: Any
    go: Any

    @expose("/<pk>/originals/<uid>/hand-on", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def hand_on(self, pk: str, uid: str) -> Any:
        """One original goes to an office, or to a colleague who signs here or says so by the own account."""
        actor, now = current_actor(), clock.now()
        case = case_page.load(self.session, pk)
        row = custody.original_of(actor, case, uid)
        offers = named(
            hands.receivers(self.session, actor, case, row), openers(case, now, custody.HAND_ORDER)
        )

        def make(data: Any) -> Any:
            form = HandOnForm(formdata=data)
            form.to.source = offers
            return ready(form)

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            one = custody.original_of(actor, case, uid)
            to = hands.receivers(session, actor, case, one).get(form.to.data)
            words = {"to": to, "note": form.note.data or "", "due_back_on": form.due_back_on.data}
            signed = self.signed_here(session, case)
            entry = handing.hand_on(session, actor, now, case, one, signed=signed, **words)
            told = {"originals": [one.name], "recipient": to.name if to else "", "note": words["note"]}
            write_entry(actor, now, case, entry, {k: v for k, v in told.items() if v})

        return form_page(
            self,
            pk,
            make,
            take,
            title=gettext("Hand on: %(paper)s", paper=row.name),
            press=gettext("Hand on"),
            told=gettext(
                "A colleague signs here, or opens this case later and says that the original arrived. Until then it stays "
                "where it is."
            ),
            sign=gettext("Signature of the colleague who takes it over"),
        )

    @staticmethod
    def signed_here(session: Session, case: ProxyCase) -> dict[str, Any]:
        """The signature that was drawn or photographed on this page, kept with the case; nothing where nobody signed."""
        photo = request.files.get("photo")
        is_signed = bool(request.form.get("signature") or (photo is not None and photo.filename))
        return signed(session, [case]) if is_signed else {}

    @expose("/<pk>/originals/<uid>/received", methods=["POST"])
    @has_access
    @permission_name("use")
    def original_received(self, pk: str, uid: str) -> Any:
        """Who was to take an original over says that it is there."""

        def take(session: Session, actor: Actor, now: datetime, case: ProxyCase, one: Custody) -> None:
            giver = handing.receive(session, actor, now, case, one)
            told = {"originals": [one.name], "recipient": f"{giver} \u2192 {actor.label}"}
            write_entry(actor, now, case, Entry.taken, told)

        return self._pressed(pk, uid, take)

    @expose("/<pk>/originals/<uid>/call-off", methods=["POST"])
    @has_access
    @permission_name("use")
    def original_called_off(self, pk: str, uid: str) -> Any:
        """Taking an original over comes to nothing: it stays where it is."""

        def take(session: Session, actor: Actor, now: datetime, case: ProxyCase, one: Custody) -> None:
            asked = handing.call_off(session, actor, now, case, one)
            write_entry(actor, now, case, Entry.call_off, {"originals": [one.name], "recipient": asked})

        return self._pressed(pk, uid, take)

    def _pressed(self, pk: str, uid: str, take: Callable[..., None]) -> Any:
        actor, now = current_actor(), clock.now()
        with unit_of_work(self.session) as session:
            case = open_case(session, pk, request.form.get("_version") or "0")
            one = next((c for c in case.custody if c.uid == uid), None)
            if one is None:
                raise NotFound()
            take(session, actor, now, case, one)
            url = self.url_show(case)
        flash(gettext("Saved."), "success")
        return self.go(url)

    @expose("/<pk>/originals/<uid>/found", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def original_found(self, pk: str, uid: str) -> Any:
        """A lost original turned up: it is out again, with a day to go home by."""
        actor, now = current_actor(), clock.now()
        row = handing.lost_one(actor, case_page.load(self.session, pk), uid)

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            one = handing.lost_one(actor, case, uid)
            note = form.note.data or ""
            handing.find(session, actor, now, case, one, note=note, due_back_on=form.due_back_on.data)
            write_entry(actor, now, case, Entry.found, {"originals": [one.name], "outcome": note})

        title = gettext("Found again: %(paper)s", paper=row.name)
        return form_page(
            self, pk, lambda data: FoundForm(formdata=data), take, title=title, press=gettext("Write it down")
        )

    @expose("/<pk>/give-back", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def give_back(self, pk: str) -> Any:
        """Originals go home apart from the result, signed for by name: on paper, of which a photo may be kept, or here."""
        actor, now = current_actor(), clock.now()
        case = case_page.load(self.session, pk)
        if not case_page.may_carry(actor, case):
            custody.need_held(case)
            raise NotAllowed()
        names = [one.name for one in custody.held(case)]

        def make(data: Any) -> Any:
            form = GiveBackForm(formdata=data)
            if data is None:
                form.recipient.data = case.party_name
            return form

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            given = {f.name: f.data for f in form if f.data and f.name != "csrf_token"}
            give_back(session, actor, now, case, {**given, **self.signed_here(session, case)})

        return form_page(
            self,
            pk,
            make,
            take,
            title=gettext("Give originals back"),
            press=gettext("Give originals back"),
            told=gettext("These go home: %(what)s.", what=str(_(", ")).join(names)),
            sign=gettext("Signature of who takes them, or a photo of the signed receipt"),
        )

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

"""The consent sheet F29 of a resident: who signs, what is asked for, look at it, issue it; and the public notice."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_babel import lazy_gettext as _

from app.core import clock
from app.core.actor import current_actor
from app.core.edge import public
from app.core.errors import Invalid, NotFound
from app.core.session import unit_of_work
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.core.widgets import view_of
from app.documents import drawing
from app.documents import registry as forms
from app.documents.choices import DocumentState
from app.documents.language import DRAFT, in_paper_language
from app.documents.models import IssuedDocument
from app.documents.press import site_press
from app.documents.views import pdf_response
from app.registry import papers
from app.registry.models import Person
from app.registry.queries import cards
from app.registry.service import consents

LONGEST = 50
VARIANTS = ("normal", "large")


class ConsentDesk(BaseView):
    """One resident's consent sheet. The list of what is still to be brought in is ConsentTaskView."""

    route_base = "/consents"
    default_view = "person"
    base_permissions = ["can_use"]
    title = _("Consent sheet")

    def home_url(self) -> str:
        """The list that leads here."""
        return "/consent/list/"

    @expose("/person/<person_uid>", methods=["GET"])
    @has_access
    @permission_name("use")
    def person(self, person_uid: str) -> str:
        """Who signs, which sensitive data are asked for, and the sheets that were issued."""
        person = self._person(person_uid)
        today = clock.today()
        return self.render_template(
            "registry/consent.html",
            person=person,
            card=cards.person_fields(person, today),
            is_child=consents.is_child(person, today),
            signers=consents.signers(self.session, person, today),
            task=consents.open_task(self.session, person),
            kinds=papers.notice_on(today)["sensitive"],
            sheets=[(d, self._url(d), DocumentState(d.state)) for d in consents.sheets(self.session, person)],
        )

    @expose("/preview/<person_uid>", methods=["POST"])
    @has_access
    @permission_name("use")
    def preview(self, person_uid: str) -> Response:
        """The sheet as it would look, without number."""
        person = self._person(person_uid)
        press = site_press()
        asked, _guardian, variant = self._asked(person)
        context = consents.sheet_context(self.session, current_actor(), clock.now(), press, person, asked)
        with in_paper_language():
            mark = str(DRAFT)
        pdf = drawing.preview(press, papers.FORM, context, mark, variant)
        return pdf_response(pdf, f"{papers.FORM}-draft")

    @expose("/issue/<person_uid>", methods=["POST"])
    @has_access
    @permission_name("use")
    def issue(self, person_uid: str) -> Any:
        """Number and store the sheet; its own page prints it and takes the signature."""
        actor, now, press = current_actor(), clock.now(), site_press()
        person = self._person(person_uid)
        asked, _guardian, variant = self._asked(person)
        sheet = consents.lay_out_sheet(self.session, actor, now, press, person, asked, variant=variant)
        self.session.rollback()  # drawing takes a while: nothing is held meanwhile
        ahead = drawing.drawn(press, papers.FORM, sheet)
        with unit_of_work(self.session) as session:
            person = self._person(person_uid)
            asked, guardian, variant = self._asked(person)
            document = consents.issue_sheet(
                session, actor, now, press, person, asked, guardian_uid=guardian, variant=variant, ahead=ahead
            )
            url = self._url(document)
        return self.go(url or f"{self.route_base}/person/{person_uid}")

    def _person(self, person_uid: str) -> Person:
        found: Person = Interface(Person).by_key(self.session, person_uid)
        return found

    def _asked(self, person: Person) -> tuple[papers.Asked, str | None, str]:
        """(what is asked, uid of the guardian where one of the household was chosen, variant) from the form."""
        chosen = request.form.get("guardian", "")
        found = {s.person.uid: s for s in consents.signers(self.session, person, clock.today())}
        if chosen and chosen not in found:
            raise Invalid(_("Please choose from the list."), field="guardian")
        signer = found.get(chosen)
        name = signer.person.name if signer else _text("guardian_name")
        relation = _text("guardian_relation") or (signer.word if signer else "")
        variant = request.form.get("variant", VARIANTS[0])
        if variant not in VARIANTS:
            raise Invalid(_("This choice does not exist."), field="variant")
        asked = papers.Asked(name, relation, tuple(request.form.getlist("sensitive")))
        return asked, chosen or None, variant

    def _url(self, document: IssuedDocument) -> str:
        view = view_of(IssuedDocument)
        return str(view.url_show(document)) if view is not None and view.can("show") else ""


def _text(name: str) -> str:
    value = request.form.get(name, "").strip()
    if len(value) > LONGEST or "\x00" in value:
        raise Invalid(_("At most %(most)s characters.", most=LONGEST), field=name)
    return value


class NoticeView(BaseView):
    """The electronic notice behind the QR code of the sheet: the same text, open to everybody, nothing personal."""

    route_base = "/notice"
    default_view = "show"
    base_permissions: list[str] = []
    title = _("How your data are used")

    @expose("/<version>", methods=["GET"])
    @public
    def show(self, version: str) -> str:
        """One version of the text; old ones stay, because consents name them."""
        form = forms.form(papers.FORM)
        text = form.texts.get(version[:8])
        if text is None:
            raise NotFound()
        return self.render_template("registry/notice.html", text=text, form=form)

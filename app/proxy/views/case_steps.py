"""The steps of a case: the form of each, taking it, marks on papers."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import clock, files
from app.core.actor import current_actor
from app.core.edge import wants_json
from app.core.errors import Conflict, DomainError, Invalid, NotAllowed
from app.core.session import unit_of_work
from app.core.uploads import clean_upload
from app.core.views import expose, has_access, permission_name
from app.proxy import forms
from app.proxy.choices import Action, PaperForm, PaperState, State
from app.proxy.forms import Asked
from app.proxy.models import ProxyCase
from app.proxy.queries import calendar, case_page
from app.proxy.rules import MACHINE
from app.proxy.service import act, facts, mark, offers, open_case, places
from app.proxy.views import kept
from app.proxy.views.booking_asks import places_card

PHOTOS = ("JPEG", "PNG", "WEBP")
MOVES_THE_DAY = (Action.rebook, Action.set_out)


class StepsMixin:
    """Everything that moves a case."""

    session: Any
    url_show: Any
    render_template: Any
    go: Any
    barred: Any

    @expose("/<pk>/act/<action>", methods=["GET"])
    @has_access
    @permission_name("use")
    def ask(self, pk: str, action: str) -> Any:
        """The form of one step: as a piece for the dialog, as a page where there is no script."""
        case = case_page.load(self.session, pk)
        asked = self.asked(case, Action.parse(action, field="action"))
        found = kept.kept(self.session, kept.step_page(pk, action))
        return self.step_page(asked, forms.step_form(asked, kept.typed(found)), found=found)

    @expose("/<pk>/act", methods=["POST"])
    @has_access
    @permission_name("use")
    def act(self, pk: str) -> Any:
        """Take one step. What is refused comes back with its sentence, and nothing typed is lost."""
        action = Action.parse(request.form.get("action", ""), field="action")
        try:
            with unit_of_work(self.session) as session:
                case = open_case(session, pk, request.form.get("_version") or "0")
                self.take(session, case, action)
                kept.forget(session, kept.step_page(pk, action.value))
                url, words = self.url_show(case), str(State.parse(case.state).label)
        except DomainError as refused:
            if wants_json():
                raise
            return self.refused(pk, action, refused)
        flash(gettext("Done: %(state)s", state=words), "success")
        return jsonify(url=url) if wants_json() else self.go(url)

    def take(self, session: Any, case: ProxyCase, action: Action) -> None:
        """Read the form and take the step; Invalid names the first wrong field."""
        asked = self.asked(case, action)
        form = forms.step_form(asked, request.form)
        with session.no_autoflush:
            if not form.validate():
                wrong = form.wrong[0] if form.wrong else None
                raise Invalid(
                    wrong.errors[0] if wrong else gettext("Please check what you entered"),
                    field=wrong.name if wrong else None,
                )
        given = forms.given_of(form, asked, request.form)
        given |= self.photo(session, case, action)
        if action in MOVES_THE_DAY and form.appointment.data:
            full = places.need_place(
                session,
                case.staff_id,
                form.appointment.data,
                form.slot.data,
                agreed=bool(given.pop("overbook", False)),
                without=case.id,
            )
            given |= {"overbook": True} if full is not None else {}
        act(session, current_actor(), clock.now(), case, action, given)

    @staticmethod
    def photo(session: Any, case: ProxyCase, action: Action) -> dict[str, str]:
        """The photo of a signed paper, kept with the case."""
        upload = request.files.get("photo")
        if action not in forms.SIGNING or upload is None or not upload.filename:
            return {}
        kept = files.save(
            session,
            clean_upload(upload.stream, PHOTOS),
            area_id=case.area_id,
            owner_kind=case_page.OWNER,
            owner_uid=case.uid,
            purpose="signature",
            level=case.item_version.sensitivity,
        )
        return {"signature_uid": kept.uid}

    def asked(self, case: ProxyCase, action: Action) -> Asked:
        """The step with its row of the table. Conflict where the state has no such step, NotAllowed for the role."""
        actor, known = current_actor(), facts(case)
        offered = next((o for o in offers(case, actor, clock.now()) if o.action is action), None)
        if offered is None:
            if (State.parse(case.state), action) in MACHINE.table:
                raise NotAllowed(_("Your post may not take this step."))
            raise Conflict(_("This step is not possible in the present state."))
        bars = tuple(bar for bar in offered.to.bars if known.get(bar))
        full = action in MOVES_THE_DAY and self.may_be_full(case)
        return Asked(action, offered.to, case, actor.label, clock.now(), bars, full)

    def may_be_full(self, case: ProxyCase) -> bool:
        worker = calendar.with_area(self.session, case.staff_id) if case.staff_id else None
        return worker is not None and calendar.may_be_full(self.session, worker, clock.today())

    def step_page(
        self, asked: Asked, form: Any, status: int = 200, found: dict[str, Any] | None = None
    ) -> Any:
        names = [name for name, _needed in forms.field_names(asked)]
        names += [column.name for column in asked.questions]
        page_key = kept.step_page(asked.case.uid, asked.action.value)
        found = found or {"page": page_key, "at": None, "pairs": []}
        typed = request.form if request.method == "POST" else kept.typed(found)
        page = self.render_template(
            "proxy/case_step.html",
            title=asked.action.label,
            case=asked.case,
            asked=asked,
            kept=found,
            form=form,
            fields=[form[name] for name in names],
            lines=forms.paper_lines(asked.case, typed) if asked.block else [],
            signing=asked.action in forms.SIGNING,
            places=self.places_of(asked),
            missing=self.in_the_way(asked),
            is_piece=request.headers.get("X-Requested-With") == "fetch",
            opened_at=request.form.get("_version") or str(asked.case.version),
            paper_forms={f.value: f.label for f in PaperForm},
            paper_states=[(s.value, s.label) for s in PaperState if s is not PaperState.asked],
        )
        return page, status

    def in_the_way(self, asked: Asked) -> list[tuple[Any, list[str], str]]:
        """What bars the step and is settled elsewhere than in its form, as `barred` of the page of the case gives it."""
        if asked.block or not asked.bars:
            return []
        elsewhere = {bar: value for bar, value in facts(asked.case).items() if bar != "appearance_due"}
        return self.barred(asked, elsewhere)  # type: ignore[no-any-return]

    def places_of(self, asked: Asked) -> Any:
        """The next free times of the worker, where the step gives a new day and times are kept."""
        if not asked.may_be_full:
            return ""
        return places_card(self.session, calendar.with_area(self.session, asked.case.staff_id or 0))

    def refused(self, pk: str, action: Action, no: DomainError) -> Any:
        """The step's page again with everything typed; where the step is gone, the sentence alone."""
        case = case_page.load(self.session, pk)
        try:
            asked = self.asked(case, action)
        except DomainError:
            raise no from None
        form = forms.step_form(asked, request.form)
        form.validate()
        if not (no.field and no.field in form and form[no.field].errors):
            form.refuse(no.field, no.message)
        return self.step_page(asked, form, no.status)

    @expose("/<pk>/mark", methods=["POST"])
    @has_access
    @permission_name("use")
    def mark(self, pk: str) -> Any:
        """The department's word on each paper."""
        with unit_of_work(self.session) as session:
            case = open_case(session, pk, request.form.get("_version") or "0")
            marks = forms.marks_of(case, request.form)
            done = mark(session, current_actor(), clock.now(), case, marks)
            url = self.url_show(case)
        if done is not None:
            flash(gettext("Saved."), "success")
        return jsonify(url=url) if wants_json() else self.go(url)

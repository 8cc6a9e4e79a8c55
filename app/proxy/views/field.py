"""The worker's rounds on the phone: plan, walk, log at the door, hand in, bring the result home (S3-65, S3-49…51).

No personal data stands in an address. Each saving carries the page's own id: sent twice, it is written once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import flash, jsonify, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.edge import wants_json
from app.core.errors import Invalid
from app.core.models import new_uid
from app.core.session import unit_of_work
from app.core.views import BaseView, expose, has_access, permission_name
from app.core.widgets import view_of
from app.proxy.choices import PaperForm, PaperState, SignedFor, State
from app.proxy.models import ProxyCase
from app.proxy.queries import field as pages
from app.proxy.queries import planning, prints
from app.proxy.rules.stages import BEFORE_WINDOW, TO_DELIVER, TO_FETCH
from app.proxy.service import rounds
from app.proxy.service.doors import log_door
from app.proxy.service.signing import wording
from app.proxy.views import field_forms as forms
from app.proxy.views import kept, photo_posts
from app.proxy.views.booking_asks import warn_full
from app.proxy.views.field_delivery import DeliveryMixin
from app.proxy.views.field_errands import ErrandsMixin
from app.proxy.views.field_homes import HomesMixin
from app.proxy.views.field_saving import once
from app.proxy.views.field_saving import signed as signed_by
from app.proxy.views.field_today import TodayMixin
from app.worklog import service as worklog
from app.worklog.choices import Outcome

OFFERED = planning.OFFERED
AGES = (80, 65, 0)


class FieldDesk(TodayMixin, HomesMixin, ErrandsMixin, DeliveryMixin, BaseView):
    """The day of one worker, one page a task."""

    route_base = "/field"
    default_view = "index"
    title = _("My day")

    # --- planning -------------------------------------------------------------------------------------------------

    @expose("/plan", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def plan(self) -> Any:
        """Choose the service, the day and the people of the own grid; one visit and a case for each comes of it."""
        if request.method == "POST":
            return self._done(once(self.session, current_actor(), self._plan, kept.PLAN))
        today, actor = clock.today(), current_actor()
        found, more = planning.candidates(self.session, actor, today, age=65, item_code=OFFERED)
        draft = kept.kept(self.session, kept.PLAN)
        chosen = [value for name, value in draft["pairs"] if name == "people"]
        return self.render_template(
            "proxy/field_plan.html",
            title=_("Plan a round"),
            items=planning.items_on(self.session, today),
            offered=OFFERED,
            people=planning.with_chosen(self.session, actor, found, chosen, OFFERED),
            more=more,
            kept=draft,
            ages=AGES,
            staff=planning.colleagues(self.session, actor),
            slots=forms.SLOTS,
            client_uid=new_uid(),
        )

    @expose("/people", methods=["POST"])
    @has_access
    @permission_name("use")
    def people(self) -> Any:
        """People of the own grid by name or pinyin and age; asked by POST, so that no name stands in an address."""
        age = request.form.get("age", "0")
        found, more = planning.candidates(
            self.session,
            current_actor(),
            clock.today(),
            text=forms.text(request, "q", 40),
            age=int(age) if age in {str(a) for a in AGES} else 0,
            item_code=forms.text(request, "item", 12),
        )
        return jsonify(people=[vars(c) for c in found], more=more)

    def _plan(self, session: Session, actor: Actor) -> str:
        planned_on = forms.day(request, "planned_on")
        if planned_on is None:
            raise Invalid(_("Choose the day of the round."), field="planned_on")
        others = planning.staff_by_uid(session, forms.uids(request, "staff"))
        visit = rounds.plan_round(
            session,
            actor,
            clock.now(),
            people=planning.people_by_uid(session, forms.uids(request, "people")),
            item_code=forms.text(request, "item", 12),
            planned_on=planned_on,
            slot=forms.slot(request),
            workers=[w for w in (actor.staff_id, *others) if w],
            title=forms.text(request, "title", 120) or None,
        )
        warn_full(session, visit)
        return self._round_url(visit.uid)

    # --- one round ------------------------------------------------------------------------------------------------

    @expose("/round/<uid>")
    @has_access
    @permission_name("use")
    def round(self, uid: str) -> str:
        """One card a door in walking order, and what is to be done next."""
        visit = pages.round_of(self.session, uid)
        doors = pages.doors_of(self.session, visit)
        cases = [c for d in doors for p in d.people for c in p.cases]
        collected = [c for c in cases if c.state == State.collected]
        return self.render_template(
            "proxy/field_round.html",
            title=visit.title or (cases[0].item_version.name if cases else gettext("Round")),
            visit=visit,
            doors=doors,
            begun=any(s.outcome for s in visit.stops),
            next_stop=next((p.stop.uid for d in doors for p in d.people if p.stop.outcome is None), ""),
            missing={c.uid: pages.still_missing(c) for c in cases if c.state in BEFORE_WINDOW},
            ready=[c for c in collected if not pages.still_missing(c)],
            to_fetch=[c for c in cases if c.state in TO_FETCH],
            deliverable=TO_DELIVER,
            printables=prints.of_round(self.session, doors),
            new_uid=new_uid,
            window=cases[0].item_version.department_name if cases else "",
            case_page=view_of(ProxyCase),
            State=State,
            Outcome=Outcome,
        )

    @expose("/round/<uid>/submit", methods=["POST"])
    @has_access
    @permission_name("use")
    def submit(self, uid: str) -> Any:
        """Hand in every collected case of the round at once (S3-50)."""
        window = forms.text(request, "window", 80)
        with unit_of_work(self.session) as session:
            visit = worklog.open_visit(session, uid)
            together = rounds.hand_in(session, current_actor(), clock.now(), visit, window)
            done, left = len(together.done), len(together.left)
        flash(ngettext("%(num)s case was handed in.", "%(num)s cases were handed in.", done), "success")
        if left:
            words = ngettext(
                "%(num)s case stays: see what is open.", "%(num)s cases stay: see what is open.", left
            )
            flash(words, "warning")
        return self.go(self._round_url(uid))

    @expose("/round/<uid>/fetch", methods=["POST"])
    @has_access
    @permission_name("use")
    def fetch(self, uid: str) -> Any:
        """Fetch the results that are there and set out with them today."""
        with unit_of_work(self.session) as session:
            visit = worklog.open_visit(session, uid)
            done = len(rounds.fetch_results(session, current_actor(), clock.now(), visit))
        flash(ngettext("%(num)s result is on its way.", "%(num)s results are on their way.", done), "success")
        return self.go(self._round_url(uid))

    @expose("/round/<uid>/cancel", methods=["POST"])
    @has_access
    @permission_name("use")
    def cancel(self, uid: str) -> Any:
        """Call the round off before its first door; its cases stay booked."""
        with unit_of_work(self.session) as session:
            visit = worklog.open_visit(session, uid)
            worklog.cancel_visit(
                session, current_actor(), visit, clock.now(), forms.text(request, "reason", 200)
            )
        return self.go(url_for("FieldDesk.index"))

    # --- at the door ----------------------------------------------------------------------------------------------

    @expose("/door/<visit_uid>/<stop_uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def door(self, visit_uid: str, stop_uid: str) -> Any:
        """Write down one door: who was met, which papers changed hands, who signed (S3-49)."""
        visit, stop, cases = pages.stop_of(self.session, visit_uid, stop_uid)
        actor = current_actor()
        if request.method == "POST":
            page = kept.door_page(stop_uid)
            return self._done(
                once(self.session, current_actor(), lambda s, a: self._log(s, a, visit_uid, stop_uid), page)
            )
        return self.render_template(
            "proxy/field_door.html",
            title=pages.name_of(stop, cases),
            visit=visit,
            stop=stop,
            cases=cases,
            address=pages.address_of(stop, cases),
            first_state=pages.first_state,
            kept=kept.kept(self.session, kept.door_page(stop_uid)),
            keeps_originals=pages.keeps_originals(cases),
            **photo_posts.at_the_door(self.session, current_actor(), cases),
            unsigned=any(c.state == State.booked for c in cases),
            words={k: wording(k)[1] for k in (SignedFor.authorization, SignedFor.consent)},
            to_deliver=TO_DELIVER,
            to_hand_over=[c for c in cases if c.state in TO_DELIVER],
            care=pages.care_of(visit, stop) if actor.may("can_use", "CareDesk") else [],
            SignedFor=SignedFor,
            slots=forms.SLOTS,
            tomorrow=clock.today() + timedelta(days=1),
            client_uid=new_uid(),
            Outcome=Outcome,
            State=State,
            paper_states={s.value: s.label for s in PaperState},
            paper_forms={f.value: f.label for f in PaperForm},
        )

    @expose("/stop/<stop_uid>", methods=["GET"])
    @has_access
    @permission_name("use")
    def stop(self, stop_uid: str) -> Any:
        """From the list of drafts to the door."""
        return self.go(f"{self.route_base}/door/{pages.visit_uid_of(self.session, stop_uid)}/{stop_uid}")

    def _log(self, session: Session, actor: Actor, visit_uid: str, stop_uid: str) -> str:
        visit = worklog.open_visit(session, visit_uid)
        _visit, _stop, cases = pages.stop_of(session, visit_uid, stop_uid)
        signed: dict[str, Any] = {}
        log = forms.stop_log(request, stop_uid, cases, signed)
        unsigned = [c for c in cases if c.state == State.booked] if log.cases else []
        if unsigned:
            signed |= signed_by(session, unsigned) | {"consent": forms.consent(request)}
        for later in log_door(session, actor, clock.now(), visit, [log]):
            warn_full(session, later)
        if all(s.outcome for s in visit.stops):
            worklog.finish_visit(session, actor, visit, clock.now())
        return self._round_url(visit_uid)

    # --- common ---------------------------------------------------------------------------------------------------

    def _done(self, answer: Mapping[str, Any]) -> Any:
        return jsonify(answer) if wants_json() else self.go(str(answer["url"]))

    def _round_url(self, uid: str) -> str:
        return f"{self.route_base}/round/{uid}"

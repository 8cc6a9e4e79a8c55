"""What the booking page asks the server while it is filled in: free times of the worker, conditions with what the
registry says of them. Both by POST: no resident stands in an address.
"""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, render_template, request
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.areas.models import Staff
from app.audit.service import log_access
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError
from app.core.jinja import WEEKDAYS
from app.core.views import Interface, expose, has_access, permission_name
from app.core.widgets import lookup_label
from app.proxy import forms
from app.proxy.queries import calendar, reuse
from app.proxy.service.booking import area_for
from app.proxy.service.catalogue import version_on
from app.registry.models import Person
from app.registry.views.groups import LOGGED_AS
from app.worklog.models import Visit


def proposed_worker(session: Session, person: Person) -> Staff | None:
    """Who holds the post in the grid where a case of the person would lie."""
    try:
        area = area_for(session, current_actor(), person)
    except DomainError:
        return None
    return calendar.worker_for(session, area.id, clock.today())


def places_card(session: Session, worker: Staff | None) -> Markup:
    """The next free times of a worker, to choose from; nothing without a worker."""
    if worker is None:
        return Markup("")
    by_day: dict[Any, list[calendar.Offer]] = {}
    keeps = calendar.keeps_times(session, worker)
    for offer in calendar.free_places(session, worker, clock.now()) if keeps else ():
        by_day.setdefault(offer.day, []).append(offer)
    actor = current_actor()
    return Markup(  # noqa: S704  drawn by a template, which escapes
        render_template(
            "proxy/places.html",
            worker=worker,
            keeps=keeps,
            days=list(by_day.items()),
            ahead=calendar.AHEAD,
            weekdays=[str(word) for word in WEEKDAYS],
            may_look=actor.may("can_use", "CalendarDesk"),
        )
    )


def warn_full(session: Session, visit: Visit) -> None:
    """Say where a visit that was just planned falls on a day on which one of its workers is away or has no room left."""
    for row in visit.workers:
        worker = calendar.with_area(session, row.staff_id)
        found = calendar.day_of(session, worker, visit.planned_on) if worker is not None else None
        if worker is None or found is None or not (found.absence is not None or found.places.is_over):
            continue
        values = {"name": worker.name, "day": visit.planned_on.isoformat()}
        if found.absence is not None:
            flash(gettext("%(name)s is away on %(day)s.", **values), "warning")
        else:
            flash(gettext("%(name)s has more homes than places on %(day)s.", **values), "warning")


def asked_conditions(
    session: Session, version: Any, person: Person | None, typed: Any
) -> list[dict[str, Any]]:
    """The conditions of a service: what was typed, else what the registry proposes and why."""
    texts = list(enumerate(forms.conditions_of(version)))
    proposed = {}
    if person is not None and texts:
        found = reuse.answers_for(session, current_actor(), person, texts, clock.today())
        proposed = {p.seq: p for p in found}
        if found:  # it may tell of health or means
            log_access("READ", "person", person.id, person.area_id, detail=LOGGED_AS)
    rows = []
    for n, text in texts:
        known, name = proposed.get(n), f"condition-{n}"
        answer = typed.get(name, "") if name in typed else "" if known is None else _word(known.applies)
        rows.append({"n": n, "text": text, "answer": answer, "why": known.words if known is not None else ""})
    return rows


def _word(applies: bool) -> str:
    return "yes" if applies else "no"


class BookingAsksMixin:
    """Questions of the booking page."""

    session: Any

    @expose("/places", methods=["POST"])
    @has_access
    @permission_name("use")
    def places(self) -> Any:
        """The worker of the resident's grid, or the one who is chosen, with the next free times."""
        worker = None
        if request.form.get("staff"):
            worker = Interface(Staff).by_key(self.session, request.form["staff"])
        elif request.form.get("person"):
            person = Interface(Person).by_key(self.session, request.form["person"])
            worker = proposed_worker(self.session, person)
        if worker is None:
            return jsonify(html="", staff=None)
        named = {"id": Interface(Staff).key_of(worker), "text": lookup_label(Staff, worker)}
        return jsonify(html=places_card(self.session, worker), staff=named)

    @expose("/conditions", methods=["POST"])
    @has_access
    @permission_name("use")
    def conditions(self) -> Any:
        """Which conditional papers a service knows, with what the registry says of the resident."""
        version = version_on(self.session, request.form.get("item", "")[:12], clock.today())
        key = request.form.get("person", "")
        person = Interface(Person).by_key(self.session, key) if key else None
        rows = asked_conditions(self.session, version, person, {})
        return jsonify(conditions=rows, audience=version.audience or "")

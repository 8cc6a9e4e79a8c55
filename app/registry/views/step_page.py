"""A page that takes one step of a record: GET asks, POST takes it with what was typed, or says why it cannot be taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, request
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError

from app.audit.service import reason
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError
from app.core.session import unit_of_work
from app.core.views.fields import RecordForm

REFUSED, CLASH = 422, 409


@dataclass(frozen=True)
class Step:
    """What a page asks and does. ``take(session, item, reason, version=, actor=, now=)`` runs inside the unit of work;
    ``tag`` names the step in the change log; ``clash`` is said where something took the place meanwhile.
    """

    title: Any
    note: Any
    form: type[RecordForm]
    tag: str
    take: Callable[..., Any]
    saved: str | None = None
    clash: str | None = None


class StepPage:
    """For views of records that change by steps only."""

    step_template = "registry/step.html"

    def step_page(self, pk: str, step: Step, **more: Any) -> Any:
        """The page of a step; ``more`` goes to the template beside ``what`` and ``ways``."""
        view: Any = self
        item, form = view.datamodel.by_key(view.session, pk), step.form()
        form.prepare(current_actor(), view.datamodel.obj)
        status, ways = 200, []
        if request.method == "POST":
            status = REFUSED
            if form.validate():
                try:
                    self._take(pk, step, form)
                    flash(step.saved or gettext("Saved."), "success")
                    return view.go(view.url_show(item))
                except DomainError as refusal:
                    status = refusal.status if refusal.status != 400 else REFUSED
                    form.refuse(refusal.field, refusal.message)
                    ways = self.ways(refusal.data)
                except IntegrityError:
                    if step.clash is None:
                        raise
                    status = CLASH
                    form.form_errors.append(step.clash)
        item = view.datamodel.by_key(view.session, pk)
        shown = {"title": step.title, "note": step.note, "form": form, "item": item, "ways": ways, **more}
        return view.render_template(self.step_template, back=view.url_show(item), **shown), status

    def _take(self, pk: str, step: Step, form: Any) -> None:
        view: Any = self
        why = form.reason.data if "reason" in form else None
        hands = {"actor": current_actor(), "now": clock.now()}
        with unit_of_work(view.session) as session, reason(why, tag=step.tag):
            version = request.form.get("_version") or None
            step.take(session, view.datamodel.by_key(session, pk), why, version=version, **hands)

    def ways(self, _about: dict[str, Any]) -> list[tuple[Any, str]]:
        """(words, address) of pages that help on after a refusal, from its data."""
        return []

"""Pages of plans that divide areas anew: begun, changed, looked at with numbers, set for a day, put into force (S0-15)."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.areas import (
    jobs,  # noqa: F401  the jobs register themselves
    queries,
)
from app.areas.choices import PlanAction, PlanKind, PlanState
from app.areas.forms.staff import role_words
from app.areas.models import AreaPlan
from app.areas.service import live, plans
from app.areas.views.common import may_write
from app.areas.views.plan_page import PlanPages
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError
from app.core.session import unit_of_work
from app.core.views import Interface, ModelView, expose, has_access, permission_name


class AreaPlanView(PlanPages, ModelView):
    """Plans with their preview. What a plan would move is counted whenever its page is opened."""

    route_base = "/plans"
    datamodel = Interface(AreaPlan)
    list_title = _("Areas divided anew")
    show_title = _("Plan")
    add_title = _("Plan a change")
    edit_title = _("Change the plan")
    base_order = ("effective_on", "desc")
    exclude_route_methods = {"delete", "restore", "deleted"}
    label_columns = {
        "title": _("Name of the plan"),
        "effective_on": _("Takes effect on"),
        "applied_at": _("In force since"),
        "area": _("Area"),
    }
    choices_columns = {"kind": PlanKind, "state": PlanState}
    list_columns = ["title", "kind", "area", "effective_on", "state", "applied_at"]
    search_columns = ["title", "kind", "state", "area", "effective_on"]
    show_fieldsets = [
        (_("Plan"), {"fields": ["title", "kind", "area", "effective_on", "state", "applied_at"]})
    ]
    show_template = "areas/plan.html"
    lookup_columns = ("title",)
    empty_hint = _("No plan yet. Areas are split, merged or moved by a plan with an effective date.")

    def is_editable(self, item: AreaPlan) -> bool:
        return item.state == PlanState.draft.value and may_write(item.area.path)

    # --- the page of a plan -------------------------------------------------------------------------------------

    def show_context(self, item: AreaPlan) -> dict[str, Any]:
        context = super().show_context(item)
        today = clock.today()
        open_plan = item.state in (PlanState.draft.value, PlanState.scheduled.value)
        found = plans.preview(self.session, item, today) if open_plan else None
        writes = self.can("edit") and may_write(item.area.path)
        context.update(
            preview=found,
            numbers=found.numbers() if found else item.preview,
            kept=item.preview if item.state == PlanState.scheduled.value else None,
            columns=_columns(found.numbers() if found else item.preview),
            moving=_moving(found.numbers() if found else item.preview),
            steps=[self._step(step) for step in plans.steps_of(self.session, item)],
            is_draft=item.state == PlanState.draft.value and writes,
            is_waiting=item.state == PlanState.scheduled.value and writes,
            is_due=item.effective_on <= today,
            areas_after=queries.made_by(self.session, item.id),
        )
        return context

    @staticmethod
    def _step(step: Any) -> dict[str, Any]:
        label = PlanAction.label_of(step.action)
        return {
            "at": step.at,
            "by": step.by_label or "—",
            "role": role_words(step.by_role),
            "words": label,
            "reason": step.reason,
        }

    # --- steps --------------------------------------------------------------------------------------------------

    @expose("/schedule/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def schedule(self, pk: str) -> Any:
        """Set the plan for its day."""
        return self._do(pk, lambda session, plan, actor, now: plans.schedule(session, plan, actor, now))

    @expose("/unschedule/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def unschedule(self, pk: str) -> Any:
        """Back to draft."""
        return self._do(pk, lambda session, plan, actor, now: plans.unschedule(session, plan, actor, now))

    @expose("/cancel/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def cancel(self, pk: str) -> Any:
        """Drop the plan with a reason."""
        reason = " ".join(request.form.get("reason", "").split())[:200]
        return self._do(pk, lambda session, plan, actor, now: plans.cancel(session, plan, reason, actor, now))

    @expose("/apply/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def apply(self, pk: str) -> Any:
        """Put a due plan into force now instead of waiting for the job of the night."""
        plan = self.datamodel.by_key(self.session, pk)
        plans.may_touch(self.session, plan, current_actor())
        uid = plan.uid
        # the work is done in a session of its own that sees every row; this one lets go of its read
        self.session.rollback()
        try:
            done = plans.apply_one(uid, clock.now())
        except DomainError as refusal:
            flash(str(refusal), "danger")
        else:
            flash(
                gettext("The plan is in force.") if done else gettext("The plan was in force already."),
                "success",
            )
        return self.go(f"{self.route_base}/show/{uid}")

    def _do(self, key: str, verb: Any) -> Any:
        try:
            with unit_of_work(self.session) as session:
                plan = self.datamodel.by_key(session, key)
                verb(session, plan, current_actor(), clock.now())
            flash(gettext("Saved."), "success")
        except DomainError as refusal:
            if refusal.status in (403, 404):
                raise
            flash(str(refusal), "danger")
        return self.go(f"{self.route_base}/show/{key}")


def _columns(numbers: Any) -> list[tuple[str, Any]]:
    """Kinds of rows that a plan touches at all: a table of zeros says nothing."""
    used = {
        key for piece in (numbers or {}).get("pieces", ()) for key, count in piece["counts"].items() if count
    }
    return [(one.key, one.label) for one in _told() if one.key in used]


def _moving(numbers: Any) -> list[tuple[Any, int]]:
    """(label, rows that change their area) by kind."""
    moving = (numbers or {}).get("moving", {})
    return [(one.label, moving[one.key]) for one in _told() if moving.get(one.key)]


def _told() -> list[live.Live]:
    """Kinds that a clerk counts: re-dated ties say the same as the rows they belong to."""
    return [one for one in live.registered() if not one.dated]

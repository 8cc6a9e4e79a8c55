"""How long steps may take, who takes them and who is told when: data that the system administrator keeps."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.areas.roles import ROLES
from app.core.errors import Conflict, Invalid
from app.core.sla import Unit
from app.core.views import Interface, ModelView, badge
from app.proxy.choices import STEP_CLOCKS, Action
from app.proxy.models import EscalationRule, StepLimit, StepRole
from app.proxy.rules import check_site_limit
from app.proxy.rules.escalation import SUBJECTS, Moment, Told, Watched, check_rule
from app.proxy.rules.limits import CALLBACK
from app.proxy.rules.roles import NEVER
from app.proxy.rules.roles import ROLES as MOVERS
from app.proxy.rules.step_roles import CHANGEABLE
from app.proxy.service import step_roles

NOT_HERE = frozenset({"lookup", "delete", "deleted", "restore"})
LIMITED = {clock.value: clock.label for clock in STEP_CLOCKS} | {CALLBACK: Watched(CALLBACK).label}


class StepLimitView(ModelView):
    """The limit of each step on this site (an item may have its own), and of the call-back after a bad rating. Clocks that
    run keep what they began with.
    """

    route_base = "/step-limits"
    datamodel = Interface(StepLimit)
    list_title = _("Limits of steps")
    show_title = edit_title = add_title = _("Limit of a step")
    exclude_route_methods = NOT_HERE | {"add"}
    base_permissions = ["can_list", "can_show", "can_edit", "can_history"]
    label_columns = {
        "clock": _("Step"),
        "amount": _("At most"),
        "unit": _("Counted in"),
        "source": _("Source"),
    }
    description_columns = {
        "amount": _("Holds for steps that begin from now on; what is running keeps its limit."),
    }
    choices_columns = {"clock": LIMITED, "unit": Unit}
    list_columns = ["clock", "amount", "unit", "source"]
    show_columns = ["clock", "amount", "unit", "source"]
    edit_columns = ["amount", "unit", "source"]
    base_order = ("id", "asc")

    def heading(self, item: StepLimit) -> str:
        return str(LIMITED.get(item.clock, item.clock))

    def check(self, session: Any, item: StepLimit, form: Any, is_new: bool) -> None:
        check_site_limit(item.clock, item.amount, item.unit)


class EscalationRuleView(ModelView):
    """Who is told that time runs short or is over. A rule that is not wanted is switched off."""

    route_base = "/escalation-rules"
    datamodel = Interface(EscalationRule)
    list_title = _("Rules of reminders")
    show_title = _("Rule of reminders")
    add_title = _("Add a rule")
    edit_title = _("Change the rule")
    exclude_route_methods = NOT_HERE
    base_permissions = ["can_list", "can_show", "can_add", "can_edit", "can_history"]
    label_columns = {
        "code": _("Short name"),
        "clock": _("About"),
        "moment": _("When"),
        "after": _("How long after"),
        "unit": _("Counted in"),
        "tells": _("Who is told"),
        "is_on": _("In use"),
        "source": _("Source"),
    }
    description_columns = {
        "after": _("0: at once. A warning is always given at once."),
        "tells": _("Where nobody holds such a post, the next level up hears it."),
    }
    choices_columns = {"clock": SUBJECTS, "moment": Moment, "unit": Unit, "tells": Told}
    list_columns = ["clock", "moment", "after", "unit", "tells", "is_on"]
    search_columns = ["clock", "tells", "is_on"]
    show_columns = ["code", "clock", "moment", "after", "unit", "tells", "is_on", "source"]
    add_columns = ["code", "clock", "moment", "after", "unit", "tells", "is_on", "source"]
    edit_columns = ["clock", "moment", "after", "unit", "tells", "is_on", "source"]
    formatters_columns = {
        "is_on": lambda row: badge(_("In use"), "green") if row.is_on else badge(_("Not in use"), "grey"),
    }
    base_order = ("id", "asc")

    def heading(self, item: EscalationRule) -> str:
        about = dict(SUBJECTS).get(item.clock, item.clock)
        return gettext("%(about)s: %(told)s", about=about, told=Told.label_of(item.tells))

    def check(self, session: Any, item: EscalationRule, form: Any, is_new: bool) -> None:
        item.code = (item.code or "").strip()
        if not item.code:
            raise Invalid(_("Give the rule a short name."), field="code")
        check_rule(item.clock, item.moment, item.after, item.unit, item.tells)
        with session.no_autoflush:
            same = session.query(EscalationRule.id).filter(EscalationRule.code == item.code)
            if item.id is not None:
                same = same.filter(EscalationRule.id != item.id)
            if same.first() is not None:
                raise Conflict(_("There is a rule of this name already."), field="code")


STEPS = {action.value: Action.label_of(action.value) for action in CHANGEABLE}
ROLE_NAMES = {role: ROLES[role].label for role in MOVERS if role not in NEVER}


class StepRoleView(ModelView):
    """Exceptions to who takes a step. One that no longer holds is deleted, with the reason."""

    route_base = "/step-roles"
    datamodel = Interface(StepRole)
    list_title = _("Who takes a step")
    show_title = _("Exception")
    add_title = _("Add an exception")
    edit_title = _("Change the exception")
    exclude_route_methods = NOT_HERE - {"delete"}
    base_permissions = ["can_list", "can_show", "can_add", "can_edit", "can_delete", "can_history"]
    empty_hint = _(
        "Nothing here: every step is taken by the roles that come with the program. Add an exception where a role may "
        "take a step as well, or may not."
    )
    label_columns = {
        "action": _("Step"),
        "role": _("Role"),
        "allowed": _("May take the step"),
        "item": _("Service"),
        "source": _("Source"),
    }
    description_columns = {
        "action": _("Steps of checking and deciding are not here: who decides is set with the service."),
        "item": _("Empty: in every service. What is set for one service counts before it."),
        "source": _("The notice or the agreement by which it is so."),
    }
    choices_columns = {"action": STEPS, "role": ROLE_NAMES}
    list_columns = ["action", "role", "allowed", "item", "source"]
    search_columns = ["action", "role", "item"]
    show_columns = ["action", "role", "allowed", "item", "source"]
    add_columns = ["action", "role", "allowed", "item", "source"]
    edit_columns = ["allowed", "source"]
    eager = ("item",)
    base_order = ("id", "asc")
    formatters_columns = {
        "allowed": lambda row: badge(_("may"), "green") if row.allowed else badge(_("may not"), "red"),
        "item": lambda row: row.item.code if row.item is not None else gettext("every service"),
    }

    def heading(self, item: StepRole) -> str:
        return f"{STEPS.get(item.action, item.action)} · {ROLE_NAMES.get(item.role, item.role)}"

    def check(self, session: Any, item: StepRole, form: Any, is_new: bool) -> None:
        step_roles.check(session, item)

    def check_delete(self, session: Any, item: StepRole, reason: str) -> None:
        step_roles.check_gone(session, item)

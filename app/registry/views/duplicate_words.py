"""Words of the page that compares two records, and the form of a rule."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from wtforms import SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from app.core import clock, jobs
from app.core.errors import Invalid
from app.core.session import unit_of_work
from app.core.views import Interface, ModelView, expose, has_access, permission_name
from app.core.widgets import Needed, WholeField, Wire
from app.registry.models import DuplicateRule
from app.registry.rules.duplicates import HEAVIEST, LABELS, check_conditions
from app.registry.service import duplicates
from app.registry.views.common import NO_LOOKUP
from app.registry.views.people import PersonView

LINES: dict[str, Any] = {
    **{str(key): label for key, label in PersonView.label_columns.items()},
    "birth": _("Born"),
    "died": _("Died on"),
    "occupation_class": _("Class of occupation"),
    "separation": _("Registered and living apart"),
    "note": _("Note"),
    "documents": _("Documents"),
    "phones": _("Phones"),
    "names": _("Other names"),
    "living": _("Lives in"),
    "registered": _("Is registered in"),
    "groups": _("Special groups"),
    "areas": _("Belongs to"),
    "sources": _("Sources"),
}


def rule_words(session: Any, codes: str) -> str:
    """Names of the rules that fired; a pair that somebody noticed has none."""
    wanted = [code for code in codes.split(",") if code]
    if not wanted:
        return gettext("noticed by somebody")
    cache = session.info.setdefault("duplicate_rule_names", {})
    if not cache:
        query = select(DuplicateRule.code, DuplicateRule.name).execution_options(with_deleted=True)
        cache.update({code: name for code, name in session.execute(query)})  # noqa: C416
    return gettext(", ").join(cache.get(code, code) for code in wanted)


class ConditionsField(Wire, SelectMultipleField):
    """The conditions of a rule as boxes to tick; all that are ticked must hold."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any, validators: Any = (), **kw: Any) -> None:
        super().__init__(
            label, validators, choices=[SelectChoice(key, label) for key, label in LABELS.items()], **kw
        )

    def process_data(self, value: Any) -> None:
        self.data = [word for word in value.split(",") if word] if isinstance(value, str) else value

    def wire(self) -> str:
        return ",".join(self.data or [])

    def populate_obj(self, obj: Any, name: str) -> None:
        setattr(obj, name, ",".join(self.data or []))


class DuplicateRuleView(ModelView):
    """What makes two records suspicious: data of the site, weighted and switched by administrators."""

    exclude_route_methods = frozenset(NO_LOOKUP)
    route_base = "/duplicaterule"
    datamodel = Interface(DuplicateRule)
    list_title = _("Rules for duplicates")
    show_title = _("Rule for duplicates")
    add_title = _("Add a rule")
    edit_title = _("Change the rule")
    label_columns = {
        "conditions": _("Conditions, all of which must hold"),
        "weight": _("Weight"),
        "at_entry": _("Asked at entry"),
        "is_on": _("In use"),
    }
    list_columns = ["name", "conditions", "weight", "at_entry", "is_on"]
    order_columns = ["weight"]
    base_order = ("weight", "desc")
    search_columns = ["name", "at_entry", "is_on"]
    add_columns = ["code", "name", "conditions", "weight", "at_entry", "is_on"]
    edit_columns = ["name", "conditions", "weight", "at_entry", "is_on"]
    show_columns = ["code", "name", "conditions", "weight", "at_entry", "is_on"]
    add_form_extra_fields = {
        "conditions": ConditionsField(_("Conditions, all of which must hold")),
        "weight": WholeField(_("Weight"), [Needed()], description=_("1 to 100: what heads the queue")),
    }
    edit_form_extra_fields = add_form_extra_fields
    formatters_columns = {"conditions": lambda row: _words(row.conditions)}
    list_links = [(_("Search the register now"), "DuplicateRuleView.search", "can_use")]

    def check(self, session: Any, item: DuplicateRule, form: Any, is_new: bool) -> None:
        item.conditions = ",".join(check_conditions(item.conditions))
        if not 1 <= item.weight <= HEAVIEST:
            raise Invalid(_("Please give a number from 1 to 100."), field="weight")

    @expose("/search", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def search(self) -> Any:
        """GET asks; POST puts the search of the whole register into the queue of jobs."""
        if request.method == "GET":
            return self.render_template(
                "registry/duplicate_search.html", title=gettext("Search the register now")
            )
        now = clock.now()
        with unit_of_work(self.session) as session:
            key = f"{duplicates.SCAN}:by hand:{now:%Y-%m-%dT%H}"
            jobs.enqueue(session, duplicates.SCAN, now=now, unique_key=key)
        flash(
            gettext("The register is being searched. What is found stands in the queue of duplicates."),
            "success",
        )
        return self.go(self.home_url())


def _words(conditions: str) -> str:
    return gettext(", ").join(str(LABELS.get(word, word)) for word in conditions.split(","))

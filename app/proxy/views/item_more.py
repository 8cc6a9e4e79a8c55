"""What an administrator enters about a version beside its columns: ages, limits of steps, assisting departments."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.areas.models import OrgUnit
from app.core.errors import Invalid
from app.core.sla import Unit
from app.core.widgets import CheckField, ChoiceField, Needed, TextField, WholeField
from app.proxy.choices import STEP_CLOCKS, ClockCode
from app.proxy.models import ServiceItemVersion
from app.proxy.rules import age_limits, check_limit
from app.proxy.rules.fairness import asks_declaration
from app.proxy.views.item_words import KINDS

AGES = ["age_from", "age_to"]
AGE_HELP = _("Full years; empty for no limit. Whoever is outside is booked with a warning.")
STEPS = [f"limit_{clock.value}" for clock in STEP_CLOCKS]
STEP_HELP = _("Empty: as everywhere on this site.")
ASSISTING = "assisting_codes"
DECLARES = "declare_relation"
FIELDS: dict[str, Any] = {
    "age_from": WholeField(_("From the age of"), description=AGE_HELP),
    "age_to": WholeField(_("Up to the age of"), description=AGE_HELP),
    **{f"limit_{c.value}": WholeField(c.label, description=STEP_HELP) for c in STEP_CLOCKS},
    ASSISTING: TextField(
        _("Assisting departments"),
        length=80,
        description=_("Codes of departments that are asked along, e.g. CL, RS."),
    ),
    DECLARES: CheckField(
        _("Asks for a declaration of relations"),
        description=_(
            "Nothing is accepted before the applicant has said whether there is a relation to the worker or to a cadre; a "
            "case with a relation is verified before it is granted."
        ),
    ),
}

# what a new service needs beside its code, before its draft can be written
NEW_ITEM: dict[str, Any] = {
    "name": TextField(_("Service"), [Needed()], length=80),
    "department": TextField(
        _("Department code"), [Needed()], length=8, description=_("The department that decides, e.g. RS.")
    ),
    "kind": ChoiceField(_("Kind of service"), [Needed()], source=list(KINDS.items())),
}


def prefill(form: Any, item: ServiceItemVersion) -> None:
    """Put what the version says into the fields that are no columns."""
    ages = (item.more or {}).get("age") or {}
    form["age_from"].data, form["age_to"].data = ages.get("from"), ages.get("to")
    for name, clock in zip(STEPS, STEP_CLOCKS, strict=True):
        form[name].data = ((item.limits or {}).get(clock.value) or [None])[0]
    form[ASSISTING].data = ", ".join(item.assisting or [])
    form[DECLARES].data = asks_declaration(item.more)


def check(session: Any, item: ServiceItemVersion, form: Any) -> None:
    """Write them: they stand with the version, as everything that a booking goes by. Invalid for what cannot be."""
    ages = age_limits(form["age_from"].data, form["age_to"].data)
    others = {key: value for key, value in (item.more or {}).items() if key not in {"age", DECLARES}}
    asks = {DECLARES: True} if form[DECLARES].data else {}
    item.more = others | ({"age": ages} if ages else {}) | asks
    limits = {}
    for name, clock in zip(STEPS, STEP_CLOCKS, strict=True):
        if form[name].data is not None:
            limits[clock.value] = list(check_limit(clock.value, form[name].data, Unit.work_day, field=name))
    item.limits = limits or None
    wanted = [
        code for code in re.split(r"[\s,;\uff0c\u3001\uff1b]+", (form[ASSISTING].data or "").upper()) if code
    ]
    known = set(session.scalars(select(OrgUnit.department_code).distinct()))
    for code in wanted:
        if code not in known:
            raise Invalid(_("There is no department with the code %(code)s.", code=code), field=ASSISTING)
        if code == item.department_code:
            raise Invalid(_("The department that decides does not assist itself."), field=ASSISTING)
    item.assisting = list(dict.fromkeys(wanted)) or None


def ages_in_words(row: ServiceItemVersion) -> str:
    """For which ages the service is meant."""
    limits = (row.more or {}).get("age") or {}
    low, high = limits.get("from"), limits.get("to")
    if low is not None and high is not None:
        return gettext("%(low)s to %(high)s years", low=low, high=high)
    if low is not None:
        return gettext("%(low)s years and older", low=low)
    return gettext("up to %(high)s years", high=high) if high is not None else gettext("any age")


def steps_in_words(row: ServiceItemVersion) -> str:
    """Limits of single steps that differ from those of the site."""
    found = [f"{ClockCode.label_of(clock)} {limit[0]}" for clock, limit in (row.limits or {}).items()]
    return gettext(", ").join(found) or gettext("as everywhere on this site")


def helpers_in_words(row: ServiceItemVersion) -> str:
    """Departments that are asked along."""
    return gettext(", ").join(row.assisting or []) or gettext("none")


def declares_in_words(row: ServiceItemVersion) -> str:
    """Whether a relation is declared before the acceptance."""
    return gettext("Yes") if asks_declaration(row.more) else gettext("No")

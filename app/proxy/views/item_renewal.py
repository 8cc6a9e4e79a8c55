"""What an administrator enters about the review of a service: how it comes back, as which service, how long ahead."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.core import clock
from app.core.errors import Invalid
from app.core.widgets import CheckField, ChoiceField, WholeField
from app.proxy.models import ServiceItem, ServiceItemVersion
from app.proxy.rules.renewals import CYCLES, Plan, check_renewal
from app.proxy.service.catalogue import find_items
from app.proxy.service.renewals import plan_for

KINDS = {
    "annual_review": _("Reviewed again and again"),
    "validity": _("The result is valid for a time"),
    "period": _("Granted for a period"),
    "limit": _("Only so often"),
    "once": _("Once"),
}


def _services() -> list[tuple[str, str]]:
    session = current_app.appbuilder.session()  # type: ignore[attr-defined]
    return [
        (v.item.code, f"{v.item.code} {v.name}") for v in find_items(session, "", clock.today(), limit=500)
    ]


FIELDS: dict[str, Any] = {
    "renewal_kind": ChoiceField(_("How it comes back"), source=KINDS),
    "renewal_months": WholeField(
        _("Cycle (months)"),
        description=_("From the decision; empty where only the last day of the result counts."),
    ),
    "renewal_item": ChoiceField(
        _("Booked for the review"), source=_services, description=_("Empty: the same service once more.")
    ),
    "renewal_ahead": WholeField(
        _("Proposed so many days ahead"), description=_("Empty: as everywhere on this site.")
    ),
    "renewal_age": CheckField(_("Looked at again when the person grows older than the service is meant for")),
}
NAMES = [*FIELDS]


def prefill(form: Any, item: ServiceItemVersion) -> None:
    """Put what holds today into the fields: what the version says, else what the site's defaults say."""
    own, plan = (item.more or {}).get("renewal") or {}, plan_for(item.item.code, item.more)
    form["renewal_kind"].data, form["renewal_months"].data = own.get("kind"), own.get("cycle_months")
    form["renewal_item"].data, form["renewal_ahead"].data = plan.item, plan.ahead_days
    form["renewal_age"].data = plan.age_to is not None


def check(session: Any, item: ServiceItemVersion, form: Any) -> None:
    """Write them into the draft; words of the law that stand beside are kept. Invalid for what cannot be."""
    wanted = form["renewal_item"].data
    if wanted and session.scalar(select(ServiceItem.id).where(ServiceItem.code == wanted)) is None:
        raise Invalid(_("This service does not exist."), field="renewal_item")
    said = check_renewal(
        form["renewal_kind"].data,
        form["renewal_months"].data,
        form["renewal_ahead"].data,
        wanted or item.item.code,
        recheck_age=bool(form["renewal_age"].data),
    )
    if said["recheck_age"] and ((item.more or {}).get("age") or {}).get("to") is None:
        raise Invalid(_("Enter up to which age the service is meant for first."), field="renewal_age")
    before = (item.more or {}).get("renewal") or {}
    words = {key: before[key] for key in ("text", "mark") if key in before}
    item.more = (item.more or {}) | {"renewal": words | said}


def in_words(row: ServiceItemVersion) -> str:
    """How the service comes back, on the page of the version."""
    own, plan = (row.more or {}).get("renewal") or {}, plan_for(row.item.code, row.more)
    kind = own.get("kind")
    if kind not in CYCLES:
        return str(KINDS.get(kind or "", _("only where the result has a last day")))
    return gettext(", ").join([str(KINDS[kind]), *_details(plan)])


def _details(plan: Plan) -> list[str]:
    found = [gettext("every %(n)s months", n=plan.months)] if plan.months else []
    return [
        *found,
        gettext("booked then: %(item)s", item=plan.item),
        gettext("proposed %(n)s days ahead", n=plan.ahead_days),
    ]

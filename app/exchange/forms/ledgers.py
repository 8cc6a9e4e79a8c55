"""What the page of the ledger builder sends, and what it shows: nothing typed is lost by a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.areas.models import Area
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.interface import Interface
from app.core.views.listing import FilterField
from app.core.widgets import lookup_label
from app.exchange.models import Ledger
from app.exchange.rules.ledgers import MOST_GROUPS
from app.exchange.service import export_rows
from app.exchange.service.export_build import Spec, resolved
from app.exchange.service.export_fields import Field, fields_of
from app.exchange.service.ledgers import HEADING, MOST_ORDERS, Given, roles_with, spec_of

LONGEST = 400


@dataclass(slots=True)
class Typed:
    """The builder's page: its values as they were typed, and what is wrong with them by field."""

    view: Any
    name: str = ""
    area_key: str = ""
    area: Area | None = None
    spec: Spec = field(default_factory=dict)
    roles: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def given(self) -> Given:
        return Given(self.name, self.area, self.spec, tuple(self.roles))

    @property
    def area_words(self) -> str:
        return lookup_label(Area, self.area) if self.area is not None else ""

    def refuse(self, refused: DomainError) -> None:
        """Put a refusal at its field, or above the page."""
        self.errors[refused.field if refused.field in KNOWN else ""] = str(refused)


# fields that show what is wrong with them; anything else stands above
KNOWN = frozenset({"name", "area", "columns", "roles", *HEADING})


# parts of the page, with what a ledger has there
PARTS = (
    (_("Saved as"), {"name"}),
    (_("Area"), {"area"}),
    (_("Fields"), {"columns", "sums"}),
    (_("Filters"), {"filters"}),
    (_("Order and groups"), {"orders", "groups", "totals", "numbered"}),
    (_("Heading and paper"), {"heading"}),
    (_("Shared with"), {"roles"}),
)


def fresh(session: Session, actor: Actor, view: Any) -> Typed:
    """The page of a new ledger: the columns of the list, the title of the list, A4."""
    fields = fields_of(view, session, actor)
    columns = [name for name in view.list_columns if name in fields]
    areas = export_rows.top_areas(session, actor, 1)
    title = gettext("{area} %(what)s, {year}-{month}", what=str(view.list_title))
    heading = {"title": title, "dated": True, "size": "A4", "landscape": len(columns) > 6}
    spec = {"view": type(view).__name__, "columns": columns, "filters": [], "orders": [], "groups": []}
    sums = [one.name for one in fields.values() if one.adds]
    spec |= {"totals": True, "sums": sums, "numbered": True, "heading": heading}
    area = areas[0] if areas else None
    return Typed(view, "", area.uid if area else "", area, spec)


def of_ledger(view: Any, ledger: Ledger) -> Typed:
    """The page of a saved one."""
    return Typed(
        view, ledger.name, ledger.area.uid, ledger.area, spec_of(ledger), list(ledger.shared_roles or ())
    )


def differences(typed: Typed, saved: Typed) -> list[str]:
    """The parts of a ledger in which two pages differ."""
    parts = {name for name, value in saved.spec.items() if typed.spec.get(name) != value}
    own = {"name": typed.name != saved.name, "area": typed.area_key != saved.area_key}
    own["roles"] = sorted(typed.roles) != sorted(saved.roles)
    parts |= {name for name, other in own.items() if other}
    return [str(label) for label, names in PARTS if parts & names]


def read(session: Session, view: Any, sent: MultiDict[str, str]) -> Typed:
    """The page as it was sent; what is wrong with it is found when it is checked."""
    heading: dict[str, Any] = {name: _text(sent, name) for name in HEADING}
    heading |= {"dated": bool(sent.get("dated")), "size": sent.get("size", "A4")}
    heading["landscape"] = sent.get("way") == "landscape"
    ways = [(sent.get(f"order{n}", ""), sent.get(f"way{n}") == "down") for n in range(1, MOST_ORDERS + 1)]
    groups = [sent.get(f"group{n}", "") for n in range(1, MOST_GROUPS + 1)]
    spec: Spec = {
        "view": type(view).__name__,
        "columns": list(dict.fromkeys(name for name in sent.getlist("columns") if name))[:200],
        "filters": [
            [n, v[:LONGEST]] for n, v in sent.items(multi=True) if n.startswith("_flt_") and v.strip()
        ],
        "orders": [[name, down] for name, down in ways if name],
        "groups": list(dict.fromkeys(name for name in groups if name)),
        "totals": bool(sent.get("totals")),
        "sums": sent.getlist("sums")[:200],
        "numbered": bool(sent.get("numbered")),
        "heading": heading,
    }
    key = sent.get("area", "").strip()
    typed = Typed(view, _text(sent, "name"), key, None, spec, sent.getlist("roles"))
    if key:
        try:
            typed.area = Interface(Area).by_key(session, key)
        except DomainError:
            typed.errors["area"] = gettext("Please choose from the list.")
    return typed


def _text(sent: MultiDict[str, str], name: str) -> str:
    return " ".join(sent.get(name, "").replace("\x00", "").split())[:LONGEST]


def page_of(session: Session, actor: Actor, typed: Typed, now: Any) -> dict[str, Any]:
    """What the template needs: chosen and other fields, filters, what may be sorted and grouped by, roles."""
    fields = fields_of(typed.view, session, actor)
    chosen = [fields[n] for n in typed.spec["columns"] if n in fields]
    gone = [n for n in typed.spec["columns"] if n not in fields]
    others: dict[str, list[Field]] = {}
    for one in fields.values():
        if one.name not in typed.spec["columns"]:
            others.setdefault(one.group, []).append(one)
    sortable = [(f.name, f.label) for f in fields.values() if f.sortable]
    known = {name for name, _label in sortable}
    orders = [(name, down) for name, down in typed.spec["orders"] if name in known]
    groups = [name for name in typed.spec["groups"] if name in known]
    return {
        "typed": typed,
        "chosen": chosen,
        "gone": gone,
        "others": others,
        "sortable": sortable,
        "orders": [*orders, *[("", False)] * MOST_ORDERS][:MOST_ORDERS],
        "groups": [*groups, *[""] * MOST_GROUPS][:MOST_GROUPS],
        "controls": controls(typed.view, typed.spec["filters"], now),
        "roles": roles_with(typed.view),
    }


def controls(view: Any, pairs: list[list[str]], now: Any) -> list[FilterField]:
    """The filters of the list with what was typed in them, refused or not."""
    typed = dict(tuple(pair) for pair in pairs)
    try:
        asked = export_rows.read_asked(view, resolved(view, pairs, now))
    except DomainError:
        asked = export_rows.read_asked(view, [])
    found = view.filter_fields(asked)
    for control in found:
        control.inputs = [(name, word, typed.get(name, value)) for name, word, value in control.inputs]
    return list(found)

"""Lost update: the loser sees both versions side by side and chooses by field (guards, section 6)."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

PICK = "pick-"
SIDES = "_sides"


@dataclass(frozen=True, slots=True)
class Side:
    """One field in which the two versions differ. ``pick`` is the proposal: mine, theirs, or none when both changed."""

    name: str
    label: str
    mine: str
    theirs: str
    pick: str


def base_of(view: Any, item: Any, form: Any) -> str:
    """Keyed digests of the values the form was opened with: they tell later who changed which field."""
    opened = view.make_form(is_new=False, item=item) if form.is_submitted() else form
    return json.dumps({f.name: _digest(view, item, f) for f in _fields(opened)}, separators=(",", ":"))


def picked(view: Any, item: Any, data: MultiDict[str, str]) -> MultiDict[str, str]:
    """The posted values with those replaced for which “theirs” was chosen on the conflict page."""
    chosen = [k.removeprefix(PICK) for k, v in data.items() if k.startswith(PICK) and v == "theirs"]
    if not chosen:
        return data
    theirs = view.make_form(is_new=False, item=item)
    mixed = MultiDict(data)
    for name in chosen:
        if name in theirs:
            mixed.setlist(name, [theirs[name].wire()] if theirs[name].wire() else [])
    return mixed


def is_unsettled(data: MultiDict[str, str]) -> bool:
    """Whether the page with both versions was sent without a choice for each of its fields: silence is no choice."""
    return any(data.get(PICK + name) not in {"mine", "theirs"} for name in data.get(SIDES, "").split())


def page(view: Any, key: str | None, *, unsettled: bool = False) -> str:
    """The page with both versions; posting it again saves the mixture against the new version.

    ``unsettled``: it came back without a choice for each field; the choices made stand.
    """
    item = view.datamodel.by_key(view.session, key)
    theirs = view.make_form(is_new=False, item=item)
    mine = view.make_form(is_new=False, item=item, data=request.form)
    mine.validate()
    opened = _opened()
    rows = [
        Side(
            f.name,
            str(f.label.text),
            f.words() or gettext("(empty)"),
            theirs[f.name].words() or gettext("(empty)"),
            request.form.get(PICK + f.name, "")
            if unsettled
            else _proposal(view, item, f, theirs[f.name], opened),
        )
        for f in _fields(mine)
        if f.wire() != theirs[f.name].wire()
    ]
    keep = [
        (k, v)
        for k, v in request.form.items(multi=True)
        if not k.startswith((PICK, SIDES, "_version", "_base", "_acting", "csrf"))
    ]
    return str(
        view.render_template(
            "appbuilder/general/model/conflict.html",
            title=gettext("Somebody else saved this record"),
            item=item,
            key=key,
            sides=rows,
            keep=keep,
            unsettled=unsettled,
            hidden={
                "_version": str(item.version),
                "_base": base_of(view, item, mine),
                SIDES: " ".join(side.name for side in rows),
            },
        )
    )


def _fields(form: Any) -> list[Any]:
    return [f for f in form if hasattr(f, "wire")]


def _digest(view: Any, item: Any, field: Any) -> str:
    text = f"{view.datamodel.table_name}:{item.uid}:{field.name}={field.wire()}"
    return hmac.new(current_app.config["SECRET_KEY"].encode(), text.encode(), hashlib.sha256).hexdigest()[:12]


def _opened() -> dict[str, str]:
    try:
        found = json.loads(request.form.get("_base", ""))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _proposal(view: Any, item: Any, mine: Any, theirs: Any, opened: dict[str, str]) -> str:
    base = opened.get(mine.name)
    if base is None:
        return ""
    i_changed, they_changed = _digest(view, item, mine) != base, _digest(view, item, theirs) != base
    return "mine" if i_changed and not they_changed else "theirs" if they_changed and not i_changed else ""

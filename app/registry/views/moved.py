"""Addresses of a record that is no more lead to the one it became: old links, codes on paper, a page open in another
window (S4-61). One place for every route: whatever page does not find a person or a home asks here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, flash, redirect, request, url_for
from flask_babel import lazy_gettext as _

from app.core.errors import Conflict, DomainError, NotFound
from app.core.interface import UUID_TEXT
from app.registry.models import Dwelling, Person
from app.registry.queries import finder
from app.registry.service import merging

MERGED = _("This record was merged into another one, which you see here.")
MERGED_MEANWHILE = _(
    "This record was merged into another one in the meantime. Nothing was saved: please open that one."
)
DIVIDED = _("This home was divided, merged or closed, and is now kept as you see here.")
DIVIDED_MEANWHILE = _(
    "This home was divided, merged or closed in the meantime. Nothing was saved: please look at what became of it."
)
READS = frozenset({"GET", "HEAD"})


def install(app: Flask) -> None:
    """Ask before a page answers that there is no such record."""
    refuse: Callable[[DomainError], Any] = app.error_handler_spec[None][None][DomainError]

    def answer(error: NotFound) -> Any:
        try:
            led = _lead_on()
        except Conflict as conflict:
            return refuse(conflict)
        return led or refuse(error)

    app.register_error_handler(NotFound, answer)


def _lead_on() -> Any | None:
    """A redirect to the same page of what the record became; Conflict where something was sent; None where nothing became
    of it that the actor sees.
    """
    for name, uid in (request.view_args or {}).items():
        model = _model_of(name)
        if model not in _BECAME or not UUID_TEXT.fullmatch(str(uid)):
            continue
        led = _BECAME[model](str(uid), name)
        if led is None:
            return None
        url, words, meanwhile, page = led
        if request.method not in READS:
            raise Conflict(meanwhile, url=page)
        flash(str(words), "info")
        return redirect(url)
    return None


def _model_of(argument: str) -> type | None:
    """What kind of record an argument of the route names."""
    named: dict[str, type] = {"person_uid": Person, "dwelling_uid": Dwelling}
    if argument in named:
        return named[argument]
    pages = current_app.extensions.get("geban_pages", {})
    view = pages.get((request.endpoint or "").partition(".")[0])
    return getattr(getattr(view, "datamodel", None), "obj", None) if argument == "pk" else None


def _same_page(argument: str, uid: str) -> str:
    return url_for(
        request.endpoint or "",
        **{**(request.view_args or {}), argument: uid},
        **dict[str, Any](request.args.items()),
    )


def _person(uid: str, argument: str) -> Any:
    kept = merging.kept_for(current_app.appbuilder.session(), uid)  # type: ignore[attr-defined]
    if kept is None:
        return None
    page = url_for("PersonView.show", pk=kept.uid)
    return _same_page(argument, kept.uid), MERGED, MERGED_MEANWHILE, page


def _dwelling(uid: str, argument: str) -> Any:
    """The one home that an old one was merged into; else the old one's own page, which tells what became of it."""
    found = finder.successor(current_app.appbuilder.session(), uid)  # type: ignore[attr-defined]
    if found is None:
        return None
    page = url_for("DwellingView.show", pk=found.uid)
    same = found.valid_to is None and argument != "pk"
    return _same_page(argument, found.uid) if same else page, DIVIDED, DIVIDED_MEANWHILE, page


_BECAME: dict[Any, Callable[[str, str], Any]] = {Person: _person, Dwelling: _dwelling}

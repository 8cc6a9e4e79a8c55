"""A form of a case on a page of its own: opened, refused with everything typed, or taken in one unit of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.areas.forms.staff import role_words
from app.core.errors import DomainError
from app.core.session import unit_of_work
from app.core.widgets import ChoiceField
from app.proxy.models import ProxyCase
from app.proxy.queries import case_page
from app.proxy.service import open_case
from app.proxy.service.openers import Opener

Take = Callable[[Session, ProxyCase, Any], None]
REFUSED = 422


def ready(form: Any) -> Any:
    """The form with its choices loaded."""
    for field in form:
        if isinstance(field, ChoiceField):
            field.load()
    return form


def by_post(one: Opener) -> str:
    """Somebody as a list of choices names them: with the post by which they can open the case."""
    return gettext(
        "%(name)s, %(role)s (%(office)s)", name=one.name, role=role_words(one.role), office=one.office
    )


def form_page(
    view: Any,
    pk: str,
    make: Callable[[Any], Any],
    take: Take,
    *,
    title: str,
    press: str,
    told: str = "",
    sign: str = "",
) -> Any:
    """Answer GET and POST of one form. ``make`` builds it from what was posted (None for nothing), ``take`` writes.

    ``sign`` is the heading of a place to sign, where somebody may. Back to the case when it was taken; the page again with
    status 422, or what the refusal says, when not.
    """
    words = {"title": title, "press": press, "told": told, "sign": sign}
    if request.method == "GET":
        return _page(view, pk, make(None), words), 200
    form = make(request.form)
    if not form.validate():
        return _page(view, pk, form, words), REFUSED
    try:
        with unit_of_work(view.session) as session:
            case = open_case(session, pk, request.form.get("_version") or "0")
            # read again inside the unit: what was looked up before may have changed
            form = make(request.form)
            form.validate()
            take(session, case, form)
            session.flush()
            url = view.url_show(case)
    except DomainError as refused:
        form.refuse(refused.field, refused.message)
        return _page(view, pk, form, words), refused.status
    flash(gettext("Saved."), "success")
    return view.go(url)


def _page(view: Any, pk: str, form: Any, words: Mapping[str, str]) -> str:
    case = case_page.load(view.session, pk)
    opened_at = request.form.get("_version") or str(case.version)
    return str(
        view.render_template(
            "proxy/form_page.html",
            case=case,
            form=form,
            opened_at=opened_at,
            drawn=request.form.get("signature", ""),
            **words,
        )
    )

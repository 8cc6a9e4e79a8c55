"""What templates may call: assets with their hash, icons, dates and masks as people read them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, has_request_context, request, url_for
from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _

from app.core import clock, masks, policy
from app.core.actor import current_actor
from app.core.icons import icon
from app.core.views.cells import badge, plain

STATIC = Path(__file__).resolve().parents[1] / "static"
WEEKDAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)


@lru_cache(maxsize=1)
def _manifest() -> dict[str, dict[str, str]]:
    path = STATIC / "vendor" / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


@lru_cache(maxsize=256)
def _stamp(name: str, _changed: float) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


# by the part of the name that tells them apart, the narrowest first: Edge calls itself Chrome as well
BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Version", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def _once(key: str, make: Callable[[], str]) -> str:
    """An address that is the same for every request below one root; made once."""
    if not has_request_context():
        return make()
    kept: dict[tuple[str, str], str] = current_app.extensions.setdefault("geban_urls", {})
    found = kept.get((request.script_root, key))
    if found is None:
        found = kept[request.script_root, key] = make()
    return found


def fixed_url(endpoint: str) -> str:
    """URL of an endpoint without values."""
    return _once(endpoint, lambda: url_for(endpoint))


def asset(name: str) -> str:
    """URL of a library of static/vendor (``tom-select.js``) or of a file of ours (``css/geban.css``), with its hash.

    While templates are watched for changes, so are these files; else they change with a restart only.
    """
    if current_app.jinja_env.auto_reload:
        return _asset(name)
    return _once(f"static {name}", lambda: _asset(name))


def _asset(name: str) -> str:
    vendor = _manifest().get(name)
    if vendor is not None:
        return url_for("static", filename=f"vendor/{vendor['file']}")
    path = STATIC / name
    if not path.is_file():
        return url_for("static", filename=name)
    return url_for("static", filename=name, v=_stamp(name, path.stat().st_mtime))


def browser_words(agent: str | None) -> str:
    """A browser's long name as people call it: ``Chrome 120 · Windows``; what is not known stays away."""
    text = agent or ""
    found = ((word, re.search(rf"{sign}/(\d+)", text)) for sign, word in BROWSERS)
    name = next((f"{word} {version[1]}" for word, version in found if version), "")
    system = next((word for sign, word in SYSTEMS if sign in text), "")
    return " · ".join(filter(None, (name, system)))


def day(value: date | datetime | None) -> str:
    """A date on screen: 2026-11-03."""
    if value is None:
        return ""
    return (clock.to_local(value).date() if isinstance(value, datetime) else value).isoformat()


def moment(value: datetime | None) -> str:
    """An instant on screen: 2026-11-03 14:30, local time."""
    return "" if value is None else clock.to_local(value).strftime("%Y-%m-%d %H:%M")


def long_day(value: date | datetime) -> str:
    """A day in words with its weekday, for headlines."""
    on = clock.to_local(value).date() if isinstance(value, datetime) else value
    return gettext(
        "%(weekday)s, %(year)s-%(month)s-%(day)s",
        weekday=str(WEEKDAYS[on.weekday()]),
        year=on.year,
        month=on.month,
        day=on.day,
    )


def number(value: int | float | None) -> str:
    """A count with separators; nothing for None."""
    return "" if value is None else f"{value:,}"


def shown(row: Any, column: str, place: str = "page") -> str:
    """A column of a record through the field policy, for hand-written pages."""
    return plain(policy.shown(current_actor(), type(row), column, getattr(row, column), place=place))


def may(permission: str, view: str) -> bool:
    """Whether the acting role holds a permission: ``may("can_add", "PersonView")``."""
    return current_actor().may(permission, view)


def page_of(name: str) -> Any:
    """The mounted view of a class name, or None."""
    return current_app.extensions.get("geban_pages", {}).get(name)


def language() -> str:
    """The ``lang`` of the page."""
    locale = get_locale()
    return "zh-CN" if locale is None or locale.language == "zh" else str(locale.language)


def _nonce() -> str:
    return str(g.get("csp_nonce", ""))


def counted(singular: str, plural: str, num: int, **more: Any) -> str:
    """``ngettext`` of templates. What is no number is an error in every language: Chinese, with one form, would be the
    only one to find it.
    """
    if isinstance(num, bool) or not isinstance(num, int):
        raise TypeError(f"not a number of things: {num!r}")
    return str(ngettext(singular, plural, num, **more))


def install(app: Flask) -> None:
    """Hang globals and filters on the app's templates."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=asset,
        icon=icon,
        badge=badge,
        may=may,
        page_of=page_of,
        actor=current_actor,
        language=language,
        ngettext=counted,
        now=clock.now,
        today=clock.today,
    )
    app.jinja_env.globals.setdefault("csp_nonce", _nonce)
    app.jinja_env.filters.update(
        day=day,
        moment=moment,
        long_day=long_day,
        number=number,
        plain=plain,
        browser=browser_words,
        said=lambda text: gettext(text) if text else "",
        shown=shown,
        mask_id_number=masks.mask_id_number,
        mask_phone=masks.mask_phone,
        mask_name=masks.mask_name,
    )

"""What ``flask demo`` asks of the site before it loads the city."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_babel import lazy_gettext as _

from app.core.errors import NotAllowed
from app.demo.make import Wish, make_demo
from app.documents.drawing import Press
from app.documents.errors import PaperError
from app.documents.press import site_press


def load(app: Flask, city: str, persons: int, say: Callable[[str], None]) -> bool:
    """Load the city; False when it is there already. Raises NotAllowed in production, NotEmpty beside other rows."""
    if app.config["GEBAN_ENV"] == "production":
        raise NotAllowed(
            _("The demo city has known accounts and is refused in production: set GEBAN_ENV=demo.")
        )
    wish = Wish(
        city=city,
        persons=persons,
        home=app.config["GEBAN_HOME"],
        password_method=app.config["PASSWORD_METHOD"],
        press=press_or_none,
    )
    return make_demo(wish, say)


def press_or_none() -> Press | None:
    """The site's press, or None where fonts or the text engine are missing: a demo may do without papers."""
    try:
        return site_press(forms=1)  # letters and sheets, some ten papers
    except (PaperError, OSError):
        return None

"""Language of a request: the account's, else the one chosen in this browser, else the site's."""

from __future__ import annotations

from flask import current_app, g, has_request_context, session


def choose() -> str:
    """Locale code for Flask-Babel. Reads only: FAB's own selector writes a cookie for every visitor."""
    default: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    if not has_request_context():
        return default
    facts = g.get("sign_in")
    wanted = (facts.language if facts is not None else None) or session.get("locale")
    return wanted if wanted in current_app.config["LANGUAGES"] else default

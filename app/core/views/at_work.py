"""Views and their forms in a job, where nobody has sent a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, g, has_request_context
from flask_babel import force_locale
from sqlalchemy.orm import Session


@contextmanager
def forms_at_work(session: Session, language: str) -> Iterator[None]:
    """Inside, views and their fields read with ``session`` and speak ``language``. Nobody sent a page, so there is no
    token to compare; who acts is the session's own actor.
    """
    if has_request_context():
        yield
        return
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    registry = app.appbuilder.session.registry
    with app.test_request_context("/"):
        g.csrf_valid = True
        registry.set(session)
        try:
            with force_locale(language):
                yield
        finally:
            registry.clear()  # the end of the page must not close the session of the job

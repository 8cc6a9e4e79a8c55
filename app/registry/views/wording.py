"""Colours of rented homes and states of hazards as small coloured words."""

from __future__ import annotations

from typing import Any

from flask import current_app
from markupsafe import Markup

from app.core import codes
from app.core.views import badge
from app.registry.choices import HazardState
from app.registry.service.risk import COLOURS


def colour_badge(code: str | None) -> Markup | str:
    """The risk colour in words on its ground; empty where it is not known."""
    if not code:
        return ""
    session: Any = current_app.appbuilder.session()  # type: ignore[attr-defined]
    return badge(codes.label(session, COLOURS, code), code)


def hazard_badge(code: str) -> Markup:
    """The state of a hazard."""
    state = HazardState.parse(code)
    return badge(state.label, state.badge)

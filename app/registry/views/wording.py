"""Colours of rented homes and states of hazards as small coloured words; what happened to a record as a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import current_app
from flask_babel import gettext
from markupsafe import Markup

from app.core import clock, codes
from app.core.choices import Choice
from app.core.models import StepBase
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


def timeline(steps: Iterable[StepBase], actions: type[Choice]) -> Markup:
    """Steps in their order: what, when, by whom and why."""
    lines = [
        Markup("<li><strong>{}</strong><span>{} · {}</span>{}</li>").format(
            actions.label_of(step.action),
            clock.to_local(step.at).strftime("%Y-%m-%d %H:%M"),
            step.by_label if step.by_user else gettext("The program"),
            Markup("<p>{}</p>").format(step.reason) if step.reason else "",
        )
        for step in steps
    ]
    return Markup('<ol class="gb-timeline">{}</ol>').format(Markup("").join(lines))

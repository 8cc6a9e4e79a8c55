"""Dividing areas anew: split, merger, transfer, with a preview and an effective date (S0-15; ADR 0003)."""

from app.areas.service.live import register_count, register_ground, register_live
from app.areas.service.plans.apply import apply_one, apply_plan, due
from app.areas.service.plans.definition import PieceSpec, Shape, read_shape, store
from app.areas.service.plans.preview import Preview, preview
from app.areas.service.plans.steps import (
    cancel,
    draft_plan,
    may_touch,
    revise_plan,
    schedule,
    steps_of,
    unschedule,
)

__all__ = [
    "PieceSpec",
    "Preview",
    "Shape",
    "apply_one",
    "apply_plan",
    "cancel",
    "draft_plan",
    "due",
    "may_touch",
    "preview",
    "read_shape",
    "register_count",
    "register_ground",
    "register_live",
    "revise_plan",
    "schedule",
    "steps_of",
    "store",
    "unschedule",
]

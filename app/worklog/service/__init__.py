"""Verbs of the work log. Upper domains write down into it: one visit, one record a deed (S3-64, S1-56)."""

from app.worklog.service import doors, ground  # noqa: F401  both register themselves with a domain below
from app.worklog.service.records import CONTENT_LENGTH, write_record
from app.worklog.service.visits import (
    Door,
    add_purpose,
    add_stop,
    cancel_visit,
    finish_visit,
    log_stop,
    need_planned,
    open_visit,
    plan_visit,
)

__all__ = [
    "CONTENT_LENGTH",
    "Door",
    "add_purpose",
    "add_stop",
    "cancel_visit",
    "finish_visit",
    "log_stop",
    "need_planned",
    "open_visit",
    "plan_visit",
    "write_record",
]

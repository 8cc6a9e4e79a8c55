"""Verbs of the proxy domain."""

from app.proxy.service.cases import act, answer_condition, book, facts
from app.proxy.service.catalogue import load_catalogue, new_draft, publish, version_on

__all__ = ["act", "answer_condition", "book", "facts", "load_catalogue", "new_draft", "publish", "version_on"]

"""Verbs of the proxy domain."""

from app.proxy.service.catalogue import load_catalogue, new_draft, publish, version_on

__all__ = ["load_catalogue", "new_draft", "publish", "version_on"]

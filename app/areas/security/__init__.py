"""Sign-in at the request edge: security manager, gate, login, re-authentication, the guard of posts."""

from app.areas.security import grants
from app.areas.security.confirm import recently_confirmed
from app.areas.security.manager import SecurityManager

__all__ = ["SecurityManager", "grants", "recently_confirmed"]

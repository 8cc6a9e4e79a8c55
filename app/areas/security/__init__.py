"""Sign-in at the request edge: security manager, gate, login, re-authentication, the guard of posts."""

from app.areas.accounts import upkeep
from app.areas.security import grants
from app.areas.security.confirm import recently_confirmed
from app.areas.security.manager import SecurityManager

# grants listens on the session, upkeep registers its nightly job: importing them is enough
__all__ = ["SecurityManager", "grants", "recently_confirmed", "upkeep"]

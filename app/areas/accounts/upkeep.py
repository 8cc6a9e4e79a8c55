"""Nightly upkeep of accounts: old tries and long-ended sessions are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.areas.accounts import lockout, sessions
from app.core import jobs

TIDY = "accounts.tidy"
KEEP_TRIES = timedelta(days=1)
KEEP_SESSIONS = timedelta(
    days=200
)  # longer than the six months that sign-ins stand in the access log on line


@jobs.handler(TIDY, label=_("Old sign-ins cleared away"), system=True)
def tidy(work: jobs.Work) -> dict[str, Any]:
    """Delete tries that no longer count and sessions that ended long ago."""
    gone = {}
    with work.step() as session:
        gone["tries"] = lockout.purge(session, work.now - KEEP_TRIES)
        gone["sessions"] = sessions.purge_ended(session, work.now - KEEP_SESSIONS)
    return gone


jobs.daily(TIDY, at="03:15")

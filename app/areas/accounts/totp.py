"""One-time codes (TOTP, RFC 6238) for administrators and exporters: enrol, confirm, check; a step works once."""

from __future__ import annotations

import io
from datetime import datetime

import pyotp
import segno
from flask_babel import lazy_gettext as _
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from app.areas.models import Account
from app.core.errors import Conflict, Invalid

STEP = 30
DRIFT = 1  # steps a phone's clock may be ahead or behind


def begin(session: Session, account: Account) -> None:
    """Make a new secret that is not in force yet; flushes. Refused while one is in force."""
    if account.totp_confirmed_at is not None:
        raise Conflict(_("One-time codes are already set up for this account."))
    account.totp_secret, account.totp_last_step = pyotp.random_base32(), None
    session.flush()


def check(session: Session, account: Account, code: str, now: datetime) -> bool:
    """Whether a code is right and new. The step is taken by one conditional update: a replay loses, also in parallel."""
    step = _step_of(account.totp_secret, code, now)
    if step is None:
        return False
    fresh = or_(Account.totp_last_step.is_(None), Account.totp_last_step < step)
    taken = update(Account).where(Account.user_id == account.user_id, fresh).values(totp_last_step=step)
    # the step is no change of the account: the sign-in itself stands in the access log
    result = session.execute(taken, execution_options={"audited": True})
    return bool(result.rowcount)  # type: ignore[attr-defined]


def confirm(session: Session, account: Account, code: str, now: datetime) -> None:
    """Put the new secret in force once a code of it was typed; Invalid when the code is wrong."""
    if account.totp_confirmed_at is not None:
        raise Conflict(_("One-time codes are already set up for this account."))
    if not check(session, account, code, now):
        raise Invalid(
            _("This code is not right. Wait for the next one and check the clock of the phone."), field="otp"
        )
    account.totp_confirmed_at = now
    session.flush()


def remove(session: Session, account: Account) -> None:
    """Take the second factor away (lost phone): the next sign-in asks to set it up where the role needs one."""
    account.totp_secret = account.totp_confirmed_at = account.totp_last_step = None
    session.flush()


def qr_svg(account: Account, username: str, site: str) -> str:
    """The enrolment QR code as inline SVG without style attributes (the CSP forbids them)."""
    uri = pyotp.TOTP(account.totp_secret or "").provisioning_uri(name=username, issuer_name=site)
    out = io.BytesIO()
    segno.make(uri, error="m").save(out, kind="svg", scale=5, border=2, xmldecl=False, svgns=True, nl=False)
    return out.getvalue().decode()


def _step_of(secret: str | None, code: str, now: datetime) -> int | None:
    digits = "".join(c for c in code if c.isdigit())
    if not secret or len(digits) != 6:
        return None
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    for step in range(current - DRIFT, current + DRIFT + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), digits):
            return step
    return None

"""What people do with their own account: password, second factor, language, acting role, other sessions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask import current_app
from flask_appbuilder.security.sqla.models import User
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.accounts import passwords, sessions, totp
from app.areas.accounts.login import Visitor
from app.areas.actors import SessionFacts
from app.areas.models import Account, SignIn
from app.audit.service import reason
from app.core.errors import Invalid, NotAllowed


def change_password(
    session: Session,
    facts: SessionFacts,
    new: str,
    repeated: str,
    now: datetime,
    at: Visitor,
) -> str:
    """Set an own password and end every session; returns the token of a new one that takes this one's place.

    The old password has been checked by ``login.check_again``.
    """
    if new != repeated:
        raise Invalid(_("The two passwords are not the same."), field="repeated")
    user = session.get_one(User, facts.user_id)
    passwords.check_new(session, user, new)
    role = session.scalar(select(SignIn.acting_role).where(SignIn.id == facts.id))
    with reason(tag="own_password"):
        passwords.set_password(session, user, new, now)
        sessions.end_all(session, user.id, now, sessions.CHANGED)
    return sessions.open_sign_in(
        session,
        user.id,
        now,
        role=role,
        address=at.address,
        agent=at.agent,
        second_factor=facts.second_factor_at is not None,
    )


def begin_second_factor(session: Session, facts: SessionFacts) -> None:
    """Make a secret to be scanned."""
    totp.begin(session, session.get_one(Account, facts.user_id))


def confirm_second_factor(session: Session, facts: SessionFacts, code: str, now: datetime) -> None:
    """Put one-time codes in force; this session has given one."""
    with reason(tag="second_factor"):
        totp.confirm(session, session.get_one(Account, facts.user_id), code, now)
    pass_second_factor(session, facts, now)


def choose_role(session: Session, facts: SessionFacts, held: Collection[str], role: str) -> None:
    """Act in another of the roles held today."""
    if role not in held:
        raise NotAllowed(_("You do not hold this post today."))
    with reason(tag="acting_role"):
        sessions.act_as(session, facts, role)


def save_settings(
    session: Session, facts: SessionFacts, language: str | None, large_type: str | None
) -> None:
    """Language and large type (``"1"``/``"0"``); None leaves a setting as it was."""
    account = session.get_one(Account, facts.user_id)
    if language is not None:
        if language not in current_app.config["LANGUAGES"]:
            raise Invalid(_("This choice does not exist."), field="language")
        account.language = language
    if large_type is not None:
        account.large_type = large_type == "1"
    session.flush()


def pass_second_factor(session: Session, facts: SessionFacts, now: datetime) -> None:
    """This session has given a one-time code."""
    sessions.pass_second_factor(session, facts.id, now)


def open_sessions(session: Session, facts: SessionFacts) -> list[SignIn]:
    """Own sessions that have not been ended, newest first."""
    query = select(SignIn).where(SignIn.user_id == facts.user_id, SignIn.ended_at.is_(None))
    return list(
        session.scalars(query.where(SignIn.epoch == facts.account_epoch).order_by(SignIn.id.desc()).limit(20))
    )


def end_others(session: Session, facts: SessionFacts, now: datetime) -> None:
    """End every own session but this one."""
    sessions.end_all(session, facts.user_id, now, sessions.FORCED, but=facts.id)

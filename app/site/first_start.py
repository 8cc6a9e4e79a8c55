"""What ``flask --app run init`` does. Every step may be repeated and adds only what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask_appbuilder import AppBuilder
from sqlalchemy.orm import Session

from app.audit.verify import keys_fit
from app.core import clock
from app.core.crypto import KeyProblem, Keyring, ring, use
from app.core.scope import unscoped
from app.core.session import unit_of_work
from app.extensions import db
from app.proxy.service import load_catalogue, load_limits
from app.proxy.service.entitlement import load_criteria
from app.proxy.service.guide import load_guide
from app.registry.service import duplicates, risk
from app.site import permissions, schema, structure
from app.site.administrators import first_administrators
from app.site.lock import start_lock


@dataclass
class Report:
    """What a start changed. ``passwords`` is {username: (role, password)}, shown once and kept nowhere."""

    grants: int = 0
    codes: int = 0
    items: int = 0
    passwords: dict[str, tuple[str, str]] = field(default_factory=dict)


def first_start(app: Flask) -> Report:
    """Lock, migrate, and fill in what a site needs before anybody can sign in."""
    with app.app_context():
        engine = db.engine
        with start_lock(engine, app.config["GEBAN_HOME"]):
            _keep_keys(app.config["GEBAN_KEYS"])
            schema.upgrade(app, engine)
            with (
                unscoped("first start: there is nobody yet who could be asked") as session,
                unit_of_work(session),
            ):
                return _fill(session, app.extensions["appbuilder"], app.config["GEBAN_SITE_NAME"])


def _keep_keys(path: Path) -> None:
    """Store the keys of a new site. Of several first starts at once one ring wins, for all."""
    if not path.exists():
        ring().save_first(path)
    use(Keyring.load(path))


def _fill(session: Session, appbuilder: AppBuilder, site_name: str) -> Report:
    if not keys_fit(session):
        raise KeyProblem(
            "the key file is not the one of this database: put the right one into place (GEBAN_KEYS)"
        )
    report = Report()
    report.grants = permissions.sync(session, appbuilder)
    report.codes = structure.load_codes(session)
    root = structure.load_structure(session, site_name)
    report.items = load_catalogue(session)
    load_criteria(session)
    load_guide(session)
    load_limits(session)
    risk.load_rules(session)
    duplicates.load_rules(session)
    report.passwords = first_administrators(session, root, clock.now())
    return report

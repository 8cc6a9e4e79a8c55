"""``/health``: whether this web process can serve, for load balancers and supervisors. Open to everybody, says little."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify
from sqlalchemy import inspect, select
from sqlalchemy.exc import SQLAlchemyError

from app.core.edge import public
from app.extensions import db

PATH = "/health"
log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Hang the page on an app. Its endpoint is called ``health``: the gate lets it pass by that name."""
    app.add_url_rule(PATH, "health", answer, methods=["GET"])


@public
def answer() -> Response:
    """200 ``{"status": "ok"}``, or 503 with what is missing: ``database`` (no connection) or ``schema`` (no init yet)."""
    missing = _missing()
    response = jsonify(
        status="ok" if missing is None else "down", **({"missing": missing} if missing else {})
    )
    response.status_code = 200 if missing is None else 503
    return response


def _missing() -> str | None:
    try:
        with db.engine.connect() as connection:
            connection.execute(select(1)).scalar_one()
            return None if inspect(connection).has_table("alembic_version") else "schema"
    except SQLAlchemyError as error:
        log.error("health: %s", type(error).__name__)
        return "database"

"""Unbound extension objects; create_app binds them."""

from __future__ import annotations

from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from app.core.session import GuardedSession

db = SQLA(session_options={"class_": GuardedSession}, model_class=Model, metadata=Model.metadata)
migrate = Migrate(directory="migrations", render_as_batch=True, compare_type=True)
csrf = CSRFProtect()

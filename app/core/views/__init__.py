"""Base classes of all views: FAB's on the outside, guarded and lean inside. Contract: docs/adr, tests/integration."""

from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.core.interface import Interface
from app.core.views.base import BaseView, is_local
from app.core.views.cells import badge, name_of, plain, said
from app.core.views.model import ModelView
from app.core.views.removing import reason_given
from app.core.views.showing import RelatedList

__all__ = [
    "BaseView",
    "Interface",
    "ModelView",
    "RelatedList",
    "badge",
    "expose",
    "has_access",
    "is_local",
    "name_of",
    "permission_name",
    "plain",
    "reason_given",
    "said",
]

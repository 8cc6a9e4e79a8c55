"""Fields of staff and posts."""

from __future__ import annotations

from typing import Any

from app.areas.accounts.administration import grantable
from app.areas.roles import ROLES
from app.core.actor import current_actor
from app.core.widgets import ChoiceField


def role_words(key: str | None) -> Any:
    """The name of a role for people."""
    return ROLES[key].label if key in ROLES else key or ""


class RoleField(ChoiceField):
    """Roles that the actor may give: those below the own rank, and the one the post has already."""

    def pairs(self) -> list[tuple[str, Any]]:
        keys = grantable(current_actor())
        if self.object_data and self.object_data not in keys:
            keys = [*keys, self.object_data]
        return [(key, role_words(key)) for key in keys]

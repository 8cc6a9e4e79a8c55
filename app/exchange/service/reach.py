"""What somebody could see when a file was made: it is handed out as long as that still holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.actor import Actor
from app.core.errors import NotAllowed


def reach_of(actor: Actor) -> dict[str, Any]:
    """Post, areas, departments and named grants of the actor, as JSON."""
    return {
        "role": actor.role,
        "whole": actor.whole_site,
        "ranges": [list(span) for span in actor.ranges],
        "units": list(actor.org_unit_ids),
        "grants": sorted(actor.named_groups),
    }


def need_reach(reach: Mapping[str, Any] | None, actor: Actor) -> None:
    """Raises NotAllowed where the acting post is another one by now, or no longer covers what the file was made from."""
    if reach is None:
        return
    if actor.role != reach["role"]:
        raise NotAllowed(_("This file was made under another post: choose that post above to fetch it."))
    inside = actor.whole_site or (
        not reach["whole"]
        and all(any(lo <= a and b <= hi for lo, hi in actor.ranges) for a, b in reach["ranges"])
    )
    if not (
        inside
        and set(reach["units"]) <= set(actor.org_unit_ids)
        and set(reach["grants"]) <= actor.named_groups
    ):
        raise NotAllowed(
            _(
                "Your post no longer covers what this file was made from. Make it anew for what it covers today."
            )
        )

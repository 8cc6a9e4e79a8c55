"""Delegated user administration: inside one's own subtree and below one's own rank (guards, section 2)."""

from app.areas.rules.paths import is_within


def may_administer(admin_rank: int, admin_area_path: str, target_rank: int, target_area_path: str) -> bool:
    """Whether an administrator of this rank (higher number: higher rank) and area may create or change an account.

    The target's rank must be lower, before and after a change alike; equals never administer each other or
    themselves. An empty administrator path is the whole site.
    """
    return target_rank < admin_rank and is_within(target_area_path, admin_area_path)

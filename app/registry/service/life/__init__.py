"""Life events: what happens to people and households, entered as rows that can be taken back (S4-54)."""

from app.registry.service.life.arriving import Child, birth, move_in, newcomer
from app.registry.service.life.entering import Told
from app.registry.service.life.heads import NEW, Heads, NewHead, asks_head
from app.registry.service.life.leaving import death, households_of, move_out
from app.registry.service.life.papers import new_document, new_name
from app.registry.service.life.regroup import change_head, change_home, merge, split
from app.registry.service.life.revoking import revoke

__all__ = [
    "NEW",
    "Child",
    "Heads",
    "NewHead",
    "Told",
    "asks_head",
    "birth",
    "change_head",
    "change_home",
    "death",
    "households_of",
    "merge",
    "move_in",
    "move_out",
    "new_document",
    "new_name",
    "newcomer",
    "revoke",
    "split",
]

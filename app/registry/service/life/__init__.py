"""Life events: what happens to people and households, entered as rows that can be taken back (S4-54)."""

from app.registry.service.life.arriving import Child, birth, move_in, newcomer
from app.registry.service.life.entering import Told
from app.registry.service.life.heads import NEW, Heads, NewHead, asks_head
from app.registry.service.life.leaving import death, households_of, move_out
from app.registry.service.life.papers import new_document, new_name
from app.registry.service.life.regroup import change_head, change_home, merge, split
from app.registry.service.life.reshaping import Piece, living_in, merge_homes, split_home
from app.registry.service.life.revoking import revoke

__all__ = [
    "NEW",
    "Child",
    "Heads",
    "NewHead",
    "Piece",
    "Told",
    "asks_head",
    "birth",
    "change_head",
    "change_home",
    "death",
    "households_of",
    "living_in",
    "merge",
    "merge_homes",
    "move_in",
    "move_out",
    "new_document",
    "new_name",
    "newcomer",
    "revoke",
    "split",
    "split_home",
]

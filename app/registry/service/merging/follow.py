"""How each pointer at a person behaves when two records are merged: the map, and what is missing in it.

Tables of the registry stand in FOLLOWS. A domain above says it in the column: ``info={"merge": MOVES}``. A pointer that
says nothing stops a test (tests/integration/test_merge.py): whoever adds a foreign key to ``person`` decides here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Column, Table

MOVES = "moves"
TARGET = "person.id"
# columns that hold the uid of a person without a foreign key
BY_UID = ("person_uid", "guardian_uid")


@dataclass(frozen=True)
class Follow:
    """One pointer.

    way      moves: the row goes to the record that stays; own: service/merging moves it by itself; stays: it speaks of
             the record that goes and keeps doing so
    once     columns that may be open once for a person: where both records have such a row, the one that moves is closed
    closing  what closes it beside (or instead of) its last day
    mark     a column of a unique key that gets a suffix then, so that both rows can stand on one person
    hide     the row goes to the recycle bin then, even where it could be ended
    step     (table of steps, action of closing, action of the way back): a state that changes has its history
    drop     the row is deleted then: it says nothing that the other does not
    """

    way: str = MOVES
    once: tuple[str, ...] | None = None
    closing: Mapping[str, Any] = field(default_factory=dict)
    mark: str | None = None
    hide: bool = False
    step: tuple[str, str, str] | None = None
    drop: bool = False


OWN, STAYS = Follow("own"), Follow("stays")

FOLLOWS: dict[str, Follow] = {
    "person.merged_into_id": STAYS,  # a chain is followed to its end
    "person_merge.kept_id": STAYS,
    "person_merge.gone_id": STAYS,
    "duplicate_pair.first_id": STAYS,  # hidden with the record that goes; found anew for the one that stays
    "duplicate_pair.second_id": STAYS,
    "household_member.person_id": OWN,
    "residence.person_id": OWN,
    "person_document.person_id": OWN,
    "person_name.person_id": OWN,
    "person_area.person_id": Follow(once=("area_id", "kind")),
    "person_phone.person_id": Follow(once=("number_index",), hide=True),
    "person_group.person_id": Follow(
        once=("group_code",), closing={"end_reason": "duplicate", "next_visit_on": None}
    ),
    "person_source.person_id": Follow(once=("field_group",), drop=True),
    "consent_task.person_id": Follow(),
    "consent_task.guardian_uid": Follow(),
    "floating_stay.person_id": Follow(once=()),
    "left_behind.person_id": Follow(once=("kind",)),
    "overseas_stay.person_id": Follow(once=()),
    "change_request.person_id": Follow(),
    "help_record.person_id": Follow(),
    "household.head_person_id": Follow(),
    "life_event_person.person_id": Follow(once=("event_id", "role"), drop=True),
    "move_in_request.person_id": Follow(),
    "proposal.person_id": Follow(
        once=("rule", "anchor"),
        closing={"state": "dropped"},
        mark="anchor",
        step=("proposal_step", "drop", "reopen"),
    ),
    "rental_home.landlord_person_id": Follow(),
    "tenancy.person_id": Follow(once=("rental_home_id",)),
}


@dataclass(frozen=True)
class Pointer:
    """A column that points at persons; ``by_uid`` where it holds the public key."""

    column: Column[Any]
    by_uid: bool

    @property
    def name(self) -> str:
        return f"{self.column.table.name}.{self.column.name}"

    @property
    def follow(self) -> Follow | None:
        """How it behaves; None when nobody has said."""
        said = self.column.info.get("merge")
        return FOLLOWS.get(self.name) or (Follow() if said == MOVES else None)


def pointers(tables: Iterable[Table] | None = None) -> Iterator[Pointer]:
    """Every pointer at a person in any domain, in order of tables."""
    found = Model.metadata.tables.values() if tables is None else tables
    for table in sorted(found, key=lambda t: t.name):
        for column in table.columns:
            if any(key.target_fullname == TARGET for key in column.foreign_keys):
                yield Pointer(column, by_uid=False)
            elif column.name in BY_UID:
                yield Pointer(column, by_uid=True)


def unknown(tables: Iterable[Table] | None = None) -> list[str]:
    """Pointers of which nobody has said how they behave."""
    return [pointer.name for pointer in pointers(tables) if pointer.follow is None]

"""What hangs on a person as Flask-AppBuilder shows it: a list of each table below the record (``related_views``).

Each table is a plain mapped class with a relation to the person, and a ModelView over it, as the manual has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_appbuilder import Model, ModelView
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Table
from sqlalchemy.orm import foreign, relationship, remote


@dataclass(frozen=True)
class Hung:
    """A table of the person's page: its columns in the list, the column that points at the person, and the relations to
    show beside (name → table); ``through`` is the table in between where it points at none.
    """

    table: str
    columns: str
    key: str = "person_id"
    beside: tuple[tuple[str, str], ...] = ()
    through: str = ""


HUNG = (
    Hung("person_document", "kind number valid_from valid_to"),
    Hung("person_phone", "kind number valid_from valid_to"),
    Hung("person_name", "kind name valid_from valid_to"),
    Hung("person_source", "field_group source confirmed_at"),
    Hung("household_member", "household relation valid_from valid_to", beside=(("household", "household"),)),
    Hung(
        "residence", "kind dwelling outside_address valid_from valid_to", beside=(("dwelling", "dwelling"),)
    ),
    Hung("person_group", "group_code level valid_from valid_to last_visit_on next_visit_on"),
    Hung("group_visit", "person_group visited_on way by_label", "group_id", through="person_group"),
    Hung("visit_stop", "visit outcome at note", beside=(("visit", "visit"),)),
    Hung(
        "proxy_case",
        "number item_version state opened_at",
        "person_uid",
        beside=(("item_version", "service_item_version"),),
    ),
    Hung("issued_document", "title number state issued_at", "owner_uid", through="proxy_case"),
    Hung("life_event_person", "event role", beside=(("event", "life_event"),)),
    Hung("proposal", "rule topic due_on state"),
    Hung("floating_stay", "inflow_reason permit_ends_on valid_from valid_to"),
    Hung("left_behind", "kind valid_from valid_to"),
    Hung("overseas_stay", "purpose valid_from valid_to"),
    Hung("tenancy", "rental_home head_count valid_from valid_to", beside=(("rental_home", "rental_home"),)),
    Hung("consent_task", "kind due_on done_on"),
    Hung("person_merge", "gone_name reason created_at undone_at", "kept_id"),
)
# what the related row is called
NAMES = {
    "household": "name",
    "dwelling": "address",
    "person_group": "group_code",
    "visit": "title",
    "service_item_version": "name",
    "life_event": "kind",
    "rental_home": "name",
}


def views(engine: Any, person: Any, known: dict[str, Any]) -> list[type]:
    """A ModelView for each table; ``known`` are classes that stand already, by table."""
    found: dict[str, Any] = dict(known)
    for hung in HUNG:
        if hung.table not in found:
            found[hung.table] = _mapped(engine, hung.table)
    for hung in HUNG:
        for _name, table in hung.beside:
            found.setdefault(table, None)
            if found[table] is None:
                found[table] = _mapped(engine, table)
    for hung in HUNG:
        _relate(found, hung, person)
    return [_view(found[hung.table], hung) for hung in HUNG]


def _mapped(engine: Any, name: str) -> Any:
    table = Table(name, Model.metadata, autoload_with=engine, extend_existing=True, resolve_fks=False)
    shown = NAMES.get(name, "id")
    body = {"__table__": table, "__repr__": lambda row: str(getattr(row, shown))}
    return type(f"Stock_{name}", (Model,), body)


def _relate(found: dict[str, Any], hung: Hung, person: Any) -> None:
    """The way to the person, by which FAB finds the rows, and the relations that are shown."""
    cls, person_table = found[hung.table], person.__table__
    own = cls.__table__.c
    for name, table in hung.beside:
        target = found[table]
        setattr(
            cls, name, relationship(target, primaryjoin=foreign(own[f"{name}_id"]) == target.__table__.c.id, viewonly=True)
        )  # fmt: skip
    if not hung.through:
        wanted = person_table.c.uid if hung.key == "person_uid" else person_table.c.id
        cls.person = relationship(person, primaryjoin=foreign(own[hung.key]) == remote(wanted), viewonly=True)
        return
    between = found[hung.through].__table__
    if hung.through == "person_group":
        first, second = own[hung.key] == between.c.id, between.c.person_id == person_table.c.id
        cls.person_group = relationship(
            found[hung.through], primaryjoin=foreign(own[hung.key]) == between.c.id, viewonly=True
        )
    else:
        first, second = own[hung.key] == between.c.uid, between.c.person_uid == person_table.c.uid
    cls.person = relationship(
        person, secondary=between, primaryjoin=first, secondaryjoin=second, foreign_keys=list(between.c), viewonly=True
    )  # fmt: skip


def _view(cls: Any, hung: Hung) -> type:
    """As tuned by hand as the view of the person: no form of it is opened here, and none selects people."""
    columns = hung.columns.split()
    plain = [c for c in columns if c in cls.__table__.c and c != "number"]
    return type(
        f"Stock_{hung.table}_View",
        (ModelView,),
        {
            "datamodel": SQLAInterface(cls),
            "list_columns": columns,
            "show_columns": columns,
            "search_columns": plain,
            "add_columns": plain,
            "edit_columns": plain,
            "page_size": 20,
        },
    )

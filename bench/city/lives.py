"""What has gathered about a person over the years: groups with their visits, doors visited, cases with their papers.

Six million people with all of that would take hours to load and no page of one of them would notice. The people whom the
bench looks for have it, the same in every run, and a database of before gets it once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, text

from bench.city.load import PostgresLoader, Sink, SqliteLoader, plain

TODAY = date(2026, 11, 1)
# of the last one the name is masked on the page
GROUPS = (("G11", "L3"), ("G31", "L2"), ("G21", "L4"))
SOURCES = (("identity", "police"), ("residence", "grid"), ("contact", "grid"), ("status", "self"))
FACTS = (
    "SELECT p.id, p.uid, p.area_id, p.name, p.name_pinyin, p.name_initials, m.household_id, r.dwelling_id"
    " FROM person p JOIN household_member m ON m.person_id = p.id JOIN residence r ON r.person_id = p.id"
    " WHERE p.id IN :ids AND NOT EXISTS (SELECT 1 FROM person_group g WHERE g.person_id = p.id) ORDER BY p.id"
)
COLUMNS: dict[str, tuple[str, ...]] = {
    "person_source": ("id", "uid", "person_id", "field_group", "source", "confirmed_at"),
    "person_name": ("id", "uid", "person_id", "kind", "name", "name_pinyin", "name_initials", "valid_to"),
    "residence": ("id", "uid", "person_id", "kind", "outside_address", "valid_from", "valid_to"),
    "person_group": ("id", "uid", "person_id", "group_code", "level", "valid_from", "last_visit_on", "next_visit_on"),
    "group_visit": ("id", "uid", "group_id", "visited_on", "way", "by_label"),
    "visit": ("id", "uid", "area_id", "title", "visit_type", "planned_on", "state"),
    "visit_stop": ("id", "uid", "visit_id", "household_id", "dwelling_id", "person_id", "outcome", "at", "note"),
    "life_event": ("id", "uid", "area_id", "kind", "happened_on", "household_id", "dwelling_id"),
    "life_event_person": ("id", "uid", "event_id", "person_id", "role"),
    "proposal": ("id", "uid", "person_id", "rule", "anchor", "topic", "item_code", "due_on"),
    "proxy_case": (
        *("id", "uid", "area_id", "number", "item_version_id", "person_uid", "party", "party_name"),
        *("state", "opened_at"),
    ),
    "issued_document": (
        *("id", "uid", "area_id", "number", "form_code", "template_version", "title", "owner_kind", "owner_uid"),
        *("sensitivity", "sha256", "pages", "state", "issued_at", "issued_by"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Somebody:
    """Whose life is written."""

    id: int
    uid: str
    area_id: int
    name: str
    name_pinyin: str
    name_initials: str
    household_id: int
    dwelling_id: int


def give(engine: Any, ids: list[int]) -> int:
    """Rows for those of the people who have none; returns how many there were."""
    import uuid_utils
    from flask_appbuilder import Model

    from app.core.crypto import ring

    with engine.connect() as connection:
        wanted = text(FACTS).bindparams(bindparam("ids", expanding=True))
        people = [Somebody(*row) for row in connection.execute(wanted, {"ids": sorted(set(ids))})]
        items = connection.execute(text("SELECT id FROM service_item_version ORDER BY id")).scalars().all()
        sourced = set(connection.execute(text("SELECT DISTINCT person_id FROM person_source")).scalars())
    people = list({p.id: p for p in people}.values())  # who has two homes is one person
    if not people:
        return 0
    sqlite = engine.dialect.name == "sqlite"
    loader: Any = SqliteLoader(engine) if sqlite else PostgresLoader(engine, [])
    sinks = {name: Sink(loader, Model.metadata.tables[name], columns) for name, columns in COLUMNS.items()}
    keys = ring()
    lives = Lives(
        put=lambda name, row: sinks[name].add(tuple(plain(v) for v in row) if sqlite else row),
        ids={name: loader.ids(name) for name in COLUMNS},
        uid=lambda: str(uuid_utils.uuid7()),
        seal=lambda value: loader.binary(keys.encrypt(json.dumps(value).encode(), "proxy_case.party")),
        items=items,
        sourced=sourced,
    )
    for nth, person in enumerate(people):
        lives.write(nth, person)
    for sink in sinks.values():
        sink.flush()
    loader.finish()
    return len(people)


class Lives:
    """Deals out the rows of one person after the other: about twenty-five each."""

    def __init__(
        self,
        put: Callable[[str, tuple[Any, ...]], None],
        ids: dict[str, Iterator[int]],
        uid: Callable[[], str],
        seal: Callable[[Any], Any],
        items: Any,
        sourced: set[int],
    ) -> None:
        self.put, self.ids, self.uid, self.seal = put, ids, uid, seal
        self.items, self.sourced = items, sourced

    def row(self, table: str, *values: Any) -> tuple[int, str]:
        key, uid = next(self.ids[table]), self.uid()
        self.put(table, (key, uid, *values))
        return key, uid

    def write(self, nth: int, person: Somebody) -> None:
        """Everything of one person; ``nth`` spreads days and kinds."""
        since = TODAY - timedelta(days=900 + 13 * nth)
        for group, source in SOURCES if person.id not in self.sourced else ():  # who was saved has them
            self.row("person_source", person.id, group, source, _at(since))
        if nth % 4 == 0:
            names = (person.name[0] + person.name, person.name_pinyin, person.name_initials)
            self.row("person_name", person.id, "former", *names, since)
        self.row("residence", person.id, "living", "Bench road 1", since - timedelta(days=2000), since)
        event, _uid = self.row(
            "life_event", person.area_id, "move_in", since, person.household_id, person.dwelling_id
        )
        self.row("life_event_person", event, person.id, "subject")
        self.row("proposal", person.id, "bench", str(nth), "benefit", "MZ-01", TODAY + timedelta(days=nth))
        self._groups(nth, person, since)
        self._doors(nth, person)
        self._cases(nth, person)

    def _groups(self, nth: int, person: Somebody, since: date) -> None:
        for code, level in GROUPS[: 1 + nth % 3]:
            last = TODAY - timedelta(days=20 + nth)
            group, _uid = self.row(
                "person_group", person.id, code, level, since, last, last + timedelta(days=90)
            )
            for back in (0, 90):
                self.row("group_visit", group, last - timedelta(days=back), "met", "Bench worker")

    def _doors(self, nth: int, person: Somebody) -> None:
        for back, outcome in ((10, "met"), (70, "absent"), (130, "met")):
            day = TODAY - timedelta(days=back + nth)
            visit, _uid = self.row("visit", person.area_id, "Bench round", "V1", day, "done")
            home = (person.household_id, person.dwelling_id, person.id)
            self.row("visit_stop", visit, *home, outcome, _at(day), "Bench note")

    def _cases(self, nth: int, person: Somebody) -> None:
        for back, state in ((30, "processing"), (400, "archived")):
            at = _at(TODAY - timedelta(days=back + nth))
            item = self.items[(nth + back) % len(self.items)]
            number = f"BENCH-{person.id}-{back}"
            party = self.seal({"name": person.name})
            _key, case = self.row(
                "proxy_case", person.area_id, number, item, person.uid, party, person.name, state, at
            )  # fmt: skip
            self.row(
                "issued_document", person.area_id, number, "F01", "1", "Receipt of papers", "proxy_case", case,
                "L3", "0" * 64, 1, "issued", at, "Bench clerk",
            )  # fmt: skip


def _at(day: date) -> datetime:
    return datetime.combine(day, time(3, 0), UTC)

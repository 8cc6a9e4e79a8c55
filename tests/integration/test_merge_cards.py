"""After a merge nobody has two cards of a kind that exist once (Resident Identity Card Law, art. 3 and 11; S4-61)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.core import clock, removal
from app.core.scope import session_actor
from app.registry.models import PersonDocument
from app.registry.service import documents, duplicates
from tests.factories.registry import ResidentFactory, id_number, make_person
from tests.integration.test_merge import BORN, apart, join

ID_CARD, PASSPORT = "111", "414"
OLD, NEW = date(2010, 3, 1), date(2020, 3, 1)


class Pair:
    """Two records of one woman; ``give`` writes a document as older data has it, whatever would be refused today."""

    def __init__(self, session, decider, area_id: int) -> None:
        self.session, self.decider = session, decider
        self.kept, self.gone = (
            make_person(
                session, area_id, ResidentFactory(name="Li Ming", birth=BORN, number=None, male=False)
            )
            for _n in range(2)
        )
        self.pair = duplicates.by_hand(
            session, self.kept, self.gone, reason="noticed", actor=session_actor(session), now=clock.now()
        )
        session.commit()

    def give(self, person, seq: int, *, kind=ID_CARD, first=True, **columns) -> PersonDocument:
        number = id_number(BORN, seq, male=False) if kind == ID_CARD else f"E{seq:08d}"
        row = PersonDocument(person_id=person.id, is_primary=first, **columns)
        documents.set_number(row, kind, number)
        self.session.add(row)
        self.session.commit()
        return row

    def state(self) -> dict[int, tuple]:
        self.session.rollback()
        self.session.expire_all()
        rows = self.session.scalars(select(PersonDocument).execution_options(with_deleted=True))
        return {d.id: (d.person_id, d.valid_to, d.is_primary, d.dup_no, d.deleted_at) for d in rows}

    def in_force(self) -> dict[int, bool]:
        """Documents in force of the record that stays, and whether they come first."""
        found = self.state().items()
        return {key: row[2] for key, row in found if row[0] == self.kept.id and row[1] is None and not row[4]}


@pytest.fixture
def pair(system, acting, world):
    return Pair(system, session_actor(acting("town_clerk_a")), world.areas["grid_a11"])


@pytest.mark.demand("S4-61")
@pytest.mark.parametrize(
    ("mine", "theirs", "choice", "stays"),
    [
        (OLD, NEW, "kept", "gone"),
        (NEW, OLD, "gone", "kept"),
        (None, OLD, "kept", "gone"),
        (None, None, "kept", "kept"),
        (NEW, NEW, "gone", "gone"),
    ],
)
def test_the_card_that_was_issued_later_stays_in_force_and_both_are_back_when_it_is_undone(
    pair, mine, theirs, choice, stays
):
    cards = {
        "kept": pair.give(pair.kept, 11, valid_from=mine).id,
        "gone": pair.give(pair.gone, 12, valid_from=theirs).id,
    }
    before = pair.state()
    uid = join(pair, document=choice)
    assert pair.in_force() == {cards[stays]: True}
    (closed,) = set(cards.values()) - {cards[stays]}
    over = pair.session.get(PersonDocument, closed)
    newest = pair.session.get(PersonDocument, cards[stays])
    assert over.valid_to < (newest.valid_from or clock.today()) or over.valid_to == over.valid_from
    assert over.valid_to <= clock.today()
    assert apart(pair, uid) == []
    assert pair.state() == before


def test_of_passports_both_stay_and_the_chosen_one_comes_first(pair):
    mine, theirs = (
        pair.give(person, n, kind=PASSPORT).id for n, person in enumerate((pair.kept, pair.gone), 1)
    )
    join(pair, document="gone")
    assert pair.in_force() == {mine: False, theirs: True}


def test_a_chosen_card_that_is_over_leaves_its_place_to_its_successor(pair):
    old = pair.give(pair.kept, 11, valid_from=OLD).id
    new = pair.give(pair.gone, 12, valid_from=NEW, first=False).id
    passport = pair.give(pair.gone, 1, kind=PASSPORT).id
    join(pair, document="kept")
    assert pair.in_force() == {new: True, passport: False}
    assert pair.state()[old][2] is False


@pytest.mark.parametrize("columns", [{"valid_from": OLD}, {"valid_from": OLD, "valid_to": NEW}])
def test_of_one_number_on_both_the_renewed_card_is_kept(pair, columns):
    mine = pair.give(pair.kept, 11, **columns).id
    theirs = pair.give(pair.gone, 11, valid_from=NEW, dup_no=1, dup_reason="two records").id
    before = pair.state()
    uid = join(pair)
    assert pair.in_force() == {theirs: True}
    assert pair.state()[theirs][3] == 0
    assert pair.state()[mine][4] is not None
    apart(pair, uid)
    assert pair.state() == before


def test_a_card_entered_since_stays_alone_when_the_merge_is_taken_apart(pair):
    old = pair.give(pair.kept, 11, valid_from=OLD).id
    new = pair.give(pair.gone, 12, valid_from=NEW).id
    uid = join(pair)
    removal.put_away(pair.session.get(PersonDocument, new), "of somebody else", by=1, now=clock.now())
    pair.session.commit()
    third = pair.give(pair.kept, 13).id
    left = apart(pair, uid)
    assert [(item.table, item.row_id) for item in left if item.row_id == old] == [("person_document", old)]
    assert pair.in_force() == {third: True}

"""Numbers of papers and cases: gap-free, per kind, office and year, also for two who ask at once (guards, section 6)."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from app.core.numbering import SerialCounter, next_serial
from app.core.scope import unscoped
from app.core.session import unit_of_work


def take(kind="F10", code="430299001001", year=2026):
    with unscoped("tests arrange and assert") as session, unit_of_work(session):
        return next_serial(session, kind, code, year)


@pytest.mark.parametrize(
    "other", [{"year": 2027}, {"code": "430299001002"}, {"kind": "F11"}], ids=["year", "office", "kind"]
)
def test_each_year_office_and_kind_counts_for_itself(app, other):
    assert [take(), take()] == [1, 2]
    assert take(**other) == 1
    assert take() == 3


def test_a_number_that_was_given_up_is_given_again(app):
    assert take() == 1
    with unscoped("tests arrange and assert") as session:
        assert next_serial(session, "F10", "430299001001", 2026) == 2
        session.rollback()
    assert take() == 2


def test_two_who_ask_at_once_get_two_numbers(app, system):
    got, start = [], threading.Barrier(4)

    def ask():
        with app.app_context():
            start.wait()
            for _n in range(5):
                got.append(take())

    threads = [threading.Thread(target=ask) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 21))
    assert system.scalar(select(SerialCounter.value).where(SerialCounter.kind == "F10")) == 20

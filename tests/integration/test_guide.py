"""The guide of all services: default entries, 664 by sheet, found by letters and papers, editions, one page on paper."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select

from app.extensions import db
from app.proxy.models import GuideItem, ServiceItem
from tests.support.imports import brought, csv_of, step
from tests.support.pages import fill

HEADINGS = (
    "Item code",
    "Edition",
    "Name of the service",
    "Department",
    "Papers to bring",
    "Statutory limit (working days)",
    "Valid from",
)
COUNTY = 664  # services of the county's guide (S3-45)
FIRST, SECOND = date(2026, 1, 1), date(2026, 7, 1)
MOST = 12


def rows(edition: str, day: date, count: int = COUNTY, words: str = "Paper"):
    return [
        (
            f"LL-{n:03d}",
            edition,
            f"Service number {n}",
            "Civil affairs",
            f"{words} {n}\nID card",
            "20",
            day.isoformat(),
        )
        for n in range(1, count + 1)
    ]


def count(system, *where):
    system.rollback()
    return system.scalar(select(func.count(GuideItem.id)).where(*where))


@pytest.mark.demand("S3-46")
def test_each_proxied_service_has_an_entry_that_leads_to_its_booking(system, login_as):
    entries = system.scalars(select(GuideItem)).all()
    assert len(entries) == system.scalar(select(func.count(ServiceItem.id))) == 50
    assert all(e.service_item_id and e.source and e.materials and e.valid_to is None for e in entries)
    entry = next(e for e in entries if e.code == "MZ-06")
    worker = login_as("worker_a")
    page = worker.get(f"/guide/show/{entry.uid}").text
    assert "/proxy/book?item=MZ-06" in page
    assert 'value="MZ-06" selected' in worker.get("/proxy/book?item=MZ-06").text
    assert worker.get("/proxy/book?item=XX-99").status_code == 400
    assert "/proxy/book" not in login_as("health").get(f"/guide/show/{entry.uid}").text
    pdf = worker.get(f"/guide/print/{entry.uid}")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.count(b"/Type /Page\n") + pdf.data.count(b"/Type /Page/") <= 1  # one page


@pytest.mark.demand("S3-45", "S3-46")
def test_the_guide_of_a_county_comes_in_by_sheet_and_is_searched_within_the_bar(system, login_as):
    clerk = login_as("town_clerk_a")
    uid = brought(clerk, "guide", csv_of(HEADINGS, *rows("2026", FIRST)))
    assert step(clerk, uid, "run").status_code == 303
    assert count(system, GuideItem.edition == "2026", GuideItem.valid_to.is_(None)) == COUNTY
    worker = login_as("worker_a")
    asked: list[str] = []

    def note(_c, _u, statement, *_more):
        if statement.lstrip().startswith(("SELECT", "WITH")):
            asked.append(statement)

    worker.get("/guide/list/")
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        found = worker.get("/guide/list/?_flt_0_name=Paper+417&_flt_0_current=1").text
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert "LL-417" in found
    assert "LL-418" not in found
    own = [s for s in asked if "FROM guide_item" in s]
    assert len(own) <= 3
    assert len(asked) <= MOST + 8  # what any page asks about session and rights beside its own
    assert not any("guide_item.materials AS" in s or "guide_item.steps AS" in s for s in own)
    for word in ("gljt", "gaoling", "高龄"):
        assert "MZ-06" in worker.get(f"/guide/list/?_flt_0_name={word}&_flt_0_current=1").text


@pytest.mark.demand("S3-45")
def test_a_new_edition_ends_the_one_before_and_undoing_it_brings_that_back(system, login_as):
    clerk = login_as("town_clerk_a")
    first = brought(clerk, "guide", csv_of(HEADINGS, *rows("2026", FIRST, 3)))
    step(clerk, first, "run")
    second = brought(clerk, "guide", csv_of(HEADINGS, *rows("2026B", SECOND, 2, "Fewer")))
    step(clerk, second, "run")
    old = select(GuideItem).where(GuideItem.edition == "2026").order_by(GuideItem.code)
    system.rollback()
    assert [r.valid_to for r in system.scalars(old)] == [SECOND - timedelta(days=1)] * 2 + [None]
    current = count(system, GuideItem.code == "LL-001", GuideItem.valid_to.is_(None))
    assert current == 1
    newest = system.scalars(
        select(GuideItem).where(GuideItem.code == "LL-001").order_by(GuideItem.id.desc())
    ).first()
    page = clerk.get(f"/guide/show/{newest.uid}").text
    assert "Other editions" in page
    listed = clerk.get("/guide/list/?_flt_0_current=0").text
    assert "LL-001" in listed
    assert "LL-003" not in listed
    late = brought(clerk, "guide", csv_of(HEADINGS, *rows("2025", date(2025, 1, 1), 1)))
    assert "a newer one begins later" in clerk.get(f"/import/batch/{late}").text
    step(clerk, second, "undo")
    system.rollback()
    assert [r.valid_to for r in system.scalars(old)] == [None] * 3
    again = brought(clerk, "guide", csv_of(HEADINGS, *rows("2026B", SECOND, 2)))
    assert step(clerk, again, "run").status_code == 303
    assert count(system, GuideItem.edition == "2026B") == 2


def test_towns_keep_the_guide_and_workers_read_it(system, login_as):
    values = {
        "code": "LL-900",
        "edition": "2026",
        "name": "By hand",
        "department_name": "Taxes",
        "valid_from": FIRST.isoformat(),
    }
    for role in ("worker_a", "clerk_a", "leader"):
        assert login_as(role).get("/guide/add").status_code in {302, 303, 403}
    clerk = login_as("town_clerk_a")
    wrong = fill(clerk, "/guide/add", **values, statutory_days="5", promised_days="9")
    assert wrong.status_code == 422
    assert "longer than the statutory one" in wrong.text
    assert fill(clerk, "/guide/add", **values).status_code == 303
    twice = fill(clerk, "/guide/add", **values)
    assert twice.status_code in {409, 422}
    assert "in this edition already" in twice.text
    assert count(system, GuideItem.code == "LL-900") == 1
    uid = system.scalars(select(GuideItem.uid).where(GuideItem.code == "LL-900")).one()
    assert login_as("worker_a").get(f"/guide/show/{uid}").status_code == 200

"""Lists of the base view: arguments, pages, filters, scope, statements."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, event, select

from app.areas.models import Area, Staff
from app.core import paging
from tests.support.pages import keys_in, rows_of

LIST = "/probe/staff/list/"


@pytest.fixture
def crowd(system, world):
    """Sixty staff of grid A11; every third has no office phone, and phones repeat."""
    rows = [
        Staff(
            name=f"Crowd {n:03}",
            kind="volunteer",
            area_id=world.areas["grid_a11"],
            office_phone=None if n % 3 == 0 else f"0731-{n % 7}",
        )
        for n in range(60)
    ]
    system.add_all(rows)
    system.commit()
    return {row.uid for row in rows}


BAD = [
    "page_ProbeStaff=abc",
    "page_ProbeStaff=-1",
    "page_ProbeStaff=99999999",
    "psize_ProbeStaff=1e9",
    "psize_ProbeStaff=100000",
    "psize_ProbeStaff=0",
    "_oc_ProbeStaff=(select 1)",
    "_oc_ProbeStaff=created_by.password",
    "_oc_ProbeStaff=phone",
    "_od_ProbeStaff=sideways",
    "_oc_PersonView=name",
    "_flt_0_phone=138",
    "_flt_0_phone_index=aa",
    "_flt_0_created_by.password=x",
    "_flt_9_name=x",
    "_flt_0_area=36893488147419103232",
    "_flt_1_created_at=yesterday",
    "_flt_0_name=" + "x" * 500,
    "_flt_0_name=%00",
    "after_ProbeStaff=1%20or%201",
    "_flt_x_name=1",
]


@pytest.mark.parametrize("query", BAD)
def test_bad_arguments_are_refused_with_a_sentence(probe, query):
    answer = probe("town_clerk_a").get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert "gb-plain-card" in answer.text


@pytest.mark.parametrize("key", ["36893488147419103232", "-2.9+92", "x" * 36, "%00"])
@pytest.mark.parametrize("verb", ["show", "edit", "delete", "history"])
def test_a_key_that_cannot_be_one_is_refused(probe, verb, key):
    assert probe("town_clerk_a").get(f"/probe/staff/{verb}/{key}").status_code in {400, 404}


def test_an_integer_id_opens_nothing(probe, world):
    staff_id = world.accounts["worker_a"].staff_id
    assert probe("town_clerk_a").get(f"/probe/staff/show/{staff_id}").status_code == 404


@pytest.mark.parametrize("order", ["name", "created_at", "office_phone"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_paging_on_and_back_shows_every_row_once(probe, crowd, order, direction):
    client = probe("worker_a")
    url = f"{LIST}?psize_ProbeStaff=7&_oc_ProbeStaff={order}&_od_ProbeStaff={direction}&_flt_0_kind=volunteer"
    seen, pages, after = [], [], ""
    while True:
        page = client.get(url + (f"&after_ProbeStaff={after}" if after else "")).text
        keys = keys_in(page, "/probe/staff")
        seen += keys
        pages.append(keys)
        if 'rel="next"' not in page:
            break
        after = keys[-1]
    assert len(seen) == len(set(seen)) == 60
    assert set(seen) == crowd
    back = client.get(f"{url}&before_ProbeStaff={pages[-1][0]}").text
    assert keys_in(back, "/probe/staff") == pages[-2]


def test_a_jump_to_a_page_lands_where_paging_on_does(probe, crowd):
    client = probe("worker_a")
    url = f"{LIST}?psize_ProbeStaff=10&_oc_ProbeStaff=name&_flt_0_kind=volunteer"
    first = keys_in(client.get(url).text, "/probe/staff")
    second = keys_in(client.get(f"{url}&after_ProbeStaff={first[-1]}").text, "/probe/staff")
    assert keys_in(client.get(f"{url}&page_ProbeStaff=1").text, "/probe/staff") == second


def test_an_anchor_outside_the_scope_tells_nothing(probe, world, system):
    foreign = system.get(Staff, world.accounts["worker_t"].staff_id).uid
    client = probe("town_clerk_a")
    assert keys_in(client.get(f"{LIST}?after_ProbeStaff={foreign}").text, "/probe/staff") == keys_in(
        client.get(LIST).text, "/probe/staff"
    )


def test_a_long_list_is_counted_up_to_the_cap(probe, crowd, monkeypatch):
    monkeypatch.setattr(paging, "COUNT_CAP", 40)
    page = probe("worker_a").get(f"{LIST}?_flt_0_kind=volunteer").text
    assert "40+" in page
    assert "60" not in page.split("gb-head-note")[1][:80]


def test_a_list_shows_the_scope_and_nothing_else(probe, world):
    page = probe("town_clerk_a").get(f"{LIST}?psize_ProbeStaff=200").text
    assert "Worker A" in page
    assert "Worker T" not in page


def test_an_area_filter_means_its_whole_subtree(probe, world):
    client = probe("town_clerk_a")
    page = client.get(f"{LIST}?_flt_0_area={world.uids['com_a1']}").text
    assert "Worker A2" in page  # grid A12 lies in community A1
    assert "Town Clerk A" not in rows_of(page)


def test_a_filter_through_a_relation(probe):
    page = probe("town_clerk_a").get(f"{LIST}?_flt_0_area.name=A12").text
    assert "Worker A2" in rows_of(page)
    assert "Clerk A" not in rows_of(page)


def test_protected_columns_are_masked_in_lists(probe, system, world):
    system.get(Staff, world.accounts["worker_a"].staff_id).phone = "13812345678"
    system.commit()
    page = probe("town_clerk_a").get(LIST).text
    assert "138****5678" in page
    assert "13812345678" not in page


def test_a_list_takes_few_statements(probe, crowd):
    client = probe("town_clerk_a")
    client.get(LIST)
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert client.get(f"{LIST}?_oc_ProbeStaff=name&_flt_0_kind=volunteer").status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    business = [
        s for s in statements if "sign_in" not in s and "ab_permission" not in s and not s.startswith("BEGIN")
    ]
    assert len(business) <= 6, business


def test_two_threads_never_see_each_others_filter(probe, crowd):
    """FAB keeps the filters of a request on the view: 82 of 160 pages showed somebody else's value."""
    clients = {"Crowd 001": probe("worker_a"), "Crowd 002": probe("worker_a")}
    wrong: list[str] = []
    start = threading.Barrier(2)

    def ask(mine: str, other: str) -> None:
        start.wait()
        for _ in range(15):
            page = clients[mine].get(f"{LIST}?_flt_0_name={mine.replace(' ', '+')}").text
            if f'value="{mine}"' not in page or f'value="{other}"' in page or other in rows_of(page):
                wrong.append(mine)

    threads = [
        threading.Thread(target=ask, args=pair)
        for pair in (("Crowd 001", "Crowd 002"), ("Crowd 002", "Crowd 001"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_view_keeps_nothing_of_a_request(probe_app):
    view = probe_app.extensions["geban_pages"]["ProbeStaff"]
    with probe_app.app_context():
        assert view._filters is not view._filters
        view._filters = "of a request"
        assert view._filters != "of a request"


def test_fab_routes_that_leaked_are_gone(probe_app):
    rules = {str(rule) for rule in probe_app.url_map.iter_rules() if str(rule).startswith("/probe")}
    assert not [rule for rule in rules if "action" in rule or "download" in rule]


def test_the_lookup_answers_inside_the_scope_only(probe, world, system):
    client = probe("town_clerk_a")
    found = client.get("/probe/staff/lookup?q=Worker").get_json()["results"]
    assert {row["text"] for row in found} == {"Worker A", "Worker A2"}
    foreign = system.get(Staff, world.accounts["worker_t"].staff_id).uid
    assert client.get(f"/probe/staff/lookup?id={foreign}").status_code == 404
    mine = system.get(Staff, world.accounts["worker_a"].staff_id).uid
    assert client.get(f"/probe/staff/lookup?id={mine}").get_json()["results"][0]["text"] == "Worker A"


def test_the_lookup_pages_through_many_rows(probe, crowd):
    client = probe("worker_a")
    first = client.get("/probe/staff/lookup?q=Crowd").get_json()
    assert len(first["results"]) == 20
    assert first["more"]
    last = client.get("/probe/staff/lookup?q=Crowd&page=2").get_json()
    assert len(last["results"]) == 20
    assert not last["more"]
    for page in ("-1", "\u00b2", "0" * 5000):
        assert client.get(f"/probe/staff/lookup?page={page}").status_code == 400


def test_a_role_without_the_verb_is_refused(probe):
    client = probe("town_clerk_a", verbs=("list",))
    assert client.get(LIST).status_code == 200
    page = client.get(LIST).text
    assert "/probe/staff/add" not in page
    for path in ("add", "deleted/", "lookup", "show/x", "edit/x", "delete/x", "history/x"):
        assert client.get(f"/probe/staff/{path}").status_code == 403, path


def test_area_codes_and_levels_stand_in_words(probe, system):
    area = system.scalars(select(Area).where(Area.code == "430299001001001")).one()
    page = probe("town_clerk_a").get("/probe/areas/list/").text
    assert area.name in page
    assert ">None<" not in page
    assert ">urban<" not in page

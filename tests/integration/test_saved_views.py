"""Saved views of a list and the choice of its columns: own things, read again with the rights of today."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event, select

from app.core.saved import SavedView, of_list
from app.extensions import db
from app.registry.models import Person
from tests.factories.registry import ResidentFactory, make_person
from tests.support.pages import post
from tests.support.rows import fresh

pytestmark = pytest.mark.any_database

LIST = "/person/list/"
VIEWS, COLUMNS = "/lists/PersonView/views", "/lists/PersonView/columns"


@pytest.fixture
def people(system, world):
    """A man and a woman of grid A11."""
    found = [
        make_person(system, world.areas["grid_a11"], ResidentFactory(name=name, male=male))
        for name, male in (("Adam Alpha", True), ("Berta Beta", False))
    ]
    system.commit()
    return found


def save(client, query: str, name: str = "Women", **more: str) -> str:
    """Save a list under a name; the uid of the view."""
    answer = post(client, VIEWS, action="save", name=name, query=query, **more)
    assert answer.status_code == 303, answer.text
    return answer.location.partition("saved=")[2]


def heads(page: str) -> list[str]:
    """The columns of the list."""
    return [re.sub(r"<[^>]+>", "", h).strip() for h in re.findall(r"<th scope=\"col\".*?</th>", page, re.S)][
        :-1
    ]


@pytest.mark.demand("S4-54")
def test_a_view_opens_with_one_click_and_by_default_keeping_names_out_of_the_address(login_as, people):
    clerk = login_as("clerk_a")
    uid = save(clerk, "_flt_0_name=Berta&_oc_PersonView=name&_od_PersonView=desc")
    page = clerk.get(f"{LIST}?saved={uid}").text
    assert "Berta Beta" in page
    assert "Adam Alpha" not in page
    links = re.findall(r'href="\?([^"]*)"|href="/person/list/\?([^"]*)"', page)
    assert links
    assert not any("Berta" in "".join(link) for link in links)
    assert "Adam Alpha" in clerk.get(LIST).text
    post(clerk, VIEWS, action="default", uid=uid, on="1")
    assert "Adam Alpha" not in clerk.get(LIST).text
    assert "Adam Alpha" in clerk.get(f"{LIST}?saved=").text
    # what the address says counts more than what was saved
    assert "Adam Alpha" in clerk.get(f"{LIST}?saved={uid}&_flt_0_name=Adam").text
    post(clerk, VIEWS, action="default", uid=uid)
    assert "Adam Alpha" in clerk.get(LIST).text


def test_a_view_is_renamed_replaced_and_deleted_and_its_name_is_unique(login_as, people, system):
    clerk = login_as("clerk_a")
    uid = save(clerk, "_flt_0_sex=2")
    save(clerk, "_flt_0_sex=1", "Men")
    twice = post(clerk, VIEWS, action="save", name=" Women ", query="_flt_0_name=Adam")
    assert twice.status_code == 409
    assert "There is a view “Women” already." in twice.text
    assert 'value="_flt_0_name=Adam"' in twice.text  # nothing is lost
    assert post(clerk, VIEWS, action="rename", uid=uid, name="Men").status_code == 409
    assert post(clerk, VIEWS, action="rename", uid=uid, name="Ladies").status_code == 303
    assert post(clerk, VIEWS, action="replace", uid=uid, query="_flt_0_name=Adam").status_code == 303
    row = fresh(system).scalars(select(SavedView).where(SavedView.uid == uid)).one()
    assert (row.name, row.settings["query"]) == ("Ladies", [["_flt_0_name", "Adam"]])
    post(clerk, VIEWS, action="delete", uid=uid)
    assert [v.name for v in fresh(system).scalars(select(SavedView))] == ["Men"]
    assert "no longer there" in clerk.get(f"{LIST}?saved={uid}").text


def test_what_cannot_be_asked_is_not_saved_and_thirty_views_are_enough(login_as, people):
    clerk = login_as("clerk_a")
    assert post(clerk, VIEWS, action="save", name="x", query="_flt_0_number=4").status_code == 400
    assert post(clerk, VIEWS, action="save", name=" ", query="").status_code == 400
    for n in range(30):
        save(clerk, "", f"v{n}")
    assert post(clerk, VIEWS, action="save", name="one more", query="").status_code == 409


def test_nobody_reads_changes_or_deletes_the_view_of_another(login_as, people, system, acting, world):
    uid = save(login_as("clerk_a"), "_flt_0_name=Berta")
    for account in ("worker_a", "operator"):  # one of the same town, one who sees the whole county
        other = login_as(account)
        save(other, "", "mine")
        page = other.get(f"{LIST}?saved={uid}").text
        assert "no longer there" in page
        assert "Adam Alpha" in page
        assert "Women" not in other.get(VIEWS).text
        for action in ("rename", "replace", "delete", "default"):
            answer = post(other, VIEWS, action=action, uid=uid, name="stolen", query="", on="1")
            assert answer.status_code == 404
        assert post(other, COLUMNS, saved=uid, column=["name"]).status_code == 404
    row = fresh(system).scalars(select(SavedView).where(SavedView.uid == uid)).one()
    assert (row.name, row.is_default, row.settings["columns"]) == ("Women", False, None)
    # two walls, each by itself: the guard of the session, and the question that names the user
    operator = world.accounts["operator"].user_id
    assert {v.user_id for v in acting("operator").scalars(select(SavedView))} == {operator}
    assert of_list(system, operator, "PersonView").by_uid(uid) is None


def test_who_only_reads_keeps_views_as_well(login_as, people):
    leader = login_as("leader")
    uid = save(leader, "_flt_0_sex=2")
    assert "Adam Alpha" not in leader.get(f"{LIST}?saved={uid}").text


def test_lists_that_the_role_may_not_see_have_no_views(login_as, people):
    hotline = login_as("hotline")
    assert hotline.get(VIEWS).status_code == 403
    assert post(hotline, VIEWS, action="save", name="x", query="").status_code == 403
    assert post(hotline, COLUMNS, column=["name"]).status_code == 403
    assert hotline.get("/lists/NoSuchView/views").status_code == 404


def test_what_may_no_longer_be_asked_is_told_and_the_rest_opens(login_as, people, system):
    clerk = login_as("clerk_a")
    uid = save(clerk, "_flt_0_sex=2", columns="name sex")
    row = system.scalars(select(SavedView)).one()
    row.settings = {
        "query": [["_flt_0_sex", "2"], ["_flt_0_gone", "1"], ["_flt_0_birth_date", "soon"]],
        "columns": ["name", "sex", "number", "x_gone"],
    }
    system.commit()
    answer = clerk.get(f"{LIST}?saved={uid}")
    assert answer.status_code == 200
    told = re.search(r"can no longer be shown in full[^<]*", answer.text)[0]
    assert "filter “Born”" in told
    assert told.count("filter") == 2
    assert told.count("column") == 2
    assert heads(answer.text) == ["Full name", "Sex"]
    assert "Adam Alpha" not in answer.text


def test_columns_are_chosen_kept_and_put_back(login_as, people):
    clerk = login_as("clerk_a")
    standard = heads(clerk.get(LIST).text)
    chosen = ["education", "name", "birth_date", "number", "nonsense"]
    assert post(clerk, COLUMNS, column=chosen, next=f"{LIST}?_flt_0_sex=2").location == f"{LIST}?_flt_0_sex=2"
    # the first column names the record, whatever was sent; what lists may not show is not there
    assert heads(clerk.get(LIST).text) == ["Full name", "Education", "Born"]
    assert post(clerk, COLUMNS, column=["name"], next="//evil.example").location == LIST
    assert heads(login_as("worker_a").get(LIST).text) == standard
    assert post(clerk, COLUMNS, standard="1").status_code == 303
    assert heads(clerk.get(LIST).text) == standard


def test_no_choice_of_columns_shows_what_lists_mask(app, login_as, people, system):
    """Every column on offer of every list is open, or stands in the list as it is declared."""
    from app.core import policy
    from app.core.views import ModelView

    views = [v for v in app.extensions["geban_pages"].values() if isinstance(v, ModelView)]
    for view in views:
        for name in set(view._offered) - set(view.list_columns):
            *steps, last = name.split(".")
            owner = view.datamodel.obj
            for step in steps:
                owner = view.datamodel.fact(step).target
            rule = policy.rule_of(owner, last)
            assert rule is None or rule.in_list, f"{type(view).__name__}.{name}"
    clerk, person = login_as("clerk_a"), system.get(Person, people[0].id)
    number = person.documents[0].number
    post(clerk, COLUMNS, column=["name", "document", "phone_number", "number", "documents"])
    page = clerk.get(LIST).text
    assert number not in page
    assert f"{number[0]}****************{number[-1]}" in page


def test_a_list_of_which_nothing_is_saved_does_not_ask_for_it(app, login_as, people):
    """Signing in tells on the way which lists have saved views."""
    clerk, seen = login_as("clerk_a"), []

    def note(_conn, _cursor, statement, *_more):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        clerk.get(LIST)
        assert not [s for s in seen if s.startswith("SELECT saved_view")]
        save(clerk, "_flt_0_sex=2")
        seen.clear()
        clerk.get("/household/list/")
        assert not [s for s in seen if s.startswith("SELECT saved_view")]
        clerk.get(LIST)
        assert len([s for s in seen if s.startswith("SELECT saved_view")]) == 1
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

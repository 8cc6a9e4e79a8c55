"""Lists of records as they stand on the screen: special groups by name and filter, empty sections, work lists."""

from __future__ import annotations

import re

import pytest

from app.core import clock
from app.registry.models import PersonGroup
from tests.factories.registry import ResidentFactory, make_home, make_household


@pytest.fixture
def place(system, world):
    """Two people in a home of grid A11: one in a group of level 3, one in a group of level 4; another home is empty."""
    area, day = world.areas["grid_a11"], clock.today()
    home = make_home(system, area)
    people = [ResidentFactory(name="Qiu Bai"), ResidentFactory(name="Ren Yi", relation="10")]
    household = make_household(system, home, people)
    head, wife = (m.person for m in household.members)
    system.add_all(
        [
            PersonGroup(person_id=head.id, group_code="G11", level="L3", valid_from=day, next_visit_on=day),
            PersonGroup(
                person_id=head.id, group_code="G12", level="L3", valid_from=day, details={"note": "x"}
            ),
            PersonGroup(person_id=wife.id, group_code="G21", level="L4", valid_from=day, next_visit_on=day),
        ]
    )
    empty = make_home(system, area, "2")
    for row in (head, home, household):
        row.confirmed_on = None
    system.commit()
    return {"head": head.uid, "home": home.uid, "household": household.uid, "empty": empty.uid}


def body(page: str) -> str:
    return re.sub(r"<(form|thead)\b.*?</\1>", "", page.split("<main")[1], flags=re.S)


@pytest.mark.parametrize("path", ["/persongroup/list/", "/care/due/list/"])
class TestGroupsInLists:
    def test_a_group_is_named_unless_it_is_sensitive(self, path, login_as, place):
        rows = body(login_as("worker_a").get(path).text)
        assert "Qiu Bai" in rows
        assert rows.count("\u2022\u2022\u2022\u2022") == 1  # level 4 on its own page only

    def test_the_list_is_filtered_by_open_groups_only(self, path, login_as, place):
        worker = login_as("worker_a")
        page = worker.get(path).text
        assert 'value="G11"' in page
        assert 'value="G21"' not in page
        found = body(worker.get(f"{path}?_flt_0_group=G11").text)
        assert ("Qiu Bai" in found, "Ren Yi" in found) == (True, False)
        assert worker.get(f"{path}?_flt_0_group=G21").status_code == 400  # it would unmask her


def test_sections_without_rows_are_one_line_with_their_links(login_as, place):
    page = login_as("clerk_a").get(f"/dwelling/show/{place['empty']}").text
    assert 'class="gb-card gb-part"' not in page
    nothing = page.split('id="none"')[1].split("</section>")[0]
    assert "/household/add?" in nothing
    assert "/venue/add?" in nothing


@pytest.mark.parametrize("kind", ["person", "dwelling", "household"])
def test_the_work_list_opens_the_record_and_its_form(kind, login_as, place):
    uid = place[{"person": "head", "dwelling": "home"}.get(kind, kind)]
    page = login_as("worker_a").get(f"/ageing/?kind={kind}").text
    assert f"/{kind}/show/{uid}" in page
    correct = f"/ageing/door/{uid}" if kind == "person" else f"/{kind}/edit/{uid}"
    assert correct in page


def test_the_census_desk_leads_to_the_own_form_of_a_group_and_back(login_as, place):
    worker = login_as("worker_a")
    desk = f"/census/dwelling/{place['home']}"
    state = worker.get(f"/census/state/{place['home']}").json["state"]
    open_forms = {line["words"].split(" · ")[0]: line["url"] for line in state["particulars"]}
    assert len(state["particulars"]) == 2  # one group of his is filled in
    assert set(open_forms) == {"Qiu Bai", "Ren Yi"}
    form = worker.get(open_forms["Qiu Bai"])
    assert form.status_code == 200
    assert f'name="next" value="{desk}"' in form.text

"""The conditions of a service are edited line by line in a draft, with sentences for what cannot be read."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.proxy.models import ServiceItem, ServiceItemVersion
from tests.support.pages import post


def newest(system, code="MZ-08"):
    system.rollback()
    item = system.scalars(select(ServiceItem).where(ServiceItem.code == code)).one()
    return item.versions[-1]


@pytest.mark.demand("S0-61", "S3-54")
def test_who_qualifies_is_changed_in_the_draft_and_said_in_words(system, login_as):
    admin = login_as("admin_system")
    old = newest(system)
    url = post(admin, f"/service-versions/draft/{old.uid}").location
    edit = url.replace("/show/", "/criteria/")
    page = admin.get(edit).text
    assert 'value="65"' in page
    assert 'value="groups:G36" selected' in page
    assert "groups:G01" not in page  # a group of level 5 is not offered
    lines = {
        "kind": ["age", "groups", "ask", ""],
        "number-0": "1",
        "low-0": "60",
        "number-1": "2",
        "codes-1": ["groups:G36", "groups:G11"],
        "how-1": "any",
        "absent-1": "1",
        "number-2": "2",
        "ask-2": "Needs help in daily life",
    }
    for change, words in (
        ({"low-0": "sixty"}, "Line 1: Please write a whole number."),
        ({"low-0": ""}, "Line 1: Please give an age"),
        ({"codes-1": ["sex:1"]}, "Line 2: Some of the chosen values"),
        ({"codes-1": ["groups:G01"]}, "Line 2: This group is open to named people only."),
        ({"ask-2": ""}, "Line 3: Please write"),
        ({"kind": ["age", "groups", "wealth", ""]}, "Line 3: There is no such kind"),
        ({"number-1": "x"}, "Line 2: Please write a whole number."),
    ):
        refused = post(admin, edit, **{**lines, **change})
        assert refused.status_code == 422
        assert words in refused.text
        assert (
            'value="Needs help in daily life"' in refused.text or "ask-2" in change
        )  # nothing typed is lost
    assert post(admin, edit, **lines).status_code == 303
    assert newest(system).criteria == {
        "all": [
            {"age": {"from": 60}},
            {
                "any": [
                    {"groups": {"any": ["G11", "G36"], "absent": "maybe"}},
                    {"ask": "Needs help in daily life"},
                ]
            },
        ]
    }
    shown = admin.get(url).text
    assert "60 years and older" in shown
    assert "or Needs help in daily life" in shown
    assert post(admin, f"/service-versions/criteria/{old.uid}", **lines).status_code == 409  # published
    assert login_as("worker_a").get(edit).status_code in {302, 303, 403}
    assert post(admin, edit, kind="").status_code == 303
    assert newest(system).criteria is None
    published = select(ServiceItemVersion.criteria).where(ServiceItemVersion.id == old.id)
    assert system.scalars(published).one() is not None

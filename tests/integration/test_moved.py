"""Every address of a record that became another one leads there; what was sent to it is refused and said (S4-61)."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.scope import session_actor
from app.registry.models import Dwelling, DwellingSuccession
from tests.factories.registry import make_home
from tests.integration.test_merge import Case, everything, join
from tests.support.pages import token_of

PLAIN = {"kind": "birth", "child": "PersonPhoneView", "column": "note"}


def routes(app, *, argument: str, table: str):
    """(method, address with {uid}) of every route that takes a record of a table, read off the map itself."""
    pages = app.extensions["geban_pages"]
    for rule in sorted(app.url_map.iter_rules(), key=str):
        view = pages.get(rule.endpoint.partition(".")[0])
        model = getattr(getattr(view, "datamodel", None), "obj", None)
        named = argument if argument in rule.arguments else "pk"
        if named == "pk" and ("pk" not in rule.arguments or getattr(model, "__tablename__", "") != table):
            continue
        path = re.sub(
            r"<(?:[^:>]+:)?([^>]+)>", lambda m, n=named: "{uid}" if m[1] == n else PLAIN[m[1]], rule.rule
        )
        for method in sorted(rule.methods & {"GET", "POST"}):
            yield method, path


# what looks into the recycle bin on purpose
BIN = {"/person/restore/{uid}"}


@pytest.fixture
def case(system, acting, world):
    made = Case(system, session_actor(acting("town_clerk_a")), world.areas["grid_a11"])
    system.commit()
    join(made)
    return made


@pytest.mark.any_database
@pytest.mark.demand("S4-61")
def test_every_address_of_a_merged_person_leads_to_the_record_it_became(app, login_as, case, system):
    client = login_as("clerk_a")
    token, before = token_of(client), everything(system)
    wrong, seen = [], 0
    for method, path in routes(app, argument="person_uid", table="person"):
        if path in BIN:
            continue
        url, kept = path.format(uid=case.gone.uid), path.format(uid=case.kept.uid)
        answer = client.open(
            url,
            method=method,
            data={"csrf_token": token, "reason": "once more"} if method == "POST" else None,
        )
        if answer.location and answer.location.startswith(("/access-denied", "/login")):
            continue  # not for this role
        seen += 1
        if method == "GET" and (answer.status_code, answer.location) != (302, kept):
            wrong.append((method, path, answer.status_code))
        if method == "POST" and (answer.status_code != 409 or case.kept.uid not in answer.text):
            wrong.append((method, path, answer.status_code))
    assert wrong == []
    assert seen >= 12
    assert everything(system) == before


def test_who_does_not_see_the_record_it_became_learns_nothing(login_as, case):
    for path in ("/person/show/", "/life/person/", "/consents/person/", "/person/edit/"):
        answer = login_as("clerk_t").get(path + case.gone.uid)
        assert (answer.status_code, case.kept.uid in answer.text) == (404, False)


@pytest.mark.parametrize("follows", [0, 1, 2])
def test_the_pages_of_a_home_that_is_no_more_lead_to_what_it_became(app, login_as, system, world, follows):
    """Merged into one: the same page there. Divided or closed: its own page, which tells."""
    area = world.areas["grid_a11"]
    old, *new = [make_home(system, area, str(n)) for n in range(follows + 1)]
    old.valid_to = date(2026, 2, 1)
    for home in new:
        row = DwellingSuccession(
            area_id=area,
            old_dwelling_id=old.id,
            new_dwelling_id=home.id,
            effective_on=old.valid_to,
            kind="merge",
        )
        system.add(row)
    system.commit()
    client = login_as("clerk_a")
    token, wrong, seen = token_of(client), [], 0
    for method, path in routes(app, argument="dwelling_uid", table="dwelling"):
        answer = client.open(
            path.format(uid=old.uid),
            method=method,
            data={"csrf_token": token, "reason": "once more"} if method == "POST" else None,
        )
        if not path.startswith("/census/") or (answer.location or "").startswith(
            ("/access-denied", "/login")
        ):
            continue  # the other pages show the history of the old one
        seen += 1
        leads = path.format(uid=new[0].uid) if follows == 1 else f"/dwelling/show/{old.uid}"
        good = (302, leads) if method == "GET" else (409, None)
        if (answer.status_code, answer.location) != good:
            wrong.append((method, path, answer.status_code, answer.location))
    assert wrong == []
    assert seen >= 5
    system.rollback()
    assert system.scalars(select(Dwelling).where(Dwelling.uid == old.uid)).one().valid_to == old.valid_to
    assert clock.today() > old.valid_to

"""Exceptions of a site to who takes a step."""

import pytest

from app.areas.roles import ROLES as SITE
from app.core.errors import Conflict, Invalid, NotAllowed
from app.proxy.choices import Action, State
from app.proxy.rules.machine import MACHINE
from app.proxy.rules.roles import BLIND, DECIDERS, DESK, NEVER, ROLES
from app.proxy.rules.step_roles import (
    CHANGEABLE,
    Exception_,
    changes_for,
    check_exception,
    machine_with,
    need_somebody,
)
from tests.unit.proxy_steps import everything

ITEM = 7
SITE_WIDE = Exception_("archive", "office_clerk", False)
HERE = Exception_("archive", "office_clerk", True, ITEM)
MORE = Exception_("collect", "town_staff", True)


def roles_in(machine, state, action):
    return set(machine.table[State(state), Action(action)].role)


def test_a_role_may_as_well_or_may_not_and_a_service_counts_before_the_site():
    site, item = (machine_with(changes_for([HERE, SITE_WIDE, MORE], one)) for one in (None, ITEM))
    assert roles_in(site, "delivered", "archive") == {"workstation", "town_staff"}
    assert roles_in(item, "delivered", "archive") == {"workstation", "town_staff", "office_clerk"}
    assert "town_staff" in roles_in(site, "entrusted", "collect")
    to = site.table[State.entrusted, Action.collect]
    assert (
        site.apply(State.entrusted, Action.collect, ["town_staff"], everything(to)).target is State.collected
    )
    with pytest.raises(NotAllowed):
        MACHINE.apply(State.entrusted, Action.collect, ["town_staff"], everything(to))
    assert machine_with(changes_for([], None)) is MACHINE
    assert machine_with(changes_for([HERE], 8)) is MACHINE


def test_who_decides_is_never_changed_by_an_exception():
    """Steps back are taken by the desk and by who decides: only the rows of the desk change."""
    machine = machine_with(changes_for([Exception_("return_previous", "supervisor", True)], None))
    assert roles_in(machine, "entrusted", "return_previous") == {*DESK, "supervisor"}
    assert roles_in(machine, "accepted", "return_previous") == set(DECIDERS)
    assert {"accept", "approve", "refuse", "receive"}.isdisjoint(a.value for a in CHANGEABLE)


@pytest.mark.parametrize(
    ("one", "error", "field"),
    [
        (Exception_("fly", "workstation", True), Invalid, "action"),
        (Exception_("approve", "workstation", True), Invalid, "action"),
        (Exception_("collect", "mayor", True), Invalid, "role"),
        *((Exception_("collect", role, True), Invalid, "role") for role in NEVER),
        *((Exception_("book", role, True), Invalid, "role") for role in BLIND),
        (Exception_("collect", "workstation", True), Invalid, "allowed"),
        (Exception_("collect", "hotline", False), Invalid, "allowed"),
        (SITE_WIDE, Conflict, "role"),
        (Exception_("leave", "workstation", False), Conflict, "allowed"),
        (Exception_("leave", "workstation", False, ITEM), Conflict, "allowed"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(one, error, field):
    """Twice the same, also for every service; what changes nothing; a step that nobody could take any more."""
    others = [SITE_WIDE, Exception_("leave", "grid_worker", False)]
    with pytest.raises(error) as refused:
        check_exception(one, others)
    assert refused.value.field == field
    check_exception(Exception_("leave", "grid_worker", True, ITEM), others)


def test_an_exception_that_is_taken_back_leaves_somebody_too():
    others = [Exception_("leave", role, False) for role in ("grid_worker", "workstation")]
    need_somebody([*others, Exception_("leave", "town_staff", True)])
    # should it come to that all the same, the step keeps its roles
    assert machine_with(changes_for(others, None)).table[State.declined, Action.leave].role
    with pytest.raises(Conflict):
        need_somebody(others)


def test_the_roles_that_never_act_are_those_of_the_site_that_only_look_or_administer():
    looks = {key for key, role in SITE.items() if role.read_only}
    assert looks <= set(NEVER)
    assert set(NEVER) - looks == {"system_admin", "security_admin"}
    assert set(ROLES) <= set(SITE)
    assert all(set(to.role).isdisjoint(NEVER) for _s, _a, to in MACHINE.rows())


def test_who_books_sees_residents():
    sees_none = {key for key, role in SITE.items() if not role.sees_persons}
    assert sees_none - set(NEVER) == set(BLIND)
    assert sees_none.isdisjoint(MACHINE.table[None, Action.book].role)

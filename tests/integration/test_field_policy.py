"""The field policy covers every protected column, and names only what exists."""

from __future__ import annotations

import pytest
from flask_appbuilder import Model

from app import all_models  # noqa: F401
from app.areas.models import Staff
from app.areas.roles import ROLES
from app.core import policy
from app.core.actor import Actor
from app.core.interface import facts_of
from app.registry.models import PersonDocument, PersonGroup

CLASSES = {m.local_table.name: m.class_ for m in Model.registry.mappers}
PROTECTED = sorted(
    (name, fact.name)
    for name, cls in CLASSES.items()
    if cls.__module__.startswith("app.")
    for fact in facts_of(cls).values()
    if fact.kind == "secret"
)
# written and read by their own services, never shown column by column
INTERNAL = {("change_log", "protected")}


@pytest.mark.parametrize(("table", "column"), PROTECTED)
def test_every_encrypted_column_has_a_rule(table, column):
    assert (table, column) in policy.rules() or (table, column) in INTERNAL


def test_every_rule_names_a_column_and_roles_that_exist():
    for (table, column), rule in policy.rules().items():
        assert column in facts_of(CLASSES[table]), f"{table}.{column}"
        named = set().union(*(roles for _verb, roles in rule.roles)) - {"*"}
        assert named <= set(ROLES), f"{table}.{column}"


def test_what_is_closed_in_the_log_only_exists_and_is_open_on_screen():
    assert policy.logged_closed()
    for table, column in policy.logged_closed():
        assert column in facts_of(CLASSES[table]), f"{table}.{column}"
        assert (table, column) not in policy.rules()
        assert policy.is_open(CLASSES[table], column)


def test_administrators_and_auditors_see_no_protected_value():
    for rule in policy.rules().values():
        if rule.level in {"L3", "L4", "L5"}:
            for verb in policy.VERBS:
                for role in ("system_admin", "security_admin", "auditor"):
                    assert not rule.allows(verb, role), f"{rule.table}.{rule.column}"


def test_an_encrypted_column_without_a_rule_is_hidden(monkeypatch):
    monkeypatch.setattr(policy, "rules", dict)
    actor = Actor(user_id=1, role="workstation")
    assert policy.shown(actor, Staff, "phone", "13812345678", place="page") == policy.HIDDEN
    assert not policy.may(actor, "see", Staff, "phone")
    assert not policy.is_open(Staff, "phone")


@pytest.mark.parametrize(
    ("model", "column", "value", "masked"),
    [
        (PersonDocument, "number", "430281198502210016", "4****************6"),
        (Staff, "phone", "13812345678", "138****5678"),
        (PersonGroup, "group_code", "G01", policy.HIDDEN),
    ],
)
def test_lists_show_the_mask(model, column, value, masked):
    actor = Actor(user_id=1, role="grid_worker")
    assert policy.shown(actor, model, column, value) == masked


def test_a_special_group_is_plain_on_the_page_for_those_who_work_with_it():
    worker, leader = Actor(user_id=1, role="grid_worker"), Actor(user_id=1, role="leader")
    assert policy.shown(worker, PersonGroup, "group_code", "G01", place="page") == "G01"
    assert policy.shown(leader, PersonGroup, "group_code", "G01", place="page") == policy.HIDDEN


# --- lists are no oracle for a masked value ---------------------------------------------------------------------


def _owner_of(view, name):
    *steps, last = name.split(".")
    model = view.datamodel.obj
    for step in steps:
        model = facts_of(model)[step].target
    return model, last


def test_no_list_sorts_or_filters_by_a_masked_column(app):
    asked = 0
    for view in app.extensions["geban_views"].values():
        sorted_by = [view.order_keys.get(name, name) for name in view.order_columns]
        for name in (*sorted_by, *view.search_columns):
            assert policy.is_open(*_owner_of(view, name)), f"{type(view).__name__}: {name}"
            asked += 1
    assert asked > 100


@pytest.mark.parametrize("option", ["order_columns", "search_columns"])
def test_a_view_that_would_is_refused_at_start(app, option):
    """The group of a person is no encrypted column, but masked: sorting by it would put the same illness together."""
    from app.core.views import Interface, ModelView

    words = {"list_title": "x", "show_title": "x", "add_title": "x", "edit_title": "x"}
    bad = type("Oracle", (ModelView,), {
        "datamodel": Interface(PersonGroup), "route_base": "/oracle", "list_columns": ["valid_from"],
        option: ["group_code"], **words,
    })  # fmt: skip
    with pytest.raises(ValueError, match="group_code"):
        bad()

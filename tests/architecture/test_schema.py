"""Rules of the house that can be read off the mapped classes and the migrations."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from flask_appbuilder import Model

import app.all_models  # noqa: F401
from app.core.crypto import EncryptedJson, EncryptedText
from app.core.models import AreaBound, BigKey, Instant, StepBase
from app.core.scope import is_guarded

CLASSES = {
    mapper.class_
    for mapper in Model.registry.mappers
    if mapper.class_.__module__.startswith("app.") and "." in mapper.class_.__module__
}
OURS = sorted(CLASSES, key=lambda c: c.__tablename__)

# rows that stand outside the row scope, each with its reason
OPEN = {
    "role_scheme": "names of seats, no persons",
    "calendar_day": "public holidays",
    "office_hours": "public",
    "org_unit": "names and phones of offices",
    "area_counter": "numbers only, summed by path range",
    "area": "the map itself: names and boundaries",
    "area_succession": "which area followed which",
    "account": "read by the security manager and user administration, which check rank and subtree",
    "change_log": "auditors only (role), append-only",
    "access_log": "auditors only (role), append-only",
    "extra_field_area": "where a custom field is asked",
    "risk_rule": "rules without persons",
    "duplicate_rule": "rules without persons",
}


# guarded by a criterion of their own although they name an area
OWN_GUARD = {"area_plan": "seen where it applies; its area is the one that holds all it touches"}


@pytest.mark.parametrize("cls", OURS, ids=lambda c: c.__tablename__)
def test_what_belongs_to_an_area_is_guarded(cls):
    has_area = "area_id" in cls.__table__.c
    if cls.__tablename__ in OPEN:
        assert not is_guarded(cls)
    elif has_area:
        assert is_guarded(cls)
        assert issubclass(cls, AreaBound) or cls.__tablename__ in OWN_GUARD


@pytest.mark.parametrize("cls", OURS, ids=lambda c: c.__tablename__)
def test_children_of_guarded_tables_are_guarded(cls):
    by_table = {c.__tablename__: c for c in CLASSES}
    for key in cls.__table__.foreign_keys:
        parent = by_table.get(key.column.table.name)
        if parent is not None and is_guarded(parent) and cls.__tablename__ not in OPEN:
            assert is_guarded(cls), f"{cls.__tablename__}.{key.parent.name} points at {parent.__tablename__}"


@pytest.mark.parametrize("cls", OURS, ids=lambda c: c.__tablename__)
def test_columns_keep_the_house_types(cls):
    for column in cls.__table__.c:
        kind = column.type
        assert type(kind).__name__ != "DateTime", f"{column.name}: instants are core.models.Instant"
        if column.primary_key and column.name == "id":
            assert kind is BigKey, f"{column.name}: keys have 64 bits"
        if isinstance(kind, Instant):
            assert column.name.endswith(("_at", "_until", "_from")) or column.name == "at"


def test_encrypted_columns_name_their_own_place():
    for cls in CLASSES:
        for column in cls.__table__.c:
            if isinstance(column.type, EncryptedText | EncryptedJson):
                assert column.type.context == f"{cls.__tablename__}.{column.name}"


def test_a_state_column_has_a_step_table():
    steps = {c.__tablename__ for c in CLASSES if issubclass(c, StepBase)}
    kept_elsewhere = {
        "job": "lease and progress are its history",
        "case_material": "the case's steps carry the lists",
        "outbox_message": "sent once",
        "service_item_version": "a published version is never edited; versions are the history",
    }
    expected = {
        "area_plan": "area_plan_step",
        "move_in_request": "move_in_step",
        "import_batch": "import_step",
        "visit": "visit_step",
        "proxy_case": "case_step",
        "issued_document": "document_step",
        "proposal": "proposal_step",
        "change_request": "change_request_step",
        "campaign": "campaign_step",
        "campaign_target": "campaign_try",
        "hazard": "hazard_step",
        "duplicate_pair": "duplicate_step",
    }
    for cls in CLASSES:
        if "state" in cls.__table__.c and cls.__tablename__ not in kept_elsewhere:
            assert expected.get(cls.__tablename__) in steps, cls.__tablename__


def test_one_migration_head_and_the_models_match(app):
    migrate = app.extensions["migrate"]
    config = migrate.migrate.get_config()
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
    command.check(config)

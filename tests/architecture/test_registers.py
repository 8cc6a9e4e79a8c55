"""What lets the tests look at a few light registers and speak for all of them (docs/registers.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import menu
from app.areas.roles import IN_CONFIDENCE, OF_THE_CENTER, ROLES
from app.core import icons
from app.registers.base import Entry, Register, SharedEntry
from app.registers.found import HERE, PACKAGES, REGISTERS
from app.registers.papers import PaperRegister

LONGEST = 40
PERMISSIONS = ("can_list", "can_show", "can_add", "can_edit", "can_delete", "can_restore", "can_reveal")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_register_is_one_file_of_at_most_forty_lines(name):
    files = [f for f in (HERE / name).rglob("*") if f.is_file() and f.suffix != ".pyc"]
    assert [f.name for f in files] == ["__init__.py"]
    lines = Path(files[0]).read_text().splitlines()
    assert len(lines) <= LONGEST
    assert max(map(len, lines)) <= 125


@pytest.mark.parametrize("cls", REGISTERS, ids=lambda c: c.__name__)
def test_a_register_declares_and_has_no_pages_of_its_own(cls):
    """Its routes, and with them scope, rights, versions and logs, are those of the base: two are swept for all."""
    assert cls.__bases__ in {(Register,), (PaperRegister,)}
    assert not [name for name, value in vars(cls).items() if hasattr(value, "_urls")]
    assert not {"base_permissions", "base_filters", "class_permission_name", "route_base"} & set(vars(cls))
    assert issubclass(cls.datamodel.obj, Entry | SharedEntry)
    assert icons.exists(cls.icon), cls.icon
    assert cls.__doc__
    assert cls.datamodel.obj.__doc__


def test_every_register_is_mounted_once():
    mounted = [entry.view for entry in menu.entries() if issubclass(entry.view, Register)]
    assert sorted(v.__name__ for v in mounted) == sorted(v.__name__ for v in REGISTERS)


def test_all_registers_are_granted_alike_but_what_is_told_in_confidence():
    for role in ROLES.values():
        apart = {
            *IN_CONFIDENCE.split("|"),
            *(OF_THE_CENTER.split("|") if role.key == "center_operator" else ()),
        }
        held = {
            cls.__name__: {p for p in PERMISSIONS if role.permits(p, cls.__name__)}
            for cls in REGISTERS
            if cls.__name__ not in apart
        }
        assert len({frozenset(found) for found in held.values()}) == 1, role.key
    readers = {key for key, role in ROLES.items() if role.permits("can_show", IN_CONFIDENCE)}
    assert readers == {"town_staff", "workstation"}
    assert not any(ROLES[key].permits("can_list", "FacilityRegister") for key in ("auditor", "hotline"))


def test_a_register_must_be_named_so_that_the_grants_find_it():
    with pytest.raises(TypeError, match="Register"):
        type("DogView", (Register,), {})

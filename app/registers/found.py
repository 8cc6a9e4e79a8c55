"""Every register of the house: the packages of this folder, found by themselves, in the order of their names."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

from app.registers.base import Register

HERE = Path(__file__).resolve().parent
PACKAGES = tuple(sorted(one.name for one in pkgutil.iter_modules([str(HERE)]) if one.ispkg))


def _views(package: str) -> list[type[Register]]:
    """The register views that a package declares itself."""
    module = import_module(f"app.registers.{package}")
    found = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Register)]
    return [view for view in found if view.__module__ == module.__name__]


REGISTERS: tuple[type[Register], ...] = tuple(view for name in PACKAGES for view in _views(name))


def of_section(key: str) -> list[type[Register]]:
    """The registers of one section of the side bar."""
    return [view for view in REGISTERS if view.section == key]

"""Screens of the registry."""

from app.registry.views.census import CensusDesk
from app.registry.views.wizard import HomeWizard

__all__ = ["CensusDesk", "HomeWizard"]

"""Screens of the registry."""

from app.registry.views.census import CensusDesk
from app.registry.views.documents import PersonDocumentView
from app.registry.views.homes import BuildingView, DwellingView
from app.registry.views.households import HouseholdMemberView, HouseholdView, ResidenceView
from app.registry.views.letting import RentalHomeView, TenancyView, VenueView
from app.registry.views.move_in import MoveInView
from app.registry.views.people import PersonView
from app.registry.views.person_parts import ConsentTaskView, PersonGroupView, PersonNameView, PersonPhoneView
from app.registry.views.wizard import HomeWizard

__all__ = [
    "BuildingView",
    "CensusDesk",
    "ConsentTaskView",
    "DwellingView",
    "HomeWizard",
    "HouseholdMemberView",
    "HouseholdView",
    "MoveInView",
    "PersonDocumentView",
    "PersonGroupView",
    "PersonNameView",
    "PersonPhoneView",
    "PersonView",
    "RentalHomeView",
    "ResidenceView",
    "TenancyView",
    "VenueView",
]

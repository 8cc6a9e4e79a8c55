"""Screens of the registry."""

from app.registry import importing as _importing  # noqa: F401 - declares the sheet of residents and its job
from app.registry.views.campaigns import CampaignDesk, CampaignView
from app.registry.views.care import CareDesk, CareDueView
from app.registry.views.census import CensusDesk
from app.registry.views.checks import CheckDesk
from app.registry.views.chiefs import BuildingChiefView, BuildingUnitView
from app.registry.views.coverage import CoverageDesk
from app.registry.views.documents import PersonDocumentView
from app.registry.views.door_codes import DoorCodeDesk
from app.registry.views.duplicate_words import DuplicateRuleView
from app.registry.views.duplicates import DuplicateView
from app.registry.views.groups import PersonGroupView
from app.registry.views.hazards import HazardView, SafetyCheckView
from app.registry.views.homes import BuildingView, DwellingView
from app.registry.views.households import HouseholdMemberView, HouseholdView, ResidenceView
from app.registry.views.letting import RentalHomeView, TenancyView
from app.registry.views.merges import PersonMergeView
from app.registry.views.move_in import MoveInView
from app.registry.views.people import PersonView
from app.registry.views.person_parts import ConsentTaskView, PersonNameView, PersonPhoneView
from app.registry.views.risk_rules import RiskRuleView, VenueThresholdView
from app.registry.views.sheets import SheetDesk
from app.registry.views.venues import VenueView
from app.registry.views.wizard import HomeWizard

__all__ = [
    "BuildingChiefView",
    "BuildingUnitView",
    "BuildingView",
    "CampaignDesk",
    "CampaignView",
    "CareDesk",
    "CareDueView",
    "CensusDesk",
    "CheckDesk",
    "ConsentTaskView",
    "CoverageDesk",
    "DoorCodeDesk",
    "DuplicateRuleView",
    "DuplicateView",
    "DwellingView",
    "HazardView",
    "HomeWizard",
    "HouseholdMemberView",
    "HouseholdView",
    "MoveInView",
    "PersonDocumentView",
    "PersonGroupView",
    "PersonMergeView",
    "PersonNameView",
    "PersonPhoneView",
    "PersonView",
    "RentalHomeView",
    "ResidenceView",
    "RiskRuleView",
    "SafetyCheckView",
    "SheetDesk",
    "TenancyView",
    "VenueThresholdView",
    "VenueView",
]

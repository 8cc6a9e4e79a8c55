"""Tables of the registry: one person table, dated rows that point to it (house, section 3)."""

from app.registry.models.campaigns import (
    Campaign,
    CampaignStep,
    CampaignTarget,
    CampaignTry,
    SheetPack,
)
from app.registry.models.care import GroupVisit
from app.registry.models.corrections import ChangeRequest, ChangeRequestStep
from app.registry.models.duplicates import DuplicatePair, DuplicateRule, DuplicateStep, PersonMerge
from app.registry.models.events import LifeEvent, LifeEventPerson, Proposal, ProposalStep
from app.registry.models.homes import (
    Building,
    BuildingChief,
    BuildingUnit,
    Dwelling,
    DwellingAlias,
    DwellingSuccession,
)
from app.registry.models.households import (
    Household,
    HouseholdDwelling,
    HouseholdMember,
    MoveInRequest,
    MoveInStep,
    Residence,
)
from app.registry.models.letting import RentalHome, Tenancy, Venue
from app.registry.models.people import (
    ConsentTask,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonName,
    PersonPhone,
    PersonSource,
)
from app.registry.models.population import FloatingStay, LeftBehind, OverseasStay
from app.registry.models.safety import (
    Hazard,
    HazardStep,
    RiskRule,
    SafetyCheck,
    SafetyCheckItem,
    VenueThreshold,
)
from app.registry.models.units import HelpRecord, ResidentUnit, School, ServiceResource

__all__ = [
    "Building",
    "BuildingChief",
    "BuildingUnit",
    "Campaign",
    "CampaignStep",
    "CampaignTarget",
    "CampaignTry",
    "ChangeRequest",
    "ChangeRequestStep",
    "ConsentTask",
    "DuplicatePair",
    "DuplicateRule",
    "DuplicateStep",
    "Dwelling",
    "DwellingAlias",
    "DwellingSuccession",
    "FloatingStay",
    "GroupVisit",
    "Hazard",
    "HazardStep",
    "HelpRecord",
    "Household",
    "HouseholdDwelling",
    "HouseholdMember",
    "LeftBehind",
    "LifeEvent",
    "LifeEventPerson",
    "MoveInRequest",
    "MoveInStep",
    "OverseasStay",
    "Person",
    "PersonArea",
    "PersonDocument",
    "PersonGroup",
    "PersonMerge",
    "PersonName",
    "PersonPhone",
    "PersonSource",
    "Proposal",
    "ProposalStep",
    "RentalHome",
    "Residence",
    "ResidentUnit",
    "RiskRule",
    "SafetyCheck",
    "SafetyCheckItem",
    "School",
    "ServiceResource",
    "SheetPack",
    "Tenancy",
    "Venue",
    "VenueThreshold",
]

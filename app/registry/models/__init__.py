"""Tables of the registry: one person table, dated rows that point to it (house, section 3)."""

from app.registry.models.homes import (
    Building,
    BuildingUnit,
    Dwelling,
    DwellingAlias,
    DwellingSuccession,
    RentalHome,
    Tenancy,
    Venue,
)
from app.registry.models.households import (
    Household,
    HouseholdDwelling,
    HouseholdMember,
    MoveInRequest,
    MoveInStep,
    Residence,
)
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

__all__ = [
    "Building",
    "BuildingUnit",
    "ConsentTask",
    "Dwelling",
    "DwellingAlias",
    "DwellingSuccession",
    "Household",
    "HouseholdDwelling",
    "HouseholdMember",
    "MoveInRequest",
    "MoveInStep",
    "Person",
    "PersonArea",
    "PersonDocument",
    "PersonGroup",
    "PersonName",
    "PersonPhone",
    "PersonSource",
    "RentalHome",
    "Residence",
    "Tenancy",
    "Venue",
]

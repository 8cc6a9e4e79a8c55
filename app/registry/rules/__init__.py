"""Decisions of the registry, pure: ID numbers, dates, names, phones, kinship, residence, crowding."""

from app.registry.rules.dates import Birth, Precision, age_on, parse_birth
from app.registry.rules.household import Member, household_findings
from app.registry.rules.id_number import (
    DERIVING_KINDS,
    Derived,
    birth_of,
    check_character,
    derive,
    document_key,
    has_right_check,
    inspect_document,
    normalise_number,
    sex_of,
    to_18,
)
from app.registry.rules.names import check_name, name_birth_key, name_key
from app.registry.rules.phones import Phone, normalise_phone
from app.registry.rules.population import (
    PopulationHint,
    crowding_finding,
    left_behind_type,
    suggest_population,
)

__all__ = [
    "DERIVING_KINDS",
    "Birth",
    "Derived",
    "Member",
    "Phone",
    "PopulationHint",
    "Precision",
    "age_on",
    "birth_of",
    "check_character",
    "check_name",
    "crowding_finding",
    "derive",
    "document_key",
    "has_right_check",
    "household_findings",
    "inspect_document",
    "left_behind_type",
    "name_birth_key",
    "name_key",
    "normalise_number",
    "normalise_phone",
    "parse_birth",
    "sex_of",
    "suggest_population",
    "to_18",
]

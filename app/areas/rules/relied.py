"""Codes of local lists that the program itself goes by: an administrator may reword them, and may not end them.

Whoever writes such a code into a rule names it here; a test holds each name against the lists that come with the program.
"""

from collections.abc import Mapping

RELIED: Mapping[str, frozenset[str]] = {
    name: frozenset(codes.split())
    for name, codes in {
        "population_kind": "registered floating left_behind overseas unregistered",
        "separation_kind": "both empty",
        "special_group": "G21 G22 G31 G32 G34",
        "housing_use": "H1 H2 H3",
        "building_type": "B2",
        "rental_risk": "green yellow orange red",
        "grid_level": "L1 L2 L3 L4 L5",
        "grid_role": "grid_worker grid_worker_part first_grid_worker building_chief dispatcher",
        "urgency": "normal urgent",
        "service_record_type": "SR1 SR2 SR4 SR7",
        "visit_type": "V1 V3 V4 V5",
        "visit_outcome": "met phone family absent refused moved deceased",
        "data_source": "grid police health medical import derive",
        "sensitivity_level": "L1 L2 L3 L4 L5",
        "record_status": "draft effective cancelled merged",
        "cancel_reason": "death moveout abroad duplicate mistake",
        "org_kind": "center sub_center workstation department enforcement police",
        "employment_kind": "full_time part_time",
    }.items()
}


def is_relied_on(list_name: str, code: str) -> bool:
    """Whether the program goes by this code."""
    return code in RELIED.get(list_name, frozenset())


def has_words(label: str) -> bool:
    """Whether a label says anything: digits and signs alone tell nobody what is chosen."""
    return any(char.isalpha() for char in label)

"""Which fields a resident organisation has, by its kind (GB/T 31000-2015, 1.6)."""

from __future__ import annotations

COMPANY = frozenset(
    "category registered_kind holding business legal_name legal_document_kind legal_document legal_phone guard_name"
    " guard_phone is_hazardous hazard attention has_party party_members has_union union_members has_league"
    " league_members has_women women_members".split()
)
SOCIAL = frozenset(
    "social_kind licence_no authority approved_on funding is_foreign legal_name legal_document_kind legal_document"
    " legal_phone has_party party_members".split()
)
PUBLIC = frozenset(
    "category authority guard_name guard_phone hazard attention has_party party_members".split()
)
COLUMNS_OF: dict[str, frozenset[str]] = {"public": PUBLIC, "company": COMPANY, "social": SOCIAL}
OWN_COLUMNS = PUBLIC | COMPANY | SOCIAL

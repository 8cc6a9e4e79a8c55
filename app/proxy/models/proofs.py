"""The last wall against forbidden proofs: a paper that may not be asked for is never written (MCA 2020 no. 20).

Forms, the catalogue, sheets and copies all end here; they ask `need_allowed` earlier, for a sentence beside the field.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import event

from app import seeds
from app.core.errors import Invalid
from app.proxy.models.items import ServiceMaterial
from app.proxy.rules.forbidden import Proofs, proofs_of, refusal


@lru_cache(maxsize=1)
def proofs() -> Proofs:
    """The twenty kinds as the site's data has them."""
    return proofs_of(seeds.read("forbidden_proofs"))


def need_allowed(name: str, issuer: str | None, *, note: str | None = None, field: str = "name") -> None:
    """Raises Invalid with who has the fact instead, where a committee would be asked for a forbidden proof."""
    found = refusal(name, issuer, proofs(), note=note, field=field)
    if found is not None:
        raise Invalid(found.sentence, field=found.field)


@event.listens_for(ServiceMaterial, "before_insert")
@event.listens_for(ServiceMaterial, "before_update")
def _never_written(_mapper: Any, _connection: Any, row: ServiceMaterial) -> None:
    need_allowed(row.name, row.issuer, note=row.note)

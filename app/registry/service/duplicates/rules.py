"""The rules of the site: seeded once, weighted and switched by administrators."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.registry.models import DuplicateRule
from app.registry.rules.duplicates import CONDITIONS, Rule, check_conditions


def load_rules(session: Session) -> int:
    """Put the rules of the seeds into a site that lacks them; what an administrator changed or deleted stays."""
    known = set(session.scalars(select(DuplicateRule.code).execution_options(with_deleted=True)))
    fresh = [raw for raw in seeds.read("duplicate_rules")["rules"] if raw["code"] not in known]
    for raw in fresh:
        session.add(DuplicateRule(**raw | {"conditions": ",".join(check_conditions(raw["conditions"]))}))
    session.flush()
    return len(fresh)


def rules_in_force(session: Session) -> list[Rule]:
    """The rules that are switched on, heaviest first. One that names a condition of another version of the program is
    passed over: it must not stop anybody from saving.
    """
    query = select(DuplicateRule).where(DuplicateRule.is_on.is_(True)).order_by(DuplicateRule.weight.desc())
    return [
        Rule(row.code, tuple(row.conditions.split(",")), row.weight, row.at_entry)
        for row in session.scalars(query)
        if CONDITIONS.keys() >= set(row.conditions.split(","))
    ]

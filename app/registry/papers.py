"""The plain dict of the consent sheet F29 (PIPL art. 14, 17, 29–31). Numbers are masked: the sheet goes through hands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.areas.models import Area, AreaLevel, OrgUnit, Post, Staff
from app.areas.queries.tree import prefixes
from app.core.masks import mask_id_number, mask_phone
from app.documents import registry as forms
from app.registry.models import Dwelling, Person, PersonDocument, PersonPhone, Residence

FORM = "F29"
# what the census writes down of everybody; the rest only where there is something of it
ALWAYS = ("identity", "residence", "household", "service")
CHILD = "child"
COUNTY_CODE = re.compile(r"[0-9]{6}")  # GB/T 2260


@dataclass(frozen=True)
class Asked:
    """What the clerk says at the door: who signs for a child, which sensitive data are asked for one by one."""

    guardian_name: str = ""
    guardian_relation: str = ""
    sensitive: tuple[str, ...] = ()
    is_child: bool = False


def notice_on(day: date) -> dict[str, Any]:
    """The text of the notice that is given out on a day: the newest one in force, before the first one the first."""
    texts = sorted(forms.form(FORM).texts.values(), key=lambda text: int(text["version"]))
    in_force = [text for text in texts if text["effective_on"] <= day.isoformat()]
    found: dict[str, Any] = in_force[-1] if in_force else texts[0]
    return found


def consent(
    session: Session,
    person: Person,
    area: Area,
    office: OrgUnit | None,
    asked: Asked,
    *,
    day: date,
    public_url: str,
) -> dict[str, Any]:
    """Context of F29 without ``issue``; keys as in the form's sample."""
    notice = notice_on(day)
    kinds = [row["code"] for row in notice["sensitive"]]
    wanted = [code for code in kinds if code in asked.sensitive or (code == CHILD and asked.is_child)]
    return {
        "text_version": notice["version"],
        "notice_url": f"{public_url}/notice/{notice['version']}",
        "processor": _processor(session, area, office),
        "recipients": _recipients(session, area),
        "subject": _subject(session, person),
        "collected": _collected(session, person, notice),
        "sensitive": [{"code": code, "decision": ""} for code in wanted],
        "guardian": {
            "is_needed": asked.is_child,
            "name": asked.guardian_name if asked.is_child else "",
            "relation": asked.guardian_relation if asked.is_child else "",
        },
    }


def _processor(session: Session, area: Area, office: OrgUnit | None) -> dict[str, str]:
    """Who answers for the data: the office that collects them, and its leader as the person to talk to."""
    leader = None
    if office is not None:
        query = (
            select(Staff.name)
            .join(Post, Post.staff_id == Staff.id)
            .where(Post.org_unit_id == office.id, Post.is_station_leader.is_(True), Post.valid_to.is_(None))
            .order_by(Post.id)
        )
        leader = session.scalars(query).first()
    return {
        "name": office.name if office else area.full_name or area.name,
        "address": (office.address if office else None) or "",
        "phone": (office.phone if office else None) or "",
        "contact": seeds.read("consent")["contact"].format(name=leader) if leader else "",
    }


def _recipients(session: Session, area: Area) -> list[dict[str, str]]:
    """Who gets the data: county and town, told by code and kind, since a county names its levels as it likes.

    The town is the park, or the division right above the lowest one (the community).
    """
    query = (
        select(AreaLevel.kind, Area.code, Area.name)
        .join(Area, Area.level_id == AreaLevel.id)
        .where(Area.path.in_(prefixes(area.path, own=True)))
        .order_by(Area.path)
    )
    above = [tuple(row) for row in session.execute(query)]
    county = next((name for _kind, code, name in above if COUNTY_CODE.fullmatch(code)), above[0][2])
    parks = [name for kind, _code, name in above if kind == "park"]
    divisions = [name for kind, _code, name in above if kind == "division"]
    town = [*divisions[:-1], *parks][-1] if parks or len(divisions) > 1 else county
    return [
        {"name": row["name"].format(county=county, town=town), "purpose": row["purpose"]}
        for row in seeds.read("consent")["recipients"]
    ]


def _subject(session: Session, person: Person) -> dict[str, str]:
    document = session.scalars(
        select(PersonDocument.number)
        .where(PersonDocument.person_id == person.id, PersonDocument.valid_to.is_(None))
        .order_by(PersonDocument.is_primary.desc(), PersonDocument.id)
    ).first()
    home = session.scalars(
        select(Dwelling.address)
        .join(Residence, Residence.dwelling_id == Dwelling.id)
        .where(Residence.person_id == person.id, Residence.kind == "living", Residence.valid_to.is_(None))
        .order_by(Residence.id.desc())
    ).first()
    phones = _phones(session, person)
    return {
        "name": person.name,
        "id_number": mask_id_number(document) if document else "",
        "address": home or person.register_address or "",
        "phone": mask_phone(phones[-1]) if phones else "",
    }


def _phones(session: Session, person: Person) -> Sequence[str]:
    query = select(PersonPhone.number).where(
        PersonPhone.person_id == person.id, PersonPhone.valid_to.is_(None)
    )
    return session.scalars(query.order_by(PersonPhone.id)).all()


def _collected(session: Session, person: Person, notice: dict[str, Any]) -> list[str]:
    """Kinds of data that are ticked, in the order of the notice."""
    has_work = any((person.education, person.employment, person.occupation, person.workplace))
    ticked = {*ALWAYS, *(["contact"] if _phones(session, person) else []), *(["work"] if has_work else [])}
    return [row["code"] for row in notice["category"] if row["code"] in ticked]

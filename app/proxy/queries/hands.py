"""The chain of hands of a case's originals, and who may get one next."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.core.actor import Actor
from app.proxy.models import Custody, CustodyMove, ProxyCase
from app.proxy.queries.planning import colleagues
from app.proxy.service.custody import OWNER, STAFF, UNIT, Hand, keeper_of, may_move


@dataclass
class Chain:
    """One original with every change of hands, oldest first."""

    custody: Custody
    moves: list[CustodyMove] = field(default_factory=list)
    may_move: bool = False
    offered_to: str = ""


def chains(session: Session, actor: Actor, case: ProxyCase) -> list[Chain]:
    """The originals of a case with their hands, in one statement; those taken before hands were written have none."""
    found = {c.id: Chain(c, may_move=may_move(actor, c)) for c in case.custody}
    for chain in found.values():
        chain.offered_to = keeper_of(session, chain.custody.offered_to_id)[1]
    query = (
        select(CustodyMove)
        .where(CustodyMove.case_id == case.id)
        .options(joinedload(CustodyMove.signature))
        .order_by(CustodyMove.id)
    )
    for move in session.scalars(query) if found else ():
        found[move.custody_id].moves.append(move)
    return list(found.values())


def receivers(session: Session, actor: Actor, case: ProxyCase, custody: Custody) -> dict[str, Hand]:
    """Colleagues of the acting post's areas, whoever is in charge of the case, and its offices once they have it."""
    found = {}
    if case.submitted_to_department:
        offices = [case.department, *(a.org_unit for a in case.assists)]
        found = {f"unit:{u.uid}": Hand(UNIT, u.id, u.name) for u in offices if u is not None}
    for one in colleagues(session, actor) if actor.ranges else ():
        found[f"staff:{one.uid}"] = Hand(STAFF, one.id, one.name)
    for staff_id in {actor.staff_id, case.staff_id} - {None}:
        uid, name = keeper_of(session, staff_id)
        if uid and (staff_id == case.staff_id or actor.ranges):
            found.setdefault(f"staff:{uid}", Hand(STAFF, staff_id or 0, name))
    here = (UNIT, custody.holder_unit_id) if custody.holder_unit_id else (STAFF, custody.holder_staff_id)
    return {key: hand for key, hand in found.items() if (hand.kind, hand.id) != here}


def from_whom(chain: Chain, move: CustodyMove) -> str:
    """The name an original came from: the one it was handed to before; empty for its owner."""
    before = chain.moves[: chain.moves.index(move)]
    if move.from_kind == OWNER or not before:
        return ""
    return before[-1].to_name or ""

"""What the program hangs on homes and people by itself: it goes with them when the import that brought them is undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core import removal
from app.core.actor import Actor
from app.registry.choices import ProposalState
from app.registry.choices.duplicates import DuplicateAction, DuplicateFound, DuplicateState
from app.registry.models import (
    CampaignTarget,
    ConsentTask,
    DuplicatePair,
    PersonDocument,
    PersonGroup,
    PersonName,
    PersonPhone,
    PersonSource,
    Proposal,
    Residence,
)
from app.registry.service import proposals
from app.registry.service.duplicates import pairs

WAITING = tuple(map(str, (DuplicateState.open, DuplicateState.lapsed)))
UNTAKEN = tuple(map(str, (ProposalState.open, ProposalState.dropped)))


def _pair_settled(_since: datetime) -> Any:
    """Somebody said what the two records are, or noticed them."""
    return DuplicatePair.state.not_in(WAITING) | (DuplicatePair.found_by == str(DuplicateFound.hand))


def _pair_falls(session: Session, pair: DuplicatePair, actor: Actor, now: datetime) -> None:
    if pair.state == DuplicateState.open:
        pairs.step(session, pair, DuplicateAction.lapse, reason=None, actor=actor, now=now)


def _proposal_falls(session: Session, row: Proposal, actor: Actor, now: datetime) -> None:
    proposals.drop(session, row, actor=actor, now=now)


def _settled_elsewhere(_session: Session, _row: CampaignTarget, _actor: Actor, _now: datetime) -> None:
    """Targets follow their homes in the same transaction (campaigns/following)."""


removal.follows(
    removal.Follower(CampaignTarget, lambda since: CampaignTarget.tried_at >= since, _settled_elsewhere)
)
removal.follows(removal.Follower(DuplicatePair, _pair_settled, _pair_falls))
removal.follows(removal.Follower(Proposal, lambda _since: Proposal.state.not_in(UNTAKEN), _proposal_falls))
# made by the night where the calendar says so, else by hand: the change log knows
removal.follows(removal.Follower(PersonGroup))
removal.follows(removal.Follower(ConsentTask))
# what watches the session (following, campaigns/following, duplicates/placing, newcomers) looks at none of these
removal.quiet(PersonDocument, PersonName, PersonPhone, PersonSource, Residence)

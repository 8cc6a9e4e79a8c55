"""Decisions about areas, pure: codes, paths, size, re-division, posts, delegation."""

from app.areas.rules.codes import CODE_PATTERNS, check_code
from app.areas.rules.delegation import may_administer
from app.areas.rules.granted import granted
from app.areas.rules.naming import full_name, next_code, recoded
from app.areas.rules.paths import SEGMENT, child_path, depth_of, is_within, outermost, parent_path, range_of
from app.areas.rules.plan_states import PLAN_MACHINE
from app.areas.rules.plans import AreaFact, Piece, Plan, plan_findings
from app.areas.rules.polygon import check_polygon
from app.areas.rules.size import band_finding
from app.areas.rules.staffing import PostSpan, Settled, is_vacant, settled

__all__ = [
    "CODE_PATTERNS",
    "PLAN_MACHINE",
    "SEGMENT",
    "AreaFact",
    "Piece",
    "Plan",
    "PostSpan",
    "Settled",
    "band_finding",
    "check_code",
    "check_polygon",
    "child_path",
    "depth_of",
    "full_name",
    "granted",
    "is_vacant",
    "is_within",
    "may_administer",
    "next_code",
    "outermost",
    "parent_path",
    "plan_findings",
    "range_of",
    "recoded",
    "settled",
]

"""Tables of the areas domain."""

from app.areas.models.accounts import Account, LoginAttempt, PasswordHistory, SignIn
from app.areas.models.calendars import CalendarDay, OfficeHours
from app.areas.models.staff import (
    GridGroup,
    GridGroupArea,
    Post,
    PostDuty,
    RoleScheme,
    RoleSchemeSeat,
    SensitiveGrant,
    Staff,
)
from app.areas.models.tree import (
    Area,
    AreaLevel,
    AreaPlan,
    AreaPlanStep,
    AreaSuccession,
    OrgUnit,
)

__all__ = [
    "Account",
    "Area",
    "AreaLevel",
    "AreaPlan",
    "AreaPlanStep",
    "AreaSuccession",
    "CalendarDay",
    "GridGroup",
    "GridGroupArea",
    "LoginAttempt",
    "OfficeHours",
    "OrgUnit",
    "PasswordHistory",
    "Post",
    "PostDuty",
    "RoleScheme",
    "RoleSchemeSeat",
    "SensitiveGrant",
    "SignIn",
    "Staff",
]

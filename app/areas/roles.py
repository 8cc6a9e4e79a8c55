"""The named roles, in code (guards, section 2). ``flask --app run init`` writes exactly these into FAB's tables.

A grant is (anchored pattern of FAB view names, permissions). ``rank`` orders delegated administration: one
administers only below one's own rank. Three administrators hold disjoint powers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import lazy_gettext as _

READ = frozenset({"can_list", "can_show", "menu_access", "can_lookup", "can_get", "can_history"})
WRITE = READ | {"can_add", "can_edit", "can_draft"}
FULL = WRITE | {"can_delete", "can_restore"}
USE = frozenset({"can_use", "menu_access", "can_draft"})
ANYBODY = (
    ("Home|Inbox|MyAccount|Search|Drafts", USE | READ | {"can_edit"}),
    # saved views, columns, changes of many rows: the right is that of the list
    ("ListDesk", frozenset({"can_use"})),
    ("AreaView|AreaLevelView|OrgUnitView|CodeListView", frozenset({"can_lookup"})),
    ("GuideView", READ),  # how any service of the county is done (S3-45)
    # the record an attachment hangs on decides, and the level of the file (app/site/downloads.py)
    ("AttachmentView", frozenset({"can_show"})),
)


@dataclass(frozen=True)
class Role:
    """A role: its label, rank, where it applies (area | department | site) and what it may do."""

    key: str
    label: object
    rank: int
    scope: str
    grants: tuple[tuple[str, frozenset[str]], ...]
    read_only: bool = False
    sees_persons: bool = True
    second_factor: bool = False  # administrators, and who may export protected values in plain

    def permits(self, permission: str, view: str) -> bool:
        """Whether some grant names this permission on this view."""
        grants = (*ANYBODY, *self.grants)
        return any(permission in perms and re.fullmatch(f"(?:{pattern})", view) for pattern, perms in grants)


REGISTRY = (
    "PersonView|HouseholdView|HouseholdMemberView|BuildingView|DwellingView|RentalHomeView|TenancyView|VenueView"
    "|BuildingChiefView|BuildingUnitView|ResidentUnitView|SchoolView|ServiceResourceView|HelpRecordView"
)
# checks and hazards move by their own pages; rules and thresholds are kept by the system administrator
SAFETY = "SafetyCheckView|HazardView"
SAFETY_RULES = "RiskRuleView|VenueThresholdView"
LIFE = "LifeEventView|ProposalView|CorrectionView"
# identity is corrected by four eyes: a grid worker asks (app/registry/rules/corrections.py)
IDENTITY_PARTS = "PersonDocumentView|PersonNameView"
OTHER_PARTS = (
    "PersonPhoneView|ResidenceView|PersonGroupView|ConsentTaskView"
    "|FloatingStayView|LeftBehindView|OverseasStayView"
)
PEOPLE_PARTS = f"{IDENTITY_PARTS}|{OTHER_PARTS}"
PEOPLE = f"{REGISTRY}|{PEOPLE_PARTS}"
# pairs are settled and merges taken apart on pages of their own; the rules are kept by the system administrator
DUPLICATES = "DuplicateView|PersonMergeView"
SETTLE = READ | {"can_add", "can_edit", "can_draft"}
CARE, FIGURES = "CareDueView|PermitExpiryView", "RegisterFigures|ProxyFigures"
WATCHED = "PersonView|PersonGroupView|LeftBehindView|PersonDocumentView|PersonPhoneView"
WORK, TIMES = "VisitView|VisitStopView|ServiceRecordView", "WorkSlotView|StaffAbsenceView"
STAFFING = "StaffView|PostView|PostDutyView|GridGroupView|GridGroupAreaView"
STRUCTURE = f"AreaView|OrgUnitView|{STAFFING}|VacancyView"
# bad ratings are looked into by others than who was rated
CASES, CALLBACKS = "ProxyCaseView|CaseMaterialView|CustodyView", "CaseCallbackView"
CATALOGUE = "ServiceItemView|ServiceItemVersionView|ServiceMaterialView|ServiceFieldView"
OF_RECORDS = "Reminder Census Consent Proxy Care Life Ageing Entitlement Benefit Calendar DoorCode".split()
DESKS = "|".join(f"{name}Desk" for name in OF_RECORDS)
LIMITS, PAPERS = "StepLimitView|StepRoleView|EscalationRuleView", "IssuedDocumentView|PrintLogView"
# light registers are granted by their class name (app/registers), what is told in confidence to who works with it only
IN_CONFIDENCE = "LegalAdviceRegister"
REGISTERS = f"(?!(?:{IN_CONFIDENCE})$)[A-Za-z]+Register"
# what the center hands out or lays down for everybody below
OF_THE_CENTER = "LibraryRegister|TerminalRegister|VideoPointRegister|PartyGoalRegister"
# who looked at a record: for those who answer for the people who keep it
WATCH = frozenset({"can_viewers"})
DESK = frozenset({"can_use", "can_reveal", "can_print", "can_export"})
# for roles that work with records and have the export of some list; of ledgers one sees the own and those shared
SHEETS = "ExportDesk|LedgerView"
LEDGERS = ("LedgerView", FULL - {"can_lookup", "can_get"})

ROLES: dict[str, Role] = {
    r.key: r
    for r in (
        Role(
            "system_admin",
            _("System administrator"),
            90,
            "site",
            (
                ("AreaLevelView|RoleSchemeView|RoleSchemeSeatView|CalendarDayView|OfficeHoursView", FULL),
                (f"CodeListView|CodeItemView|ExtraFieldView|ExtraFieldAreaView|{SAFETY_RULES}", FULL),
                ("DuplicateRuleView", FULL | {"can_use"}),
                (f"{CATALOGUE}|{LIMITS}|GuideView", FULL | DESK),
                ("AreaView|OrgUnitView|AreaPlanView|VacancyView", FULL | DESK),
                ("JobView|SystemStatus|ExportDesk", READ | USE),
            ),
            sees_persons=False,
            second_factor=True,
        ),
        Role(
            "security_admin",
            _("Security administrator"),
            90,
            "site",
            (
                ("UserAdminView|SignInView|SensitiveGrantView|ExportDesk", FULL | DESK),
                # somebody must be able to give the posts of center operators, who cannot give their own rank
                ("StaffView|PostView", FULL),
                ("PostDutyView|GridGroupView|GridGroupAreaView|AreaView|OrgUnitView|VacancyView", READ),
            ),
            sees_persons=False,
            second_factor=True,
        ),
        Role(
            "auditor",
            _("Auditor"),
            90,
            "site",
            (("ChangeLogView|AccessLogView|AuditSealView|SignInView", READ | DESK), ("ExportDesk", USE)),
            read_only=True,
            sees_persons=False,
            second_factor=True,
        ),
        Role(
            "center_operator",
            _("Center operator"),
            60,
            "area",
            (
                (REGISTERS, READ | DESK),
                (f"{OF_THE_CENTER}|CampaignView", FULL),
                ("CoverageDesk", USE),
                (f"{SAFETY}|{SAFETY_RULES}|{CATALOGUE}|{LIMITS}", READ),
                (DUPLICATES, SETTLE),
                (f"{REGISTRY}|{WORK}|{CASES}|{CALLBACKS}|{PEOPLE_PARTS}|{CARE}|{LIFE}", READ | DESK),
                (WATCHED, WATCH),
                (f"{STRUCTURE}|AreaPlanView", FULL | DESK),
                ("UserAdminView|SignInView|GuideView", FULL | DESK),
                (PAPERS, READ | DESK),
                (f"ProxyDesk|ProxyFigures|ReminderDesk|BenefitDesk|RecycleBin|ImportDesk|{SHEETS}", USE),
                LEDGERS,
            ),
            second_factor=True,
        ),
        Role(
            "dispatcher",
            _("Dispatcher"),
            50,
            "area",
            ((f"AreaView|OrgUnitView|StaffView|{WORK}|{CASES}", READ), ("ProxyDesk|ReminderDesk", USE)),
        ),
        Role(
            "supervisor",
            _("Supervisor"),
            50,
            "area",
            ((f"{STRUCTURE}|{WORK}|{CASES}|{CALLBACKS}|{REGISTERS}", READ), (f"{FIGURES}|ReminderDesk", USE)),
            read_only=True,
        ),
        Role(
            "town_staff",
            _("Town staff"),
            50,
            "area",
            (
                (f"{REGISTERS}|{IN_CONFIDENCE}", FULL | DESK),
                (f"CampaignView|GuideView|{TIMES}", FULL),
                (f"CampaignDesk|SheetDesk|CoverageDesk|ImportDesk|{FIGURES}|{SHEETS}", USE),
                LEDGERS,
                (SAFETY, READ | DESK),
                ("CheckDesk", USE),
                (WATCHED, WATCH),
                (f"{REGISTRY}|{PEOPLE_PARTS}|MoveInView", WRITE | DESK),
                (DUPLICATES, SETTLE),
                (f"{WORK}|{CASES}|{CALLBACKS}|{STRUCTURE}", READ | DESK),
                (f"{STAFFING}|UserAdminView", FULL | DESK),
                (LIFE, READ | {"can_edit", "can_reveal"}),
                (f"{DESKS}|RecycleBin", USE),
                (f"{CARE}|{CATALOGUE}|{SAFETY_RULES}", READ),
                (PAPERS, READ | DESK),
            ),
            second_factor=True,
        ),
        Role(
            "workstation",
            _("Community workstation staff"),
            40,
            "area",
            (
                (f"{REGISTERS}|{IN_CONFIDENCE}", FULL | DESK),
                (f"CampaignView|{TIMES}", FULL),
                (f"CampaignDesk|SheetDesk|CoverageDesk|ImportDesk|{FIGURES}|{SHEETS}", USE),
                LEDGERS,
                (SAFETY, READ | DESK),
                ("CheckDesk", USE),
                (WATCHED, WATCH),
                (f"{REGISTRY}|{PEOPLE_PARTS}", FULL | DESK),
                ("MoveInView|VisitView|ServiceRecordView", FULL | DESK),
                (DUPLICATES, SETTLE),
                (f"{CASES}|{CALLBACKS}", READ | DESK),
                (f"{STAFFING}|UserAdminView", WRITE | DESK),
                ("AreaView|OrgUnitView|VacancyView", READ),
                (LIFE, READ | {"can_edit", "can_reveal"}),
                (f"{DESKS}|RecycleBin", USE),
                (f"{CARE}|{CATALOGUE}|{SAFETY_RULES}", READ),
                (PAPERS, READ | DESK),
            ),
        ),
        Role(
            "office_clerk",
            _("Office clerk (print)"),
            30,
            "area",
            (
                ("PersonView|HouseholdView|DwellingView|BuildingView", READ | DESK),
                (f"{CASES}|{CALLBACKS}", READ | {"can_use", "can_print"}),
                (CATALOGUE, READ),
                (PAPERS, WRITE | DESK),
                (f"PrintDesk|ConsentDesk|ProxyDesk|ReminderDesk|{SHEETS}", USE),
                LEDGERS,
            ),
        ),
        Role(
            "grid_worker",
            _("Grid worker"),
            20,
            "area",
            (
                (REGISTERS, WRITE | DESK),
                ("CampaignView|WorkSlotView", READ),
                (f"CampaignDesk|SheetDesk|CoverageDesk|ImportDesk|{FIGURES}|{SHEETS}", USE),
                LEDGERS,
                (SAFETY, READ | DESK),
                ("CheckDesk", USE),
                (f"{REGISTRY}|{OTHER_PARTS}", WRITE | DESK),
                (IDENTITY_PARTS, READ | DESK),
                ("VisitView|ServiceRecordView", WRITE),
                ("StaffAbsenceView", FULL),  # the own one
                (CASES, READ | DESK),
                ("AreaView|StaffView|PostView|PostDutyView", READ),
                ("LifeEventView", READ),
                ("ProposalView|CorrectionView", READ | {"can_edit"}),
                (f"{DESKS}|FieldDesk", USE),
                (f"{CARE}|{CATALOGUE}|{SAFETY_RULES}", READ),
                (PAPERS, READ | DESK),
                ("MoveInView", READ | {"can_use"}),
                ("DuplicateView", READ | {"can_add", "can_draft"}),
            ),
        ),
        Role(
            "department",
            _("Department handler"),
            40,
            "department",
            (
                (CASES, READ | DESK),
                (CATALOGUE, READ),
                (f"ProxyDesk|ProxyFigures|ReminderDesk|ImportDesk|{SHEETS}", USE),
                LEDGERS,
                (PAPERS, READ | {"can_print"}),
            ),
            sees_persons=False,
        ),
        Role(
            "hotline",
            _("Hotline taker"),
            20,
            "area",
            ((f"AreaView|OrgUnitView|{CATALOGUE}", READ), (CASES, READ | {"can_use"})),
            sees_persons=False,
        ),
        Role(
            "leader",
            _("Leader (read only)"),
            60,
            "area",
            (
                (f"{REGISTERS}|CampaignView|{SAFETY}", READ),
                (f"{PEOPLE}|{CARE}|{LIFE}|{WORK}|{STRUCTURE}|{CASES}|{PAPERS}|{CATALOGUE}", READ),
                (f"VacancyView|CoverageDesk|{FIGURES}|ReminderDesk", USE),
            ),
            read_only=True,
        ),
    )
}


def granted(role: Role, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The (permission, view) pairs of the app that a role holds."""
    return {(p, v) for p, v in pairs if role.permits(p, v)}

"""THE table: section, view, label, icon. It mounts the views and feeds the tests, the role page and the docs."""

from __future__ import annotations

from flask import current_app
from flask_appbuilder import AppBuilder
from flask_babel import lazy_gettext as _

from app.areas.views.account import MyAccount
from app.areas.views.calendars import CalendarDayView, OfficeHoursView
from app.areas.views.codes import CodeItemView, CodeListView
from app.areas.views.extra import ExtraFieldAreaView, ExtraFieldView
from app.areas.views.grants import SensitiveGrantView
from app.areas.views.groups import GridGroupAreaView, GridGroupView
from app.areas.views.plans import AreaPlanView
from app.areas.views.sign_ins import SignInView
from app.areas.views.staff import PostDutyView, PostView, StaffView
from app.areas.views.staffing import RoleSchemeSeatView, RoleSchemeView, VacancyView
from app.areas.views.tree import AreaLevelView, AreaView
from app.areas.views.units import OrgUnitView
from app.areas.views.user_admin import UserAdminView
from app.audit.views import AccessLogView, AuditSealView, ChangeLogView
from app.core.views.change_desk import ChangeDesk
from app.core.views.list_desk import ListDesk
from app.documents.views import IssuedDocumentView, PrintDesk, PrintLogView, VerifyView
from app.exchange.views import ImportDesk
from app.exchange.views.exports import ExportDesk
from app.exchange.views.ledgers import LedgerView
from app.home import frame
from app.home.bin import RecycleBin
from app.home.frame import Entry, Section
from app.home.views import Drafts, Home, Search
from app.inbox.views import Inbox, JobView
from app.proxy.views.benefits import BenefitDesk
from app.proxy.views.calendar import CalendarDesk
from app.proxy.views.callbacks import CaseCallbackView
from app.proxy.views.cases import ProxyCaseView
from app.proxy.views.custody import CustodyView
from app.proxy.views.desk import ProxyDesk
from app.proxy.views.entitlement import EntitlementDesk
from app.proxy.views.field import FieldDesk
from app.proxy.views.figures import ProxyFigures
from app.proxy.views.guide import GuideView
from app.proxy.views.item_parts import ServiceFieldView, ServiceMaterialView
from app.proxy.views.items import ServiceItemVersionView, ServiceItemView
from app.proxy.views.limits import EscalationRuleView, StepLimitView, StepRoleView
from app.proxy.views.reminders import ReminderDesk
from app.registers.figures import RegisterFigures
from app.registers.found import of_section
from app.registry.views import (
    BuildingChiefView,
    BuildingUnitView,
    BuildingView,
    CampaignDesk,
    CampaignView,
    CareDesk,
    CareDueView,
    CensusDesk,
    CheckDesk,
    ConsentTaskView,
    CoverageDesk,
    DoorCodeDesk,
    DuplicateRuleView,
    DuplicateView,
    DwellingView,
    HazardView,
    HomeWizard,
    HouseholdMemberView,
    HouseholdView,
    MoveInView,
    PersonDocumentView,
    PersonGroupView,
    PersonMergeView,
    PersonNameView,
    PersonPhoneView,
    PersonView,
    RentalHomeView,
    ResidenceView,
    RiskRuleView,
    SafetyCheckView,
    SheetDesk,
    TenancyView,
    VenueThresholdView,
    VenueView,
)
from app.registry.views.ageing import AgeingDesk
from app.registry.views.consent_desk import ConsentDesk, NoticeView
from app.registry.views.corrections import CorrectionView
from app.registry.views.life import LifeDesk
from app.registry.views.life_events import LifeEventView
from app.registry.views.neighbourhood import HelpRecordView, SchoolView, ServiceResourceView
from app.registry.views.population import FloatingStayView, LeftBehindView, OverseasStayView, PermitExpiryView
from app.registry.views.proposals import ProposalView
from app.registry.views.units import ResidentUnitView
from app.site.downloads import AttachmentView
from app.site.views import SystemStatus
from app.worklog.views import ServiceRecordView, StaffAbsenceView, VisitStopView, VisitView, WorkSlotView


def _registers(key: str) -> tuple[Entry, ...]:
    """The registers of a section; each brings its words and its icon along (app/registers)."""
    return tuple(Entry(view, view.list_title, view.icon, view.in_menu) for view in of_section(key))


def _hidden(*views: type) -> tuple[Entry, ...]:
    """Views without a line of their own in the menu: one comes to them from another page."""
    return tuple(Entry(view, in_menu=False) for view in views)


MENU: tuple[Section, ...] = (
    Section(
        "work",
        _("My work"),
        "fa-briefcase",
        (
            Entry(CensusDesk, _("Census desk"), "fa-keyboard"),
            Entry(FieldDesk, _("My day"), "fa-route"),
            Entry(CalendarDesk, _("Appointments"), "fa-calendar-days"),
            Entry(Inbox, _("Inbox"), "fa-inbox"),
            Entry(RecycleBin, _("Recycle bin"), "fa-trash-can"),
        ),
    ),
    Section(
        "registry",
        _("People and homes"),
        "fa-users",
        (
            Entry(PersonView, _("Residents"), "fa-user"),
            Entry(HouseholdView, _("Households"), "fa-people-roof"),
            Entry(DwellingView, _("Homes"), "fa-house"),
            Entry(BuildingView, _("Buildings"), "fa-building"),
            Entry(RentalHomeView, _("Rented homes"), "fa-key"),
            Entry(VenueView, _("Venues"), "fa-store"),
            Entry(MoveInView, _("Move-ins between areas"), "fa-right-left"),
            Entry(ConsentTaskView, _("Consents to bring in"), "fa-file-signature"),
            Entry(LifeEventView, _("Life events"), "fa-calendar-day"),
            *_hidden(LifeDesk, ConsentDesk, NoticeView, PersonDocumentView, PersonNameView, PersonPhoneView),
            *_hidden(HelpRecordView, ResidenceView, HouseholdMemberView, TenancyView, DoorCodeDesk),
            *_hidden(BuildingChiefView, BuildingUnitView, HomeWizard, CareDesk, RegisterFigures),
        ),
    ),
    Section(
        "care",
        _("Care"),
        "fa-hand-holding-heart",
        (
            Entry(CareDueView, _("Visits due"), "fa-calendar-check"),
            Entry(PersonGroupView, _("Special groups"), "fa-heart"),
            Entry(ProposalView, _("Proposals"), "fa-lightbulb"),
            Entry(FloatingStayView, _("Floating residents"), "fa-suitcase-rolling"),
            Entry(PermitExpiryView, _("Permits that end"), "fa-id-card"),
            Entry(LeftBehindView, _("Left-behind residents"), "fa-child-reaching"),
            Entry(OverseasStayView, _("Overseas residents"), "fa-earth-asia"),
        ),
    ),
    Section(
        "units",
        _("Organisations and resources"),
        "fa-landmark",
        (
            Entry(ResidentUnitView, _("Resident organisations"), "fa-landmark"),
            Entry(SchoolView, _("Schools"), "fa-school"),
            Entry(ServiceResourceView, _("Conveniences"), "fa-mug-hot"),
            *_registers("units"),
        ),
    ),
    Section("party", _("Party and volunteers"), "fa-star", _registers("party")),
    Section("service", _("Activities and needs"), "fa-people-group", _registers("service")),
    Section(
        "safety",
        _("Safety checks"),
        "fa-shield-halved",
        (
            Entry(CheckDesk, _("Checks due"), "fa-clipboard-check"),
            Entry(HazardView, _("Hazards"), "fa-triangle-exclamation"),
            Entry(SafetyCheckView, _("Checks made"), "fa-file-lines"),
            Entry(RiskRuleView, _("Rules of the risk colour"), "fa-palette"),
            Entry(VenueThresholdView, _("Thresholds of small places"), "fa-scale-balanced"),
        ),
    ),
    Section(
        "quality",
        _("Data quality"),
        "fa-broom",
        (
            Entry(AgeingDesk, _("Records to confirm"), "fa-clock-rotate-left"),
            Entry(CorrectionView, _("Corrections to decide"), "fa-code-compare"),
            Entry(CampaignView, _("Census campaigns"), "fa-bullhorn"),
            Entry(CampaignDesk, _("Census walk"), "fa-person-walking"),
            Entry(SheetDesk, _("Household sheets"), "fa-print"),
            Entry(CoverageDesk, _("Coverage"), "fa-map-location-dot"),
            Entry(DuplicateView, _("Duplicates"), "fa-clone"),
            Entry(PersonMergeView, _("Merges"), "fa-object-group"),
            Entry(DuplicateRuleView, _("Rules for duplicates"), "fa-sliders"),
        ),
    ),
    Section(
        "proxy",
        _("Proxy services"),
        "fa-hands-helping",
        (
            Entry(ProxyDesk, _("Work list"), "fa-list-check"),
            Entry(ReminderDesk, _("Reminders"), "fa-bell"),
            Entry(ProxyCaseView, _("Proxy cases"), "fa-folder-open"),
            Entry(CaseCallbackView, _("Call-backs"), "fa-phone-volume"),
            Entry(ProxyFigures, _("Figures"), "fa-chart-column"),
            Entry(BenefitDesk, _("Entitled, not yet applied"), "fa-hand-holding-heart"),
            Entry(CustodyView, _("Originals that are out"), "fa-id-card"),
            Entry(VisitView, _("Visits"), "fa-walking"),
            Entry(ServiceRecordView, _("Daily service records"), "fa-clipboard-list"),
            Entry(ServiceItemVersionView, _("Service catalogue"), "fa-book"),
            Entry(StepLimitView, _("Limits of steps"), "fa-stopwatch"),
            Entry(StepRoleView, _("Who takes a step"), "fa-user-gear"),
            Entry(EscalationRuleView, _("Rules of reminders"), "fa-bullhorn"),
            Entry(GuideView, _("Guide of all services"), "fa-signs-post"),
            *_hidden(EntitlementDesk, ServiceItemView, ServiceMaterialView, ServiceFieldView, VisitStopView),
        ),
    ),
    Section(
        "papers",
        _("Papers"),
        "fa-print",
        (
            Entry(PrintDesk, _("Print desk"), "fa-print"),
            Entry(IssuedDocumentView, _("Issued papers"), "fa-file-signature"),
            *_hidden(PrintLogView, VerifyView),
        ),
    ),
    Section(
        "areas",
        _("Grids and staff"),
        "fa-sitemap",
        (
            Entry(AreaView, _("Areas"), "fa-map"),
            Entry(VacancyView, _("Vacancies"), "fa-user-slash"),
            Entry(AreaPlanView, _("Divide anew"), "fa-cut"),
            Entry(StaffView, _("Staff and helpers"), "fa-id-badge"),
            Entry(PostView, _("Posts"), "fa-user-tie"),
            Entry(GridGroupView, _("Grid groups"), "fa-users-cog"),
            *_hidden(PostDutyView, GridGroupAreaView),
            Entry(OrgUnitView, _("Organisation units"), "fa-building"),
        ),
    ),
    Section(
        "sheets",
        _("Sheets"),
        "fa-table",
        (
            Entry(ImportDesk, _("Import"), "fa-file-import"),
            Entry(LedgerView, _("Ledgers"), "fa-table-list"),
            Entry(ExportDesk, _("My exports"), "fa-file-export"),
        ),
    ),
    Section(
        "system",
        _("System"),
        "fa-cog",
        (
            Entry(UserAdminView, _("Accounts"), "fa-user-shield"),
            Entry(SignInView, _("Signed in now"), "fa-plug"),
            Entry(SensitiveGrantView, _("Access to sensitive groups"), "fa-user-lock"),
            Entry(AreaLevelView, _("Levels of areas"), "fa-layer-group"),
            Entry(RoleSchemeView, _("Role schemes"), "fa-users"),
            Entry(CalendarDayView, _("Working days"), "fa-calendar-alt"),
            Entry(OfficeHoursView, _("Office hours"), "fa-clock"),
            Entry(CodeListView, _("Code lists"), "fa-list-ol"),
            Entry(ExtraFieldView, _("Custom fields"), "fa-table-list"),
            Entry(JobView, _("Jobs"), "fa-tasks"),
            Entry(SystemStatus, _("State of the site"), "fa-heartbeat"),
            *_hidden(RoleSchemeSeatView, CodeItemView, ExtraFieldAreaView, WorkSlotView, StaffAbsenceView),
            *_hidden(MyAccount, Search, Drafts, ListDesk, ChangeDesk, AttachmentView),
        ),
    ),
    Section(
        "audit",
        _("Audit"),
        "fa-history",
        (
            Entry(ChangeLogView, _("Change log"), "fa-history"),
            Entry(AccessLogView, _("Access log"), "fa-eye"),
            Entry(AuditSealView, _("Seals"), "fa-stamp"),
        ),
    ),
)


def home() -> type:
    """The index view (home by role)."""
    return Home


def entries() -> list[Entry]:
    """All entries in order."""
    return [e for section in MENU for e in section.entries]


def mount(appbuilder: AppBuilder) -> None:
    """Hand every view to FAB; labels are ours, FAB's menu carries the permission names only."""
    frame.install(current_app, MENU)
    frame.mount(appbuilder, MENU)

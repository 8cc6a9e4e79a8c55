"""THE table: section, view, label, icon. It mounts the views and feeds the tests, the role page and the docs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_appbuilder import AppBuilder
from flask_babel import lazy_gettext as _

from app.areas.views.account import MyAccount
from app.areas.views.sign_ins import SignInView
from app.areas.views.user_admin import UserAdminView
from app.audit.views import AccessLogView, AuditSealView, ChangeLogView
from app.documents.views import IssuedDocumentView, PrintDesk, PrintLogView, VerifyView
from app.home import frame
from app.home.views import Drafts, Home, Search
from app.inbox.views import Inbox, JobView
from app.registry.views import CensusDesk, HomeWizard


@dataclass(frozen=True)
class Entry:
    """One view. ``name`` is FAB's permission key: English and stable. ``in_menu`` False mounts it without a link."""

    view: type
    label: Any = ""
    icon: str = "fa-circle"
    in_menu: bool = True

    @property
    def name(self) -> str:
        return self.view.__name__


@dataclass(frozen=True)
class Section:
    """A group of the side bar."""

    key: str
    label: Any
    icon: str
    entries: tuple[Entry, ...]


MENU: tuple[Section, ...] = (
    Section(
        "work",
        _("My work"),
        "fa-briefcase",
        (
            Entry(CensusDesk, _("Census desk"), "fa-keyboard"),
            Entry(HomeWizard, in_menu=False),
            Entry(Inbox, _("Inbox"), "fa-inbox"),
        ),
    ),
    Section("registry", _("People and homes"), "fa-users", ()),
    Section("proxy", _("Proxy services"), "fa-hands-helping", ()),
    Section(
        "papers",
        _("Papers"),
        "fa-print",
        (
            Entry(PrintDesk, _("Print desk"), "fa-print"),
            Entry(IssuedDocumentView, _("Issued papers"), "fa-file-signature"),
            Entry(PrintLogView, in_menu=False),
            Entry(VerifyView, in_menu=False),
        ),
    ),
    Section("areas", _("Grids and staff"), "fa-sitemap", ()),
    Section(
        "system",
        _("System"),
        "fa-cog",
        (
            Entry(UserAdminView, _("Accounts"), "fa-user-shield"),
            Entry(SignInView, _("Signed in now"), "fa-plug"),
            Entry(JobView, _("Jobs"), "fa-tasks"),
            Entry(MyAccount, in_menu=False),
            Entry(Search, in_menu=False),
            Entry(Drafts, in_menu=False),
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
    for section in MENU:
        for entry in section.entries:
            if entry.in_menu:
                appbuilder.add_view(
                    entry.view,
                    entry.name,
                    label=entry.label,
                    icon=entry.icon,
                    category=section.key,
                    category_label=section.label,
                    category_icon=section.icon,
                )
            else:
                appbuilder.add_view_no_menu(entry.view)

"""Figures and queues of the start page by role: today's work, not a menu of tables (look: home by role)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from app.core import clock, counters, drafts
from app.core.actor import Actor
from app.core.widgets import view_of
from app.documents.models import IssuedDocument, PrintLog
from app.home import charts, field, frame, site_figures
from app.home.shapes import Figure, Queue, Row
from app.inbox import queries as inbox
from app.proxy.choices import State
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.queries.left import left_of
from app.proxy.queries.names import list_name
from app.registry.models import ConsentTask, MoveInRequest, Person, PersonGroup
from app.worklog.models import Visit, VisitStop

SHOWN = 8
AHEAD = timedelta(days=7)
TILES = 6


@dataclass(frozen=True, slots=True)
class Desk:
    """For whom and when the start page is made."""

    session: Session
    actor: Actor
    now: datetime

    @property
    def today(self) -> date:
        return clock.to_local(self.now).date()

    def rows(self, query: Any) -> list[Any]:
        return list(self.session.execute(query.limit(SHOWN + 1)).unique())


def of_role(session: Session, actor: Actor, now: datetime) -> dict[str, Any]:
    """What the start page of the acting role shows: ``figures``, ``queues``, ``chart``, ``tiles``, ``quick``."""
    desk = Desk(session, actor, now)
    made = [queue(desk) for queue in QUEUES.get(actor.role, (notices,))]
    items = [item for group in frame.menu_of(actor)[0][1:] for item in group.items]
    return {
        "figures": figures(desk),
        "queues": [q for q in made if q is not None],
        "chart": charts.open_cases(session, actor, now),
        "tiles": items[:TILES],
        "quick": field.quick(actor),
    }


# --- figures ----------------------------------------------------------------------------------------------------

COUNTED = (
    ("person.present", "Residents", "fa-users", "PersonView"),
    ("household.living", "Living households", "fa-house-user", "HouseholdView"),
    ("dwelling.open", "Dwellings", "fa-building", "DwellingView"),
    ("rental_home.open", "Rental homes", "fa-key", "RentalHomeView"),
)


def figures(desk: Desk) -> list[Figure]:
    """Counts of the acting areas, from the counters kept per area, and the open cases."""
    actor, found = desk.actor, []
    if actor.role in site_figures.BY_ROLE:
        return site_figures.BY_ROLE[actor.role](desk.session, desk.now)
    words = {
        "Residents": gettext("Residents"),
        "Living households": gettext("Living households"),
        "Dwellings": gettext("Dwellings"),
        "Rental homes": gettext("Rental homes"),
    }
    ranges = None if actor.whole_site else actor.ranges
    mine = [
        c for c in COUNTED if actor.may("can_list", c[3]) and (actor.sees_persons or c[3] != "PersonView")
    ]
    counts = counters.by_kind(desk.session, [kind for kind, *_more in mine], ranges) if mine else {}
    for kind, label, icon, view in mine:
        found.append(Figure(words[label], counts[kind], icon, frame.page_url(view)))
    if actor.may("can_list", "ProxyCaseView"):
        found.append(charts.case_figure(desk.session, desk.now))
    return found


# --- queues -----------------------------------------------------------------------------------------------------


def visits(desk: Desk) -> Queue | None:
    """Visits of today and those that were missed."""
    if not desk.actor.may("can_list", "VisitView"):
        return None
    stops = select(func.count(VisitStop.id)).where(VisitStop.visit_id == Visit.id).scalar_subquery()
    query = select(Visit, stops).where(Visit.state == "planned", Visit.planned_on <= desk.today)
    rows = []
    for visit, doors in desk.rows(query.order_by(Visit.planned_on, Visit.slot, Visit.id))[:SHOWN]:
        mark, colour = when(visit.planned_on, desk.today)
        hint = " · ".join(p for p in (visit.slot or "", gettext("%(n)s doors", n=doors)) if p)
        rows.append(Row(str(visit), hint, url_of(visit), mark, colour))
    return Queue(
        gettext("Visits of today"),
        rows,
        gettext("No visit is planned for today."),
        url=frame.page_url("VisitView"),
    )


def cases(desk: Desk) -> Queue | None:
    """Open cases of the scope, the most urgent first."""
    if not desk.actor.may("can_list", "ProxyCaseView"):
        return None
    due = func.coalesce(ProxyCase.step_due_at, ProxyCase.promise_due_at)
    version = joinedload(ProxyCase.item_version).load_only(
        ServiceItemVersion.name, ServiceItemVersion.sensitivity
    )
    query = (
        select(ProxyCase)
        .options(version, joinedload(ProxyCase.area))
        .where(ProxyCase.closed_at.is_(None), due.is_not(None))
        .order_by(due)
    )
    rows = []
    for (case,) in desk.rows(query)[:SHOWN]:
        mark, colour = due_words(desk, case)
        hint = f"{case.number} · {State.label_of(case.state)}"
        rows.append(
            Row(f"{list_name(case, desk.actor)} · {case.item_version}", hint, url_of(case), mark, colour)
        )
    empty = gettext("No case is waiting.")
    return Queue(gettext("Cases by due date"), rows, empty, url=frame.page_url("ProxyCaseView"))


def care(desk: Desk) -> Queue | None:
    """People of special groups whose next visit is near; the group itself stays unsaid in a list."""
    if not desk.actor.may("can_list", "PersonGroupView"):
        return None
    query = (
        select(Person, func.min(PersonGroup.next_visit_on))
        .join(PersonGroup, PersonGroup.person_id == Person.id)
        .where(PersonGroup.next_visit_on <= desk.today + AHEAD, PersonGroup.valid_to.is_(None))
        .group_by(Person.id)
        .order_by(func.min(PersonGroup.next_visit_on))
    )
    rows = [
        Row(str(p), str(p.birth_date or ""), url_of(p), *when(on, desk.today))
        for p, on in desk.rows(query)[:SHOWN]
    ]
    return Queue(gettext("Residents to call on"), rows, gettext("Nobody is due within a week."))


def consents(desk: Desk) -> Queue | None:
    """Consents still to be brought in (PIPL art. 31)."""
    if not desk.actor.may("can_list", "ConsentTaskView"):
        return None
    query = select(Person, ConsentTask.due_on).join(ConsentTask, ConsentTask.person_id == Person.id)
    query = query.where(ConsentTask.done_on.is_(None)).order_by(ConsentTask.due_on, ConsentTask.id)
    found = desk.rows(query)
    if not found:
        return None
    rows = [Row(str(p), "", url_of(p), *when(on, desk.today)) for p, on in found[:SHOWN]]
    return Queue(gettext("Consents of guardians"), rows, "", url=frame.page_url("ConsentTaskView"))


def move_ins(desk: Desk) -> Queue | None:
    """Requests from other areas that wait for an answer."""
    if not desk.actor.may("can_list", "MoveInView"):
        return None
    query = (
        select(MoveInRequest).options(joinedload(MoveInRequest.to_area)).where(MoveInRequest.state == "asked")
    )
    rows = [
        Row(m.entered_name, str(m.to_area), url_of(m), clock.to_local(m.created_at).date().isoformat())
        for (m,) in desk.rows(query.order_by(MoveInRequest.id))[:SHOWN]
    ]
    return Queue(
        gettext("Move-in requests"), rows, gettext("No request is waiting."), url=frame.page_url("MoveInView")
    )


def prints(desk: Desk) -> Queue | None:
    """Papers that wait for their first print."""
    if not desk.actor.may("can_use", "PrintDesk"):
        return None
    printed = select(PrintLog.id).where(PrintLog.document_id == IssuedDocument.id).exists()
    query = (
        select(IssuedDocument).where(~printed, IssuedDocument.state == "issued").order_by(IssuedDocument.id)
    )
    found = desk.rows(query)
    rows = [
        Row(d.title, d.number, url_of(d), clock.to_local(d.issued_at).date().isoformat())
        for (d,) in found[:SHOWN]
    ]
    return Queue(
        gettext("To be printed"), rows, gettext("Everything is printed."), url=frame.page_url("PrintDesk")
    )


def typing(desk: Desk) -> Queue | None:
    """One's own unsaved forms."""
    kept = drafts.drafts_of(desk.session, desk.actor.user_id or 0)
    if not kept:
        return None
    rows = [Row(d.title or gettext("Draft"), moment(d.updated_at), draft_url(d.page)) for d in kept[:SHOWN]]
    return Queue(gettext("Unsaved drafts"), rows, "", str(len(kept)), frame.page_url("Drafts"))


def notices(desk: Desk) -> Queue | None:
    """Unread lines of the inbox."""
    found, more = inbox.lines(desk.session, desk.actor.user_id or 0, desk.now, unread=True)
    rows = [
        Row(
            inbox.words(n.message, n.params),
            moment(n.show_from),
            n.link or frame.page_url("Inbox"),
        )
        for n in found[:SHOWN]
    ]
    return Queue(
        gettext("New in the inbox"),
        rows,
        gettext("Nothing new."),
        f"{len(found)}+" if more else "",
        frame.page_url("Inbox"),
    )


QUEUES: dict[str, tuple[Callable[[Desk], Queue | None], ...]] = {
    "grid_worker": (field.doors, cases, care, consents, typing, notices),
    "workstation": (typing, cases, visits, move_ins, consents, notices),
    "town_staff": (cases, move_ins, typing, notices),
    "office_clerk": (prints, cases, notices),
    "center_operator": (cases, move_ins, notices),
    "dispatcher": (cases, visits, notices),
    "supervisor": (cases, visits, notices),
    "leader": (cases, notices),
    "department": (cases, notices),
    "hotline": (cases, notices),
}


# --- words and links --------------------------------------------------------------------------------------------


def when(due: date, today: date) -> tuple[str, str]:
    """(words, colour) of a due day: overdue, today, tomorrow, or the date."""
    days = (due - today).days
    if days < 0:
        return gettext("%(n)s days overdue", n=-days), "red"
    if days == 0:
        return gettext("today"), "yellow"
    return (gettext("tomorrow"), "blue") if days == 1 else (due.isoformat(), "grey")


def due_words(desk: Desk, case: ProxyCase) -> tuple[str, str]:
    """(words, colour) of an open case: what the work list says of the clock that is over, else the due day."""
    step, promise = case.step_due_at, case.promise_due_at
    late = next((due for due in (step, promise) if due is not None and due < desk.now), None)
    if late is not None:
        words = left_of(desk.session, case.area, late, desk.now)
        return (words, "red") if words else when(clock.to_local(late).date(), desk.today)
    return when(clock.to_local(step or promise).date(), desk.today)


def moment(at: datetime) -> str:
    """A moment as lines of the start page show it."""
    return clock.to_local(at).strftime("%Y-%m-%d %H:%M")


def url_of(row: Any) -> str:
    """The page of a record, when the acting role may open it."""
    view = view_of(type(row))
    return view.url_show(row) if view is not None and view.can("show") else ""


def draft_url(page: str) -> str:
    """Where a draft is gone on with: the form of a view, or the clerk's page of a home."""
    name, _sep, key = page.partition(":")
    if name == "census":
        return f"/census/dwelling/{key}"
    places = {"FieldDoor": "/field/stop/", "FieldDeliver": "/field/deliver/", "FieldPlan": "/field/plan"}
    places |= {"CheckHome": "/checks/home/", "CheckVenue": "/checks/venue/", "CareVisit": "/care/visit/"}
    if name in places or name.startswith("CaseStep"):
        return f"{places.get(name, '/cases/show/')}{key}".removesuffix("new")
    if name.startswith("LedgerNew"):  # one for each list that a ledger may be about
        return f"/ledgers/add?subject={name.removeprefix('LedgerNew')}"
    base = frame.page_url(name).removesuffix("list/")
    if not base:
        return frame.page_url("Drafts")
    return f"{base}add?draft=1" if key == "new" else f"{base}edit/{key}?draft=1"

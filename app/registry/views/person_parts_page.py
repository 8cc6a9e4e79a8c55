"""Parts of the page of a person: kinds, proposals, life events, documents, tenancies, consents, sources."""

from __future__ import annotations

from typing import Any

from flask import url_for
from markupsafe import Markup

from app.core import clock, codes
from app.core.actor import current_actor
from app.core.masks import mask_id_number, mask_phone
from app.core.words import gettext
from app.registry.choices import (
    ConsentKind,
    EventKind,
    EventRole,
    FieldGroup,
    NameKind,
    PhoneKind,
    ProposalState,
    ProposalTopic,
)
from app.registry.models import Person, PersonMerge
from app.registry.queries import overview
from app.registry.views.proposals import proposed
from app.registry.views.sections import (
    Line,
    Moment,
    Section,
    adding,
    begun_and_ended,
    is_over,
    linked,
    mounted,
    page_url,
    span,
    state,
)


class PersonParts:
    """What every section needs, and the sections that stand in the lower half of the page."""

    def __init__(self, session: Any, person: Person, back: str) -> None:
        self.session, self.person, self.back = session, person, back
        self.actor = current_actor()
        self.found = overview.of_person(session, person, self.actor)
        self.moments: list[Moment] = []

    def label(self, list_name: str, code: str | None) -> str:
        return codes.label(self.session, list_name, code)

    def section(self, key: str, view: str, title: Any, icon: str, *heads: Any) -> Section | None:
        """A section that the role may list; None for the others."""
        if view and not overview.may_list(self.actor, view):
            return None
        made = Section(key, title, icon, list(heads))
        if view:
            made.add_url, made.add_words = adding(view, "person_id", self.person, self.back)
        return made

    def stays(self) -> Section | None:
        kinds = (
            ("floating", "FloatingStayView", gettext("Floating resident")),
            ("left_behind", "LeftBehindView", gettext("Left behind")),
            ("overseas", "OverseasStayView", gettext("Overseas resident")),
        )
        made = Section(
            "stays",
            gettext("Kind of resident"),
            "fa-suitcase-rolling",
            [gettext("Kind"), gettext("When"), gettext("More")],
        )
        seen = False
        for key, view, words in kinds:
            if key not in self.found:
                continue
            seen = True
            for (row,) in self.found[key]:
                made.lines.append(
                    Line([words, span(row), self.stay_words(key, row)], page_url(view, row), is_over(row))
                )
                self.moments += begun_and_ended(
                    row,
                    str(words),
                    gettext("No longer: %(what)s", what=str(words)),
                    icon="fa-suitcase-rolling",
                )
        return made if seen else None

    def stay_words(self, key: str, row: Any) -> str:
        if key == "floating":
            ends = (
                gettext("permit ends on %(day)s", day=row.permit_ends_on.isoformat())
                if row.permit_ends_on
                else ""
            )
            return " · ".join(filter(None, (self.label("inflow_reason", row.inflow_reason), ends)))
        return self.label("overseas_purpose", row.purpose) if key == "overseas" else ""

    def proposals(self) -> Section | None:
        made = self.section(
            "proposals",
            "ProposalView",
            gettext("Proposals"),
            "fa-lightbulb",
            gettext("What is proposed"),
            gettext("Topic"),
            gettext("Due on"),
            gettext("State"),
        )
        if made is None:
            return None
        for (row,) in sorted(self.found["proposals"], key=lambda r: -r[0].id):
            stands = ProposalState(row.state)
            due = row.due_on.isoformat() if row.due_on else ""
            cells = [
                proposed(row),
                ProposalTopic.label_of(row.topic),
                due,
                state(stands.label, stands.badge),
            ]
            made.lines.append(
                Line(cells, page_url("ProposalView", row), row.state in {"declined", "dropped", "done"})
            )
        return made

    def events(self) -> Section | None:
        made = self.section(
            "events",
            "LifeEventView",
            gettext("Life events"),
            "fa-calendar-day",
            gettext("Date"),
            gettext("Event"),
            gettext("As what"),
        )
        if made is None:
            return None
        made.add_url = None
        for part, event in sorted(self.found["events"], key=lambda r: -r[0].id):
            if event is None:
                continue
            words = str(EventKind.label_of(event.kind))
            if event.revoked_at is not None:
                words = gettext("%(event)s (taken back)", event=words)
            url = page_url("LifeEventView", event)
            role = EventRole.label_of(part.role)
            made.lines.append(
                Line([event.happened_on.isoformat(), words, role], url, event.revoked_at is not None)
            )
            self.moments.append(Moment(event.happened_on, words, str(role), url, "fa-calendar-day"))
        return made

    def papers_of_identity(self) -> Section | None:
        made = Section("identity-parts", gettext("Documents, names, phones"), "fa-id-card")
        made.heads = [gettext("Kind"), gettext("Value"), gettext("When")]
        person = self.person
        if overview.may_list(self.actor, "PersonDocumentView"):
            for row in person.documents:
                kind = self.label("id_document", row.kind)
                cells = [kind, mask_id_number(row.number), span(row)]
                made.lines.append(Line(cells, page_url("PersonDocumentView", row), is_over(row)))
        for (row,) in self.found.get("names", ()):
            made.lines.append(
                Line(
                    [NameKind.label_of(row.kind), row.name, span(row)],
                    page_url("PersonNameView", row),
                    is_over(row),
                )
            )
        if overview.may_list(self.actor, "PersonPhoneView"):
            for row in person.phones:
                words = " · ".join(filter(None, (mask_phone(row.number), row.owner_note)))
                url = page_url("PersonPhoneView", row)
                made.lines.append(Line([PhoneKind.label_of(row.kind), words, span(row)], url, is_over(row)))
        return made if made.lines else None

    def tenancies(self) -> Section | None:
        if not self.found.get("tenancies"):
            return None
        made = self.section(
            "tenancies",
            "TenancyView",
            gettext("Rents"),
            "fa-key",
            gettext("When"),
            gettext("Home"),
            gettext("Head count"),
        )
        if made is None:
            return None
        made.add_url = None
        for row, _home, dwelling in self.found["tenancies"]:
            cells = [span(row), linked("DwellingView", dwelling), row.head_count]
            made.lines.append(Line(cells, page_url("TenancyView", row), is_over(row)))
        return made

    def consents(self) -> Section | None:
        if not self.found.get("consents"):
            return None
        made = self.section(
            "consents",
            "ConsentTaskView",
            gettext("Consents"),
            "fa-file-signature",
            gettext("Kind"),
            gettext("Due on"),
            gettext("State"),
        )
        if made is None:
            return None
        made.add_url = None
        for (row,) in self.found["consents"]:
            done = state(gettext("Done"), "green") if row.done_on else state(gettext("Open"), "yellow")
            cells = [ConsentKind.label_of(row.kind), row.due_on.isoformat(), done]
            made.lines.append(Line(cells, page_url("ConsentTaskView", row), row.done_on is not None))
        return made

    def merges(self) -> Section | None:
        """Records that were made one with this one, by whom and why, and the way back (S4-61)."""
        if not self.found.get("merges"):
            return None
        heads = (
            gettext("Date"),
            gettext("Name on the other record"),
            gettext("Reason"),
            gettext("Who"),
            gettext("State"),
        )
        made = self.section(
            "merges", "PersonMergeView", gettext("Records merged into this one"), "fa-object-group", *heads
        )
        if made is None:
            return None
        made.add_url = None
        for (row,) in sorted(self.found["merges"], key=lambda r: -r[0].id):
            day, url = clock.to_local(row.created_at).date(), page_url("PersonMergeView", row)
            by = self.found["merged_by"][row.id]
            made.lines.append(
                Line(
                    [day.isoformat(), row.gone_name, row.reason, by, _way_back(row)],
                    url,
                    row.undone_at is not None,
                )
            )
            words = gettext("A record was merged into this one: %(name)s", name=row.gone_name)
            self.moments.append(Moment(day, words, row.reason, url, "fa-object-group"))
        return made

    def provenance(self) -> Section | None:
        """Where each field group comes from and when it was confirmed last (S4-54)."""
        made = Section(
            "provenance",
            gettext("Sources"),
            "fa-check-double",
            [gettext("Fields"), gettext("Source"), gettext("Confirmed on")],
        )
        for (row,) in self.found["sources"]:
            day = clock.to_local(row.confirmed_at).date().isoformat()
            made.lines.append(
                Line([FieldGroup.label_of(row.field_group), self.label("data_source", row.source), day])
            )
        return made


def _way_back(row: PersonMerge) -> Any:
    """What can still be taken apart is a link for whoever may; what was says when."""
    if row.undone_at is not None:
        return gettext("taken apart on %(day)s", day=clock.to_local(row.undone_at).date().isoformat())
    view = mounted("PersonMergeView")
    if view is None or not view.can("edit"):
        return ""
    return Markup('<a href="{}">{}</a>').format(
        url_for("PersonMergeView.apart", pk=row.uid), gettext("Take the merge apart")
    )

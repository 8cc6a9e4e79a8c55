"""The page of a person: everything the acting role may see, in sections with anchors, at most twelve statements."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from app.core import clock
from app.core.words import gettext
from app.registry import panels
from app.registry.choices import HouseholdKind, ResidenceKind
from app.registry.models import PersonGroup
from app.registry.queries.cards import age
from app.registry.views.care_words import group_name
from app.registry.views.person_parts_page import PersonParts
from app.registry.views.sections import (
    Line,
    Moment,
    Section,
    begun_and_ended,
    is_over,
    linked,
    page_url,
    panel_sections,
    span,
    state,
    timeline,
)


class PersonPage(PersonParts):
    """Builds the sections of one person for the acting role."""

    def sections(self) -> list[Section]:
        """All sections in the order of the page; the timeline comes last."""
        if self.person.birth_date:
            self.moments.append(Moment(self.person.birth_date, gettext("Born"), icon="fa-cake-candles"))
        if self.person.died_on:
            self.moments.append(Moment(self.person.died_on, gettext("Died on")))
        first = (self.households, self.homes, self.groups, self.visits)
        last = (
            self.stays,
            self.proposals,
            self.events,
            self.papers_of_identity,
            self.tenancies,
            self.consents,
            self.merges,
            self.provenance,
        )
        hung, told = panel_sections(self.session, panels.PERSON, self.person, self.actor, self.found)
        self.moments += told
        before, after = ([s for maker in makers if (s := maker()) is not None] for makers in (first, last))
        return [*before, *hung, *after]

    def timeline(self) -> Markup:
        """Everything with a day, newest first; call after ``sections``."""
        return timeline(self.moments)

    # --- sections -------------------------------------------------------------------------------------------

    def households(self) -> Section | None:
        made = self.section(
            "household",
            "HouseholdMemberView",
            gettext("Household"),
            "fa-people-roof",
            gettext("Who"),
            gettext("Relation to head"),
            gettext("Age"),
            gettext("Household"),
            gettext("When"),
        )
        if made is None:
            return None
        homes = {h.id: h for _m, h in self.found["memberships"] if h is not None}
        for member, person in self.found["members"]:
            household = homes.get(member.household_id)
            own = person is not None and person.id == self.person.id
            who = gettext("(this person)") if own else linked("PersonView", person)
            years = age(person, clock.today()) if person is not None else None
            relation = self.label("household_relation", member.relation)
            name = self.household_words(household)
            made.lines.append(Line([who, relation, "" if years is None else years, name, span(member)]))
            if made.more_url is None:
                made.more_url, made.more_words = page_url("HouseholdView", household), household
        for member, household in self.found["memberships"]:
            if member.valid_to is not None:
                relation = self.label("household_relation", member.relation)
                name = self.household_words(household)
                cells = [gettext("(this person)"), relation, "", name, span(member)]
                made.lines.append(Line(cells, over=True))
            self.moments += self.joined_and_left(member, household)
        return made

    @staticmethod
    def household_words(household: Any) -> str | Markup:
        """A household with its kind: somebody is in a living and in a registered one of the same name."""
        name = linked("HouseholdView", household)
        kind = HouseholdKind.label_of(household.kind) if household is not None else ""
        return Markup("{} · {}").format(name, kind) if kind else name

    @staticmethod
    def joined_and_left(member: Any, household: Any) -> list[Moment]:
        """A membership in the timeline."""
        words = str(household) if household is not None else gettext("(outside your area)")
        return begun_and_ended(
            member,
            gettext("Joined the household %(name)s", name=words),
            gettext("Left the household %(name)s", name=words),
            icon="fa-people-roof",
        )

    def homes(self) -> Section | None:
        made = self.section(
            "homes",
            "ResidenceView",
            gettext("Homes over time"),
            "fa-house",
            gettext("Kind"),
            gettext("Home"),
            gettext("When"),
            gettext("How"),
        )
        if made is None:
            return None
        for row, dwelling in sorted(self.found["homes"], key=lambda r: (is_over(r[0]), -r[0].id)):
            outside = " ".join(t for t in (row.outside_division, row.outside_address) if t)
            where = linked("DwellingView", dwelling) if row.dwelling_id else outside
            kind = ResidenceKind.label_of(row.kind)
            how = self.label("dwelling_type", row.dwelling_type)
            made.lines.append(
                Line([kind, where, span(row), how], page_url("ResidenceView", row), is_over(row))
            )
            words = dwelling.address if dwelling is not None else outside or gettext("(outside your area)")
            self.moments += begun_and_ended(
                row, f"{kind}: {words}", gettext("No longer: %(what)s", what=words), icon="fa-house"
            )
        return made

    def groups(self) -> Section | None:
        made = self.section(
            "groups",
            "PersonGroupView",
            gettext("Special groups"),
            "fa-heart",
            gettext("Group"),
            gettext("When"),
            gettext("Last visit"),
            gettext("Next visit"),
        )
        if made is None:
            return None
        today = clock.today()
        for (row,) in sorted(self.found["groups"], key=lambda r: (is_over(r[0]), r[0].id)):
            words = self.group_words(row)
            due: Any = row.next_visit_on.isoformat() if row.next_visit_on else ""
            if row.next_visit_on and row.next_visit_on < today:
                due = state(due, "red")
            last = row.last_visit_on.isoformat() if row.last_visit_on else ""
            made.lines.append(
                Line([words, span(row), last, due], page_url("PersonGroupView", row), is_over(row))
            )
            self.moments += begun_and_ended(
                row,
                gettext("In the group: %(group)s", group=words),
                gettext("No longer in the group: %(group)s", group=words),
                icon="fa-heart",
                url=page_url("PersonGroupView", row),
            )
        return made

    def group_words(self, row: PersonGroup) -> str:
        """The group by its name; of level 4 and 5 the name stands on the group's own page, which is logged."""
        return group_name(self.session, row)

    def visits(self) -> Section | None:
        if not self.found.get("visits"):
            return None
        made = self.section(
            "visits",
            "PersonGroupView",
            gettext("Care visits"),
            "fa-walking",
            gettext("Date"),
            gettext("Group"),
            gettext("How it went"),
        )
        if made is None:
            return None
        made.add_url = None
        groups = {row.id: row for (row,) in self.found["groups"]}
        for visit, _group in self.found["visits"]:
            group = groups[visit.group_id]
            went = self.label("visit_outcome", visit.way)
            words, url = self.group_words(group), page_url("PersonGroupView", group)
            made.lines.append(
                Line([visit.visited_on.isoformat(), words, went], f"{url}#visits" if url else None)
            )
            self.moments.append(
                Moment(visit.visited_on, gettext("Care visit: %(went)s", went=went), words, url, "fa-walking")
            )
        return made

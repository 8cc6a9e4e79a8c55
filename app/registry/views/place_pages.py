"""The pages of a household and of a home, built like that of a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from app.core import clock, codes
from app.core.actor import current_actor
from app.core.words import gettext
from app.registry import panels
from app.registry.choices import EventKind, HouseholdKind, ResidenceKind
from app.registry.models import Dwelling, Household
from app.registry.queries import overview
from app.registry.queries.cards import age
from app.registry.views.sections import (
    Line,
    Moment,
    Section,
    adding,
    begun_and_ended,
    is_over,
    linked,
    page_url,
    panel_sections,
    span,
    state,
    timeline,
)


class PlacePage:
    """What both pages share: labels, sections that the role may list, life events, what upper domains hang on."""

    subject = ""
    column = ""  # the form field by which a new row is hung on the record

    def __init__(self, session: Any, record: Any, back: str) -> None:
        self.session, self.record, self.back = session, record, back
        self.actor = current_actor()
        self.moments: list[Moment] = []
        self.found = self.load()

    def load(self) -> dict[str, Any]:
        """The rows of the page by part."""
        raise NotImplementedError

    def makers(self) -> tuple[Any, ...]:
        """The sections in their order; each may be None."""
        raise NotImplementedError

    def sections(self) -> list[Section]:
        """All sections; those of upper domains after the first two."""
        made = [section for maker in self.makers() if (section := maker()) is not None]
        hung, told = panel_sections(self.session, self.subject, self.record, self.actor, self.found)
        self.moments += told
        return [*made[:2], *hung, *made[2:]]

    def timeline(self) -> Markup:
        """Everything with a day, newest first; call after ``sections``."""
        return timeline(self.moments)

    def label(self, list_name: str, code: str | None) -> str:
        return codes.label(self.session, list_name, code)

    def section(self, key: str, view: str, title: Any, icon: str, *heads: Any, add: bool = True) -> Section:
        made = Section(key, title, icon, list(heads))
        if add and view:
            made.add_url, made.add_words = adding(view, self.column, self.record, self.back)
        return made

    def events(self) -> Section | None:
        """Life events of the place, revoked ones grey."""
        if "events" not in self.found:
            return None
        made = self.section(
            "events", "", gettext("Life events"), "fa-calendar-day", gettext("Date"), gettext("Event")
        )
        for (event,) in sorted(self.found["events"], key=lambda r: -r[0].id):
            words = str(EventKind.label_of(event.kind))
            over = event.revoked_at is not None
            if over:
                words = gettext("%(event)s (taken back)", event=words)
            url = page_url("LifeEventView", event)
            made.lines.append(Line([event.happened_on.isoformat(), words], url, over))
            self.moments.append(Moment(event.happened_on, words, "", url, "fa-calendar-day"))
        return made

    def residents(self, key: str, *, with_home: bool) -> Section | None:
        """Who lives or is registered here over time."""
        if key not in self.found:
            return None
        heads = [
            gettext("Resident"),
            gettext("Kind"),
            gettext("When"),
            *([gettext("Home")] if with_home else []),
        ]
        made = self.section(
            "residents", "ResidenceView", gettext("Residents over time"), "fa-user-clock", *heads
        )
        for row in sorted(self.found[key], key=lambda r: (is_over(r[0]), -r[0].id)):
            residence, person = row[:2]
            kind = ResidenceKind.label_of(residence.kind)
            cells = [linked("PersonView", person), kind, span(residence)]
            if with_home:
                where = residence.outside_address or ""
                cells.append(linked("DwellingView", row[2]) if residence.dwelling_id else where)
            made.lines.append(Line(cells, None, is_over(residence)))
            who = str(person) if person is not None else gettext("(outside your area)")
            self.moments += begun_and_ended(
                residence,
                f"{kind}: {who}",
                gettext("No longer: %(what)s", what=f"{kind}, {who}"),
                icon="fa-user-clock",
            )
        return made


def present(homes: Iterable[tuple[Any, Any]]) -> str:
    """Addresses of the homes of today, as far as they are inside the scope."""
    return gettext(", ").join(
        home.address for link, home in homes if link.valid_to is None and home is not None
    )


class HouseholdPage(PlacePage):
    """Members now and before, homes over time, help given, life events."""

    subject, column = panels.HOUSEHOLD, "household_id"
    record: Household

    def load(self) -> dict[str, Any]:
        return overview.of_household(self.session, self.record, self.actor)

    def makers(self) -> tuple[Any, ...]:
        return (
            self.members,
            self.homes,
            self.help,
            lambda: self.residents("residences", with_home=True),
            self.events,
        )

    def head_and_homes(self) -> tuple[str | Markup, str]:
        """Who heads it, as far as the actor sees her, and where it lives now."""
        heads = self.found["head"]
        return linked("PersonView", heads[0][0]) if heads else "", present(self.found["homes"])

    def members(self) -> Section | None:
        if "members" not in self.found:
            return None
        heads = (
            gettext("Relation to head"),
            gettext("Resident"),
            gettext("Age"),
            gettext("Kind of resident"),
            gettext("When"),
        )
        made = self.section("members", "HouseholdMemberView", gettext("Members"), "fa-users", *heads)
        for member, person in sorted(self.found["members"], key=lambda r: (is_over(r[0]), r[0].id)):
            relation = self.label("household_relation", member.relation)
            years = age(person, clock.today()) if person is not None else None
            kind = self.label("population_kind", person.population_kind) if person is not None else ""
            cells = [
                relation,
                linked("PersonView", person),
                "" if years is None else years,
                kind,
                span(member),
            ]
            made.lines.append(Line(cells, page_url("HouseholdMemberView", member), is_over(member)))
            who = str(person) if person is not None else gettext("(outside your area)")
            self.moments += begun_and_ended(
                member,
                gettext("%(who)s joined", who=who),
                gettext("%(who)s left", who=who),
                icon="fa-user",
            )
        return made

    def homes(self) -> Section | None:
        made = self.section(
            "homes", "", gettext("Homes over time"), "fa-house", gettext("Home"), gettext("When")
        )
        for link, dwelling in sorted(self.found["homes"], key=lambda r: (is_over(r[0]), -r[0].id)):
            made.lines.append(Line([linked("DwellingView", dwelling), span(link)], None, is_over(link)))
            words = dwelling.address if dwelling is not None else gettext("(outside your area)")
            self.moments += begun_and_ended(
                link, words, gettext("No longer: %(what)s", what=words), icon="fa-house"
            )
        return made

    def help(self) -> Section | None:
        if "help" not in self.found:
            return None
        heads = (
            gettext("Date"),
            gettext("What was given"),
            gettext("Source of the help"),
            gettext("Given to"),
            gettext("Worth (yuan)"),
        )
        made = self.section("help", "HelpRecordView", gettext("Help given"), "fa-hand-holding-heart", *heads)
        for row, person in sorted(self.found["help"], key=lambda r: r[0].given_on, reverse=True):
            to = linked("PersonView", person) if row.person_id else gettext("the household")
            worth = "" if row.amount is None else f"{row.amount:,.2f}"
            source = self.label("help_source", row.source)
            url = page_url("HelpRecordView", row)
            made.lines.append(Line([row.given_on.isoformat(), row.what, source, to, worth], url))
            self.moments.append(Moment(row.given_on, row.what, source, url, "fa-hand-holding-heart"))
        return made


class DwellingPage(PlacePage):
    """Households and people over time, what is let and to whom, venues, life events."""

    subject, column = panels.DWELLING, "dwelling_id"
    record: Dwelling

    def load(self) -> dict[str, Any]:
        return overview.of_dwelling(self.session, self.record, self.actor)

    def makers(self) -> tuple[Any, ...]:
        return (
            self.households,
            lambda: self.residents("residents", with_home=False),
            self.rentals,
            self.venues,
            self.events,
        )

    def households(self) -> Section | None:
        if "households" not in self.found:
            return None
        heads = (gettext("Household"), gettext("Kind"), gettext("Number"), gettext("When"))
        made = self.section("households", "", gettext("Households"), "fa-people-roof", *heads)
        made.add_url, made.add_words = adding("HouseholdView", "dwelling", self.record, self.back)
        for link, household in sorted(self.found["households"], key=lambda r: (is_over(r[0]), -r[0].id)):
            kind = HouseholdKind.label_of(household.kind) if household is not None else ""
            number = (household.household_no or "") if household is not None else ""
            over = is_over(link) or (household is not None and household.valid_to is not None)
            made.lines.append(
                Line([linked("HouseholdView", household), kind, number, span(link)], None, over)
            )
            words = str(household) if household is not None else gettext("(outside your area)")
            self.moments += begun_and_ended(
                link,
                gettext("Household %(name)s", name=words),
                gettext("No longer: %(what)s", what=words),
                icon="fa-people-roof",
            )
        return made

    def rentals(self) -> Section | None:
        if "rentals" not in self.found:
            return None
        heads = (gettext("What"), gettext("Who"), gettext("State"), gettext("When"))
        made = self.section("rentals", "RentalHomeView", gettext("Let"), "fa-key", *heads)
        for (home,) in self.found["rentals"]:
            risk = self.label("rental_risk", home.risk)
            colour = (home.risk or "grey") if home.risk in {"green", "yellow", "red"} else "grey"
            until = f"{home.lease_from or '…'} – {home.lease_until or '…'}"
            made.lines.append(
                Line(
                    [
                        home.name or self.record.address,
                        home.landlord_name or "",
                        state(risk, colour) if risk else "",
                        until,
                    ],
                    page_url("RentalHomeView", home),
                )
            )
        for tenancy, person in self.found.get("tenancies", ()):
            over = is_over(tenancy)
            cells = [gettext("Tenant"), linked("PersonView", person), tenancy.head_count, span(tenancy)]
            made.lines.append(Line(cells, page_url("TenancyView", tenancy), over))
            who = str(person) if person is not None else gettext("(outside your area)")
            self.moments += begun_and_ended(
                tenancy,
                gettext("Tenant: %(who)s", who=who),
                gettext("No longer: %(what)s", what=who),
                icon="fa-key",
            )
        return made

    def venues(self) -> Section | None:
        if "venues" not in self.found:
            return None
        heads = (gettext("Designation"), gettext("Kind of venue"), gettext("Operator"))
        made = self.section("venues", "VenueView", gettext("Venues"), "fa-store", *heads)
        for (venue,) in self.found["venues"]:
            kind = self.label("venue_key", venue.venue_key)
            made.lines.append(
                Line([venue.name, kind, venue.operator_name or ""], page_url("VenueView", venue))
            )
        return made

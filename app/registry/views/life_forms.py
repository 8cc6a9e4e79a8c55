"""Forms of life events: what each asks, and the questions that a household without its head raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import codes
from app.core.views.fields import RecordForm
from app.core.widgets import (
    CheckField,
    ChoiceField,
    CodeField,
    DayField,
    LongTextField,
    Needed,
    RemoteField,
    TextField,
)
from app.registry.choices import EventKind, HouseholdKind, Leaving
from app.registry.models import Dwelling, Household, HouseholdMember, Person
from app.registry.service.life import Heads, NewHead
from app.registry.views.common import BirthField

RELATIONS = "household_relation"
ASKED = _("Leave empty unless the page asks for it.")


class LifeForm(RecordForm):
    """What every event is told."""

    happened_on = DayField(
        _("Day it happened"), [Needed()], description=_("The day on which it happened; not in the future.")
    )
    evidence = TextField(_("Evidence"), length=120, description=_("Such as the number of a certificate"))
    note = LongTextField(_("Note"), length=300)
    own: tuple[str, ...] = ()  # fields of this kind, in the order of the page
    fresh: tuple[str, ...] = ()  # fields of somebody who is not on record yet
    what_follows: Any = ""


class DeathForm(LifeForm):
    """Only the day is asked; heads of households are asked for below."""

    what_follows = _(
        "Households, homes and tenancies of this person end on that day. What is to be stopped or claimed is then listed"
        " under Proposals."
    )


class BirthForm(LifeForm):
    """No document is needed; the guardian's consent becomes a task."""

    name = TextField(_("Full name"), [Needed()], length=50)
    sex = CodeField(_("Sex"), [Needed()], source="gender")
    ethnic = CodeField(_("Ethnic group"), source="ethnic")
    mother = RemoteField(_("Mother"), model=Person)
    father = RemoteField(_("Father"), model=Person)
    own = ("name", "sex", "ethnic", "mother", "father")


class MoveOutForm(LifeForm):
    """Who goes is ticked below."""

    gives_up = ChoiceField(_("What is given up"), [Needed()], source=Leaving)
    division = TextField(_("Goes to (division)"), length=120)
    address = TextField(_("Goes to (address)"), length=160)
    own = ("gives_up", "division", "address")


class MoveInForm(LifeForm):
    """A person on record comes into a home; an empty household means one of their own."""

    dwelling = RemoteField(_("Home"), [Needed()], model=Dwelling)
    kind = ChoiceField(_("Kind of household"), [Needed()], source=HouseholdKind)
    household = RemoteField(
        _("Joins the household"), model=Household, description=_("Empty: a household of their own.")
    )
    relation = CodeField(_("Relation to head"), source=RELATIONS)
    household_no = TextField(_("Household number"), length=24, description=_("Of a new household"))
    came_from = TextField(_("Came from"), length=160)
    inflow_reason = CodeField(_("Reason of moving in"), source="inflow_reason")
    dwelling_type = CodeField(_("Kind of home"), source="dwelling_type")
    own = ("dwelling", "kind", "household", "relation", "household_no", "came_from")
    own += ("inflow_reason", "dwelling_type")


class JoinForm(LifeForm):
    """Somebody moves into this household: on record, or new."""

    person = RemoteField(_("Resident on record"), model=Person)
    name = TextField(_("Full name"), length=50)
    sex = CodeField(_("Sex"), source="gender")
    birth = BirthField(_("Born"))
    doc_kind = CodeField(_("Kind of document"), source="id_document")
    number = TextField(_("ID number"), length=40)
    number_reason = TextField(
        _("Reason, as the number stands on the document"), length=200, description=ASKED
    )
    dup_reason = TextField(_("Why both records keep this number"), length=200, description=ASKED)
    phone = TextField(_("Phone"), length=40)
    relation = CodeField(_("Relation to head"), [Needed()], source=RELATIONS)
    came_from = TextField(_("Came from"), length=160)
    inflow_reason = CodeField(_("Reason of moving in"), source="inflow_reason")
    own = ("relation", "person", "came_from", "inflow_reason")
    fresh = ("name", "sex", "birth", "doc_kind", "number", "number_reason", "dup_reason", "phone")


class SplitForm(LifeForm):
    """Who goes is ticked below."""

    dwelling = RemoteField(_("Home"), model=Dwelling, description=_("Empty: the same home."))
    household_no = TextField(_("Household number"), length=24)
    own = ("dwelling", "household_no")


class MergeForm(LifeForm):
    """The other household joins this one."""

    other = RemoteField(_("The household that joins this one"), [Needed()], model=Household)
    own = ("other",)


class ChangeHomeForm(LifeForm):
    """The whole household moves."""

    dwelling = RemoteField(_("New home"), [Needed()], model=Dwelling)
    own = ("dwelling",)


class NewDocumentForm(LifeForm):
    """The old document is kept with its last day."""

    old = ChoiceField(_("Replaces"), source=())
    kind = CodeField(_("Kind of document"), [Needed()], source="id_document")
    number = TextField(_("ID number"), [Needed()], length=40)
    number_reason = TextField(
        _("Reason, as the number stands on the document"), length=200, description=ASKED
    )
    dup_reason = TextField(_("Why both records keep this number"), length=200, description=ASKED)
    own = ("old", "kind", "number", "number_reason", "dup_reason")


class NewNameForm(LifeForm):
    """The old name becomes a former one."""

    name = TextField(_("New name"), [Needed()], length=50)
    reason = TextField(_("Reason"), length=120)
    own = ("name", "reason")


class HomeSplitForm(LifeForm):
    """One home becomes several; each household is sent to one of them by its place in the list."""

    numbers = TextField(
        _("Numbers of the new homes"), [Needed()], length=80, description=_("In one line, such as 302A 302B")
    )
    own = ("numbers",)


class HomeMergeForm(LifeForm):
    """Another home becomes part of this one."""

    other = RemoteField(_("The home that becomes part of this one"), [Needed()], model=Dwelling)
    own = ("other",)


FORMS: dict[tuple[EventKind, str], type[LifeForm]] = {
    (EventKind.birth, "person"): BirthForm,
    (EventKind.birth, "household"): BirthForm,
    (EventKind.death, "person"): DeathForm,
    (EventKind.move_out, "person"): MoveOutForm,
    (EventKind.move_out, "household"): MoveOutForm,
    (EventKind.move_in, "person"): MoveInForm,
    (EventKind.move_in, "household"): JoinForm,
    (EventKind.split, "household"): SplitForm,
    (EventKind.merge, "household"): MergeForm,
    (EventKind.change_head, "household"): LifeForm,
    (EventKind.change_home, "household"): ChangeHomeForm,
    (EventKind.home_split, "dwelling"): HomeSplitForm,
    (EventKind.home_merge, "dwelling"): HomeMergeForm,
    (EventKind.new_document, "person"): NewDocumentForm,
    (EventKind.new_name, "person"): NewNameForm,
}


@dataclass
class Ask:
    """A household that chooses a head: whoever stays, and what each was to the head so far."""

    key: str
    household_id: int
    title: str
    members: Sequence[HouseholdMember]
    fields: list[str] = field(default_factory=list)


PIECES = [(str(n), str(n)) for n in range(1, 7)]


def build(
    base: type[LifeForm],
    *,
    who: Sequence[Person],
    joins: Sequence[Household],
    sent: Sequence[Household],
    asks: Sequence[Ask],
    session: Any,
    more: Mapping[str, Any],
) -> type[LifeForm]:
    """The form of this request: the kind's own fields, tick boxes for people, relations of a newborn, new heads;
    ``more`` are the custom fields of what the event makes or changes.
    """
    body: dict[str, Any] = dict(more)
    for person in who:
        body[f"who_{person.uid}"] = CheckField(person.name)
    for household in joins:
        label = gettext(
            "%(kind)s of %(name)s: relation of the child to the head",
            kind=HouseholdKind.label_of(household.kind),
            name=household,
        )
        body[f"join_{household.uid}"] = CodeField(label, source=RELATIONS)
    for household in sent:
        label = gettext("%(name)s goes into the new home no.", name=household)
        body[f"to_{household.uid}"] = ChoiceField(label, [Needed()], source=PIECES)
    for ask in asks:
        people = [(m.person.uid, m.person.name) for m in ask.members]
        names = [f"head_{ask.key}", *(f"rel_{ask.key}_{m.person.uid}" for m in ask.members)]
        body[names[0]] = ChoiceField(_("New head"), source=people)
        for member, name in zip(ask.members, names[1:], strict=True):
            was = codes.label(session, RELATIONS, member.relation)
            body[name] = CodeField(
                member.person.name,
                source=RELATIONS,
                description=gettext("So far: %(relation)s", relation=was),
            )
        ask.fields = names
    return type("EventForm", (base,), body)


def heads_of(form: LifeForm, asks: Sequence[Ask]) -> Heads:
    """The answers about new heads; every one that is missing is marked at its field."""
    choices = {}
    for ask in asks:
        by_uid = {m.person.uid: m.person_id for m in ask.members}
        # somebody alone is the head: no question
        chosen = form[f"head_{ask.key}"].data or (next(iter(by_uid)) if len(by_uid) == 1 else None)
        relations = {by_uid[uid]: form[f"rel_{ask.key}_{uid}"].data for uid in by_uid}
        choices[ask.household_id] = NewHead(by_uid.get(chosen or ""), relations)
        if not chosen:
            form.refuse(f"head_{ask.key}", _("Please choose the new head."))
        for uid in by_uid:
            if chosen and uid != chosen and not relations[by_uid[uid]]:
                form.refuse(
                    f"rel_{ask.key}_{uid}", _("Please say how this person is related to the new head.")
                )
    return Heads(choices)


def sections(
    form: LifeForm, base: type[LifeForm], asks: Sequence[Ask]
) -> list[tuple[Any, list[Any], dict[str, Any]]]:
    """The page in the order in which a clerk is told: what, who, how it goes on, papers."""
    own = [form[name] for name in base.own if name in form]
    who = [f for f in form if f.name.startswith("who_")]
    joins = [f for f in form if f.name.startswith("join_")]
    about = {"note": base.what_follows} if base.what_follows else {}
    found: list[tuple[Any, list[Any], dict[str, Any]]] = [
        (_("About the event"), [form.happened_on, *own], about)
    ]
    if base.fresh:
        note = _("Only for somebody who is not on record yet.")
        found.append((_("Somebody new"), [form[name] for name in base.fresh], {"note": note}))
    if who:
        found.append((_("Who goes"), who, {}))
    if joins:
        found.append(
            (
                _("Household of the child"),
                joins,
                {"note": _("Leave a household empty that the child does not join.")},
            )
        )
    sent = [f for f in form if f.name.startswith("to_")]
    if sent:
        found.append((_("Who goes where"), sent, {"note": _("1 is the first of the numbers above.")}))
    note = _(
        "A relation is one to the head, so all of them are asked for anew. The line of the head stays empty."
    )
    found += [(ask.title, [form[name] for name in ask.fields], {"note": note}) for ask in asks]
    found.append((_("Evidence and note"), [form.evidence, form.note], {}))
    return found

"""From a posted form to the service of an event: one function a kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.core.interface import Interface
from app.registry.choices import EventKind, HouseholdKind, Leaving
from app.registry.models import Household, LifeEvent, Person, PersonDocument
from app.registry.service import households, life
from app.registry.views.life_forms import LifeForm, heads_of
from app.registry.views.life_scene import Scene

MOVE_FIELDS = ("came_from", "inflow_reason", "dwelling_type")


@dataclass
class Given:
    """What a page was asked about, what was typed, and who typed it when (``actor`` and ``now``)."""

    session: Any
    form: Any
    scene: Scene
    hands: dict[str, Any]

    @property
    def told(self) -> life.Told:
        form: LifeForm = self.form
        return life.Told(form.happened_on.data, form.evidence.data, form.note.data)

    @property
    def heads(self) -> life.Heads:
        """Answers about new heads. Raises Invalid when some are missing; each is marked at its field."""
        answers = heads_of(self.form, self.scene.asks)
        if any(self.form[name].errors for ask in self.scene.asks for name in ask.fields):
            raise Invalid(
                _("The head leaves: please choose the new head, and how everybody is related to them.")
            )
        return answers

    @property
    def ticked(self) -> list[Person]:
        return [p for p in self.scene.who if self.form[f"who_{p.uid}"].data]

    def some(self, names: Sequence[str]) -> dict[str, Any]:
        return {name: self.form[name].data for name in names if name in self.form and self.form[name].data}


def birth(given: Given) -> LifeEvent:
    form = given.form
    joins = [(h, form[f"join_{h.uid}"].data) for h in given.scene.joins if form[f"join_{h.uid}"].data]
    child = life.Child(form.name.data, form.sex.data, form.ethnic.data)
    return life.birth(
        given.session,
        child,
        given.told,
        mother=form.mother.data,
        father=form.father.data,
        joins=joins,
        **given.hands,
    )


def death(given: Given) -> LifeEvent:
    return life.death(given.session, given.scene.item, given.told, heads=given.heads, **given.hands)


def move_out(given: Given) -> LifeEvent:
    form = given.form
    return life.move_out(
        given.session,
        given.ticked,
        given.told,
        gives_up=Leaving.parse(form.gives_up.data, field="gives_up"),
        division=form.division.data,
        address=form.address.data,
        heads=given.heads,
        **given.hands,
    )


def move_in(given: Given) -> LifeEvent:
    form = given.form
    if given.scene.household is not None:
        return _join(given, given.scene.household)
    return life.move_in(
        given.session,
        given.scene.item,
        form.dwelling.data,
        given.told,
        household=form.household.data,
        kind=HouseholdKind.parse(form.kind.data, field="kind"),
        relation=form.relation.data,
        household_no=form.household_no.data,
        fields=given.some(MOVE_FIELDS),
        heads=given.heads,
        **given.hands,
    )


def _join(given: Given, household: Household) -> LifeEvent:
    form, session = given.form, given.session
    home = households.home_of(session, household)
    if home is None:
        raise Invalid(_("This household has no home."), field="relation")
    if (form.person.data is None) is (not form.name.data):
        raise Invalid(_("Choose somebody on record, or write the name of somebody new."), field="person")
    person = form.person.data
    if person is None:
        document = {
            "kind": form.doc_kind.data or "111",
            "number": form.number.data,
            "warning_reason": form.number_reason.data,
            "dup_reason": form.dup_reason.data,
        }
        person = life.newcomer(
            session,
            name=form.name.data,
            dwelling=home,
            fields={"sex": form.sex.data},
            birth=form.birth.data,
            document=document if form.number.data else None,
            phone=form.phone.data,
            **given.hands,
        )
    return life.move_in(
        session,
        person,
        home,
        given.told,
        household=household,
        kind=HouseholdKind(household.kind),
        relation=form.relation.data,
        fields=given.some(MOVE_FIELDS),
        heads=given.heads,
        **given.hands,
    )


def split(given: Given) -> LifeEvent:
    form = given.form
    if not given.ticked:
        raise Invalid(
            _("Please choose who founds the new household."),
            field=f"who_{given.scene.who[0].uid}" if given.scene.who else None,
        )
    return life.split(
        given.session,
        given.scene.item,
        given.ticked,
        given.told,
        dwelling=form.dwelling.data,
        household_no=form.household_no.data,
        heads=given.heads,
        **given.hands,
    )


def merge(given: Given) -> LifeEvent:
    return life.merge(
        given.session, given.scene.item, given.form.other.data, given.told, heads=given.heads, **given.hands
    )


def change_head(given: Given) -> LifeEvent:
    return life.change_head(given.session, given.scene.item, given.told, heads=given.heads, **given.hands)


def change_home(given: Given) -> LifeEvent:
    return life.change_home(
        given.session, given.scene.item, given.form.dwelling.data, given.told, **given.hands
    )


def new_document(given: Given) -> LifeEvent:
    form = given.form
    old = None
    if form.old.data:
        old = Interface(PersonDocument).by_key(given.session, form.old.data)
    return life.new_document(
        given.session,
        given.scene.item,
        given.told,
        kind=form.kind.data,
        number=form.number.data,
        old=old,
        reasons={"warning_reason": form.number_reason.data, "dup_reason": form.dup_reason.data},
        **given.hands,
    )


def new_name(given: Given) -> LifeEvent:
    form = given.form
    return life.new_name(
        given.session,
        given.scene.item,
        given.told,
        name=form.name.data,
        reason=form.reason.data,
        **given.hands,
    )


def home_split(given: Given) -> LifeEvent:
    form, numbers = given.form, (given.form.numbers.data or "").split()
    pieces = [
        life.Piece(number, [h for h in given.scene.sent if form[f"to_{h.uid}"].data == str(n)])
        for n, number in enumerate(numbers, 1)
    ]
    return life.split_home(given.session, given.scene.item, pieces, given.told, **given.hands)


def home_merge(given: Given) -> LifeEvent:
    return life.merge_homes(
        given.session, given.scene.item, [given.form.other.data], given.told, **given.hands
    )


ENTER: dict[EventKind, Callable[[Given], LifeEvent]] = {
    EventKind.birth: birth,
    EventKind.death: death,
    EventKind.move_out: move_out,
    EventKind.move_in: move_in,
    EventKind.split: split,
    EventKind.merge: merge,
    EventKind.change_head: change_head,
    EventKind.change_home: change_home,
    EventKind.new_document: new_document,
    EventKind.new_name: new_name,
    EventKind.home_split: home_split,
    EventKind.home_merge: home_merge,
}

"""Life events: which days are possible, and what a household needs when its head goes (S4-54, GB/T 4761).

An event may be entered late, never ahead. It may not come before the birth or after the death of anybody it is
about, and no event that moves people may slip in before a later one that has been entered: the rows of the later one
rest on it. The later one is revoked first.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Conflict, Invalid
from app.registry.choices import EventKind
from app.registry.rules.dates import Birth
from app.registry.rules.household import HEAD
from app.registry.rules.id_number import FEMALE, MALE

DAY = "happened_on"
# events that open and close memberships and homes: their order counts
MOVING = frozenset(
    {
        EventKind.birth,
        EventKind.move_in,
        EventKind.move_out,
        EventKind.death,
        EventKind.split,
        EventKind.merge,
        EventKind.change_head,
        EventKind.change_home,
        EventKind.home_split,
        EventKind.home_merge,
    }
)
POSTHUMOUS = timedelta(days=300)  # Civil Code art. 1121, 1155: a child conceived before the father's death
EARLIEST = date(1850, 1, 1)


@dataclass(frozen=True)
class Past:
    """What is known of somebody: birth, death, and the days of the events that were entered and stand."""

    birth: Birth | None = None
    died_on: date | None = None
    events: tuple[tuple[date, EventKind], ...] = ()
    lived_on: date | None = None  # the last day on which a child's birth needs this parent alive


def lived_for(born_on: date, *, mother: bool) -> date:
    """Until when a parent lived at least whose child was born on a day: a father died up to 300 days before."""
    return born_on if mother else born_on - POSTHUMOUS


def check_day(kind: EventKind, day: date, today: date, people: Iterable[Past]) -> date:
    """The day on which an event may have happened. Raises Invalid or Conflict at the field of the day."""
    if day > today:
        raise Invalid(_("This day lies in the future."), field=DAY)
    if day < EARLIEST:
        raise Invalid(_("This day is too far in the past."), field=DAY)
    for past in people:
        _check_life(kind, day, past)
        _check_order(kind, day, past)
    return day


def _check_life(kind: EventKind, day: date, past: Past) -> None:
    if past.birth is not None and day < past.birth.date:
        raise Invalid(_("This day lies before the birth."), field=DAY)
    if kind is EventKind.death and past.lived_on is not None and day < past.lived_on:
        text = _(
            "A child was born to this person after this day: nobody could have died before %(day)s.",
            day=past.lived_on.isoformat(),
        )
        raise Conflict(text, field=DAY, finding="child")
    if past.died_on is None:
        return
    if kind is EventKind.death:
        raise Conflict(_("This death has been entered already."), finding="dead")
    text = _("This person died on %(day)s: nothing can be entered after that.", day=past.died_on.isoformat())
    raise Conflict(text, field=DAY, finding="dead")


def _check_order(kind: EventKind, day: date, past: Past) -> None:
    if kind not in MOVING:
        return
    later = [(on, known) for on, known in past.events if known in MOVING and on > day]
    if later:
        on, known = min(later)
        text = _(
            "A later event has been entered: %(kind)s on %(day)s. Revoke that one first, or correct the day.",
            kind=known.label,
            day=on.isoformat(),
        )
        raise Conflict(text, field=DAY, finding="later_event")


@dataclass(frozen=True)
class Parent:
    """A parent of a newborn child, as far as the birth has to fit."""

    sex: str | None
    birth: Birth | None
    died_on: date | None


def check_birth(born_on: date, mother: Parent | None, father: Parent | None) -> None:
    """A child has a mother or a father here; a mother lived on the day, a father not longer than 300 days before."""
    if mother is None and father is None:
        raise Invalid(_("Please choose the mother or the father."), field="mother")
    for parent, field, wrong in ((mother, "mother", MALE), (father, "father", FEMALE)):
        if parent is None:
            continue
        if parent.sex == wrong:
            raise Invalid(_("The sex on record does not fit."), field=field)
        if parent.birth is not None and parent.birth.date >= born_on:
            raise Invalid(_("A parent is older than the child."), field=field)
    if mother is not None and mother.died_on is not None and mother.died_on < born_on:
        raise Invalid(_("The mother had died before this day."), field="mother")
    if father is not None and father.died_on is not None and father.died_on + POSTHUMOUS < born_on:
        raise Invalid(_("The father had died more than 300 days before this day."), field="father")


def needs_head(head: int | None, leaving: Collection[int], staying: Collection[int]) -> bool:
    """Whether a household must choose a new head: the head leaves and somebody stays."""
    return bool(staying) and (head is None or head in leaving)


def relations_of(choice: Any, staying: Mapping[int, tuple[str, str]], *, field: str) -> dict[int, str]:
    """Person → relation to the new head, for everybody who stays; the head's own is 02 whatever was typed.

    ``choice`` has ``head`` and ``relations`` or is None; ``staying`` is person → (key of the form's fields, name);
    ``field`` is the household's key. Raises Invalid: no head, a head who does not stay, a
    relation that was not answered anew, a second head. A relation is one *to the head*: none survives a change.
    """
    if choice is None or choice.head is None:
        raise Invalid(_("Please choose the new head."), field=f"head_{field}", finding="head_asked")
    if choice.head not in staying:
        raise Invalid(_("The new head must belong to the household."), field=f"head_{field}")
    answers = {}
    for person, (key, name) in staying.items():
        answer = HEAD if person == choice.head else choice.relations.get(person)
        if not answer:
            text = _("Please say how %(name)s is related to the new head.", name=name)
            raise Invalid(text, field=f"rel_{field}_{key}", finding="relation_asked")
        if answer == HEAD and person != choice.head:
            raise Invalid(_("A household has only one head."), field=f"rel_{field}_{key}")
        answers[person] = answer
    return answers


_CHILD = {MALE: "20", FEMALE: "30"}
_OF_SON = {MALE: "41", FEMALE: "42"}
_OF_DAUGHTER = {MALE: "43", FEMALE: "44"}


def newborn_relation(parent: str | None, sex: str | None) -> str | None:
    """The likely relation of a newborn to the head, from the parent's: a suggestion that the clerk sees and may change."""
    if parent is None or sex not in (MALE, FEMALE):
        return None
    if parent in {"01", "02", "10", "11", "12"}:
        return _CHILD[sex]
    if (parent[0] == "2" and parent != "28") or parent == "38":
        return _OF_SON[sex]
    if parent[0] == "3" or parent == "28":
        return _OF_DAUGHTER[sex]
    return None

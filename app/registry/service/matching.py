"""Is this somebody we know? By document number, or by the rules asked at entry; over the whole site, told by scope.

Inside the scope the existing person is shown. Outside, the answer is only “registered elsewhere”, and every look-up
is logged and counted: the check must not become a way to find out where strangers live (guards, section 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.audit.models import AccessLog
from app.audit.service import log_access
from app.core.actor import Actor
from app.core.crypto import blind
from app.core.errors import Throttled
from app.core.keysets import pieces
from app.core.pinyin import spell
from app.core.scope import unscoped
from app.registry.choices import MatchPlace
from app.registry.models import Person, PersonDocument
from app.registry.rules import Birth, document_key, normalise_phone
from app.registry.rules.duplicates import Facts, document_family
from app.registry.rules.id_number import RESIDENT_KINDS
from app.registry.service import duplicates

DOCUMENT, NAME_BIRTH, SIMILAR = "document", "name_birth", "similar"
WINDOW = timedelta(hours=1)
LOOKUPS_AN_HOUR, ELSEWHERE_AN_HOUR = 600, 20
SHEET = "match: sheet"  # begins the line of a chunk of a sheet that was checked: it counts as one look-up
SEARCH, TRIED, FOUND, ELSEWHERE = "SEARCH", "match: none", "match: inside", "match: elsewhere"


@dataclass(frozen=True)
class Match:
    """Somebody found. ``person`` is given inside the scope only; ``person_id`` never leaves the server."""

    place: MatchPlace
    how: str
    person_id: int
    person: Person | None = None


def number_index(kind: str, number: str) -> str | None:
    """Blind index of a document: an old 15-digit number has the index of its 18-character form."""
    key = document_key(kind, number)
    return blind("document", key[1]) if key else None


def family(kind: str) -> tuple[str, ...]:
    """Kinds of documents that bear the same number (an ID card and its temporary form)."""
    return tuple(sorted(RESIDENT_KINDS)) if kind in RESIDENT_KINDS else (kind,)


def find(
    session: Session,
    *,
    kind: str | None = None,
    number: str | None = None,
    name: str | None = None,
    birth: Birth | None = None,
    sex: str | None = None,
    phone: str | None = None,
    other_than: Iterable[int] = (),
) -> list[Match]:
    """Persons with this document; failing that, whom the rules asked at entry suspect (S4-61). Best first.

    Somebody outside the scope is mentioned for the document, or for name and exact birth date where no document was
    typed; everything else would tell of strangers without need.
    """
    left_out = set(other_than)
    by_document = _by_document(kind, number) - left_out if kind and number else set()
    if by_document:
        return _told(session, by_document, DOCUMENT)
    if not name:
        return []
    matches = []
    for person_id, how in _by_rules(_typed(kind, number, name, birth, sex, phone)):
        if person_id not in left_out:
            matches += _told(session, {person_id}, how)
    inside = [m for m in matches if m.place is MatchPlace.inside]
    return inside + [
        m for m in matches if m.place is MatchPlace.elsewhere and m.how == NAME_BIRTH and not number
    ]


def look_up(session: Session, *, actor: Actor, now: datetime, **what: object) -> list[Match]:
    """``find`` for a person at a keyboard: throttled per user and written to the access log.

    Call it outside a unit of work: the log has a transaction of its own. Raises Throttled.
    """
    check_throttle(session, actor, now)
    matches = find(session, **what)  # type: ignore[arg-type]
    for match in matches or [None]:
        detail = TRIED if match is None else FOUND if match.person else ELSEWHERE
        log(actor, detail, match)
    return matches


def check_throttle(session: Session, actor: Actor, now: datetime) -> None:
    """Refuse when the user has asked too often within the hour, above all for people elsewhere."""
    asked = _asked(session, actor, now)
    if asked.get(ELSEWHERE, 0) >= ELSEWHERE_AN_HOUR or sum(asked.values()) >= LOOKUPS_AN_HOUR:
        raise too_many()


def too_many() -> Throttled:
    """The refusal of further look-ups."""
    text = _("You have looked up very many people. Please go on in an hour, or ask your station leader.")
    return Throttled(text, retry_after=int(WINDOW.total_seconds()))


def lookups_left(session: Session, actor: Actor, now: datetime) -> int:
    """How often the user may still ask within the hour."""
    return max(0, LOOKUPS_AN_HOUR - sum(_asked(session, actor, now).values()))


def _lately(actor: Actor, now: datetime) -> tuple[ColumnElement[bool], ...]:
    lookup = or_(AccessLog.detail.in_([TRIED, FOUND, ELSEWHERE]), AccessLog.detail.startswith(SHEET))
    since = AccessLog.at >= now - WINDOW
    return since, AccessLog.user_id == actor.user_id, AccessLog.action == SEARCH, lookup


def _asked(session: Session, actor: Actor, now: datetime) -> dict[str, int]:
    query = select(AccessLog.detail, func.count()).where(*_lately(actor, now)).group_by(AccessLog.detail)
    return {key: value for key, value in session.execute(query)}  # noqa: C416


def told_of(session: Session, actor: Actor, now: datetime) -> set[int]:
    """People of whom the user was told within the hour."""
    query = select(AccessLog.row_id).where(*_lately(actor, now), AccessLog.row_id.is_not(None))
    return {key for key in session.scalars(query.distinct()) if key is not None}


def log(actor: Actor, detail: str, match: Match | None = None, *, table: str = Person.__tablename__) -> None:
    """One line in the access log; the number that was typed never stands there."""
    found = match.person_id if match else None
    log_access(SEARCH, table, row_id=found, detail=detail, actor=actor)


def log_sheet(actor: Actor, table: str, *, inside: int, none: int, elsewhere: int = 0) -> None:
    """The line of a chunk of a sheet that was checked: how many were asked for, and what came of it."""
    counts = f"{inside} inside, {elsewhere} elsewhere, {none} none"
    log_access(SEARCH, table, detail=f"{SHEET}, {inside + elsewhere + none} asked, {counts}", actor=actor)


def _by_document(kind: str, number: str) -> set[int]:
    index = number_index(kind, number)
    if index is None:
        return set()
    query = select(PersonDocument.person_id).where(
        PersonDocument.number_index == index, PersonDocument.kind.in_(family(kind))
    )
    with unscoped("match by document over the whole site") as wide:
        return set(wide.scalars(query))


def bearers(indexes: Iterable[str]) -> dict[tuple[str, str], list[tuple[str, int, int]]]:
    """Who bears these numbers, over the whole site, for the rows of a sheet: (family of kinds, index) → (kind, number
    among several bearers, person). Who of them may be named, the guard of the caller's session decides.
    """
    found: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
    columns = (
        PersonDocument.kind,
        PersonDocument.number_index,
        PersonDocument.dup_no,
        PersonDocument.person_id,
    )
    with unscoped("match the numbers of a sheet over the whole site") as wide:
        for some in pieces(sorted(set(indexes))):
            query = select(*columns).where(PersonDocument.number_index.in_(some))
            for kind, index, number, person in wide.execute(query):
                found.setdefault((document_family(kind), index), []).append((kind, number, person))
    return found


def _typed(
    kind: str | None,
    number: str | None,
    name: str,
    birth: Birth | None,
    sex: str | None,
    phone: str | None,
) -> Facts:
    """What was typed about somebody new, as the rules read it."""
    index = number_index(kind, number) if kind and number else None
    call = blind("phone", normalise_phone(phone).number) if phone else None
    return Facts(
        0,
        name,
        spell(name, name=True)[0],
        birth.date if birth else None,
        str(birth.precision) if birth else "day",
        sex,
        documents=frozenset({(document_family(kind), index)} if kind and index else ()),
        phones=frozenset({call} if call else ()),
    )


def _by_rules(typed: Facts) -> list[tuple[int, str]]:
    with unscoped("match by the rules asked at entry over the whole site") as wide:
        found = duplicates.at_entry(wide, typed)
    return [(person, NAME_BIRTH if exact else SIMILAR) for person, exact in found]


def _told(session: Session, ids: set[int], how: str) -> list[Match]:
    """The guard of the caller's session decides who is named."""
    if not ids:
        return []
    with session.no_autoflush:
        visible = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    found = [Match(MatchPlace.inside, how, person.id, person) for person in visible.values()]
    found.sort(key=lambda match: match.person_id)
    return found + [Match(MatchPlace.elsewhere, how, i) for i in sorted(ids - set(visible))]

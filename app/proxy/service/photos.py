"""Photos of the papers of a case: taken at the door or the desk, straightened, put away, replaced (S3-49)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.core import files, policy
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.files import Attachment
from app.core.pages import Corners, straighten
from app.core.removal import put_away, step, take_away
from app.core.scope import unscoped
from app.core.uploads import Clean
from app.proxy.choices import PaperSource
from app.proxy.models import CaseMaterial, ProxyCase
from app.proxy.rules.photos import MOST_PAGES, TAKEN_IN, TAKERS, may_photograph
from app.proxy.service.materials import by_seq

OWNER, RAW = "case_material", "case_photo"
PAGE, OLD, TAKEN = "material", "material_old", "material_raw"  # present page, replaced one, as it was taken
LINGER = timedelta(days=30)  # what nobody needs any more, and the picture before it was straightened
LONGEST_REASON = 200
REPLACED = step("photo_again", _("A better photo was taken"), _("The better photo stands in its place."))


def need_taker(actor: Actor, case: ProxyCase) -> None:
    """Raises NotAllowed for roles that gather no papers or may not open what they took, Conflict after the decision."""
    if actor.read_only or actor.role not in TAKERS or not policy.may_open(actor, level_of(case)):
        raise NotAllowed()
    if case.state not in {s.value for s in TAKEN_IN}:
        raise Conflict(_("The case is decided or closed: its papers stay as they are."))


def may_add(actor: Actor, case: ProxyCase) -> bool:
    """Whether photos may be added to the case here and now."""
    fits = not actor.read_only and may_photograph(actor.role, case.state)
    return fits and policy.may_open(actor, level_of(case))


def pages_of(session: Session, material: CaseMaterial) -> list[Attachment]:
    """The present photos of a paper, oldest first; those of an earlier case that it reuses are not among them."""
    return [p for p in files.of_owner(session, OWNER, material.uid) if p.purpose == PAGE]


def add(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    seq: Any,
    clean: Clean,
    *,
    instead: str = "",
) -> Attachment:
    """Keep a photo as the next page of a paper, or in the place of the page ``instead``.

    Raises NotAllowed, Conflict after the decision, Invalid for a paper that does not apply or has too many pages.
    """
    need_taker(actor, case)
    material = by_seq(case, seq, "photo")
    if material.applies is False:
        raise Invalid(_("“%(paper)s” does not apply in this case.", paper=material.name), field="photo")
    if instead:
        supersede(session, actor, now, case, page_of(session, case, instead))
    if len(pages_of(session, material)) >= MOST_PAGES:
        raise Invalid(_("At most %(most)s photos of one paper.", most=MOST_PAGES), field="photo")
    return files.save(
        session,
        clean,
        area_id=case.area_id,
        owner_kind=OWNER,
        owner_uid=material.uid,
        purpose=PAGE,
        level=level_of(case),
        keep_until=kept_until(now),
    )


def level_of(case: ProxyCase) -> str:
    """The level of the service; a picture of somebody's paper is personal whatever the service."""
    return max("L3", case.item_version.sensitivity)


def kept_until(now: datetime) -> date:
    """The last day on which a photo that is taken or used now is kept (seeds/retention.yaml)."""
    years = int(seeds.read("retention")["purposes"][PAGE]["years"])
    return to_local(now).date() + timedelta(days=365 * years)


def page_of(session: Session, case: ProxyCase, uid: str, purposes: tuple[str, ...] = (PAGE,)) -> Attachment:
    """A photo of one of the case's own papers. NotFound for any other file."""
    query = select(Attachment).where(Attachment.uid == uid, Attachment.owner_kind == OWNER)
    found = session.scalars(query.where(Attachment.purpose.in_(purposes))).one_or_none()
    if found is None or found.owner_uid not in {m.uid for m in case.materials}:
        raise NotFound()
    return found


def supersede(session: Session, actor: Actor, now: datetime, case: ProxyCase, photo: Attachment) -> None:
    """A better photo takes the place of one: before the hand-in the older one goes, afterwards it stays beside it."""
    if case.submitted_to_department or reused_elsewhere(photo.owner_uid):
        photo.purpose = OLD
    else:
        take_away(photo, REPLACED, now=now, by=actor.user_id)
        photo.keep_until = to_local(now).date() + LINGER
    session.flush()


def remove(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, uid: str, reason: str
) -> CaseMaterial:
    """Put a photo away before the hand-in. Conflict after it, and while another case of the person reuses the paper."""
    need_taker(actor, case)
    photo, reason = page_of(session, case, uid), reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid(_("Say in a few words why the photo goes."), field="reason")
    if case.submitted_to_department:
        raise Conflict(_("The department has seen this photo: it can only be replaced by a better one."))
    if reused_elsewhere(photo.owner_uid):
        raise Conflict(_("Another case of this person uses this paper: the photo stays."))
    put_away(photo, reason, by=actor.user_id, now=now)
    photo.keep_until = to_local(now).date() + LINGER
    session.flush()
    return next(m for m in case.materials if m.uid == photo.owner_uid)


def reused_elsewhere(material_uid: str) -> bool:
    """Whether a case reuses this paper; yes or no, wherever that case lies."""
    query = select(CaseMaterial.id).where(
        CaseMaterial.source == PaperSource.case.value, CaseMaterial.source_uid == material_uid
    )
    with unscoped("does another case reuse the paper, yes or no?") as wide:
        return wide.scalar(query.limit(1)) is not None


# --- straightening --------------------------------------------------------------------------------------------------


def taken_picture(session: Session, photo: Attachment) -> Attachment:
    """The picture as it was taken: corners are always those of this one, so a page may be straightened again."""
    raw = files.of_owner(session, RAW, photo.uid)
    return raw[0] if raw else photo


def make_straight(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, uid: str, corners: Corners
) -> Attachment:
    """Cut and straighten a page; the picture as it was taken is kept for a while.

    Raises Conflict once the department may have seen the page (a better photo takes its place), Invalid for a PDF.
    """
    photo = _own_page(session, actor, case, uid)
    taken = taken_picture(session, photo)
    _renew(session, now, case, photo, taken, straighten(files.read(taken), corners))
    return photo


def as_taken(session: Session, actor: Actor, now: datetime, case: ProxyCase, uid: str) -> Attachment:
    """Back to the picture as it was taken."""
    photo = _own_page(session, actor, case, uid)
    taken = taken_picture(session, photo)
    if taken is not photo:
        _renew(session, now, case, photo, taken, Clean(files.read(taken), taken.media_type))
    return photo


def _own_page(session: Session, actor: Actor, case: ProxyCase, uid: str) -> Attachment:
    need_taker(actor, case)
    photo = page_of(session, case, uid)
    if not photo.media_type.startswith("image/"):
        raise Invalid(_("Only photos can be straightened."), field="photo")
    if reused_elsewhere(photo.owner_uid):
        raise Conflict(_("Another case of this person uses this paper: the photo stays."))
    if case.submitted_to_department and not _is_new(case, photo):
        raise Conflict(_("The department has seen this photo: it can only be replaced by a better one."))
    return photo


def _is_new(case: ProxyCase, photo: Attachment) -> bool:
    """Taken since the last step, by which the department looked at the papers."""
    return bool(case.steps) and photo.created_at > case.steps[-1].at


def _renew(
    session: Session, now: datetime, case: ProxyCase, photo: Attachment, taken: Attachment, clean: Clean
) -> None:
    before = {name: getattr(photo, name) for name in ("media_type", "size", "sha256")}
    old = files.renew(session, photo, clean)
    if taken is photo:
        kept = Attachment(
            area_id=case.area_id,
            owner_kind=RAW,
            owner_uid=photo.uid,
            purpose=TAKEN,
            level=photo.level,
            storage_key=old,
            keep_until=to_local(now).date() + LINGER,
            **before,
        )
        session.add(kept)
    session.flush()


# --- until when a paper holds ------------------------------------------------------------------------------------------


def hold_until(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, seq: Any, day: date | None
) -> CaseMaterial:
    """Write down until when a paper itself is valid, so that no later case reuses an expired one; None: it says nothing."""
    need_taker(actor, case)
    material = by_seq(case, seq, "valid_until")
    if day is not None and day < to_local(now).date():
        raise Invalid(_("This paper has expired. Ask for a valid one."), field="valid_until")
    material.valid_until = day
    session.flush()
    return material

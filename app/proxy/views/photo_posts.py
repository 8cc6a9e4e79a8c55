"""Photos of papers on the page of a case and at the door: taken, looked at, straightened, put away; papers taken over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, jsonify, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import clock, drafts, files, hooks
from app.core.actor import Actor, current_actor
from app.core.dates import parse_day
from app.core.errors import Invalid
from app.core.files import Attachment
from app.core.pages import check_corners, propose
from app.core.session import unit_of_work
from app.core.uploads import IMAGES, clean_upload
from app.core.views import expose, has_access, permission_name
from app.proxy.choices import PaperState
from app.proxy.models import CaseMaterial, ProxyCase
from app.proxy.queries import case_page, photos, reuse
from app.proxy.rules.photos import may_gather
from app.proxy.rules.sources import source_words
from app.proxy.service import open_case
from app.proxy.service import photos as service
from app.proxy.service import reuse as taking
from app.proxy.views import field_forms

KINDS = (*IMAGES, "PDF")
Words = dict[str, Any]


def words_of(material: CaseMaterial) -> Words:
    """How a paper stands, as the page writes it after a change."""
    state = PaperState.parse(material.state)
    return {
        "seq": material.seq,
        "state": state.value,
        "label": str(state.label),
        "source": str(source_words(material.source, material.source_note)),
    }


class PhotosMixin:
    """What the phone and the desk do with the papers of a case."""

    session: Any
    can: Any

    @expose("/<pk>/photos/<int:seq>", methods=["POST"])
    @has_access
    @permission_name("use")
    def add_photo(self, pk: str, seq: int) -> Any:
        """Keep one photo (or PDF) of a paper. Sent twice under the same ``client_uid``, it is kept once; the answer brings
        the proposed corners.
        """
        upload = request.files.get("photo")
        if upload is None or not upload.filename:
            raise Invalid(_("Take a photo first."), field="photo")
        user, uid, body = (
            current_actor().user_id or 0,
            field_forms.client_uid(request),
            field_forms.body(request),
        )
        known = drafts.replayed(self.session, user, uid, body)
        if known is None:
            clean = clean_upload(upload.stream, KINDS)
            with unit_of_work(self.session) as session:
                case, now = open_case(session, pk), clock.now()
                instead = request.form.get("instead", "")[:36]
                photo = service.add(session, current_actor(), now, case, seq, clean, instead=instead)
                answer = {"uid": photo.uid, "is_picture": photo.media_type.startswith("image/")}
                drafts.remember(session, user, uid, body, answer)
        else:
            answer = dict(known.response)
        photo = photos.photo_of(self.session, current_actor(), self._case_of_photos(pk), answer["uid"])
        return jsonify(answer | {"corners": self._found_corners(photo)})

    def _case_of_photos(self, pk: str) -> ProxyCase:
        return case_page.load(self.session, pk)

    def _found_corners(self, photo: Attachment) -> Any:
        if not photo.media_type.startswith("image/"):
            return None
        return propose(files.read(service.taken_picture(self.session, photo)))

    @expose("/<pk>/photo/<uid>", methods=["GET"])
    @has_access
    @permission_name("show")
    def paper_photo(self, pk: str, uid: str) -> Response:
        """One photo, for whoever sees the case and may open files of its level; each look is logged. ``taken`` asks for the
        picture before it was straightened.
        """
        case = self._case_of_photos(pk)
        found = photos.photo_of(self.session, current_actor(), case, uid)
        detail = f"{found.level} {found.purpose}"
        hooks.record_access(hooks.Access("DOWNLOAD", "attachment", found.id, case.area_id, detail=detail))
        return files.response(
            service.taken_picture(self.session, found) if "taken" in request.args else found
        )

    @expose("/<pk>/photo/<uid>/corners", methods=["GET"])
    @has_access
    @permission_name("use")
    def photo_corners(self, pk: str, uid: str) -> Any:
        """Where the page lies in the picture as it was taken, or null."""
        return jsonify(
            corners=self._found_corners(
                photos.photo_of(self.session, current_actor(), self._case_of_photos(pk), uid)
            )
        )

    @expose("/<pk>/photo/<uid>/straighten", methods=["POST"])
    @has_access
    @permission_name("use")
    def straighten_photo(self, pk: str, uid: str) -> Any:
        """Cut and straighten a page by four corners; without corners it becomes again what was taken."""
        raw = request.form.get("corners", "")
        corners = check_corners(_json(raw)) if raw else None
        with unit_of_work(self.session) as session:
            actor, now, case = current_actor(), clock.now(), open_case(session, pk)
            if corners is None:
                photo = service.as_taken(session, actor, now, case, uid)
            else:
                photo = service.make_straight(session, actor, now, case, uid, corners)
            answer = {"uid": photo.uid, "stamp": photo.sha256[:12]}
        return jsonify(answer)

    @expose("/<pk>/photo/<uid>/remove", methods=["POST"])
    @has_access
    @permission_name("use")
    def remove_photo(self, pk: str, uid: str) -> Any:
        """Put a photo away, with a reason; after the hand-in it can only be replaced."""
        reason = request.form.get("reason", "")
        with unit_of_work(self.session) as session:
            case = open_case(session, pk)
            service.remove(session, current_actor(), clock.now(), case, uid, reason)
        return jsonify(uid=uid)

    @expose("/<pk>/valid/<int:seq>", methods=["POST"])
    @has_access
    @permission_name("use")
    def paper_valid(self, pk: str, seq: int) -> Any:
        """Until when the paper itself is valid."""
        text = request.form.get("valid_until", "").strip()
        day = parse_day(text, field="valid_until") if text else None
        with unit_of_work(self.session) as session:
            case = open_case(session, pk)
            material = service.hold_until(session, current_actor(), clock.now(), case, seq, day)
            answer = material.valid_until.isoformat() if material.valid_until else ""
        return jsonify(valid_until=answer)

    # --- what is there already --------------------------------------------------------------------------------------

    @expose("/<pk>/there", methods=["GET"])
    @has_access
    @permission_name("use")
    def papers_there(self, pk: str) -> Any:
        """What the registry or an earlier case holds of the papers that are still to be brought, and what the registry
        says of open conditions. Each look at an earlier case's papers is a look at this case, which the page logs.
        """
        case, actor, today = self._case_of_photos(pk), current_actor(), clock.today()
        if not may_gather(actor.role, case.state):
            return jsonify(offers=[], conditions=[])
        found = reuse.offers(self.session, actor, case, today)
        return jsonify(
            offers=[
                {
                    "seq": o.seq,
                    "source": o.source.value,
                    "uid": o.uid,
                    "words": told(o),
                    "usable": o.usable,
                }
                for o in found
            ],
            conditions=[vars(p) for p in reuse.proposals(self.session, actor, case, today)],
        )

    @expose("/<pk>/reuse/<int:seq>", methods=["POST"])
    @has_access
    @permission_name("use")
    def reuse_paper(self, pk: str, seq: int) -> Any:
        """Take over one paper that is there; without a source it is to be brought after all."""
        source, uid = request.form.get("source", ""), request.form.get("uid", "")[:36]
        with unit_of_work(self.session) as session:
            actor, now, case = current_actor(), clock.now(), open_case(session, pk)
            if source:
                answer = words_of(taking.take_over(session, actor, now, case, seq, source, uid))
            else:
                answer = words_of(taking.give_up(session, actor, now, case, seq))
        return jsonify(answer)


def told(offer: reuse.Offer) -> str:
    """An offer in words, with the day until which it is valid."""
    if offer.until is None:
        return offer.words
    return gettext("%(what)s (valid until %(day)s)", what=offer.words, day=offer.until.isoformat())


def _json(text: str) -> Any:
    try:
        return json.loads(text) if len(text) <= 400 else None
    except ValueError:
        return None


def at_the_door(session: Any, actor: Actor, cases: Sequence[ProxyCase]) -> Words:
    """The same of the cases at one door: photos by paper, where photos may be added, sources in words."""
    return {
        "shelves": photos.shelves(session, actor, cases),
        "may_photo": {case.uid: service.may_add(actor, case) for case in cases},
        "sources": {
            m.uid: source_words(m.source, m.source_note) for case in cases for m in case.materials if m.source
        },
    }


def shelf_of(session: Any, case: ProxyCase, actor: Actor, now: datetime) -> Words:
    """What the papers card needs: photos of each paper, whether more may be added, where taken-over ones come from."""
    return {
        "shelves": photos.shelves(session, actor, [case]),
        "may_add": service.may_add(actor, case),
        "may_gather": may_gather(actor.role, case.state) and not actor.read_only,
        "may_remove": service.may_add(actor, case) and not case.submitted_to_department,
        "sources": {m.seq: source_words(m.source, m.source_note) for m in case.materials if m.source},
    }

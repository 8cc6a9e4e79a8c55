"""The one way out for attachments: by the record they hang on, never by a folder (guards, section 4)."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import files, hooks, policy
from app.core.actor import current_actor
from app.core.errors import NotAllowed, NotFound
from app.core.files import Attachment
from app.core.interface import checked_key
from app.core.views import BaseView, expose, has_access, permission_name


class AttachmentView(BaseView):
    """Signatures, photos and scans of any record."""

    route_base = "/attachments"
    title = _("Attachment")

    @expose("/<uid>", methods=["GET"])
    @has_access
    @permission_name("show")
    def download(self, uid: str) -> Response:
        """One file, if the acting role may open the page of its record and files of its level. Each opening is logged.

        Raises NotFound for a file or record outside the scope, NotAllowed where the role has no business with it.
        """
        actor = current_actor()
        found = self.session.scalars(
            select(Attachment).where(Attachment.uid == checked_key(uid, uid=True))
        ).one_or_none()
        if found is None:
            raise NotFound()
        owner = owner_of(self.session, found)
        if not policy.may_open(actor, found.level):
            raise NotAllowed(_("Your post may not open this file."))
        area_id = getattr(owner, "area_id", None) or found.area_id
        detail = f"{found.level} {found.purpose}"
        hooks.record_access(hooks.Access("DOWNLOAD", "attachment", found.id, area_id, detail=detail))
        return files.response(found)


def owner_of(session: Session, found: Attachment) -> Any:
    """The record of an attachment, as the acting role may show it; NotFound where there is none, it is deleted, lies
    outside the scope, or its page is closed to the role.
    """
    views = current_app.extensions.get("geban_views", {})
    view = next((v for model, v in views.items() if model.__tablename__ == found.owner_kind), None)
    if view is None or not view.can("show"):
        raise NotFound()
    owner = view.datamodel.by_key(session, found.owner_uid)
    narrow = view.base_where()
    if (
        narrow
        and session.scalars(select(type(owner).id).where(type(owner).id == owner.id, *narrow)).one_or_none()
        is None
    ):
        raise NotFound()
    return owner

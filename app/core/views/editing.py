"""Add and edit: what was typed is never lost, the second writer is told, refusals stand at their field."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict

from app.core.actor import current_actor
from app.core.drafts import drop_draft, read_draft
from app.core.errors import DomainError, NotAllowed, StaleVersion
from app.core.models import AreaBound
from app.core.scope import visible_areas
from app.core.session import unit_of_work
from app.core.views import conflict, extras
from app.core.views.base import is_local
from app.core.views.fields import RecordForm
from app.core.widgets import RemoteField

REFUSED = 422
CLASH = 409


class Rejected(Exception):
    """The form does not hold: leave the unit of work without a commit and show it again."""


class Unsettled(Exception):
    """The page with both versions came back without a choice for each field."""


class Attempt:
    """One posted form on its way into the database: read again, compare the version, validate, check, save."""

    def __init__(self, view: Any, key: str | None) -> None:
        self.view, self.key, self.session = view, key, view.session
        self.form: RecordForm | None = None

    @property
    def is_new(self) -> bool:
        return self.key is None

    def run(self) -> str:
        """Save; returns where to go. Inside a unit of work only."""
        view, session = self.view, self.session
        data = request.form
        if self.is_new:
            item = view.new_item()
        else:
            item = view.datamodel.by_key(session, self.key)
            view.may_edit(item)
            if conflict.is_unsettled(data):
                raise Unsettled
            data = conflict.picked(view, item, data)
        with session.no_autoflush:
            self.form = form = view.make_form(
                is_new=self.is_new, item=None if self.is_new else item, data=data
            )
            if not self.is_new and view.datamodel.is_versioned and data.get("_version") != str(item.version):
                raise StaleVersion()
            lost = view.lost_extras(form, item, data)
            if not form.validate() or lost:
                form.form_errors += lost
                raise Rejected
            form.populate_obj(item)
            view.check(session, item, form, self.is_new)
        view.save(session, item, form, self.is_new)
        session.flush()
        view.settle_extras(getattr(form, "made", item), form)
        drop_draft(session, current_actor().user_id or 0, view.draft_page(self.key))
        return str(view.after_save_url(item, form, self.is_new))

    def answer(self) -> Any:
        """Run in a unit of work and turn every refusal into the page that lets the clerk go on."""
        try:
            with unit_of_work(self.session):
                where = self.run()
        except (StaleVersion, StaleDataError):
            return conflict.page(self.view, self.key), CLASH
        except Unsettled:
            return conflict.page(self.view, self.key, unsettled=True), REFUSED
        except Rejected:
            return self.refused()
        except IntegrityError:
            clash = gettext(
                "A record with these key values exists already, or another record stands in the way."
            )
            return self.refused(clash)
        except DataError:
            return self.refused(gettext("One of the values cannot be stored."))
        except DomainError as no:
            if self.form is None:
                raise
            return self.refused(no.message, no.field)
        flash(gettext("Saved."), "success")
        return self.view.go(where)

    def refused(self, message: Any = None, field: str | None = None) -> Any:
        """The same form again with everything typed, the reasons at the fields and above."""
        form = self.form
        assert form is not None  # noqa: S101  the form is bound before anything can be refused
        if message is not None:
            form.refuse(field, message)
        item = None if self.is_new else self.view.datamodel.by_key(self.session, self.key)
        return self.view.show_form(form, is_new=self.is_new, item=item), REFUSED


class EditMixin:
    """Add and edit pages of a ModelView."""

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """A new record. ``?<relation>=<uid>`` in the address fills in the record it shall hang on."""
        if request.method == "POST":
            return Attempt(self, None).answer()
        draft = self.draft_asked_for(None)
        form = self.make_form(is_new=True, data=draft)
        if draft is None:
            self.prefill_from_address(form)
            self.prefill(form, None)
        return self.show_form(form, is_new=True, sent=draft)

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        """Change a record of the actor's scope."""
        if request.method == "POST":
            return Attempt(self, pk).answer()
        item = self.datamodel.by_key(self.session, pk, options=tuple(self.options(self.edit_columns_here())))
        self.may_edit(item)
        draft = self.draft_asked_for(pk)
        form = self.make_form(is_new=False, item=item, data=draft)
        if draft is None:
            self.prefill(form, item)
        return self.show_form(form, is_new=False, item=item, sent=draft)

    def draft_page(self, key: str | None) -> str:
        """Under which name what is typed here is kept."""
        return f"{type(self).__name__}:{key or 'new'}"

    def draft_asked_for(self, key: str | None) -> MultiDict[str, str] | None:
        """The kept typing when the address says ``?draft=1``."""
        if not request.args.get("draft"):
            return None
        draft = read_draft(self.session, current_actor().user_id or 0, self.draft_page(key))
        return MultiDict([(str(k), str(v)) for k, v in draft.payload]) if draft is not None else None

    def make_form(self, *, is_new: bool, item: Any = None, data: Any = None) -> RecordForm:
        """The form of this request, with choices, masks and only the fields the acting role may type."""
        form: RecordForm = self.open_form(self.add_form if is_new else self.edit_form, item, data)
        form.prepare(current_actor(), self.datamodel.obj)
        return form

    def prefill_from_address(self, form: RecordForm) -> None:
        """Relations named in the address; for a worker with one grid, that grid."""
        for field in form:
            if isinstance(field, RemoteField):
                key = request.args.get(field.name)
                if key:
                    field.data = field.interface.by_key(self.session, key)
                elif field.name in {"area", "area_id"} and issubclass(self.datamodel.obj, AreaBound):
                    field.data = self.only_area(field)

    def only_area(self, field: RemoteField) -> Any:
        """The one area of an actor who has no other; nothing where there is a choice."""
        ids = list(self.session.scalars(visible_areas(current_actor()).limit(2)))
        return self.session.scalars(select(field.model).filter_by(id=ids[0])).one() if len(ids) == 1 else None

    def show_form(self, form: RecordForm, *, is_new: bool, item: Any = None, sent: Any = None) -> Any:
        """The add or edit page around a form; ``sent`` is what it was filled from, if not from the record."""
        sent = request.form if sent is None else sent
        sets = self.add_fieldsets if is_new else self.edit_fieldsets
        back = request.values.get("next")
        key = None if item is None else self.datamodel.key_of(item)
        hidden = {}
        if item is not None and self.datamodel.is_versioned:
            hidden["_version"] = sent.get("_version") or str(item.version)
            hidden["_base"] = sent.get("_base") or conflict.base_of(self, item, form)
        return self.render_template(
            self.add_template if is_new else self.edit_template,
            title=self.add_title if is_new else self.edit_title,
            form=form,
            item=item,
            is_new=is_new,
            key=key,
            hidden=hidden,
            next_url=back if is_local(back) else "",
            fieldsets=[
                (label, [form[n] for n in given["fields"] if n in form], given)
                for label, given in [*sets, *extras.sets_of(form)]
            ],
            draft_page=self.draft_page(key),
            draft=None
            if sent
            else read_draft(self.session, current_actor().user_id or 0, self.draft_page(key)),
        )

    def after_save_url(self, item: Any, form: RecordForm, is_new: bool) -> str:
        """The page of the record; the add page again for “save and add next”; the ``next`` of the request."""
        if is_new and "_again" in request.form:
            return f"{self.route_base}/add" + (
                f"?{request.query_string.decode()}" if request.query_string else ""
            )
        wanted = request.form.get("next")
        if wanted and is_local(wanted):
            return wanted
        return self.url_show(item) if self.can("show") else f"{self.route_base}/list/"

    # --- for a domain to override --------------------------------------------------------------------------

    def new_item(self) -> Any:
        """An empty record."""
        return self.datamodel.obj()

    def prefill(self, form: RecordForm, item: Any) -> None:
        """Set fields before the page is first shown; ``item`` is None for a new record."""

    def may_edit(self, item: Any) -> None:
        """Raise NotAllowed for a record that is in scope but not to be changed by hand."""
        if not self.is_editable(item):
            raise NotAllowed()

    def is_editable(self, item: Any) -> bool:
        """Whether the edit button is offered on a record."""
        return True

    def check(self, session: Any, item: Any, form: RecordForm, is_new: bool) -> None:
        """Domain checks on the filled item; raise DomainError with ``field``."""

    def save(self, session: Any, item: Any, form: RecordForm, is_new: bool) -> None:
        """Put the item into the session; override to call a service. Runs inside the unit of work."""
        session.add(item)

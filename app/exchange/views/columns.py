"""Matching the columns of somebody's sheet with our fields."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.areas.models import Area
from app.core import clock, sheets
from app.core.actor import current_actor
from app.core.errors import Conflict, DomainError, Invalid
from app.core.numbers import whole_number
from app.core.session import unit_of_work
from app.core.views import expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import ChoiceField, Needed, RemoteField, TextField
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import BatchState as State
from app.exchange.choices import KnownRule
from app.exchange.models import ImportBatch
from app.exchange.rules import imports as rules
from app.exchange.service import batches, rights

REFUSED = 422
MAPPABLE = (State.uploaded, State.mapped, State.checked)
FARTHEST_ROW = 200


class MapForm(RecordForm):
    """What holds for the whole sheet."""

    rule = ChoiceField(
        _("What about records that are in the register already?"), [Needed()], source=KnownRule
    )
    area = RemoteField(
        _("All rows belong to"), model=Area, description=_("Only where the sheet has no column for it.")
    )
    source_name = TextField(
        _("Where the sheet comes from"),
        length=80,
        description=_("Such as “Police, monthly”: the columns are matched by themselves next time."),
    )


class ColumnsPage:
    """The mapping page of the desk."""

    @expose("/batch/<uid>/columns", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def columns(self: Any, uid: str) -> Any:
        """Each column of the sheet with two of its values, and the field that it is. A refusal keeps what was chosen."""
        batch, form = self.seen(uid), MapForm()
        batches.need_owner(batch, current_actor())
        is_open = self.state_of(batch) in MAPPABLE or (
            self.state_of(batch) is State.stopped and not batch.chunks_done
        )
        if not is_open or batch.summary is None:
            raise Conflict(_("The columns of this sheet cannot be changed any more."))
        form.prepare(current_actor(), ImportBatch)
        self._offer(form, batch)
        if request.method != "POST":
            self._prefill(form, batch)
            return self._columns_page(batch, form, dict(batch.columns or {}))
        chosen = _chosen(batch)
        refusal: Any = None
        if form.validate():
            try:
                return self._check(uid, chosen, form)
            except DomainError as no:
                if no.status in (403, 404):
                    raise
                self.session.rollback()
                refusal = no
        batch = self.seen(uid)
        return self._columns_page(batch, form, chosen, refusal), refusal.status if refusal else REFUSED

    def _offer(self: Any, form: MapForm, batch: ImportBatch) -> None:
        actor = current_actor()
        rules_ = rights.open_rules(batches.sheet_called(batch.sheet, actor), actor)
        offered = [(rule.value, rule.label) for rule in rules_]
        form.rule.pairs = lambda: offered
        form.rule.load()

    def _check(self: Any, uid: str, chosen: dict[str, str], form: MapForm) -> Any:
        area = form.area.data
        code = area.code if area is not None else ""
        rule, source = form.rule.data, form.source_name.data or ""
        with unit_of_work(self.session) as session:
            batch, now = self.held(uid), clock.now()
            batches.wake(session, batch, now)
            keys = [
                f.key for f in batches.fields_for(session, batch, current_actor()) if f.key in rules.AREA_KEYS
            ]
            fixed = {keys[0]: code} if keys and code and keys[0] not in chosen.values() else {}
            batches.map_columns(session, batch, chosen, rule=rule, fixed=fixed, source_name=source, now=now)
            batches.begin(session, batch, Act.check, now=now)
        return self.go(self.batch_url(uid))

    def _prefill(self: Any, form: MapForm, batch: ImportBatch) -> None:
        form.rule.data = batch.rule
        form.source_name.data = batch.source_name
        fixed = (batch.options or {}).get("fixed") or {}
        code = next((fixed[key] for key in rules.AREA_KEYS if key in fixed), None)
        if code:
            form.area.data = batches.area_by_code(self.session, code)
        elif not set(rules.AREA_KEYS) & set((batch.columns or {}).values()):
            form.area.data = batches.only_area(self.session, current_actor())

    def _columns_page(
        self: Any, batch: ImportBatch, form: MapForm, chosen: dict[str, str], refusal: Any = None
    ) -> str:
        fields = batches.fields_for(self.session, batch, current_actor())
        summary: dict[str, Any] = batch.summary or {}
        sample = summary.get("sample") or []
        has_area = any(f.key in rules.AREA_KEYS for f in fields)
        if not has_area:
            del form.area
        targets = [rules.Target(f.key, str(f.label), f.needed) for f in fields]
        fixed = [key for key in rules.AREA_KEYS if has_area and form.area.data is not None]
        return self.render_template(  # type: ignore[no-any-return]
            "exchange/columns.html",
            title=gettext("Match the columns"),
            batch=batch,
            sheet=batches.sheet_called(batch.sheet, current_actor()),
            form=form,
            fields=fields,
            columns=[
                {
                    "number": number,
                    "name": name,
                    "letter": letter,
                    "values": [str(texts[at])[:40] for _n, texts in sample[:2] if at < len(texts)],
                    "key": chosen.get(name, ""),
                }
                for at, (number, name, letter) in enumerate(summary.get("headings") or [])
            ],
            lacking=rules.missing(chosen, fixed, targets),
            tabs=summary.get("tabs") or [],
            plan=(batch.options or {}).get("plan") or {},
            tab=(batch.options or {}).get("tab"),
            remembered=summary.get("remembered"),
            said=[self.said(f) for f in summary.get("said") or []],
            refusal=refusal,
        )

    @expose("/batch/<uid>/look", methods=["POST"])
    @has_access
    @permission_name("use")
    def look_again(self: Any, uid: str) -> Any:
        """Another tab, or other rows of headings than were guessed."""
        batch = self.seen(uid)
        batches.need_owner(batch, current_actor())
        if self.state_of(batch) not in MAPPABLE:
            raise Conflict(_("The columns of this sheet cannot be changed any more."))
        tab = request.form.get("tab") or None
        heading = _heading_rows()
        data = batches.file_of(self.session, batch, batch.attachment_uid)
        fields = batches.fields_for(self.session, batch, current_actor())
        look = sheets.look(data, fields=fields, sheet=batch.sheet, tab=tab, heading=heading)
        with unit_of_work(self.session) as session:
            batches.look_again(session, self.held(uid), look, now=clock.now())
        return self.go(f"{self.route_base}/batch/{uid}/columns")


def _heading_rows() -> tuple[int, int] | None:
    first, last = (request.form.get(name, "").strip() for name in ("first", "last"))
    if not first and not last:
        return None
    text = gettext("The row of the headings is a number from 1 to %(most)s.", most=FARTHEST_ROW)
    begin = whole_number(first or last, 1, FARTHEST_ROW, field="first", message=text)
    end = whole_number(last or first, 1, FARTHEST_ROW, field="last", message=text)
    if end < begin:
        raise Invalid(gettext("The last row of the headings lies above the first."), field="last")
    return begin, end


def _chosen(batch: ImportBatch) -> dict[str, str]:
    """{heading: key} as the page sent it: ``c3`` is the third column."""
    headings = (batch.summary or {}).get("headings") or []
    return {name: request.form.get(f"c{number}", "") for number, name, _letter in headings}

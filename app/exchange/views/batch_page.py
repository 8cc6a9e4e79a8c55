"""The page of a sheet on its way in: how far it is, what was found, what can be done; its files; the undoing."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.areas.forms.staff import role_words
from app.core import hooks, jobs
from app.core.actor import current_actor
from app.core.errors import NotFound
from app.core.numbers import whole_number
from app.core.views import expose, has_access, permission_name
from app.exchange import queries
from app.exchange.choices import BatchAction, KnownRule
from app.exchange.choices import BatchState as State
from app.exchange.models import ImportBatch
from app.exchange.rules import imports as rules
from app.exchange.service import batches, rights, undo_asked
from app.exchange.service.media import MEDIA
from app.exchange.service.reach import need_reach
from app.exchange.service.specs import view_called
from app.exchange.service.working import MOST_GROUPS
from app.exchange.views import words

FILTERS = (
    ("found", _("With something to say")),
    ("bad", _("Cannot go in")),
    ("warned", _("To look at")),
    ("known", _("Known already")),
    ("kept", _("Not undone")),
    ("all", _("All rows")),
)
MOST_ROW = 2_000_000


class BatchPage:
    """The pages of one batch."""

    @expose("/batch/<uid>")
    @has_access
    @permission_name("use")
    def batch(self: Any, uid: str) -> str:
        """State and progress, figures, groups of findings, the rows page by page."""
        batch = self.seen(uid)
        state, which = self.state_of(batch), request.args.get("show", "")
        if which not in queries.SHOWN:
            which = "all" if state in rules.WRITTEN and not _has_findings(batch) else "found"
        after = _after()
        found = queries.rows(self.session, batch, which, after)
        shown = found[: queries.ROWS]
        sheet = batches.sheet_called(batch.sheet, current_actor())
        view, actor = view_called(sheet.view), current_actor()
        urls = self._links(view, shown) if state in rules.WRITTEN and view.can("show") else {}
        job, is_mine = batches.job_of(self.session, batch), batch.created_by == actor.user_id
        undoing = {"may": rights.can_undo(batch, actor), "is_short": undo_asked.is_short(batch)}
        return self.render_template(  # type: ignore[no-any-return]
            "exchange/batch.html",
            title=words.file_name(batch, plain=is_mine),
            source_name=words.source_name(batch, plain=is_mine),
            batch=batch,
            sheet=sheet,
            register_url=view.home_url(),
            state=state,
            is_written=state in rules.WRITTEN,
            is_mine=is_mine,
            actions=_actions(batch, state, may_undo=undoing["may"]),
            undoing=undoing,
            rules=rights.open_rules(sheet, actor),
            rule=KnownRule(batch.rule),
            problem=self._problem(batch, job, state),
            job=job,
            percent=_percent(job),
            groups=words.group_lines(batch.summary, plain=is_mine),
            said=[self.said(f, plain=is_mine) for f in (batch.summary or {}).get("said") or []],
            rows=words.row_lines(shown, batch.summary, urls, plain=is_mine),
            which=which,
            filters=FILTERS,
            next_after=shown[-1].row_no if len(found) > queries.ROWS else 0,
            is_first=after == 0,
            steps=[_step(s) for s in batch.steps],
            limits={"groups": MOST_GROUPS, "days": batches.KEPT},
            State=State,
        )

    def _links(self: Any, view: Any, shown: Any) -> dict[int, str]:
        """Where the records of some rows are shown."""
        records = queries.records(self.session, view.datamodel.obj, shown)
        return {number: view.url_show(one) for number, one in records.items()}

    @staticmethod
    def said(finding: Any, *, plain: bool = True) -> dict[str, Any]:
        """What the reader said about the whole sheet; names of tabs and headings are its owner's."""
        row, _column, message, params, grave = finding
        return {
            "text": words.sentence(message, params if plain else words.without_cells(params)),
            "grave": grave,
            "row": row,
        }

    def state_of(self: Any, batch: ImportBatch) -> State:
        """The state as it is, also where the job died."""
        state = State(batch.state)
        if state not in rules.WORKING:
            return state
        job = batches.job_of(self.session, batch)
        return State(rules.seen_state(state, job.state if job else None))

    def _problem(self: Any, batch: ImportBatch, job: Any, state: State) -> str:
        if batch.problem:
            return words.sentence(batch.problem, None)
        died = state is not State(batch.state) and job is not None
        return (jobs.told(job) or gettext("The work was broken off.")) if died else ""

    # --- files ----------------------------------------------------------------------------------------------------

    @expose("/batch/<uid>/file")
    @has_access
    @permission_name("use")
    def file(self: Any, uid: str) -> Response:
        """The sheet as it was uploaded, for whoever uploaded it; each fetching is logged."""
        return self._fetch(uid, "file")  # type: ignore[no-any-return]

    @expose("/batch/<uid>/marked")
    @has_access
    @permission_name("use")
    def marked(self: Any, uid: str) -> Response:
        """The marked copy of the sheet, for whoever uploaded it, as long as the areas
        of that day are still covered; each fetching is logged.
        """
        return self._fetch(uid, "marked")  # type: ignore[no-any-return]

    def _fetch(self: Any, uid: str, which: str) -> Response:
        batch = self.seen(uid)
        batches.need_owner(batch, current_actor())
        need_reach((batch.options or {}).get("reach"), current_actor())
        key = batch.attachment_uid if which == "file" else batch.marked_uid
        if key is None:
            raise NotFound()
        data = batches.file_of(self.session, batch, key)
        detail = f"{batch.sheet} {which}"
        hooks.record_access(hooks.Access("EXPORT", "import_batch", batch.id, batch.area_id, detail=detail))
        kind = str((batch.summary or {}).get("kind") or "xlsx") if which == "file" else "xlsx"
        stem = batch.file_name.rpartition(".")[0] or batch.file_name
        name = batch.file_name if which == "file" else gettext("%(name)s (marked).xlsx", name=stem)
        return self.send(data, kind, name)  # type: ignore[no-any-return]

    @staticmethod
    def send(data: bytes, kind: str, name: str) -> Response:
        """A file to keep, under a name in any script; never shown in the browser, never cached."""
        answer = Response(data, mimetype=MEDIA[kind])
        plain = f"sheet.{kind}"
        answer.headers["Content-Disposition"] = (
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _after() -> int:
    text = gettext("A page is a whole number.")
    return whole_number(request.args.get("after", "0"), 0, MOST_ROW, field="after", message=text)


def _percent(job: Any) -> int:
    return rules.share(job.done_steps, job.total_steps or 0) if job else 0


def _has_findings(batch: ImportBatch) -> bool:
    return bool(batch.rows_bad or batch.rows_warned)


def _actions(batch: ImportBatch, state: State, *, may_undo: bool) -> set[BatchAction]:
    found = {offer.action for offer in rules.MACHINE.actions(state, (rules.USER,), batches.facts(batch))}
    return found if may_undo else found - {BatchAction.undo}


def _step(step: Any) -> dict[str, Any]:
    return {
        "at": step.at,
        "by": step.by_label or "—",
        "role": role_words(step.by_role),
        "words": BatchAction.label_of(step.action),
        "reason": words.sentence(step.reason, None) if step.reason else None,
    }

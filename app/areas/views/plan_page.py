"""Typing a plan: which area and what is to be done, then the new areas and what goes to each (S0-15)."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.areas import queries
from app.areas.forms.plans import (
    HeadForm,
    Mode,
    PieceInput,
    PlanInput,
    StartForm,
    mode_of,
    shape_of,
    stored,
    typed,
)
from app.areas.forms.tree import SIDE_LABELS
from app.areas.models import Area, AreaPlan, Post
from app.areas.queries.ground import ground_of
from app.areas.rules import next_code
from app.areas.service import plans
from app.areas.service.plans.definition import SIDES, Shape
from app.areas.service.plans.preview import open_posts
from app.areas.views.common import AreaInterface
from app.core import clock, codes
from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid, StaleVersion
from app.core.session import unit_of_work
from app.core.views import expose


class PlanPages:
    """Add and edit of `AreaPlanView`."""

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """A new plan: first the area and what is to be done, then the page for it."""
        source_key, mode = request.values.get("source", ""), request.values.get("form", "")
        if not source_key or not mode:
            return self._start(source_key)
        source = AreaInterface(Area).by_key(self.session, source_key)
        return self._page(Mode.parse(mode, field="form"), source, None)

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        """Change a draft."""
        plan = self.datamodel.by_key(self.session, pk)
        self.may_edit(plan)
        shape = plans.read_shape(plan.kind, plan.definition)
        source = self.session.get(Area, shape.sources[0]) if shape.sources else None
        if source is None:
            raise Invalid(_("The plan cannot be read."))
        return self._page(mode_of(shape), source, plan, shape)

    def _start(self, source_key: str) -> Any:
        form = StartForm(formdata=None)
        form.prepare(current_actor(), AreaPlan)
        if source_key:
            form.source.data = AreaInterface(Area).by_key(self.session, source_key)
        return self.render_template(
            "areas/plan_start.html", title=self.add_title, form=form, modes=list(Mode)
        )

    def _page(self, mode: Mode, source: Area, plan: AreaPlan | None, shape: Shape | None = None) -> Any:
        head = HeadForm(obj=plan)
        head.prepare(current_actor(), AreaPlan)
        facts = self._facts(mode, source)
        if request.method == "POST":
            wanted = typed(mode, request.form)
            if "more" in request.form:
                wanted.pieces.append(PieceInput(f"p{len(wanted.pieces) + 1}"))
                return self._show_page(mode, source, plan, head, wanted, facts), 200
            if head.validate():
                try:
                    return self.go(self._save(mode, source, plan, head, wanted, facts))
                except DomainError as refusal:
                    if refusal.status in (403, 404):
                        raise
                    head.refuse(refusal.field, refusal.message)
            return self._show_page(mode, source, plan, head, wanted, facts), 422
        wanted = (
            self._first(mode, source, facts) if shape is None else self._stored(shape, source, facts, head)
        )
        return self._show_page(mode, source, plan, head, wanted, facts)

    def _facts(self, mode: Mode, source: Area) -> dict[str, Any]:
        """What the page offers: ground, posts, neighbours, areas below."""
        day = clock.today()
        ground = mode in (Mode.split, Mode.homes)
        return {
            "ground": ground_of(self.session, [source.id]) if ground else [],
            "posts": open_posts(self.session, (source.id,), day) if mode is Mode.split else [],
            "siblings": queries.siblings(self.session, source, day),
            "children": queries.children(self.session, source.id, day) if mode is Mode.split else [],
        }

    def _first(self, mode: Mode, source: Area, facts: dict[str, Any]) -> PlanInput:
        """A new page: the next free codes are proposed, all posts go to the first piece."""
        wanted = PlanInput(mode)
        if mode is Mode.place:
            wanted.pieces = [PieceInput("p1", source.code, source.name)]
        if mode in (Mode.split, Mode.merge):
            taken = (
                queries.child_codes(self.session, source.parent_id, clock.today())
                if source.parent_id
                else set()
            )
            base = queries.nearest_digit_code(self.session, source.path) or ""
            for number in range(1, 3 if mode is Mode.split else 2):
                digits = base and source.code.startswith(base) and source.code.isdigit()
                code = next_code(base, len(source.code) - len(base), taken) if digits else ""
                taken.add(code)
                wanted.pieces.append(PieceInput(f"p{number}", code, ""))
            wanted.pieces[0].posts = {post.uid for post in facts["posts"]}
        return wanted

    def _stored(self, shape: Shape, source: Area, facts: dict[str, Any], head: HeadForm) -> PlanInput:
        ids = {*shape.sources, *(child for piece in shape.pieces for child in piece.children)}
        areas = {area.id: area for area in queries.by_ids(self.session, ids)}
        if shape.parent:
            head.parent.data = self.session.get(Area, shape.parent)
        return stored(shape, facts["ground"], areas, facts["posts"])

    def _save(
        self,
        mode: Mode,
        source: Area,
        plan: AreaPlan | None,
        head: HeadForm,
        wanted: PlanInput,
        facts: dict[str, Any],
    ) -> str:
        offered = facts["children"] if mode is Mode.split else facts["siblings"]
        others = offered if mode is Mode.split else [area for area in offered if area.uid in wanted.others]
        shape = shape_of(wanted, source, others, head.parent.data, facts["ground"], facts["posts"])
        actor, now = current_actor(), clock.now()
        title, day, definition = head.title.data, head.effective_on.data, plans.store(shape)
        key = plan.uid if plan is not None else None
        with unit_of_work(self.session) as session:
            if key is None:
                saved = plans.draft_plan(
                    session,
                    kind=shape.kind.value,
                    title=title,
                    effective_on=day,
                    definition=definition,
                    actor=actor,
                    now=now,
                )
            else:
                saved = self.datamodel.by_key(session, key)
                if request.form.get("_version") != str(saved.version):
                    raise StaleVersion()
                plans.revise_plan(
                    session, saved, title=title, effective_on=day, definition=definition, actor=actor, now=now
                )
            uid = saved.uid
        flash(gettext("Saved as a draft. Look at the numbers, then set it for its day."), "success")
        return f"{self.route_base}/show/{uid}"

    def _show_page(
        self,
        mode: Mode,
        source: Area,
        plan: AreaPlan | None,
        head: HeadForm,
        wanted: PlanInput,
        facts: dict[str, Any],
    ) -> str:
        return self.render_template(
            "areas/plan_form.html",
            title=self.add_title if plan is None else self.edit_title,
            mode=mode,
            source=source,
            plan=plan,
            form=head,
            wanted=wanted,
            targets=_targets(mode, wanted, facts["siblings"]),
            first_word=gettext("stays") if mode is Mode.homes else gettext("with the rest"),
            sides=[(side, SIDE_LABELS[side]) for side in SIDES],
            post_words=self._post_words(facts["posts"]),
            hidden={
                "source": source.uid,
                "form": mode.value,
                "count": len(wanted.pieces),
                "_version": request.form.get("_version") or (plan.version if plan is not None else ""),
            },
            cancel=self.url_show(plan) if plan is not None else url_for("AreaView.show", pk=source.uid),
            **facts,
        )

    def _post_words(self, held: list[Post]) -> dict[str, str]:
        return {
            post.uid: f"{post.staff.name} · {codes.label(self.session, 'grid_role', post.position)}"
            for post in held
        }


def _targets(mode: Mode, wanted: PlanInput, siblings: list[Area]) -> list[tuple[str, str]]:
    """Where a home may go: to a neighbour, or to a new area."""
    if mode is Mode.homes:
        return [(area.uid, area.name) for area in siblings]
    return [
        (p.key, p.name or gettext("New area %(n)s", n=number)) for number, p in enumerate(wanted.pieces, 1)
    ]

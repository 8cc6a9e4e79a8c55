"""Coverage: blind spots of the register with the way down to each area, and who lives there (S0-14, S4-88, S2-46)."""

from __future__ import annotations

from flask import request
from flask_babel import lazy_gettext as _

from app.areas import queries as areas
from app.areas.queries.tree import subtree_counts
from app.areas.views.common import area_asked
from app.core import clock, codes
from app.core.errors import NotFound
from app.core.interface import Interface
from app.core.numbers import whole_number
from app.core.views import BaseView, expose, has_access, permission_name
from app.core.widgets import view_of
from app.registry.models import Building, Dwelling, Household
from app.registry.queries import coverage, population
from app.registry.service import tally

PERIODS = (1, 3, 6, 12)  # months, with the current one
MODELS = {"outside": Dwelling, "empty": Building, "shared": Building}
# (from, to, label): what planning asks about
GROUPS = (
    (0, 15, _("Under 15")),
    (15, 60, _("15 to 59")),
    (60, None, _("60 and over")),
    (80, None, _("80 and over")),
)


class CoverageDesk(BaseView):
    """Figures of one area, its parts, and the lists behind them."""

    route_base = "/coverage"
    default_view = "index"
    title = _("Coverage")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """Blind spots of an area and the share of households visited, part by part."""
        area, months, today = area_asked(self.session), self._months(), clock.today()
        parts = coverage.parts(self.session, area, today, months)
        households = sum(part.households for part in parts)
        unvisited = sum(part.unvisited for part in parts)
        return self.render_template(
            "registry/coverage.html",
            area=area,
            months=months,
            since=coverage.since(today, months),
            periods=PERIODS,
            parts=parts,
            households=households,
            unvisited=unvisited,
            percent=(households - unvisited) * 100 // households if households else 0,
            gaps=coverage.gaps(self.session, area, today, households),
            grids=areas.grid_totals(self.session, area.path, today),
            kinds=coverage.KINDS,
        )

    @expose("/list/<kind>")
    @has_access
    @permission_name("use")
    def rows(self, kind: str) -> str:
        """The rows behind one figure."""
        if kind not in coverage.KINDS:
            raise NotFound()
        area, months, today = area_asked(self.session), self._months(), clock.today()
        key = request.args.get("after", "")
        after = Interface(MODELS.get(kind, Household)).by_key(self.session, key) if key else None
        found, more = coverage.rows(self.session, kind, area, today, coverage.since(today, months), after)
        view = view_of(MODELS.get(kind, Household))
        return self.render_template(
            "registry/coverage_rows.html",
            title=coverage.KINDS[kind],
            area=area,
            months=months,
            kind=kind,
            rows=found,
            more=more,
            is_first=not key,
            page=view if view is not None and view.can("show") else None,
        )

    @expose("/people")
    @has_access
    @permission_name("use")
    def people(self) -> str:
        """The pyramid of an area with its table."""
        area = area_asked(self.session)
        counts = subtree_counts(self.session, area.path)
        residents = counts.get(tally.PERSONS, 0)
        found = None
        if residents <= population.LARGEST:
            found = population.structure(self.session, area, clock.today())
        kinds = found.kinds.most_common() if found is not None else []
        return self.render_template(
            "registry/population.html",
            title=_("Who lives here"),
            area=area,
            found=found,
            residents=residents,
            counts=counts,
            groups=[(label, found.between(low, high)) for low, high, label in GROUPS] if found else [],
            kinds=[
                (codes.label(self.session, "population_kind", code) or _("Not known"), n) for code, n in kinds
            ],
            last=population.LAST * population.STEP,
            step=population.STEP,
        )

    def _months(self) -> int:
        return whole_number(request.args.get("months", PERIODS[1]), 1, 60, field="months")

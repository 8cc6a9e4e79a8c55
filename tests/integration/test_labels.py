"""Every column that a view shows or filters by has words of its own: none goes by the name of its column."""

from __future__ import annotations

from app.core.views import ModelView
from app.core.views.base import COMMON_LABELS


def test_no_view_shows_a_column_by_its_name(app):
    views = [v for v in app.extensions["geban_pages"].values() if isinstance(v, ModelView)]
    assert len(views) > 30
    nameless = {
        f"{type(view).__name__}.{column}"
        for view in views
        for column in (*view.list_columns, *view.show_columns, *view.search_columns)
        if column not in view.label_columns and column not in COMMON_LABELS
    }
    assert nameless == set()

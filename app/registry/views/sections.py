"""What the pages of a person, a household and a home are made of: sections of lines, and one timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import current_app, g
from markupsafe import Markup

from app.core import clock
from app.core.actor import Actor
from app.core.views.cells import badge, name_of
from app.core.words import gettext
from app.registry import panels
from app.registry.views import drawn


@dataclass
class Line:
    """One line of a section: cells under its heads, where it leads, whether it is over."""

    cells: list[Any]
    url: str | None = None
    over: bool = False


@dataclass
class Section:
    """A part of the page with its own anchor. ``add_url`` adds a row to it; without lines ``empty`` is said."""

    key: str
    title: Any
    icon: str
    heads: list[Any] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    add_url: str | None = None
    add_words: Any = ""
    more_url: str | None = None  # where the whole of it stands: a button beside the heading
    more_words: Any = ""
    note: Any = ""

    @property
    def drawn(self) -> Markup:
        """Its lines as rows of a table."""
        return drawn.lines(self.heads, self.lines)


@dataclass(frozen=True)
class Moment:
    """One entry of the timeline."""

    day: date
    words: str
    note: str = ""
    url: str | None = None
    icon: str = "fa-circle"


def mounted(name: str) -> Any:
    """The mounted view of a class name, or None."""
    return current_app.extensions.get("geban_pages", {}).get(name)


def page_url(view_name: str, row: Any) -> str | None:
    """The page of a row where the acting role may open it."""
    view = mounted(view_name)
    return view.url_show(row) if view is not None and row is not None and view.can("show") else None


def linked(view_name: str, row: Any) -> str | Markup:
    """A row by its name, as a link where it may be opened; words for what lies outside the scope."""
    if row is None:
        return gettext("(outside your area)")
    url = page_url(view_name, row)
    words = name_of(row)
    return drawn.link(url, words) if url else words


def adding(view_name: str, column: str, row: Any, back: str) -> tuple[str | None, Any]:
    """(address, words) of the page that adds a row to a section, where the role may."""
    view = mounted(view_name)
    if view is None or not view.can("add"):
        return None, ""
    return f"{view.route_base}/add?{column}={row.uid}&next={back}", view.add_title


def span(row: Any) -> str:
    """From when to when a dated row holds."""
    first, last = row.valid_from, row.valid_to
    if first is None and last is None:
        return ""
    if last is None:
        return gettext("since %(day)s", day=first.isoformat())
    return f"{first.isoformat() if first else '…'} – {last.isoformat()}"


def is_over(row: Any) -> bool:
    """Whether a dated row no longer holds."""
    return row.valid_to is not None and row.valid_to < clock.today()


def state(words: Any, colour: str) -> Markup:
    """A state as a badge."""
    return badge(words, colour)


def panel_sections(
    session: Any, subject: str, record: Any, actor: Actor, found: dict[str, Any]
) -> tuple[list[Section], list[Moment]]:
    """The sections that upper domains hang on the page, and what they add to the timeline."""
    sections, moments = [], []
    for panel in panels.panels_of(subject, actor):
        rows = panels.rows_of(panel, subject, found, session, record, actor)
        section = Section(
            panel.key, panel.title, panel.icon, [gettext("Date"), gettext("What"), gettext("State")]
        )
        for row in rows:
            day = _day(row.at)
            told = f"{row.words} · {row.note}" if row.note else row.words
            mark: Any = badge(row.state, row.level) if row.state else ""
            section.lines.append(Line([day.isoformat() if day else "", told, mark], row.url))
            if day is not None:
                moments.append(Moment(day, row.words, row.note, row.url, panel.icon))
        sections.append(section)
    return sections, moments


def _day(at: date | datetime | None) -> date | None:
    return clock.to_local(at).date() if isinstance(at, datetime) else at


def timeline(moments: Iterable[Moment], most: int = 40) -> Markup:
    """The newest moments, newest first, as they are drawn."""
    return drawn.moments(sorted(moments, key=lambda m: m.day, reverse=True)[:most])


def begun_and_ended(row: Any, begun: str, ended: str, **more: Any) -> list[Moment]:
    """Two moments of a dated row."""
    found = []
    if row.valid_from is not None:
        found.append(Moment(row.valid_from, begun, **more))
    if row.valid_to is not None:
        found.append(Moment(row.valid_to, ended, **more))
    return found


class Overview:
    """A view that shows a record as a page of sections: its own fields, what hangs on it, the timeline."""

    show_template = "registry/overview.html"
    page: Any  # (session, record, address) -> the builder of the sections

    def related_shown(self: Any) -> list[Any]:
        """The page shows their rows itself."""
        return []

    def show_context(self: Any, item: Any) -> dict[str, Any]:
        """The page with what is drawn of it."""
        page = self.page(self.session, item, self.url_show(item))
        g.told = self.told(page)
        context: dict[str, Any] = super().show_context(item)  # type: ignore[misc]
        reveal = f"{self.route_base}/reveal/{context['key']}"
        own = [(label, drawn.fields(values, reveal)) for label, values, _given in context["sections"]]
        g.pop("told")
        return context | {"own": own, "parts": page.sections(), "moments": page.timeline()}

    def told(self, page: Any) -> dict[str, Any]:
        """Fields of the record itself whose words the page has read with what hangs on it."""
        return {}

    def shown_value(self: Any, cells: Any, item: Any, name: str) -> dict[str, Any]:
        """As on any page, or what was told."""
        told = g.get("told", {})
        if name not in told:
            return super().shown_value(cells, item, name)  # type: ignore[misc, no-any-return]
        return {
            "name": name,
            "label": self.label_text(name),
            "words": told[name],
            "reveal": False,
            "wide": False,
        }

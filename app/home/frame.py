"""Side menu, acting post and names of the site: what the layout asks for on every page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app, g, render_template, request
from flask_babel import get_locale, gettext
from markupsafe import Markup

from app.areas.roles import ROLES
from app.core import words
from app.core.actor import Actor, current_actor
from app.core.jinja import asset, fixed_url

QUICK = (
    "FieldDesk",
    "ProxyDesk",
    "CensusDesk",
    "PersonView",
    "PrintDesk",
    "StaffView",
    "ChangeLogView",
    "UserAdminView",
)
QUICK_COUNT = 3
# so many links are seen at one glance on a PC; longer menus fold
SHORT = 16
ALWAYS_OPEN = ("work", "registry")


@dataclass(frozen=True)
class Entry:
    """One view. ``name`` is FAB's permission key: English and stable. ``in_menu`` False mounts it without a link."""

    view: type
    label: Any = ""
    icon: str = "fa-circle"
    in_menu: bool = True

    @property
    def name(self) -> str:
        return self.view.__name__


@dataclass(frozen=True)
class Section:
    """A group of the side bar."""

    key: str
    label: Any
    icon: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A link with its icon."""

    name: str
    label: str
    icon: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """A titled part of the side menu."""

    key: str
    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class SeatGroup:
    """A role a user may act in, with the areas of its posts."""

    key: str
    label: str
    areas: str
    acting: bool


@dataclass(slots=True)
class Acting:
    """Who is signed in and as what; shown on every page."""

    name: str
    role: str
    area: str
    seats: list[SeatGroup]
    quick: list[Item]
    links: list[Item] = field(default_factory=list)
    act_url: str = ""
    settings_url: str = ""
    logout_url: str = ""
    inbox_url: str = ""
    count_url: str = ""
    languages: list[tuple[str, str]] = field(default_factory=list)


_menu: list[Section] = []
_people: dict[tuple[Actor, tuple[Any, ...], str], Acting] = {}
_drawn: dict[tuple[frozenset[tuple[str, str]], str], tuple[list[Group], str]] = {}
KEPT = 64


def groups(actor: Actor) -> list[Group]:
    """The sections and entries of the menu that the acting role may open."""
    found = [Group("home", "", (Item("Home", gettext("Start page"), "fa-gauge-high", "/"),))]
    for section in _menu:
        items = tuple(
            Item(entry.name, str(entry.label), entry.icon, url)
            for entry in section.entries
            if entry.in_menu and actor.may("menu_access", entry.name) and (url := page_url(entry.name))
        )
        if items:
            found.append(Group(section.key, str(section.label), items))
    return found


def page_url(name: str) -> str:
    """Where a mounted view begins; empty when it is not mounted."""
    page = current_app.extensions.get("geban_pages", {}).get(name)
    if page is None:
        return ""
    endpoint = f"{page.endpoint}.{page.default_view}"
    return fixed_url(endpoint) if endpoint in current_app.view_functions else str(page.home_url())


def menu_of(actor: Actor) -> tuple[list[Group], str]:
    """The menu and its HTML, made once per set of permissions and language."""
    key = (actor.permissions, str(get_locale()))
    if key not in _drawn:
        if len(_drawn) >= KEPT:
            _drawn.clear()
        found = groups(actor)
        _drawn[key] = found, render_template("appbuilder/navbar_menu.html", sections=found)
    return _drawn[key]


def side_menu(view: Any = None) -> Markup:
    """The menu as HTML; the present page is marked and its section open. A short menu stands open as a whole."""
    sections, html = menu_of(current_actor())
    name = type(view).__name__ if view is not None else ""
    if name:
        here = f'data-view="{name}"'
        html = html.replace(here, f'{here} aria-current="page"', 1)
    is_short = sum(len(section.items) for section in sections) <= SHORT
    for section in sections:
        if is_short or section.key in ALWAYS_OPEN or any(item.name == name for item in section.items):
            part = f'data-part="{section.key}"'
            html = html.replace(part, f"{part} open", 1)
    return Markup(html)  # noqa: S704


def acting() -> Acting | None:
    """The signed-in person of this request, or None; made once for each post, as long as nothing of it changes."""
    actor = current_actor()
    if actor.user_id is None:
        return None
    if "geban_acting" not in g:
        key = (actor, tuple(g.get("seats") or ()), str(get_locale()))
        if key not in _people:
            if len(_people) >= KEPT:
                _people.clear()
            _people[key] = _acting(actor)
        g.geban_acting = _people[key]
    found: Acting = g.geban_acting
    return found


def _acting(actor: Actor) -> Acting:
    held: dict[str, list[str]] = {}
    for seat in g.get("seats") or []:
        held.setdefault(seat.role, []).append(seat.area_name)
    seats = [
        SeatGroup(r, role_label(r), gettext(", ").join(dict.fromkeys(a)), r == actor.role)
        for r, a in held.items()
    ]
    area = next((s.areas for s in seats if s.acting), "")

    return Acting(
        name=actor.label or gettext("Account"),
        role=role_label(actor.role) if actor.role else gettext("no post"),
        area=area,
        seats=seats,
        quick=_quick(actor),
        links=[Item("MyAccount", gettext("My account"), "fa-id-badge", u)]
        if (u := endpoint("MyAccount.index"))
        else [],
        act_url=endpoint("MyAccount.act"),
        settings_url=endpoint("MyAccount.settings"),
        logout_url=endpoint("LoginView.logout"),
        inbox_url=page_url("Inbox") if actor.may("can_use", "Inbox") else "",
        count_url=endpoint("Inbox.count"),
        languages=languages(),
    )


def _quick(actor: Actor) -> list[Item]:
    """The bottom bar of a phone: start page and the first pages that fit the role."""
    flat = {item.name: item for group in menu_of(actor)[0] for item in group.items}
    wanted = [flat[name] for name in QUICK if name in flat]
    rest = [item for name, item in flat.items() if name not in QUICK and name != "Home"]
    return [flat["Home"], *(wanted + rest)[:QUICK_COUNT]]


def role_label(key: str) -> str:
    """A role in words."""
    return str(ROLES[key].label) if key in ROLES else key


def endpoint(name: str) -> str:
    """URL of an endpoint when it is mounted."""
    return fixed_url(name) if name in current_app.view_functions else ""


def site_name() -> str:
    """The name of the site as configured, else the name of the program."""
    return str(current_app.config.get("GEBAN_SITE_NAME") or gettext("GeBan"))


def site_mark() -> Markup:
    """The little picture beside the name."""
    return Markup('<img class="gb-mark" src="{}" alt="" width="32" height="32">').format(
        asset("img/geban.svg")
    )


def search_url() -> str:
    """Where the search box posts to; empty for who may not search."""
    return endpoint("Search.find") if current_actor().may("can_use", "Search") else ""


def language_url() -> str:
    """Where an anonymous visitor changes the language."""
    return endpoint("LoginView.language")


def languages() -> list[tuple[str, str]]:
    """The languages of the site but the present one."""
    known = current_app.config["LANGUAGES"]
    return [(code, str(entry["name"])) for code, entry in known.items() if code != str(get_locale())]


def install(app: Flask, menu: Any) -> None:
    """Hang the frame's functions on the templates; ``menu`` is the table of app/menu.py."""
    _menu[:] = menu
    _drawn.clear()
    _people.clear()
    words.install(app)
    app.jinja_env.globals.update(
        side_menu=side_menu,
        menu_groups=lambda: groups(current_actor()),
        acting=acting,
        role_label=role_label,
        site_name=site_name,
        site_mark=site_mark,
        search_url=search_url,
        language_url=language_url,
        languages=languages,
        request=request,
    )
    app.extensions["geban_role_labels"] = {key: role.label for key, role in ROLES.items()}


def mount(appbuilder: Any, menu: tuple[Section, ...]) -> None:
    """Hand the views of the menu to FAB, each with its place."""
    for section in menu:
        for entry in section.entries:
            if entry.in_menu:
                appbuilder.add_view(
                    entry.view,
                    entry.name,
                    label=entry.label,
                    icon=entry.icon,
                    category=section.key,
                    category_label=section.label,
                    category_icon=section.icon,
                )
            else:
                appbuilder.add_view_no_menu(entry.view)

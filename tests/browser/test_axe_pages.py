"""Every page there is, on a PC and on a phone: axe finds nothing, nothing scrolls sideways, no raw object shows.

The pages come from the routes: each GET route is asked for as one account after another until one of them sees it, so a
new page takes part without anybody remembering it. Each list of the menu and each page with a template of its own is
looked at; of records and forms, which are drawn by the same few macros, some stand for the rest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import groupby
from typing import Any

import pytest
from flask import template_rendered

from app import menu
from tests.support.axe import violations
from tests.support.marked import Marked
from tests.support.registers import is_one_of_many

pytestmark = pytest.mark.browser

ACCOUNTS = (
    *("clerk_a", "worker_a", "office_a", "town_clerk_a"),
    *("admin_system", "admin_security", "admin_audit"),
)
SIZES = {"pc": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
# what depends on the width of the screen; all other rules have been asked on the PC
BY_SIZE = ["color-contrast", "scrollable-region-focusable", "link-in-text-block"]
ALIKE = {
    "show.html": 12,
    "add.html": 12,
    "edit.html": 6,
    "history.html": 1,
    "delete.html": 1,
    "deleted.html": 1,
}
# so many pages of one template are looked at with every rule; colours and sizes of the others are those of the template
IN_FULL = 3
LIGHT = {"color-contrast": {"enabled": False}}
NO_PAGES = {"static", "appbuilder.static", "LoginView.logout"}
# record arguments of pages that are no ModelView: name of the argument or of the endpoint's view → table
TABLES = {
    "dwelling_uid": "dwelling",
    "building_uid": "building",
    "person_uid": "person",
    "case_uid": "proxy_case",
    "visit_uid": "visit",
    "stop_uid": "visit_stop",
    "household_uid": "household",
    "CensusDesk": "dwelling",
    "FieldDesk": "visit",
    "ImportDesk": "import_batch",
    "ProxyDesk": "proxy_case",
    "UserAdminView": "staff",
}
# where the first value of an argument shows nothing
EXTRA = [
    (None, "/login/"),
    ("clerk_a", "/no-such-page"),
    ("clerk_a", "/users/list/?status=zz"),
    ("clerk_a", "/registerfigures/FacilityRegister"),
    ("clerk_a", "/person/list/?_flt_0_name=nobody"),
]


def row_of(app: Any, endpoint: str, argument: str, rows: dict[str, Any]) -> Any:
    view_name = endpoint.partition(".")[0]
    view = app.extensions["geban_pages"].get(view_name)
    model = getattr(getattr(view, "datamodel", None), "obj", None)
    table = TABLES.get(argument) or getattr(model, "__tablename__", None) or TABLES.get(view_name)
    return rows.get(table or "")


def address(app: Any, rule: Any, rows: dict[str, Any]) -> str | None:
    """The route with the ids of the marked rows; None where it asks for something else."""
    url = rule.rule
    for argument in rule.arguments:
        row = row_of(app, rule.endpoint, argument, rows)
        if row is None or not re.fullmatch(r"pk|uid|\w+_uid", argument):
            return None
        url = re.sub(rf"<(?:\w+:)?{argument}>", str(row.uid), url)
    return url


class Finder:
    """Asks for a page as one account after another and notes the template that answered."""

    def __init__(self, app: Any, probe: Any) -> None:
        self.app, self.clients, self.templates = app, {name: probe(name) for name in ACCOUNTS}, []
        template_rendered.connect(self.note, app)

    def note(self, _sender: Any, template: Any, **_more: Any) -> None:
        self.templates.append(template.name or "")

    def reader(self, url: str) -> tuple[str, str] | None:
        """(account, template) of the first account that sees the page; the page has to be a whole one."""
        for name, client in self.clients.items():
            self.templates.clear()
            answer = client.get(url)
            if answer.status_code == 200 and answer.mimetype == "text/html" and b"<main" in answer.data:
                return name, self.templates[0].rpartition("/")[2] if self.templates else ""
        return None


@pytest.fixture
def pages(probe_app, probe, system, world):
    """(account, address, how many pages of its template came before it) of every page."""
    account = world.accounts["worker_a"]
    marked = Marked(system, world.areas["grid_a11"], account.user_id, account.staff_id)
    rows = marked.make_all()
    system.commit()
    in_menu = {entry.name for entry in menu.entries() if entry.in_menu}
    finder, seen, found = Finder(probe_app, probe), defaultdict(int), []
    for rule in probe_app.url_map.iter_rules():
        view, _dot, verb = rule.endpoint.partition(".")
        if "GET" not in (rule.methods or ()) or rule.endpoint in NO_PAGES or rule.rule.startswith("/probe/"):
            continue
        if is_one_of_many(rule.endpoint):
            continue
        enough = verb != "show" and seen[f"{verb}.html"] >= ALIKE.get(f"{verb}.html", 999)
        if enough or (verb == "list" and view not in in_menu):
            continue
        url = address(probe_app, rule, rows)
        reader = finder.reader(url) if url else None
        if reader is None:
            continue
        seen[reader[1]] += 1
        if seen[reader[1]] <= ALIKE.get(reader[1], 999):
            found.append((reader[0], url, seen[reader[1]] - 1))
    return found + [(*extra, 0) for extra in EXTRA]


# buttons, links and fields of a phone page that are lower than a thumb needs; the box of a select stands for its input
LOW = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')].filter(e => {
  const box = (e.matches('[type=checkbox], [type=radio]') && e.labels[0] || e).getBoundingClientRect();
  return box.width > 1 && box.height > 1 && box.height < 43.5 && getComputedStyle(e).pointerEvents !== 'none'
    && !e.closest('.ts-wrapper, .gb-skip, .gb-side, .gb-table thead, .gb-pop-body, canvas') && e.offsetParent;
}).map(e => e.outerHTML.slice(0, 120))"""


def findings(page: Any, size: str, in_full: bool, frame: bool) -> list[str]:
    """What is wrong with the page that is open, in words that name the place."""
    if page.viewport_size != SIZES[size]:
        page.set_viewport_size(SIZES[size])
    found = []
    if size == "pc":
        found = violations(page, frame=frame, **({} if in_full else {"rules": LIGHT}))
    elif in_full:
        found = violations(page, frame=frame, runOnly={"type": "rule", "values": BY_SIZE})
    over, raw = page.evaluate(
        "[document.documentElement.scrollWidth - innerWidth, / object at 0x/.test(document.body.innerText)]"
    )
    if size == "phone":
        found += [f"lower than 44 px: {html}" for html in page.evaluate(LOW)[:3]]
    return found + [f"scrolls sideways by {over} px"] * (over > 1) + ["shows a raw object"] * raw


def test_axe_finds_nothing_on_any_page_at_either_size(open_as, pages):
    wrong: dict[str, list[str]] = {}
    for account, group in groupby(sorted(pages, key=lambda p: p[0] or ""), key=lambda p: p[0]):
        page, is_first = open_as(account), True
        for _account, url, before in group:
            page.set_viewport_size(SIZES["pc"])
            page.goto(url)
            # head and menu are looked at with the first page of each account, on a PC with that of each template too
            looked, is_first = is_first, False
            for size in SIZES:
                frame = looked or (size == "pc" and not before)
                problems = findings(page, size, before < IN_FULL, frame)
                if problems:
                    wrong[f"{url} ({account}, {size})"] = problems
    assert len(pages) > 70, "the finder finds next to nothing"
    told = [f"{place}: {problem}" for place, problems in wrong.items() for problem in problems]
    assert not told, "\n".join(told)

"""The pages of the program that are measured, as the roles of the bench open them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import event

from bench.pages.sample import Sample
from bench.pages.wsgi import Ask, Browser

ROWS = 25
FAR = 10_000
RARE = "51"
EDITORS = ("worker", "clerk")


def asks(sample: Sample, persons: int) -> dict[str, Callable[[int], Ask]]:
    """Name of the work → the request of a repetition."""
    page = min(FAR, persons // ROWS - 2)
    who = sample.at

    def listed(**args: str) -> Ask:
        return Ask(f"/person/list/?{urlencode(args)}" if args else "/person/list/")

    def year(nth: int) -> Ask:
        born = who(nth).born.year
        return listed(_flt_0_sex="2", _flt_1_birth_date=f"{born}-01-01", _flt_2_birth_date=f"{born}-12-31")

    return {
        "list": lambda _n: listed(),
        "next page": lambda _n: listed(after_PersonView=sample.anchor),
        "by name": lambda _n: listed(_oc_PersonView="name", _od_PersonView="asc"),
        "filter": year,
        "filter, rare": lambda _n: listed(_flt_0_ethnic=RARE),
        "exact ID": lambda n: Ask("/search/", {"q": who(n).number}, (200, 303)),
        "name, 1 character": lambda _n: listed(_flt_0_name=sample.surname),
        "name, 2 characters": lambda n: listed(_flt_0_name=who(n).name[:2]),
        "name, 3 characters": lambda n: listed(_flt_0_name=who(n).name),
        "pinyin": lambda n: Ask("/search/", {"q": who(n).initials}, (200, 303)),
        "page 10,000": lambda _n: listed(page_PersonView=str(page)),
        "show": lambda n: Ask(f"/person/show/{who(n).uid}"),
        "edit form": lambda n: Ask(f"/person/edit/{who(n).uid}"),
        "counts": lambda _n: Ask("/census/"),
    }


class Fields(HTMLParser):
    """What a browser would send of a form."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = self._area = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag == "form":
            self._inside = "gb-form" in a.get("class", "").split()
        if not self._inside:
            return
        if tag == "input" and a.get("name") and a.get("type") not in {"checkbox", "radio"}:
            self.values[a["name"]] = a.get("value", "")
        elif tag == "select":
            self._select = a["name"]
            self.values[self._select] = ""
        elif tag == "option" and "selected" in a:
            self.values[self._select] = a.get("value", "")
        elif tag == "textarea":
            self._area = a["name"]
            self.values[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data.removeprefix("\r\n").removeprefix("\n")


def save(browser: Browser, sample: Sample) -> Callable[[int], Ask]:
    """Each repetition changes the note of another person; the form is fetched before and not measured."""
    tokens: list[str] = []

    def make(nth: int) -> Ask:
        path = f"/person/edit/{sample.at(nth).uid}"
        page = browser.send(Ask(path))
        for name, value in page.headers:  # the session learns its CSRF token with the first form
            if name == "Set-Cookie" and not tokens:
                browser.cookie = value.split(";")[0]
                tokens.append(value)
                page = browser.send(Ask(path))
                break
        fields = Fields()
        fields.feed(page.body.decode())
        fields.values["note"] = f"bench {time.time_ns()}"
        return Ask(path, fields.values, (303,))

    return make


class Statements:
    """Counts the statements of one request and the time that the database took for them."""

    def __init__(self, engine: Any) -> None:
        self.engine, self.count, self.ms, self.seen = engine, 0, 0.0, []

    @contextlib.contextmanager
    def watching(self) -> Iterator[Statements]:
        started: list[float] = []

        def before(*_args: Any) -> None:
            started.append(time.perf_counter())

        def after(_conn: Any, _cursor: Any, statement: str, *_args: Any) -> None:
            self.ms += (time.perf_counter() - started.pop()) * 1000
            self.count += 1
            self.seen.append(statement)

        event.listen(self.engine, "before_cursor_execute", before)
        event.listen(self.engine, "after_cursor_execute", after)
        try:
            yield self
        finally:
            event.remove(self.engine, "before_cursor_execute", before)
            event.remove(self.engine, "after_cursor_execute", after)


def csrf_of(app: Flask, cookie: str) -> str:
    """The token for forms that are sent without having been opened (the search box stands on every page)."""
    from flask.sessions import SecureCookieSessionInterface
    from itsdangerous import URLSafeTimedSerializer

    serializer: Any = SecureCookieSessionInterface().get_signing_serializer(app)
    raw = serializer.loads(cookie.partition("=")[2]).get("csrf_token")
    return str(URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(raw))

"""Flask-AppBuilder's own list, show and edit pages over the same tables, declared as its manual does it: once as it
comes (a form has every column and relation, each relation a select of all rows) and once tuned by hand, with no select
of documents and phones. Below the page of a person stand FAB's lists of what hangs on her (``stock_hung``).

Runs in a process of its own (``python -m bench.pages.stock``): nothing of the program's guards, caches and cures is
loaded but the column types that decrypt. Scope is a base filter over the areas of the account, as the manual has it.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask_appbuilder import AppBuilder, Model, ModelView
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.filters import FilterInFunction
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Column, Table, create_engine, select
from sqlalchemy.orm import relationship

from bench.pages import stock_hung
from bench.pages.sample import ONE_RECORD
from bench.pages.wsgi import Ask, Browser, measured

LIST = ["name", "sex", "birth_date", "document", "phone", "population_kind", "area"]
SEARCH = [
    "name",
    "name_initials",
    "sex",
    "birth_date",
    "ethnic",
    "population_kind",
    "consistency",
    "education",
    "area",
]
EDIT = (
    "name sex birth_date ethnic nationality native_place population_kind consistency register_division"
    " register_address marital political_status education employment occupation workplace note"
).split()
ROWS = 25
INSTANT = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[.+].*$")
# the paths in force for the account that is measured just now
reach: list[tuple[str, str]] = []


def classes(engine: Any) -> dict[str, Any]:
    """Plain mapped classes over the tables as they are in the database."""
    from app.core.crypto import EncryptedText

    meta = Model.metadata

    def table(name: str, *columns: Any) -> Table:
        return Table(name, meta, *columns, autoload_with=engine, extend_existing=True, resolve_fks=False)

    area_table = table("area")
    person_table = table("person")
    document_table = table("person_document", Column("number", EncryptedText("person_document.number")))
    phone_table = table("person_phone", Column("number", EncryptedText("person_phone.number")))

    class StockArea(Model):
        __table__ = area_table

        def __repr__(self) -> str:
            return str(self.name)

    class StockDocument(Model):
        __table__ = document_table

    class StockPhone(Model):
        __table__ = phone_table

    class StockPerson(Model):
        __table__ = person_table
        area = relationship(
            StockArea,
            primaryjoin=person_table.c.area_id == area_table.c.id,
            foreign_keys=person_table.c.area_id,
        )
        documents = relationship(
            StockDocument,
            primaryjoin=person_table.c.id == document_table.c.person_id,
            foreign_keys=document_table.c.person_id,
            back_populates="person",
        )
        phones = relationship(
            StockPhone,
            primaryjoin=person_table.c.id == phone_table.c.person_id,
            foreign_keys=phone_table.c.person_id,
        )

        def document(self) -> str:
            return ", ".join(d.number[:6] + "********" for d in self.documents)

        def phone(self) -> str:
            return ", ".join(p.number[:3] + "****" for p in self.phones)

        def __repr__(self) -> str:
            return str(self.name)

    StockDocument.person = relationship(  # type: ignore[attr-defined]
        StockPerson,
        primaryjoin=person_table.c.id == document_table.c.person_id,
        foreign_keys=document_table.c.person_id,
        back_populates="documents",
    )
    return {"person": StockPerson, "document": StockDocument, "phone": StockPhone, "area": StockArea}


def make(url: str, home: Path, *, tuned: bool, whole: bool = True) -> tuple[Flask, Any]:
    """The stock app with an administrator's account of its own. Without ``whole`` nothing hangs on a person: the views of
    that take seconds to declare.
    """
    from app.core.crypto import Keyring, use
    from app.core.session import engine_options, prepare

    use(Keyring.load(home / "keys" / "keys.json"))
    engine = create_engine(url, **engine_options(url))
    found = classes(engine)
    app = Flask("stock")
    app.config.update(
        SECRET_KEY=secrets.token_hex(16),
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(url),
        FAB_UPDATE_PERMS=True,
        WTF_CSRF_ENABLED=False,
    )
    db = SQLA(model_class=Model, metadata=Model.metadata)
    db.init_app(app)

    def areas() -> list[int]:
        area = found["area"]
        low, high = reach[0]
        return list(db.session.scalars(select(area.id).where(area.path.between(low, high))))

    by_hand = {"search_columns": SEARCH, "edit_columns": EDIT, "add_columns": EDIT}

    known = {"person_document": found["document"], "person_phone": found["phone"]}
    hung = stock_hung.views(engine, found["person"], known) if whole else []

    class StockOneView(ModelView):
        datamodel = SQLAInterface(found["person"])
        list_columns = LIST
        show_columns = [*EDIT, "document", "phone", "area"]
        locals().update(by_hand if tuned else {})
        page_size = ROWS
        base_order = ("id", "desc")
        base_filters = [["area_id", FilterInFunction, areas]]

    class StockPersonView(StockOneView):
        related_views = hung

    class StockDocumentView(ModelView):
        datamodel = SQLAInterface(found["document"])
        list_columns = ["person_id" if tuned else "person", "kind", "number"]
        # as it comes the search form has every column, and a select of everybody for the person
        locals().update({"search_columns": ["number_index"]} if tuned else {})

    with app.app_context():
        prepare(db.engine)
        builder = AppBuilder(app, db.session)
        for view in hung:
            builder.add_view_no_menu(view)
        builder.add_view(StockPersonView, "Stock people")
        builder.add_view_no_menu(StockOneView)
        builder.add_view(StockDocumentView, "Stock documents")
        return app, _user(builder)


def _user(builder: Any) -> Any:
    manager = builder.sm
    found = manager.find_user("bench_stock")
    if found is None:
        role = manager.find_role(manager.auth_role_admin)
        found = manager.add_user("bench_stock", "b", "s", "s@bench.invalid", role, secrets.token_hex(16))
    return found.id


def cookie_of(app: Flask, user_id: int) -> str:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = str(user_id), True
    kept = client.get_cookie("session")
    assert kept is not None
    return f"session={kept.value}"


class Fields(HTMLParser):
    """What a browser would send of FAB's form: as it comes it has each column, and each relation as a select of all rows."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self._name, self._several = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        if tag == "input" and a.get("name") and a.get("type") != "checkbox":
            self.values[a["name"] or ""] = a.get("value") or ""
        elif tag == "select":
            self._name, self._several = a.get("name") or "", "multiple" in a
        elif tag == "option" and "selected" in a and self._name:
            chosen = a.get("value") or ""
            self.values[self._name] = [*self.values.get(self._name, ()), chosen] if self._several else chosen
        elif tag == "textarea":
            self.values[a["name"] or ""] = ""
            self._name = a["name"] or ""

    def handle_data(self, data: str) -> None:
        if (
            self._name in self.values
            and isinstance(self.values[self._name], str)
            and self.lasttag == "textarea"
        ):
            self.values[self._name] += data.strip()


def saves(browser: Browser, people: list[dict[str, Any]]) -> Callable[[int], Ask]:
    """The form as it comes, sent back with another note; that it is fetched before is not measured."""

    def make(nth: int) -> Ask:
        path = f"/stockpersonview/edit/{people[nth % len(people)]['id']}"
        fields = Fields()
        fields.feed(browser.send(Ask(path)).body.decode())
        # FAB draws an instant with parts of a second and takes it without
        given = {k: INSTANT.sub(r"\1", v) if isinstance(v, str) else v for k, v in fields.values.items()}
        return Ask(path, given | {"note": f"stock {nth}"}, (302, 303))

    return make


def asks(people: list[dict[str, Any]], page: int) -> dict[str, Callable[[int], Ask]]:
    """The same works as ``ours.asks``; filters by FAB's numbers of its comparisons."""

    def who(nth: int) -> dict[str, Any]:
        return people[nth % len(people)]

    def listed(view: str = "stockpersonview", **args: str) -> Ask:
        return Ask(f"/{view}/list/?{urlencode(args)}")

    def year(nth: int) -> Ask:
        born = int(who(nth)["born"][:4])
        # FAB: 0 equal, 1 greater, 2 smaller
        return listed(
            _flt_3_sex="2", _flt_1_birth_date=f"{born - 1}-12-31", _flt_2_birth_date=f"{born + 1}-01-01"
        )

    def save(nth: int) -> Ask:
        form = {k: "" if v is None else str(v) for k, v in who(nth)["fields"].items()}
        return Ask(f"/stockpersonview/edit/{who(nth)['id']}", form | {"note": f"stock {nth}"}, (302, 303))

    return {
        "list": lambda _n: listed(),
        "next page": lambda _n: listed(page_StockPersonView="1"),
        "by name": lambda _n: listed(_oc_StockPersonView="name", _od_StockPersonView="asc"),
        "filter": year,
        "filter, rare": lambda _n: listed(_flt_3_ethnic="51"),
        "exact ID": lambda n: listed("stockdocumentview", _flt_3_number_index=who(n)["number_index"]),
        "name, 1 character": lambda n: listed(_flt_2_name=who(0)["name"][:1]),
        "name, 2 characters": lambda n: listed(_flt_2_name=who(n)["name"][:2]),
        "name, 3 characters": lambda n: listed(_flt_2_name=who(n)["name"]),
        "pinyin": lambda n: listed(_flt_0_name_initials=who(n)["initials"]),
        "page 10,000": lambda _n: listed(page_StockPersonView=str(page)),
        "show": lambda n: Ask(f"/stockpersonview/show/{who(n)['id']}"),
        ONE_RECORD: lambda n: Ask(f"/stockoneview/show/{who(n)['id']}"),
        "edit form": lambda n: Ask(f"/stockpersonview/edit/{who(n)['id']}"),
        "save": save,
    }


def main() -> None:
    """Reads the task as JSON from stdin, writes {account: {work: [wall ms, cpu ms]}} to stdout."""
    task = json.load(sys.stdin)
    whole = any("show" in account["works"] for account in task["accounts"])
    app, user_id = make(task["url"], Path(task["home"]), tuned=task["tuned"], whole=whole)
    browser = Browser(app, cookie_of(app, user_id))
    found: dict[str, dict[str, list[float | None]]] = {}
    for account in task["accounts"]:
        reach[:] = [(account["path"], account["path"] + "~")]
        works = asks(account["people"], task["page"])
        if not task["tuned"]:
            works["save"] = saves(browser, account["people"])
        found[account["name"]] = {}
        for name in account["works"]:
            if name in works:
                taken = measured({"stock": (browser, works[name])}, task["repeat"], longest=task["longest"])[
                    "stock"
                ]
                found[account["name"]][name] = [taken.ms(), taken.cpu_ms()]
                print(f"  stock {account['name']:7} {name:20} {taken.ms()} ms", file=sys.stderr, flush=True)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()

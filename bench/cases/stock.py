"""Flask-AppBuilder's own lists of cases, originals and call-backs, and a case with lists of what hangs on it, over the same
tables (``python -m bench.cases.stock``). As its manual has it: a base filter over the areas of the account; no masks, no
change log, no lights.
"""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder, Model, ModelView
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.filters import FilterInFunction
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Table, create_engine, select
from sqlalchemy.orm import relationship

from bench.pages.stock import cookie_of, reach
from bench.pages.wsgi import Ask, Browser, measured

ROWS = 25
CASE = ["number", "party_name", "item_version", "state", "step_due_at", "promise_due_at", "area"]
HUNG = {
    "case_step": ["at", "by_label", "action", "to_state", "reason"],
    "case_clock": ["kind", "started_at", "due_at", "stopped_at"],
    "clock_pause": ["reason", "from_at", "to_at"],
    "case_material": ["seq", "name", "form", "state", "mark"],
    "custody": ["name", "taken_at", "due_back_on", "returned_at"],
    "custody_move": ["at", "to_kind", "to_name"],
    "case_signature": ["kind", "way", "signer", "at"],
    "case_delivery": ["at", "way", "success", "recipient"],
    "case_callback": ["rating", "opened_at", "due_at", "closed_at"],
}
LISTS = {
    "work list, all open": "stockcaseview",
    "cases": "stockcaseview",
    "originals": "stockcustodyview",
    "call-backs": "stockcasecallbackview",
}


def classes(engine: Any) -> dict[str, Any]:
    """Plain mapped classes over the tables as they are in the database."""

    def table(name: str) -> Table:
        return Table(name, Model.metadata, autoload_with=engine, extend_existing=True, resolve_fks=False)

    def named(self: Any) -> str:
        return str(self.name)

    StockArea = type("StockArea", (Model,), {"__table__": table("area"), "__repr__": named})
    StockVersion = type(
        "StockVersion", (Model,), {"__table__": table("service_item_version"), "__repr__": named}
    )
    case_table = table("proxy_case")

    class StockCase(Model):
        __table__ = case_table
        area = relationship(
            StockArea, primaryjoin=case_table.c.area_id == StockArea.id, foreign_keys=case_table.c.area_id
        )
        item_version = relationship(
            StockVersion,
            primaryjoin=case_table.c.item_version_id == StockVersion.id,
            foreign_keys=case_table.c.item_version_id,
        )

        def __repr__(self) -> str:
            return str(self.number)

    found = {"case": StockCase, "area": StockArea}
    for name in HUNG:
        hung = table(name)
        case = relationship(
            StockCase,
            primaryjoin=hung.c.case_id == case_table.c.id,
            foreign_keys=hung.c.case_id,
            overlaps="*",
        )
        found[name] = type(f"Stock_{name}", (Model,), {"__table__": hung, "case": case})
    return found


def make(url: str, home: Path) -> tuple[Flask, int]:
    """The stock app with an administrator's account of its own."""
    from app.core.crypto import Keyring, use
    from app.core.session import engine_options, prepare

    use(Keyring.load(home / "keys" / "keys.json"))
    engine = create_engine(url, **engine_options(url))
    found = classes(engine)
    app = Flask("stock-cases")
    app.config.update(
        SECRET_KEY=secrets.token_hex(16),
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(url),
        FAB_UPDATE_PERMS=True,
        WTF_CSRF_ENABLED=False,
    )
    db = SQLA(model_class=Model, metadata=Model.metadata)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
        builder = AppBuilder(app, db.session)
        for view in _views(found, db):
            builder.add_view_no_menu(view)
        user = builder.sm.find_user("bench_stock") or builder.sm.add_user(
            "bench_stock", "b", "s", "s@bench.invalid", builder.sm.find_role(builder.sm.auth_role_admin),
            secrets.token_hex(16),
        )  # fmt: skip
        return app, user.id


def _views(found: dict[str, Any], db: Any) -> list[Any]:
    def areas() -> list[int]:
        low, high = reach[0]
        area = found["area"]
        return list(db.session.scalars(select(area.id).where(area.path.between(low, high))))

    hung = []
    for name, columns in HUNG.items():
        title = f"Stock{name.title().replace('_', '')}View"
        told = {
            "datamodel": SQLAInterface(found[name]),
            "list_columns": [*columns, "case"] if name in {"custody", "case_callback"} else columns,
            "search_columns": columns,
            "page_size": ROWS,
        }
        hung.append(type(title, (ModelView,), told))

    class StockCaseView(ModelView):
        datamodel = SQLAInterface(found["case"])
        list_columns = CASE
        show_columns = [*CASE, "result_no", "outcome", "rating", "opened_at", "decided_at", "closed_at"]
        search_columns = edit_columns = add_columns = ["number", "party_name", "state", "area"]
        page_size = ROWS
        base_order = ("id", "desc")
        base_filters = [["area_id", FilterInFunction, areas]]
        related_views = hung

    return [*hung, StockCaseView]


def main() -> None:
    """Reads the task as JSON from stdin, writes {desk: {work: [wall ms, cpu ms]}} to stdout."""
    task = json.load(sys.stdin)
    app, user_id = make(task["url"], Path(task["home"]))
    browser = Browser(app, cookie_of(app, user_id))
    found: dict[str, dict[str, list[float | None]]] = {}
    for desk in task["desks"]:
        reach[:] = [(desk["path"], desk["path"] + "~")]
        found[desk["name"]] = {}
        for work in desk["works"]:
            keys = desk["cases"]

            def asked(n: int, work: str = work, keys: list[int] = keys) -> Ask:
                if work == "case":
                    return Ask(f"/stockcaseview/show/{keys[n % len(keys)]}")
                return Ask(f"/{LISTS[work]}/list/")

            taken = measured({"stock": (browser, asked)}, task["repeat"], longest=task["longest"])["stock"]
            found[desk["name"]][work] = [taken.ms(), taken.cpu_ms()]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()

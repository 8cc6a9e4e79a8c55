"""Opens the pages of each desk by turns with the bare ones, stock afterwards, and writes the entries."""

from __future__ import annotations

import gc
import json
import math
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from bench.cases import bare, ours, stock
from bench.cases.ours import Desk
from bench.city import site
from bench.city.fill import say
from bench.pages.ours import Statements
from bench.pages.run import _ratio, facts
from bench.pages.wsgi import Ask, Browser, Taken, measured

STOCK_LONGEST = 10.0  # seconds a page and desk


def run(app: Flask, url: str, asked: Any, year: dict[str, Any]) -> dict[str, Any]:
    """Everything that is asked for, as the report."""
    from app.core.scope import unscoped
    from app.extensions import db

    with app.app_context():
        engine = db.engine
        with unscoped("the bench draws what it opens") as session:
            desks = ours.desks(session)
    wanted = {w.strip() for w in asked.only.split(";") if w.strip()}
    gc.set_threshold(10_000, 20, 20)  # as deploy/gunicorn.conf.py has it
    entries: list[dict[str, Any]] = []
    for desk in desks.values():
        account = site.Account(desk.name, desk.role, desk.user_id, desk.area_id, desk.path)
        mine = Browser(app, site.open_session(app, account))
        limit = Browser(bare.make(engine, app.config, desk), mine.cookie)
        for work, make in ours.asks(desk).items():
            if (not wanted or work in wanted) and _may_open(mine, make(0)):
                entry = {"name": f"{work} · {desk.name}", "n": year["cases"]}
                entries.append(entry | _measure(engine, mine, limit, desk, work, asked.repeat))
                _tell(entries[-1])
    _stock(url, app.config["GEBAN_HOME"], engine, desks, entries, asked.repeat)
    for entry in entries:
        _ratios(entry)
    return {"entries": entries, "facts": facts(engine) | year}


def _tell(entry: dict[str, Any]) -> None:
    figures = ("ours_ms", "core_p95_ms", "ours_cpu_ms", "limit_cpu_ms", "ours_sql", "ours_db_ms")
    say(f"  {entry['name']:44}" + "  ".join(f"{name} {entry[name]}" for name in figures))


def _may_open(browser: Browser, ask: Ask) -> bool:
    """Not every page is for every post."""
    return browser.send(replace(ask, status=(200, 403))).status == 200


def _measure(
    engine: Any, mine: Browser, limit: Browser, desk: Desk, work: str, repeat: int
) -> dict[str, Any]:
    """Our page and the bare one by turns; then the statements of one more opening."""
    make = ours.asks(desk)[work]
    makers: dict[str, Any] = {"ours": (mine, make)}
    if bare.ask(desk, work, 0) is not None:
        makers["limit"] = (limit, lambda n: bare.ask(desk, work, n))
    found = measured(makers, repeat)
    core = [_on_one_core(engine, mine, make(n)) for n in range(repeat)]
    with Statements(engine).watching() as seen:
        mine.send(make(0))
    begun = sum(s.startswith("BEGIN") for s in seen.seen)
    taken, other = found["ours"], found.get("limit", Taken())
    return {
        "ours_ms": taken.ms(),
        "ours_cpu_ms": taken.cpu_ms(),
        "ours_p95_ms": p95(taken.wall),
        "core_ms": round(statistics.median(core), 2),
        "core_p95_ms": p95(core),
        "ours_least_cpu_ms": round(min(taken.cpu), 2),
        "ours_worst_ms": taken.worst(),
        "ours_sql": seen.count - begun,
        "ours_db_ms": round(seen.ms, 2),
        "stock_ms": None,
        "stock_cpu_ms": None,
        "limit_ms": other.ms(),
        "limit_cpu_ms": other.cpu_ms(),
    }


def _on_one_core(engine: Any, browser: Browser, ask: Ask) -> float:
    """CPU of the program and of the server for one page (ms): what it takes where nobody else wants the core. The clock
    tells that only on a quiet machine.
    """
    before = _server(engine)
    own = browser.send(ask).cpu
    return own + _server(engine) - before


def _server(engine: Any) -> float:
    """CPU that the server's processes of this database have used (ms), as this machine's kernel counts it; 0 on SQLite."""
    if engine.dialect.name != "postgresql":
        return 0.0
    with engine.connect() as connection:
        asked = text(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
        pids = list(connection.execute(asked).scalars())
        own = connection.execute(text("SELECT pg_backend_pid()")).scalar()
    spent = (Path(f"/proc/{pid}/schedstat") for pid in [*pids, own])
    return sum(int(path.read_text().split()[0]) for path in spent if path.exists()) / 1e6


def p95(times: list[float]) -> float:
    """Nineteen of twenty took no longer (nearest rank)."""
    ordered = sorted(times)
    return round(ordered[math.ceil(0.95 * len(ordered)) - 1], 2)


def _ratios(entry: dict[str, Any]) -> None:
    """Stock by ours (higher is better), ours by the limit on CPU (lower is better)."""
    for end in ("", "_cpu"):
        taken = entry[f"stock{end}_ms"]
        entry[f"ratio_stock{end}"] = None if taken is None else _ratio(taken, entry[f"ours{end}_ms"])
    limit = entry["limit_cpu_ms"]
    entry["ratio_limit"] = None if limit is None else round(entry["ours_cpu_ms"] / limit, 2)


def _stock(
    url: str, home: Path, engine: Any, desks: dict[str, Desk], entries: list[dict[str, Any]], repeat: int
) -> None:
    """FAB's own pages in a process of their own, on the same database."""
    works: dict[str, list[str]] = {}
    for entry in entries:
        work, _dot, name = entry["name"].rpartition(" · ")
        if work in (*stock.LISTS, "case") and name != "department":  # FAB's filter by area knows no hand-over
            works.setdefault(name, []).append(work)
    if not works:
        return
    told = [
        {"name": name, "path": desks[name].path, "works": found, "cases": _keys(engine, desks[name].cases)}
        for name, found in works.items()
    ]
    task = {"url": url, "home": str(home), "longest": STOCK_LONGEST, "repeat": repeat, "desks": told}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.cases.stock"],
        input=json.dumps(task),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    found = json.loads(done.stdout.splitlines()[-1])
    for entry in entries:
        work, _dot, name = entry["name"].rpartition(" · ")
        if work in found.get(name, {}):
            entry["stock_ms"], entry["stock_cpu_ms"] = found[name][work]


def _keys(engine: Any, uids: list[str]) -> list[int]:
    from flask_appbuilder import Model

    table = Model.metadata.tables["proxy_case"]
    with engine.connect() as connection:
        return list(
            connection.execute(
                table.select().with_only_columns(table.c.id).where(table.c.uid.in_(uids))
            ).scalars()
        )

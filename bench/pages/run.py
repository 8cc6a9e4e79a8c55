"""Measures the three by turns and writes the entries."""

from __future__ import annotations

import gc
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from app.core import clock
from bench.city import site
from bench.city.fill import say
from bench.pages import bare, ours, sample
from bench.pages.wsgi import Ask, Browser, Taken, measured

# as it comes FAB loads whole tables into its forms: many seconds a page at this size, minutes in a city
SHIPPED_UP_TO = 100_000
# for the center, which has all pages but the forms: what FAB as it comes loads into a form does not hang on the account
SHIPPED_FOR = {"edit form": "clerk", "save": "clerk"}
# seconds a page and account; FAB as it comes is opened once
STOCK_LONGEST = {"stock": 10.0, "shipped": 0.0}
# who opens which page: the far page and the counts need an area that is large enough
NOT_FOR = {
    "page 10,000": {"worker", "clerk", "town"},
    "edit form": {"center", "town"},
    "save": {"center", "town"},
    "counts": {"worker", "center"},
}
PACKAGES = ("flask", "flask-appbuilder", "sqlalchemy", "jinja2", "psycopg")


def run(app: Flask, url: str, asked: Any, filled_in: float | None) -> None:
    """Measure everything that is asked for and write the file."""
    from app.core.scope import unscoped
    from app.extensions import db

    with app.app_context():
        engine = db.engine
        with unscoped("the bench draws whom it looks for") as session:
            accounts = site.accounts(session)
            samples = {name: sample.draw(session, account) for name, account in accounts.items()}
            codes = _codes(session)
    wanted = {w.strip() for w in asked.only.split(";") if w.strip()}
    page = min(ours.FAR, asked.persons // ours.ROWS - 2)
    limit = bare.make(engine, app.config, codes)
    gc.set_threshold(10_000, 20, 20)  # as deploy/gunicorn.conf.py has it
    entries: list[dict[str, Any]] = []
    for name in site.WANTED:
        cookie = site.open_session(app, accounts[name])
        contest = Contest(app, engine, limit, cookie, samples[name], asked.persons, page)
        for work in contest.works():
            if name in NOT_FOR.get(work, ()) or (wanted and work not in wanted):
                continue
            entries.append(
                {"name": f"{work} · {name}", "n": asked.persons} | contest.measure(work, asked.repeat)
            )
            say(f"  {entries[-1]}")
    for kind in STOCK_LONGEST if asked.persons <= SHIPPED_UP_TO else ("stock",):
        found = Stock(url, app.config["GEBAN_HOME"], engine, page, asked.repeat).measure(
            kind, entries, accounts, samples
        )
        for entry in entries:
            work, _dot, name = entry["name"].rpartition(" · ")
            if work in found.get(name, {}):
                entry[f"{kind}_ms"], entry[f"{kind}_cpu_ms"] = found[name][work]
            if work == "show" and kind == "stock":
                one = found[name][sample.ONE_RECORD]
                entry["stock_one_record_ms"], entry["stock_one_record_cpu_ms"] = one
    for entry in entries:
        _ratios(entry)
    report = {
        "entries": entries,
        "facts": facts(engine) | {"persons": asked.persons, "filled_in_s": filled_in},
    }
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(report, indent=1))


class Contest:
    """Our page and the bare one, opened by turns by one account."""

    def __init__(
        self, app: Flask, engine: Any, limit: Flask, cookie: str, people: Any, persons: int, page: int
    ) -> None:
        self.app, self.engine, self.people = app, engine, people
        self.mine, self.limit = Browser(app, cookie), Browser(limit, cookie)
        self.asks, self.limits = ours.asks(people, persons), bare.asks(people, page)

    def works(self) -> list[str]:
        return [*self.asks, "save"]

    def makers(self, work: str) -> dict[str, Any]:
        if work == "save":
            return {
                "ours": (self.mine, ours.save(self.mine, self.people)),
                "limit": (self.limit, bare.save(self.engine, self.people)),
            }

        def signed(nth: int) -> Ask:
            ask = self.asks[work](nth)
            if ask.form is not None:
                ask.form["csrf_token"] = ours.csrf_of(self.app, self.mine.cookie)
            return ask

        made = {"ours": (self.mine, signed), "limit": (self.limit, self.limits[work])}
        if work == "show":
            made["one"] = (self.limit, self.limits[sample.ONE_RECORD])
        return made

    def measure(self, work: str, repeat: int) -> dict[str, Any]:
        makers = self.makers(work)
        found = measured(makers, repeat)
        mine, limit = found["ours"], found["limit"]
        ask = makers["ours"][1](0)
        with ours.Statements(self.engine).watching() as seen:
            self.mine.send(ask)
        begun = sum(s.startswith("BEGIN") for s in seen.seen)
        entry = _entry(mine, limit) | {"ours_sql": seen.count - begun, "ours_db_ms": round(seen.ms, 2)}
        if "one" in found:
            one = found["one"]
            entry |= {"limit_one_record_ms": one.ms(), "limit_one_record_cpu_ms": one.cpu_ms()}
        return entry


def _entry(mine: Taken, limit: Taken) -> dict[str, Any]:
    return {
        "ours_ms": mine.ms(),
        "ours_cpu_ms": mine.cpu_ms(),
        "ours_worst_ms": mine.worst(),
        "stock_ms": None,
        "limit_ms": limit.ms(),
        "limit_cpu_ms": limit.cpu_ms(),
    }


def _ratios(entry: dict[str, Any]) -> None:
    """Stock by ours (higher is better), ours by the limit on CPU (lower is better)."""
    for kind in STOCK_LONGEST:
        for end in ("", "_cpu"):  # CPU tells more than the clock on a busy machine
            taken = entry.get(f"{kind}{end}_ms")
            entry[f"ratio_{kind}{end}"] = None if taken is None else _ratio(taken, entry[f"ours{end}_ms"])
    entry["ratio_limit"] = round(entry["ours_cpu_ms"] / entry["limit_cpu_ms"], 2)
    if "stock_one_record_ms" in entry:  # everything about somebody beside a page of one record
        entry["ratio_stock_one_record"] = _ratio(entry["stock_one_record_ms"], entry["ours_ms"])
        entry["ratio_stock_cpu_one_record"] = round(
            entry["stock_one_record_cpu_ms"] / entry["ours_cpu_ms"], 1
        )
        entry["ratio_limit_one_record"] = round(entry["ours_cpu_ms"] / entry["limit_one_record_cpu_ms"], 2)


def _ratio(one: float, other: float) -> float:
    """With one digit behind the point, more where that would be nothing."""
    return round(one / other, 1 if one >= other else 3)


@dataclass(frozen=True)
class Stock:
    """FAB's own pages in a process of their own, on the same database."""

    url: str
    home: Path
    engine: Any
    page: int
    repeat: int

    def measure(
        self, kind: str, entries: list[dict[str, Any]], accounts: dict[str, Any], samples: dict[str, Any]
    ) -> dict[str, dict[str, list[float | None]]]:
        """{account: {work: [wall ms, cpu ms]}} of the works that stand in the entries."""
        works: dict[str, list[str]] = {}
        for entry in entries:
            work, _dot, name = entry["name"].rpartition(" · ")
            if kind == "stock" or name == SHIPPED_FOR.get(work, "center"):
                works.setdefault(name, []).extend([work, sample.ONE_RECORD] if work == "show" else [work])
        task = {
            "url": self.url,
            "home": str(self.home),
            "tuned": kind == "stock",
            "longest": STOCK_LONGEST[kind],
            "repeat": self.repeat,
            "page": self.page,
            "accounts": [
                {
                    "name": name,
                    "path": accounts[name].path,
                    "works": found,
                    "people": _people(self.engine, samples[name]),
                }
                for name, found in works.items()
            ],
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "bench.pages.stock"],
            input=json.dumps(task, default=str),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )
        found: dict[str, dict[str, list[float | None]]] = json.loads(done.stdout)
        return found


def _people(engine: Any, drawn: Any) -> list[dict[str, Any]]:
    names = ", ".join(bare.FIELDS)
    rows = []
    with engine.connect() as connection:
        for p in drawn.people:
            query = text(f"SELECT {names} FROM person WHERE id = :id")
            fields = dict(connection.execute(query, {"id": p.id}).mappings().one())
            facts_ = {
                "id": p.id,
                "name": p.name,
                "initials": p.initials,
                "born": p.born,
                "number_index": p.number_index,
            }
            rows.append(facts_ | {"fields": fields})
    return rows


def _codes(session: Any) -> dict[str, dict[str, str]]:
    from app.core import codes

    codes.codes(session, "gender")
    return {name: {c.code: c.label for c in found.values()} for name, found in codes._cache.items()}


def facts(engine: Any) -> dict[str, Any]:
    """The machine and the versions; no names, no paths."""
    with engine.connect() as connection:
        asked = "SHOW server_version" if engine.dialect.name == "postgresql" else "SELECT sqlite_version()"
        database = str(connection.execute(text(asked)).scalar()).split()[0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "at": clock.now().isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1),
        "machine": platform.machine(),
        "load": round(os.getloadavg()[0], 2),
        "database": f"{engine.dialect.name} {database}",
        "versions": {"python": platform.python_version()} | {p: version(p) for p in PACKAGES},
    }

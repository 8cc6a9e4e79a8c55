"""The limit: bare Flask pages with sign-in, rights and scope by raw SQL that read and draw the rows of our pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, abort

from app.core import crypto
from bench.cases.ours import Desk
from bench.pages.bare_sql import Database, Visitor
from bench.pages.wsgi import Ask

SEEN = "(c.area_id IN (SELECT id FROM area WHERE path BETWEEN :low AND :high))"
HANDED = "(c.department_id = :unit AND c.submitted_to_department)"
JOINED = (
    " FROM proxy_case c JOIN area a ON a.id = c.area_id JOIN service_item_version v ON v.id = c.item_version_id"
    " JOIN service_item i ON i.id = v.item_id WHERE c.deleted_at IS NULL AND {seen}"
)
LINE = (
    "SELECT c.uid, c.number, c.party_name, v.name, i.code, c.state, c.step_due_at, c.promise_due_at, a.name"
)
DUE = "coalesce(c.step_due_at, c.promise_due_at)"
ORDER = f" ORDER BY CASE WHEN {DUE} IS NULL THEN 1 ELSE 0 END, {DUE}, c.id LIMIT 51"
BOARD = (
    "SELECT count(*), sum(CASE WHEN c.step_due_at < :now OR c.promise_due_at < :now THEN 1 ELSE 0 END)"
    + JOINED
    + " AND c.closed_at IS NULL"
)
FIGURES = (
    "SELECT {key}, count(*), sum(c.returns), sum(c.hand_overs), sum(c.resident_trips), avg(c.used_days), count(c.rating),"
    " sum(CASE WHEN c.was_on_time THEN 1 ELSE 0 END)" + JOINED + " AND c.decided_at >= :since GROUP BY {key}",
    "SELECT {key}, c.used_days, count(*)"
    + JOINED
    + " AND c.decided_at >= :since GROUP BY {key}, c.used_days",
    "SELECT {key}, count(*)" + JOINED + " AND c.opened_at >= :since GROUP BY {key}",
    "SELECT {key}, count(*), sum(CASE WHEN c.step_due_at < :now OR c.promise_due_at < :now THEN 1 ELSE 0 END)"
    + JOINED
    + " AND c.closed_at IS NULL GROUP BY {key}",
)
KEYS = {"worker": "c.staff_id", "service": "v.item_id", "area": "c.area_id", "department": "c.department_id"}
HANGS = (
    "SELECT kind, started_at, due_at, stopped_at FROM case_clock WHERE case_id = :case ORDER BY id",
    "SELECT reason, from_at, to_at FROM clock_pause WHERE case_id = :case ORDER BY id",
    "SELECT seq, name, form, state, mark FROM case_material WHERE case_id = :case ORDER BY seq",
    "SELECT name, taken_at, due_back_on, returned_at FROM custody WHERE case_id = :case ORDER BY id",
    "SELECT to_kind, to_name, at FROM custody_move WHERE case_id = :case ORDER BY id",
    "SELECT kind, way, signer, at FROM case_signature WHERE case_id = :case ORDER BY id",
    "SELECT at, way, success, recipient FROM case_delivery WHERE case_id = :case ORDER BY id",
    "SELECT rating, opened_at, due_at, closed_at FROM case_callback WHERE case_id = :case ORDER BY id",
)
STEPS = "SELECT at, by_label, action, to_state, reason, data FROM case_step WHERE case_id = :case ORDER BY id"
ORIGINALS = (
    "SELECT o.name, c.party_name, o.taken_at, o.due_back_on, c.number, s.name FROM custody o"
    " JOIN proxy_case c ON c.id = o.case_id LEFT JOIN staff s ON s.id = o.holder_staff_id"
    " WHERE o.returned_at IS NULL AND o.lost_at IS NULL AND {seen} ORDER BY o.due_back_on, o.id LIMIT 26"
)
CALLBACKS = (
    "SELECT b.due_at, c.number, c.party_name, b.rating, s.name, b.attempts, b.opened_at FROM case_callback b"
    " JOIN proxy_case c ON c.id = b.case_id LEFT JOIN staff s ON s.id = b.staff_id"
    " WHERE b.closed_at IS NULL AND {seen} ORDER BY b.due_at, b.id LIMIT 26"
)
LISTS: dict[str, tuple[str, ...]] = {
    "work list": (LINE + JOINED + " AND c.closed_at IS NULL AND c.state IN ({states})" + ORDER, BOARD),
    "work list, all open": (LINE + JOINED + " AND c.closed_at IS NULL" + ORDER, BOARD),
    "cases": (
        LINE + JOINED + " ORDER BY c.id DESC LIMIT 26",
        "SELECT count(*) FROM (SELECT c.id" + JOINED + " LIMIT 10001) x",
    ),
    "originals": (ORIGINALS,),
    "call-backs": (CALLBACKS,),
} | {
    f"figures, {by}, {span}": tuple(one.replace("{key}", key) for one in FIGURES)
    for by, key in KEYS.items()
    for span in ("month", "year")
}
PAGE = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>Cases</title></head><body>
{% for rows in tables %}<table>{% for row in rows %}<tr>{% for cell in row %}<td>{% if loop.first %}
<a href="/case/{{ cell }}">{{ cell }}</a>{% else %}{{ cell if cell is not none else "" }}{% endif %}</td>{% endfor %}</tr>
{% endfor %}</table>{% endfor %}</body></html>"""


class Bare:
    """The pages of the bare app for one desk."""

    def __init__(self, app: Flask, engine: Any, desk: Desk) -> None:
        self.db, self.desk = Database(engine), desk
        self.db.make_log()
        self.page = app.jinja_env.from_string(PAGE)
        self.seen = HANDED if desk.unit_id else SEEN
        app.add_url_rule("/list/<name>", view_func=self.listed)
        app.add_url_rule("/case/<uid>", view_func=self.case)

    def listed(self, name: str) -> str:
        with self.db.reading():
            self._visitor()
            tables = [self._read(sql, name) for sql in LISTS[name]]
        return self.page.render(tables=tables)

    def case(self, uid: str) -> str:
        db = self.db
        with db.reading():
            who = self._visitor()
            head = "SELECT c.id, c.number, c.party, c.state, v.name, a.name" + JOINED + " AND c.uid = :uid"
            found = self._read(head, "", uid=uid)
            if not found:
                abort(404)
            key, number, sealed, *rest = found[0]
            party = json.loads(crypto.ring().decrypt(bytes(sealed), "proxy_case.party"))
            tables = [[(number, *party.values(), *rest)], *(self._read(sql, "", case=key) for sql in HANGS)]
            steps = [(*row[:5], self._opened(row[5])) for row in self._read(STEPS, "", case=key)]
        db.log(who.user_id, key, "read")
        db.connection.commit()
        return self.page.render(tables=[*tables, steps])

    @staticmethod
    def _opened(sealed: Any) -> str:
        return "" if sealed is None else crypto.ring().decrypt(bytes(sealed), "case_step.data").decode()

    def _visitor(self) -> Visitor:
        return Visitor(self.db, ("can_list", "ProxyCaseView"))

    def _read(self, sql: str, name: str, **given: Any) -> list[Any]:
        """Values by name: ``:low`` and ``:high`` bound the area, ``:since`` begins the period."""
        now = datetime.now(UTC)
        since = now - timedelta(days=365 if name.endswith("year") else 31)
        moments = {"now": now, "since": since}
        if self.db.sqlite:
            moments = {k: v.replace(tzinfo=None).isoformat(" ") for k, v in moments.items()}  # type: ignore[misc]
        path = self.desk.path
        known = {"low": path, "high": path + "~", "unit": self.desk.unit_id} | moments | given
        words = sql.replace("{seen}", self.seen).replace("{states}", _states(self.desk.role))
        parts, values = words.split(":"), []
        done = parts[0]
        for part in parts[1:]:
            name_of = part.split(" ")[0].rstrip("),")
            values.append(known[name_of])
            done += "?" + part[len(name_of) :]
        return self.db.rows(done, *values)


def _states(role: str) -> str:
    from app.proxy.queries.case_page import MAIN
    from app.proxy.rules import MACHINE

    found = {
        s.value for s, action, to in MACHINE.rows() if s is not None and action in MAIN and role in to.role
    }
    return ", ".join(f"'{state}'" for state in sorted(found)) or "''"


def make(engine: Any, settings: dict[str, Any], desk: Desk) -> Flask:
    """The bare app of a desk; it reads the same session cookie as the program."""
    app = Flask("bare-cases")
    app.secret_key = settings["SECRET_KEY"]
    app.config["SESSION_COOKIE_NAME"] = settings["SESSION_COOKIE_NAME"]
    Bare(app, engine, desk)
    return app


def ask(desk: Desk, work: str, n: int) -> Ask | None:
    """The bare page of a work; None where there is none."""
    if work == "case":
        return Ask(f"/case/{desk.nth('cases', n)}")
    return Ask(f"/list/{work}") if work in LISTS else None

"""The limit: a bare Flask page with sign-in and scope by raw SQL over the same rows, and nothing else.

No menu, no translation, no filters to click, no change log worth the name: what a page cannot do without.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Flask, abort, redirect, request

from app.core import crypto
from app.core.masks import mask_id_number, mask_phone
from bench.pages import bare_person, templates
from bench.pages.bare_sql import COUNTS, FIELDS, ROWS, Database, Visitor, one, private, read_list, read_others
from bench.pages.sample import ONE_RECORD, Sample
from bench.pages.wsgi import Ask


class Bare:
    """The pages of the bare app."""

    def __init__(self, app: Flask, engine: Any, codes: dict[str, dict[str, str]]) -> None:
        self.db, self.codes = Database(engine), codes
        self.db.make_log()
        names = ("list", "show", "one", "form", "counts")
        self.page = {n: app.jinja_env.from_string(getattr(templates, n.upper())) for n in names}
        app.add_url_rule("/list", view_func=self.listed)
        app.add_url_rule("/find", view_func=self.find, methods=["POST"])
        app.add_url_rule("/show/<uid>", view_func=self.show)
        app.add_url_rule("/one/<uid>", view_func=self.one_record)
        app.add_url_rule("/edit/<uid>", view_func=self.edit)
        app.add_url_rule("/edit/<uid>", view_func=self.save, methods=["POST"])
        app.add_url_rule("/counts", view_func=self.counts)

    def listed(self) -> str:
        with self.db.reading():
            who, args = Visitor(self.db), request.args
            where, values = self._filters()
            order = "p.name_pinyin, p.id" if args.get("order") == "name" else "p.id DESC"
            found = read_list(self.db, who, where, values, order, int(args.get("page", 0)) * ROWS)
        return self.page["list"].render(codes=self.codes, may=who.rights, **found)

    def _filters(self) -> tuple[str, list[Any]]:
        where, values, args, db = ["1 = 1"], [], request.args, self.db
        if "after" in args:
            where.append("p.id < (SELECT id FROM person WHERE uid = ?)")
            values.append(args["after"])
        if "born" in args:
            first, last = date(int(args["born"]), 1, 1), date(int(args["born"]), 12, 31)
            where.append("p.sex = ? AND p.birth_date BETWEEN ? AND ?")
            values += ["2", *(d.isoformat() if db.sqlite else d for d in (first, last))]
        if "ethnic" in args:
            where.append("p.ethnic = ?")
            values.append(args["ethnic"])
        if "name" in args:
            criterion, more = db.contains(args["name"])
            where.append(criterion)
            values += more
        return " AND ".join(where), values

    def find(self) -> str:
        db, query = self.db, request.form["q"]
        with db.reading():
            who = Visitor(db)
            values: list[Any]
            others: list[tuple[str, list[Any]]] = []
            if query[:-1].isdigit():
                where = "p.id IN (SELECT person_id FROM person_document WHERE number_index = ?)"
                values = [crypto.blind("document", query)]
            else:
                where = f"({db.begins('p.name_initials')} OR {db.begins('p.name_pinyin')})"
                values = db.begins_values(query) * 2
                others = read_others(db, who, query)
            found = read_list(db, who, where, values, "p.name, p.id")
        return self.page["list"].render(codes=self.codes, may=who.rights, others=others, **found)

    def show(self, uid: str) -> str:
        """The rows of our page of a person."""
        db = self.db
        with db.reading():
            who = Visitor(db)
            row = one(db, who, uid)
            found = bare_person.read(db, who, row)
        db.log(who.user_id, row["id"], "read")
        db.connection.commit()
        return self.page["show"].render(row=row, codes=self.codes, **found)

    def one_record(self, uid: str) -> str:
        """One record with its numbers and nothing that hangs on it."""
        db = self.db
        with db.reading():
            who = Visitor(db)
            row = one(db, who, uid)
            numbers = private(db, "person_document", [row["id"]], mask_id_number)
            phones = private(db, "person_phone", [row["id"]], mask_phone)
        db.log(who.user_id, row["id"], "read")
        db.connection.commit()
        return self.page["one"].render(row=row, numbers=numbers, phones=phones, codes=self.codes)

    def edit(self, uid: str) -> str:
        with self.db.reading():
            row = one(self.db, Visitor(self.db), uid)
        return self.page["form"].render(row=row, codes=self.codes)

    def save(self, uid: str) -> Any:
        db = self.db
        if db.sqlite:
            db.connection.execute("BEGIN IMMEDIATE")
        who = Visitor(db)
        row = one(db, who, uid)
        if str(row["version"]) != request.form["version"]:
            abort(409)
        marks = ", ".join(f"{f} = ?" for f in FIELDS)
        values = [request.form.get(f) or None for f in FIELDS]
        db.rows(
            f"UPDATE person SET {marks}, version = version + 1 WHERE id = ? RETURNING id", *values, row["id"]
        )
        old = {f: str(v) for f, v in row["values"].items() if str(v or "") != request.form.get(f, "")}
        db.log(who.user_id, row["id"], json.dumps(old))
        db.connection.commit()
        return redirect(f"/show/{uid}", code=303)

    def counts(self) -> str:
        with self.db.reading():
            rows = self.db.rows(COUNTS, Visitor(self.db).path)
        return self.page["counts"].render(rows=rows)


def make(engine: Any, settings: dict[str, Any], codes: dict[str, dict[str, str]]) -> Flask:
    """The bare app; it reads the same session cookie as the program."""
    app = Flask("bare")
    app.secret_key = settings["SECRET_KEY"]
    app.config["SESSION_COOKIE_NAME"] = settings["SESSION_COOKIE_NAME"]
    Bare(app, engine, codes)
    return app


def asks(sample: Sample, page: int) -> dict[str, Callable[[int], Ask]]:
    """The same works as ``ours.asks``, by name."""
    who = sample.at

    def listed(**args: str) -> Ask:
        return Ask(f"/list?{urlencode(args)}")

    return {
        "list": lambda _n: listed(),
        "next page": lambda _n: listed(after=sample.anchor),
        "by name": lambda _n: listed(order="name"),
        "filter": lambda n: listed(born=str(who(n).born.year)),
        "filter, rare": lambda _n: listed(ethnic="51"),
        "exact ID": lambda n: Ask("/find", {"q": who(n).number}),
        "name, 1 character": lambda _n: listed(name=sample.surname),
        "name, 2 characters": lambda n: listed(name=who(n).name[:2]),
        "name, 3 characters": lambda n: listed(name=who(n).name),
        "pinyin": lambda n: Ask("/find", {"q": who(n).initials}),
        "page 10,000": lambda _n: listed(page=str(page)),
        "show": lambda n: Ask(f"/show/{who(n).uid}"),
        ONE_RECORD: lambda n: Ask(f"/one/{who(n).uid}"),
        "edit form": lambda n: Ask(f"/edit/{who(n).uid}"),
        "counts": lambda _n: Ask("/counts"),
    }


def save(engine: Any, sample: Sample) -> Callable[[int], Ask]:
    """Changes the note of one person after the other; the version is read before and not measured."""
    db = Database(engine)

    def make_ask(nth: int) -> Ask:
        somebody = sample.at(nth)
        names = ", ".join(FIELDS)
        with db.reading():
            version, *values = db.rows(f"SELECT version, {names} FROM person WHERE uid = ?", somebody.uid)[0]
        form = {f: "" if v is None else str(v) for f, v in zip(FIELDS, values, strict=True)}
        form |= {"note": f"bench {version} {nth}", "version": str(version)}
        return Ask(f"/edit/{somebody.uid}", form, (303,))

    return make_ask

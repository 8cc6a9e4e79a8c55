"""Sheets brought in as a clerk does it: uploaded, matched, checked, run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

from app.audit.service import in_batch
from app.core import jobs, sheets
from app.core.models import new_uid
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.core.sheets import Outcome, Row
from app.exchange.service import declared
from tests.support.pages import form_of, post, token_of


def csv_of(headings: Sequence[str], *rows: Sequence[str]) -> bytes:
    """A sheet as bytes."""
    out = io.StringIO()
    csv.writer(out).writerows([headings, *rows])
    return out.getvalue().encode()


def run_jobs() -> None:
    """Every job that waits."""
    while jobs.run_one("tester"):
        pass


def upload(client: Any, sheet: str, data: bytes, name: str = "list.csv") -> Any:
    """Send a file to the page of a register."""
    form = {"csrf_token": token_of(client), "file": (io.BytesIO(data), name)}
    return client.post(f"/import/sheet/{sheet}", data=form, content_type="multipart/form-data")


def brought(client: Any, sheet: str, data: bytes, **chosen: str) -> str:
    """Upload, take over the proposed columns (``chosen`` changes some), check; returns the uid of the batch."""
    answer = upload(client, sheet, data)
    assert answer.status_code == 303, answer.text
    uid = answer.location.split("/")[3]
    fields = form_of_columns(client.get(answer.location).text)
    answer = post(client, f"/import/batch/{uid}/columns", **{**fields, **chosen})
    assert answer.status_code == 303, re.sub(r"<[^>]+>|\s+", " ", answer.text)
    run_jobs()
    return uid


def form_of_columns(page: str) -> dict[str, str]:
    """The mapping form as it stands."""
    fields = form_of(page)
    return {k: v for k, v in fields.items() if k not in {"csrf_token", "_acting"}}


def step(client: Any, uid: str, action: str, **values: str) -> Any:
    """A step of a batch and the work that it begins; an undoing says why."""
    values = {"reason": "Brought by mistake", **values} if action == "undo" else values
    answer = post(client, f"/import/batch/{uid}/{action}", **values)
    run_jobs()
    return answer


def write(
    session: Any, sheet: str, rows: Sequence[dict[str, Any]], rule: str = "skip", **options: Any
) -> list[Outcome]:
    """Rows with their Python values straight to the writer of a sheet, in one chunk of a batch of its own."""
    declared.declare_all()
    numbered, uid = [Row(number, dict(values)) for number, values in enumerate(rows, 2)], new_uid()
    keys = {key: at for at, key in enumerate(rows[0], 1)}
    with unit_of_work(session), in_batch(session, uid):
        given = {"language": "en", "columns": keys, **options}
        writer = sheets.sheets()[sheet].writer(session, session_actor(session), given)
        return writer.take(session, numbered, rule, batch=uid)


def words_of(outcome: Outcome) -> list[str]:
    """What was found, as sentences."""
    return [str(sheets.sentence(f)) for f in outcome.findings]

"""Jinja for form folders: sandboxed, strict, escaping; plain values in, text out.

Templates see JSON values only, never mapped rows, and cannot reach Python through them. Words and date patterns come
from ``forms/_base/words.toml``.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.documents.errors import PaperError
from app.documents.qr import qr_svg
from app.documents.registry import FORMS_ROOT, words


def date_on_paper(value: str | None) -> str:
    """An ISO date as it stands on paper, without leading zeros (forms.md, print notes); empty: room to write one."""
    if not value:
        return str(words()["date"]["blank"])
    day = date.fromisoformat(value[:10])
    return str(words()["date"]["day"]).format(y=day.year, m=day.month, d=day.day)


def time_on_paper(value: str | None) -> str:
    """An ISO instant as date and time on paper. The caller gives local time: paper knows no zones."""
    if not value:
        return ""
    at = datetime.fromisoformat(value)
    return str(words()["date"]["minute"]).format(
        y=at.year, m=at.month, d=at.day, hh=f"{at:%H}", mm=f"{at:%M}"
    )


def money_on_paper(value: float | str | None) -> str:
    """Yuan with two decimals (forms.md, print notes); empty for None."""
    if value is None or value == "":
        return ""
    amount = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return str(words()["money"]["pattern"]).format(amount=f"{amount:,.2f}")


def word_on_paper(code: str | None, kind: str) -> str:
    """The printed word of a code of list ``kind``; an unknown code is an error, a raw code never reaches paper."""
    if not code:
        return ""
    known = words()[kind]
    if code not in known:
        raise PaperError(f"words.toml [{kind}] has no {code!r}")
    return str(known[code])


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """One environment per process; compiled templates are cached in it."""
    env = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(FORMS_ROOT),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters.update(on_paper=date_on_paper, minute=time_on_paper, money=money_on_paper, word=word_on_paper)
    for name in set(env.globals) - {"range"}:  # the sandbox's range is capped
        del env.globals[name]
    env.globals.update(qr=qr_svg, words=words())
    return env

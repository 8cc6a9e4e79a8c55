"""Filters and walls of the template environment."""

import json
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from app.documents.errors import PaperError
from app.documents.qr import qr_svg
from app.documents.templating import (
    date_on_paper,
    environment,
    money_on_paper,
    time_on_paper,
    word_on_paper,
)

WORDS = json.loads((Path(__file__).parent / "data" / "paper.json").read_text("utf-8"))


def drawn(source: str, **context: object) -> str:
    return environment().from_string(source).render(**context)


def test_dates_on_paper_have_no_leading_zeros():
    assert date_on_paper("2026-11-03") == WORDS["day"]
    assert date_on_paper("2026-11-03T23:59:00+08:00") == WORDS["day"]
    assert time_on_paper("2026-11-03T09:05:41+08:00") == WORDS["minute"]


def test_an_absent_date_leaves_room_to_write_one():
    blank = date_on_paper(None)
    assert blank == date_on_paper("")
    assert not any(char.isdigit() for char in blank)
    assert len(blank.strip()) > 3
    assert time_on_paper(None) == ""


def test_money_has_two_decimals_and_rounds_half_up():
    assert money_on_paper(1200.5) == WORDS["yuan"]
    assert money_on_paper("0.005").startswith("0.01")
    assert money_on_paper(None) == ""


def test_a_code_becomes_a_word_and_an_unknown_one_never_reaches_paper():
    assert word_on_paper("check_copy", "material_form") == WORDS["check_copy"]
    assert word_on_paper("", "material_form") == ""
    with pytest.raises(PaperError, match="scan"):
        word_on_paper("scan", "material_form")


def test_values_are_escaped():
    assert drawn("{{ name }}", name='<b onclick="x">&') == "&lt;b onclick=&#34;x&#34;&gt;&amp;"


def test_an_undefined_name_is_an_error():
    with pytest.raises(UndefinedError):
        drawn("{{ nothing }}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ qr.__globals__ }}",
        "{{ rows.append(1) }}",
        "{{ case.update(a=1) }}",
        "{% for i in range(10 ** 9) %}{% endfor %}",
    ],
)
def test_a_template_cannot_reach_python_or_change_its_values(source):
    with pytest.raises((SecurityError, OverflowError)):
        drawn(source, rows=[], case={})


def test_templates_get_no_helpers_but_ours():
    assert set(environment().globals) == {"qr", "words", "range"}


def test_qr_code_is_a_drawing_of_the_address():
    svg = qr_svg("https://geban.example/v/8K3D72QXW5TN")
    assert svg.startswith("<svg")
    assert [part for part in ("viewBox", "<path") if part not in svg] == []
    assert svg != qr_svg("https://geban.example/v/8K3D72QXW5TM")


@pytest.mark.parametrize("number", ["430281194003124526", "43028119400312452x"])
def test_qr_code_refuses_what_looks_like_an_id_number(number):
    with pytest.raises(PaperError, match="ID number"):
        qr_svg(f"https://geban.example/v/{number}")

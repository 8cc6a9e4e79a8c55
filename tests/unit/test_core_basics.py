"""Errors, choices, the clock, masks and serials."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask_babel import lazy_gettext as _
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import clock, errors
from app.core.choices import Choice
from app.core.masks import mask_id_number, mask_name, mask_phone
from app.core.serials import Serial, format_serial, parse_serial
from tests.unit.calendars import local


class Loud:
    """A message that tells when it is turned into text."""

    read = 0

    def __str__(self):
        self.read += 1
        return "text"


def test_a_message_stays_lazy_until_it_is_read():
    message = Loud()
    refusal = errors.DomainError(message, field="name", missing=["a"])
    assert repr(refusal) == "DomainError(code='refused', field='name')"
    assert message.read == 0
    assert (str(refusal), message.read) == ("text", 1)
    assert refusal.data == {"missing": ["a"]}


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (errors.DomainError, 400, "refused"),
        (errors.NotAllowed, 403, "not_allowed"),
        (errors.NotFound, 404, "not_found"),
        (errors.Invalid, 400, "invalid"),
        (errors.Conflict, 409, "conflict"),
        (errors.StaleVersion, 409, "stale_version"),
        (errors.Throttled, 429, "throttled"),
    ],
)
def test_every_refusal_has_a_status_and_words_of_its_own(kind, status, code):
    refusal = kind()
    assert (refusal.status, refusal.code) == (status, code)
    assert str(refusal).endswith(".")
    assert isinstance(refusal, errors.DomainError)


def test_throttled_says_how_long():
    assert errors.Throttled(retry_after=90).retry_after == 90


def test_only_errors_among_findings_refuse():
    mild = errors.warning("odd", "name", _("odd"), needs_reason=True, ref=3)
    hard = errors.error("wrong", "birth_date", _("wrong"), ref=4)
    assert (mild.is_error, mild.needs_reason, mild.ref) == (False, True, 3)
    errors.refuse_errors([mild])
    with pytest.raises(errors.Invalid) as refused:
        errors.refuse_errors([mild, hard])
    assert (refused.value.field, refused.value.data) == ("birth_date", {"finding": "wrong"})


class Colour(Choice):
    red = "r", _("Red"), "red"
    plain = "p", _("Plain")


def test_a_choice_is_its_code_with_a_label_and_a_badge():
    assert Colour.red == "r"
    assert f"{Colour.red:>3}{Colour.red}" == "  rr"
    assert str(Colour.red) == "r"
    assert (str(Colour.red.label), Colour.red.badge, Colour.plain.badge) == ("Red", "red", "grey")
    assert Colour.choices() == [("r", "Red"), ("p", "Plain")]
    assert Colour.choices(blank="All")[0] == ("", "All")


def test_codes_are_parsed_and_unknown_ones_refused():
    assert Colour.parse("p") is Colour.plain
    assert Colour.parse(Colour.red) is Colour.red
    for wrong in ("x", "", None, "red"):
        with pytest.raises(errors.Invalid) as refused:
            Colour.parse(wrong, field="colour")
        assert refused.value.field == "colour"
    assert str(Colour.label_of("r")) == "Red"
    assert Colour.label_of("gone") == "gone"


def test_a_badge_that_the_styles_do_not_know_is_a_mistake():
    with pytest.raises(ValueError, match="pink"):
        Choice("Wrong", {"one": ("1", _("One"), "pink")})


def test_the_clock_is_aware_and_runs():
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


def test_a_frozen_clock_stands_moves_and_nests():
    at = local(2026, 11, 2, 7)
    with clock.frozen(at) as watch:
        assert clock.now() == at
        assert clock.now().tzinfo is UTC
        assert clock.today() == date(2026, 11, 2)
        assert watch.move(hours=20) == local(2026, 11, 3, 3)
        with clock.frozen(local(2020, 1, 1)):
            assert clock.today() == date(2020, 1, 1)
        assert clock.now() == local(2026, 11, 3, 3)
    assert clock.now() > at - timedelta(days=3650)
    assert clock.now().year != 2020


def test_days_are_days_of_shanghai():
    late = datetime(2026, 11, 1, 16, tzinfo=UTC)
    assert clock.to_local(late) == late
    assert clock.to_local(late).date() == date(2026, 11, 2)
    lo, hi = clock.day_bounds(date(2026, 11, 2))
    assert (lo, hi) == (late, late + timedelta(days=1))
    assert lo.tzinfo is UTC


def test_a_naive_moment_is_refused():
    naive = datetime(2026, 11, 2)  # noqa: DTZ001
    with pytest.raises(ValueError, match="naive"):
        clock.to_local(naive)
    with pytest.raises(ValueError, match="naive"), clock.frozen(naive):
        pass


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("43028119850221001X", "4****************X"),
        ("430281850221001", "4*************1"),
        (" E12345678 ", "E*******8"),
        ("1234", "****"),
        ("", ""),
        (None, ""),
    ],
)
def test_id_numbers_show_first_and_last_only(number, shown):
    assert mask_id_number(number) == shown


@given(st.text(st.characters(codec="ascii", categories=("Nd",)), min_size=18, max_size=18))
@settings(max_examples=20, deadline=None)
def test_a_masked_id_number_has_no_digit_of_the_birth_date(number):
    assert mask_id_number(number)[1:-1] == "*" * 16


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812345678", "138****5678"),
        ("0731-83881234", "0731-****1234"),
        ("010-62345678-801", "010-****5678-***"),
        ("83881234", "****1234"),
        ("+85291234567", "+85*****4567"),
        ("61234-5", "***34-*"),
        ("83881234-801", "****1234-***"),
        ("12345", "***45"),
        ("123456", "****56"),
        ("6522222", "***2222"),
        ("1234567890", "******7890"),
        ("1234", "****"),
        ("110", "***"),
        (None, ""),
    ],
)
def test_phones_hide_their_middle(number, shown):
    assert mask_phone(number) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\u674e\u5c0f\u660e", "\u674e*"),
        ("\u674e", "*"),
        ("", ""),
        (None, ""),
        ("\U00020bb7\u4e09", "\U00020bb7*"),
    ],
)
def test_names_on_papers(name, shown):
    assert mask_name(name) == shown


def test_a_serial_is_written_and_read():
    text = format_serial("F10", "430281104007", 2026, 17)
    assert text == "F10-430281104007-2026-00017"
    assert parse_serial(f"  {text.lower()} ") == Serial("F10", "430281104007", 2026, 17)
    assert format_serial("F10", "\u91b4\u6765", 2026, 100000) == "F10-\u91b4\u6765-2026-100000"


@pytest.mark.parametrize(
    "parts",
    [
        ("F10", "4302", 2026, 0),
        ("F10", "4302", 2026, -1),
        ("F10", "4302", 2026, 10**9),
        ("F10", "4302", 26, 1),
        ("f10", "4302", 2026, 1),
        ("F10", "43-02", 2026, 1),
        ("F10", "ab", 2026, 1),
        ("F10", "", 2026, 1),
        ("10", "4302", 2026, 1),
    ],
)
def test_a_number_that_could_not_be_read_back_is_not_written(parts):
    with pytest.raises(errors.Invalid):
        format_serial(*parts)


@pytest.mark.parametrize(
    "text", ["", None, "F10-4302-2026-17", "F10-4302-2026-000170", "F10-4302-2026-00000", "x"]
)
def test_what_is_no_serial_is_refused(text):
    with pytest.raises(errors.Invalid):
        parse_serial(text)


@given(
    st.from_regex(r"[A-Z][0-9A-Z]{0,7}", fullmatch=True),
    st.from_regex(r"[0-9A-Z\u4e00-\u9fff]{1,20}", fullmatch=True),
    st.integers(1000, 9999),
    st.integers(1, 999_999_999),
)
@settings(max_examples=30, deadline=None)
def test_written_serials_are_read_back(form, area, year, number):
    assert parse_serial(format_serial(form, area, year, number)) == Serial(form, area, year, number)

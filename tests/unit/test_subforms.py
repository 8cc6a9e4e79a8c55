"""Own forms of the special groups: what is kept of what was typed, and what the data must hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from app import seeds
from app.core.errors import Invalid
from app.registry.rules import care, subforms

CODES = {**seeds.read("codes")["lists"], **seeds.read("codes_local")["lists"]}
RAW = seeds.read("group_forms")
FORMS = {code: subforms.read_form(code, raw, RAW["blocks"]) for code, raw in RAW["groups"].items()}
LEFT = {
    code: subforms.read_form(code, raw, {}) for code, raw in seeds.read("population_forms")["kinds"].items()
}


def knows(name: str, code: str) -> bool:
    return any(item["code"] == code for item in CODES[name]["items"])


def form(*fields: dict, blocks: dict | None = None) -> subforms.SubForm:
    raw = {"source": "test", "sections": [{"zh": "x", "en": "X", "fields": list(fields)}]}
    return subforms.read_form("T", raw, blocks or {})


def field(kind: str, **more) -> dict:
    return {"name": "f", "zh": "x", "en": "F", "kind": kind, **more}


def refused(call) -> str:
    with pytest.raises(Invalid) as refusal:
        call()
    return str(refusal.value.field)


class TestData:
    @pytest.mark.demand("S4-53")
    def test_every_group_has_a_form_and_each_code_list_exists(self):
        assert FORMS.keys() == {item["code"] for item in CODES["special_group"]["items"]}
        lists = {f.code_list for f in (*_all(FORMS), *_all(LEFT)) if f.code_list}
        assert lists <= CODES.keys()
        assert "G05" not in FORMS  # no list of people with AIDS

    @pytest.mark.demand("S4-59")
    def test_the_fields_of_the_standard_are_there(self):
        wanted = yaml.safe_load((Path(__file__).parents[1] / "data" / "gbt31000.yaml").read_text())
        missing = {code: set(names) - {f.zh for f in (FORMS | LEFT)[code]} for code, names in wanted.items()}
        assert not any(missing.values()), missing

    def test_a_field_has_one_kind_and_one_name(self):
        with pytest.raises(ValueError, match="not known"):
            form(field("colour"))
        with pytest.raises(ValueError, match="lacks its list"):
            form(field("code"))
        with pytest.raises(ValueError, match="twice"):
            form(field("text"), field("int"))

    def test_a_block_stands_where_it_is_named(self):
        found = form({"block": "b"}, blocks={"b": [field("phone", at_visit=True)]})
        assert [f.name for f in found.at_visit] == ["f"]
        assert found.fields["f"].is_secret


def _all(forms):
    return [f for one in forms.values() for f in one]


class TestSettle:
    @pytest.mark.parametrize(
        ("kind", "more", "typed", "kept"),
        [
            ("text", {}, " Li ", "Li"),
            ("long", {}, "a\nb", "a\nb"),
            ("date", {}, date(2026, 1, 2), "2026-01-02"),
            ("date", {}, "2026-01-02", "2026-01-02"),
            ("int", {}, 3, 3),
            ("money", {}, Decimal("12.5"), "12.50"),
            ("yesno", {}, False, False),
            ("code", {"list": "gender"}, "1", "1"),
            ("codes", {"list": "gender"}, ["2", "1", "2"], ["1", "2"]),
            ("phone", {}, "138 1234 5678", "13812345678"),
            ("document", {}, " 11010119900307391x ", "11010119900307391X"),
        ],
    )
    def test_what_is_kept(self, kind, more, typed, kept):
        assert subforms.settle(form(field(kind, **more)), {"f": typed}, knows=knows) == {"f": kept}

    @pytest.mark.parametrize(
        ("kind", "more", "typed"),
        [
            ("text", {"most": 2}, "abc"),
            ("text", {}, 3),
            ("date", {}, "yesterday"),
            ("date", {}, 3),
            ("int", {"most": 5}, 6),
            ("int", {}, True),
            ("int", {}, -1),
            ("money", {}, "much"),
            ("money", {}, Decimal(-1)),
            ("yesno", {}, "yes"),
            ("code", {"list": "gender"}, "77"),
            ("code", {"list": "gender"}, 1),
            ("codes", {"list": "gender"}, "1"),
            ("codes", {"list": "gender"}, ["77"]),
            ("phone", {}, "12"),
        ],
    )
    def test_what_is_refused_at_its_field(self, kind, more, typed):
        assert (
            refused(lambda: subforms.settle(form(field(kind, **more)), {"f": typed}, knows=knows))
            == "details.f"
        )

    def test_needed_fields_unknown_fields_and_empty_ones(self):
        needed = form(field("text", required=True))
        assert refused(lambda: subforms.settle(needed, {"f": ""}, knows=knows)) == "details.f"
        assert subforms.settle(needed, {"f": None}, knows=knows, complete=False) == {}
        assert refused(lambda: subforms.settle(needed, {"g": "x"}, knows=knows)) == "details.g"

    def test_an_end_lies_after_its_beginning(self):
        both = form(field("date") | {"name": "s_from"}, field("date") | {"name": "s_to"})
        days = {"s_from": date(2026, 2, 1), "s_to": date(2026, 1, 1)}
        assert refused(lambda: subforms.settle(both, days, knows=knows)) == "details.s_to"
        assert subforms.settle(both, {"s_to": date(2026, 1, 1)}, knows=knows)

    def test_differences_of_two_visits(self):
        assert subforms.differences({"a": 1, "b": 2}, {"b": 3, "c": 4}) == ["b", "c", "a"]
        assert subforms.differences(None, None) == []


class TestDisabilityCard:
    ID = "43029919800101001X"

    @pytest.mark.parametrize(
        ("number", "fits"),
        [
            (f"{ID}42", True),
            (f"{ID}42B1", True),
            ("", True),
            (f"{ID}4", False),
            (f"{ID}85", False),
            ("43029919800101002842", False),
            (f"{ID}32", False),
            (f"{ID}43", False),
        ],
    )
    def test_the_number_is_id_number_kind_and_grade(self, number, fits):
        kept = {"disability_no": number, "disability_type": "4", "disability_grade": "2"}
        if fits:
            subforms.check_disability(kept, self.ID)
        else:
            assert refused(lambda: subforms.check_disability(kept, self.ID)) == "details.disability_no"

    def test_without_a_number_on_file_kind_and_grade_still_count(self):
        subforms.check_disability({"disability_no": f"{self.ID}42"}, None)


class TestCare:
    DAY = date(2026, 11, 2)

    @pytest.mark.parametrize(
        ("interval", "outcome", "days"),
        [
            (30, "met", 30),
            (30, "phone", 30),
            (30, "absent", 7),
            (30, "refused", 7),
            (5, "absent", 5),
            (0, "met", None),
            (30, "moved", None),
        ],
    )
    def test_the_next_visit(self, interval, outcome, days):
        found = care.next_visit(self.DAY, interval, outcome)
        assert (found - self.DAY).days == days if days else found is None

    @pytest.mark.parametrize(
        ("facts", "groups"),
        [
            ({"age": 79, "grade": None, "alone": False}, set()),
            ({"age": 80, "grade": None, "alone": False}, {"G31"}),
            ({"age": 100, "grade": "1", "alone": True}, {"G31", "G32", "G22", "G34"}),
            ({"age": 59, "grade": "3", "alone": True}, set()),
            ({"age": None, "grade": "2", "alone": True}, {"G22"}),
            ({"age": 90, "grade": "1", "alone": True, "present": False}, set()),
        ],
    )
    def test_groups_that_follow_from_other_data(self, facts, groups):
        found = care.derived_groups(**facts)
        assert {code for code, member in found.items() if member} == groups
        assert found.keys() == set(care.DERIVED)

    def test_an_unknown_household_leaves_the_group_as_it_is(self):
        assert care.derived_groups(age=70, grade=None, alone=None)["G34"] is None
        assert care.derived_groups(age=50, grade=None, alone=None)["G34"] is False

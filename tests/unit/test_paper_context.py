"""Does a context have the shape of the form's sample; what is left of it on a blank form."""

import pytest

from app.documents.context import blank_context, blanked, shape_faults

SAMPLE = {
    "issue": {"number": "F10-1", "office": "here"},
    "fee": 0,
    "is_urgent": False,
    "rows": [{"name": "a", "copies": 1, "notes": []}, {"name": "b", "copies": 2, "notes": [{"text": "x"}]}],
    "tags": ["one"],
}


def fitting(**changes):
    return {
        "issue": {"number": "F10-2", "office": "there"},
        "fee": 2.5,
        "is_urgent": True,
        "rows": [{"name": "c", "copies": None, "notes": [{"text": "y"}]}],
        "tags": [],
    } | changes


def test_a_context_of_the_same_shape_has_no_faults():
    assert shape_faults(SAMPLE, fitting()) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"issue": {"number": "1"}}, "issue.office: missing"),
        (
            {"issue": {"number": "1", "office": "x", "id_number": "4"}},
            "issue.id_number: not known to the form",
        ),
        ({"extra": 1}, "extra: not known to the form"),
        ({"fee": "0"}, "fee: must be a number, not text"),
        ({"fee": True}, "fee: must be a number, not true or false"),
        ({"is_urgent": 1}, "is_urgent: must be true or false, not a number"),
        ({"issue": "x"}, "issue: must be an object"),
        ({"rows": {}}, "rows: must be a list"),
        ({"rows": [{"name": "c", "copies": 1}]}, "rows[0].notes: missing"),
        ({"rows": [{"name": "c", "copies": 1, "notes": [{}]}]}, "rows[0].notes[0].text: missing"),
        ({"tags": [{"a": 1}]}, "tags[0]: must be text, not of type dict"),
        ({"issue": {"number": object(), "office": "x"}}, "issue.number: must be text, not of type object"),
    ],
)
def test_each_difference_of_shape_is_named_by_its_path(changes, fault):
    assert shape_faults(SAMPLE, fitting(**changes)) == [fault]


def test_a_missing_key_at_the_top_is_named():
    context = fitting()
    del context["rows"]
    assert shape_faults(SAMPLE, context) == ["rows: missing"]


def test_blank_form_has_empty_rows_and_keeps_only_what_the_form_says():
    blank = blank_context(SAMPLE, {"rows": 2, "rows.notes": 1}, ("issue.office",), fitting())

    assert blank["issue"] == {"number": "", "office": "there"}
    assert blank["rows"] == [{"name": "", "copies": None, "notes": [{"text": ""}]}] * 2
    assert blank["tags"] == []
    assert blank["is_urgent"] is False
    assert blank["fee"] is None
    assert shape_faults(SAMPLE, blank) == []


def test_blank_form_without_a_context_is_all_empty():
    assert blank_context(SAMPLE, {}, ("issue.office",), None)["issue"] == {"number": "", "office": ""}
    assert blanked(SAMPLE, {})["rows"] == []

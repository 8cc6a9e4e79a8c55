"""Form folders: complete ones load, every fault of an incomplete one is named."""

import json
import re
import shutil
from pathlib import Path

import pytest

from app.documents import registry
from app.documents.errors import FormFolderError
from app.documents.rules import stands

CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(registry.FORMS_ROOT / "F10", tmp_path / "F10"))


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("code", sorted(registry.load_forms()))
def test_each_form_folder_is_complete(code):
    form = registry.form(code)
    assert form.code == code
    assert all((form.title, form.issue_roles, form.sheets, form.retention_years >= 1))
    assert len(form.fingerprint) == 64
    assert form.template_version.startswith(f"{form.version}-")
    assert len(form.template_version) <= 24


@pytest.mark.parametrize("code", sorted(registry.load_forms()))
def test_forms_are_issued_by_roles_that_exist(code):
    from app.areas.roles import ROLES

    assert set(registry.form(code).issue_roles) <= set(ROLES)


@pytest.mark.parametrize("code", sorted(registry.load_forms()))
def test_samples_hold_invented_masked_numbers_only(code):
    text = json.dumps(registry.form(code).sample)
    for number in re.findall(r"(?<!\d)\d{17}[\dXx](?!\d)", text):
        total = sum(int(d) * w for d, w in zip(number, CHECK_WEIGHTS, strict=False))
        assert number[-1].upper() == "10X98765432"[total % 11]
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), "a whole mobile number"


@pytest.mark.parametrize("name", ["form.html", "form.css", "meta.toml", "sample.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FormFolderError, match=re.escape(f"{name} is missing")):
        registry.load_form(folder)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('numbering = "F10"\n', "", "meta.toml lacks numbering"),
        ('version = "2"', 'version = "2"\nseals = 2', "meta.toml does not know seals"),
        ('version = "2"', "version = 2", "meta.toml version must be str"),
        ('code = "F10"', 'code = "F12"', "code is not the folder's name"),
        ('paper = "A4"', 'paper = "B5"', "paper is not known"),
        ('sensitivity = "L3"', 'sensitivity = "L9"', "sensitivity is not known"),
        ('seal = "none"', 'seal = "police"', "seal is not known"),
        ('"normal", "large", "blank"', '"large", "normal"', "variants must begin with normal"),
        ("retention_years = 10", "retention_years = 0", "retention_years must be 1 to 100"),
        ('label = ""', 'name = ""', "each sheet needs code and label"),
    ],
)
def test_a_fault_of_the_description_is_named(folder, old, new, fault):
    change(folder, "meta.toml", old, new)
    with pytest.raises(FormFolderError) as caught:
        registry.load_form(folder)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"cannot_sign"', '"watermark"', "may not use the name watermark"),
        ('"sex"', '"items"', "principal.items is a method of dict"),
    ],
)
def test_a_sample_may_not_take_names_that_templates_use_otherwise(folder, old, new, fault):
    change(folder, "sample.json", old, new)
    with pytest.raises(FormFolderError, match=re.escape(fault)):
        registry.load_form(folder)


def test_the_fingerprint_changes_with_words_and_look_but_not_with_the_sample(folder):
    before = registry.load_form(folder).fingerprint
    change(folder, "sample.json", "F10-430281-2026-00017", "F10-430281-2026-00018")
    assert registry.load_form(folder).fingerprint == before
    (folder / "form.css").write_text("h1{color:#111}", "utf-8")
    assert registry.load_form(folder).fingerprint != before


def test_an_unknown_form_is_refused():
    with pytest.raises(FormFolderError, match="no such form"):
        registry.form("F99")


@pytest.mark.parametrize(
    ("state", "may"), [("issued", True), ("collected", True), ("voided", False), ("replaced", False)]
)
def test_a_paper_that_was_voided_or_replaced_is_not_printed_again(state, may):
    assert stands(state) is may

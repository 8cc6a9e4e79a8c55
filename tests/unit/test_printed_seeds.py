"""Seed data that goes to print speak Chinese: papers of residents hold no Latin words outside codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from app import seeds
from app.documents import registry

CODE = re.compile(r"[A-Z]{1,3}(?:/[A-Z])?[- ]?\d[\d-]*")  # F10, WJ-02, GB/T 26341-2010
LATIN = re.compile(r"[A-Za-z]")


def words(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, child in value.items():
            if key != "code":  # names a row for the program; its label is what is printed
                yield from words(child, f"{path}.{key}")
    elif isinstance(value, list):
        for n, child in enumerate(value):
            yield from words(child, f"{path}.{n}")
    elif isinstance(value, str):
        yield path, value


def of_services() -> Iterator[tuple[str, str]]:
    """What F10 and F11 print of the catalogue: names, departments, results, papers with condition and remark."""
    for item in seeds.read("proxy_services")["items"]:
        at = item["code"]
        printed = {
            "name": item["name_zh"],
            "department": item["department"]["zh"],
            "result": item["result_document"]["name"],
            "materials": [{k: m.get(k) for k in ("name", "note", "when")} for m in item["materials"]],
        }
        yield from words(printed, at)


def of_forms() -> Iterator[tuple[str, str]]:
    filled = {
        k: {n: re.sub(r"\{\w+\}", "", text) for n, text in v.items()} for k, v in registry.words().items()
    }
    yield from words(filled, "words")
    for form in registry.load_forms().values():
        yield f"{form.code}.title", form.title
        yield from words([sheet.label for sheet in form.sheets], f"{form.code}.sheets")
        yield from words(form.texts, f"{form.code}.texts")


@pytest.mark.parametrize("source", [of_services, of_forms])
def test_no_latin_words_on_paper(source):
    found = list(source())
    assert len(found) > 30
    wrong = {path: text for path, text in found if LATIN.search(CODE.sub("", text))}
    assert wrong == {}

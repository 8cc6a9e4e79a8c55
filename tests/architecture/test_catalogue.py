"""Every word of the screens stands in the Chinese catalogue: complete, settled and with the values of the sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, check_and_call_extract_file
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po

from tools.merge_zh import wide

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def extracted(root: Path, mapping: Path) -> Catalog:
    """The words of code and templates below ``root``, read as `make messages` reads them; nothing is written."""
    with mapping.open(encoding="utf-8") as settings:
        methods, options = parse_mapping_cfg(settings)
    keywords = DEFAULT_KEYWORDS | parse_keywords(["lazy_gettext", "_l"])
    found = Catalog()
    for path in sorted((root / "app").rglob("*")):
        if path.suffix not in {".py", ".html"}:
            continue
        place = path.relative_to(root).as_posix()
        for _file, line, words, _comments, context in check_and_call_extract_file(
            path, methods, options, None, keywords, (), False, root
        ):
            found.add(words, None, [(place, line)], context=context)
    return found


def values(text: str) -> set[str]:
    """The places of a sentence that are filled in."""
    return set(PLACEHOLDER.findall(text.replace("%%", "")))


def texts(message: Message | None) -> list[str]:
    if message is None:
        return [""]
    return list(message.string) if isinstance(message.string, (list, tuple)) else [message.string or ""]


def fault(used: Message, entry: Message | None) -> str | None:
    """What is wrong with the Chinese of a message, or None.

    A plural has one form in Chinese, so it carries the values of the English plural.
    """
    chinese = texts(entry)
    if entry is None or not chinese or not all(text.strip() for text in chinese):
        return "no Chinese"
    if entry.fuzzy:
        return "fuzzy"
    narrow = next((text for text in chinese if wide(text) != text), None)
    if narrow is not None:
        return f"narrow marks beside Chinese (tools/merge_zh.py puts them right): {narrow!r}"
    english = used.id[-1] if isinstance(used.id, (list, tuple)) else used.id
    if any(values(text) != values(english) for text in chinese):
        return f"values differ: {chinese[0]!r}"
    return None


def faults(used: Catalog, catalogue: Catalog) -> Iterator[str]:
    for message in used:
        if not message.id:
            continue
        key = message.id[0] if isinstance(message.id, (list, tuple)) else message.id
        if what := fault(message, catalogue.get(key, message.context)):
            places = ", ".join(f"{file}:{line}" for file, line in message.locations[:2])
            yield f"{key!r} ({places}): {what}"


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as source:
        return read_po(source, locale="zh")


def test_every_word_of_the_screens_has_chinese(catalogue: Catalog):
    used = extracted(ROOT, ROOT / "translations" / "babel.cfg")
    assert len(used) > 1000, "the extractor finds next to nothing: see translations/babel.cfg"
    wrong = sorted(faults(used, catalogue))
    assert not wrong, "run `make messages`, then translate:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (None, "no Chinese"),
        (("%(n)s rows", "", ()), "no Chinese"),
        (("%(n)s rows", "%(n)s行", ("fuzzy",)), "fuzzy"),
        (("%(n)s rows", "若干行", ()), "values differ"),
        (("%(n)s rows", "%(m)s行", ()), "values differ"),
        (("%(n)s rows", "%(n)s行", ()), None),
    ],
)
def test_a_gap_is_named_with_its_place(entry: tuple[str, str, tuple[str, ...]] | None, what: str | None):
    used, catalogue = Catalog(), Catalog(locale="zh")
    used.add("%(n)s rows", None, [("app/rows.py", 7)])
    if entry:
        msgid, text, flags = entry
        catalogue.add(msgid, text, flags=flags)
    found = list(faults(used, catalogue))
    assert len(found) == bool(what)
    assert all("app/rows.py:7" in line and what in line for line in found)


@pytest.mark.parametrize(("chinese", "count"), [("", 1), ("若干套", 1), ("%(num)s套", 0)])
def test_a_plural_needs_its_chinese_form(chinese: str, count: int):
    used, catalogue = Catalog(), Catalog(locale="zh")
    used.add(("%(num)s home", "%(num)s homes"), None, [("app/homes.py", 1)])
    catalogue.add(("%(num)s home", "%(num)s homes"), (chinese,))
    assert len(list(faults(used, catalogue))) == count


def test_words_of_code_and_of_templates_are_read(tmp_path: Path):
    (tmp_path / "app" / "templates").mkdir(parents=True)
    (tmp_path / "app" / "words.py").write_text('a = lazy_gettext("From code")\nb = _("Short")\n')
    (tmp_path / "app" / "templates" / "page.html").write_text("<p>{{ _('From a page') }}</p>")
    used = extracted(tmp_path, ROOT / "translations" / "babel.cfg")
    assert {m.id for m in used if m.id} == {"From code", "Short", "From a page"}

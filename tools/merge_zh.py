"""Put Chinese words into the catalogue: `tools/merge_zh.py words.yaml …` after `make messages`.

Each file maps an English msgid to its Chinese (a plural's singular msgid stands for both). A msgid that the catalogue
has no use for is named and left out; what still has no Chinese is listed at the end, and makes the exit code 1.
"""

import re
import sys
from pathlib import Path

import polib
import yaml

CATALOGUE = Path(__file__).resolve().parent.parent / "translations" / "zh" / "LC_MESSAGES" / "messages.po"


# marks of a Chinese sentence are wide ones; times, values and English words keep theirs
HAN = r"[\u3007\u4e00-\u9fff]"
WIDE = str.maketrans(",;:!?", "\uff0c\uff1b\uff1a\uff01\uff1f")
MARK = re.compile(rf"(?<={HAN})[,;:!?](?!\S*//)|[,;:!?](?={HAN}|\u201c)|(?<=[s\uff09])[,;:!?](?=%\()")
# what programs call themselves keeps its brackets: (.xlsx)
ASIDE = re.compile(rf"(?<={HAN})\(((?:%\(\w+\)s|[^().])*)\)")


def wide(text: str) -> str:
    """The text with wide commas, colons, question marks and brackets beside Chinese characters."""
    if not re.search(HAN, text):
        return text
    text = ASIDE.sub("\uff08\\1\uff09", text)
    return MARK.sub(lambda found: found[0].translate(WIDE), text)


def words(paths: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        given = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        found |= {str(msgid).strip(): wide(str(text).strip()) for msgid, text in given.items() if text}
    return found


def placeholders(text: str) -> set[str]:
    return {part.split(")")[0] for part in text.split("%(")[1:]}


def put(entry: polib.POEntry, text: str) -> None:
    """Fill one entry; a plural has one form in Chinese."""
    if placeholders(text) - placeholders(entry.msgid + (entry.msgid_plural or "")):
        sys.exit(f"{entry.msgid!r}: {text!r} names a value that the sentence does not have")
    if entry.msgid_plural:
        entry.msgstr_plural = {0: text}
    else:
        entry.msgstr = text
    entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]


def main(paths: list[str]) -> int:
    catalogue = polib.pofile(str(CATALOGUE), wrapwidth=110)
    entries = {entry.msgid.strip(): entry for entry in catalogue if not entry.obsolete}
    for msgid, text in words(paths).items():
        if msgid in entries:
            put(entries[msgid], text)
        else:
            print(f"  not used: {msgid}")
    catalogue.save()
    missing = [entry.msgid for entry in entries.values() if not entry.translated()]
    for msgid in missing:
        print(f"  without Chinese: {msgid}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Form folders: load them, and refuse an incomplete one at start-up rather than at the counter.

``forms/<code>/`` holds form.html, form.css, meta.toml and sample.json, and where a form prints a versioned legal text
also ``texts/<version>.toml``. ``forms/_base`` holds what all forms share. Chinese words on paper live there.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.documents.context import shape_faults
from app.documents.errors import FormFolderError

FORMS_ROOT = Path(__file__).parent / "forms"
BASE = "_base"
VARIANTS = ("normal", "large", "blank")
SENSITIVITIES = ("L1", "L2", "L3", "L4", "L5")
SEALS = ("none", "office")
PAPERS = ("A4", "A5", "A4 landscape", "A5 landscape")
RESERVED = frozenset({"form", "sheet", "variant", "watermark", "texts", "words", "qr"})
_FILES = ("form.html", "form.css", "meta.toml", "sample.json")
_CODE = re.compile(r"[A-Z]\d{2}")


@dataclass(frozen=True)
class Sheet:
    """One copy of a paper: who it is for and the words printed in its corner (empty: no words)."""

    code: str
    label: str


@dataclass(frozen=True)
class Form:
    """A printed form as its folder describes it.

    ``retention_years``: how long the issued paper is kept after its matter has ended. ``numbering``: kind of the serial.
    ``issue_roles``: role codes that may issue it. ``fingerprint``: hash of everything that makes its look and words, kept
    with each issued paper beside ``version``.
    """

    code: str
    title: str
    version: str
    paper: str
    numbering: str
    retention_years: int
    issue_roles: tuple[str, ...]
    sensitivity: str
    seal: str
    variants: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    blank_rows: dict[str, int]
    blank_keep: tuple[str, ...]
    sample: dict[str, Any]
    texts: dict[str, dict[str, Any]]
    css: str
    fingerprint: str

    @property
    def template_version(self) -> str:
        """Version and the beginning of the fingerprint: what an issued paper keeps (at most 24 characters)."""
        return f"{self.version}-{self.fingerprint[:12]}"


def base_text(name: str) -> str:
    """A shared file of all forms."""
    return (FORMS_ROOT / BASE / name).read_text("utf-8")


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Chinese words and date patterns that the filters of ``templating`` put on paper."""
    return tomllib.loads(base_text("words.toml"))


def load_form(folder: Path) -> Form:
    """The form in ``folder``; raises FormFolderError naming every fault at once."""
    absent = [f"{name} is missing" for name in _FILES if not (folder / name).is_file()]
    if absent:
        raise FormFolderError(folder.name, absent)
    try:
        meta = tomllib.loads((folder / "meta.toml").read_text("utf-8"))
        sample = json.loads((folder / "sample.json").read_text("utf-8"))
        texts = {
            path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("texts/*.toml"))
        }
    except ValueError as error:
        raise FormFolderError(folder.name, [str(error)]) from None
    faults = _meta_faults(folder.name, meta) + _sample_faults(meta, sample)
    if faults:
        raise FormFolderError(folder.name, faults)
    return _form(folder, meta, sample, texts)


def _form(
    folder: Path, meta: dict[str, Any], sample: dict[str, Any], texts: dict[str, dict[str, Any]]
) -> Form:
    blank = meta.get("blank", {})
    return Form(
        code=meta["code"],
        title=meta["title"],
        version=meta["version"],
        paper=meta["paper"],
        numbering=meta["numbering"],
        retention_years=meta["retention_years"],
        issue_roles=tuple(meta["issue_roles"]),
        sensitivity=meta["sensitivity"],
        seal=meta["seal"],
        variants=tuple(meta["variants"]),
        sheets=tuple(Sheet(row["code"], row["label"]) for row in meta["sheets"]),
        blank_rows=blank.get("rows", {}),
        blank_keep=tuple(blank.get("keep", ())),
        sample=sample,
        texts=texts,
        css=(folder / "form.css").read_text("utf-8"),
        fingerprint=_fingerprint(folder),
    )


_META_TYPES: dict[str, type] = {
    "code": str,
    "title": str,
    "version": str,
    "paper": str,
    "numbering": str,
    "retention_years": int,
    "issue_roles": list,
    "sensitivity": str,
    "seal": str,
    "variants": list,
    "sheets": list,
}


def _meta_faults(name: str, meta: dict[str, Any]) -> list[str]:
    faults = [f"meta.toml lacks {key}" for key in _META_TYPES if key not in meta]
    faults += [f"meta.toml does not know {key}" for key in meta.keys() - _META_TYPES.keys() - {"blank"}]
    faults += [
        f"meta.toml {key} must be {kind.__name__}"
        for key, kind in _META_TYPES.items()
        if key in meta and (not isinstance(meta[key], kind) or meta[key] in ("", []))
    ]
    if faults:
        return faults
    checks = {
        "code is not the folder's name": meta["code"] == name and _CODE.fullmatch(name),
        "version must be 1 to 8 characters": 1 <= len(meta["version"]) <= 8,
        "paper is not known": meta["paper"] in PAPERS,
        "sensitivity is not known": meta["sensitivity"] in SENSITIVITIES,
        "seal is not known": meta["seal"] in SEALS,
        "variants must begin with normal": meta["variants"][0] == "normal"
        and set(meta["variants"]) <= set(VARIANTS),
        "retention_years must be 1 to 100": 1 <= meta["retention_years"] <= 100,
        "each sheet needs code and label": all({"code", "label"} == set(row) for row in meta["sheets"]),
    }
    return [f"meta.toml {fault}" for fault, is_fine in checks.items() if not is_fine]


def _sample_faults(meta: dict[str, Any], sample: Any) -> list[str]:
    if not isinstance(sample, dict) or not sample:
        return ["sample.json must be an object with keys"]
    faults = [f"sample.json may not use the name {key}" for key in sorted(RESERVED & sample.keys())]
    faults += [f"sample.json: {fault}" for fault in _name_faults(sample, "")]
    faults += [f"sample.json: {fault}" for fault in shape_faults(sample, sample)]
    return faults


def _name_faults(value: Any, path: str) -> list[str]:
    """Key names that a template would read as a method of dict: ``case.items`` must not print a method."""
    if isinstance(value, list):
        return [fault for row in value for fault in _name_faults(row, path)]
    if not isinstance(value, dict):
        return []
    faults = [f"{path}{key} is a method of dict" for key in value if path and hasattr(dict, key)]
    return faults + [fault for key, child in value.items() for fault in _name_faults(child, f"{path}{key}.")]


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for part in (FORMS_ROOT / BASE, folder):
        for path in sorted(p for p in part.rglob("*") if p.is_file() and p.name != "sample.json"):
            digest.update(f"{part.name}/{path.relative_to(part)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


@lru_cache(maxsize=1)
def load_forms() -> dict[str, Form]:
    """All forms by code; raises FormFolderError for the first folder at fault."""
    folders = sorted(path for path in FORMS_ROOT.iterdir() if path.is_dir() and path.name != BASE)
    return {folder.name: load_form(folder) for folder in folders if not folder.name.startswith(("_", "."))}


def form(code: str) -> Form:
    """The form of that code; raises FormFolderError for an unknown one."""
    found = load_forms().get(code)
    if found is None:
        raise FormFolderError(code, ["there is no such form"])
    return found

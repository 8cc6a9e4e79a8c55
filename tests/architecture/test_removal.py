"""Whoever takes a row away says whether it comes back from the bin or by the undoing of a step (guards, section 1)."""

from __future__ import annotations

import ast
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
THE_ONE_PLACE = APP / "core" / "removal.py"
MARK = "deleted_at"


def _puts_away(node: ast.AST) -> bool:
    """A value for ``deleted_at`` by attribute, argument or key of a dict; None brings a row back, a label names it."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            pairs = (
                zip(target.elts, node.value.elts, strict=False)
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                else [(each, node.value) for each in getattr(target, "elts", [target])]
            )
            if any(isinstance(t, ast.Attribute) and t.attr == MARK and not _is_none(v) for t, v in pairs):
                return True
    if isinstance(node, ast.Call):
        named = any(k.arg == MARK and not _is_none(k.value) for k in node.keywords)
        by_word = isinstance(node.func, ast.Name) and node.func.id == "setattr" and _says(node.args[1])
        return named or by_word
    return isinstance(node, ast.Dict) and any(
        key is not None and _says(key) and not _is_none(value)
        for key, value in zip(node.keys, node.values, strict=True)
    )


def _is_none(node: ast.AST) -> bool:
    label = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
    return label or (isinstance(node, ast.Constant) and node.value is None)


def _says(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == MARK


def test_rows_go_to_the_bin_in_one_place_only():
    found = {
        f"{path.relative_to(APP)}:{node.lineno}"
        for path in APP.rglob("*.py")
        if path != THE_ONE_PLACE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _puts_away(node)
    }
    assert not found, "use core.removal: put_away (comes back from the bin) or take_away (undone elsewhere)"


def test_the_walk_sees_every_way_of_setting_it():
    ways = (
        "row.deleted_at, row.deleted_by = now, 1",
        "row.deleted_at = now",
        "update(T).values(deleted_at=now)",
        "rows = {'deleted_at': now}",
        "setattr(row, 'deleted_at', now)",
    )
    for way in ways:
        assert any(_puts_away(node) for node in ast.walk(ast.parse(way))), way
    assert not any(_puts_away(node) for node in ast.walk(ast.parse("row.deleted_at = row.deleted_by = None")))
